//! `whyreset slice`: one connection, with the ICMP errors about it, as a capture of its own.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use whyreset::Analysis;
use whyreset::capture::{CaptureWriter, Record};
use whyreset::connections::Placed;
use whyreset::input::{Input, InputOptions};
use whyreset::reading::{self, Reader};

use super::warn;
use crate::cli::SliceArgs;

/// Runs the command.
pub fn run(args: &SliceArgs) -> Result<ExitCode> {
    refuse_to_overwrite_an_input(args)?;
    let mut input = Input::open(&args.captures, InputOptions::default())?;
    let mut slice = Slice {
        stream: args.stream,
        output: &args.output,
        out: None,
        writer: CaptureWriter::new(),
        last_frame: None,
        frames: 0,
    };
    reading::read(&mut input, &mut Analysis::default(), &mut slice)?;
    warn::about(&reading::capture_facts(&mut input));
    let Some(mut out) = slice.out else {
        bail!("there is no stream {} in it", args.stream);
    };
    out.flush()
        .with_context(|| args.output.display().to_string())?;
    eprintln!(
        "whyreset: {} frames of stream {} written to {}",
        slice.frames,
        args.stream,
        args.output.display()
    );
    Ok(ExitCode::SUCCESS)
}

fn refuse_to_overwrite_an_input(args: &SliceArgs) -> Result<()> {
    let Ok(output) = args.output.canonicalize() else {
        return Ok(());
    };
    let same = args
        .captures
        .iter()
        .any(|capture| capture.canonicalize().is_ok_and(|input| input == output));
    ensure!(!same, "{}: is an input too", args.output.display());
    Ok(())
}

struct Slice<'a> {
    stream: u64,
    output: &'a Path,
    /// Opened with the first frame, so that a stream that is not there leaves no file.
    out: Option<BufWriter<Box<dyn Write>>>,
    writer: CaptureWriter,
    last_frame: Option<u64>,
    frames: u64,
}

impl Slice<'_> {
    fn open(&self) -> io::Result<BufWriter<Box<dyn Write>>> {
        let out: Box<dyn Write> = if self.output.as_os_str() == "-" {
            Box::new(io::stdout().lock())
        } else {
            Box::new(File::create(self.output)?)
        };
        Ok(BufWriter::new(out))
    }

    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        let mut out = match self.out.take() {
            Some(out) => out,
            None => self.open()?,
        };
        let comment = format!("frame {} of the whole capture", record.frame);
        let result = out.write_all(self.writer.record(record, Some(&comment)));
        self.out = Some(out);
        result
    }
}

impl Reader for Slice<'_> {
    type Error = anyhow::Error;

    fn placed(&mut self, frame: u64, record: Option<&Record<'_>>, place: Placed) -> Result<()> {
        // A frame with several segments of the stream is written once.
        if place.stream != self.stream || self.last_frame == Some(frame) {
            return Ok(());
        }
        let record = record.context("a pasted list has no packets to write: give a capture")?;
        self.last_frame = Some(frame);
        self.frames += 1;
        self.write(record)
            .with_context(|| self.output.display().to_string())
    }
}
