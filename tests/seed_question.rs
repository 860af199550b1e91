//! The question that the project began with, and lists like it: the conclusions must follow from the numbers.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::document_of_text;
use serde_json::Value;

/// A list of the same shape as the first question's, with everything in it changeable.
struct List {
    client: &'static str,
    server: &'static str,
    port: u16,
    /// Round trip to the client in seconds.
    round_trip: f64,
    /// Payload of a full segment.
    mss: u64,
    /// Length of the request.
    request: u64,
    /// Segments of the first flight.
    flight: u64,
    /// Frame number of the first row.
    first_frame: u64,
}

impl Default for List {
    fn default() -> Self {
        Self {
            client: "67.189.6.55",
            server: "148.251.25.18",
            port: 62_330,
            round_trip: 0.197,
            mss: 1460,
            request: 558,
            flight: 10,
            first_frame: 1,
        }
    }
}

impl List {
    fn text(&self) -> String {
        let (mss, rtt, n) = (self.mss, self.round_trip, self.first_frame - 1);
        let sent = self.flight * mss;
        let early = (self.flight - 2) * mss;
        let seq = self.request + 1;
        let (client, server) = (self.client, self.server);
        let window = 65_700;
        let t = |at: f64| format!("{at:.6}");
        let first = 0.05 + rtt * 1.25;
        let up = |no: u64, time: String, len: u64, info: String| {
            format!("{:>4} {time} {client} {server} TCP {len} {info}\n", no + n)
        };
        let down = |no: u64, time: String, len: u64, info: String| {
            format!("{:>4} {time} {server} {client} TCP {len} {info}\n", no + n)
        };
        let port = self.port;
        let hidden = "[TCP segment of a reassembled PDU]".to_owned();
        let ack1 = first + rtt;
        [
            "No.     Time        Source         Destination   Protocol Length Info\n".to_owned(),
            up(1, t(0.0), 66, format!("{port} > http [SYN] Seq=0 Win=8192 Len=0 MSS={mss} WS=4 SACK_PERM=1")),
            down(2, t(0.000_062), 66, format!("http > {port} [SYN, ACK] Seq=0 Ack=1 Win=14600 Len=0 MSS={mss} SACK_PERM=1 WS=128")),
            up(3, t(rtt * 1.19), 60, format!("{port} > http [ACK] Seq=1 Ack=1 Win={window} Len=0")),
            up(4, t(rtt * 1.2), 54 + self.request, "GET /download?o=1 HTTP/1.1 ".to_owned()).replace(" TCP ", " HTTP "),
            down(5, t(rtt * 1.2 + 0.000_06), 54, format!("http > {port} [ACK] Seq=1 Ack={seq} Win=15744 Len=0")),
            down(6, t(first), 54 + mss, hidden.clone()),
            " --8<--\n".to_owned(),
            up(16, t(ack1), 60, format!("{port} > http [ACK] Seq={seq} Ack={} Win={} Len=0", early + 1, window - mss)),
            down(17, t(ack1 + 0.000_1), 54 + mss - 4, hidden.clone()),
            " --8<--\n".to_owned(),
            up(24, t(ack1 + 0.005_8), 60, format!("{port} > http [ACK] Seq={seq} Ack={} Win={} Len=0", sent + 1, window - 3 * mss)),
            down(25, t(ack1 + 0.006_5), 54 + mss, hidden),
            " --8<--\n".to_owned(),
            up(30, t(ack1 + 0.011_8), 60, format!("[TCP Window Update] {port} > http [ACK] Seq={seq} Ack={} Win={window} Len=0", sent + 1)),
            up(31, t(ack1 + 0.023_5), 60, format!("{port} > http [RST, ACK] Seq={seq} Ack={} Win=0 Len=0", sent + 1)),
        ]
        .concat()
    }
}

fn judge(list: &List) -> Value {
    let document = document_of_text(&list.text());
    let connections = document["connections"].as_array().unwrap();
    assert_eq!(connections.len(), 1, "{document:#}");
    connections[0].clone()
}

fn frames(of: &Value) -> Vec<u64> {
    of["frames"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_u64)
        .collect()
}

/// Everything that the right answer says, for any numbers.
fn assert_right_answer(list: &List) {
    let it = judge(list);
    let n = list.first_frame - 1;
    let verdict = &it["verdict"];
    assert_eq!(verdict["cause"], "client_abort", "{it:#}");
    assert_eq!(verdict["ended_by"], "client");
    assert_eq!(it["outcome"], "aborted");
    assert_eq!(it["vantage"], "server");
    assert_eq!(it["bytes"]["server"], list.flight * list.mss);
    assert_eq!(it["bytes"]["client"], list.request);
    let round_trip = it["rtt_ms"]["client_side"].as_f64().unwrap();
    assert!(
        (round_trip - list.round_trip * 1e3).abs() < list.round_trip * 250.0,
        "{round_trip}"
    );

    let confidence = verdict["confidence"].as_f64().unwrap();
    assert!((0.8..0.99).contains(&confidence), "{confidence}");
    let alternatives = verdict["alternatives"].as_array().unwrap();
    assert!(
        alternatives
            .iter()
            .any(|other| other["cause"] == "injected_reset"),
        "{alternatives:?}"
    );
    let all: f64 = alternatives
        .iter()
        .filter_map(|other| other["confidence"].as_f64())
        .sum();
    assert!(confidence + all <= 1.0 + 1e-9);

    let evidence = verdict["evidence"].as_array().unwrap();
    let told = |frames_wanted: &[u64]| {
        evidence.iter().any(|one| {
            let frames = frames(one);
            frames_wanted
                .iter()
                .all(|frame| frames.contains(&(frame + n)))
        })
    };
    assert!(told(&[1, 2, 3]), "vantage {evidence:#?}");
    assert!(told(&[17, 31]), "light cone {evidence:#?}");
    assert!(told(&[16, 24, 30]), "what was read {evidence:#?}");
    assert!(evidence.iter().all(|one| !frames(one).is_empty()));

    let ruled_out = verdict["ruled_out"].as_array().unwrap();
    let late = ruled_out.iter().any(|one| frames(one).contains(&(17 + n)));
    assert!(late, "frame 17 is ruled out {ruled_out:#?}");
    assert!(!verdict["next_steps"].as_array().unwrap().is_empty());
}

#[test]
fn the_posted_list() {
    let text = std::fs::read_to_string("examples/seed-question.txt").unwrap();
    let document = document_of_text(&text);
    let it = &document["connections"][0];
    assert_eq!(it["verdict"]["cause"], "client_abort");
    assert_eq!(it["verdict"]["ended_by"], "client");
    assert_eq!(it["bytes"]["server"], 14_600);
    assert_eq!(it["exchanges"][0]["body_delivered"], 14_600);
    assert_eq!(it["frames"]["last"], 31);
    assert_right_answer(&List::default());
}

#[test]
fn other_addresses_ports_and_frame_numbers() {
    assert_right_answer(&List {
        client: "10.9.8.7",
        server: "203.0.113.4",
        port: 40_123,
        first_frame: 1001,
        ..List::default()
    });
    assert_right_answer(&List {
        client: "2001:db8::9",
        server: "2001:db8:1::1",
        ..List::default()
    });
}

#[test]
fn other_round_trips_and_sizes() {
    for round_trip in [0.06, 0.12, 0.35] {
        assert_right_answer(&List {
            round_trip,
            ..List::default()
        });
    }
    assert_right_answer(&List {
        mss: 1380,
        request: 410,
        flight: 7,
        ..List::default()
    });
}

#[test]
fn a_client_that_is_near_enough_may_have_seen_the_later_segments() {
    let it = judge(&List {
        round_trip: 0.012,
        ..List::default()
    });
    let ruled_out = it["verdict"]["ruled_out"].as_array().unwrap();
    let late = ruled_out
        .iter()
        .any(|one| one["cause"] == "late_segments" && frames(one).contains(&17));
    assert!(!late, "{ruled_out:#?}");
}
