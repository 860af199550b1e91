//! Which FIN or RST ended the connection.

use whyreset_connections::{Acceptance, Connection, Moment, Reset, Side};
use whyreset_exchanges::Exchanges;

/// How a side closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// In order.
    Fin,
    /// Abruptly, or somebody in its name.
    Rst,
}

/// The first close that counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Close {
    /// Whose address it carries.
    pub side: Side,
    /// FIN or RST.
    pub kind: Kind,
    /// Its frame.
    pub at: Moment,
}

/// The RST that the connection died of: the first that its receiver can have accepted, unless both sides went on
/// after it; nothing where both sides had closed before.
pub(crate) fn fatal_reset(connection: &Connection<Exchanges>) -> Option<&Reset> {
    let resets = || {
        connection
            .resets
            .iter()
            .filter(|reset| !survived(connection, reset))
    };
    resets()
        .find(|reset| matches!(reset.acceptance, Acceptance::Exact | Acceptance::Unknown))
        .or_else(|| resets().find(|reset| reset.acceptance == Acceptance::InWindow))
        .or_else(|| resets().next())
}

/// The RST did not end the connection: its receiver need not accept it, and both sides made progress after it.
fn survived(connection: &Connection<Exchanges>, reset: &Reset) -> bool {
    if reset.acceptance == Acceptance::Exact {
        return false;
    }
    let after = |moment: Option<Moment>| moment.is_some_and(|m| m.time > reset.at.time);
    let flows = &connection.flows;
    let progress =
        after(flows.client.last_progress) as u8 + after(flows.server.last_progress) as u8;
    let sides = after(flows.client.last) && after(flows.server.last);
    sides && progress > 0
}

/// The first FIN or fatal RST.
pub(crate) fn first_close(
    connection: &Connection<Exchanges>,
    fatal: Option<&Reset>,
) -> Option<Close> {
    let fin = |side: Side| {
        connection.flows.of(side).fin.map(|fin| Close {
            side,
            kind: Kind::Fin,
            at: fin.at,
        })
    };
    let rst = fatal.map(|reset| Close {
        side: reset.by,
        kind: Kind::Rst,
        at: reset.at,
    });
    [fin(Side::Client), fin(Side::Server), rst]
        .into_iter()
        .flatten()
        .min_by_key(|close| (close.at.time, close.at.frame))
}
