//! Protocols that are not understood, in which the server never said a word: whether it was to is not known. Logs, measurements and
//! print jobs are delivered so.

use whyreset_capture::Span;
use whyreset_connections::Side;

use super::ending::SPEAKS_BY_ITSELF;
use super::ids;
use crate::Observations;
use crate::case::{Case, Close, Kind, asks_by_rule, was_sending};
use crate::wording;

/// Who asks so often has been answered in between.
const MANY_WORDS: u64 = 4;
/// A program that waits for more reads the end of the stream, and closes in return, sooner.
const AT_ONCE: Span = Span::from_millis(200);

/// The client's words got no answer, and one of the two closed.
pub(super) fn observe(case: &Case<'_>, close: Close, found: &mut Observations) {
    match (close.side, close.kind) {
        (Side::Server, Kind::Fin) => {
            found.add(
                ids::FIRST_WORD_UNANSWERED,
                [close.at.frame],
                "In a protocol that is not understood the server closed in order without having said anything.",
            );
            only_delivered(case, found);
        }
        (Side::Client, Kind::Fin) => heard_out(case, close, found),
        (_, Kind::Rst) => {}
    }
}

/// Who speaks again and again without ever being answered, and not in full segments, waits for no answer: logs and measurements are
/// delivered so.
fn only_delivered(case: &Case<'_>, found: &mut Observations) {
    let client = &case.connection.flows.client;
    let (Some(first), Some(last)) = (client.first_data, client.last_new_data) else {
        return;
    };
    let trips = case.path_round_trip().unwrap_or(Span::ZERO);
    let patience = Span::from_nanos(trips.nanos().saturating_mul(4)) + SPEAKS_BY_ITSELF;
    let often = client.data_packets >= MANY_WORDS && last.time - first.time > patience;
    if often && !was_sending(case.connection) {
        found.add(
            ids::ONLY_DELIVERED,
            [first.frame, last.frame],
            format_args!(
                "The client spoke {} times in {} and never waited for an answer: it only delivered.",
                client.data_packets,
                wording::span(last.time - first.time)
            ),
        );
    }
}

/// The server's program read the end of the stream as soon as it came, and closed: it was reading, not busy with an answer.
fn heard_out(case: &Case<'_>, close: Close, found: &mut Observations) {
    let server = &case.connection.flows.server;
    let in_return = server.fin.map(|fin| fin.at);
    let soon = |at: &whyreset_connections::Moment| {
        at.time - close.at.time < case.two_round_trips() + AT_ONCE
    };
    let asked = case.connection.app.list.last().is_some_and(asks_by_rule);
    let in_order = case.fatal.is_none() && case.connection.timed && !asked;
    if let Some(at) = in_return.filter(soon).filter(|_| in_order) {
        found.add(
            ids::HEARD_OUT,
            [close.at.frame, at.frame],
            format_args!(
                "In a protocol that is not understood the server said nothing at all, and closed as soon as the client had (frame {}): it was waiting for more, not busy with an answer.",
                at.frame
            ),
        );
    }
}
