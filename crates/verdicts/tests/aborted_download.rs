//! The project's first question: a download that ends with a RST in the client's name, captured at the server.
//! Every conclusion must follow from the packets, whatever their addresses, times and sizes.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "made/download.rs"]
mod download;

use download::Download;
use whyreset_connections::Neighbours;
use whyreset_verdicts::{Cause, EndedBy, Outcome, Verdict, judge};

fn verdict(download: &Download) -> Verdict {
    judge(&download.connection(), &Neighbours::default())
}

fn evidence<'a>(verdict: &'a Verdict, id: &str) -> whyreset_verdicts::Observation<'a> {
    verdict
        .evidence()
        .find(|e| e.id.name() == id)
        .unwrap_or_else(|| panic!("no evidence {id}: {verdict:#?}"))
}

fn draws_every_conclusion(download: &Download) {
    let v = verdict(download);
    let f = |n: u64| download.first_frame + n - 1;
    assert_eq!(
        (v.cause, v.ended_by, v.outcome),
        (Cause::ClientAbort, EndedBy::Client, Outcome::Aborted),
        "{:#?}",
        v.weighing
    );
    assert!((0.85..=0.97).contains(&v.confidence), "{}", v.confidence);

    let vantage = evidence(&v, "vantage");
    assert!(vantage.text.contains("at the server"));
    assert!(vantage.frames.contains(&f(16)) && vantage.frames.contains(&f(6)));
    let cone = evidence(&v, "light_cone");
    assert!(cone.frames.contains(&f(17)) && cone.frames.contains(&f(31)));
    assert!(
        cone.text.contains("23.5 ms") || cone.text.contains("23.4 ms"),
        "{}",
        cone.text
    );
    let acknowledged = evidence(&v, "all_acknowledged");
    assert!(acknowledged.frames.contains(&f(24)) && acknowledged.frames.contains(&f(30)));
    let read = evidence(&v, "all_read");
    let mss = u64::from(download.mss);
    for (unread, frame) in [(mss, f(16)), (3 * mss, f(24)), (0, f(30))] {
        let step = format!("{} at frame {frame}", grouped(unread));
        assert!(read.text.contains(&step), "{step}: {}", read.text);
    }
    let kind = evidence(&v, "rst_active");
    assert!(
        kind.text
            .contains(&format!("({})", 1 + download.request_len))
    );
    assert!(kind.text.contains("window 0") && kind.text.contains("Windows"));

    let ruled_out: Vec<&str> = v.ruled_out.iter().map(|r| r.cause).collect();
    for suspicion in [
        "late_segments",
        "segment_length",
        "loss",
        "receiver_stalled",
        "peer_state_lost",
    ] {
        assert!(ruled_out.contains(&suspicion), "{suspicion}: {ruled_out:?}");
    }
    let late = v
        .ruled_out
        .iter()
        .find(|r| r.cause == "late_segments")
        .unwrap();
    assert!(late.frames.contains(&f(17)));

    let injected = v
        .alternatives
        .iter()
        .find(|a| a.cause == Cause::InjectedReset)
        .unwrap();
    assert!(
        (0.02..0.12).contains(&injected.confidence),
        "{}",
        injected.confidence
    );
    let total: f64 = v.confidence + v.alternatives.iter().map(|a| a.confidence).sum::<f64>();
    assert!(total <= 1.0 + 1e-9);
    let fields = v.next_steps.iter().any(|s| {
        s.contains(&f(30).to_string()) && s.contains(&f(31).to_string()) && s.contains("TTL")
    });
    assert!(fields, "{:?}", v.next_steps);
    assert!(v.next_steps.iter().any(|s| s.contains("Connection reset")));
    assert!(v.evidence().all(|e| !e.frames.is_empty()));
}

fn grouped(value: u64) -> String {
    if value < 1000 {
        value.to_string()
    } else {
        format!("{},{:03}", value / 1000, value % 1000)
    }
}

#[test]
fn the_first_question_is_answered() {
    draws_every_conclusion(&Download::default());
}

#[test]
fn addresses_ports_and_names_do_not_matter() {
    draws_every_conclusion(&Download {
        client: ([10, 1, 2, 3], 51_000),
        server: ([192, 0, 2, 80], 8080),
        request: "GET /files/annual-report.pdf",
        request_len: 311,
        first_frame: 4007,
        ..Download::default()
    });
}

#[test]
fn round_trip_and_sizes_do_not_matter() {
    for round_trip in [60_000, 120_000, 310_000] {
        draws_every_conclusion(&Download {
            round_trip,
            mss: 1380,
            odd_len: 1000,
            segments: 20,
            buffer: 131_072,
            ..Download::default()
        });
    }
}

#[test]
fn a_bare_rst_is_not_an_abort() {
    let mut connection = Download::default().connection();
    let reset = &mut connection.resets[0];
    reset.dialect = whyreset_connections::Dialect::Passive;
    reset.ack = None;
    let verdict = judge(&connection, &Neighbours::default());
    assert_ne!(verdict.cause, Cause::ClientAbort, "{:#?}", verdict.weighing);
}

#[test]
fn a_rst_of_another_origin_is_not_the_clients() {
    let mut connection = Download::default().connection();
    let reset = &mut connection.resets[0];
    reset.ttl = Some(201);
    reset.origin.host = 0.05;
    reset.origin.device_there = 0.95;
    let verdict = judge(&connection, &Neighbours::default());
    assert_eq!(verdict.cause, Cause::InjectedReset);
    assert_eq!(verdict.ended_by, EndedBy::Middlebox);
}
