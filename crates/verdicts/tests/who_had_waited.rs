//! Who had waited for whom, and who for nothing, when a connection ended.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use talk::{ACK, FIN_ACK, PSH_ACK, RST, RST_ACK, SYN, SYN_ACK, Talk};
use told::{share, shows, told, weighs};
use whyreset_connections::Side;
use whyreset_verdicts::Cause;

#[test]
fn a_long_download_that_is_dropped_in_full_flow_had_not_been_waited_for() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 90000000\r\n\r\n";
    talk.server(0.1, PSH_ACK, 1, up, head);
    let mut down = 1 + head.len() as u32;
    for n in 0..3_000 {
        let at = 0.11 + f64::from(n) / 1e3;
        talk.server(at, ACK, down, up, &[b'x'; 1448]);
        down += 1448;
        if n <= 2_000 {
            talk.client(at + 0.000_02, ACK, up, down, b"");
        }
        if n == 2_000 {
            talk.client(at + 0.000_5, FIN_ACK, up, down, b"");
        }
        if n > 2_000 {
            talk.stranger(at + 0.000_03, Side::Client, RST, up, 64);
        }
    }
    let verdict = talk.verdict(4.0);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
    assert!(verdict.confidence > 0.7, "{}", verdict.confidence);
}

#[test]
fn a_refusal_before_the_end_of_an_upload_counts_though_all_of_it_was_acknowledged() {
    let mut talk = Talk::open();
    let head = b"PUT /up HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 14480\r\n\r\n";
    talk.client(0.05, PSH_ACK, 1, 1, head);
    let mut up = 1 + head.len() as u32;
    for n in 0..10 {
        talk.client(0.051 + f64::from(n) / 1e4, ACK, up, 1, &[b'u'; 1448]);
        up += 1448;
    }
    let no = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let down = 1 + no.len() as u32;
    talk.server(0.0911, PSH_ACK, 1, up - 8 * 1448, no);
    talk.client(0.0912, FIN_ACK, up, down, b"");
    talk.server(0.0915, ACK, down, up, b"");
    talk.server(0.1315, RST_ACK, down, up + 1, b"");
    let verdict = talk.verdict(1.0);
    assert_eq!(
        verdict.cause,
        Cause::RequestRejectedEarly,
        "{}",
        told(&verdict)
    );
}

/// A client that delivers something in a protocol that nobody knows, and closes after `wait`.
fn delivers(wait: f64) -> Talk {
    let mut talk = Talk::new();
    talk.port = 9_000;
    talk.handshake();
    talk.client(0.05, PSH_ACK, 1, 1, &[7; 60]);
    talk.server(0.09, ACK, 1, 61, b"");
    talk.client(0.05 + wait, FIN_ACK, 61, 1, b"");
    talk
}

#[test]
fn a_server_that_listens_to_the_end_and_never_speaks_may_have_had_nothing_to_say() {
    let mut talk = delivers(10.0);
    talk.server(10.0901, FIN_ACK, 1, 62, b"");
    let verdict = talk.verdict(12.0);
    assert_eq!(verdict.cause, Cause::ClientTimeout, "{}", told(&verdict));
    assert!(verdict.confidence < 0.85, "{}", told(&verdict));
    assert!(share(&verdict, Cause::None) > 0.05, "{}", told(&verdict));
    // One that notices the end late was busy, most likely with the answer.
    let mut talk = delivers(10.0);
    talk.server(10.0901, ACK, 1, 62, b"");
    talk.server(14.0, FIN_ACK, 1, 62, b"");
    let verdict = talk.verdict(16.0);
    assert_eq!(verdict.cause, Cause::ClientTimeout, "{}", told(&verdict));
    assert!(share(&verdict, Cause::None) < 0.05, "{}", told(&verdict));
}

#[test]
fn a_first_word_that_is_left_without_an_answer_is_not_well() {
    let mut talk = Talk::new();
    talk.port = 9_000;
    talk.handshake();
    talk.client(0.05, PSH_ACK, 1, 1, &[7; 60]);
    talk.server(0.09, ACK, 1, 61, b"");
    talk.server(0.1, FIN_ACK, 1, 61, b"");
    talk.client(0.1001, FIN_ACK, 61, 2, b"");
    talk.server(0.14, ACK, 2, 62, b"");
    let verdict = talk.verdict(1.0);
    assert_eq!(verdict.cause, Cause::ServerAbort, "{}", told(&verdict));
    assert!(
        (0.4..0.85).contains(&verdict.confidence),
        "{}",
        verdict.confidence
    );
}

#[test]
fn a_session_that_was_answered_and_rests_loses_nothing_by_a_rst() {
    let mut talk = Talk::new();
    talk.port = 9_000;
    talk.handshake();
    talk.client(0.05, PSH_ACK, 1, 1, &[7; 20]);
    talk.server(0.09, PSH_ACK, 1, 21, &[8; 4]);
    talk.client(0.0901, ACK, 21, 5, b"");
    talk.server(4.1, RST_ACK, 5, 21, b"");
    let verdict = talk.verdict(5.0);
    assert_eq!(verdict.cause, Cause::BenignReset, "{}", told(&verdict));
    assert!(verdict.confidence < 0.95);
}

#[test]
fn a_gateway_timeout_in_the_middle_of_an_upload_is_a_time_out() {
    let mut talk = Talk::open();
    let head = b"POST /up HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 400000\r\n\r\n";
    talk.client(0.05, PSH_ACK, 1, 1, head);
    let up = 1 + head.len() as u32;
    talk.client(0.051, PSH_ACK, up, 1, &[b'u'; 1448]);
    let up = up + 1448;
    talk.server(0.09, ACK, 1, up, b"");
    let no = b"HTTP/1.1 504 Gateway Time-out\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    talk.server(5.09, PSH_ACK, 1, up, no);
    let down = 1 + no.len() as u32;
    talk.server(5.0901, FIN_ACK, down, up, b"");
    talk.client(5.0902, FIN_ACK, up, down + 1, b"");
    talk.server(5.13, ACK, down + 1, up + 1, b"");
    let verdict = talk.verdict(6.0);
    assert_eq!(verdict.cause, Cause::ServerTimeout, "{}", told(&verdict));
}

#[test]
fn a_server_that_drops_what_it_has_just_accepted_was_not_idle() {
    let mut talk = Talk::open();
    let text = b"GET / HTTP/1.1\r\nHost: lab.test\r\n\r\n";
    talk.client(0.041, PSH_ACK, 1, 1, text);
    talk.server(0.0805, RST_ACK, 1, 1, b"");
    let verdict = talk.verdict(1.0);
    assert_eq!(verdict.cause, Cause::ServerAbort, "{}", told(&verdict));
}

#[test]
fn a_server_that_closes_in_the_middle_of_an_upload_had_not_waited_whatever_was_not_kept() {
    let mut talk = Talk::new();
    talk.port = 21;
    // At the server: the client is 0.1 s away.
    talk.client(0.0, SYN, 0, 0, b"");
    talk.server(0.000_03, SYN_ACK, 0, 1, b"");
    talk.client(0.1, ACK, 1, 1, b"");
    talk.server(0.15, PSH_ACK, 1, 1, b"150 go on\r\n");
    let (mut at, mut up) = (0.3, 1);
    let full = [b'x'; 1400];
    let mut pour = |talk: &mut Talk, segments: u32, acked: u32| {
        for _ in 0..segments {
            at += 0.001;
            talk.client(at, ACK, up, 12, &full);
            up += 1400;
            talk.server(at + 0.000_9, ACK, 12, acked.min(up), b"");
        }
        at
    };
    pour(&mut talk, 20, u32::MAX);
    // A hole stops the acknowledgements, not the data.
    let closed = pour(&mut talk, 1500, 1 + 20 * 1400) + 0.000_95;
    talk.server(closed, FIN_ACK, 12, 1 + 20 * 1400, b"");
    for n in 0..300 {
        let next = closed + 0.000_05 + f64::from(n) * 0.000_1;
        talk.client(next, ACK, 1 + 1520 * 1400 + n * 1400, 12, &full);
        talk.stranger(next + 0.000_02, Side::Server, RST, 12, 57);
    }
    let verdict = talk.verdict(4.0);
    assert_ne!(verdict.cause, Cause::ServerTimeout, "{}", told(&verdict));
    assert!(!shows(&verdict, "long_wait"));
}

#[test]
fn a_frame_of_several_segments_is_as_much_as_they_are_apart() {
    let closed_after = |mail: usize| {
        let mut talk = Talk::new();
        talk.port = 25;
        talk.handshake();
        talk.server(0.08, PSH_ACK, 1, 1, b"220 mail.test\r\n");
        talk.client(0.09, PSH_ACK, 1, 16, b"DATA\r\n");
        talk.server(0.13, PSH_ACK, 16, 7, b"354 go on\r\n");
        talk.client(0.14, PSH_ACK, 7, 27, b"Subject: x\r\n");
        talk.client(0.1401, PSH_ACK, 19, 27, &vec![b'x'; mail]);
        let up = 19 + mail as u32;
        talk.server(0.19, ACK, 27, up, b"");
        talk.server(5.2, FIN_ACK, 27, up, b"");
        talk.client(5.2001, FIN_ACK, up, 28, b"");
        talk.server(5.24, ACK, 28, up + 1, b"");
        talk.verdict(6.0).cause
    };
    assert_eq!(closed_after(3_000), Cause::ServerTimeout);
    assert_eq!(closed_after(30), Cause::None);
}

/// As of a data connection of FTP, of which a filter kept little.
#[test]
fn a_server_that_hands_much_over_unasked_waits_for_nothing() {
    let mut talk = Talk::open();
    let mut down = 1;
    for n in 0..6 {
        talk.server(0.1 + f64::from(n) / 1e3, ACK, down, 1, &[b'x'; 1_448]);
        down += 1_448;
    }
    talk.client(0.15, ACK, 1, down, b"");
    talk.server(20.0, FIN_ACK, down, 1, b"");
    talk.client(20.001, FIN_ACK, 1, down + 1, b"");
    talk.server(20.04, ACK, down + 1, 2, b"");
    let verdict = talk.verdict(25.0);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
}

#[test]
fn a_client_that_waits_for_leave_to_send_its_body_waits_for_the_server() {
    let mut talk = Talk::open();
    let head = b"PUT /f HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 3000000\r\nExpect: 100-continue\r\n\r\n";
    let up = 1 + head.len() as u32;
    talk.client(0.05, PSH_ACK, 1, 1, head);
    talk.server(0.09, ACK, 1, up, b"");
    talk.client(30.05, FIN_ACK, up, 1, b"");
    talk.server(30.09, ACK, 1, up + 1, b"");
    let verdict = talk.verdict(40.0);
    assert_eq!(verdict.cause, Cause::ClientTimeout, "{}", told(&verdict));
}

#[test]
fn a_yes_before_the_end_of_an_upload_refuses_nothing() {
    let mut talk = Talk::open();
    let head = b"RPC_IN_DATA /rpc HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 1073741824\r\n\r\n";
    talk.client(0.05, PSH_ACK, 1, 1, head);
    let up = 1 + head.len() as u32;
    let yes = b"HTTP/1.1 200 Success\r\nContent-Length: 20\r\n\r\n";
    let down = 1 + yes.len() as u32;
    talk.server(0.09, PSH_ACK, 1, up, yes);
    talk.client(0.0901, FIN_ACK, up, down, b"");
    talk.server(0.1302, FIN_ACK, down, up + 1, b"");
    talk.client(0.1303, ACK, up + 1, down + 1, b"");
    let verdict = talk.verdict(2.0);
    assert_ne!(
        verdict.cause,
        Cause::RequestRejectedEarly,
        "{}",
        told(&verdict)
    );
}

#[test]
fn no_web_servers_timer_ends_another_protocol() {
    let mut talk = Talk::new();
    talk.port = 445;
    talk.handshake();
    let word = b"\0\0\0\x20\xfeSMBabcdefghijklmnopqrstuvwxyz01";
    let said = word.len() as u32;
    talk.client(0.05, PSH_ACK, 1, 1, word);
    talk.server(0.09, PSH_ACK, 1, 1 + said, word);
    talk.client(0.1, ACK, 1 + said, 1 + said, b"");
    talk.server(60.09, FIN_ACK, 1 + said, 1 + said, b"");
    talk.client(60.1, ACK, 1 + said, 2 + said, b"");
    talk.client(60.2, RST_ACK, 1 + said, 2 + said, b"");
    let verdict = talk.verdict(62.0);
    assert!(!told(&verdict).contains("nginx"), "{}", told(&verdict));
    assert!(!weighs(&verdict, "timer_fits"), "{}", told(&verdict));
}

#[test]
fn a_goodbye_is_no_word_that_idling_counts_from() {
    let mut talk = Talk::new();
    talk.port = 25;
    talk.handshake();
    talk.server(0.1, PSH_ACK, 1, 1, b"220 mail ESMTP\r\n");
    talk.client(0.15, PSH_ACK, 1, 17, b"EHLO x\r\n");
    talk.server(1.7, PSH_ACK, 17, 9, b"250 ok\r\n");
    talk.client(1.86, ACK, 9, 25, b"");
    talk.server(31.7, PSH_ACK, 25, 9, b"421 4.4.2 timeout exceeded\r\n");
    talk.server(31.701, FIN_ACK, 53, 9, b"");
    talk.client(31.75, ACK, 9, 54, b"");
    let verdict = talk.verdict(40.0);
    assert!(weighs(&verdict, "round_wait"), "{}", told(&verdict));
}

#[test]
fn a_limit_on_idling_does_not_run_within_a_request() {
    let mut talk = Talk::open();
    let head = b"POST /up HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 5000\r\n\r\n";
    talk.client(0.05, PSH_ACK, 1, 1, head);
    let body = 1 + head.len() as u32;
    talk.client(0.051, PSH_ACK, body, 1, &[b'u'; 1_000]);
    let up = body + 1_000;
    talk.server(0.092, ACK, 1, up, b"");
    // Node.js and Apache keep an idle connection for five seconds.
    talk.server(5.09, FIN_ACK, 1, up, b"");
    talk.client(5.091, FIN_ACK, up, 2, b"");
    let verdict = talk.verdict(7.0);
    assert!(!shows(&verdict, "timer_fits"), "{}", told(&verdict));
    assert!(shows(&verdict, "round_wait"), "{}", told(&verdict));
}

#[test]
fn an_answer_that_came_too_late_is_told() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    talk.client(5.05, FIN_ACK, up, 1, b"");
    talk.server(5.09, ACK, 1, up + 1, b"");
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    talk.server(6.0, PSH_ACK, 1, up + 1, answer);
    talk.stranger(6.001, Side::Client, RST, up + 1, 64);
    let verdict = talk.verdict(8.0);
    let late = "got no byte of an answer before the close; one came too late";
    assert!(told(&verdict).contains(late), "{}", told(&verdict));
}
