//! pcapng files written byte by byte.

use crate::{CaptureReader, Damage, LinkType, Step, Timestamp, Warning};

/// A block, in little-endian.
fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    body.resize(body.len().next_multiple_of(4), 0);
    let len = (body.len() as u32 + 12).to_le_bytes();
    [kind.to_le_bytes().as_slice(), &len, &body, &len].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn option(code: u16, value: &[u8]) -> Vec<u8> {
    let mut option = [code.to_le_bytes(), (value.len() as u16).to_le_bytes()].concat();
    option.extend(value);
    option.resize(option.len().next_multiple_of(4), 0);
    option
}

fn section() -> Vec<u8> {
    block(0x0a0d_0d0a, &words(&[0x1a2b_3c4d, 1, u32::MAX, u32::MAX]))
}

fn interface(link: u32, options: &[u8]) -> Vec<u8> {
    block(1, &[words(&[link, 0]), options.to_vec()].concat())
}

fn enhanced(interface: u32, ticks: u32, frame: &[u8], options: &[u8]) -> Vec<u8> {
    let len = frame.len() as u32;
    let mut body = words(&[interface, 0, ticks, len, len]);
    body.extend(frame);
    body.resize(body.len().next_multiple_of(4), 0);
    body.extend(options);
    block(6, &body)
}

/// Steps without the skips, and the drop count at the end.
fn steps(file: &[u8]) -> (Vec<Step>, Option<u64>) {
    let mut reader = CaptureReader::new();
    let mut rest = file;
    let mut steps = Vec::new();
    loop {
        let step = reader.step(rest, true);
        let consumed = match &step {
            Step::Record(record) => u64::from(record.consumed),
            Step::Counted { consumed, .. } | Step::Secrets { consumed, .. } => *consumed,
            Step::Skip { consumed } => {
                rest = rest.get(*consumed as usize..).unwrap_or_default();
                continue;
            }
            _ => {
                steps.push(step);
                return (steps, reader.dropped());
            }
        };
        steps.push(step);
        rest = rest.get(consumed as usize..).unwrap_or_default();
    }
}

/// Frame, interface, link and time of every record.
fn records(file: &[u8]) -> Vec<(u64, u32, u16, Option<i64>)> {
    steps(file)
        .0
        .iter()
        .filter_map(|step| match step {
            Step::Record(record) => Some((
                record.frame,
                record.interface,
                record.link.0,
                record.time.map(Timestamp::nanos),
            )),
            _ => None,
        })
        .collect()
}

fn warning(file: &[u8]) -> Option<Warning> {
    match steps(file).0.pop() {
        Some(Step::End(warning)) => warning,
        other => panic!("{other:?}"),
    }
}

fn damage(file: &[u8]) -> Damage {
    match warning(file) {
        Some(Warning::Damaged { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn sections_and_interfaces_count_over_the_whole_file() {
    let file = [
        section(),
        interface(1, &option(9, &[9])),
        interface(113, &option(14, &5_i64.to_le_bytes())),
        enhanced(0, 7, b"abc", &[]),
        enhanced(1, 7, b"abcd", &[]),
        section(),
        interface(101, &[]),
        enhanced(0, 1, b"", &[]),
    ]
    .concat();
    assert_eq!(
        records(&file),
        [
            (1, 0, 1, Some(7)),
            (2, 1, 113, Some(5_000_007_000)),
            (3, 2, 101, Some(1_000)),
        ]
    );
    assert_eq!(warning(&file), None);
}

#[test]
fn byte_order_changes_with_the_section() {
    let swap = |block: Vec<u8>| -> Vec<u8> {
        block
            .chunks(4)
            .flat_map(|word| word.iter().rev().copied().collect::<Vec<_>>())
            .collect()
    };
    let big_section = swap(block(
        0x0a0d_0d0a,
        &words(&[0x1a2b_3c4d, 1 << 16, u32::MAX, u32::MAX]),
    ));
    let file = [
        section(),
        interface(1, &[]),
        enhanced(0, 7, b"abcd", &[]),
        big_section,
        swap(block(1, &words(&[113 << 16, 0]))),
        swap(enhanced(0, 9, b"abcd", &[])),
    ]
    .concat();
    assert_eq!(
        records(&file),
        [(1, 0, 1, Some(7_000)), (2, 1, 113, Some(9_000))]
    );
}

#[test]
fn simple_and_obsolete_packet_blocks() {
    let file = [
        section(),
        block(1, &words(&[1, 4])),
        block(3, &[words(&[60]), b"abcd".to_vec()].concat()),
        block(
            2,
            &[words(&[3 << 16, 0, 5, 3, 60]), b"abc\0".to_vec()].concat(),
        ),
    ]
    .concat();
    assert_eq!(records(&file), [(1, 0, 1, None), (2, 0, 1, Some(5_000))]);
    let (steps, dropped) = steps(&file);
    assert!(matches!(&steps[0], Step::Record(record) if record.len == 4 && record.wire_len == 60));
    assert_eq!(dropped, Some(3));
}

#[test]
fn custom_journal_and_event_blocks_take_a_frame_number() {
    let file = [
        section(),
        block(0xbad, &words(&[1])),
        interface(1, &[]),
        block(0x8001, &words(&[1])),
        block(9, &[b'x'; 40]),
        block(0x4000_0bad, &words(&[1])),
        block(0x204, &[0; 24]),
        block(4, &[]),
        enhanced(0, 1, b"a", &[]),
    ]
    .concat();
    assert_eq!(records(&file), [(5, 0, 1, Some(1_000))]);
}

#[test]
fn drops_and_secrets_are_surfaced() {
    let statistics = |drops: u64| {
        block(
            5,
            &[words(&[0, 0, 0]), option(5, &drops.to_le_bytes())].concat(),
        )
    };
    let file = [
        section(),
        interface(1, &[]),
        statistics(3),
        block(10, &[words(&[0x544c_534b, 5]), b"hello".to_vec()].concat()),
        enhanced(0, 1, b"a", &option(4, &2_u64.to_le_bytes())),
        statistics(9),
    ]
    .concat();
    let (steps, dropped) = steps(&file);
    assert_eq!(dropped, Some(9));
    assert!(matches!(
        &steps[0],
        Step::Secrets { kind: 0x544c_534b, range, .. } if range.len() == 5
    ));
    assert_eq!(section_only_drops(), None);
}

fn section_only_drops() -> Option<u64> {
    steps(&section()).1
}

#[test]
fn the_frame_check_sequence_comes_from_interface_or_packet() {
    let file = [
        section(),
        interface(1, &option(13, &[32])),
        enhanced(0, 1, b"abcd", &[]),
        enhanced(0, 1, b"abcd", &option(2, &(2_u32 << 5).to_le_bytes())),
    ]
    .concat();
    let lens: Vec<_> = steps(&file)
        .0
        .iter()
        .filter_map(|step| match step {
            Step::Record(record) => Some(record.fcs_len),
            _ => None,
        })
        .collect();
    assert_eq!(lens, [4, 2]);
}

#[test]
fn damage_ends_the_file_and_keeps_what_was_before() {
    let start = [section(), interface(1, &[]), enhanced(0, 1, b"a", &[])].concat();
    let with = |more: Vec<u8>| [start.clone(), more].concat();
    let too_long = [1, 0, 99, 0, 1, 2, 3, 4];
    assert_eq!(
        damage(&with(enhanced(7, 1, b"a", &[]))),
        Damage::UnknownInterface {
            interface: 7,
            described: 1
        }
    );
    assert_eq!(
        damage(&with(enhanced(0, 1, b"a", &too_long))),
        Damage::OptionTooLong { len: 99 }
    );
    assert_eq!(
        damage(&with(enhanced(0, 1, b"a", &option(2, b"abc")))),
        Damage::OptionLength { code: 2, len: 3 }
    );
    assert_eq!(
        damage(&with(words(&[0x8001, 8, 8]))),
        Damage::TooShort { len: 8, least: 12 }
    );
    assert_eq!(
        damage(&with(words(&[0x8001, 12, 16]))),
        Damage::LengthsDiffer {
            first: 12,
            last: 16
        }
    );
    assert_eq!(records(&with(words(&[0x8001, 8, 8]))).len(), 1);
}

#[test]
fn a_huge_block_is_skipped_without_being_held() {
    for (kind, counted) in [(0x8001, 0), (0xbad, 1)] {
        let len = 20 << 20;
        let mut huge = words(&[kind, len]);
        huge.resize(len as usize - 4, 0);
        huge.extend(words(&[len]));
        let start = [section(), interface(1, &[])].concat();
        let end = enhanced(0, 3, b"a", &[]);
        let file = [start.clone(), huge, end].concat();
        let mut reader = CaptureReader::new();
        let (mut at, mut counts) = (0, 0);
        loop {
            let window = &file[at..file.len().min(at + 1000)];
            let at_end = at + window.len() == file.len();
            match reader.step(window, at_end) {
                Step::Skip { consumed } => at += consumed as usize,
                Step::Counted { consumed, .. } => {
                    counts += 1;
                    at += consumed as usize;
                }
                Step::Record(record) => {
                    assert_eq!(record.frame, counted + 1);
                    assert_eq!(record.link, LinkType::ETHERNET);
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(counts, counted);
        let cut = warning(&file[..start.len() + 1_000]);
        let expected = Warning::CutRecord {
            have: 1_000,
            need: u64::from(len),
            offset: start.len() as u64,
        };
        assert_eq!(cut, Some(expected));
    }
}

#[test]
fn a_block_larger_than_any_is_damage() {
    let file = [section(), words(&[0x8001, 1 << 30])].concat();
    assert_eq!(damage(&file), Damage::TooLong { len: 1 << 30 });
}
