//! One input file: opened, unpacked, recognised.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use whyreset_capture::{
    CaptureReader, Compression, DETECT_LEN, Detected, HearRecords, Kind, Notes, RecordAt, Refusal,
    Step, Warning, detect,
};

use super::buffer::{Bytes, ReadBuffer};
use super::decompress::decompress;
use super::error::InputErrorCause;
use super::info::CaptureInfo;

/// A file that was opened and recognised.
pub(super) enum Opened {
    Capture(Box<Source>),
    /// Text, which is read elsewhere.
    Text(Box<ReadBuffer>),
}

/// A capture, read step by step.
pub(super) struct Source {
    buffer: ReadBuffer,
    reader: CaptureReader,
    /// Records that the buffer holds: looked up together, handed out one by one.
    ready: [RecordAt; TOGETHER],
    /// How many there are.
    looked_up: usize,
    /// How many of them were handed out.
    handed_out: usize,
    /// How many of them before the last time.
    handed_out_before: usize,
    /// Bytes of all steps that were looked up; they stay in the buffer until the next are.
    used: u64,
    ended: bool,
}

/// Records that are looked up together: enough for the memory that they lead to to be fetched at the same time.
pub const TOGETHER: usize = 64;
/// Compressions inside each other that are undone.
const MAX_COMPRESSIONS: usize = 3;

/// Bytes of the shortest file header: what ends before, because reading failed, cannot be told from anything else.
const LEAST_CONTENT: usize = 16;

/// Opens a file, undoes its compression and finds out what it is.
pub(super) fn open(
    path: &Path,
    buffer_len: usize,
    count: &Arc<AtomicU64>,
    info: &mut CaptureInfo,
) -> Result<Opened, InputErrorCause> {
    let mut bytes = open_bytes(path, count)?;
    info.compressions.clear();
    for _ in 0..=MAX_COMPRESSIONS {
        let mut buffer = ReadBuffer::new(bytes, buffer_len);
        let kind = recognise(&mut buffer);
        if buffer.unread().len() < LEAST_CONTENT
            && let Some(error) = buffer.take_failure()
        {
            return Err(too_little(error, info));
        }
        match kind {
            Kind::Compressed(how) => {
                info.compressions.push(how.name());
                bytes = unpack(how, buffer)?;
            }
            Kind::Text => {
                info.format = "text";
                return Ok(Opened::Text(Box::new(buffer)));
            }
            _ => return open_capture(buffer, info).map(|source| Opened::Capture(Box::new(source))),
        }
    }
    Err(InputErrorCause::CompressedTooOften(MAX_COMPRESSIONS))
}

/// Reading failed before there was anything to recognise.
fn too_little(error: io::Error, info: &CaptureInfo) -> InputErrorCause {
    match info.compressions.last() {
        Some(how) => InputErrorCause::Unpack(how, error),
        None => InputErrorCause::from_io(error),
    }
}

/// `-` names standard input.
pub(super) fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn open_bytes(path: &Path, count: &Arc<AtomicU64>) -> Result<Bytes, InputErrorCause> {
    let count = Arc::clone(count);
    if is_standard_input(path) {
        return Ok(Box::new(Counted {
            from: io::stdin(),
            count,
        }));
    }
    let from = File::open(path).map_err(InputErrorCause::from_io)?;
    if from.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(InputErrorCause::Folder);
    }
    Ok(Box::new(Counted { from, count }))
}

fn unpack(how: Compression, buffer: ReadBuffer) -> Result<Bytes, InputErrorCause> {
    decompress(how, buffer.into_bytes()).map_err(InputErrorCause::from_io)
}

fn recognise(buffer: &mut ReadBuffer) -> Kind {
    loop {
        match detect(buffer.unread(), buffer.at_end()) {
            Detected::Kind(kind) => return kind,
            Detected::NeedMore(at_least) => buffer.fill(at_least.min(DETECT_LEN)),
        }
    }
}

/// Reads the file's header.
fn open_capture(buffer: ReadBuffer, info: &mut CaptureInfo) -> Result<Source, InputErrorCause> {
    let mut source = Source {
        buffer,
        reader: CaptureReader::new(),
        ready: [RecordAt::BLANK; TOGETHER],
        looked_up: 0,
        handed_out: 0,
        handed_out_before: 0,
        used: 0,
        ended: false,
    };
    // The header's own step: a refusal shows now, and not in the middle of the analysis.
    match source.read_step() {
        Step::Refused(refusal) => Err(InputErrorCause::NotACapture(refusal)),
        Step::Skip { consumed } => {
            source.used = consumed;
            info.format = source.reader.format().unwrap_or_default();
            Ok(source)
        }
        // No format begins with anything else.
        _ => Err(InputErrorCause::NotACapture(Refusal::Unknown)),
    }
}

impl Source {
    /// The next step that concerns the caller: a record, a counted frame, secrets, or the end.
    ///
    /// What it found stays in [`unread`](Self::unread) until the next call.
    #[inline]
    pub(super) fn step(&mut self, info: &mut CaptureInfo) -> Step {
        loop {
            if let Some(record) = self.records().get(self.handed_out) {
                let step = Step::Record(*record);
                self.handed_out_before = self.handed_out;
                self.handed_out += 1;
                return step;
            }
            if let Some(step) = self.look_up(info, &mut [(); TOGETHER], &mut ())
                && let Some(step) = self.settle(step, info)
            {
                return step;
            }
        }
    }

    /// Hands out more together with the record that was handed out last: those behind it, as long as `goes_along` says so, and as
    /// far as they were looked up.
    pub(super) fn hand_out_more(&mut self, mut goes_along: impl FnMut(&RecordAt) -> bool) {
        let more = self.records().get(self.handed_out..).unwrap_or_default();
        let count = more.iter().take_while(|record| goes_along(record)).count();
        self.handed_out += count;
    }

    /// The same, but all records that were looked up together are handed out at once: `None` says that they are in
    /// [`records`](Self::records). `heard_by` hears of each as soon as it is read.
    #[inline(always)]
    pub(super) fn steps<H: HearRecords>(
        &mut self,
        info: &mut CaptureInfo,
        notes: &mut [H::Note; TOGETHER],
        heard_by: &mut H,
    ) -> Option<Step> {
        loop {
            match self.look_up(info, notes, heard_by) {
                None => {
                    self.handed_out = self.looked_up;
                    return None;
                }
                Some(step) => {
                    if let Some(step) = self.settle(step, info) {
                        return Some(step);
                    }
                }
            }
        }
    }

    /// Notes what a step uses up that is no record; gives it, where it concerns the caller.
    fn settle(&mut self, step: Step, info: &mut CaptureInfo) -> Option<Step> {
        match &step {
            Step::Skip { consumed } => {
                self.used = *consumed;
                None
            }
            Step::Counted { consumed, .. } | Step::Secrets { consumed, .. } => {
                self.used = *consumed;
                Some(step)
            }
            Step::End(warning) => {
                self.note_end(warning.as_ref(), info);
                Some(step)
            }
            Step::Record(_) | Step::NeedMore { .. } | Step::Refused(_) => Some(Step::End(None)),
        }
    }

    /// Drops what was handed out and looks up the records that follow, as far as the buffer holds them; or gives the next
    /// step, where that is none.
    #[inline(always)]
    fn look_up<H: HearRecords>(
        &mut self,
        info: &mut CaptureInfo,
        notes: &mut [H::Note; TOGETHER],
        heard_by: &mut H,
    ) -> Option<Step> {
        self.buffer.consume(self.used);
        (self.handed_out, self.handed_out_before) = (0, 0);
        let buffer = self.buffer.unread();
        let room = &mut self.ready;
        let together = self.reader.records(buffer, room, notes, heard_by);
        (self.looked_up, self.used) = (together.count, together.used as u64);
        if together.count > 0 {
            info.note_times(together.times);
            return None;
        }
        match self.read_step() {
            Step::Record(record) => {
                self.used = u64::from(record.consumed);
                self.looked_up = 1;
                info.note_times(record.time.map(|time| [time; 2]));
                if let (Some(place), Some(note)) = (self.ready.first_mut(), notes.first_mut()) {
                    *place = record;
                    let record = record.record(self.buffer.unread());
                    heard_by.hear(&record, place, note);
                }
                None
            }
            step => Some(step),
        }
    }

    /// All records that were looked up last.
    pub(super) fn records(&self) -> &[RecordAt] {
        self.ready.get(..self.looked_up).unwrap_or_default()
    }

    /// The records that were handed out last.
    pub(super) fn latest(&self) -> &[RecordAt] {
        let latest = self.handed_out_before..self.handed_out;
        self.ready.get(latest).unwrap_or_default()
    }

    /// The bytes of all that was looked up last.
    #[inline]
    pub(super) fn looked_up(&self) -> &[u8] {
        self.buffer.unread()
    }

    /// What the file says for people about one of the records that were looked up.
    pub(super) fn notes(&self, at: &RecordAt) -> Notes<'_> {
        self.reader.notes(self.looked_up(), at)
    }

    /// One step of the reader, with the buffer filled as it needs.
    #[inline]
    fn read_step(&mut self) -> Step {
        loop {
            let step = self.reader.step(self.buffer.unread(), self.buffer.at_end());
            match step {
                Step::NeedMore { at_least } => self.buffer.fill(at_least),
                step => return step,
            }
        }
    }

    fn note_end(&mut self, warning: Option<&Warning>, info: &mut CaptureInfo) {
        if self.ended {
            return;
        }
        self.ended = true;
        info.dropped = self.reader.dropped();
        if let Some(error) = self.buffer.take_failure() {
            info.warnings.push(failure_warning(&error, info));
        } else if let Some(warning) = warning {
            info.warnings.push(warning.to_string());
        }
    }
}

/// What a failure in the middle of a file means.
fn failure_warning(error: &io::Error, info: &CaptureInfo) -> String {
    match info.compressions.first() {
        Some(how) => format!(
            "the {how} data is cut or damaged ({error}) after frame {}; everything before it was read",
            info.packets
        ),
        None => format!(
            "reading failed after frame {} ({error}); everything before it was read",
            info.packets
        ),
    }
}

/// Counts the bytes that are read.
struct Counted<R> {
    from: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(out)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
