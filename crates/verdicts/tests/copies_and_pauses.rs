//! Copies that end in the middle, senders that pause, servers that wait, and devices next to the capture point.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

#[path = "made/session.rs"]
mod session;

use session::{Session, record};
use talk::{ACK, FIN_ACK, PSH_ACK, RST, RST_ACK, SEGMENT, Talk};
use told::told;
use whyreset_connections::Side;
use whyreset_verdicts::{Cause, Verdict};

/// A session of rsync, as far as the copy.
fn rsync() -> (Talk, u32, u32) {
    let mut talk = Talk::new();
    talk.port = 873;
    talk.handshake();
    let hello = b"@RSYNCD: 31.0 sha512 sha256 sha1 md5 md4\n";
    let n = hello.len() as u32;
    talk.client(0.041, PSH_ACK, 1, 1, hello);
    talk.server(0.082, PSH_ACK, 1, 1 + n, hello);
    talk.client(0.083, PSH_ACK, 1 + n, 1 + n, b"www\n");
    talk.server(0.124, PSH_ACK, 1 + n, 5 + n, b"@RSYNCD: OK\n");
    talk.client(0.125, PSH_ACK, 5 + n, 13 + n, b"--server\n--sender\n.\n\n");
    (talk, 26 + n, 13 + n)
}

/// The server sends so many segments, then what is given, and closes.
fn copy_that_ends_with(words: &[(Side, &[u8])]) -> Verdict {
    let (mut talk, mut up, mut down) = rsync();
    for n in 0..40 {
        let at = 0.17 + f64::from(n) / 100.0;
        talk.server(at, ACK, down, up, &SEGMENT);
        down += 1448;
        talk.client(at + 0.000_05, ACK, up, down, b"");
    }
    let mut at = 0.58;
    for (side, word) in words {
        at += 0.041;
        match side {
            Side::Client => {
                talk.client(at, PSH_ACK, up, down, word);
                up += word.len() as u32;
            }
            Side::Server => {
                talk.server(at, PSH_ACK, down, up, word);
                down += word.len() as u32;
            }
        }
    }
    talk.server(at + 0.05, FIN_ACK, down, up, b"");
    talk.client(at + 0.051, FIN_ACK, up, down + 1, b"");
    talk.server(at + 0.091, ACK, down + 1, up + 1, b"");
    talk.verdict(3.0)
}

#[test]
fn a_copy_that_ends_without_a_word_was_cut() {
    let verdict = copy_that_ends_with(&[]);
    let cut = [Cause::ResponseTruncated, Cause::ServerAbort];
    assert!(cut.contains(&verdict.cause), "{}", told(&verdict));
    let done: &[u8] = &[0, 0, 0, 7, 0];
    let words = [
        (Side::Server, done),
        (Side::Client, done),
        (Side::Server, done),
    ];
    let verdict = copy_that_ends_with(&words);
    let well = [Cause::None, Cause::BenignReset];
    assert!(well.contains(&verdict.cause), "{}", told(&verdict));
}

/// A server that sends a burst each second; the client leaves so long behind the last of them.
fn left_behind_a_burst(bursts: u32, pause: f64) -> Verdict {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n";
    talk.server(0.1, PSH_ACK, 1, up, head);
    let mut down = 1 + head.len() as u32;
    let mut at = 0.1;
    for burst in 0..bursts {
        at = 0.101 + f64::from(burst) * 1.2;
        for _ in 0..8 {
            talk.server(at, ACK, down, up, &SEGMENT);
            down += 1448;
            at += 0.000_1;
        }
        talk.client(at, ACK, up, down, b"");
    }
    at += pause;
    talk.client(at, FIN_ACK, up, down, b"");
    talk.server(at + 0.04, FIN_ACK, down, up + 1, b"");
    talk.client(at + 0.041, ACK, up + 1, down + 1, b"");
    talk.verdict(at + 3.0)
}

#[test]
fn a_pause_that_was_borne_before_is_no_patience_that_ran_out() {
    let verdict = left_behind_a_burst(5, 1.0);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
    let verdict = left_behind_a_burst(5, 4.0);
    assert_eq!(verdict.cause, Cause::ClientTimeout, "{}", told(&verdict));
}

/// An upload that stops in the middle, and the server's answer behind a wait.
fn answered_after(wait: f64, status: &str) -> Verdict {
    let mut talk = Talk::open();
    let head = b"PUT /file HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 900000\r\n\r\n";
    talk.client(0.05, PSH_ACK, 1, 1, head);
    let up = 1 + head.len() as u32;
    talk.client(0.050_1, PSH_ACK, up, 1, &SEGMENT);
    let up = up + 1448;
    talk.server(0.09, ACK, 1, up, b"");
    let at = 0.09 + wait;
    let page = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 5\r\n\r\nerror");
    talk.server(at, PSH_ACK, 1, up, page.as_bytes());
    let down = 1 + page.len() as u32;
    talk.server(at + 0.000_1, FIN_ACK, down, up, b"");
    talk.client(at + 0.000_2, FIN_ACK, up, down + 1, b"");
    talk.server(at + 0.04, ACK, down + 1, up + 1, b"");
    talk.verdict(at + 3.0)
}

#[test]
fn a_server_that_fails_behind_a_wait_had_waited_for_the_rest() {
    let verdict = answered_after(4.5, "500 Internal Server Error");
    assert_eq!(verdict.cause, Cause::ServerTimeout, "{}", told(&verdict));
    for (wait, status) in [(0.05, "500 Internal Server Error"), (4.5, "403 Forbidden")] {
        let verdict = answered_after(wait, status);
        let refused = Cause::RequestRejectedEarly;
        assert_eq!(verdict.cause, refused, "{}", told(&verdict));
    }
}

/// An upload that is refused with bare RSTs of this TTL; the server's own packets have 57.
fn refused_with(ttl: u8) -> Verdict {
    let mut talk = Talk::open();
    let head = b"PUT /file HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 900000\r\n\r\n";
    talk.client(0.05, PSH_ACK, 1, 1, head);
    let up = 1 + head.len() as u32;
    talk.server(0.09, ACK, 1, up, b"");
    let up = talk.upload(0.1, 0.02, (up, 1), 30);
    talk.client(0.71, ACK, up, 1, &SEGMENT);
    talk.stranger(0.751, Side::Server, RST, 1, ttl);
    talk.verdict(3.0)
}

#[test]
fn a_refusal_that_came_over_no_router_is_a_devices() {
    let verdict = refused_with(64);
    assert_ne!(verdict.cause, Cause::PeerStateLost, "{}", told(&verdict));
    let verdict = refused_with(57);
    assert_eq!(verdict.cause, Cause::PeerStateLost, "{}", told(&verdict));
}

/// The same, sent to the server, whose host refuses the rest.
#[test]
fn a_copy_that_the_server_refuses_in_the_middle_met_no_idle_close() {
    let (mut talk, up, down) = rsync();
    talk.server(0.166, PSH_ACK, down, up, b"done\n");
    let down = down + 5;
    let up = talk.upload(0.17, 0.01, (up, down), 40);
    talk.server(0.62, FIN_ACK, down, up, b"");
    talk.client(0.621, ACK, up, down + 1, &SEGMENT);
    talk.stranger(0.662, Side::Server, RST, down + 1, 57);
    let verdict = talk.verdict(3.0);
    assert_eq!(verdict.cause, Cause::ServerAbort, "{}", told(&verdict));
}

/// A download that stops; the client waits, closes, and is answered so.
fn gave_up_and_was_answered(answer: &dyn Fn(&mut Talk, u32, u32)) -> Verdict {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 900_000, 28_960);
    talk.client(9.11, FIN_ACK, up, down, b"");
    answer(&mut talk, up, down);
    talk.verdict(15.0)
}

#[test]
fn a_host_that_refuses_the_fin_of_who_waited_had_not_just_been_slow() {
    let slow = gave_up_and_was_answered(&|talk, up, down| {
        talk.server(9.15, FIN_ACK, down, up + 1, b"");
        talk.client(9.151, ACK, up + 1, down + 1, b"");
    });
    assert_eq!(slow.cause, Cause::ClientTimeout, "{}", told(&slow));
    let lost = gave_up_and_was_answered(&|talk, _, down| {
        talk.stranger(9.15, Side::Server, RST, down, 57);
    });
    assert_eq!(lost.cause, Cause::PeerStateLost, "{}", told(&lost));
}

/// A session of ssh in the middle of a conversation, and the server's FIN so long behind its last word.
fn ssh_that_is_left(pause: f64) -> Verdict {
    let mut talk = Talk::new();
    talk.port = 22;
    talk.handshake();
    let (ours, theirs) = (b"SSH-2.0-OpenSSH_9.2\r\n", b"SSH-2.0-OpenSSH_9.6\r\n");
    talk.client(0.041, PSH_ACK, 1, 1, ours);
    talk.server(0.082, PSH_ACK, 1, 22, theirs);
    let (mut up, mut down, mut at) = (22, 22, 0.083);
    for n in 0..20 {
        at += 0.02;
        talk.client(at, PSH_ACK, up, down, &[n ^ 0x5a; 68]);
        up += 68;
        at += 0.041;
        talk.server(at, PSH_ACK, down, up, &[n ^ 0xa5; 76]);
        down += 76;
    }
    at += pause;
    talk.server(at, FIN_ACK, down, up, b"");
    // The client takes leave all the same, and is refused.
    talk.client(at + 0.000_1, PSH_ACK, up, down + 1, &[0x33; 60]);
    talk.client(at + 0.000_2, FIN_ACK, up + 60, down + 1, b"");
    talk.stranger(at + 0.041, Side::Server, RST, down + 1, 57);
    talk.verdict(at + 2.0)
}

#[test]
fn a_server_of_ssh_that_leaves_without_a_word_was_killed() {
    let verdict = ssh_that_is_left(0.06);
    assert_eq!(verdict.cause, Cause::ServerAbort, "{}", told(&verdict));
    let verdict = ssh_that_is_left(0.000_2);
    assert_eq!(verdict.cause, Cause::BenignReset, "{}", told(&verdict));
}

/// A client that is killed in a copy says so, and its host aborts: much lay unread.
#[test]
fn a_client_that_aborts_a_copy_has_not_had_it_all() {
    let (mut talk, up, mut down) = rsync();
    for n in 0..100 {
        let at = 0.17 + f64::from(n) / 100.0;
        talk.server(at, ACK, down, up, &SEGMENT);
        down += 1448;
        talk.client(at + 0.000_05, ACK, up, down, b"");
    }
    talk.client(1.2, PSH_ACK, up, down, &[0, 0, 0, 9, 0, 0, 0, 20]);
    talk.client(1.201, RST_ACK, up + 8, down, b"");
    let verdict = talk.verdict(3.0);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
}

/// An encrypted answer of many records, and the client's abort so long behind it.
fn aborted_behind(records: usize, pause: f64) -> Verdict {
    let mut it = Session::shaken_hands("h2");
    it.client(0.0902, PSH_ACK, &record(23, 24 + 24 + 27));
    it.client(0.0903, PSH_ACK, &record(23, 24 + 58));
    it.server(0.1302, PSH_ACK, &record(23, 24 + 40));
    it.client(0.1303, PSH_ACK, &record(23, 24 + 9));
    let mut at = 0.131;
    for len in std::iter::repeat_n(16_408, records).chain([5_000]) {
        it.server(at, PSH_ACK, &record(23, len));
        at += 0.000_1;
    }
    let (up, down) = (it.up, it.down);
    it.talk.client(at, ACK, up, down, b"");
    it.talk.client(at + pause, RST_ACK, up, down, b"");
    it.talk.verdict(at + 3.0)
}

#[test]
fn a_host_that_aborts_right_behind_much_data_had_not_been_read() {
    let verdict = aborted_behind(11, 0.000_3);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
    for (records, pause) in [(11, 0.4), (1, 0.000_3)] {
        let verdict = aborted_behind(records, pause);
        assert_ne!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
    }
}

/// Some questions, then one after a while that is refused with a bare RST; all packets are shown twice, the last question on demand.
fn refused_by_a_router(questions: u32, passes_on: bool) -> Verdict {
    let mut talk = Talk::new();
    talk.shown_twice = true;
    talk.ttl = (64, 64);
    talk.handshake();
    let (mut up, mut down) = (1, 1);
    for n in 0..questions {
        let at = 0.1 + f64::from(n) * 0.1;
        let asked = talk.request(at, up, down);
        down = talk.response(at + 0.041, down, asked, 300, 300);
        up = asked;
    }
    talk.shown_twice = passes_on;
    talk.client(9.0, PSH_ACK, up, down, b"GET /file HTTP/1.1\r\n\r\n");
    talk.stranger(
        if passes_on { 9.041 } else { 9.000_04 },
        Side::Server,
        RST,
        down,
        64,
    );
    talk.verdict(15.0)
}

#[test]
fn what_a_router_does_not_pass_on_it_refuses_itself() {
    for questions in [1, 3] {
        let verdict = refused_by_a_router(questions, false);
        assert_eq!(verdict.cause, Cause::IdleStateLost, "{}", told(&verdict));
    }
    let verdict = refused_by_a_router(3, true);
    assert_ne!(verdict.cause, Cause::IdleStateLost, "{}", told(&verdict));
}
