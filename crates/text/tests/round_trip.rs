//! Conversations written as each tool writes them, and read back.
#![allow(clippy::indexing_slicing)]

use std::fmt::Write as _;

use proptest::prelude::*;
use whyreset_segments::{Known, TcpFlags};
use whyreset_text::{PacketList, parse};

/// A packet with the numbers of its header.
#[derive(Clone, Debug)]
struct Packet {
    from_client: bool,
    flags: TcpFlags,
    seq: u32,
    ack: u32,
    window: u16,
    len: u32,
    micros: u64,
}

#[derive(Clone, Debug)]
struct Conversation {
    client_start: u32,
    server_start: u32,
    packets: Vec<Packet>,
}

/// Handshake, data in both directions, and an end.
fn conversation() -> impl Strategy<Value = Conversation> {
    let steps = proptest::collection::vec(
        (any::<bool>(), 0_u32..1_461, any::<u16>(), 1_u64..400_000),
        0..12,
    );
    (any::<u32>(), any::<u32>(), steps, 0_u8..4).prop_map(
        |(client_start, server_start, steps, end)| {
            let mut packets = Vec::new();
            let mut next = [client_start, server_start];
            let mut micros = 0;
            let mut push =
                |from_client: bool, flags: TcpFlags, len: u32, window: u16, pause: u64| {
                    let (own, other) = if from_client { (0, 1) } else { (1, 0) };
                    micros += pause;
                    let ack = if flags.contains(TcpFlags::ACK) {
                        next[other]
                    } else {
                        0
                    };
                    packets.push(Packet {
                        from_client,
                        flags,
                        seq: next[own],
                        ack,
                        window,
                        len,
                        micros,
                    });
                    next[own] = next[own]
                        .wrapping_add(len)
                        .wrapping_add(flags.sequence_len());
                };
            push(true, TcpFlags::SYN, 0, 64_240, 0);
            push(false, TcpFlags::SYN | TcpFlags::ACK, 0, 65_160, 100);
            push(true, TcpFlags::ACK, 0, 502, 100);
            for (from_client, len, window, pause) in steps {
                let flags = if len > 0 {
                    TcpFlags::PSH | TcpFlags::ACK
                } else {
                    TcpFlags::ACK
                };
                push(from_client, flags, len, window, pause);
            }
            match end {
                0 => push(true, TcpFlags::RST | TcpFlags::ACK, 0, 0, 5),
                1 => push(false, TcpFlags::RST, 0, 0, 5),
                2 => push(false, TcpFlags::FIN | TcpFlags::ACK, 0, 9, 5),
                _ => {}
            }
            Conversation {
                client_start,
                server_start,
                packets,
            }
        },
    )
}

const CLIENT: (&str, u16) = ("192.0.2.1", 50_001);
const SERVER: (&str, u16) = ("198.51.100.7", 443);

fn ends(packet: &Packet) -> [(&'static str, u16); 2] {
    if packet.from_client {
        [CLIENT, SERVER]
    } else {
        [SERVER, CLIENT]
    }
}

fn starts(conversation: &Conversation, packet: &Packet) -> [u32; 2] {
    match packet.from_client {
        true => [conversation.client_start, conversation.server_start],
        false => [conversation.server_start, conversation.client_start],
    }
}

/// Wireshark's list, relative or absolute.
fn wireshark(conversation: &Conversation, relative: bool, arrow: &str, between: &str) -> String {
    let mut text = String::new();
    for (number, p) in conversation.packets.iter().enumerate() {
        let [from, to] = ends(p);
        let [own, other] = if relative {
            starts(conversation, p)
        } else {
            [0, 0]
        };
        let _ = write!(
            text,
            "{} {:.6} {}{between}{} TCP {} {}{arrow}{} [{}] Seq={}",
            number + 1,
            p.micros as f64 / 1e6,
            from.0,
            to.0,
            54 + p.len,
            from.1,
            to.1,
            p.flags,
            p.seq.wrapping_sub(own)
        );
        if p.flags.contains(TcpFlags::ACK) {
            let _ = write!(text, " Ack={}", p.ack.wrapping_sub(other));
        }
        let _ = writeln!(text, " Win={} Len={}", p.window, p.len);
    }
    text
}

/// tcpdump's numbers: relative once a row with ACK was printed, unless told otherwise (`-S`).
fn tcpdump_numbers(conversation: &Conversation, p: &Packet, absolute: bool) -> (u32, u32) {
    let handshake = p.flags.contains(TcpFlags::SYN) || !p.flags.contains(TcpFlags::ACK);
    match absolute || handshake {
        true => (p.seq, p.ack),
        false => {
            let [own, other] = starts(conversation, p);
            (p.seq.wrapping_sub(own), p.ack.wrapping_sub(other))
        }
    }
}

fn letters(flags: TcpFlags, ack: &str) -> String {
    let mut text = String::new();
    for (flag, letter) in [
        (TcpFlags::SYN, "S"),
        (TcpFlags::FIN, "F"),
        (TcpFlags::RST, "R"),
        (TcpFlags::PSH, "P"),
        (TcpFlags::ACK, ack),
    ] {
        if flags.contains(flag) {
            text.push_str(letter);
        }
    }
    if text.is_empty() {
        ".".to_owned()
    } else {
        text
    }
}

fn tcpdump_new(conversation: &Conversation, absolute: bool) -> String {
    let mut text = String::new();
    for p in &conversation.packets {
        let [from, to] = ends(p);
        let (seq, ack) = tcpdump_numbers(conversation, p, absolute);
        let _ = write!(
            text,
            "10:00:{:02}.{:06} IP {}.{} > {}.{}: Flags [{}]",
            p.micros / 1_000_000,
            p.micros % 1_000_000,
            from.0,
            from.1,
            to.0,
            to.1,
            letters(p.flags, ".")
        );
        if p.len > 0 {
            let _ = write!(text, ", seq {seq}:{}", seq.wrapping_add(p.len));
        } else if p.flags.sequence_len() > 0 || p.flags.is_rst() {
            let _ = write!(text, ", seq {seq}");
        }
        if p.flags.contains(TcpFlags::ACK) {
            let _ = write!(text, ", ack {ack}");
        }
        let _ = writeln!(text, ", win {}, length {}", p.window, p.len);
    }
    text
}

fn tcpdump_old(conversation: &Conversation) -> String {
    let mut text = String::new();
    for p in &conversation.packets {
        let [from, to] = ends(p);
        let (seq, ack) = tcpdump_numbers(conversation, p, false);
        let _ = write!(
            text,
            "10:00:{:02}.{:06} {}.{} > {}.{}: {}",
            p.micros / 1_000_000,
            p.micros % 1_000_000,
            from.0,
            from.1,
            to.0,
            to.1,
            letters(p.flags, "")
        );
        if p.len > 0 || p.flags.sequence_len() > 0 || p.flags.is_rst() {
            let _ = write!(text, " {seq}:{}({})", seq.wrapping_add(p.len), p.len);
        }
        if p.flags.contains(TcpFlags::ACK) {
            let _ = write!(text, " ack {ack}");
        }
        let _ = writeln!(text, " win {}", p.window);
    }
    text
}

/// Every row as in the conversation; `relative` says what the numbers are to count from.
fn compare(
    conversation: &Conversation,
    list: &PacketList,
    text: &str,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(list.rows.len(), conversation.packets.len(), "{}", text);
    prop_assert!(list.unread.is_empty());
    let first = list.rows[0].segment().time;
    for (row, p) in list.rows.iter().zip(&conversation.packets) {
        let segment = row.segment();
        let known = segment.known;
        let [own, other] = if known.has(Known::RELATIVE) {
            starts(conversation, p)
        } else {
            [0, 0]
        };
        prop_assert_eq!(segment.flags, p.flags, "{}", text);
        prop_assert_eq!(segment.source.port, ends(p)[0].1);
        prop_assert_eq!(segment.source.host.to_string(), ends(p)[0].0);
        if known.has(Known::SEQ) {
            prop_assert_eq!(segment.seq.0, p.seq.wrapping_sub(own), "{}", text);
        } else {
            prop_assert!(p.len == 0 && p.flags == TcpFlags::ACK);
        }
        prop_assert_eq!(known.has(Known::ACK), p.flags.contains(TcpFlags::ACK));
        if known.has(Known::ACK) {
            prop_assert_eq!(segment.ack.0, p.ack.wrapping_sub(other), "{}", text);
        }
        prop_assert_eq!(segment.window, u32::from(p.window));
        prop_assert!(known.has(Known::LEN) && !known.has(Known::LEN_INFERRED));
        prop_assert_eq!(segment.payload_len, p.len);
        prop_assert!(known.has(Known::TIME));
        prop_assert_eq!((segment.time - first).nanos(), p.micros as i64 * 1_000);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_tool_reads_back(conversation in conversation()) {
        let texts = [
            wireshark(&conversation, true, " → ", "  "),
            wireshark(&conversation, true, ">", "\t"),
            wireshark(&conversation, false, " > ", " -> "),
            tcpdump_new(&conversation, false),
            tcpdump_new(&conversation, true),
            tcpdump_old(&conversation),
        ];
        for text in texts {
            compare(&conversation, &parse(text.as_bytes()), &text)?;
        }
    }
}
