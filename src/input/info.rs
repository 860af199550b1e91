//! What is known about each input file.

use std::path::PathBuf;

use whyreset_capture::{Span, Timestamp};

/// One input file: what it is, and what was found in it so far.
#[derive(Clone, Debug, Default)]
pub struct CaptureInfo {
    /// As it was named; `-` is standard input.
    pub path: PathBuf,
    /// `pcap`, `pcapng`, `snoop` or `text`; empty before it is known.
    pub format: &'static str,
    /// How it was compressed, outermost first: `gzip`, `zstd`, `lz4`.
    pub compressions: Vec<&'static str>,
    /// Frames, those without link data included; for text, what the caller sets.
    pub packets: u64,
    /// Bytes that were read of the file, as it is on the disk.
    pub bytes: u64,
    /// How far its clock is ahead of that of the captures named before it: so much less its times are, here and wherever they are told.
    pub clock_ahead: Span,
    /// The earliest time of a frame.
    pub first_time: Option<Timestamp>,
    /// The latest time of a frame.
    pub last_time: Option<Timestamp>,
    /// Packets that the capturing machine says it dropped; `None` where the file does not say.
    pub dropped: Option<u64>,
    /// What was wrong with it, for people.
    pub warnings: Vec<String>,
}

impl CaptureInfo {
    /// Takes note of the earliest and the latest time of some frames, where they have any.
    #[inline]
    pub(super) fn note_times(&mut self, times: Option<[Timestamp; 2]>) {
        let Some([earliest, latest]) = times else {
            return;
        };
        let (earliest, latest) = (earliest - self.clock_ahead, latest - self.clock_ahead);
        let first = self.first_time.map_or(earliest, |time| time.min(earliest));
        let last = self.last_time.map_or(latest, |time| time.max(latest));
        (self.first_time, self.last_time) = (Some(first), Some(last));
    }
}
