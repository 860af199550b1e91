//! What is known about each input file.

use std::path::PathBuf;

use whyreset_capture::{HearRecords, Record, Timestamp};

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
    /// The earliest time of a frame.
    pub first_time: Option<Timestamp>,
    /// The latest time of a frame.
    pub last_time: Option<Timestamp>,
    /// Packets that the capturing machine says it dropped; `None` where the file does not say.
    pub dropped: Option<u64>,
    /// What was wrong with it, for people.
    pub warnings: Vec<String>,
}

/// When frames were captured.
struct Times {
    /// `None`: there are no frames.
    earliest: Option<Timestamp>,
    latest: Timestamp,
}

impl Default for Times {
    /// Of no frames: none is later than the latest.
    fn default() -> Self {
        Self {
            earliest: None,
            latest: Timestamp::from_nanos(i64::MAX),
        }
    }
}

impl Times {
    /// One more frame, whose time may be unknown. Most come later than all before.
    #[inline(always)]
    fn add(&mut self, time: Option<Timestamp>) {
        match time {
            Some(time) if time > self.latest => self.latest = time,
            Some(time) => self.add_early(time),
            None => {}
        }
    }

    /// The first frame, or one that comes no later than the latest.
    #[cold]
    #[inline(never)]
    fn add_early(&mut self, time: Timestamp) {
        match self.earliest {
            None => (self.earliest, self.latest) = (Some(time), time),
            Some(earliest) => self.earliest = Some(earliest.min(time)),
        }
    }
}

/// Takes note of the times of records on their way to whom hears of them.
pub(super) struct Timed<'h, H> {
    times: Times,
    heard_by: &'h mut H,
}

impl<'h, H> Timed<'h, H> {
    #[inline]
    pub(super) fn new(heard_by: &'h mut H) -> Self {
        Self {
            times: Times::default(),
            heard_by,
        }
    }
}

impl<H: HearRecords> HearRecords for Timed<'_, H> {
    #[inline(always)]
    fn hear(&mut self, record: &Record<'_>, at: u32) {
        self.times.add(record.time);
        self.heard_by.hear(record, at);
    }
}

impl CaptureInfo {
    /// Takes note of the times of the records that were heard of.
    pub(super) fn note_times<H>(&mut self, timed: &Timed<'_, H>) {
        let Times { earliest, latest } = timed.times;
        let Some(earliest) = earliest else {
            return;
        };
        let first = self.first_time.map_or(earliest, |time| time.min(earliest));
        let last = self.last_time.map_or(latest, |time| time.max(latest));
        (self.first_time, self.last_time) = (Some(first), Some(last));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_and_the_latest_time_are_those_of_all_records() {
        let (least, most) = (i64::MIN, i64::MAX);
        for times in [&[5, 4, 6][..], &[4, 4], &[most], &[most, 3], &[least, most]] {
            let mut nobody = ();
            let mut timed = Timed::new(&mut nobody);
            for &time in times {
                let time = Some(Timestamp::from_nanos(time));
                timed.times.add(time);
                timed.times.add(None);
            }
            let mut info = CaptureInfo::default();
            info.note_times(&timed);
            let found = [info.first_time, info.last_time].map(|time| time.map(Timestamp::nanos));
            let expected = [times.iter().min(), times.iter().max()].map(|it| it.copied());
            assert_eq!(found, expected);
        }
    }
}
