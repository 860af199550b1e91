//! `whyreset causes`: the vocabulary, and all about one cause.

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::{Context, Result};
use whyreset::reports::text::{cause_list, cause_page};
use whyreset::verdicts::Cause;

use super::layout;
use crate::cli::CausesArgs;

/// Runs the command.
pub fn run(args: &CausesArgs) -> Result<ExitCode> {
    let layout = layout::of_terminal();
    let text = match &args.cause {
        None => cause_list(layout),
        Some(id) => {
            let cause = Cause::from_id(id)
                .with_context(|| format!("`{id}` is no cause: `whyreset causes` lists them"))?;
            cause_page(cause, layout)
        }
    };
    anstream::AutoStream::auto(stdout()).write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
