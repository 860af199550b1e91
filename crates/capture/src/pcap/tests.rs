//! pcap files written byte by byte.

use crate::{CaptureReader, LinkType, Refusal, Step, Timestamp, Warning};

fn file_header(magic: u32, minor: u16, network: u32) -> Vec<u8> {
    let mut file = magic.to_le_bytes().to_vec();
    file.extend(2_u16.to_le_bytes());
    file.extend(minor.to_le_bytes());
    file.extend([0; 8]);
    file.extend(65_535_u32.to_le_bytes());
    file.extend(network.to_le_bytes());
    file
}

fn record(seconds: u32, fraction: u32, len: u32, wire_len: u32, extra: &[u8]) -> Vec<u8> {
    let mut record = Vec::new();
    for field in [seconds, fraction, len, wire_len] {
        record.extend(field.to_le_bytes());
    }
    record.extend(extra);
    record.extend((0..len).map(|i| i as u8));
    record
}

/// All steps but the skips, from a whole file.
fn steps(file: &[u8]) -> Vec<Step> {
    let mut reader = CaptureReader::new();
    let mut rest = file;
    let mut steps = Vec::new();
    loop {
        let step = reader.step(rest, true);
        let consumed = match &step {
            Step::Record(record) => u64::from(record.consumed),
            Step::Skip { consumed } => *consumed,
            _ => {
                steps.push(step);
                return steps;
            }
        };
        if let Step::Record(record) = step {
            assert_eq!(record.record(rest).bytes.len(), record.len as usize);
            steps.push(step);
        }
        rest = rest.get(consumed as usize..).unwrap_or_default();
    }
}

fn only_record(file: &[u8]) -> crate::RecordAt {
    match steps(file).first() {
        Some(Step::Record(record)) => *record,
        other => panic!("{other:?}"),
    }
}

#[test]
fn microseconds_and_nanoseconds() {
    let mut file = file_header(0xa1b2_c3d4, 4, 1);
    file.extend(record(1_000, 500_000, 60, 1_500, &[]));
    let found = only_record(&file);
    assert_eq!(found.time, Some(Timestamp::from_nanos(1_000_500_000_000)));
    assert_eq!((found.len, found.wire_len, found.frame), (60, 1_500, 1));
    let mut file = file_header(0xa1b2_3c4d, 4, 113);
    file.extend(record(1, 5, 60, 60, &[]));
    let found = only_record(&file);
    assert_eq!(found.time, Some(Timestamp::from_nanos(1_000_000_005)));
    assert_eq!(found.link, LinkType(113));
}

#[test]
fn big_endian() {
    let mut file = Vec::new();
    file.extend(0xa1b2_c3d4_u32.to_be_bytes());
    file.extend([
        0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 1,
    ]);
    for field in [7_u32, 8, 2, 2] {
        file.extend(field.to_be_bytes());
    }
    file.extend([1, 2]);
    assert_eq!(
        only_record(&file).time,
        Some(Timestamp::from_nanos(7_000_008_000))
    );
    assert_eq!(only_record(&file).len, 2);
}

#[test]
fn modified_headers_are_recognised_by_their_records() {
    let extra = [2, 0, 0, 0, 0, 8, 0, 0];
    for (magic, extra) in [
        (0xa1b2_c3d4, extra.to_vec()),
        (0xa1b2_cd34, extra.to_vec()),
        (0xa1b2_cd34, [extra.as_slice(), &[0; 4]].concat()),
    ] {
        let mut file = file_header(magic, 4, 1);
        for second in 1..5 {
            file.extend(record(1_000_000_000 + second, 7, 60, 60, &extra));
        }
        let steps = steps(&file);
        assert_eq!(steps.len(), 5, "{magic:#x} {}", extra.len());
        assert_eq!(steps.last(), Some(&Step::End(None)));
        assert_eq!(only_record(&file).start as usize, 16 + extra.len());
    }
}

#[test]
fn nokia_headers_are_recognised_by_their_records() {
    let mut file = file_header(0xa1b2_c3d4, 4, 1);
    for second in 1..5 {
        let extra = 0x9fbf_b601_u32.to_le_bytes();
        file.extend(record(1_000_000_000 + second, 7, 60, 60, &extra));
    }
    assert_eq!(steps(&file).len(), 5);
    assert_eq!(only_record(&file).start, 20);
}

#[test]
fn old_versions_swap_the_lengths() {
    let mut file = file_header(0xa1b2_c3d4, 1, 1);
    let mut swapped = record(1, 0, 60, 60, &[]);
    swapped[8..12].copy_from_slice(&1_500_u32.to_le_bytes());
    file.extend(swapped);
    let found = only_record(&file);
    assert_eq!((found.len, found.wire_len), (60, 1_500));
}

#[test]
fn aix_writes_interface_types_and_nanoseconds() {
    let mut file = file_header(0xa1b2_c3d4, 2, 15);
    file.extend(record(1, 9, 60, 60, &[]));
    let found = only_record(&file);
    assert_eq!(found.link, LinkType::FDDI);
    assert_eq!(found.time, Some(Timestamp::from_nanos(1_000_000_009)));
    assert_eq!((found.start, found.len, found.wire_len), (19, 57, 57));
}

#[test]
fn frame_check_sequences_are_in_the_upper_bits() {
    let mut file = file_header(0xa1b2_c3d4, 4, 0x2400_0001);
    file.extend(record(1, 0, 64, 64, &[]));
    assert_eq!(only_record(&file).fcs_len, 4);
    let file = file_header(0xa1b2_c3d4, 4, 0x0020_0001);
    assert_eq!(
        steps(&file),
        [Step::Refused(Refusal::ReservedLinkBits(0x0020_0000))]
    );
}

#[test]
fn cut_and_absurd_records_end_the_file_with_a_warning() {
    let mut file = file_header(0xa1b2_c3d4, 4, 1);
    file.extend(record(1, 0, 60, 60, &[]));
    let whole = file.len();
    file.extend(record(1, 0, 60, 60, &[]));
    let cut = steps(&file[..whole + 30]);
    assert_eq!(
        cut.last(),
        Some(&Step::End(Some(Warning::CutRecord {
            have: 30,
            need: 76,
            offset: whole as u64
        })))
    );
    assert_eq!(cut.len(), 2);
    let whole = 24 + 4 * 76;
    for _ in 0..5 {
        file.extend(record(1, 0, 60, 60, &[]));
    }
    file[whole + 8..whole + 12].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    assert_eq!(
        steps(&file).last(),
        Some(&Step::End(Some(Warning::RecordTooLong {
            len: 0x7fff_ffff,
            limit: 262_144,
            offset: whole as u64
        })))
    );
}

#[test]
fn needs_no_more_than_one_record_at_a_time() {
    let mut file = file_header(0xa1b2_3c4d, 4, 1);
    for second in 0..10 {
        file.extend(record(second, 0, 60, 60, &[]));
    }
    let mut reader = CaptureReader::new();
    let (mut start, mut end, mut frames) = (0, 0, 0);
    loop {
        match reader.step(&file[start..end], end == file.len()) {
            Step::Record(record) => {
                frames += 1;
                start += record.consumed as usize;
            }
            Step::Skip { consumed } => start += consumed as usize,
            Step::NeedMore { at_least } => {
                assert!(at_least > end - start);
                end = (start + at_least).min(file.len());
            }
            Step::End(warning) => {
                assert_eq!(warning, None);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(frames, 10);
}
