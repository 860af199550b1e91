//! A FIN that the other host answers as a stranger.

use whyreset_capture::Span;
use whyreset_connections::{Dialect, Side};

use super::ids;
use crate::case::{Case, Kind};
use crate::{Observations, wording};

/// Shorter silences say nothing of a device's memory.
const IDLE: Span = Span::from_secs(1);

/// Records a FIN that somebody nearer than its receiver answered with a bare RST, and one that met a host which knew nothing of it.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    refused_nearby(case, found);
    refused_by_host(case, found);
}

/// Behind a silence a device that has forgotten the connection answers the FIN in the other host's name, sooner than that can.
fn refused_nearby(case: &Case<'_>, found: &mut Observations) {
    let fin = case.close.filter(|close| close.kind == Kind::Fin);
    let idle = case.wait.is_some_and(|wait| wait.since_data > IDLE);
    let Some(close) = fin.filter(|_| idle && case.accounts.open.is_none()) else {
        return;
    };
    let other = close.side.peer();
    let mut resets = case.connection.resets.iter();
    let answer = resets.find(|reset| reset.by == other && reset.dialect == Dialect::Passive);
    let trip = case.round_trip(other);
    let Some((reset, trip)) = answer.zip(trip) else {
        return;
    };
    let mut own = case.connection.packets.iter().rev();
    let own = own.find(|p| p.side == other && !p.flags.is_rst() && p.ttl > 0);
    let nearer = own.is_some_and(|own| reset.ttl.is_some_and(|ttl| ttl != own.ttl));
    let soon = reset.at.time - close.at.time < Span::from_nanos(trip.nanos() / 2);
    if nearer && soon && reset.at.frame > close.at.frame {
        found.tell(
            ids::FIN_REFUSED_NEARBY,
            [close.at.frame, reset.at.frame],
            format_args!(
                "The FIN (frame {}) that broke the silence was answered with a bare RST (frame {}) of another TTL after {}; {} is {} away: a device between them had forgotten the connection.",
                close.at.frame,
                reset.at.frame,
                wording::span(reset.at.time - close.at.time),
                wording::side(other),
                wording::span(trip)
            ),
        );
    }
}

/// Records that the client gave up waiting, and its FIN met a host that did not know the connection: it had not just been slow.
fn refused_by_host(case: &Case<'_>, found: &mut Observations) {
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
            format_args!(
                "The client's FIN (frame {}) was answered with a bare RST (frame {}): {} had no such connection any more. It had not just been slow.",
                close.at.frame,
                reset.at.frame,
                wording::side(Side::Server)
            ),
        );
    }
}
