//! A FIN that the other host answers as a stranger.

use whyreset_connections::{Dialect, Side};

use super::ids;
use crate::case::{Case, Kind};
use crate::{Observations, wording};

/// Records that the client gave up waiting, and its FIN met a host that did not know the connection: it had not just been slow.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let left = case
        .close
        .filter(|close| (close.side, close.kind) == (Side::Client, Kind::Fin));
    let refused = case
        .fatal
        .filter(|reset| reset.by == Side::Server && reset.dialect == Dialect::Passive);
    let (Some(close), Some(reset)) = (left, refused) else {
        return;
    };
    let mut behind = case.connection.packets.iter();
    let alive =
        behind.any(|p| p.side == Side::Server && p.frame > close.at.frame && !p.flags.is_rst());
    let waited = found.has(ids::LONG_WAIT) && case.accounts.missing().is_some();
    if !alive && waited && reset.at.frame > close.at.frame {
        found.tell(
            ids::FIN_REFUSED,
            [close.at.frame, reset.at.frame],
            format!(
                "The client's FIN (frame {}) was answered with a bare RST (frame {}): {} had no such connection any more. It had not just been slow.",
                close.at.frame,
                reset.at.frame,
                wording::side(Side::Server)
            ),
        );
    }
}
