//! The streaming reader: bytes in, steps out, no I/O.

use std::ops::Range;

use crate::detect::{Detected, Kind, detect};
use crate::pcap::PcapReader;
use crate::pcapng::PcapngReader;
use crate::snoop::SnoopReader;
use crate::warning::{Damage, Refusal, Warning};
use crate::{LinkType, Notes, Record, Timestamp};

/// Reads one capture file out of a buffer that the caller fills.
///
/// The caller owns a buffer of unread bytes and calls [`step`](Self::step) in a loop: it drops the bytes that a step
/// consumed, and reads more where a step needs more. The buffer never has to hold more than
/// [`MAX_BUFFER_LEN`](crate::MAX_BUFFER_LEN) bytes, and for captures of networks no more than
/// [`MAX_BLOCK_LEN`](crate::MAX_BLOCK_LEN).
#[derive(Debug, Default)]
pub struct CaptureReader {
    format: Format,
    position: Position,
}

#[derive(Debug, Default)]
enum Format {
    #[default]
    Undetected,
    Pcap(PcapReader),
    Pcapng(Box<PcapngReader>),
    Snoop(SnoopReader),
    Ended,
}

/// Hears of records as they are read, and takes notes.
///
/// It is no closure, so that it can be a part of the loop that reads them: what is heard then need not be written down first.
pub trait HearRecords {
    /// What it notes of a record.
    type Note;

    /// The next record, and the same as it is kept: whoever needs it again does not have to hold on to what it was read into. There is
    /// room for a note of it.
    fn hear(&mut self, record: &Record<'_>, at: &RecordAt, note: &mut Self::Note);
}

/// Nobody.
impl HearRecords for () {
    type Note = ();

    fn hear(&mut self, _: &Record<'_>, _: &RecordAt, (): &mut ()) {}
}

/// Records that were taken together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Together {
    /// How many there are.
    pub count: usize,
    /// Bytes to drop afterwards.
    pub used: usize,
    /// When the earliest and the latest were captured, where that is known.
    pub times: Option<[Timestamp; 2]>,
}

/// What the next bytes of the buffer are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A frame.
    Record(RecordAt),
    /// Something that takes a frame number and holds no link data: custom, journal and system event blocks of pcapng.
    Counted {
        /// 1-based number of the frame.
        frame: u64,
        /// Bytes to drop.
        consumed: u64,
    },
    /// Secrets to decrypt with (pcapng decryption secrets block).
    Secrets {
        /// What they are: 0x544c534b for a TLS key log (pcapng, section 4.7).
        kind: u32,
        /// Where in the buffer they are.
        range: Range<usize>,
        /// Bytes to drop.
        consumed: u64,
    },
    /// Nothing for the caller.
    Skip {
        /// Bytes to drop.
        consumed: u64,
    },
    /// The buffer holds too little: call again with at least so many bytes, or with `at_end`.
    NeedMore {
        /// Bytes that the buffer has to hold.
        at_least: usize,
    },
    /// The file ends here. Every further call says so again.
    End(Option<Warning>),
    /// The file is not read at all.
    Refused(Refusal),
}

/// A frame and where in the buffer its bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordAt {
    /// 1-based number of the frame, as Wireshark counts it in this file.
    pub frame: u64,
    /// When the frame was captured; `None` where the format stores no time.
    pub time: Option<Timestamp>,
    /// What the first byte is.
    pub link: LinkType,
    /// The interface, counted from 0 over the whole file.
    pub interface: u32,
    /// Length of the frame check sequence in bytes; 0 where there is none or nothing is known.
    pub fcs_len: u8,
    /// Length on the wire in bytes.
    pub wire_len: u32,
    /// Where the frame begins in the buffer.
    pub start: u32,
    /// Bytes that were captured.
    pub len: u32,
    /// Bytes of the buffer to drop afterwards.
    pub consumed: u32,
}

impl RecordAt {
    /// Nothing: room for a record.
    pub const BLANK: Self = Self {
        frame: 0,
        time: None,
        link: LinkType::NULL,
        interface: 0,
        fcs_len: 0,
        wire_len: 0,
        start: 0,
        len: 0,
        consumed: 0,
    };

    /// The record in the buffer that the step was made from.
    #[inline]
    pub fn record<'a>(&self, buffer: &'a [u8]) -> Record<'a> {
        self.with(self.bytes(buffer))
    }

    /// The record, whose frame's bytes are these.
    #[inline(always)]
    pub const fn with<'a>(&self, bytes: &'a [u8]) -> Record<'a> {
        Record {
            frame: self.frame,
            time: self.time,
            link: self.link,
            interface: self.interface,
            fcs_len: self.fcs_len,
            wire_len: self.wire_len,
            bytes,
        }
    }

    /// The frame's bytes in the buffer that the step was made from.
    #[inline]
    pub fn bytes<'a>(&self, buffer: &'a [u8]) -> &'a [u8] {
        let start = self.start as usize;
        let end = start.saturating_add(self.len as usize);
        buffer.get(start..end).unwrap_or_default()
    }
}

/// Why the buffer begins with no record.
pub(crate) enum Odd {
    /// It ends before: so many bytes are needed.
    Cut(usize),
    /// So long no frame is.
    TooLong { len: u32, limit: u32 },
    /// The record contradicts itself.
    Damaged(Damage),
}

/// How far a file was read.
#[derive(Debug, Default)]
pub(crate) struct Position {
    /// Frames numbered so far.
    frame: u64,
    /// Bytes consumed so far.
    offset: u64,
}

impl Position {
    /// Bytes consumed so far.
    #[inline]
    pub(crate) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Numbers a record and goes past it. Neither count can overflow: both are bounded by the bytes that were read.
    #[inline]
    pub(crate) const fn record(&mut self, mut record: RecordAt) -> Step {
        self.frame = self.frame.wrapping_add(1);
        self.offset = self.offset.wrapping_add(record.consumed as u64);
        record.frame = self.frame;
        Step::Record(record)
    }

    /// Goes past records that have their numbers.
    const fn records(&mut self, count: u64, consumed: u64) {
        self.frame = self.frame.wrapping_add(count);
        self.offset = self.offset.wrapping_add(consumed);
    }

    /// Numbers a frame without link data and goes past it.
    pub(crate) const fn counted(&mut self, consumed: u64) -> Step {
        self.frame = self.frame.wrapping_add(1);
        self.offset = self.offset.saturating_add(consumed);
        Step::Counted {
            frame: self.frame,
            consumed,
        }
    }

    /// Goes past secrets.
    pub(crate) const fn secrets(&mut self, kind: u32, range: Range<usize>, consumed: u64) -> Step {
        self.offset = self.offset.saturating_add(consumed);
        Step::Secrets {
            kind,
            range,
            consumed,
        }
    }

    /// Goes past something that is nothing to the caller.
    pub(crate) const fn skip(&mut self, consumed: u64) -> Step {
        self.offset = self.offset.saturating_add(consumed);
        Step::Skip { consumed }
    }

    /// What follows from there being no record.
    #[cold]
    pub(crate) const fn odd(&self, odd: Odd, buffer: &[u8], at_end: bool) -> Step {
        let offset = self.offset;
        Step::End(Some(match odd {
            Odd::Cut(at_least) => return self.need(buffer, at_least, at_end),
            Odd::TooLong { len, limit } => Warning::RecordTooLong { len, limit, offset },
            Odd::Damaged(what) => Warning::Damaged { what, offset },
        }))
    }

    /// Asks for more bytes, or reports the cut where no more follow.
    #[cold]
    pub(crate) const fn need(&self, buffer: &[u8], at_least: usize, at_end: bool) -> Step {
        if !at_end {
            return Step::NeedMore { at_least };
        }
        if buffer.is_empty() {
            return Step::End(None);
        }
        Step::End(Some(Warning::CutRecord {
            have: buffer.len() as u64,
            need: at_least as u64,
            offset: self.offset,
        }))
    }
}

impl CaptureReader {
    /// A reader at the start of a file.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next step. `buffer` holds the unread bytes; `at_end` says that no more follow.
    #[inline]
    pub fn step(&mut self, buffer: &[u8], at_end: bool) -> Step {
        match &mut self.format {
            Format::Pcap(reader) => reader.next(buffer, at_end, &mut self.position),
            Format::Pcapng(reader) => reader.next(buffer, at_end, &mut self.position),
            Format::Snoop(reader) => reader.next(buffer, at_end, &mut self.position),
            Format::Ended => Step::End(None),
            Format::Undetected => self.begin(buffer, at_end),
        }
    }

    /// Takes the steps ahead that are records, as many as there is `room` for, where their bytes are all in the buffer: each
    /// counts from the buffer's beginning. `heard_by` hears of each, and there has to be room for as many `notes`.
    ///
    /// There are none where the next step is another one. Of pcapng only enhanced packet blocks are taken so: what is known of
    /// a record may change with the other blocks, and each of these ends what is taken together.
    #[inline]
    pub fn records<H: HearRecords>(
        &mut self,
        buffer: &[u8],
        room: &mut [RecordAt],
        notes: &mut [H::Note],
        heard_by: &mut H,
    ) -> Together {
        let mut ahead = Ahead {
            buffer,
            before: self.position.frame,
            room,
            notes,
            heard_by,
        };
        let together = match &mut self.format {
            Format::Pcap(reader) => match reader.as_most_are() {
                Some(reader) => ahead.take(|rest| reader.record(rest).ok()),
                None => ahead.take(|rest| reader.record(rest).ok()),
            },
            Format::Pcapng(reader) => ahead.take(|rest| reader.record(rest)),
            Format::Snoop(reader) => ahead.take(|rest| reader.record(rest).ok()),
            Format::Undetected | Format::Ended => Together::default(),
        };
        let Together { count, used, .. } = together;
        self.position.records(count as u64, used as u64);
        together
    }

    /// The format's name, once it is known: `pcap`, `pcapng` or `snoop`.
    pub fn format(&self) -> Option<&'static str> {
        match &self.format {
            Format::Pcap(_) => Some("pcap"),
            Format::Pcapng(_) => Some("pcapng"),
            Format::Snoop(_) => Some("snoop"),
            Format::Undetected | Format::Ended => None,
        }
    }

    /// Packets that the capturing machine says it dropped, as far as was read; `None` where the file does not say.
    pub fn dropped(&self) -> Option<u64> {
        match &self.format {
            Format::Pcapng(reader) => reader.dropped(),
            Format::Snoop(reader) => reader.dropped(),
            _ => None,
        }
    }

    /// What the file says about a record besides what the record itself holds, as long as no later step was taken. `buffer` is
    /// what the record was found in.
    pub fn notes<'a>(&'a self, buffer: &'a [u8], at: &RecordAt) -> Notes<'a> {
        let Format::Pcapng(reader) = &self.format else {
            return Notes::default();
        };
        let (interface_name, interface_description) = reader.interface_names(at.interface);
        Notes {
            comments: reader.comments(buffer, at.start as usize),
            interface_name,
            interface_description,
        }
    }

    /// Frames numbered so far.
    pub fn frames(&self) -> u64 {
        self.position.frame
    }

    /// Bytes consumed so far.
    pub fn offset(&self) -> u64 {
        self.position.offset
    }

    /// Finds out what the file is and reads its header.
    fn begin(&mut self, buffer: &[u8], at_end: bool) -> Step {
        let kind = match detect(buffer, at_end) {
            Detected::Kind(kind) => kind,
            Detected::NeedMore(at_least) => return Step::NeedMore { at_least },
        };
        let opened = match kind {
            Kind::Pcap => PcapReader::open(buffer, at_end)
                .map(|(reader, consumed)| (Format::Pcap(reader), consumed)),
            Kind::Snoop => SnoopReader::open(buffer, at_end)
                .map(|(reader, consumed)| (Format::Snoop(reader), consumed)),
            Kind::Pcapng => open_pcapng(buffer, at_end),
            Kind::Empty => Err(OpenError::Refused(Refusal::Empty)),
            Kind::Compressed(how) => Err(OpenError::Refused(Refusal::Compressed(how))),
            Kind::Foreign(kind) => Err(OpenError::Refused(Refusal::Foreign(kind))),
            Kind::Text => Err(OpenError::Refused(Refusal::Text)),
            Kind::Unknown => Err(OpenError::Refused(Refusal::Unknown)),
        };
        match opened {
            Ok((format, consumed)) => {
                self.format = format;
                self.position.skip(consumed)
            }
            Err(OpenError::NeedMore(at_least)) => Step::NeedMore { at_least },
            Err(OpenError::Refused(refusal)) => {
                self.format = Format::Ended;
                Step::Refused(refusal)
            }
        }
    }
}

/// Records ahead of the next step.
struct Ahead<'a, H: HearRecords> {
    buffer: &'a [u8],
    /// Frames before.
    before: u64,
    room: &'a mut [RecordAt],
    notes: &'a mut [H::Note],
    heard_by: &'a mut H,
}

impl<H: HearRecords> Ahead<'_, H> {
    /// Takes one behind the other, as far as `next` reads them.
    #[inline(always)]
    fn take(&mut self, mut next: impl FnMut(&[u8]) -> Option<RecordAt>) -> Together {
        let (mut rest, mut count) = (self.buffer, 0);
        let mut times = Times::default();
        for (place, note) in self.room.iter_mut().zip(self.notes.iter_mut()) {
            let Some(record) = next(rest) else {
                break;
            };
            let Some(behind) = rest.get(record.consumed as usize..) else {
                break;
            };
            count += 1;
            let bytes = record.bytes(rest);
            let before = self.buffer.len().wrapping_sub(rest.len());
            let record = RecordAt {
                frame: self.before.wrapping_add(count as u64),
                start: record.start.wrapping_add(before as u32),
                ..record
            };
            // First, so that its numbers need not be kept until what hears of it is done.
            *place = record;
            times.add(record.time);
            self.heard_by.hear(&record.with(bytes), place, note);
            rest = behind;
        }
        Together {
            count,
            used: self.buffer.len().wrapping_sub(rest.len()),
            times: times.of_all(self.room.get(..count).unwrap_or_default()),
        }
    }
}

/// When records were captured.
struct Times {
    latest: Timestamp,
    /// The earliest of those that were captured before one that comes before them.
    disordered: Timestamp,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            latest: Timestamp::from_nanos(i64::MIN),
            disordered: Timestamp::from_nanos(i64::MAX),
        }
    }
}

impl Times {
    /// One more record. Most come later than all before: then there is one step to take.
    #[inline(always)]
    fn add(&mut self, time: Option<Timestamp>) {
        match time {
            Some(time) if time >= self.latest => self.latest = time,
            Some(time) => self.disordered = self.disordered.min(time),
            None => {}
        }
    }

    /// The earliest and the latest of these records, which are all.
    fn of_all(&self, records: &[RecordAt]) -> Option<[Timestamp; 2]> {
        let first = records.iter().find_map(|record| record.time)?;
        Some([first.min(self.disordered), self.latest])
    }
}

/// Reads the first section header: what is wrong there leaves nothing to read.
fn open_pcapng(buffer: &[u8], at_end: bool) -> Result<(Format, u64), OpenError> {
    let mut reader = Box::<PcapngReader>::default();
    match reader.next(buffer, at_end, &mut Position::default()) {
        Step::Skip { consumed } => Ok((Format::Pcapng(reader), consumed)),
        Step::NeedMore { at_least } => Err(OpenError::NeedMore(at_least)),
        Step::End(Some(Warning::CutRecord { have, need, .. })) => {
            let cut = Warning::CutHeader { have, need };
            Err(OpenError::Refused(Refusal::Header(cut)))
        }
        Step::End(Some(warning)) => Err(OpenError::Refused(Refusal::Header(warning))),
        _ => Err(OpenError::Refused(Refusal::Unknown)),
    }
}

/// Why a file header was not read.
pub(crate) enum OpenError {
    NeedMore(usize),
    Refused(Refusal),
}

/// Asks for more bytes of a file header, or refuses the file where no more follow.
pub(crate) fn need_header(buffer: &[u8], at_least: usize, at_end: bool) -> OpenError {
    if at_end {
        OpenError::Refused(Refusal::Header(Warning::CutHeader {
            have: buffer.len() as u64,
            need: at_least as u64,
        }))
    } else {
        OpenError::NeedMore(at_least)
    }
}
