//! The small questions about a download that its receiver aborts.

use whyreset_segments::{Known, TcpFlags, TcpOptions};

use super::*;
use crate::round_trip::tests::packet;
use crate::test_connection::connection_of;

const SYN: TcpFlags = TcpFlags::SYN;
const ACK: TcpFlags = TcpFlags::ACK;
const RST: TcpFlags = TcpFlags::RST;
/// MSS 1460, SACK permitted.
const SYN_OPTIONS: [u8; 8] = [2, 4, 5, 0xb4, 1, 1, 4, 2];

/// Ten segments of 1460 bytes; the client, 200 ms away, acknowledges eight, then ten, reads all and aborts.
fn download() -> Connection<()> {
    let mut packets = vec![
        packet(1, 0, Side::Client, SYN, (0, 0, 0)),
        packet(2, 0, Side::Server, SYN | ACK, (0, 1, 0)),
        windowed(packet(3, 234, Side::Client, ACK, (1, 1, 0)), 65_700),
        windowed(packet(4, 251, Side::Client, ACK, (1, 1, 558)), 65_700),
        packet(5, 251, Side::Server, ACK, (1, 559, 0)),
    ];
    for n in 0..10 {
        let seq = 1 + n * 1_460;
        packets.push(packet(
            6 + n as u64,
            303,
            Side::Server,
            ACK,
            (seq, 559, 1_460),
        ));
    }
    packets.extend([
        windowed(packet(16, 500, Side::Client, ACK, (559, 11_681, 0)), 64_240),
        packet(17, 500, Side::Server, ACK, (14_601, 559, 1_456)),
        windowed(packet(24, 505, Side::Client, ACK, (559, 14_601, 0)), 61_320),
        windowed(packet(30, 511, Side::Client, ACK, (559, 14_601, 0)), 65_700),
        windowed(
            packet(31, 523, Side::Client, RST | ACK, (559, 14_601, 0)),
            0,
        ),
    ]);
    let with: Vec<_> = packets
        .into_iter()
        .map(|mut p| {
            p.known = p.known.without(Known::TTL).without(Known::IP_ID);
            let options = if p.flags.contains(SYN) {
                TcpOptions::parse(&SYN_OPTIONS)
            } else {
                TcpOptions::default()
            };
            (p, options)
        })
        .collect();
    connection_of(&with)
}

fn windowed(packet: Packet, window: u32) -> Packet {
    Packet { window, ..packet }
}

fn text_of(frame: u64) -> String {
    let explanation = explain(&download(), frame).unwrap();
    let texts: Vec<_> = explanation
        .sentences
        .iter()
        .map(|s| s.text.as_str())
        .collect();
    texts.join(" ")
}

#[track_caller]
fn says(frame: u64, parts: &[&str]) {
    let text = text_of(frame);
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

#[test]
fn why_an_ack_is_not_higher_and_what_it_allows() {
    says(
        16,
        &[
            "It acknowledges 11681",
            "first 11,680 bytes of the server's, up to and with frame 13",
            "had sent up to 14601",
            "a receiver need not acknowledge each segment",
            "Frame 24 acknowledges 14601",
            "11681 + 64240 = 75921",
            "1,460 bytes lay unread",
        ],
    );
}

#[test]
fn a_short_segment_is_legal_and_allowed() {
    says(
        17,
        &[
            "1,456 bytes of data, 14601 to 16056",
            "legal: the MSS of 1460 that the client announced is an upper limit",
            "frame 16 acknowledges 11681 and grants 64240 more",
            "up to 75921",
        ],
    );
}

#[test]
fn a_window_update_is_no_duplicate() {
    says(
        30,
        &[
            "a window update",
            "repeats the number 14601 of frame 24",
            "program has read 4,380 bytes",
            "no sign of loss",
            "has read all 14,600 bytes",
        ],
    );
}

#[test]
fn the_rst_is_an_abort_that_cannot_have_seen_the_last_data() {
    says(
        31,
        &[
            "aborts a live connection",
            "exactly the numbers of the live connection (seq 559, ack 14601)",
            "frame 17 and later ones cannot be the reason",
            "had read 14,600 bytes of the 14,600 bytes",
            "the server has to accept it",
        ],
    );
}

#[test]
fn an_unknown_frame_is_not_explained() {
    assert_eq!(explain(&download(), 99), None);
}

#[test]
fn numbers_are_grouped() {
    assert_eq!(bytes(1), "1 byte");
    assert_eq!(bytes(1_234_567), "1,234,567 bytes");
    assert_eq!(grouped(-1_000), "-1,000");
}
