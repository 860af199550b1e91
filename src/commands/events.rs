//! `whyreset events`: the frames that sequence analysis flags.

use std::io::{BufWriter, Write, stdout};
use std::process::ExitCode;

use anyhow::Result;
use whyreset::capture::Record;
use whyreset::connections::{Marks, Placed};
use whyreset::input::{Counts, Input, InputOptions, Progress};
use whyreset::reading::{self, Reader};
use whyreset::reports::json::write_event;
use whyreset::{Analysis, Judged};

use super::warn;
use crate::cli::EventsArgs;

/// Runs the command.
pub fn run(args: &EventsArgs) -> Result<ExitCode> {
    let mut input = Input::open(&args.captures, InputOptions::default())?;
    let mut events = Events {
        out: BufWriter::new(stdout().lock()),
        json: args.json,
        last: None,
        progress: Progress::new(input.bytes_total()),
        counts: Counts::default(),
    };
    let result = reading::read(&mut input, &mut Analysis::default(), &mut events);
    events.progress.finish();
    result?;
    events.write_last()?;
    events.out.flush()?;
    warn::about(&reading::capture_facts(&mut input));
    Ok(ExitCode::SUCCESS)
}

struct Events<W> {
    out: W,
    json: bool,
    /// A frame may hold several segments of one stream: they become one line.
    last: Option<(u64, Placed)>,
    progress: Progress,
    counts: Counts,
}

impl<W: Write> Events<W> {
    fn write_last(&mut self) -> Result<()> {
        let Some((frame, place)) = self.last.take() else {
            return Ok(());
        };
        if self.json {
            write_event(&mut self.out, frame, place.stream, place.marks)?;
        } else {
            let names: Vec<_> = place.marks.wireshark_names().collect();
            let stream = place.stream;
            writeln!(
                self.out,
                "frame {frame:>8}  stream {stream:>6}  {}",
                names.join(", ")
            )?;
        }
        Ok(())
    }
}

impl<W: Write> Reader for Events<W> {
    type Error = anyhow::Error;

    fn placed(&mut self, frame: u64, _: Option<&Record<'_>>, place: Placed) -> Result<()> {
        if place.marks.0 & Marks::WIRESHARK.0 == 0 {
            return Ok(());
        }
        match &mut self.last {
            Some((same, last)) if *same == frame && last.stream == place.stream => {
                last.marks |= place.marks;
            }
            _ => {
                self.write_last()?;
                self.last = Some((frame, place));
            }
        }
        Ok(())
    }

    fn judged(&mut self, judged: Judged, _: &Analysis) -> Result<()> {
        self.counts.add(judged.verdict.failed);
        Ok(())
    }

    fn progress(&mut self, input: &Input) {
        self.progress.update(|| input.bytes_read(), self.counts);
    }
}
