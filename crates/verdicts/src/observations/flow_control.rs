//! HTTP/2's own windows (RFC 9113 §5.2): a receiver that grants no more, though TCP's window is open.

use whyreset_connections::Side;
use whyreset_exchanges::FlowControlStall;

use super::ids;
use super::windows::{LONGEST_DIP, Shut};
use crate::case::Case;
use crate::{Observations, wording};

/// A stream whose sender was out of room for longer than any dip, up to the end of the connection or of the stream.
pub(super) fn shut(case: &Case<'_>) -> Option<Shut> {
    find(case).map(|(_, shut)| shut)
}

/// Records it.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let Some((stall, shut)) = find(case) else {
        return;
    };
    let frames = [shut.since.frame];
    let receiver = wording::side(shut.receiver);
    found.tell(
        ids::WINDOW_SHUT,
        frames,
        format_args!(
            "{} might send no more from frame {} on: the HTTP/2 window of {} was used up, and {receiver} granted nothing for {} (no WINDOW_UPDATE), though its TCP window was open.",
            wording::the_side(stall.sender),
            shut.since.frame,
            if stall.of_connection { "the whole connection" } else { "the stream" },
            wording::span(shut.length)
        ),
    );
    found.add(
        ids::WINDOW_OF_HTTP2,
        frames,
        "The window that stayed shut is HTTP/2's, not TCP's.",
    );
}

fn find(case: &Case<'_>) -> Option<(FlowControlStall, Shut)> {
    let c = case.connection;
    let far = case
        .path_round_trip()
        .map_or(LONGEST_DIP, |trip| trip + trip + trip);
    // Windows are counted from the first frame on, and by every one: what the capture lost may have opened them.
    c.handshake.syn?;
    if c.flows.client.acks_of_unseen + c.flows.server.acks_of_unseen > 0 {
        return None;
    }
    c.app.list.iter().find_map(|exchange| {
        let stream = exchange.http2.as_ref()?;
        let stall = stream.stalled?;
        let reset = stream.reset.as_ref().map(|reset| reset.at);
        let end = reset.or(case.close.map(|close| close.at));
        let length = end.map_or(c.capture_end, |end| end.time) - stall.since.time;
        let shut = Shut {
            receiver: stall.sender.peer(),
            since: stall.since,
            length,
        };
        (length > LONGEST_DIP.max(far)).then_some((stall, shut))
    })
}

/// Whose window it is.
pub(crate) fn receiver(case: &Case<'_>) -> Option<Side> {
    shut(case).map(|shut| shut.receiver)
}
