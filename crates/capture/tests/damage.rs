//! Cut and damaged files: nothing panics or hangs, and what was readable is read.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // tests may panic

mod reading;

use reading::{fixtures, read};
use whyreset_capture::{Refusal, Step};

#[test]
fn the_size_of_the_chunks_changes_nothing() {
    for (name, file) in fixtures() {
        let whole = read(&file, file.len());
        for chunk in [1, 7, 100] {
            assert_eq!(read(&file, chunk), whole, "{name} by {chunk}");
        }
    }
}

#[test]
fn a_file_cut_at_any_byte_is_read_up_to_there_with_a_warning() {
    for (name, file) in fixtures() {
        let whole = read(&file, file.len());
        for len in 0..file.len() {
            let cut = read(&file[..len], 64);
            assert!(
                whole.records.starts_with(&cut.records),
                "{name} cut at {len}: other records"
            );
            match &cut.end {
                Step::End(None) => assert_eq!(cut.consumed, len as u64, "{name} cut at {len}"),
                Step::End(Some(_)) | Step::Refused(_) => {}
                other => panic!("{name} cut at {len}: {other:?}"),
            }
        }
        assert_eq!(read(&[], 64).end, Step::Refused(Refusal::Empty));
    }
}

#[test]
fn a_file_cut_inside_its_last_record_loses_only_that() {
    for (name, file) in fixtures() {
        let whole = read(&file, file.len());
        if whole.end != Step::End(None) || whole.counted > 0 {
            continue;
        }
        let cut = read(&file[..file.len() - 1], 64);
        let lost = whole.records.len() - cut.records.len();
        assert!(lost <= 1, "{name} lost {lost} records");
        assert!(matches!(cut.end, Step::End(Some(_))), "{name}");
    }
}

#[test]
fn any_byte_may_be_wrong() {
    for (name, file) in fixtures() {
        let whole = read(&file, file.len());
        for at in 0..file.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut damaged = file.clone();
                damaged[at] ^= flip;
                let reading = read(&damaged, 64);
                // The records of a pcap file tell its variant: damage there changes how all are read.
                if whole.records.is_empty() || is_guessed(&file) {
                    continue;
                }
                let sound = whole.ends.iter().filter(|end| **end <= at as u64).count();
                assert!(
                    reading.records.starts_with(&whole.records[..sound]),
                    "{name} with byte {at} changed: the records before it changed as well"
                );
            }
        }
    }
}

/// The magic number that several variants of pcap share.
fn is_guessed(file: &[u8]) -> bool {
    [[0xd4, 0xc3, 0xb2, 0xa1], [0xa1, 0xb2, 0xc3, 0xd4]]
        .iter()
        .any(|magic| file.starts_with(magic))
        || file.starts_with(&[0x34, 0xcd, 0xb2, 0xa1])
}
