//! Encrypted answers of which the end does not show, and a client that left in silence behind one.

use whyreset_connections::Side;
use whyreset_exchanges::{Protocol, Tls};

use super::ids;
use crate::Observations;
use crate::case::Case;
use crate::timers::{self, Waiter};
use crate::wording;

/// Records that the client may have given up waiting for the rest of an answer, and what speaks against that.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let Some(close) = case.close.filter(|close| close.side == Side::Client) else {
        return;
    };
    let Some(tls) = session(case).filter(|_| case.accounts.open.is_none()) else {
        return;
    };
    let Some(wait) = case.wait.filter(|_| tls.left_in_silence) else {
        return;
    };
    let frames = [wait.after.frame, close.at.frame];
    if !found.has(ids::ROUND_SINCE_OPENING) {
        found.add(
            ids::PERHAPS_LEFT_EARLY,
            frames,
            "If the encrypted answer was not whole when the server fell silent",
        );
    }
    if tls.response_under_way == Some(false) {
        found.add(
            ids::ANSWER_ENDED_BY_SIZE,
            frames,
            "The server's last record is shorter than those before it, as the last piece of a body is.",
        );
    }
    if let Some(timer) = timers::fitting(wait.since_data, Waiter::Pool) {
        found.add(
            ids::IDLE_CLOSE_FITS,
            frames,
            format!(
                "{} behind the last data fits {} ({}).",
                wording::span(wait.since_data),
                timer.name,
                timer.source
            ),
        );
    }
}

/// The session that cannot be read.
fn session<'a>(case: &Case<'a>) -> Option<&'a Tls> {
    let last = case.connection.app.list.last()?;
    matches!(last.protocol, Protocol::Tls(_))
        .then_some(last.tls.as_deref())
        .flatten()
}
