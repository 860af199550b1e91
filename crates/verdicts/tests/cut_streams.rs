//! HTTP/2 streams that are cut inside a connection which lives on.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use talk::{ACK, FIN_ACK, PSH_ACK, RST, RST_ACK, Talk};
use told::{expect, told};
use whyreset_connections::Side;
use whyreset_verdicts::{Cause, EndedBy, Outcome, Verdict};

const HEADERS: u8 = 1;
const DATA: u8 = 0;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const REFUSED_STREAM: [u8; 4] = [0, 0, 0, 7];
const PROTOCOL_ERROR: [u8; 4] = [0, 0, 0, 1];
const CANCEL: [u8; 4] = [0, 0, 0, 8];
const INTERNAL_ERROR: [u8; 4] = [0, 0, 0, 2];
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let len = payload.len() as u32;
    let mut bytes = len.to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags, 0, 0, 0, stream]);
    bytes.extend(payload);
    bytes
}

/// Two sides that speak HTTP/2, with their positions.
struct Http2 {
    talk: Talk,
    up: u32,
    down: u32,
}

impl Http2 {
    fn open() -> Self {
        let mut it = Self {
            talk: Talk::open(),
            up: 1,
            down: 1,
        };
        let mut hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        hello.extend(frame(SETTINGS, 0, 0, &[]));
        it.client(0.041, &hello);
        it.server(0.081, &frame(SETTINGS, 0, 0, &[]));
        it
    }

    fn client(&mut self, at: f64, bytes: &[u8]) {
        self.talk.client(at, PSH_ACK, self.up, self.down, bytes);
        self.up += bytes.len() as u32;
        self.talk.server(at + 0.04, ACK, self.down, self.up, b"");
    }

    fn server(&mut self, at: f64, bytes: &[u8]) {
        self.talk.server(at, PSH_ACK, self.down, self.up, bytes);
        self.down += bytes.len() as u32;
        self.talk.client(at + 0.000_1, ACK, self.up, self.down, b"");
    }

    /// `GET /` on a stream.
    fn get(&mut self, at: f64, stream: u8) {
        self.client(
            at,
            &frame(
                HEADERS,
                END_STREAM | END_HEADERS,
                stream,
                &[0x82, 0x84, 0x86],
            ),
        );
    }

    /// A response that promises 5,000 bytes, and the first `sent` of them.
    fn answer(&mut self, at: f64, stream: u8, sent: usize) {
        let head = [&[0x88, 0x0f, 0x0d, 4][..], b"5000"].concat();
        self.server(at, &frame(HEADERS, END_HEADERS, stream, &head));
        let end = if sent == 5_000 { END_STREAM } else { 0 };
        self.server(at + 0.001, &frame(DATA, end, stream, &vec![b'x'; sent]));
    }

    /// Closed in order by the client.
    fn close(&mut self, at: f64) {
        self.talk.client(at, FIN_ACK, self.up, self.down, b"");
        self.talk
            .server(at + 0.04, FIN_ACK, self.down, self.up + 1, b"");
        self.talk
            .client(at + 0.0401, ACK, self.up + 1, self.down + 1, b"");
    }
}

fn expect_failure(verdict: &Verdict, cause: Cause, by: EndedBy, outcome: Outcome) {
    expect(verdict, cause, by, outcome);
    assert!(verdict.failed, "{}", told(verdict));
}

#[test]
fn a_cancelled_download_is_the_client_s_though_the_connection_closes_in_order() {
    let mut h2 = Http2::open();
    h2.get(0.1, 1);
    h2.answer(0.2, 1, 1_200);
    h2.client(0.5, &frame(RST_STREAM, 0, 1, &CANCEL));
    h2.get(0.6, 3);
    h2.answer(0.7, 3, 5_000);
    h2.close(3.0);
    let verdict = h2.talk.verdict(5.0);
    expect_failure(
        &verdict,
        Cause::ClientAbort,
        EndedBy::Client,
        Outcome::Truncated,
    );
    assert!(verdict.summary.contains("CANCEL") && verdict.summary.contains("1,200 of 5,000"));
}

#[test]
fn a_cancelled_download_counts_in_a_connection_that_is_still_open() {
    let mut h2 = Http2::open();
    h2.get(0.1, 1);
    h2.answer(0.2, 1, 1_200);
    h2.client(0.5, &frame(RST_STREAM, 0, 1, &CANCEL));
    expect_failure(
        &h2.talk.verdict(1.0),
        Cause::ClientAbort,
        EndedBy::Client,
        Outcome::Open,
    );
}

#[test]
fn a_request_that_is_cancelled_after_a_round_time_had_waited() {
    let mut h2 = Http2::open();
    h2.get(0.1, 1);
    h2.client(5.101, &frame(RST_STREAM, 0, 1, &CANCEL));
    h2.close(6.0);
    expect_failure(
        &h2.talk.verdict(8.0),
        Cause::ClientTimeout,
        EndedBy::Client,
        Outcome::TimedOut,
    );
}

#[test]
fn a_stream_that_the_server_gives_up_is_the_server_s() {
    let mut h2 = Http2::open();
    h2.get(0.1, 1);
    h2.answer(0.2, 1, 1_200);
    h2.server(0.5, &frame(RST_STREAM, 0, 1, &INTERNAL_ERROR));
    h2.close(3.0);
    expect_failure(
        &h2.talk.verdict(5.0),
        Cause::ServerAbort,
        EndedBy::Server,
        Outcome::Truncated,
    );
}

#[test]
fn a_stream_that_ends_short_of_its_length_is_the_server_s_whatever_the_client_says_to_that() {
    for protests in [true, false] {
        let mut h2 = Http2::open();
        h2.get(0.1, 1);
        h2.answer(0.2, 1, 1_200);
        h2.server(0.5, &frame(DATA, END_STREAM, 1, &[]));
        if protests {
            h2.client(0.501, &frame(RST_STREAM, 0, 1, &PROTOCOL_ERROR));
        }
        h2.close(0.502);
        let verdict = h2.talk.verdict(5.0);
        expect_failure(
            &verdict,
            Cause::ServerAbort,
            EndedBy::Server,
            Outcome::Truncated,
        );
    }
}

/// An upload of which 1,000 of 5,000 bytes had come when the server answered in full with `status` and stopped the rest.
fn stopped_upload(status: &[u8]) -> Http2 {
    let mut h2 = Http2::open();
    let head = [&[0x83, 0x84, 0x86, 0x0f, 0x0d, 4][..], b"5000"].concat();
    h2.client(0.1, &frame(HEADERS, END_HEADERS, 1, &head));
    h2.client(0.1001, &frame(DATA, 0, 1, &[b'u'; 1_000]));
    let no = [&[0x08, 3][..], status].concat();
    let no = frame(HEADERS, END_STREAM | END_HEADERS, 1, &no);
    h2.server(0.2, &[no, frame(RST_STREAM, 0, 1, &CANCEL)].concat());
    h2.client(0.2002, &frame(DATA, 0, 1, &[b'u'; 1_000]));
    h2
}

/// The client resets the connection behind that.
fn rejected_early(mut h2: Http2) {
    let (up, down) = (h2.up, h2.down);
    h2.talk.client(0.21, RST_ACK, up, down, b"");
    let verdict = h2.talk.verdict(2.0);
    expect_failure(
        &verdict,
        Cause::RequestRejectedEarly,
        EndedBy::Server,
        Outcome::Aborted,
    );
}

#[test]
fn an_upload_that_is_answered_with_a_no_and_stopped_was_rejected() {
    rejected_early(stopped_upload(b"403"));
}

/// gRPC answers with 200 whatever happened: its own status tells.
#[test]
fn a_call_of_grpc_that_fails_before_its_upload_is_whole_was_rejected() {
    let mut h2 = Http2::open();
    h2.client(0.1, &frame(HEADERS, END_HEADERS, 1, &[0x83, 0x84, 0x86]));
    h2.client(0.1001, &frame(DATA, 0, 1, &[b'u'; 1_000]));
    let failed = [&[0x88, 0, 11][..], b"grpc-status", &[1], b"8"].concat();
    let failed = frame(HEADERS, END_STREAM | END_HEADERS, 1, &failed);
    h2.server(0.2, &[failed, frame(RST_STREAM, 0, 1, &[0; 4])].concat());
    rejected_early(h2);
}

#[test]
fn a_call_of_grpc_that_is_cancelled_at_its_deadline_had_waited() {
    let mut h2 = Http2::open();
    let call = [
        &[0x83, 0x84, 0x86, 0, 12][..],
        b"grpc-timeout",
        &[5],
        b"1930m",
    ]
    .concat();
    h2.client(0.1, &frame(HEADERS, END_STREAM | END_HEADERS, 1, &call));
    h2.client(2.031, &frame(RST_STREAM, 0, 1, &CANCEL));
    h2.close(2.1);
    let verdict = h2.talk.verdict(4.0);
    expect_failure(
        &verdict,
        Cause::ClientTimeout,
        EndedBy::Client,
        Outcome::TimedOut,
    );
    assert!(verdict.confidence > 0.9, "{}", told(&verdict));
}

/// A call with a deadline of a second; captured at the server, whose answer crosses the client's close.
fn answered_too_late() -> Verdict {
    let mut h2 = Http2::open();
    let call = [
        &[0x83, 0x84, 0x86, 0, 12][..],
        b"grpc-timeout",
        &[5],
        b"1000m",
    ]
    .concat();
    h2.client(0.1, &frame(HEADERS, END_STREAM | END_HEADERS, 1, &call));
    let (up, down) = (h2.up, h2.down);
    let answer = frame(HEADERS, END_STREAM | END_HEADERS, 1, &[0x88]);
    let cancel = frame(RST_STREAM, 0, 1, &CANCEL);
    h2.talk.server(1.09, PSH_ACK, down, up, &answer);
    h2.talk.client(1.1, PSH_ACK, up, down, &cancel);
    let up = up + cancel.len() as u32;
    h2.talk.client(1.11, FIN_ACK, up, down, b"");
    h2.talk.stranger(1.13, Side::Client, RST, up, 64);
    h2.talk.verdict(3.0)
}

#[test]
fn an_answer_that_crosses_the_client_s_close_comes_too_late() {
    let verdict = answered_too_late();
    assert_eq!(verdict.cause, Cause::ClientTimeout, "{}", told(&verdict));
}

/// What the client says about its streams when it learns that the server has left is no choice of its own.
#[test]
fn a_reset_behind_the_server_s_close_cancels_nothing() {
    let mut h2 = Http2::open();
    h2.get(0.1, 1);
    h2.answer(0.2, 1, 1_200);
    let (up, down) = (h2.up, h2.down);
    h2.talk.server(0.5, FIN_ACK, down, up, b"");
    h2.down += 1;
    h2.client(0.5001, &frame(RST_STREAM, 0, 1, &REFUSED_STREAM));
    h2.close(0.6);
    let verdict = h2.talk.verdict(3.0);
    expect_failure(
        &verdict,
        Cause::ResponseTruncated,
        EndedBy::Server,
        Outcome::Truncated,
    );
}

#[test]
fn a_server_that_leaves_the_only_request_without_an_answer_has_answered_nothing() {
    let mut h2 = Http2::open();
    h2.get(0.1, 1);
    let (up, down) = (h2.up, h2.down);
    h2.talk.server(1.3, FIN_ACK, down, up, b"");
    h2.down += 1;
    h2.client(1.3001, &frame(RST_STREAM, 0, 1, &REFUSED_STREAM));
    h2.close(1.4);
    let verdict = h2.talk.verdict(3.0);
    assert_eq!(verdict.cause, Cause::ServerAbort, "{}", told(&verdict));
}

#[test]
fn a_connection_that_lives_on_behind_a_stopped_upload_is_well() {
    let mut h2 = stopped_upload(b"403");
    h2.get(1.0, 3);
    h2.answer(1.1, 3, 5_000);
    h2.close(3.0);
    let verdict = h2.talk.verdict(5.0);
    assert!(!verdict.failed, "{verdict:#?}");
}

#[test]
fn a_stream_that_is_reset_after_it_was_whole_is_no_failure() {
    let mut h2 = Http2::open();
    h2.get(0.1, 1);
    h2.answer(0.2, 1, 5_000);
    h2.client(0.5, &frame(RST_STREAM, 0, 1, &CANCEL));
    h2.close(3.0);
    let verdict = h2.talk.verdict(5.0);
    assert_eq!(
        (verdict.cause, verdict.failed),
        (Cause::None, false),
        "{}",
        told(&verdict)
    );
}

/// GOAWAY without an error that takes nothing behind this stream.
fn goaway(last: u8) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[0, 0, 0, last, 0, 0, 0, 0])
}

#[test]
fn a_request_that_the_server_s_goaway_leaves_out_is_the_server_s() {
    let mut h2 = Http2::open();
    h2.get(0.1, 1);
    h2.answer(0.2, 1, 5_000);
    h2.get(1.0, 3);
    h2.server(1.1, &goaway(1));
    h2.close(1.2);
    let verdict = h2.talk.verdict(5.0);
    expect_failure(
        &verdict,
        Cause::ServerAbort,
        EndedBy::Server,
        Outcome::Truncated,
    );
    assert!(verdict.confidence < 0.93, "{}", told(&verdict));
    assert!(verdict.summary.contains("may repeat it"));
}

#[test]
fn a_refused_request_that_is_asked_again_and_answered_is_no_failure() {
    let mut h2 = Http2::open();
    h2.get(0.1, 1);
    h2.server(0.15, &frame(RST_STREAM, 0, 1, &REFUSED_STREAM));
    h2.get(0.3, 3);
    h2.answer(0.4, 3, 5_000);
    h2.close(3.0);
    let verdict = h2.talk.verdict(5.0);
    assert_eq!(
        (verdict.cause, verdict.failed),
        (Cause::None, false),
        "{}",
        told(&verdict)
    );
    assert!(verdict.confidence < 0.93, "{}", told(&verdict));
    assert!(verdict.summary.contains("asked again"));
}

/// A response of 200,000 bytes that stops where the client's window of 65,535 bytes is used up.
fn shut_window() -> Http2 {
    let mut h2 = Http2::open();
    h2.get(0.1, 1);
    let head = [&[0x88, 0x0f, 0x0d, 6][..], b"200000"].concat();
    h2.server(0.15, &frame(HEADERS, END_HEADERS, 1, &head));
    for index in 0..5 {
        h2.server(
            0.16 + f64::from(index) / 1e3,
            &frame(DATA, 0, 1, &[b'x'; 13_107]),
        );
    }
    h2
}

#[test]
fn a_client_that_grants_no_window_holds_the_response_up_itself() {
    let still = shut_window().talk.verdict(30.0);
    expect_failure(
        &still,
        Cause::ReceiverStalled,
        EndedBy::None,
        Outcome::Stalled,
    );
    let mut left = shut_window();
    left.close(10.2);
    expect_failure(
        &left.talk.verdict(15.0),
        Cause::ReceiverStalled,
        EndedBy::Client,
        Outcome::TimedOut,
    );
    let mut given_up = shut_window();
    given_up.server(60.2, &frame(RST_STREAM, 0, 1, &INTERNAL_ERROR));
    let verdict = given_up.talk.verdict(65.0);
    expect_failure(
        &verdict,
        Cause::ReceiverStalled,
        EndedBy::Server,
        Outcome::Open,
    );
    assert!(
        verdict.summary.contains("WINDOW_UPDATE"),
        "{}",
        verdict.summary
    );
}

#[test]
fn a_window_that_is_opened_again_holds_nothing_up() {
    let mut h2 = shut_window();
    let grant = [0, 3, 0, 0];
    let both = [
        frame(WINDOW_UPDATE, 0, 0, &grant),
        frame(WINDOW_UPDATE, 0, 1, &grant),
    ];
    h2.client(5.0, &both.concat());
    // The server has room now, and sends nothing all the same.
    let verdict = h2.talk.verdict(30.0);
    assert_ne!(verdict.cause, Cause::ReceiverStalled, "{}", verdict.summary);
}

#[test]
fn who_hears_a_goodbye_behind_its_own_wants_no_answer_any_more() {
    let mut it = Http2::open();
    it.get(0.1, 1);
    it.server(0.2, &frame(HEADERS, END_HEADERS, 1, &[0x88]));
    it.server(0.3, &frame(DATA, 0, 1, &[b'x'; 1000]));
    it.talk.client(0.5, FIN_ACK, it.up, it.down, b"");
    it.server(0.54, &frame(GOAWAY, 0, 0, &[0; 8]));
    it.talk.server(0.541, FIN_ACK, it.down, it.up + 1, b"");
    let verdict = it.talk.verdict(2.0);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
    assert!(verdict.confidence > 0.6, "{}", told(&verdict));
}
