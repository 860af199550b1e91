//! The program: arguments in, exit status out.

mod cli;
mod commands;
mod selection;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match &cli.command {
        None => commands::analyse::run(&cli.analyse),
        Some(Command::Events(args)) => commands::events::run(args),
        Some(_) => Err(anyhow::anyhow!("not yet")),
    };
    result.unwrap_or_else(|error| {
        eprintln!("whyreset: {error:#}");
        ExitCode::from(2)
    })
}
