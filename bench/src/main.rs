//! Benchmarks on captures of real size.
//!
//! `make` writes them, the same bytes for the same seed, or captures a real server under load; `floor` is the least that any reader must do; `compare` runs
//! the program and its neighbours in turn and prints CPU seconds and peak memory as ratios to the floor.

mod compare;
mod floor;
mod head;
mod make;
mod measure;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Benchmarks on captures of real size")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write a capture
    Make {
        /// Which
        kind: make::Kind,
        /// Where to
        output: PathBuf,
        /// A tenth, say, of the usual size
        #[arg(long, default_value_t = 1.0)]
        scale: f64,
    },
    /// Read each record, parse its headers, update one hash table entry: the floor
    Floor {
        /// The capture
        capture: PathBuf,
    },
    /// Run one command and print its CPU seconds and peak memory
    Measure {
        /// Seconds of wall time that it may take
        #[arg(long)]
        seconds: Option<u64>,
        /// The command
        #[arg(trailing_var_arg = true, required = true)]
        command: Vec<String>,
    },
    /// Run everything in turn over captures and print a table
    Compare(compare::Args),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Make {
            kind,
            output,
            scale,
        } => make::make(kind, &output, scale),
        Command::Floor { capture } => floor::run(&capture),
        Command::Measure { seconds, command } => {
            let measured = measure::run(&command, seconds.map(Duration::from_secs));
            // `compare` shows the reason in one line.
            if let Err(error) = measured {
                eprintln!("{error:#}");
                std::process::exit(1);
            }
            Ok(())
        }
        Command::Compare(args) => compare::run(&args),
    }
}
