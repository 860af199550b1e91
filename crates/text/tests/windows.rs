//! Long texts: window by window, in any pieces.
#![allow(clippy::indexing_slicing)]

mod common;
#[path = "common/pieces.rs"]
mod pieces;

use std::fmt::Write as _;

use common::describe;
use pieces::PIECES;
use proptest::prelude::*;
use whyreset_segments::Known;
use whyreset_text::{PacketList, TextReader, Window, parse};

const SMALL: Window = Window {
    bytes: 1_000,
    rows: 12,
    ahead: 4,
};

/// Reads a text that comes in pieces of these lengths, again and again.
fn read(text: &[u8], pieces: &[usize], window: Window) -> PacketList {
    let mut reader = TextReader::with_window(window);
    let mut rows = Vec::new();
    let mut rest = text;
    for len in pieces.iter().cycle() {
        let (piece, behind) = rest.split_at(rest.len().min(*len));
        rows.extend(reader.push(piece));
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    rows.extend(reader.finish());
    reader.into_list(rows)
}

/// All that a list tells, to compare.
fn told(list: &PacketList) -> Vec<String> {
    let rows = list.rows.iter().map(|row| {
        let gap = if row.gap_before { " gap" } else { "" };
        let row_is = (
            row.line,
            row.list,
            &row.app,
            &row.marks,
            row.segment().known,
        );
        format!("{} {row_is:?}{gap}", describe(list, row))
    });
    let unread = list.unread.iter().map(|line| format!("{line:?}"));
    let elisions = list.elisions.iter().map(|elision| format!("{elision:?}"));
    let formats = list.formats.iter().map(ToString::to_string);
    rows.chain(unread).chain(elisions).chain(formats).collect()
}

/// `count` connections whose packets are mixed, as tcpdump prints them; and as tshark does, with rows that hide their
/// numbers.
fn mixed(count: u32, seed: u64) -> (String, String) {
    let (mut tcpdump, mut tshark) = (String::new(), String::new());
    let mut random = seed;
    let mut state = vec![0_u32; count as usize];
    // Just before midnight.
    let mut micros = 86_398_000_000_u64;
    for frame in 1.. {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let open: Vec<usize> = (0..state.len()).filter(|at| state[*at] < 9).collect();
        if open.is_empty() {
            break;
        }
        let id = open[(random >> 33) as usize % open.len()];
        let step = state[id];
        state[id] += 1;
        micros += 40_000;
        let of_day = micros % 86_400_000_000;
        let (second, fraction) = (of_day / 1_000_000, of_day % 1_000_000);
        let time = format!(
            "{:02}:{:02}:{:02}.{fraction:06}",
            second / 3_600,
            second / 60 % 60,
            second % 60
        );
        let host = format!("10.0.{}.{}", id / 250, id % 250 + 1);
        let (c, s) = (
            1_000_000_u32.wrapping_mul(id as u32 + 7),
            77_777_u32.wrapping_mul(id as u32 + 3),
        );
        let (client, server) = (format!("{host}.4{id:04}"), "192.0.2.1.80".to_owned());
        let (from_client, flags, numbers, len) = match step {
            0 => (
                true,
                "S",
                format!("seq {c}, win 64240, options [mss 1460]"),
                0,
            ),
            1 => (
                false,
                "S.",
                format!(
                    "seq {s}, ack {}, win 64240, options [mss 1460]",
                    c.wrapping_add(1)
                ),
                0,
            ),
            2 => (true, ".", "ack 1, win 502".to_owned(), 0),
            3 => (true, "P.", "seq 1:101, ack 1, win 502".to_owned(), 100),
            4 => (false, "P.", "seq 1:501, ack 101, win 501".to_owned(), 500),
            5 => (false, "P.", "seq 501:601, ack 101, win 501".to_owned(), 100),
            6 => (true, ".", "ack 601, win 500".to_owned(), 0),
            7 => (false, "F.", "seq 601, ack 101, win 501".to_owned(), 0),
            _ => (true, "R.", "seq 101, ack 602, win 0".to_owned(), 0),
        };
        let (a, b) = if from_client {
            (&client, &server)
        } else {
            (&server, &client)
        };
        writeln!(
            tcpdump,
            "{time} IP {a} > {b}: Flags [{flags}], {numbers}, length {len}"
        )
        .ok();
        let info = match step {
            0 => "[SYN] Seq=0 Win=64240 Len=0 MSS=1460".to_owned(),
            1 => "[SYN, ACK] Seq=0 Ack=1 Win=64240 Len=0 MSS=1460".to_owned(),
            2 => "[ACK] Seq=1 Ack=1 Win=64256 Len=0".to_owned(),
            5 => "[PSH, ACK] Seq=501 Ack=101 Win=64128 Len=100".to_owned(),
            6 => "[ACK] Seq=101 Ack=601 Win=64000 Len=0".to_owned(),
            7 => "[FIN, ACK] Seq=601 Ack=101 Win=64128 Len=0".to_owned(),
            _ => "[RST, ACK] Seq=101 Ack=602 Win=0 Len=0".to_owned(),
        };
        let frame_len = 54 + len;
        let (ends, ports) = match from_client {
            true => (format!("{host} → 192.0.2.1"), format!("4{id:04} → 80")),
            false => (format!("192.0.2.1 → {host}"), format!("80 → 4{id:04}")),
        };
        match step {
            3 => writeln!(
                tshark,
                "{frame:5} {time} {ends} HTTP {frame_len} GET /{id} HTTP/1.1 "
            ),
            4 => writeln!(
                tshark,
                "{frame:5} {time} {ends} HTTP {frame_len} HTTP/1.1 200 OK "
            ),
            _ => writeln!(
                tshark,
                "{frame:5} {time} {ends} TCP {frame_len} {ports} {info}"
            ),
        }
        .ok();
    }
    (tcpdump, tshark)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_pieces_of_any_text_tell_the_same(
        parts in proptest::collection::vec(0..PIECES.len(), 0..400),
        lens in proptest::collection::vec(1_usize..600, 1..6),
    ) {
        let text: String = parts.iter().filter_map(|at| PIECES.get(*at)).copied().collect();
        let once = read(text.as_bytes(), &[usize::MAX], SMALL);
        prop_assert_eq!(told(&read(text.as_bytes(), &lens, SMALL)), told(&once));
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let wide = [&[0xff, 0xfe], &wide[..]].concat();
        prop_assert_eq!(told(&read(&wide, &lens, SMALL)), told(&once));
    }

    #[test]
    fn what_rows_show_needs_no_whole(count in 1_u32..60, seed: u64, lens in proptest::collection::vec(1_usize..600, 1..6)) {
        let (tcpdump, _) = mixed(count, seed);
        let list = read(tcpdump.as_bytes(), &lens, SMALL);
        prop_assert_eq!(told(&list), told(&parse(tcpdump.as_bytes())));
    }

    #[test]
    fn what_rows_hide_follows_from_rows_around(count in 1_u32..12, seed: u64) {
        // Wide enough for the rows that a hidden one follows from.
        let window = Window { bytes: 20_000, rows: 100, ahead: 50 };
        let (_, tshark) = mixed(count, seed);
        let list = read(tshark.as_bytes(), &[777], window);
        prop_assert_eq!(told(&list), told(&parse(tshark.as_bytes())));
    }
}

#[test]
fn short_texts_are_understood_as_a_whole() {
    let text = include_bytes!("../../../examples/seed-question.txt");
    let list = read(text, &[100], Window::default());
    assert_eq!(told(&list), told(&parse(text)));
}

/// Each document as one window and as many.
#[test]
fn documents_in_windows() {
    let packet = |frame: u32, seq: u32| {
        format!(
            "{{\"_source\": {{\n\"layers\": {{\n\"frame\": {{\"frame.number\": \"{frame}\"}},\n\"ip\": {{\"ip.src\": \"10.0.0.1\", \"ip.dst\": \"10.0.0.2\"}},\n\"tcp\": {{\"tcp.srcport\": \"5\", \"tcp.dstport\": \"80\", \"tcp.seq\": \"{seq}\", \"tcp.flags\": \"0x0010\", \"tcp.len\": \"1\"}}}}}}}}"
        )
    };
    let packets: Vec<String> = (1..200).map(|frame| packet(frame, frame)).collect();
    let json = format!("tshark says:\n[\n{}\n]\n", packets.join(",\n"));
    let ek: String = packets
        .iter()
        .map(|packet| packet.replace('\n', " ") + "\n")
        .collect();
    let fields: String = (1..200)
        .map(|frame| format!("{frame}\t10.0.0.1\t10.0.0.2\t5\t80\t{frame}\t0x0010\t1\n"))
        .collect();
    let fields = format!(
        "frame.number\tip.src\tip.dst\ttcp.srcport\ttcp.dstport\ttcp.seq\ttcp.flags\ttcp.len\n{fields}"
    );
    let pdml: String = (1..200)
        .map(|frame| {
            format!(
                "<packet>\n<field name=\"frame.number\" show=\"{frame}\"/>\n<field name=\"ip.src\" show=\"10.0.0.1\"/><field name=\"ip.dst\" show=\"10.0.0.2\"/>\n<field name=\"tcp.srcport\" show=\"5\"/><field name=\"tcp.dstport\" show=\"80\"/>\n<field name=\"tcp.seq\" show=\"{frame}\"/><field name=\"tcp.flags\" show=\"0x0010\"/><field name=\"tcp.len\" show=\"1\"/>\n</packet>\n"
            )
        })
        .collect();
    let pdml = format!("<pdml>\n{pdml}</pdml>\n");
    let csv: String = (1..200)
        .map(|frame| format!("\"{frame}\",\"0.{frame:06}\",\"10.0.0.1\",\"10.0.0.2\",\"TCP\",\"55\",\"5 > 80 [ACK] Seq={frame} Ack=1 Win=9 Len=1\"\n"))
        .collect();
    let csv = format!(
        "\"No.\",\"Time\",\"Source\",\"Destination\",\"Protocol\",\"Length\",\"Info\"\n{csv}"
    );
    for text in [json, ek, fields, pdml, csv] {
        let whole = parse(text.as_bytes());
        assert_eq!(whole.rows.len(), 199, "{text}");
        for lens in [&[1_usize][..], &[333], &[usize::MAX]] {
            assert_eq!(told(&read(text.as_bytes(), lens, SMALL)), told(&whole));
        }
    }
}

/// A connection of four packets as `tcpdump -X` prints it.
fn dumped(connection: u32) -> String {
    let (c, s) = (0x1234_0000 + connection, 0x7654_0000 + connection);
    let port = 4_000 + connection;
    let words = |n: u32| format!("{:04x} {:04x}", n >> 16, n & 0xffff);
    let rows = [
        (true, 0x02, format!("Flags [S], seq {c}"), c, 0),
        (
            false,
            0x12,
            format!("Flags [S.], seq {s}, ack {}", c + 1),
            s,
            c + 1,
        ),
        (true, 0x10, "Flags [.], ack 1".to_owned(), c + 1, s + 1),
        (
            true,
            0x14,
            "Flags [R.], seq 1, ack 1".to_owned(),
            c + 1,
            s + 1,
        ),
    ];
    let mut text = String::new();
    for (at, (from_client, flags, numbers, seq, ack)) in rows.iter().enumerate() {
        let (client, server) = (format!("10.0.0.1.{port}"), "10.0.0.2.80".to_owned());
        let ends = match from_client {
            true => (
                client,
                server,
                "0a00 0001",
                "0a00 0002",
                format!("{port:04x} 0050"),
            ),
            false => (
                server,
                client,
                "0a00 0002",
                "0a00 0001",
                format!("0050 {port:04x}"),
            ),
        };
        let (from, to, a, b, ports) = ends;
        let (seq, ack) = (words(*seq), words(*ack));
        let second = connection;
        writeln!(
            text,
            "10:00:{second:02}.00000{at} IP {from} > {to}: {numbers}, win 9, length 0"
        )
        .ok();
        writeln!(
            text,
            "\t0x0000:  4500 0028 0001 4000 4006 0000 {a}  E..(............"
        )
        .ok();
        writeln!(text, "\t0x0010:  {b} {ports} {seq} {ack}  ................").ok();
        writeln!(
            text,
            "\t0x0020:  50{flags:02x} 0009 0000 0000                      P......."
        )
        .ok();
    }
    text
}

/// A row whose hex dump has not been read yet must not decide by what the connection's numbers count.
#[test]
fn dumps_below_rows() {
    let text: String = (0..20).map(dumped).collect();
    let whole = parse(text.as_bytes());
    assert_eq!(whole.rows.len(), 80);
    let header = Known::TTL.with(Known::SEQ);
    assert!(whole.rows.iter().all(|row| row.segment().known.has(header)));
    for bytes in (600..1_600).step_by(17) {
        let window = Window { bytes, ..SMALL };
        assert_eq!(told(&read(text.as_bytes(), &[333], window)), told(&whole));
    }
}

/// Frame numbers that were handed on come again: another capture.
#[test]
fn lists_one_behind_the_other() {
    let (_, one) = mixed(20, 1);
    let (_, two) = mixed(20, 2);
    let list = read((one + &two).as_bytes(), &[500], SMALL);
    let lists: Vec<u32> = list.rows.iter().map(|row| row.list).collect();
    assert_eq!((lists.first(), lists.last()), (Some(&0), Some(&1)));
    assert!(lists.is_sorted());
    assert!(list.unread.is_empty(), "{:?}", list.unread);
}

/// Lines that could not be read keep their numbers, however far behind they stand.
#[test]
fn unread_lines_far_behind() {
    let (tcpdump, _) = mixed(100, 3);
    let lines = tcpdump.lines().count();
    let text = format!("{tcpdump}7 10:00:00.5 10.0.0.1 10.0.0.2 whatever this is\n");
    let list = read(text.as_bytes(), &[1_000], SMALL);
    let unread: Vec<u32> = list.unread.iter().map(|line| line.line).collect();
    assert_eq!(unread, [u32::try_from(lines + 1).unwrap_or(0)]);
}
