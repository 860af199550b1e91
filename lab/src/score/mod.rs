//! Scoring.

use anyhow::Result;
use std::path::PathBuf;
use std::process::ExitCode;

/// What to score.
#[derive(clap::Args)]
pub struct Options {
    /// The program: called as `PROGRAM --json CAPTURE`
    #[arg(long)]
    pub program: PathBuf,
    /// Folder that `run` has written
    pub folder: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Scores.
pub fn score(_options: &Options) -> Result<ExitCode> {
    anyhow::bail!("not yet")
}
