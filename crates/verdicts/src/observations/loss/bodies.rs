//! Bodies that stopped: at their head, or in the middle of full segments.

use whyreset_connections::{Moment, Side};
use whyreset_segments::TcpFlags;

use super::{LARGE, SMALLEST_LARGE, ids};
use crate::case::{Case, Kind, Missing, is_full};
use crate::{Observations, wording};

/// Seen from the receiver's side: a body was promised that fills large segments, the head of it came, and nothing else.
pub(super) fn nothing_large(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let client = &c.flows.client;
    let open = case.accounts.open.as_ref().filter(|open| {
        open.missing == Missing::RequestUnfinished && !found.has(ids::UNANSWERED_TAIL)
    });
    let promised = open.and_then(|open| open.exchange?.request_body_expected);
    let (Some(promised), Some(last)) = (promised, client.last_new_data) else {
        return;
    };
    let waited = found.has(ids::OPEN_AND_WAITING) || found.has(ids::LONG_WAIT);
    if waited && promised > u64::from(LARGE) && client.sizes.largest_sent < SMALLEST_LARGE {
        found.tell(
            ids::NOTHING_LARGE_CAME,
            [last.frame],
            format_args!(
                "Of a request body of {} nothing came past here, though the client needs no leave to send it; the largest segment of the client that did come carries {}.",
                wording::bytes(promised),
                wording::bytes(u64::from(client.sizes.largest_sent))
            ),
        );
    }
}

/// A response, or an upload, that stops in the middle of full segments, without PSH: the sender had more to send at that
/// moment.
pub(super) fn full_flow(case: &Case<'_>, found: &mut Observations) {
    let waits = case.close.is_none() && found.has(ids::OPEN_AND_WAITING);
    let (sender, what) = match case.accounts.missing() {
        Some(Missing::ResponseUnfinished) => (Side::Server, "response"),
        Some(Missing::RequestUnfinished) => (Side::Client, "request"),
        _ => match unread_flow(case).filter(|_| waits) {
            Some(sender) => (sender, "data"),
            None => return,
        },
    };
    let closed_otherwise = case
        .close
        .is_some_and(|close| close.side == sender || close.kind == Kind::Rst);
    let waited_for = match case.close {
        Some(_) => sender == Side::Server || found.has(ids::LONG_WAIT),
        None => found.has(ids::OPEN_AND_WAITING),
    };
    if closed_otherwise || !waited_for || found.has(ids::UNANSWERED_TAIL) {
        return;
    }
    if let Some(last) = last_without_push(case, sender) {
        found.add(
            ids::STOPPED_IN_FULL_FLOW,
            [last.frame],
            format_args!(
                "The last segment of the {what} (frame {}) carries no PSH: {} had more to send at once, and it did not come.",
                last.frame,
                wording::side(sender)
            ),
        );
    }
}

/// Where nothing tells how much was to come: the side that spoke last, if its last segment says that more was to follow.
pub(in crate::observations) fn unread_flow(case: &Case<'_>) -> Option<Side> {
    let c = case.connection;
    let told = |side: Side| {
        let mut data = c
            .packets
            .iter()
            .filter(|p| p.side == side && p.payload_len > 0);
        data.any(|p| p.flags.contains(TcpFlags::PSH))
    };
    let open = case.accounts.open.as_ref().and_then(|open| open.exchange);
    if !c.timed
        || c.elided
        || case.accounts.untold
        || open.is_some_and(|e| e.request.is_some() && !e.from_list)
    {
        return None;
    }
    let last = |side: Side| c.flows.of(side).last_new_data.map_or(0, |at| at.frame);
    let sender = match last(Side::Client) > last(Side::Server) {
        true => Side::Client,
        false => Side::Server,
    };
    last_without_push(case, sender).filter(|_| told(sender))?;
    Some(sender)
}

/// The last segment of a side, where it is as full as they come, arrived, and carries no PSH: a host sets that where its program has
/// nothing more to send (RFC 9293 §3.9.1.2).
fn last_without_push(case: &Case<'_>, sender: Side) -> Option<Moment> {
    let c = case.connection;
    let flow = c.flows.of(sender);
    let last = flow.last_new_data?;
    let latest = c
        .packets
        .iter()
        .rfind(|p| p.side == sender && p.payload_len > 0);
    let segment = flow.largest_segment(c.flows.of(sender.peer()));
    let full = latest
        .is_some_and(|p| p.payload_len >= segment && (p.payload_len == segment || is_full(c, p)));
    // What came behind it and was acknowledged, though not captured, may have been the end of a write.
    let unseen = latest.is_some_and(|p| flow.acked_to > p.seq_end().saturating_add(1));
    let flowed = !unseen && !flow.last_data_pushed && flow.data_packets > 2;
    (flowed && full).then_some(last)
}
