//! Frames that hold several segments: a server that captures itself sees what its network card cuts later (segmentation offload).

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use talk::{ACK, FIN_ACK, Talk};
use told::{expect, share, shows, told};
use whyreset_verdicts::{Cause, EndedBy, Outcome};

const SEGMENT: u32 = 1_460;
/// Head and body that are promised, far more than is sent.
const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n";

/// A download at the server's own host, the client 30 ms away, as far as its request; gives what the request ends with.
fn asked_for() -> (Talk, u32) {
    let mut talk = Talk::new();
    talk.ttl = (57, 64);
    talk.round_trip = 0.000_05;
    talk.client(0.0, talk::SYN, 0, 0, b"");
    talk.server(0.000_05, talk::SYN_ACK, 0, 1, b"");
    talk.client(0.03, ACK, 1, 1, b"");
    let asked = talk.request(0.031, 1, 1);
    (talk, asked)
}

/// The answer in frames of so many bytes, each acknowledged 30 ms later: one that is in time is sent behind it. Gives the next number.
fn answered(talk: &mut Talk, asked: u32, frames: &[u32]) -> u32 {
    let (mut next, mut at) = (1, 0.032);
    for (n, len) in frames.iter().enumerate() {
        let mut data = vec![b'x'; *len as usize];
        if n == 0 {
            data[..HEAD.len()].copy_from_slice(HEAD);
        }
        talk.server(at, ACK, next, asked, &data);
        next += len;
        at += 0.03;
        talk.client(at, ACK, asked, next, b"");
    }
    next
}

#[test]
fn frames_that_grow_are_not_too_large_for_the_path() {
    let (mut talk, asked) = asked_for();
    let next = answered(&mut talk, asked, &[10 * SEGMENT, 20 * SEGMENT]);
    talk.server(0.093, ACK, next, asked, &[b'x'; 40 * SEGMENT as usize]);
    for at in [0.33, 0.79, 1.7, 3.5, 7.1, 14.3] {
        talk.server(at, ACK, next, asked, &[b'x'; SEGMENT as usize]);
    }
    let verdict = talk.verdict(20.0);
    expect(
        &verdict,
        Cause::PathBlackhole,
        EndedBy::Network,
        Outcome::Stalled,
    );
    assert!(
        share(&verdict, Cause::MtuBlackhole) < 0.1,
        "{}",
        told(&verdict)
    );
}

#[test]
fn what_is_sent_again_tells_how_large_a_segment_is() {
    let (mut talk, asked) = asked_for();
    let next = answered(&mut talk, asked, &[200]);
    talk.server(0.063, ACK, next, asked, &[b'x'; 10 * SEGMENT as usize]);
    for at in [0.3, 0.76, 1.7, 3.5, 7.1, 14.3] {
        talk.server(at, ACK, next, asked, &[b'x'; SEGMENT as usize]);
    }
    let verdict = talk.verdict(20.0);
    expect(
        &verdict,
        Cause::MtuBlackhole,
        EndedBy::Network,
        Outcome::Stalled,
    );
    assert!(
        verdict.summary.contains("1,460 bytes"),
        "{}",
        verdict.summary
    );
}

#[test]
fn a_window_that_is_smaller_than_such_a_frame_is_open() {
    let (mut talk, asked) = asked_for();
    talk.window = 30_000;
    let next = answered(&mut talk, asked, &[10 * SEGMENT, 30 * SEGMENT]);
    talk.client(30.1, FIN_ACK, asked, next, b"");
    talk.server(30.101, FIN_ACK, next, asked + 1, b"");
    talk.client(30.131, ACK, asked + 1, next + 1, b"");
    let verdict = talk.verdict(40.0);
    expect(
        &verdict,
        Cause::ClientTimeout,
        EndedBy::Client,
        Outcome::TimedOut,
    );
}

#[test]
fn the_last_of_several_segments_tells_whether_there_was_more() {
    for (last, more) in [(4 * SEGMENT, true), (4 * SEGMENT + 700, false)] {
        let (mut talk, asked) = asked_for();
        answered(&mut talk, asked, &[10 * SEGMENT, 20 * SEGMENT, last]);
        let verdict = talk.verdict(12.0);
        assert_eq!(
            shows(&verdict, "stopped_in_full_flow"),
            more,
            "{}",
            told(&verdict)
        );
    }
}
