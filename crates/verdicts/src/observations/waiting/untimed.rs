//! Waits that matter and do not show, as the rows of a list tell no times.

use whyreset_connections::{Flow, Side};
use whyreset_segments::Known;

use super::ids;
use crate::Observations;
use crate::case::{Case, Close, Kind, Missing};

/// Records that a list has no times, or tells none where it matters.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let Some(close) = case.close.filter(|close| wait_matters(case, *close)) else {
        return;
    };
    let flows = &case.connection.flows;
    let words = [flows.client.last_new_data, flows.server.last_new_data];
    let last = words.into_iter().flatten().map(|at| at.frame).max();
    let timed = |frame: u64| {
        let mut packets = case.connection.packets.iter();
        let packet = packets.find(|p| p.frame == frame);
        case.connection.timed && packet.is_none_or(|p| p.known.has(Known::TIME))
    };
    if last.is_none_or(timed) && timed(close.at.frame) {
        return;
    }
    found.tell(
        ids::UNTIMED,
        last.into_iter()
            .chain([close.at.frame])
            .collect::<Vec<_>>(),
        "The rows tell no times: how long anybody had waited when the connection was closed does not show.",
    );
}

/// Who closed may have waited: the client for an answer, or behind its last words; the server for a request, for the rest of it, or
/// for room. A server that owes an answer leaves early, be it soon or late.
fn wait_matters(case: &Case<'_>, close: Close) -> bool {
    let flows = &case.connection.flows;
    let said = |flow: &Flow| flow.last_new_data.map_or(0, |at| at.frame);
    let missing = case.accounts.missing();
    match close.side {
        Side::Client => {
            let promised = case.accounts.unread.is_none();
            missing.is_some() || !promised || said(&flows.client) > said(&flows.server)
        }
        Side::Server if flows.client.sent_nothing() => {
            close.kind == Kind::Fin && !case.accounts.unseen
        }
        // Whether the request was whole no row tells.
        Side::Server => missing
            .is_some_and(|missing| missing != Missing::Unanswered || case.accounts.is_listed()),
    }
}
