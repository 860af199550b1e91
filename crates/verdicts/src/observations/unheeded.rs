//! A client that left, and a server whose program took no notice of that: it was busy with something else than reading.

use whyreset_capture::Span;
use whyreset_connections::Side;

use super::ids;
use crate::Observations;
use crate::case::{Case, Close, Kind, in_flight};
use crate::wording;

/// Whoever waits for the next request reads the end of the stream at once, and closes; a busy host takes a moment.
const A_MOMENT: Span = Span::from_secs(1);

/// Where it is in question whether the last answer was whole: the server's host acknowledged the client's FIN, and its program did not
/// close in return, though the capture runs on.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let left = |close: &Close| (close.side, close.kind) == (Side::Client, Kind::Fin);
    let Some(close) = case.close.filter(left) else {
        return;
    };
    let silent = c.flows.server.fin.is_none() && c.reset_count.server == 0;
    let arrived = in_flight(c, Side::Client) <= 0 && c.flows.client.unanswered.is_none();
    let rest = c.capture_end - close.at.time;
    let doubted = found.has_any(&[ids::PERHAPS_LEFT_EARLY, ids::ROUND_SINCE_OPENING]);
    let due = c.timed && !c.elided && rest > A_MOMENT + case.two_round_trips();
    if !(doubted && silent) {
        return;
    }
    if !due {
        return found.add(
            ids::CLOSE_IN_RETURN_UNSEEN,
            [close.at.frame],
            "The capture ends right behind the client's FIN: what the server made of that does not show.",
        );
    }
    if arrived {
        found.tell(
            ids::CLOSE_UNHEEDED,
            [close.at.frame],
            format_args!(
                "The server's host acknowledged the client's FIN (frame {}), but its program did not close in return in the {} that the capture runs on: who waits for the next request does so at once.",
                close.at.frame,
                wording::span(rest)
            ),
        );
    }
}
