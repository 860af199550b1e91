//! The lab: real failures, made on purpose, with the truth beside them.
//!
//! A *scenario* (a TOML file under `scenarios/`) declares who talks to whom over what path and what goes
//! wrong. `run` builds a small network of namespaces for each of its variations, starts real programs
//! at both ends, lets the lab's own router do the damage, captures at the client, at the server and on the
//! path at once, and writes down what really happened to each connection: the lab knows, because the lab
//! did it. The kernel's own account of the RSTs it sent is a second witness. `score` lets a program judge
//! the captures and compares.
//!
//! Needs Linux, root, iproute2, tcpdump, and the programs that the scenarios name.

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
