//! The lab: real failures, made on purpose, with the truth beside them.
//!
//! A *scenario* (a TOML file under `scenarios/`) declares who talks to whom over what path and what goes
//! wrong. `run` builds a small network of namespaces for each of its variations, starts real programs
//! at both ends, lets the lab's own router do the damage, captures at the client, at the server and on the
//! path at once, and writes down what really happened to each connection: the lab knows, because the lab
//! did it. The kernel's own account of the RSTs it sent is a second witness. `score` lets a program judge
//! the captures and compares.
//!
//! ```text
//! lab list                                 what there is
//! lab run --part fit --out target/lab/fit  make captures and labels (as root)
//! lab run --short                          one scenario per cause, for CI
//! lab run --part blind --vary 7            the same stories over other paths
//! lab score --program target/release/whyreset target/lab/fit
//! ```
//!
//! What a run writes: `OUT/SCENARIO/VARIATION/{client,server,path}.pcap`, `truth.json` (the truth of each
//! connection, what is right as well from which vantage, and how many of its packets each capture holds),
//! `witness.txt` (the kernel's reasons for its RSTs), and `programs/` (configurations and logs of both ends).
//! A variation that does not go as declared is reported as `DOUBT`: the kernel did not say what the label
//! demands, or a fault never began. Such captures are not to be trusted.
//!
//! The variations are split into three parts that differ in programs, timings and parameters: probabilities
//! are fitted on `fit` and checked on `test`; `blind` (`scenarios/blind/`) is written from what happens in
//! production, never from the rules, and measures them. A variation of it that has taught a rule something is
//! no longer blind: `--vary` with a new seed is.
//!
//! Needs Linux, root, iproute2, ethtool, nftables, tcpdump, openssl, and the programs that the scenarios name
//! (Debian: nginx apache2 haproxy nodejs python3 curl wget; tomcat10 chromium; lighttpd lighttpd-mod-openssl
//! gunicorn python3-uvicorn varnish squid default-jdk-headless apache2-utils ncat);
//! a variation whose programs are missing is skipped aloud, and fails the run where `CI=true`.

mod captures;
mod cli;
mod fixtures;
mod programs;
mod router;
mod run;
mod scenario;
mod score;
mod truth;
mod witness;
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::main() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("lab: {error:#}");
            ExitCode::from(2)
        }
    }
}
