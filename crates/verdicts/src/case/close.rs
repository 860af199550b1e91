//! Which FIN or RST ended the connection.

use whyreset_capture::Span;
use whyreset_connections::{
    self as connections, Acceptance, BySide, Connection, Dialect, Moment, Packet, PassedFin, Reset,
    Side,
};
use whyreset_exchanges::Exchanges;
use whyreset_segments::Known;

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
    let exact =
        resets().find(|reset| matches!(reset.acceptance, Acceptance::Exact | Acceptance::Unknown));
    let in_window = || resets().find(|reset| reset.acceptance == Acceptance::InWindow);
    exact
        .map(|exact| {
            let earlier = forged_before(connection, exact);
            earlier
                .or_else(|| killed_before(connection, exact))
                .unwrap_or(exact)
        })
        .or_else(in_window)
        .or_else(|| resets().next())
        .or_else(|| last_of_too_many(connection))
}

/// A device resets both ends, with numbers as far as it knows them: one may be a miss by now. What the end that is dead says then, in its
/// host's own words, comes behind that: the forged RST is the root.
fn forged_before<'a>(connection: &'a Connection<Exchanges>, exact: &Reset) -> Option<&'a Reset> {
    let in_its_name = |reset: &&Reset| {
        let miss = matches!(reset.acceptance, Acceptance::InWindow | Acceptance::Outside);
        miss && reset.by == exact.by && reset.at.frame < exact.at.frame
    };
    let mut misses = connection.resets.iter().filter(in_its_name);
    misses.find(|forged| {
        let words = exact.dialect == Dialect::Passive && exact.origin.host > forged.origin.host;
        words && !forged.aftermath.sender_sent_data && forged.origin.host < FOREIGN
    })
}

/// A host that answers as a stranger was dead before: of more RSTs than are kept one had killed it, for which the last that is kept stands.
fn killed_before<'a>(connection: &'a Connection<Exchanges>, exact: &Reset) -> Option<&'a Reset> {
    if exact.dialect != Dialect::Passive || !are_too_many(connection) {
        return None;
    }
    let mut before = connection.resets.iter().rev();
    before.find(|reset| reset.by != exact.by && reset.at.frame < exact.at.frame)
}

/// More RSTs came than are kept.
fn are_too_many(connection: &Connection<Exchanges>) -> bool {
    let count = connection.reset_count;
    count.client + count.server > connection.resets.len() as u64
}

/// A host to which a RST is due with less probability has not sent it.
const FOREIGN: f64 = 0.2;

/// A firewall that answers each acknowledgement of a download with a RST has sent many before one of them still had the right number: more
/// than are kept. Its receiver refused what came later, so one of them was accepted: for that stands the last that is kept.
fn last_of_too_many(connection: &Connection<Exchanges>) -> Option<&Reset> {
    let last = connection.resets.iter().rev();
    let mut killed = last.filter(|reset| reset.aftermath.receiver_answered_rst.is_some());
    killed.next().filter(|_| are_too_many(connection))
}

/// Reordering, and a host's own pace.
const IN_FLIGHT: Span = Span::from_millis(5);

/// The RST did not end the connection: its receiver need not accept it, and both sides made progress after it.
fn survived(connection: &Connection<Exchanges>, reset: &Reset) -> bool {
    if before_the_handshake(connection, reset) {
        return true;
    }
    // Who acknowledges more of the stream than the RST left of it has not died of it, whatever its number.
    // What was on its way says nothing.
    let trip = connection.vantage.round_trip.of(reset.by.peer());
    let travel = trip.typical.max(trip.handshake).unwrap_or(Span::ZERO) + IN_FLIGHT;
    let took_more = connection.packets.iter().any(|p| {
        let later = p.side != reset.by && p.time > reset.at.time + travel && !p.flags.is_rst();
        later && p.known.has(Known::ACK) && p.ack > reset.seq.saturating_add(1)
    });
    let went_on = reset.aftermath.sender_sent_data;
    if took_more && went_on {
        return true;
    }
    if reset.acceptance == Acceptance::Exact {
        return false;
    }
    if heard_more(connection, reset, travel) {
        return true;
    }
    // Its receiver drops one that lies outside of its window, and here it spoke on after that.
    let missed = reset.acceptance == Acceptance::Outside;
    if missed && spoke_on(connection, reset, travel) {
        return true;
    }
    let after = |moment: Option<Moment>| moment.is_some_and(|m| m.time > reset.at.time);
    let flows = &connection.flows;
    let progress =
        after(flows.client.last_progress) as u8 + after(flows.server.last_progress) as u8;
    // More RSTs are no life.
    let spoke = |side: Side| {
        let mut later = connection.packets.iter().rev();
        later.any(|p| p.side == side && p.frame > reset.at.frame && !p.flags.is_rst())
    };
    spoke(Side::Client) && spoke(Side::Server) && progress > 0
}

/// Longer than most packets are on their way.
const ARRIVED: Span = Span::from_millis(300);

/// Of the receiver of the RST nothing was captured, but the other side goes on acknowledging more and more of it, when all that was on its
/// way has arrived.
fn heard_more(connection: &Connection<Exchanges>, reset: &Reset, travel: Span) -> bool {
    if connection.flows.of(reset.by.peer()).packets > 0 {
        return false;
    }
    let arrived = reset.at.time + travel + ARRIVED;
    let acknowledged = |later: bool| {
        let own = connection.packets.iter().filter(move |p| {
            let told = p.known.has(Known::ACK) && !p.flags.is_rst();
            told && p.side == reset.by && (p.time > arrived) == later
        });
        own.map(|p| p.ack).max()
    };
    let before = acknowledged(false);
    before
        .zip(acknowledged(true))
        .is_some_and(|(before, after)| after > before)
}

/// The receiver of the RST had it in hand, and sent something of its own after that, other than a retransmission that nobody wants any more.
fn spoke_on(connection: &Connection<Exchanges>, reset: &Reset, travel: Span) -> bool {
    let receiver = reset.by.peer();
    let sent = || connection.packets.iter().filter(|p| p.side == receiver);
    let before = sent()
        .filter(|p| p.time <= reset.at.time && p.known.has(Known::SEQ) && !p.flags.is_rst())
        .map(|p| p.seq_end())
        .max();
    let later = |p: &&Packet| p.time > reset.at.time + travel && !p.flags.is_rst();
    before.is_some_and(|reached| {
        sent()
            .filter(later)
            .any(|p| p.known.has(Known::SEQ) && p.seq >= reached && p.payload_len > 0)
    })
}

/// A RST before the SYN/ACK of a handshake that was finished after it: it refused what was left of an older connection with the
/// same ports (SYN, the old one's ACK, RST, SYN again; RFC 9293 §3.5.1, figure 9), or a forger's, and failed.
fn before_the_handshake(connection: &Connection<Exchanges>, reset: &Reset) -> bool {
    let h = &connection.handshake;
    let answered = h.syn_ack.is_some_and(|at| at.frame > reset.at.frame);
    let finished = h.ack.is_some_and(|at| at.frame > reset.at.frame);
    // Who asks again after it, and takes the answer, has not died of it either: Windows does so by itself.
    let again = h.last_syn.is_some_and(|at| at.frame > reset.at.frame);
    answered && finished && (again || connection.flows.client.bytes > 0)
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
    if let Some(first) = first_of_crossing_fins(connection)
        && rst.is_none_or(|rst| rst.at.frame > first.at.frame)
    {
        return Some(first);
    }
    [fin(Side::Client), fin(Side::Server), rst]
        .into_iter()
        .flatten()
        .min_by_key(|close| (close.at.time, close.at.frame))
}

/// Of two FINs that crossed on the way the one that left first, not the one that passed here first.
fn first_of_crossing_fins(connection: &Connection<Exchanges>) -> Option<Close> {
    let passed = |side: Side| {
        let fin = connection.flows.of(side).fin?;
        let mut packets = connection.packets.iter();
        let packet = packets.find(|p| p.frame == fin.at.frame)?;
        packet.known.has(Known::ACK).then_some(PassedFin {
            at: fin.at,
            seq: fin.seq,
            ack: packet.ack,
        })
    };
    let fins = BySide {
        client: passed(Side::Client)?,
        server: passed(Side::Server)?,
    };
    let trips = &connection.vantage.round_trip;
    let trips = BySide {
        client: trips.client.minimum,
        server: trips.server.minimum,
    };
    let side = connections::first_of_crossing_fins(&fins, &trips)?;
    Some(Close {
        side,
        kind: Kind::Fin,
        at: fins.of(side).at,
    })
}
