//! The head of a request that takes too long.

use whyreset_connections::Side;
use whyreset_exchanges::{Exchange, Protocol};

use super::{SHORTEST_PATIENCE, ids};
use crate::case::{Case, Close, Missing, Wait};
use crate::{Observations, wording};

/// A head takes a packet or two: what comes in so many pieces is typed, or made to be slow.
const PIECES_OF_A_HEAD: u64 = 5;
/// Bytes of a piece, on average: less than a header line.
const PIECE: u64 = 40;

/// The client was still sending its request's head, in small pieces for seconds, when the server closed in order: servers bear that for so
/// long (nginx `client_header_timeout`, Apache `RequestReadTimeout header=`, Node.js `headersTimeout`).
pub(super) fn head_too_slow(
    case: &Case<'_>,
    close: Close,
    wait: Wait,
    found: &mut Observations,
) -> bool {
    let client = &case.connection.flows.client;
    let Some(open) = case.accounts.open.as_ref() else {
        return false;
    };
    let in_head = |e: &Exchange| {
        let http1 = matches!(e.protocol, Protocol::Http10 | Protocol::Http11);
        http1 && !e.request_complete && !e.uncertain && e.request_body_expected.is_none()
    };
    let unfinished =
        open.missing == Missing::RequestUnfinished && open.exchange.is_some_and(in_head);
    let pieces = client.data_packets >= PIECES_OF_A_HEAD
        && client.bytes < client.data_packets.saturating_mul(PIECE);
    let Some(begun) = open
        .started
        .filter(|begun| wait.until.time - begun.time > SHORTEST_PATIENCE)
    else {
        return false;
    };
    let slow = unfinished && pieces && close.side == Side::Server;
    if slow {
        found.tell(
            ids::HEAD_TOO_SLOW,
            [begun.frame, close.at.frame],
            format_args!(
                "The client had sent {} of its request's head in {} packets over {}, and was not through, when the server closed.",
                wording::bytes(client.bytes),
                client.data_packets,
                wording::span(wait.until.time - begun.time)
            ),
        );
    }
    slow
}
