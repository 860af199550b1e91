//! The first question: a list with hidden numbers and rows cut out.

mod common;

use whyreset_segments::Known;
use whyreset_text::{AppHint, Format, parse};

const SEED: &str = include_str!("../../../examples/seed-question.txt");

#[test]
fn every_row_as_written_or_inferred() {
    let c = "67.189.6.55:62330";
    let s = "148.251.25.18:80";
    assert_eq!(
        common::rows(SEED),
        [
            format!("1 0.000000 {c} > {s} [SYN] seq 0 ack - win 8192 len 0"),
            format!("2 0.000062 {s} > {c} [SYN, ACK] seq 0 ack 1 win 14600 len 0"),
            format!("3 0.234566 {c} > {s} [ACK] seq 1 ack 1 win 65700* len 0"),
            format!("4 0.251202 {c} > {s} ~[ACK] seq ~1 ack ~1 win - len ~558"),
            format!("5 0.251266 {s} > {c} [ACK] seq 1 ack 559 win 15744* len 0"),
            format!("6 0.302918 {s} > {c} ~[ACK] seq ~1 ack ~559 win - len ~1460"),
            format!("16 0.499921 {c} > {s} [ACK] seq 559 ack 11681 win 64240* len 0"),
            format!("17 0.500034 {s} > {c} ~[ACK] seq - ack ~559 win - len ~1456"),
            format!("24 0.505703 {c} > {s} [ACK] seq 559 ack 14601 win 61320* len 0"),
            format!("25 0.506461 {s} > {c} ~[ACK] seq - ack ~559 win - len ~1460"),
            format!("30 0.511704 {c} > {s} [ACK] seq 559 ack 14601 win 65700* len 0"),
            format!("31 0.523490 {c} > {s} [RST, ACK] seq 559 ack 14601 win 0* len 0"),
        ]
    );
}

#[test]
fn what_else_it_tells() {
    let list = parse(SEED.as_bytes());
    assert_eq!(list.formats, [Format::WiresharkList]);
    assert!(list.unread.is_empty());
    let cut: Vec<_> = list
        .elisions
        .iter()
        .map(|e| (e.rows_before, e.frames_cut))
        .collect();
    assert_eq!(cut, [(6, Some(9)), (8, Some(6)), (10, Some(4))]);
    let syn = list.rows[0].segment();
    assert_eq!(syn.options.mss, Some(1460));
    assert_eq!(syn.options.window_scale, Some(2));
    assert!(syn.options.sack_permitted && syn.options.timestamps.is_none());
    assert!(
        syn.known.has(Known::OPTIONS)
            && syn.known.has(Known::RELATIVE)
            && syn.known.has(Known::FRAME)
    );
    assert!(!syn.known.has(Known::TTL) && !syn.known.has(Known::IP_ID));
    assert!(matches!(&list.rows[3].app, AppHint::HttpRequest { method, .. } if &**method == "GET"));
    assert_eq!(list.rows[5].app, AppHint::Continuation);
    assert_eq!(list.rows[10].marks, ["TCP Window Update".into()]);
    assert!(list.rows[6].gap_before && !list.rows[5].gap_before);
}

#[test]
fn other_addresses_ports_times_and_sizes() {
    let other = SEED
        .replace("67.189.6.55 ", "10.9.8.7 ")
        .replace("148.251.25.18", "192.0.2.1")
        .replace("62330", "5555")
        .replace("http", "8080")
        .replace(" 612 ", " 712 ")
        .replace("559", "659")
        .replace(" 0.5", " 9.5");
    let rows = common::rows(&other);
    assert_eq!(
        rows[3],
        "4 0.251202 10.9.8.7:5555 > 192.0.2.1:8080 ~[ACK] seq ~1 ack ~1 win - len ~658"
    );
    assert_eq!(
        rows[11],
        "31 9.523490 10.9.8.7:5555 > 192.0.2.1:8080 [RST, ACK] seq 659 ack 14601 win 0* len 0"
    );
    assert_eq!(rows.len(), 12);
}

#[test]
fn the_same_rows_without_header_numbers_or_quoted() {
    let expected = common::rows(SEED);
    let quoted: String = SEED.lines().map(|line| format!("> > {line}\n")).collect();
    assert_eq!(common::rows(&quoted), expected);
    let tabs: String = SEED
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join("\t") + "\n")
        .collect();
    assert_eq!(common::rows(&tabs), expected);
    let entities = SEED.replace('>', "&gt;");
    assert_eq!(common::rows(&entities), expected);
    let arrows = SEED.replace(" > ", " → ");
    assert_eq!(common::rows(&arrows), expected);
    let lost_arrows = SEED.replace(" > ", " ? ");
    assert_eq!(common::rows(&lost_arrows), expected);
    let indented: String = SEED
        .lines()
        .skip(1)
        .map(|line| format!("    {line}\r\n"))
        .collect();
    assert_eq!(common::rows(&indented), expected);
}

#[test]
fn a_row_that_cannot_be_read_is_reported_and_the_rest_is_read() {
    let broken = SEED.replace(
        "62330 > http [RST, ACK] Seq=559 Ack=14601 Win=0 Len=0",
        "garbage",
    );
    let broken = broken.replace(
        "67.189.6.55    148.251.25.18 TCP  60     garbage",
        "67.189.6.55    148.251.25.18 garbage",
    );
    let list = parse(broken.as_bytes());
    assert_eq!(list.rows.len(), 11);
    assert_eq!(list.unread.len(), 1);
    assert_eq!(list.unread[0].line, 16);
}
