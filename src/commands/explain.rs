//! `whyreset explain`: one frame.

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::ExplainArgs;

/// Runs the command.
pub fn run(_args: &ExplainArgs) -> Result<ExitCode> {
    anyhow::bail!("not written yet")
}
