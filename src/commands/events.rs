//! `whyreset events`: the frames that sequence analysis flags.

use std::io::{BufWriter, Write, stdout};
use std::process::ExitCode;

use anyhow::Result;
use whyreset::Analysis;
use whyreset_connections::{Marks, Placed};
use whyreset_reports::json::write_event;

use crate::cli::EventsArgs;

/// Runs the command.
pub fn run(args: &EventsArgs) -> Result<ExitCode> {
    let mut out = BufWriter::new(stdout().lock());
    let mut analysis = Analysis::default();
    for path in &args.captures {
        let mut failed = Ok(());
        whyreset::interim::read(path, &mut analysis, |frame, place| {
            if failed.is_ok() {
                failed = event(&mut out, frame, place);
            }
        })?;
        failed?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn event<W: Write>(out: &mut W, frame: u64, place: Placed) -> std::io::Result<()> {
    if place.marks.0 & Marks::WIRESHARK.0 == 0 {
        return Ok(());
    }
    write_event(out, frame, place.stream, place.marks)
}
