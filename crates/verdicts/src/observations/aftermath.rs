//! The aftermath of a RST: a host that reset a connection does not go on talking in it.

use super::ids;
use crate::case::Case;
use crate::{Observations, wording};

/// RSTs looked at: a forger's come first.
const FIRST_RESETS: usize = 4;

/// Records that the side in whose name the RST came went on as if nothing had happened.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    if case.both_finished() {
        return;
    }
    // One that failed before the handshake is told elsewhere.
    let opened = case.connection.handshake.ack.map_or(0, |at| at.frame);
    let resets = case
        .connection
        .resets
        .iter()
        .filter(|reset| reset.at.frame > opened)
        .take(FIRST_RESETS);
    let first = resets
        .filter_map(|reset| Some((reset, reset.aftermath.sender_went_on?)))
        .next();
    let Some((reset, went_on)) = first else {
        return;
    };
    let who = wording::side(reset.by);
    let mut frames = vec![reset.at.frame, went_on.frame];
    let mut text = format!(
        "After the RST in its name (frame {}) {who} went on as if nothing had happened (frame {}): a host that resets a connection does not go on talking in it.",
        reset.at.frame, went_on.frame
    );
    if let Some(answer) = reset.aftermath.receiver_answered_rst {
        frames.push(answer.frame);
        text.push_str(&format!(
            " {}, whose end the RST had killed, refused that with a bare RST (frame {}).",
            wording::the_side(reset.by.peer()),
            answer.frame
        ));
    }
    found.tell(ids::SENDER_WENT_ON, frames, text);
}
