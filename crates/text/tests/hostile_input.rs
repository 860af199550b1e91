//! Any bytes at all: no panic, and time that grows with the length of the text.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

#[path = "common/pieces.rs"]
mod pieces;

use pieces::PIECES;
use proptest::prelude::*;
use whyreset_text::parse;

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
            time_to_parse(&text)
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
    let short = time_to_parse(&text(1_000));
    let long = time_to_parse(&text(8_000));
    assert!(
        long < short * 16 + Duration::from_secs(1),
        "{short:?}, {long:?}"
    );
}

/// The processor's time, so that it does not matter how busy the machine is with others.
fn time_to_parse(text: &str) -> Duration {
    let start = processor_time();
    let _ = parse(text.as_bytes());
    processor_time().saturating_sub(start)
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap()
}
