//! What is known about each input file.

use std::path::PathBuf;

use whyreset_capture::{RecordAt, Timestamp};

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
    /// Bytes of frames that were captured.
    pub frame_bytes: u64,
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
    /// Counts frames.
    pub(super) fn count(&mut self, records: &[RecordAt]) {
        self.packets = self.packets.saturating_add(records.len() as u64);
        let bytes: u64 = records.iter().map(|record| u64::from(record.len)).sum();
        self.frame_bytes = self.frame_bytes.saturating_add(bytes);
        let Some(known) = records.iter().find_map(|record| record.time) else {
            return;
        };
        let (mut first, mut last) = (known, known);
        for record in records {
            let time = record.time.unwrap_or(known);
            (first, last) = (first.min(time), last.max(time));
        }
        self.first_time = Some(self.first_time.map_or(first, |time| time.min(first)));
        self.last_time = Some(self.last_time.map_or(last, |time| time.max(last)));
    }
}
