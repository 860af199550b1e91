//! Records that are taken together are those that are taken one by one.

#![allow(clippy::indexing_slicing)] // tests may panic

use proptest::prelude::*;
use whyreset_capture::{CaptureReader, HearRecords, Record, RecordAt, Step, Together};

/// Numbers of a file in one byte order.
#[derive(Clone, Copy, Debug)]
struct Order {
    is_big: bool,
}

impl Order {
    fn words(self, words: &[u32]) -> Vec<u8> {
        let each = words.iter().flat_map(|word| match self.is_big {
            true => word.to_be_bytes(),
            false => word.to_le_bytes(),
        });
        each.collect()
    }

    fn halves(self, halves: [u16; 2]) -> Vec<u8> {
        let each = halves.iter().flat_map(|half| match self.is_big {
            true => half.to_be_bytes(),
            false => half.to_le_bytes(),
        });
        each.collect()
    }

    fn block(self, kind: u32, parts: &[Vec<u8>]) -> Vec<u8> {
        let body = padded(parts.concat());
        let len = body.len() as u32 + 12;
        [self.words(&[kind, len]), body, self.words(&[len])].concat()
    }

    fn option(self, code: u16, value: &[u8]) -> Vec<u8> {
        let head = self.halves([code, value.len() as u16]);
        [head, padded(value.to_vec())].concat()
    }
}

fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// What one block of a pcapng file holds.
#[derive(Clone, Debug)]
enum Content {
    Packet {
        interface: u32,
        ticks: u64,
        frame: Vec<u8>,
        options: Vec<(u16, Vec<u8>)>,
    },
    Simple(Vec<u8>),
    Interface {
        link: u16,
        resolution: u8,
        fcs_len: u8,
        name: Vec<u8>,
    },
    Statistics(u32, u64),
    Custom,
    Unknown,
    Secrets,
}

fn content() -> impl Strategy<Value = Content> {
    let frame = || proptest::collection::vec(any::<u8>(), 0..20);
    let value = prop_oneof![
        2 => proptest::collection::vec(any::<u8>(), 0..9),
        1 => proptest::collection::vec(any::<u8>(), 4),
        1 => proptest::collection::vec(any::<u8>(), 8),
    ];
    let options = prop_oneof![
        3 => Just(Vec::new()),
        1 => proptest::collection::vec((0_u16..6, value), 0..3),
    ];
    let interface = prop_oneof![8 => Just(0_u32), 4 => 1_u32..3];
    prop_oneof![
        10 => (interface, any::<u64>(), frame(), options).prop_map(
            |(interface, ticks, frame, options)| Content::Packet { interface, ticks, frame, options }
        ),
        1 => frame().prop_map(Content::Simple),
        1 => (0_u16..300, any::<u8>(), 0_u8..40, frame()).prop_map(
            |(link, resolution, fcs_len, name)| Content::Interface { link, resolution, fcs_len, name }
        ),
        1 => (0_u32..3, 0_u64..9).prop_map(|(interface, drops)| Content::Statistics(interface, drops)),
        1 => Just(Content::Custom),
        1 => Just(Content::Unknown),
        1 => Just(Content::Secrets),
    ]
}

fn block(content: &Content, order: Order) -> Vec<u8> {
    match content {
        Content::Packet {
            interface,
            ticks,
            frame,
            options,
        } => {
            let len = frame.len() as u32;
            let fields = [*interface, (ticks >> 32) as u32, *ticks as u32, len, len];
            let options = options
                .iter()
                .flat_map(|(code, value)| order.option(*code, value));
            order.block(
                6,
                &[
                    order.words(&fields),
                    padded(frame.clone()),
                    options.collect(),
                ],
            )
        }
        Content::Simple(frame) => {
            let len = order.words(&[frame.len() as u32]);
            order.block(3, &[len, frame.clone()])
        }
        Content::Interface {
            link,
            resolution,
            fcs_len,
            name,
        } => order.block(
            1,
            &[
                order.halves([*link, 0]),
                order.words(&[0]),
                order.option(9, &[*resolution]),
                order.option(13, &[*fcs_len]),
                order.option(2, name),
            ],
        ),
        Content::Statistics(interface, drops) => {
            let drops = match order.is_big {
                true => drops.to_be_bytes(),
                false => drops.to_le_bytes(),
            };
            let fields = order.words(&[*interface, 0, 0]);
            order.block(5, &[fields, order.option(5, &drops)])
        }
        Content::Custom => order.block(0xbad, &[order.words(&[1])]),
        Content::Unknown => order.block(0x8001, &[vec![7; 5]]),
        Content::Secrets => order.block(10, &[order.words(&[0x544c_534b, 2]), vec![b'k'; 2]]),
    }
}

/// A section with an interface, and what follows.
fn section() -> impl Strategy<Value = Vec<u8>> {
    (any::<bool>(), proptest::collection::vec(content(), 0..30)).prop_map(|(is_big, contents)| {
        let order = Order { is_big };
        let start = [
            0x1a2b_3c4d,
            1 << (u32::from(is_big) * 16),
            u32::MAX,
            u32::MAX,
        ];
        let ethernet = Content::Interface {
            link: 1,
            resolution: 6,
            fcs_len: 0,
            name: b"eth0".to_vec(),
        };
        let mut file = order.block(0x0a0d_0d0a, &[order.words(&start)]);
        for content in [&ethernet].into_iter().chain(&contents) {
            file.extend(block(content, order));
        }
        file
    })
}

fn pcapng() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(section(), 1..3).prop_map(|sections| sections.concat())
}

fn pcap() -> impl Strategy<Value = Vec<u8>> {
    let magic = prop_oneof![Just(0xa1b2_c3d4_u32), Just(0xa1b2_3c4d)];
    let record = (
        any::<[u32; 2]>(),
        proptest::collection::vec(any::<u8>(), 0..20),
    );
    let records = proptest::collection::vec(record, 0..20);
    (any::<bool>(), magic, records).prop_map(|(is_big, magic, records)| {
        let order = Order { is_big };
        let mut file = order.words(&[magic]);
        file.extend(order.halves([2, 4]));
        file.extend(order.words(&[0, 0, 65_535, 1])); // Ethernet
        for ([seconds, fraction], frame) in records {
            let len = frame.len() as u32;
            file.extend(order.words(&[seconds, fraction, len, len]));
            file.extend(frame);
        }
        file
    })
}

/// Notes all of a record.
struct Heard;

impl HearRecords for Heard {
    type Note = String;

    fn hear(&mut self, record: &Record<'_>, at: &RecordAt, note: &mut String) {
        *note = format!("{record:?} {}", at.start);
        assert_eq!(*note, format!("{:?} {}", at.with(record.bytes), at.start));
    }
}

/// All that is told of a file, with up to `room` records taken together: none where it is 0.
fn told(file: &[u8], room: usize, chunk: usize) -> Vec<String> {
    let mut reader = CaptureReader::new();
    let mut ready = vec![RecordAt::BLANK; room];
    let mut notes = vec![String::new(); room];
    let (mut start, mut end) = (0, 0);
    let mut told = Vec::new();
    loop {
        let buffer = &file[start..end];
        let Together { count, used, times } =
            reader.records(buffer, &mut ready, &mut notes, &mut Heard);
        for (at, note) in ready.iter().zip(&notes).take(count) {
            assert_eq!(*note, format!("{:?} {}", at.record(buffer), at.start));
        }
        let known = ready[..count].iter().filter_map(|at| at.time);
        let expected = known.clone().min().zip(known.max());
        assert_eq!(times, expected.map(|(earliest, latest)| [earliest, latest]));
        for at in &ready[..count] {
            told.push(tell(&reader, buffer, at));
        }
        start += used;
        let buffer = &file[start..end];
        let step = reader.step(buffer, end == file.len());
        start += match &step {
            Step::Record(at) => {
                told.push(tell(&reader, buffer, at));
                at.consumed as usize
            }
            Step::NeedMore { at_least } => {
                end = file
                    .len()
                    .min(start + at_least.max(&(buffer.len() + chunk)));
                continue;
            }
            Step::Skip { consumed } => *consumed as usize,
            Step::Counted { frame, consumed } => {
                told.push(format!("counted {frame}"));
                *consumed as usize
            }
            Step::Secrets {
                range, consumed, ..
            } => {
                told.push(format!("secrets {:?}", &buffer[range.clone()]));
                *consumed as usize
            }
            Step::End(_) | Step::Refused(_) => {
                told.push(format!(
                    "{step:?} {} {:?}",
                    reader.frames(),
                    reader.dropped()
                ));
                return told;
            }
        };
    }
}

fn tell(reader: &CaptureReader, buffer: &[u8], at: &RecordAt) -> String {
    format!("{:?} {:?}", at.record(buffer), reader.notes(buffer, at))
}

proptest! {
    #[test]
    fn records_taken_together_are_those_taken_one_by_one(
        mut file in prop_oneof![3 => pcapng(), 1 => pcap()],
        damage in proptest::option::of((any::<prop::sample::Index>(), any::<u8>())),
        room in 1_usize..6,
        chunk in 1_usize..200,
    ) {
        if let Some((at, byte)) = damage {
            let len = file.len();
            file[at.index(len)] = byte;
        }
        let one_by_one = told(&file, 0, file.len());
        prop_assert_eq!(&told(&file, room, chunk), &one_by_one);
        prop_assert_eq!(&told(&file, room, file.len()), &one_by_one);
    }
}
