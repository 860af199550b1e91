//! Talk of which nothing can be read (headers alone, rows of a list): whether all of it had come shows in turns and times alone.

use whyreset_connections::Side;
use whyreset_exchanges::{Exchange, Protocol};

use super::ids;
use crate::Observations;
use crate::case::{Case, Kind, is_unread, was_sending};

/// Records how such a talk was closed.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let captured_in_part = |e: &Exchange| e.heard_in_part && e.protocol == Protocol::Unknown;
    let listed = |e: &Exchange| e.from_list && matches!(e.protocol, Protocol::Other(_));
    let unread = |e: &Exchange| captured_in_part(e) || listed(e) || is_unread(e);
    let accounts = &case.accounts;
    let Some(close) = case.close.filter(|close| close.kind == Kind::Fin) else {
        return;
    };
    let said = !accounts.silent && !accounts.unseen && !accounts.untold;
    if !said || !c.app.list.iter().all(unread) || accounts.open.is_some() {
        return;
    }
    found.add(
        ids::UNREAD_TALK,
        [close.at.frame],
        "Nothing of what was said can be read: whether all of it had come does not show.",
    );
    if found.has_any(&[ids::STOPPED_TOGETHER, ids::LEFT_TOGETHER]) {
        found.add(
            ids::UNREAD_STOPPED,
            [close.at.frame],
            "A program closed this connection with others at once: what it was about then cannot be read.",
        );
    }
    if close.side != Side::Client {
        return;
    }
    if found.has(ids::ROUND_WAIT) && !found.has(ids::IDLE_CLOSE_FITS) {
        found.add(
            ids::UNREAD_LEFT_AFTER_WAIT,
            [close.at.frame],
            "The client closed a round time behind the last word, as one does that waits for more of an answer, or keeps a connection no longer.",
        );
    }
    let last = |side: Side| c.flows.of(side).last_new_data.map_or(0, |at| at.frame);
    if last(Side::Client) > last(Side::Server) && was_sending(c) {
        found.add(
            ids::UNREAD_UPLOAD_LEFT,
            [last(Side::Client), close.at.frame],
            format_args!(
                "The client had the last word, of many segments, and closed (frame {}): most uploads are answered before.",
                close.at.frame
            ),
        );
    }
}
