//! Protocols in which the server speaks first: a silence there is the server's.

use whyreset_capture::Span;
use whyreset_connections::Moment;

use super::ids;
use crate::Observations;
use crate::case::Case;
use crate::wording;

/// Ports whose servers begin with a greeting: FTP (RFC 959), SSH (RFC 4253 §4.2), SMTP (RFC 5321 §3.1), POP3 (RFC 1939), NNTP
/// (RFC 3977), IMAP (RFC 9051), ManageSieve (RFC 5804), MySQL, VNC (RFC 6143).
const GREETERS: [u16; 11] = [21, 22, 25, 110, 119, 143, 587, 2525, 3306, 4190, 5900];

/// Whoever leaves sooner only looked whether the port is open.
const LOOKED_ONLY: Span = Span::from_secs(2);

/// The connection was opened, and it is the server's turn to say the first word.
pub(super) fn is_due(case: &Case<'_>) -> bool {
    let c = case.connection;
    c.handshake.is_complete() && !c.elided && GREETERS.contains(&c.ends.server.port)
}

/// Records that the server closed when it was its turn to say the first word.
pub(super) fn withheld(case: &Case<'_>, closed: Moment, found: &mut Observations) {
    let c = case.connection;
    let due = is_due(case) && c.flows.server.sent_nothing();
    let Some(opened) = c.handshake.ack.filter(|_| due) else {
        return;
    };
    found.tell(
        ids::CLOSED_WITHOUT_GREETING,
        [opened.frame, closed.frame],
        format_args!(
            "On port {} servers speak first: this one closed (frame {}) without a greeting, and had no request to wait for.",
            c.ends.server.port, closed.frame
        ),
    );
}

/// Records that a client left without having heard a greeting.
pub(super) fn missing(case: &Case<'_>, left: Moment, found: &mut Observations) {
    let opened = case.connection.handshake.ack;
    let Some(opened) = opened.filter(|_| is_due(case)) else {
        return;
    };
    let waited = left.time - opened.time;
    if waited < LOOKED_ONLY {
        return;
    }
    found.tell(
        ids::GREETING_MISSING,
        [opened.frame, left.frame],
        format_args!(
            "On port {} servers speak first, but none greeted within the {} from the handshake (frame {}) to the client's close (frame {}).",
            case.connection.ends.server.port,
            wording::span(waited),
            opened.frame,
            left.frame
        ),
    );
}
