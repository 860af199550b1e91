//! The short way through rows as tcpdump and tshark print them tells what the long way tells.
#![allow(clippy::indexing_slicing)]

mod common;

use common::describe;
use proptest::prelude::*;
use whyreset_text::parse;

/// What a text tells; `indent` stands before every line, which makes it unusual and changes nothing.
fn told(text: &str, indent: &str) -> Vec<String> {
    let text: String = text
        .lines()
        .map(|line| format!("{indent}{line}\n"))
        .collect();
    let list = parse(text.as_bytes());
    let rows = list.rows.iter().map(|row| {
        let segment = row.segment();
        format!(
            "{} {:?}",
            describe(&list, row),
            (
                row.line,
                row.format,
                &row.app,
                row.gap_before,
                segment.options,
                segment.known,
                segment.urgent
            )
        )
    });
    let unread = list.unread.iter().map(|line| format!("{line:?}"));
    rows.chain(unread).collect()
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        (0_u32..2_000).prop_map(|n| n.to_string()),
        any::<u32>().prop_map(|n| n.to_string()),
        Just("4294967296".to_owned()),
        Just("007".to_owned()),
    ]
}

fn clock() -> impl Strategy<Value = String> {
    (
        prop_oneof![Just(""), Just("2024-05-06 ")],
        (0_u32..25, 0_u32..61, 0_u32..62, 0_u32..1_000_000),
        prop_oneof![Just(""), Just("123")],
    )
        .prop_map(|(date, (h, m, s, micros), more)| {
            format!("{date}{h:02}:{m:02}:{s:02}.{micros:06}{more}")
        })
}

fn end() -> impl Strategy<Value = String> {
    let host = prop_oneof![
        (0_u16..260, 0_u16..4).prop_map(|(a, d)| format!("10.0.{a}.{d}")),
        (0_u16..4).prop_map(|d| format!("2001:db8::{d:x}")),
        Just("::ffff:10.0.0.1".to_owned()),
        Just("server.example.org".to_owned()),
        Just("x.x.x.x".to_owned()),
    ];
    let port = prop_oneof![
        (0_u32..70_000).prop_map(|n| n.to_string()),
        Just("http".to_owned())
    ];
    (host, port).prop_map(|(host, port)| format!("{host}.{port}"))
}

fn tcpdump_field() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => number().prop_map(|n| format!("seq {n}")),
        3 => (number(), number()).prop_map(|(a, b)| format!("seq {a}:{b}")),
        3 => number().prop_map(|n| format!("ack {n}")),
        3 => number().prop_map(|n| format!("win {n}")),
        1 => number().prop_map(|n| format!("urg {n}")),
        1 => (number(), number()).prop_map(|(a, b)| format!("options [nop,nop,TS val {a} ecr {b}]")),
        1 => number().prop_map(|a| format!("options [mss {a},sackOK,TS val 0 ecr 0,nop,wscale 7]")),
        1 => (number(), number()).prop_map(|(a, b)| format!("options [nop,nop,sack 2 {{{a}:{b}}}{{1:2}}]")),
        1 => Just("options [unknown-69 0x0102,eol]".to_owned()),
        1 => Just("options [nop,...]".to_owned()),
        1 => Just("cksum 0x1234 (correct)".to_owned()),
    ]
}

fn tcpdump_row() -> impl Strategy<Value = String> {
    let flags = prop_oneof![
        Just("S"),
        Just("S."),
        Just("."),
        Just("P."),
        Just("R"),
        Just("F."),
        Just("none"),
        Just("X")
    ];
    let kind = prop_oneof![9 => Just("IP"), 3 => Just("IP6"), 1 => Just("eth0 In IP")];
    let tail = prop_oneof![
        9 => Just(""),
        1 => Just(": HTTP: GET / HTTP/1.1"),
        1 => Just(": HTTP"),
        1 => Just(": HTTP: HTTP/1.1 404 Not Found"),
        1 => Just(": HTTP: GET /?Seq=1&a=b HTTP/1.1\nLen=3"),
        1 => Just(": HTTP: something 12 10:00:00.5 10.0.0.1 10.0.0.2 TCP x"),
        1 => Just(": HTTP, length: 7"),
        1 => Just(": SMTP: S 1:1(0) win 5"),
        1 => Just("\n\t0x0000:  4500 003c 1c46 4000 4006 0000 0a00 0001"),
        1 => Just("\nTSval=1 TSecr=2"),
        1 => Just("\n..."),
        1 => Just("\n"),
    ];
    (
        clock(),
        kind,
        (end(), end()),
        flags,
        proptest::collection::vec(tcpdump_field(), 0..5),
        number(),
        tail,
    )
        .prop_map(|(clock, kind, (a, b), flags, fields, len, tail)| {
            let fields: String = fields.iter().map(|field| format!(", {field}")).collect();
            format!("{clock} {kind} {a} > {b}: Flags [{flags}]{fields}, length {len}{tail}\n")
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn tcpdump(rows in proptest::collection::vec(tcpdump_row(), 1..12)) {
        let text = rows.concat();
        prop_assert_eq!(told(&text, ""), told(&text, " "));
    }
}

#[test]
fn a_word_in_the_info_column_is_no_flag_of_tcpdump() {
    let text = "    5   0.147129      8.8.8.2 → 10.0.1.120   POP 72 C: USER test@example.org
Frame 5: 72 bytes on wire (576 bits), 72 bytes captured (576 bits)
    Frame Number: 5
Internet Protocol Version 4, Src: 8.8.8.2, Dst: 10.0.1.120
Transmission Control Protocol, Src Port: 35692, Dst Port: 110, Seq: 1, Ack: 52, Len: 18
    Flags: 0x018 (PSH, ACK)

    6   0.149782   10.0.1.120 → 8.8.8.2      TCP 54 110 → 35692 [ACK] Seq=52 Ack=19 Win=64382 Len=0
";
    let list = whyreset_text::parse(text.as_bytes());
    let rows: Vec<(u32, u64, u32)> = list
        .rows
        .iter()
        .map(|row| (row.list, row.segment().frame, row.segment().payload_len))
        .collect();
    assert_eq!(rows, [(0, 5, 18), (0, 6, 0)]);
}
