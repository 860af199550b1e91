//! Copies (SSH, rsync) that end in the middle: their promises do not show, but they end with words of both sides.

use whyreset_capture::Span;
use whyreset_connections::{Connection, Moment, Side};
use whyreset_exchanges::{Exchange, Exchanges, Protocol};
use whyreset_segments::Known;

use super::accounts::Missing;
use super::{Close, Kind};

/// Of a copy, not of the words behind it.
const LONG_RUN: i64 = 1_500;
/// Both sides speak again and again.
const LIVELY: Span = Span::from_secs(2);
/// What is sent at once arrives so close together.
const WITH_IT: Span = Span::from_millis(10);
/// More than greetings, keys and lists of files.
const LONG_COPY: u64 = 100_000;

/// Copies end with short words of both sides in these protocols (numbers that say "done", exit status and goodbye). Who leaves with
/// long segments as the last that was said leaves in the middle.
pub(super) fn left_in_bulk(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    close: Option<Close>,
) -> Option<(Missing, bool)> {
    let close = close?;
    let ends_in_words = matches!(exchange.protocol, Protocol::Other("ssh" | "rsync"));
    if !ends_in_words || exchange.from_list {
        return None;
    }
    let flows = &connection.flows;
    let spoke = |side: Side| flows.of(side).last_new_data.map_or(0, |at| at.frame);
    let last = [Side::Client, Side::Server]
        .into_iter()
        .max_by_key(|side| spoke(*side))?;
    // What the other side had of it when it spoke last; or soon after that, as not all packets are kept.
    let word = spoke(last.peer());
    let behind = connection.packets.iter().filter(|p| {
        let heard = p.known.has(Known::ACK) && !p.flags.is_rst();
        p.side != last && p.frame >= word && heard
    });
    let had = behind.map(|p| p.ack).min()?;
    if word > close.at.frame {
        return None;
    }
    if flows.of(last).sent_to - had < LONG_RUN {
        return left_between_words(connection, exchange, close).map(|missing| (missing, true));
    }
    let missing = match last {
        Side::Server => Missing::ResponseUnfinished,
        Side::Client => Missing::RequestUnfinished,
    };
    Some((missing, true))
}

/// A client aborts with a word about its death, and much unread. A server takes leave with a message right before its FIN: one
/// whose FIN comes alone, in the middle of a conversation, has not.
fn left_between_words(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    close: Close,
) -> Option<Missing> {
    let flows = &connection.flows;
    let server = flows.server.last_new_data?;
    let client = flows.client.last_new_data?;
    let spoke = |at: Moment| close.at.time - at.time;
    match (close.side, close.kind) {
        (Side::Client, Kind::Rst) if flows.server.bytes > LONG_COPY => {
            Some(Missing::ResponseUnfinished)
        }
        (Side::Server, Kind::Fin) if exchange.protocol == Protocol::Other("ssh") => {
            let lively = spoke(server).min(spoke(client)) < LIVELY;
            (lively && spoke(server) > WITH_IT).then_some(Missing::Unanswered)
        }
        _ => None,
    }
}
