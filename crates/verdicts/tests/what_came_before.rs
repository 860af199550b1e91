//! How a connection ended does not depend on what came before and has nothing to do with it: a pause, an exchange that was whole, a SYN
//! that was lost.

#![allow(clippy::indexing_slicing)]

#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use talk::{ACK, FIN_ACK, NEXT, PSH_ACK, RST, RST_ACK, SYN, SYN_ACK, Talk};
use told::told;
use whyreset_connections::Side;
use whyreset_verdicts::Cause;

/// Where a conversation has come to: the time, and either side's next number.
struct At {
    time: f64,
    up: u32,
    down: u32,
}

type Before = fn(&mut Talk) -> At;
type Ends = fn(&mut Talk, At) -> f64;

const TRIP: f64 = 0.040;

fn nothing(talk: &mut Talk) -> At {
    talk.handshake();
    At {
        time: 0.05,
        up: 1,
        down: 1,
    }
}

fn pause<const SECONDS: u32>(talk: &mut Talk) -> At {
    let at = nothing(talk);
    At {
        time: f64::from(SECONDS) + 0.05,
        ..at
    }
}

fn exchange_and_pause<const SECONDS: u32>(talk: &mut Talk) -> At {
    talk.handshake();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.05 + TRIP + 0.003, 1, up, 300, 300);
    At {
        time: 0.1 + f64::from(SECONDS),
        up,
        down,
    }
}

fn slow_answer(talk: &mut Talk) -> At {
    talk.handshake();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(10.0, 1, up, 300, 300);
    At {
        time: 10.3,
        up,
        down,
    }
}

/// The first SYN was lost: it is sent again after a second (RFC 6298 §2.1).
fn lost_syn(talk: &mut Talk) -> At {
    talk.client(0.0, SYN, 0, 0, b"");
    talk.client(1.0, SYN, 0, 0, b"");
    talk.server(1.0 + TRIP, SYN_ACK, 0, 1, b"");
    talk.client(1.0 + TRIP + 0.000_05, ACK, 1, 1, b"");
    At {
        time: 1.041,
        up: 1,
        down: 1,
    }
}

const BEFORE: [(&str, Before); 8] = [
    ("nothing", nothing),
    ("a pause of 1 s", pause::<1>),
    ("a pause of 5 s", pause::<5>),
    ("a pause of 10 s", pause::<10>),
    ("an exchange, and 2 s", exchange_and_pause::<2>),
    ("an exchange, and 30 s", exchange_and_pause::<30>),
    ("an answer after 10 s", slow_answer),
    ("a lost SYN", lost_syn),
];

/// Asks; gives the client's next number.
fn ask(talk: &mut Talk, at: &At) -> u32 {
    talk.client(at.time, PSH_ACK, at.up, at.down, NEXT);
    let up = at.up + NEXT.len() as u32;
    talk.server(at.time + TRIP, ACK, at.down, up, b"");
    up
}

/// A client that closes just when the answer begins, as players of videos do.
fn leaves_at_the_first_bytes(talk: &mut Talk, at: At) -> f64 {
    let up = ask(talk, &at);
    let answered = at.time + TRIP + 0.003;
    let down = talk.response(answered, at.down, up, 5_000_000, 2_896);
    talk.client(answered + 0.001, FIN_ACK, up, down, b"");
    talk.server(answered + 0.002, ACK, down, up, &[b'x'; 1448]);
    talk.stranger(answered + 0.002_1, Side::Client, RST, up + 1, 64);
    answered
}

fn leaves_before_the_answer(talk: &mut Talk, at: At) -> f64 {
    let up = ask(talk, &at);
    talk.client(at.time + 0.06, RST_ACK, up, at.down, b"");
    at.time
}

/// A server that has thought for long, begins to answer, and dies.
fn dies_behind_the_head(talk: &mut Talk, at: At) -> f64 {
    let up = ask(talk, &at);
    let down = talk.response(at.time + 5.0, at.down, up, 100_000, 900);
    talk.server(at.time + 5.02, RST_ACK, down, up, b"");
    at.time + 5.0
}

fn gives_up(talk: &mut Talk, at: At) -> f64 {
    let up = ask(talk, &at);
    talk.client(at.time + 10.0, FIN_ACK, up, at.down, b"");
    talk.server(at.time + 10.0 + TRIP, ACK, at.down, up + 1, b"");
    at.time + 10.0
}

fn resets_without_an_answer(talk: &mut Talk, at: At) -> f64 {
    let up = ask(talk, &at);
    talk.server(at.time + TRIP + 0.02, RST_ACK, at.down, up, b"");
    at.time
}

fn cuts_the_answer_short(talk: &mut Talk, at: At) -> f64 {
    let up = ask(talk, &at);
    let down = talk.response(at.time + TRIP + 0.003, at.down, up, 100_000, 9_000);
    talk.server(at.time + TRIP + 0.02, FIN_ACK, down, up, b"");
    talk.client(at.time + TRIP + 0.021, FIN_ACK, up, down + 1, b"");
    talk.server(at.time + 3.0 * TRIP, ACK, down + 1, up + 1, b"");
    at.time
}

#[test]
fn what_came_before_does_not_change_the_cause() {
    let ends: [(Ends, Cause); 6] = [
        (leaves_at_the_first_bytes, Cause::ClientAbort),
        (leaves_before_the_answer, Cause::ClientAbort),
        (dies_behind_the_head, Cause::ServerAbort),
        (gives_up, Cause::ClientTimeout),
        (resets_without_an_answer, Cause::ServerAbort),
        (cuts_the_answer_short, Cause::ResponseTruncated),
    ];
    for (end, cause) in ends {
        for (name, before) in BEFORE {
            let mut talk = Talk::new();
            let at = before(&mut talk);
            let over = end(&mut talk, at);
            let verdict = talk.verdict(over + 20.0);
            assert_eq!(verdict.cause, cause, "behind {name}: {}", told(&verdict));
            assert!(
                verdict.confidence > 0.6,
                "behind {name}: {}",
                told(&verdict)
            );
        }
    }
}
