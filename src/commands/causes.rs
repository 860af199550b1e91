//! `whyreset causes`: the vocabulary, and all about one cause.

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::Result;
use whyreset::reports::text::{cause_list, cause_page};

use super::layout;
use crate::cli::CausesArgs;
use crate::selection::cause;

/// Runs the command.
pub fn run(args: &CausesArgs) -> Result<ExitCode> {
    let layout = layout::of_terminal();
    let text = match &args.cause {
        None => cause_list(layout),
        Some(id) => cause_page(cause(id)?, layout),
    };
    anstream::AutoStream::auto(stdout()).write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
