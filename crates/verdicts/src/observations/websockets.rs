//! WebSockets that were closed without a close frame (RFC 6455 §7.1.5): programs are told of an abnormal closure, code 1006. And those
//! that a side closed because its ping got no pong.

use whyreset_connections::Side;
use whyreset_exchanges::Protocol;

use super::ids;
use crate::Observations;
use crate::case::{Case, Kind};
use crate::wording;

/// Records who closed a WebSocket without a close frame, or behind a ping that was not answered.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    ping_unanswered(case, found);
    let app = &case.connection.app;
    let last = app.list.last().filter(|e| {
        e.protocol == Protocol::Other("websocket") && !e.complete && !e.uncertain && !e.from_list
    });
    let Some((close, socket)) = case.close.zip(last) else {
        return;
    };
    let id = match close.side {
        Side::Client => ids::WEBSOCKET_CUT_BY_CLIENT,
        Side::Server => ids::WEBSOCKET_CUT_BY_SERVER,
    };
    found.tell(
        id,
        [socket.started.map_or(0, |m| m.frame), close.at.frame],
        format_args!(
            "Neither side had sent a WebSocket close frame when {} sent {} (frame {}): programs report such an end as abnormal, with code 1006 (RFC 6455 §7.1.5).",
            wording::side(close.side),
            match close.kind {
                Kind::Fin => "FIN",
                Kind::Rst => "RST",
            },
            close.at.frame
        ),
    );
}

/// Every endpoint has to answer a ping (RFC 6455 §5.5.2): who says goodbye instead of waiting on has given the other side up.
fn ping_unanswered(case: &Case<'_>, found: &mut Observations) {
    let mut findings = case.connection.app.findings.iter();
    let given_up = findings.find(|it| it.id == "websocket_ping_unanswered");
    let Some((finding, side)) = given_up.and_then(|it| Some((it, it.side?))) else {
        return;
    };
    let id = match side {
        Side::Client => ids::PING_OF_CLIENT_UNANSWERED,
        Side::Server => ids::PING_OF_SERVER_UNANSWERED,
    };
    found.tell(
        id,
        &finding.frames,
        format_args!(
            "{} had sent a WebSocket ping and got no pong before it said goodbye: the other side's program did not answer.",
            wording::the_side(side)
        ),
    );
}
