//! `whyreset slice`: one connection as a capture of its own.

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::SliceArgs;

/// Runs the command.
pub fn run(_args: &SliceArgs) -> Result<ExitCode> {
    anyhow::bail!("not written yet")
}
