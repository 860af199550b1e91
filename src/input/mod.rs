//! Reading inputs: the only place where files are opened.
//!
//! Any number of captures, bare or compressed, become one sequence of events in time order; texts come before them, piece by piece.
//! Memory: one buffer per file that is open (see [`InputOptions`]), and files are opened when their first frame is due.

mod buffer;
mod clocks;
mod commands;
mod decompress;
mod error;
mod info;
mod lz4_frames;
mod merge;
mod open;
mod progress;
mod rings;
mod source;

use std::collections::VecDeque;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use whyreset_capture::{HearRecords, Notes, Record, RecordAt, Span, Step};

use buffer::ReadBuffer;
use merge::Merge;
use source::Source;

pub use error::{InputError, InputErrorCause, printable};
pub use info::CaptureInfo;
pub use progress::{Counts, Progress};
pub use source::TOGETHER;

/// How inputs are read.
#[derive(Clone, Copy, Debug)]
pub struct InputOptions {
    /// Bytes of buffer for a single capture.
    pub buffer_len: usize,
    /// Bytes of buffer for each of several captures.
    pub merge_buffer_len: usize,
}

impl Default for InputOptions {
    fn default() -> Self {
        Self {
            buffer_len: 256 * 1024,
            merge_buffer_len: 64 * 1024,
        }
    }
}

/// What comes next.
#[derive(Debug)]
pub enum Event<'a> {
    /// Frames that follow each other.
    Records(Records<'a>),
    /// Something that takes a frame number and holds no link data.
    Counted {
        /// Its frame number.
        frame: u64,
    },
    /// Secrets to decrypt with, as a pcapng file holds them: at most 16 MiB.
    Secrets {
        /// What they are: 0x544c534b for a TLS key log.
        kind: u32,
        /// As they stand in the file.
        bytes: &'a [u8],
    },
    /// A piece of a text. Texts come before all captures, one after another.
    Text {
        /// The input that it is: an index into [`Input::infos`].
        capture: usize,
        /// Its next bytes, as they stand in the file.
        bytes: &'a [u8],
    },
    /// A text has ended.
    TextEnd {
        /// The input that it is: an index into [`Input::infos`].
        capture: usize,
    },
    /// Nothing more.
    End,
}

/// Frames of one capture that follow each other. Their numbers and interfaces count over all captures, in the order of the events.
pub struct Records<'a> {
    capture: usize,
    source: &'a Source,
    ready: &'a [RecordAt],
    /// The number of the first.
    frame: u64,
    /// Among those of all captures, where there are several.
    interface: Option<u32>,
    /// How far the capture's clock is ahead.
    ahead: Span,
}

impl<'a> Records<'a> {
    /// The capture that they are from: an index into [`Input::infos`].
    pub const fn capture(&self) -> usize {
        self.capture
    }

    /// How many they are.
    #[expect(clippy::len_without_is_empty, reason = "there are always some")]
    pub const fn len(&self) -> usize {
        self.ready.len()
    }

    /// What holds the bytes of all of them.
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        self.source.looked_up()
    }

    /// Lets somebody hear of each.
    #[inline(never)]
    fn tell<H: HearRecords>(&self, notes: &mut [H::Note], heard_by: &mut H) {
        for (frame, note) in self.frames().zip(notes) {
            let record = frame.record();
            let at = RecordAt {
                frame: record.frame,
                time: record.time,
                interface: record.interface,
                ..*frame.at
            };
            heard_by.hear(&record, &at, note);
        }
    }

    /// The frames.
    #[inline]
    pub fn frames(&self) -> impl Iterator<Item = Frame<'a>> {
        self.frames_in(0..self.len())
    }

    /// Some of the frames.
    #[inline]
    pub fn frames_in(&self, range: Range<usize>) -> impl Iterator<Item = Frame<'a>> {
        let (source, interface, ahead) = (self.source, self.interface, self.ahead);
        let buffer = self.bytes();
        let first = self.ready.first().map_or(0, |at| at.frame);
        let before = self.frame.wrapping_sub(first);
        let frames = self.ready.get(range).unwrap_or_default();
        frames.iter().map(move |at| Frame {
            source,
            buffer,
            at,
            before,
            interface,
            ahead,
        })
    }
}

/// One of several frames.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    source: &'a Source,
    buffer: &'a [u8],
    at: &'a RecordAt,
    /// So many frames of other captures came before.
    before: u64,
    interface: Option<u32>,
    ahead: Span,
}

impl<'a> Frame<'a> {
    /// Its bytes.
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        self.at.bytes(self.buffer)
    }

    /// Its number, over all captures.
    #[inline]
    pub const fn number(&self) -> u64 {
        self.at.frame.wrapping_add(self.before)
    }

    /// All that the file says about it.
    #[inline]
    pub fn record(&self) -> Record<'a> {
        let record = self.at.record(self.buffer);
        Record {
            frame: self.number(),
            interface: self.interface.unwrap_or(self.at.interface),
            time: record.time.map(|time| time - self.ahead),
            ..record
        }
    }

    /// What else the file says about it.
    #[inline]
    pub const fn details(&self) -> Details<'a> {
        Details {
            source: self.source,
            at: self.at,
        }
    }
}

impl std::fmt::Debug for Records<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let records = self.frames().map(|frame| frame.record());
        f.debug_list().entries(records).finish()
    }
}

/// What a file says about a frame, for those who ask.
pub struct Details<'a> {
    source: &'a Source,
    at: &'a RecordAt,
}

impl<'a> Details<'a> {
    /// Comments, and what the interface is called.
    pub fn notes(&self) -> Notes<'a> {
        self.source.notes(self.at)
    }
}

impl std::fmt::Debug for Details<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.notes().fmt(f)
    }
}

/// All inputs of one analysis.
pub struct Input {
    infos: Vec<CaptureInfo>,
    /// Bytes read so far, by input.
    counts: Vec<Arc<AtomicU64>>,
    /// The sizes of all files together, where all are files.
    total: Option<u64>,
    texts: VecDeque<(usize, ReadBuffer)>,
    /// Bytes of the first text that were handed over and are still in its buffer.
    text_used: u64,
    captures: Captures,
    frame: u64,
}

enum Captures {
    One(usize, Box<Source>),
    Many(Merge),
}

impl Input {
    /// Opens the inputs; `-` is standard input.
    ///
    /// # Errors
    /// A file that is missing or cannot be read is an error. A file that is no capture is one only if it is the only
    /// input; among others it is left out, with a warning in its [`CaptureInfo`].
    pub fn open<P: AsRef<Path>>(paths: &[P], options: InputOptions) -> Result<Self, InputError> {
        open::open(paths, options)
    }

    /// The next event; what it borrows is valid until the next call.
    ///
    /// Damage in the middle of a file ends that file, with a warning in its [`CaptureInfo`].
    ///
    /// Of the records that it holds, `heard_by` hears as soon as each is read, and takes the first of these `notes` of it. Their bytes
    /// are in [`Records::bytes`].
    #[inline]
    pub fn next_event<H: HearRecords>(
        &mut self,
        notes: &mut [H::Note; TOGETHER],
        heard_by: &mut H,
    ) -> Event<'_> {
        if !self.texts.is_empty() {
            return self.next_text();
        }
        let (capture, step, source, interface, ahead) = match &mut self.captures {
            Captures::One(capture, source) => {
                let Some(info) = self.infos.get_mut(*capture) else {
                    return Event::End;
                };
                let step = source.steps(info, notes, heard_by);
                (*capture, step, &**source, None, Span::ZERO)
            }
            Captures::Many(merge) => match merge.step(&mut self.infos) {
                Some(due) => (due.capture, due.step, due.source, due.interface, due.ahead),
                None => return Event::End,
            },
        };
        let Some(step) = step else {
            let ready = match interface {
                None => source.records(),
                Some(_) => source.latest(),
            };
            let records = Records {
                capture,
                source,
                ready,
                frame: self.frame.saturating_add(1),
                interface,
                ahead,
            };
            self.frame = self.frame.saturating_add(ready.len() as u64);
            if let Some(info) = self.infos.get_mut(capture) {
                info.packets = info.packets.saturating_add(ready.len() as u64);
            }
            if interface.is_some() {
                records.tell(notes, heard_by);
            }
            return Event::Records(records);
        };
        match step {
            Step::Counted { .. } => {
                self.frame = self.frame.saturating_add(1);
                if let Some(info) = self.infos.get_mut(capture) {
                    info.packets = info.packets.saturating_add(1);
                }
                Event::Counted { frame: self.frame }
            }
            Step::Secrets { kind, range, .. } => Event::Secrets {
                kind,
                bytes: source.looked_up().get(range).unwrap_or_default(),
            },
            _ => Event::End,
        }
    }

    /// What is known about each input so far, in the order in which they were named.
    pub fn infos(&mut self) -> &[CaptureInfo] {
        for (info, count) in self.infos.iter_mut().zip(&self.counts) {
            info.bytes = count.load(Ordering::Relaxed);
        }
        &self.infos
    }

    /// One input's information, for the caller to add what it found in a text.
    pub fn info_mut(&mut self, capture: usize) -> Option<&mut CaptureInfo> {
        self.infos.get_mut(capture)
    }

    /// Bytes read so far, of all files.
    pub fn bytes_read(&self) -> u64 {
        self.counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .fold(0, u64::saturating_add)
    }

    /// Bytes of all files; `None` where an input is no file.
    pub const fn bytes_total(&self) -> Option<u64> {
        self.total
    }

    fn next_text(&mut self) -> Event<'_> {
        let Some((capture, buffer)) = self.texts.front_mut() else {
            return Event::End;
        };
        let capture = *capture;
        buffer.consume(std::mem::take(&mut self.text_used));
        if buffer.unread().is_empty() {
            buffer.fill(1);
        }
        if buffer.unread().is_empty() {
            let failure = buffer.take_failure();
            self.texts.pop_front();
            if let (Some(error), Some(info)) = (failure, self.infos.get_mut(capture)) {
                info.warnings.push(format!("reading ended early ({error})"));
            }
            return Event::TextEnd { capture };
        }
        let bytes = self
            .texts
            .front()
            .map_or(&[][..], |(_, buffer)| buffer.unread());
        self.text_used = bytes.len() as u64;
        Event::Text { capture, bytes }
    }
}

#[cfg(test)]
mod tests;
