//! Capture files of every format: any bytes, in chunks of any size.

use whyreset_capture::{CaptureReader, MAX_BUFFER_LEN, Step};

/// Checks one input.
pub fn run(file: &[u8]) {
    let whole = read(file, file.len().max(1));
    let dripping = read(file, 13);
    assert_eq!(
        whole, dripping,
        "the size of the chunks changes what is read"
    );
}

/// Frames, bytes in frames, and the step that ended it.
fn read(file: &[u8], chunk: usize) -> (u64, u64, Step) {
    let mut reader = CaptureReader::new();
    let (mut start, mut end) = (0_usize, 0_usize);
    let mut bytes = 0;
    for _ in 0..2 * file.len() + 10 {
        let buffer = &file[start..end];
        let consumed = match reader.step(buffer, end == file.len()) {
            Step::Record(at) => {
                let record = at.record(buffer);
                assert_eq!(record.bytes.len(), at.len as usize);
                bytes += record.bytes.len() as u64;
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
            step @ (Step::End(_) | Step::Refused(_)) => return (reader.frames(), bytes, step),
        };
        start = usize::try_from(consumed)
            .map_or(file.len(), |consumed| start.saturating_add(consumed))
            .min(file.len());
        end = end.max(start);
    }
    panic!("hangs");
}
