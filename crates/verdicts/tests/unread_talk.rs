//! Talk of which nothing but headers was captured: turns, sizes and times alone tell whether something was still to come.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use talk::{ACK, FIN_ACK, PSH_ACK, RST, SEGMENT, Talk};
use told::{share, told};
use whyreset_verdicts::Cause;

fn headers_alone() -> Talk {
    let mut talk = Talk::new();
    talk.snapshot = 0;
    talk.handshake();
    talk
}

#[test]
fn what_the_server_says_behind_a_close_as_it_answered_before_was_still_to_come() {
    let closed = |late: &[u8]| {
        let mut talk = headers_alone();
        for turn in 0..3 {
            let (at, asked, answered) = (
                f64::from(turn) * 2.1 + 0.1,
                1 + turn as u32 * 31,
                1 + turn as u32 * 27,
            );
            talk.client(at, PSH_ACK, asked, answered, &[b'q'; 31]);
            talk.server(at + 0.04, ACK, answered, asked + 31, b"");
            if turn < 2 {
                talk.server(at + 2.04, PSH_ACK, answered, asked + 31, &[b'a'; 27]);
                talk.client(at + 2.040_1, ACK, asked + 31, answered + 27, b"");
            }
        }
        talk.client(4.9, FIN_ACK, 94, 55, b"");
        talk.server(4.94, ACK, 55, 95, b"");
        talk.server(6.34, PSH_ACK, 55, 95, late);
        talk.client(6.340_1, RST, 95, 0, b"");
        talk.verdict(9.0)
    };
    let unanswered = closed(&[b'a'; 27]);
    assert_eq!(
        unanswered.cause,
        Cause::ClientAbort,
        "{}",
        told(&unanswered)
    );
    assert!(unanswered.confidence < 0.9, "{}", told(&unanswered));
    let goodbye = closed(&[b'g'; 7]);
    assert!(
        share(&goodbye, Cause::BenignReset) > 0.5,
        "{}",
        told(&goodbye)
    );
}

#[test]
fn a_long_flow_that_rests_behind_a_full_segment_is_not_surely_well() {
    let rests = |last: &[u8], until: f64| {
        let mut talk = headers_alone();
        talk.client(0.1, PSH_ACK, 1, 1, &[b'q'; 300]);
        let mut next = 1;
        for n in 0..60 {
            let at = 0.15 + f64::from(n) / 1e3;
            let payload = if n == 59 { last } else { &SEGMENT };
            talk.server(at, PSH_ACK, next, 301, payload);
            next += payload.len() as u32;
            talk.client(at + 0.000_1, ACK, 301, next, b"");
        }
        share(&talk.verdict(until), Cause::None)
    };
    assert!(rests(&SEGMENT, 12.0) < 0.75);
    assert!(rests(&SEGMENT[..700], 12.0) > 0.75);
    assert!(rests(&SEGMENT, 3.0) > 0.75);
}

#[test]
fn who_repeats_what_was_acknowledged_when_the_capture_ends_is_not_well() {
    let mut talk = headers_alone();
    talk.client(0.1, PSH_ACK, 1, 1, &[b'q'; 164]);
    talk.server(0.14, PSH_ACK, 1, 165, &[b'a'; 528]);
    for at in [0.5, 1.1] {
        talk.client(at, PSH_ACK, 1, 1, &[b'q'; 164]);
        talk.server(at + 0.04, ACK, 529, 165, b"");
    }
    let verdict = talk.verdict(1.2);
    assert!(share(&verdict, Cause::None) < 0.5, "{}", told(&verdict));
}
