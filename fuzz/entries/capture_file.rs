//! Capture files of every format: any bytes, in chunks of any size.

use std::hash::{DefaultHasher, Hash, Hasher};

use whyreset_capture::{CaptureReader, MAX_BUFFER_LEN, RecordAt, Step, Together};

/// Checks one input.
pub fn run(file: &[u8]) {
    let whole = read(file, file.len().max(1), one_by_one);
    let dripping = read(file, 13, one_by_one);
    assert_eq!(
        whole, dripping,
        "the size of the chunks changes what is read"
    );
    for chunk in [file.len().max(1), 13, 200] {
        let together = read(file, chunk, several);
        assert_eq!(whole, together, "records taken together are others");
    }
}

/// Takes records ahead of the next step: gives how many bytes they take.
type Ahead = fn(&mut CaptureReader, &[u8], &mut Told) -> usize;

fn one_by_one(_: &mut CaptureReader, _: &[u8], _: &mut Told) -> usize {
    0
}

fn several(reader: &mut CaptureReader, buffer: &[u8], told: &mut Told) -> usize {
    let mut room = [RecordAt::BLANK; 3];
    let frames = reader.frames();
    let Together { count, used, .. } = reader.records(buffer, &mut room, &mut [(); 3], &mut ());
    assert_eq!(reader.frames(), frames + count as u64);
    for (at, frame) in room.iter().take(count).zip(frames + 1..) {
        assert_eq!(at.frame, frame);
        told.record(reader, buffer, at);
    }
    used
}

/// What was told of the records of a file.
#[derive(Debug, Default, PartialEq)]
struct Told {
    /// Bytes in frames.
    bytes: u64,
    /// Of all the rest.
    hash: u64,
}

impl Told {
    fn record(&mut self, reader: &CaptureReader, buffer: &[u8], at: &RecordAt) {
        let record = at.record(buffer);
        assert_eq!(record.bytes.len(), at.len as usize);
        self.bytes += record.bytes.len() as u64;
        let mut hasher = DefaultHasher::new();
        (self.hash, record.frame, record.time, record.link.0).hash(&mut hasher);
        (record.interface, record.fcs_len, record.wire_len).hash(&mut hasher);
        let notes = reader.notes(buffer, at);
        (notes.comments, notes.interface_name).hash(&mut hasher);
        notes.interface_description.hash(&mut hasher);
        self.hash = hasher.finish();
    }
}

/// Frames, what was told of them, dropped packets, and the step that ended it.
fn read(file: &[u8], chunk: usize, ahead: Ahead) -> (u64, Told, Option<u64>, Step) {
    let mut reader = CaptureReader::new();
    let (mut start, mut end) = (0_usize, 0_usize);
    let mut told = Told::default();
    for _ in 0..2 * file.len() + 10 {
        start += ahead(&mut reader, &file[start..end], &mut told);
        let buffer = &file[start..end];
        let consumed = match reader.step(buffer, end == file.len()) {
            Step::Record(at) => {
                told.record(&reader, buffer, &at);
                u64::from(at.consumed)
            }
            Step::Counted { consumed, .. } | Step::Skip { consumed } => consumed,
            Step::Secrets {
                range, consumed, ..
            } => {
                assert!(buffer.get(range).is_some());
                consumed
            }
            Step::NeedMore { at_least } => {
                assert!(end < file.len() && at_least > buffer.len() && at_least <= MAX_BUFFER_LEN);
                end = start
                    .saturating_add(at_least.max(buffer.len() + chunk))
                    .min(file.len());
                continue;
            }
            step @ (Step::End(_) | Step::Refused(_)) => {
                return (reader.frames(), told, reader.dropped(), step);
            }
        };
        start = usize::try_from(consumed)
            .map_or(file.len(), |consumed| start.saturating_add(consumed))
            .min(file.len());
        end = end.max(start);
    }
    panic!("hangs");
}
