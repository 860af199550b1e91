//! Any bytes at all: no panic, and time that grows with the length of the text.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use whyreset_text::parse;

/// Pieces of every format, to be put together in any order.
const PIECES: &[&str] = &[
    "1 ",
    "0.5 ",
    "12:00:00.5 ",
    "2013-09-23 ",
    "10.0.0.1 ",
    "10.0.0.2 ",
    "fe80::1 ",
    "TCP ",
    "HTTP ",
    "60 ",
    "80 > 5000 ",
    "80 → 5 ",
    "[SYN] ",
    "[RST, ACK] ",
    "[TCP Retransmission] ",
    "Seq=0 ",
    "Seq=4294967295 ",
    "Ack=1 ",
    "Win=65535 ",
    "Len=0 ",
    "Len=1460 ",
    "TSval=1 TSecr=2 ",
    "SLE=1 SRE=2 ",
    "WS=256 ",
    "\n",
    "\n",
    "\t",
    "  ",
    "\"",
    ",",
    "\",\"",
    "|",
    "> ",
    "<tr><td>",
    "</td></tr>",
    "<br>",
    "&gt;",
    "=3D",
    "=\n",
    "--8<--\n",
    "...\n",
    "IP ",
    "10.0.0.1.80 > 10.0.0.2.5000: ",
    "Flags [S.], ",
    "Flags [R], ",
    "seq 1:2, ",
    "ack 1, ",
    "win 1, ",
    "options [mss 1460,sack 1 {1:2},TS val 1 ecr 2], ",
    "length 0\n",
    "R 1:1(0) ",
    "ack 1 win 0 ",
    "<nop,nop,timestamp 1 2> ",
    "(tos 0x0, ttl 64, id 1, proto TCP (6), length 60)\n",
    "\t0x0000:  4500 003c 1c46 4000 4006  E..\n",
    "Frame 1: 60 bytes on wire\n",
    "Transmission Control Protocol, Src Port: 80, Dst Port: 5, Seq: 1, Len: 0\n",
    "    Flags: 0x018 (PSH, ACK)\n",
    "frame.number\ttcp.seq\ttcp.srcport\n",
    "1\t2\t3\n",
    "[\n",
    "{\"layers\":{\"tcp\":{\"tcp.seq\":\"1\"}}}\n",
    "{\"_source\":{\"layers\":{\"tcp\":{\"tcp.srcport\":\"1\"}}}},",
    "]\n",
    "<packet>",
    "<field name=\"tcp.seq\" show=\"1\"/>",
    "</packet>\n",
    "GET / HTTP/1.1\n",
    ": ICMP host 10.0.0.1 unreachable, length 36\n",
    "No.,Time,Source,Destination,Protocol,Length,Info\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let list = parse(&bytes);
        prop_assert!(list.rows.len() <= bytes.len());
    }

    #[test]
    fn any_mixture_of_pieces(pieces in proptest::collection::vec(0..PIECES.len(), 0..200)) {
        let text: String = pieces.iter().filter_map(|at| PIECES.get(*at)).copied().collect();
        let list = parse(text.as_bytes());
        for row in &list.rows {
            // Nothing that the engine does with a row may panic either.
            let segment = row.segment();
            prop_assert!(segment.seq_end().distance_from(segment.seq) as u32 == segment.sequence_len());
            prop_assert!(row.line >= 1);
        }
    }

    #[test]
    fn the_seed_list_with_bytes_changed(changes in proptest::collection::vec((0usize..1_400, any::<u8>()), 1..12)) {
        let mut text = include_bytes!("../../../examples/seed-question.txt").to_vec();
        for (at, byte) in changes {
            if let Some(slot) = text.get_mut(at) {
                *slot = byte;
            }
        }
        parse(&text);
    }
}

#[test]
fn every_beginning_of_the_seed_list() {
    let text = include_bytes!("../../../examples/seed-question.txt");
    let mut before = 0;
    for end in 0..text.len() {
        let rows = parse(&text[..end]).rows.len();
        assert!(rows + 1 >= before);
        before = rows;
    }
}

#[test]
fn time_grows_with_the_length() {
    let row = "1 0.5 10.0.0.1 10.0.0.2 TCP 60 80 > 5000 [ACK] Seq=1 Ack=1 Win=1 Len=0 ";
    let icmp = "IP 10.0.0.9 > 10.0.0.1: ICMP host 10.0.0.2 unreachable, length 36\n";
    for piece in [
        "a",
        "\n",
        "[",
        "]",
        "[]",
        "[ACK]",
        ">",
        "> ",
        "<",
        "<tr>",
        "\"",
        "\" ",
        ",",
        "|",
        "\t",
        "&amp;",
        "=3D",
        "1 0.5 ",
        "10.0.0.1 ",
        "TCP ",
        ".",
        ": ",
        ":",
        "Flags [",
        "(",
        "seq 1, ",
        row,
        icmp,
        "1 0.5 10.0.0.1 10.0.0.2 HTTP 60 GET / HTTP/1.1\n",
        "IP a.1 > b.2: Flags [S], seq 1\n",
        "Frame 1: 1 bytes\n",
        "1,\"0.5\",\"a\",\"b\",\"TCP\",\"60\",\"x\"\n",
        "{\"layers\":{",
        "\t0x0000:  4500\n",
    ] {
        let time = |len: usize| {
            let text = piece.repeat(len / piece.len());
            let start = Instant::now();
            let _ = parse(text.as_bytes());
            start.elapsed()
        };
        let short = time(40_000);
        let long = time(320_000);
        // Eight times the text may cost sixteen times as much, and half a second for a busy machine.
        assert!(
            long < short * 16 + Duration::from_millis(500),
            "{piece:?}: {short:?}, {long:?}"
        );
    }
}

#[test]
fn many_connections_and_hidden_rows_stay_linear() {
    use std::fmt::Write as _;
    let text = |count: usize| {
        let mut text = String::new();
        for port in 0..count {
            let _ = writeln!(
                text,
                "{} 0.5 10.0.0.1 10.0.0.2 TCP 60 80 > {} [ACK] Seq=1 Ack=1 Win=1 Len=0",
                port * 3 + 1,
                port % 60_000 + 1
            );
            let _ = writeln!(
                text,
                "{} 0.5 10.0.0.1 10.0.0.2 HTTP 60 HTTP/1.1 200 OK",
                port * 3 + 2
            );
            let _ = writeln!(
                text,
                "{} 0.5 10.0.0.9 10.0.0.1 ICMP 60 Destination unreachable (Host unreachable)",
                port * 3 + 3
            );
        }
        text
    };
    let start = Instant::now();
    parse(text(1_000).as_bytes());
    let short = start.elapsed();
    let start = Instant::now();
    parse(text(8_000).as_bytes());
    assert!(start.elapsed() < short * 16 + Duration::from_secs(1));
}
