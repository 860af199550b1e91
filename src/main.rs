//! The program: arguments in, exit status out.

mod cli;
mod commands;
mod selection;

use std::io;
use std::process::ExitCode;

use clap::{ColorChoice, Parser};

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    choose_colors(cli.color);
    let result = match &cli.command {
        None => commands::analyse::run(&cli.analyse),
        Some(Command::Events(args)) => commands::events::run(args),
        Some(Command::Explain(args)) => commands::explain::run(args),
        Some(Command::Slice(args)) => commands::slice::run(args),
        Some(Command::Causes(args)) => commands::causes::run(args),
    };
    result.unwrap_or_else(|error| failure(&error))
}

fn choose_colors(choice: ColorChoice) {
    match choice {
        ColorChoice::Auto => {}
        ColorChoice::Always => anstream::ColorChoice::Always.write_global(),
        ColorChoice::Never => anstream::ColorChoice::Never.write_global(),
    }
}

/// One line that says what is wrong; a reader that went away is nobody's fault.
fn failure(error: &anyhow::Error) -> ExitCode {
    let gone = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::BrokenPipe);
    if gone {
        return ExitCode::SUCCESS;
    }
    eprintln!("whyreset: {error:#}");
    ExitCode::from(2)
}
