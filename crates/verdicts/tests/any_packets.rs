//! Whatever the packets: the judgement does not panic, its probabilities stay probabilities, its evidence names frames.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/talk.rs"]
mod talk;

use talk::Talk;
use whyreset_connections::Side;
use whyreset_segments::TcpFlags;

/// A small generator of repeatable random numbers (Knuth's MMIX constants).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

const FLAGS: [u16; 10] = [0x02, 0x12, 0x10, 0x10, 0x18, 0x18, 0x11, 0x04, 0x14, 0x00];
const TEXTS: [&[u8]; 6] = [
    b"",
    b"",
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nbody",
    b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
    &[b'z'; 1448],
];

fn random_talk(seed: u64) {
    let mut random = Random(seed);
    let mut talk = if random.below(3) == 0 {
        Talk::new()
    } else {
        Talk::open()
    };
    let mut at = 0.2;
    for _ in 0..random.below(25) + 1 {
        at += [0.0, 0.000_01, 0.02, 0.3, 5.0, 70.0][random.below(6) as usize];
        talk.window = [0, 100, 64_240][random.below(3) as usize];
        let flags = TcpFlags(FLAGS[random.below(10) as usize]);
        let seq = [0, 1, 2, 28, 1449, 3_000_000_000][random.below(6) as usize];
        let ack = [0, 1, 28, 60, 1449, 4_000_000_000][random.below(6) as usize];
        let text = TEXTS[random.below(6) as usize];
        match random.below(5) {
            0 | 1 => talk.client(at, flags, seq, ack, text),
            2 | 3 => talk.server(at, flags, seq, ack, text),
            _ => talk.stranger(at, Side::Server, flags, seq, 200),
        }
    }
    if random.below(6) == 0 {
        talk.icmp_about_syn(at, 3, random.below(16) as u8);
    }
    let verdict = talk.verdict(at + random.below(100) as f64);
    let total: f64 = verdict.confidence
        + verdict
            .alternatives
            .iter()
            .map(|a| a.confidence)
            .sum::<f64>();
    assert!((0.0..=1.0 + 1e-9).contains(&total), "seed {seed}: {total}");
    assert!(
        verdict.confidence > 0.0 && !verdict.summary.is_empty(),
        "seed {seed}"
    );
    assert!(
        verdict
            .evidence()
            .all(|e| !e.frames.is_empty() && !e.text.is_empty()),
        "seed {seed}"
    );
    assert!(
        verdict.ruled_out.iter().all(|r| !r.text.is_empty()),
        "seed {seed}"
    );
}

#[test]
fn any_packets_are_judged() {
    for seed in 0..4000 {
        random_talk(seed);
    }
}
