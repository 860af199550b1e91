//! Capture files of every format: any bytes, in chunks of any size.

use whyreset_capture::{CaptureReader, MAX_BUFFER_LEN, RecordAt, Step};

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

/// Takes records ahead of the next step: gives how many bytes they take, and those in frames.
type Ahead = fn(&mut CaptureReader, &[u8]) -> (usize, u64);

fn one_by_one(_: &mut CaptureReader, _: &[u8]) -> (usize, u64) {
    (0, 0)
}

fn several(reader: &mut CaptureReader, buffer: &[u8]) -> (usize, u64) {
    let mut room = [RecordAt::BLANK; 3];
    let frames = reader.frames();
    let (count, used) = reader.records(buffer, &mut room);
    assert_eq!(reader.frames(), frames + count as u64);
    let bytes = room
        .iter()
        .take(count)
        .zip(frames + 1..)
        .map(|(at, frame)| {
            let record = at.record(buffer);
            assert_eq!((record.frame, record.bytes.len()), (frame, at.len as usize));
            record.bytes.len() as u64
        });
    (used, bytes.sum())
}

/// Frames, bytes in frames, and the step that ended it.
fn read(file: &[u8], chunk: usize, ahead: Ahead) -> (u64, u64, Step) {
    let mut reader = CaptureReader::new();
    let (mut start, mut end) = (0_usize, 0_usize);
    let mut bytes = 0;
    for _ in 0..2 * file.len() + 10 {
        let (used, in_frames) = ahead(&mut reader, &file[start..end]);
        start += used;
        bytes += in_frames;
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
