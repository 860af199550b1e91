//! `whyreset causes`: the vocabulary, and all about one cause.

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::CausesArgs;

/// Runs the command.
pub fn run(_args: &CausesArgs) -> Result<ExitCode> {
    anyhow::bail!("the pages are not written yet")
}
