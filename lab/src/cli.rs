//! The command line: list, run, score.

use crate::programs::Assets;
use crate::run::{Shared, run_all};
use crate::scenario::{Part, Variation, read_folder, vary};
use crate::witness::Witness;
use crate::{fixtures, score, world};
use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Parser)]
#[command(
    name = "lab",
    about = "Real failures, made on purpose, with the truth beside them"
)]
struct Arguments {
    #[command(subcommand)]
    command: Verb,
    /// Folder with the scenarios (default: the lab's own)
    #[arg(long, global = true)]
    scenarios: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Verb {
    /// List the variations
    List(Choice),
    /// Run variations and write captures and labels
    Run {
        #[command(flatten)]
        choice: Choice,
        /// Folder to write to
        #[arg(long, default_value = "target/lab")]
        out: PathBuf,
        /// How many variations at a time
        #[arg(long, default_value_t = 4)]
        jobs: usize,
    },
    /// Copy the basic captures of a run, with packets cut short, as fixtures for tests
    Fixtures {
        /// Folder that `run` has written
        from: PathBuf,
        /// Folder of the fixtures
        to: PathBuf,
    },
    /// Let a program judge the captures, and compare with the truth
    Score(score::Options),
}

#[derive(clap::Args)]
struct Choice {
    /// Only this part
    #[arg(long, value_parser = ["fit", "test", "blind"])]
    part: Option<String>,
    /// Only scenarios or variations whose SCENARIO/VARIATION contains this (may be given several times)
    #[arg(long)]
    only: Vec<String>,
    /// Only the short selection
    #[arg(long)]
    short: bool,
    /// Run the same stories over other paths, chosen at random from this seed
    #[arg(long)]
    vary: Option<u64>,
}

impl Choice {
    fn takes(&self, variation: &Variation) -> bool {
        let part = match variation.part {
            Part::Fit => "fit",
            Part::Test => "test",
            Part::Blind => "blind",
        };
        let name = format!("{}/{}", variation.scenario, variation.name);
        self.part.as_ref().is_none_or(|wanted| wanted == part)
            && (!self.short || variation.short)
            && (self.only.is_empty() || self.only.iter().any(|only| name.contains(only.as_str())))
    }
}

/// Does what the command line says.
pub fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let folder = arguments.scenarios.unwrap_or(own);
    match arguments.command {
        Verb::List(choice) => list(&chosen(&folder, &choice)?),
        Verb::Run { choice, out, jobs } => return run(&chosen(&folder, &choice)?, &out, jobs),
        Verb::Fixtures { from, to } => fixtures::copy(&from, &to)?,
        Verb::Score(options) => return score::score(&options),
    }
    Ok(ExitCode::SUCCESS)
}

fn chosen(folder: &Path, choice: &Choice) -> Result<Vec<Variation>> {
    let mut all = read_folder(folder)?;
    all.retain(|variation| choice.takes(variation));
    if let Some(seed) = choice.vary {
        let mut random = fastrand::Rng::with_seed(seed);
        all.iter_mut()
            .for_each(|variation| vary(variation, &mut random));
    }
    Ok(all)
}

fn list(variations: &[Variation]) {
    for variation in variations {
        println!(
            "{}/{}  {:?}  {} to {}, RTT {} ms, IPv{}: {} by {}, {}",
            variation.scenario,
            variation.name,
            variation.part,
            variation.client.program,
            variation.server.program,
            variation.net.rtt_ms,
            variation.net.family,
            variation.truth.cause,
            variation.truth.ended_by,
            variation.truth.outcome,
        );
    }
    println!("{} variations", variations.len());
}

/// The programs a variation calls for.
fn programs_of(variation: &Variation) -> Vec<&str> {
    let program = |name: &str| match name {
        "nginx" | "nginx-h2" => "nginx",
        "apache" => "apache2",
        "haproxy" => "haproxy",
        // Debian's package brings Java along.
        "tomcat" => "/usr/share/tomcat10/bin/catalina.sh",
        "java" => "java",
        "lighttpd" => "lighttpd",
        "gunicorn" => "gunicorn",
        "uvicorn" => "/usr/lib/python3/dist-packages/uvicorn/__init__.py",
        "varnish" => "varnishd",
        "squid" => "squid",
        "ab" => "ab",
        "ncat" => "ncat",
        "node" => "node",
        "curl" => "curl",
        "wget" => "wget",
        "chromium" => "chromium",
        _ => "python3",
    };
    vec![
        program(&variation.server.program),
        program(&variation.client.program),
        "tcpdump",
        "ethtool",
    ]
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin", "/sbin"].map(PathBuf::from));
    folders.iter().any(|folder| folder.join(program).exists())
}

fn run(variations: &[Variation], out: &Path, jobs: usize) -> Result<ExitCode> {
    if variations.is_empty() {
        bail!("no variation fits");
    }
    if !rustix::process::geteuid().is_root() {
        bail!("the lab builds network namespaces: it needs root");
    }
    let mut missing = 0;
    let mut able = Vec::new();
    for variation in variations {
        match programs_of(variation)
            .into_iter()
            .find(|program| !is_installed(program))
        {
            None => able.push(variation.clone()),
            Some(program) => {
                println!(
                    "SKIPPED {}/{}: {program} is not installed",
                    variation.scenario, variation.name
                );
                missing += 1;
            }
        }
    }
    world::remove_stale();
    std::fs::create_dir_all(out)?;
    let out = out.canonicalize()?;
    let shared_dir = std::env::temp_dir().join(format!("whyreset-lab-{}", std::process::id()));
    let witness = match Witness::begin() {
        Ok(witness) => Some(witness),
        Err(error) => {
            println!("no second witness: {error:#}");
            None
        }
    };
    let stop = Arc::new(AtomicBool::new(false));
    stop_on_interrupt(&stop)?;
    let assets = Assets::make(&shared_dir).context("cannot prepare documents and certificates")?;
    let shared = Shared {
        out,
        assets,
        witness,
        stop,
    };
    let results = run_all(&able, &shared, jobs);
    world::remove_all_of_this_process();
    drop(std::fs::remove_dir_all(&shared_dir));
    let failed = results.iter().filter(|(_, result)| result.is_err()).count();
    let doubtful = results
        .iter()
        .filter(|(_, result)| {
            result
                .as_ref()
                .is_ok_and(|outcome| !outcome.doubts.is_empty())
        })
        .count();
    println!(
        "{} variations run, {failed} failed, {doubtful} in doubt, {missing} skipped; captures in {}",
        results.len(),
        shared.out.display()
    );
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    let bad = failed > 0 || doubtful > 0 || (in_ci && missing > 0);
    Ok(if bad || shared.stop.load(Ordering::Relaxed) {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

/// The first signal ends the run in order; nothing is left behind.
fn stop_on_interrupt(stop: &Arc<AtomicBool>) -> Result<()> {
    for signal in [
        signal_hook::consts::SIGINT,
        signal_hook::consts::SIGTERM,
        signal_hook::consts::SIGHUP,
    ] {
        signal_hook::flag::register(signal, stop.clone())?;
    }
    Ok(())
}
