//! A client that aborts a session which cannot be read right behind much data.

use whyreset_capture::Span;
use whyreset_connections::{Dialect, Side};
use whyreset_exchanges::AnswerEnd;

use super::ids;
use crate::Observations;
use crate::case::{Case, Kind};
use crate::wording;

/// Programs that have it all close at once, but not in the middle of reading.
const AT_ONCE: Span = Span::from_millis(20);
/// More than a page.
const MUCH: u64 = 65_536;

/// Records it: a host resets by itself where something lies unread, and a program that has had all leaves nothing.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let aborted = case.close.filter(|close| {
        let active = case.fatal.is_some_and(|reset| {
            reset.at.frame == close.at.frame && reset.dialect == Dialect::Active
        });
        active && (close.side, close.kind) == (Side::Client, Kind::Rst)
    });
    let (Some(close), Some(wait)) = (aborted, case.wait) else {
        return;
    };
    let mut sessions = c.app.list.iter().filter_map(|e| e.tls.as_ref());
    // By its last record the answer had ended: what lay unread is that record, and nobody needs it.
    let over = sessions.any(|tls| tls.server_said_goodbye() || tls.answer_end == AnswerEnd::Marked);
    let flows = &c.flows;
    let frame = |side| flows.of(side).last_new_data.map_or(0, |at| at.frame);
    let server_last = frame(Side::Server) > frame(Side::Client);
    let hidden = case.accounts.encrypted && case.accounts.open.is_none();
    if hidden && server_last && !over && wait.since_data < AT_ONCE && flows.server.bytes > MUCH {
        found.tell(
            ids::RESET_BEHIND_BULK,
            [frame(Side::Server), close.at.frame],
            format_args!(
                "The client aborted {} behind the server's data: its host does so where something lies unread.",
                wording::span(wait.since_data)
            ),
        );
    }
}
