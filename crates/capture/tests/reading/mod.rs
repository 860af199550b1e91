//! Reading a whole file step by step, with every promise of the reader checked on the way.

use whyreset_capture::{CaptureReader, MAX_BUFFER_LEN, Step, Timestamp};

/// Frame number, time, link type, length on the wire and bytes.
pub type Row = (u64, Option<Timestamp>, u16, u32, Vec<u8>);

/// What was read of a file.
#[derive(Debug, PartialEq)]
pub struct Reading {
    pub records: Vec<Row>,
    /// Where in the file each record ends.
    pub ends: Vec<u64>,
    /// Frames without link data.
    pub counted: u64,
    /// The step that ended it.
    pub end: Step,
    /// Bytes consumed.
    pub consumed: u64,
}

/// Reads a file out of a buffer that never holds more than `chunk` bytes beyond what the reader asks for.
pub fn read(file: &[u8], chunk: usize) -> Reading {
    let mut reader = CaptureReader::new();
    let (mut start, mut end) = (0_usize, 0_usize);
    let mut reading = Reading {
        records: Vec::new(),
        ends: Vec::new(),
        counted: 0,
        end: Step::End(None),
        consumed: 0,
    };
    // Every step but the last either consumes a byte or asks for one: so many are enough.
    for _ in 0..2 * file.len() + 10 {
        let buffer = &file[start..end];
        let consumed = match reader.step(buffer, end == file.len()) {
            Step::Record(at) => {
                let record = at.record(buffer);
                assert_eq!(record.bytes.len(), at.len as usize);
                assert_eq!(record.frame, reader.frames());
                reading.records.push((
                    record.frame,
                    record.time,
                    record.link.0,
                    record.wire_len,
                    record.bytes.to_vec(),
                ));
                reading.ends.push(reader.offset());
                u64::from(at.consumed)
            }
            Step::Counted { consumed, .. } => {
                reading.counted += 1;
                consumed
            }
            Step::Secrets {
                range, consumed, ..
            } => {
                assert!(buffer.get(range).is_some());
                consumed
            }
            Step::Skip { consumed } => consumed,
            Step::NeedMore { at_least } => {
                assert!(end < file.len(), "asks for more at the end");
                assert!(at_least > buffer.len() && at_least <= MAX_BUFFER_LEN);
                end = (start + at_least.max(buffer.len() + chunk)).min(file.len());
                continue;
            }
            step @ (Step::End(_) | Step::Refused(_)) => {
                reading.end = step;
                reading.consumed = reader.offset();
                return reading;
            }
        };
        start = usize::try_from(consumed)
            .map_or(file.len(), |consumed| start.saturating_add(consumed))
            .min(file.len());
        end = end.max(start);
    }
    panic!("hangs");
}

/// The files of the fixtures folder, by name.
pub fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension != "md"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    assert!(files.len() > 15);
    files
}
