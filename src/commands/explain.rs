//! `whyreset explain`: one frame.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, bail};
use whyreset::capture::Record;
use whyreset::connections::{EngineConfig, Placed, explain};
use whyreset::input::{Counts, Input, InputOptions, Progress};
use whyreset::reading::{self, Reader};
use whyreset::reports::text::{Layout, explanation};
use whyreset::{Analysis, Judged};

use super::{layout, warn};
use crate::cli::ExplainArgs;

/// Packets kept from the end of each connection: more than a judgement needs, so that neighbours of the frame are there.
const KEEP_LAST: usize = 1_024;

/// Runs the command.
pub fn run(args: &ExplainArgs) -> Result<ExitCode> {
    let mut input = Input::open(std::slice::from_ref(&args.capture), InputOptions::default())?;
    let mut analysis = Analysis::new(EngineConfig {
        keep_last: KEEP_LAST,
        keep_around: Some(args.frame),
        ..EngineConfig::default()
    });
    let mut search = Search {
        frame: args.frame,
        last_frame: 0,
        streams: Vec::new(),
        layout: layout::of_terminal(),
        told: Vec::new(),
        progress: Progress::new(input.bytes_total()),
        counts: Counts::default(),
    };
    let result = reading::read(&mut input, &mut analysis, &mut search);
    search.progress.finish();
    result?;
    warn::about(&reading::capture_facts(&mut input));
    if search.told.is_empty() {
        bail!("{}", search.why_not());
    }
    let mut out = anstream::stdout().lock();
    out.write_all(search.told.join("\n").as_bytes())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Waits for the connections that the frame belongs to: it may hold segments of several.
struct Search {
    frame: u64,
    last_frame: u64,
    streams: Vec<u64>,
    layout: Layout,
    told: Vec<String>,
    progress: Progress,
    counts: Counts,
}

impl Search {
    fn why_not(&self) -> String {
        let frame = self.frame;
        match self.streams.first() {
            Some(stream) => format!(
                "frame {frame} belongs to stream {stream}, but is no segment of its own there (an ICMP error, or a broken header)"
            ),
            None if frame > self.last_frame => format!(
                "there is no frame {frame} with TCP in it; the last one is {}",
                self.last_frame
            ),
            None => format!("frame {frame} holds no TCP"),
        }
    }
}

impl Reader for Search {
    type Error = anyhow::Error;

    fn placed(&mut self, frame: u64, _: Option<&Record<'_>>, place: Placed) -> Result<()> {
        self.last_frame = self.last_frame.max(frame);
        if frame == self.frame && !self.streams.contains(&place.stream) {
            self.streams.push(place.stream);
        }
        Ok(())
    }

    fn judged(&mut self, judged: Judged, analysis: &Analysis) -> Result<()> {
        self.counts.add(judged.verdict.failed);
        let found = self
            .streams
            .contains(&judged.connection.stream)
            .then(|| explain(&judged.connection, self.frame))
            .flatten();
        if let Some(found) = found {
            let (origin, names) = (analysis.origin(), analysis.names());
            self.told
                .push(explanation(&found, &judged, origin, names, self.layout));
        }
        Ok(())
    }

    fn progress(&mut self, input: &Input) {
        self.progress.update(|| input.bytes_read(), self.counts);
    }
}
