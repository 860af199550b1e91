//! RSTs that miss, acknowledgements and segments that get lost, and segments from before the first packet that was captured.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use talk::{ACK, FIN_ACK, PSH_ACK, RST, RST_ACK, SYN, Talk};
use told::{expect_outcome, told};
use whyreset_connections::Side;
use whyreset_verdicts::{Cause, EndedBy, Outcome};

#[test]
fn a_reset_outside_of_the_window_that_its_receiver_outlives_ends_nothing() {
    let mut talk = Talk::open();
    let (mut up, mut down) = (1, 1);
    for turn in 0..6 {
        let at = 0.1 + f64::from(turn) * 0.3;
        talk.client(at, PSH_ACK, up, down, &[7; 44]);
        up += 44;
        talk.server(at + 0.04, PSH_ACK, down, up, &[8; 900]);
        down += 900;
        talk.client(at + 0.0401, ACK, up, down, b"");
        talk.stranger(at + 0.042, Side::Server, RST, down + 100_000_000, 44);
    }
    talk.client(2.2, PSH_ACK, up, down, &[7; 44]);
    let verdict = talk.verdict(2.21);
    expect_outcome(&verdict, Cause::None, Outcome::Open);
    assert_eq!(verdict.ended_by, EndedBy::None);
}

#[test]
fn acknowledgements_that_do_not_arrive_are_a_hole_in_the_path() {
    let mut talk = Talk::open();
    talk.client(0.1, PSH_ACK, 1, 1, &[7; 1000]);
    talk.server(0.14, ACK, 1, 1001, b"");
    for (copy, at) in [0.4, 0.8, 1.6, 3.2, 6.4].iter().enumerate() {
        talk.client(*at, PSH_ACK, 1, 1, &[7; 1000]);
        talk.server(at + 0.04 + copy as f64 / 1e6, ACK, 1, 1001, b"");
    }
    let verdict = talk.verdict(7.0);
    expect_outcome(&verdict, Cause::PathBlackhole, Outcome::Stalled);
    assert!(
        verdict.summary.contains("acknowledg"),
        "{}",
        verdict.summary
    );
}

#[test]
fn keep_alives_with_a_byte_of_their_own_are_no_copies() {
    let mut talk = Talk::open();
    talk.client(0.1, PSH_ACK, 1, 1, &[7; 1000]);
    talk.server(0.14, PSH_ACK, 1, 1001, &[8; 100]);
    talk.client(0.1401, ACK, 1001, 101, b"");
    for n in 1..6 {
        let at = f64::from(n) * 30.0;
        talk.client(at, ACK, 1000, 101, &[7; 1]);
        talk.server(at + 0.04, ACK, 101, 1001, b"");
    }
    let verdict = talk.verdict(170.0);
    expect_outcome(&verdict, Cause::None, Outcome::Open);
}

#[test]
fn a_segment_from_before_the_capture_that_is_repeated_waits_too() {
    let mut talk = Talk::new();
    for n in 0..8 {
        let at = f64::from(n) / 1e3;
        talk.client(at, ACK, 20_000 + n * 1_448, 500, &[7; 1_448]);
    }
    talk.server(0.04, ACK, 500, 11_312, b"");
    for at in [0.3, 0.7, 1.5, 3.1, 6.3] {
        talk.client(at, ACK, 11_312, 500, &[7; 1_448]);
    }
    let verdict = talk.verdict(7.0);
    assert_ne!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert_eq!(verdict.outcome, Outcome::Stalled, "{}", told(&verdict));
}

#[test]
fn a_refusal_that_states_a_window_is_a_small_devices_own() {
    let refused = |window: u32| {
        let mut talk = Talk::new();
        talk.port = 4444;
        talk.client(0.0, SYN, 0, 0, b"");
        (talk.refusal_window, talk.ttl.1) = (window, 254);
        talk.refusal(0.04);
        talk.verdict(3.0)
    };
    let verdict = refused(0);
    assert_eq!(verdict.cause, Cause::FirewallReject, "{}", told(&verdict));
    let verdict = refused(5_840);
    assert_eq!(verdict.cause, Cause::PortClosed, "{}", told(&verdict));
}

#[test]
fn a_hole_that_its_receiver_leaves_after_seconds_is_the_root() {
    let mut talk = Talk::open();
    talk.client(0.1, PSH_ACK, 1, 1, &[7; 20]);
    let full = [8; 1_448];
    for n in 0..4 {
        talk.server(0.14 + f64::from(n) / 1e4, ACK, 1 + n * 1_448, 21, &full);
    }
    talk.client(0.1405, ACK, 21, 5_793, b"");
    talk.client(0.2, PSH_ACK, 21, 5_793, &[7; 20]);
    // Only the last, short segment of the next answer comes.
    talk.server(0.24, PSH_ACK, 20_273, 41, &[8; 600]);
    talk.client(0.2401, ACK, 41, 5_793, b"");
    talk.client(9.2, FIN_ACK, 41, 5_793, b"");
    talk.server(9.24, ACK, 20_873, 42, b"");
    let verdict = talk.verdict(10.0);
    let lost = [Cause::MtuBlackhole, Cause::PathBlackhole];
    assert!(lost.contains(&verdict.cause), "{}", told(&verdict));
    assert_eq!(verdict.outcome, Outcome::TimedOut, "{}", told(&verdict));
}

#[test]
fn a_syn_without_an_answer_tells_little_where_no_answer_was_captured() {
    let mut talk = Talk::new();
    for n in 0..2 {
        let at = f64::from(n);
        talk.client(at, SYN, 0, 0, b"");
        talk.client(at + 0.04, ACK, 1, 1, b"");
        talk.client(at + 0.05, PSH_ACK, 1, 1, &[7; 20]);
        talk.client_port += 1;
    }
    for at in [3.0, 4.0, 6.0, 10.0] {
        talk.client(at, SYN, 0, 0, b"");
    }
    let all = talk.verdicts(30.0);
    for (_, verdict) in all {
        assert!(
            verdict.cause == Cause::Unknown || verdict.confidence < 0.6,
            "{}",
            told(&verdict)
        );
    }
}

#[test]
fn resets_that_acknowledge_a_segment_each_are_a_strangers_answers() {
    let refused = |acks: [u32; 4]| {
        let mut talk = Talk::open();
        talk.client(0.1, PSH_ACK, 1, 1, &[7; 3_000]);
        talk.server(0.14, PSH_ACK, 1, 3_001, &[8; 27]);
        talk.client(0.1401, ACK, 3_001, 28, b"");
        for n in 0..4 {
            let at = 3.0 + f64::from(n) / 1e5;
            talk.client(at, ACK, 3_001 + n * 1_460, 28, &[7; 1_460]);
        }
        for (n, ack) in acks.iter().enumerate() {
            talk.server(3.041 + n as f64 / 1e5, RST_ACK, 28, *ack, b"");
        }
        talk.verdict(9.0)
    };
    let verdict = refused([4_461, 5_921, 7_381, 8_841]);
    assert_eq!(verdict.cause, Cause::PeerStateLost, "{}", told(&verdict));
    assert!(verdict.summary.contains("RST+ACK"), "{}", verdict.summary);
    let verdict = refused([8_841; 4]);
    assert_ne!(verdict.cause, Cause::PeerStateLost, "{}", told(&verdict));
}

#[test]
fn a_reset_of_which_only_the_senders_direction_was_captured_may_have_missed() {
    let mut talk = Talk::new();
    let (mut up, mut down) = (1, 1);
    talk.server(0.0, talk::SYN_ACK, 0, 1, b"");
    for turn in 0..8 {
        let at = 0.1 + f64::from(turn) * 0.2;
        up += 44;
        talk.server(at, PSH_ACK, down, up, &[8; 900]);
        down += 900;
        if turn == 1 {
            talk.stranger(at + 0.002, Side::Server, RST, down + 5_000, 44);
        }
    }
    let verdict = talk.verdict(2.0);
    assert_ne!(verdict.cause, Cause::InjectedReset, "{}", told(&verdict));
    assert_ne!(verdict.outcome, Outcome::Aborted, "{}", told(&verdict));
}

#[test]
fn a_device_may_stand_between_a_client_and_a_capture_point_close_to_it() {
    let mut talk = Talk::new();
    talk.client(0.0, SYN, 0, 0, b"");
    talk.server(0.08, talk::SYN_ACK, 0, 1, b"");
    talk.client(0.0825, ACK, 1, 1, b"");
    talk.client(0.0826, PSH_ACK, 1, 1, &[7; 44]);
    let mut down = 1;
    for turn in 0..6 {
        let at = 0.17 + f64::from(turn) * 0.08;
        talk.server(at, PSH_ACK, down, 45, &[8; 304]);
        down += 304;
        talk.client(at + 0.0022, ACK, 45, down, b"");
    }
    talk.server(0.65, PSH_ACK, down, 45, &[8; 304]);
    talk.stranger(0.6522, Side::Client, RST, 45, 64);
    let verdict = talk.verdict(3.0);
    let sure = verdict.cause == Cause::PeerStateLost && verdict.confidence > 0.6;
    assert!(!sure, "{}", told(&verdict));
}
