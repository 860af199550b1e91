//! `whyreset explain`: one frame.

use std::io::{BufWriter, Write};
use std::process::ExitCode;

use anyhow::{Result, bail};
use whyreset::connections::{EngineConfig, Explanation, explain};
use whyreset::input::{Input, InputOptions};
use whyreset::reading::{self, Reader};
use whyreset::reports::text::printable;
use whyreset::{Analysis, Judged};

use super::warn;
use crate::cli::ExplainArgs;

/// Packets kept from the end of each connection: more than a judgement needs, so that neighbours of the frame are there.
const KEEP_LAST: usize = 1_024;

/// Runs the command.
pub fn run(args: &ExplainArgs) -> Result<ExitCode> {
    let config = EngineConfig {
        keep_last: KEEP_LAST,
        keep_around: Some(args.frame),
        ..EngineConfig::default()
    };
    let mut input = Input::open(std::slice::from_ref(&args.capture), InputOptions::default())?;
    let mut analysis = Analysis::new(config);
    let mut search = Search {
        frame: args.frame,
        found: Vec::new(),
    };
    reading::read(&mut input, &mut analysis, &mut search)?;
    warn::about(&reading::capture_facts(&mut input));
    if search.found.is_empty() {
        bail!(
            "frame {} is no packet of a TCP connection in this capture",
            args.frame
        );
    }
    let mut out = BufWriter::new(anstream::stdout().lock());
    for (stream, explanation) in &search.found {
        write_people(&mut out, *stream, explanation)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// A frame may hold segments of several connections.
struct Search {
    frame: u64,
    found: Vec<(u64, Explanation)>,
}

impl Reader for Search {
    type Error = anyhow::Error;

    fn judged(&mut self, judged: Judged, _analysis: &Analysis) -> Result<()> {
        let connection = &judged.connection;
        let span = connection.frames.first..=connection.frames.last;
        if span.contains(&self.frame)
            && let Some(explanation) = explain(connection, self.frame)
        {
            self.found.push((connection.stream, explanation));
        }
        Ok(())
    }
}

fn write_people(out: &mut impl Write, stream: u64, explanation: &Explanation) -> Result<()> {
    let mut sentences = explanation.sentences.iter();
    if let Some(first) = sentences.next() {
        writeln!(out, "{} (stream {stream})", printable(&first.text))?;
    }
    for sentence in sentences {
        writeln!(out, "  • {}", printable(&sentence.text))?;
    }
    Ok(())
}
