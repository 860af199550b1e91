//! Texts longer than what is understood at once: the verdicts of short ones, to the last line.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::fmt::Write as _;

use common::document_of_text;
use serde_json::Value;

/// As tcpdump prints `count` connections one after the other, every second reset by the server before it has answered. They
/// begin at noon, one each `millis` milliseconds.
fn tcpdump(count: u64, millis: u64) -> String {
    let mut text = String::new();
    for id in 0..count {
        let client = format!(
            "10.{}.{}.{}.{}",
            id / 62_500 % 250,
            id / 250 % 250,
            id % 250 + 1,
            40_000 + id % 20_000
        );
        let server = "192.0.2.1.80";
        let ending = match id % 2 {
            0 => [
                (server, "P.", "seq 1:201, ack 101, win 501", 200),
                (server, "F.", "seq 201, ack 101, win 501", 0),
                (&client, "F.", "seq 101, ack 202, win 501", 0),
                (server, ".", "ack 102, win 501", 0),
            ],
            _ => [
                (server, ".", "ack 101, win 501", 0),
                (server, "P.", "seq 1:101, ack 101, win 501", 100),
                (&client, ".", "ack 101, win 501", 0),
                (server, "R.", "seq 101, ack 101, win 0", 0),
            ],
        };
        let opening = [
            (&*client, "S", "seq 1000, win 64240, options [mss 1460]", 0),
            (
                server,
                "S.",
                "seq 5000, ack 1001, win 65160, options [mss 1460]",
                0,
            ),
            (&client, ".", "ack 1, win 502", 0),
            (&client, "P.", "seq 1:101, ack 1, win 502", 100),
        ];
        for (row, (from, flags, numbers, len)) in opening.into_iter().chain(ending).enumerate() {
            let micros = (43_200_000 + id * millis) * 1_000 + row as u64 * 20;
            let (second, fraction) = (micros / 1_000_000 % 86_400, micros % 1_000_000);
            let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
            let to = if from == server { &client } else { server };
            writeln!(
                text,
                "{hour:02}:{minute:02}:{second:02}.{fraction:06} IP {from} > {to}: Flags [{flags}], {numbers}, length {len}"
            )
            .unwrap();
        }
    }
    text
}

/// The connections' verdicts in the order of their streams, with what was transferred.
fn verdicts(document: &Value) -> Vec<(String, String, String, String)> {
    let mut connections: Vec<&Value> = document["connections"].as_array().unwrap().iter().collect();
    connections.sort_by_key(|connection| connection["stream"].as_u64());
    let told = |connection: &&Value| {
        let verdict = &connection["verdict"];
        (
            verdict["cause"].to_string(),
            verdict["confidence"].to_string(),
            connection["bytes"].to_string(),
            connection["frames"]["count"].to_string(),
        )
    };
    connections.iter().map(told).collect()
}

/// Twenty hours of connections, past midnight: longer than a window.
#[test]
fn a_long_list_tells_what_a_short_one_tells() {
    let count = 8_000;
    let text = tcpdump(count, 9_000);
    assert!(text.len() > 5 << 20, "{}", text.len());
    let long = document_of_text(&text);
    let short = verdicts(&document_of_text(&tcpdump(200, 9_000)));
    let long_verdicts = verdicts(&long);
    assert_eq!(long_verdicts.len() as u64, count);
    for (at, verdict) in long_verdicts.iter().enumerate().skip(20) {
        // All are alike but for those that begin the capture.
        assert_eq!(verdict, &short[20 + at % 2], "connection {at}");
    }
    assert_eq!(long["captures"][0]["packets"], count * 8);
    assert_eq!(long["captures"][0]["warnings"], serde_json::json!([]));
    let last = long["connections"].as_array().unwrap().iter();
    let end = last
        .filter_map(|connection| connection["end_s"].as_f64())
        .fold(0.0, f64::max);
    assert!((end - 71_991.0).abs() < 1.0, "{end}");
}

/// Behind megabytes of rows, what cannot be read is told with its line.
#[test]
fn a_line_far_behind_is_told_with_its_number() {
    let text = tcpdump(6_000, 100) + "12:30:00.5 10.0.0.1 10.0.0.2 whatever\n";
    let document = document_of_text(&text);
    let warning = document["captures"][0]["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("line 48001: "), "{warning}");
}
