//! Reading the fixtures.

use whyreset_capture::{CaptureReader, Step, Timestamp};
use whyreset_frames::{Dissector, Found};

/// Hands everything that the frames of a capture hold to `found`.
pub fn dissect_file(file: &[u8], found: &mut impl FnMut(Found<'_>)) {
    let mut reader = CaptureReader::new();
    let mut dissector = Dissector::new();
    let mut rest = file;
    loop {
        let consumed = match reader.step(rest, true) {
            Step::Record(at) => {
                dissector.dissect(&at.record(rest), Timestamp::default(), found);
                u64::from(at.consumed)
            }
            Step::Counted { consumed, .. }
            | Step::Skip { consumed }
            | Step::Secrets { consumed, .. } => consumed,
            _ => return,
        };
        rest = &rest[usize::try_from(consumed).unwrap()..];
    }
}

/// The bytes of a fixture.
pub fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}
