//! One plain conversation for every cause: the packets alone decide.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use talk::{ACK, FIN_ACK, PSH_ACK, RST, RST_ACK, SYN, SYN_ACK, Talk};
use told::{expect, expect_by, told};
use whyreset_connections::Side;
use whyreset_verdicts::{Cause, EndedBy, Outcome};

#[test]
fn none() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 3000, 3000);
    talk.client(0.2, FIN_ACK, up, down, b"");
    talk.server(0.24, FIN_ACK, down, up + 1, b"");
    talk.client(0.2401, ACK, up + 1, down + 1, b"");
    let verdict = talk.verdict(1.0);
    expect(&verdict, Cause::None, EndedBy::Client, Outcome::Completed);
    assert!(!verdict.failed);
}

#[test]
fn benign_reset() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 3000, 3000);
    talk.client(0.2, RST_ACK, up, down, b"");
    let verdict = talk.verdict(1.0);
    expect(
        &verdict,
        Cause::BenignReset,
        EndedBy::Client,
        Outcome::Aborted,
    );
    assert!(!verdict.failed);
}

#[test]
fn client_abort() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 500_000, 14_480);
    talk.client(0.13, RST_ACK, up, down, b"");
    let verdict = talk.verdict(1.0);
    expect(
        &verdict,
        Cause::ClientAbort,
        EndedBy::Client,
        Outcome::Aborted,
    );
    assert!(verdict.failed);
}

#[test]
fn server_abort() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    talk.server(0.3, RST_ACK, 1, up, b"");
    expect(
        &talk.verdict(1.0),
        Cause::ServerAbort,
        EndedBy::Server,
        Outcome::Aborted,
    );
}

#[test]
fn request_rejected_early() {
    let mut talk = Talk::open();
    let head = b"POST /up HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 900000\r\n\r\n";
    talk.client(0.05, PSH_ACK, 1, 1, head);
    let mut up = 1 + head.len() as u32;
    for n in 0..8 {
        talk.client(0.051 + f64::from(n) / 1e4, ACK, up, 1, &[b'u'; 1448]);
        up += 1448;
    }
    talk.server(0.095, ACK, 1, up, b"");
    let no = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    talk.server(0.096, PSH_ACK, 1, up, no);
    talk.server(0.0961, RST_ACK, 1 + no.len() as u32, up, b"");
    expect(
        &talk.verdict(1.0),
        Cause::RequestRejectedEarly,
        EndedBy::Server,
        Outcome::Aborted,
    );
}

#[test]
fn client_timeout() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    talk.client(30.051, FIN_ACK, up, 1, b"");
    talk.server(30.091, ACK, 1, up + 1, b"");
    expect(
        &talk.verdict(40.0),
        Cause::ClientTimeout,
        EndedBy::Client,
        Outcome::TimedOut,
    );
}

#[test]
fn server_timeout() {
    let mut talk = Talk::open();
    talk.client(0.05, PSH_ACK, 1, 1, b"POST /up HTTP/1.1\r\nHost: l");
    talk.server(0.09, ACK, 1, 26, b"");
    talk.server(60.09, FIN_ACK, 1, 26, b"");
    talk.client(60.0901, FIN_ACK, 26, 2, b"");
    talk.server(60.13, ACK, 2, 27, b"");
    expect(
        &talk.verdict(70.0),
        Cause::ServerTimeout,
        EndedBy::Server,
        Outcome::TimedOut,
    );
}

#[test]
fn keepalive_race() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 3000, 3000);
    let text = b"GET /next HTTP/1.1\r\nHost: lab.test\r\n\r\n";
    talk.client(5.11, PSH_ACK, up, down, text);
    talk.server(5.12, FIN_ACK, down, up, b"");
    talk.client(5.1201, ACK, up + text.len() as u32, down + 1, b"");
    talk.stranger(5.15, Side::Server, RST, down, 57);
    expect(
        &talk.verdict(6.0),
        Cause::KeepaliveRace,
        EndedBy::Server,
        Outcome::Aborted,
    );
}

#[test]
fn response_truncated() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 500_000, 20_000);
    talk.server(0.12, FIN_ACK, down, up, b"");
    talk.client(0.1201, FIN_ACK, up, down + 1, b"");
    talk.server(0.16, ACK, down + 1, up + 1, b"");
    expect(
        &talk.verdict(1.0),
        Cause::ResponseTruncated,
        EndedBy::Server,
        Outcome::Truncated,
    );
}

#[test]
fn receiver_stalled() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 500_000, 20_000);
    talk.window = 0;
    talk.client(0.12, ACK, up, down, b"");
    for (n, at) in [0.32, 0.75, 1.6, 3.3, 6.7].into_iter().enumerate() {
        talk.window = 64_240;
        talk.server(at, ACK, down - 1, up, b"");
        talk.window = 0;
        talk.client(at + 0.000_1 * (n + 1) as f64, ACK, up, down, b"");
    }
    expect(
        &talk.verdict(8.0),
        Cause::ReceiverStalled,
        EndedBy::None,
        Outcome::Stalled,
    );
}

#[test]
fn peer_state_lost() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 3000, 3000);
    talk.client(
        40.0,
        PSH_ACK,
        up,
        down,
        b"GET /next HTTP/1.1\r\nHost: lab.test\r\n\r\n",
    );
    talk.stranger(40.041, Side::Server, RST, down, 57);
    expect(
        &talk.verdict(41.0),
        Cause::PeerStateLost,
        EndedBy::Server,
        Outcome::Aborted,
    );
}

#[test]
fn idle_state_lost() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 3000, 3000);
    for at in [352.0, 352.24, 352.7, 353.6, 355.4, 359.0] {
        talk.client(
            at,
            PSH_ACK,
            up,
            down,
            b"GET /next HTTP/1.1\r\nHost: lab.test\r\n\r\n",
        );
    }
    expect(
        &talk.verdict(400.0),
        Cause::IdleStateLost,
        EndedBy::Middlebox,
        Outcome::TimedOut,
    );
}

#[test]
fn injected_reset() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    talk.stranger(0.07, Side::Server, RST, 1, 121);
    let down = talk.response(0.1, 1, up, 3000, 3000);
    talk.stranger(0.11, Side::Client, RST, down, 64);
    expect(
        &talk.verdict(1.0),
        Cause::InjectedReset,
        EndedBy::Middlebox,
        Outcome::Aborted,
    );
}

#[test]
fn path_blackhole() {
    let mut talk = Talk::open();
    let head = b"POST /up HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 900000\r\n\r\n";
    talk.client(0.05, PSH_ACK, 1, 1, head);
    let mut up = 1 + head.len() as u32;
    for n in 0..8 {
        talk.client(0.051 + f64::from(n) / 1e4, ACK, up, 1, &[b'u'; 1448]);
        up += 1448;
    }
    talk.server(0.095, ACK, 1, up, b"");
    for at in [0.1, 0.34, 0.8, 1.7, 3.5, 7.1] {
        talk.client(at, ACK, up, 1, &[b'u'; 1448]);
    }
    expect(
        &talk.verdict(60.0),
        Cause::PathBlackhole,
        EndedBy::Network,
        Outcome::TimedOut,
    );
}

#[test]
fn mtu_blackhole() {
    let mut talk = Talk::open();
    let head = b"POST /up HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 900000\r\n\r\n";
    talk.client(0.05, PSH_ACK, 1, 1, head);
    let up = 1 + head.len() as u32;
    talk.client(0.051, ACK, up, 1, &[b'u'; 1448]);
    talk.server(0.09, ACK, 1, up, b"");
    for at in [0.3, 0.75, 1.6, 3.4, 7.0] {
        talk.client(at, ACK, up, 1, &[b'u'; 1448]);
    }
    expect(
        &talk.verdict(60.0),
        Cause::MtuBlackhole,
        EndedBy::Network,
        Outcome::TimedOut,
    );
}

#[test]
fn port_closed() {
    let mut talk = Talk::new();
    talk.client(0.0, SYN, 0, 0, b"");
    talk.refusal(0.04);
    expect(
        &talk.verdict(1.0),
        Cause::PortClosed,
        EndedBy::Server,
        Outcome::Refused,
    );
}

#[test]
fn firewall_reject() {
    let mut talk = Talk::new();
    talk.client(0.0, SYN, 0, 0, b"");
    talk.icmp_about_syn(0.02, 3, 13);
    expect(
        &talk.verdict(1.0),
        Cause::FirewallReject,
        EndedBy::Middlebox,
        Outcome::Refused,
    );
}

#[test]
fn no_answer() {
    let mut talk = Talk::new();
    for at in [0.0, 1.02, 3.03, 7.1] {
        talk.client(at, SYN, 0, 0, b"");
    }
    expect(
        &talk.verdict(20.0),
        Cause::NoAnswer,
        EndedBy::Network,
        Outcome::Unanswered,
    );
}

#[test]
fn handshake_incomplete() {
    let mut talk = Talk::new();
    talk.client(0.0, SYN, 0, 0, b"");
    for at in [0.001, 1.0, 3.0, 7.0] {
        talk.server(at, SYN_ACK, 0, 1, b"");
    }
    expect(
        &talk.verdict(40.0),
        Cause::HandshakeIncomplete,
        EndedBy::Client,
        Outcome::TimedOut,
    );
}

#[test]
fn accept_queue_overflow() {
    let mut talk = Talk::open();
    for at in [1.05, 3.07, 7.1] {
        talk.server(at, SYN_ACK, 0, 1, b"");
        talk.client(at + 0.000_05, ACK, 1, 1, b"");
    }
    let verdict = talk.verdict(9.0);
    expect_by(&verdict, Cause::AcceptQueueOverflow, EndedBy::Server);
}

#[test]
fn tls_failure() {
    let mut talk = Talk::new();
    talk.port = 443;
    talk.handshake();
    let hello = client_hello();
    talk.client(0.05, PSH_ACK, 1, 1, &hello);
    let up = 1 + hello.len() as u32;
    talk.server(0.09, PSH_ACK, 1, up, &[0x15, 3, 3, 0, 2, 2, 40]);
    talk.server(0.0901, FIN_ACK, 8, up, b"");
    talk.client(0.0902, FIN_ACK, up, 9, b"");
    talk.server(0.13, ACK, 9, up + 1, b"");
    expect(
        &talk.verdict(1.0),
        Cause::TlsFailure,
        EndedBy::Server,
        Outcome::Truncated,
    );
}

#[test]
fn protocol_mismatch() {
    let mut talk = Talk::open();
    let hello = client_hello();
    talk.client(0.05, PSH_ACK, 1, 1, &hello);
    let up = 1 + hello.len() as u32;
    let no = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    talk.server(0.09, PSH_ACK, 1, up, no);
    let down = 1 + no.len() as u32;
    talk.server(0.0901, FIN_ACK, down, up, b"");
    talk.client(0.0902, RST_ACK, up, down + 1, b"");
    let verdict = talk.verdict(1.0);
    assert_eq!(verdict.cause, Cause::ProtocolMismatch, "{}", told(&verdict));
}

#[test]
fn unknown() {
    let mut talk = Talk::new();
    talk.client(0.0, ACK, 5000, 700, &[1; 100]);
    talk.server(0.04, ACK, 700, 5100, b"");
    let verdict = talk.verdict(0.05);
    expect(&verdict, Cause::Unknown, EndedBy::Unknown, Outcome::Partial);
    assert!(!verdict.next_steps.is_empty());
}

/// A TLS 1.2 ClientHello without extensions.
fn client_hello() -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0xc0, 0x2f, 1, 0]);
    let mut handshake = vec![1, 0, 0, body.len() as u8];
    handshake.extend(&body);
    let mut record = vec![0x16, 3, 1, 0, handshake.len() as u8];
    record.extend(&handshake);
    record
}
