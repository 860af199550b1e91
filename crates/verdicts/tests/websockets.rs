//! WebSockets: who ended them without a close frame, and after what.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use talk::{ACK, FIN_ACK, PSH_ACK, RST_ACK, Talk};
use told::{expect, told};
use whyreset_verdicts::{Cause, EndedBy, Outcome, Verdict};

const UPGRADE: &[u8] = b"GET /chat HTTP/1.1\r\nHost: lab.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const SWITCH: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const HELLO: [u8; 8] = [0x81, 0x82, 0, 0, 0, 0, b'h', b'i'];
const CLOSE: [u8; 8] = [0x88, 0x82, 0, 0, 0, 0, 3, 0xe8];

/// Upgraded, and a message said by each side until 0.3 s. The next numbers of both.
fn socket() -> (Talk, u32, u32) {
    let mut talk = Talk::open();
    talk.client(0.05, PSH_ACK, 1, 1, UPGRADE);
    let up = 1 + UPGRADE.len() as u32;
    talk.server(0.1, PSH_ACK, 1, up, SWITCH);
    let down = 1 + SWITCH.len() as u32;
    talk.client(0.2, PSH_ACK, up, down, &HELLO);
    let up = up + 8;
    talk.server(0.25, PSH_ACK, down, up, &[0x81, 2, b'y', b'o']);
    let down = down + 4;
    talk.client(0.250_1, ACK, up, down, b"");
    (talk, up, down)
}

fn server_closes(at: f64) -> Verdict {
    let (mut talk, up, down) = socket();
    talk.server(at, FIN_ACK, down, up, b"");
    talk.client(at + 0.000_1, FIN_ACK, up, down + 1, b"");
    talk.server(at + 0.041, ACK, down + 1, up + 1, b"");
    talk.verdict(at + 1.0)
}

fn client_closes(at: f64) -> Verdict {
    let (mut talk, up, down) = socket();
    talk.client(at, FIN_ACK, up, down, b"");
    talk.server(at + 0.041, FIN_ACK, down, up + 1, b"");
    talk.client(at + 0.041_1, ACK, up + 1, down + 1, b"");
    talk.verdict(at + 1.0)
}

#[test]
fn a_silent_websocket_meets_the_servers_limit() {
    let verdict = server_closes(60.25);
    let by = EndedBy::Server;
    expect(&verdict, Cause::ServerTimeout, by, Outcome::TimedOut);
    assert!((0.7..0.95).contains(&verdict.confidence));
    assert!(verdict.next_steps[0].contains("proxy_read_timeout"));
}

#[test]
fn a_server_that_dies_takes_no_leave_of_a_websocket() {
    let verdict = server_closes(0.4);
    let by = EndedBy::Server;
    expect(&verdict, Cause::ServerAbort, by, Outcome::Truncated);
    assert!((0.6..0.95).contains(&verdict.confidence));
    let told = |e: whyreset_verdicts::Observation<'_>| e.text.contains("1006");
    assert!(verdict.evidence().any(told));
    assert!(!verdict.summary.contains("asked"), "{}", verdict.summary);
}

#[test]
fn after_a_silence_of_no_round_length_either_may_be() {
    let verdict = server_closes(33.62);
    assert!(verdict.failed && verdict.confidence < 0.7, "{verdict:#?}");
}

#[test]
fn many_a_client_leaves_a_websocket_without_a_word() {
    let verdict = client_closes(0.4);
    let by = EndedBy::Client;
    expect(&verdict, Cause::ClientAbort, by, Outcome::Truncated);
    assert!(verdict.confidence < 0.8, "{}", told(&verdict));
}

#[test]
fn a_server_that_resets_a_websocket_has_ended_it() {
    let (mut talk, up, down) = socket();
    talk.server(0.4, RST_ACK, down, up, b"");
    let verdict = talk.verdict(1.0);
    let by = EndedBy::Server;
    expect(&verdict, Cause::ServerAbort, by, Outcome::Aborted);
}

#[test]
fn a_websocket_with_a_close_frame_is_well() {
    let (mut talk, up, down) = socket();
    talk.client(5.25, PSH_ACK, up, down, &CLOSE);
    talk.server(5.29, PSH_ACK, down, up + 8, &[0x88, 2, 3, 0xe8]);
    talk.server(5.29, FIN_ACK, down + 4, up + 8, b"");
    talk.client(5.290_1, FIN_ACK, up + 8, down + 5, b"");
    talk.server(5.33, ACK, down + 5, up + 9, b"");
    let verdict = talk.verdict(6.0);
    expect(&verdict, Cause::None, EndedBy::Server, Outcome::Completed);
    assert!(verdict.confidence > 0.9);
}

/// The client asks whether the server lives, gives it up behind that (code 1011), and waits for its close frame in vain.
/// `pong`: the server had answered the ping.
fn pinged(pong: &[u8]) -> Verdict {
    let (mut talk, up, down) = socket();
    talk.client(1.25, PSH_ACK, up, down, &[0x89, 0x80, 0, 0, 0, 0]);
    talk.server(1.29, PSH_ACK, down, up + 6, pong);
    let down = down + pong.len() as u32;
    let close = [0x88, 0x82, 0, 0, 0, 0, 3, 0xf3];
    talk.client(3.25, PSH_ACK, up + 6, down, &close);
    talk.server(3.29, ACK, down, up + 14, b"");
    talk.client(13.25, FIN_ACK, up + 14, down, b"");
    talk.server(13.29, ACK, down, up + 15, b"");
    talk.verdict(14.0)
}

#[test]
fn a_ping_without_a_pong_was_waited_for_in_vain() {
    let verdict = pinged(b"");
    let by = EndedBy::Client;
    expect(&verdict, Cause::ClientTimeout, by, Outcome::TimedOut);
    assert!(verdict.confidence > 0.8, "{}", told(&verdict));
    assert!(verdict.summary.contains("ping"), "{}", verdict.summary);
    assert_eq!(pinged(&[0x8a, 0]).cause, Cause::None);
}

/// Browsers wait for the other side's close frame, other clients do not (RFC 6455 §7.1.1 lets the server close first).
#[test]
fn a_client_that_says_goodbye_and_does_not_wait_for_the_servers_has_lost_nothing() {
    let (mut talk, up, down) = socket();
    talk.client(0.4, PSH_ACK, up, down, &CLOSE);
    talk.client(0.400_2, FIN_ACK, up + 8, down, b"");
    talk.server(0.441, PSH_ACK, down, up + 9, &[0x88, 2, 3, 0xe8]);
    talk.client(0.441_1, talk::RST, up + 9, 0, b"");
    let verdict = talk.verdict(1.0);
    let by = EndedBy::Client;
    expect(&verdict, Cause::BenignReset, by, Outcome::Aborted);
}
