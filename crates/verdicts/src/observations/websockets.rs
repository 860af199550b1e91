//! WebSockets that were closed without a close frame (RFC 6455 §7.1.5): programs are told of an abnormal closure, code 1006.

use whyreset_connections::Side;
use whyreset_exchanges::Protocol;

use super::ids;
use crate::Observations;
use crate::case::{Case, Kind};
use crate::wording;

/// Records who closed a WebSocket without a close frame.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
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
        format!(
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
