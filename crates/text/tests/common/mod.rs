//! A row in one line, to compare with.
#![allow(dead_code)]

use whyreset_segments::{Endpoint, HostNames, Known};
use whyreset_text::{PacketList, Row};

/// `31 0.523490 10.0.0.1:5 > 10.0.0.2:80 [RST, ACK] seq 559 ack 1 win 0 len 0`; `-` is unknown, `~` marks what is inferred,
/// `*` a scaled window.
pub fn describe(list: &PacketList, row: &Row) -> String {
    let segment = row.segment();
    let known = segment.known;
    let number =
        |bit: Known, inferred: Known, value: u32| match (known.has(bit), known.has(inferred)) {
            (false, _) => "-".to_owned(),
            (true, true) => format!("~{value}"),
            (true, false) => value.to_string(),
        };
    let none = Known(1 << 31);
    let time = match known.has(Known::TIME) {
        true => format!("{:.6}", segment.time.nanos() as f64 / 1e9),
        false => "-".to_owned(),
    };
    let flags = match (known.has(Known::FLAGS), known.has(Known::FLAGS_INFERRED)) {
        (false, _) => "-".to_owned(),
        (true, true) => format!("~[{}]", segment.flags),
        (true, false) => format!("[{}]", segment.flags),
    };
    format!(
        "{} {time} {} > {} {flags} seq {} ack {} win {}{} len {}",
        segment.frame,
        end(&list.names, segment.source),
        end(&list.names, segment.destination),
        number(Known::SEQ, Known::SEQ_INFERRED, segment.seq.0),
        number(Known::ACK, Known::ACK_INFERRED, segment.ack.0),
        number(Known::WINDOW, none, segment.window),
        if known.has(Known::WINDOW_SCALED) {
            "*"
        } else {
            ""
        },
        number(Known::LEN, Known::LEN_INFERRED, segment.payload_len),
    )
}

fn end(names: &HostNames, end: Endpoint) -> String {
    format!("{}:{}", names.display(end.host), end.port)
}

/// All rows of a text, one line each.
pub fn rows(text: &str) -> Vec<String> {
    let list = whyreset_text::parse(text.as_bytes());
    list.rows.iter().map(|row| describe(&list, row)).collect()
}

/// One row of text, and what it is understood as.
pub fn check(text: &str, expected: &str) {
    assert_eq!(rows(text), [expected], "{text}");
}
