//! A client that has nothing more to send, and takes what comes: its program has not left.
//!
//! Hosts answer data for a socket that its program has closed with RST (RFC 9293 §3.6.1, Linux's `tcp_rcv_state_process`); behind
//! `shutdown(SHUT_WR)` they acknowledge it as before.

use whyreset_capture::Span;
use whyreset_connections::Side;
use whyreset_segments::Known;

use super::ids;
use crate::Observations;
use crate::case::{Case, Close, Kind};
use crate::wording;

/// close_notify, with GOAWAY perhaps, takes no more.
const GOODBYE: i64 = 96;

/// Servers answer within it, mostly.
const SOON: Span = Span::from_secs(1);

/// The client closed first, with FIN, and acknowledged more data behind it.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let client_fin = |it: &Close| (it.side, it.kind) == (Side::Client, Kind::Fin);
    let Some(close) = case.close.filter(client_fin) else {
        return;
    };
    capture_ends(case, close, found);
    let Some(fin) = case.packet(close.at.frame) else {
        return;
    };
    if c.resets.iter().any(|reset| reset.by == Side::Client) {
        return;
    }
    let data_end = c.flows.server.bytes.saturating_add(1);
    let data_end = i64::try_from(data_end).unwrap_or(i64::MAX);
    let mut later = c.packets.iter().rev();
    let Some(last) = later.find(|p| {
        let told = p.known.has(Known::ACK) && fin.known.has(Known::ACK);
        told && p.side == Side::Client && p.frame > fin.frame
    }) else {
        return;
    };
    let taken = last.ack.min(data_end) - fin.ack;
    let least = if takes_leave_in_words(case) {
        GOODBYE
    } else {
        0
    };
    if taken <= least {
        return;
    }
    found.tell(
        ids::TAKES_ON,
        [fin.frame, last.frame],
        format_args!(
            "Behind its FIN (frame {}) the client took {} more (frame {}): it had only told that it has nothing more to send.",
            fin.frame,
            wording::bytes(taken.unsigned_abs()),
            last.frame
        ),
    );
}

/// TLS and HTTP/2 take leave in words (close_notify; GOAWAY, RFC 9113 §6.8), which a client's host may acknowledge while the program closes:
/// that is no answer that somebody still wanted.
fn takes_leave_in_words(case: &Case<'_>) -> bool {
    let mut all = case.connection.app.list.iter();
    case.accounts.encrypted || all.any(|exchange| exchange.http2.is_some())
}

/// The capture ends behind the FIN, before the server can have said whether it goes on: who sends FIN may still take an answer.
fn capture_ends(case: &Case<'_>, close: Close, found: &mut Observations) {
    let c = case.connection;
    let rest = c.capture_end - close.at.time;
    let server = &c.flows.server;
    let open = server.fin.is_none() && c.resets.is_empty();
    if c.timed && open && case.accounts.missing().is_some() && rest < SOON + case.two_round_trips()
    {
        found.tell(
            ids::ENDS_HALF_CLOSED,
            [close.at.frame],
            format_args!(
                "The capture ends {} behind the client's FIN (frame {}), and the server had not closed: an answer may have followed, and been taken.",
                wording::span(rest),
                close.at.frame
            ),
        );
    }
}
