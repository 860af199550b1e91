//! `whyreset slice`: one connection, with the ICMP errors about it, as a capture of its own.

mod fragments;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use whyreset::capture::{CaptureWriter, Notes, Record};
use whyreset::connections::Placed;
use whyreset::input::{Counts, Details, Input, InputOptions, Progress};
use whyreset::reading::{self, Reader};
use whyreset::{Analysis, Judged};

use super::warn;
use crate::cli::SliceArgs;
use fragments::KeptFragments;

/// Runs the command.
pub fn run(args: &SliceArgs) -> Result<ExitCode> {
    refuse_to_overwrite_an_input(args)?;
    let mut input = Input::open(&args.captures, InputOptions::default())?;
    let mut slice = Slice {
        stream: args.stream,
        fragments: KeptFragments::default(),
        notes: OwnNotes::default(),
        output: Output {
            path: &args.output,
            out: None,
            writer: CaptureWriter::new(),
            frames: 0,
        },
        last_frame: None,
        progress: Progress::new(input.bytes_total()),
        counts: Counts::default(),
    };
    let result = reading::read(&mut input, &mut Analysis::default(), &mut slice);
    slice.progress.finish();
    result?;
    warn::about(&reading::capture_facts(&mut input));
    let Some(mut out) = slice.output.out else {
        bail!("there is no stream {} in it", args.stream);
    };
    out.flush()
        .with_context(|| args.output.display().to_string())?;
    eprintln!(
        "whyreset: {} frames of stream {} written to {}",
        slice.output.frames,
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
    fragments: KeptFragments,
    /// What the file says about the latest frame.
    notes: OwnNotes,
    output: Output<'a>,
    last_frame: Option<u64>,
    progress: Progress,
    counts: Counts,
}

/// [`Notes`] that outlive the reader's buffer.
#[derive(Clone, Debug, Default)]
struct OwnNotes {
    comments: Vec<Box<[u8]>>,
    interface_name: Box<str>,
    interface_description: Box<str>,
}

impl OwnNotes {
    fn set(&mut self, notes: &Notes<'_>) {
        self.comments.clear();
        self.comments
            .extend(notes.comments.iter().map(|&text| Box::from(text)));
        // Most often the interface is the same as before.
        if *self.interface_name != *notes.interface_name {
            self.interface_name = notes.interface_name.into();
        }
        if *self.interface_description != *notes.interface_description {
            self.interface_description = notes.interface_description.into();
        }
    }

    fn notes(&self) -> Notes<'_> {
        Notes {
            comments: self.comments.iter().map(|text| &**text).collect(),
            interface_name: &self.interface_name,
            interface_description: &self.interface_description,
        }
    }
}

/// The file that is written.
struct Output<'a> {
    path: &'a Path,
    /// Opened with the first frame, so that a stream that is not there leaves no file.
    out: Option<BufWriter<Box<dyn Write>>>,
    writer: CaptureWriter,
    frames: u64,
}

impl Output<'_> {
    fn open(&self) -> io::Result<BufWriter<Box<dyn Write>>> {
        let out: Box<dyn Write> = if self.path.as_os_str() == "-" {
            Box::new(io::stdout().lock())
        } else {
            Box::new(File::create(self.path)?)
        };
        Ok(BufWriter::new(out))
    }

    /// Writes a frame with its own comments, and one that says where it was.
    fn write(&mut self, record: &Record<'_>, notes: &OwnNotes) -> Result<()> {
        let place = format!("frame {} of the whole capture", record.frame);
        let mut notes = notes.notes();
        notes.comments.push(place.as_bytes());
        self.frames += 1;
        self.try_write(record, &notes)
            .with_context(|| self.path.display().to_string())
    }

    fn try_write(&mut self, record: &Record<'_>, notes: &Notes<'_>) -> io::Result<()> {
        let mut out = match self.out.take() {
            Some(out) => out,
            None => self.open()?,
        };
        let result = out.write_all(self.writer.record(record, notes));
        self.out = Some(out);
        result
    }
}

impl Reader for Slice<'_> {
    type Error = anyhow::Error;

    fn record(&mut self, record: &Record<'_>, details: &Details<'_>) {
        self.notes.set(&details.notes());
        self.fragments.record(record, &self.notes);
    }

    fn placed(&mut self, frame: u64, record: Option<&Record<'_>>, place: Placed) -> Result<()> {
        // A frame with several segments of the stream is written once.
        if place.stream != self.stream || self.last_frame == Some(frame) {
            return Ok(());
        }
        let record = record.context("a pasted list has no packets to write: give a capture")?;
        self.last_frame = Some(frame);
        for kept in self.fragments.take_parts_of(frame) {
            self.output.write(&kept.record(), &kept.notes)?;
        }
        self.output.write(record, &self.notes)
    }

    fn judged(&mut self, judged: Judged, _: &Analysis) -> Result<()> {
        self.counts.add(judged.verdict.failed);
        Ok(())
    }

    fn progress(&mut self, input: &Input) {
        self.progress.update(|| input.bytes_read(), self.counts);
    }
}
