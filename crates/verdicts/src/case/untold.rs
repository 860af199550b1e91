//! Rows of a pasted list that show that there was payload, but not how much, or where in the stream it belongs, in a protocol that is
//! not named: all that is left is whose turn it was.

use whyreset_capture::Span;
use whyreset_connections::{Connection, Moment, Packet, Side};
use whyreset_exchanges::Exchanges;
use whyreset_segments::{Known, TcpFlags};

use super::accounts::{Missing, OpenExchange};
use super::close::{Close, Kind};
use super::sizes::FAREWELL_BYTES;

/// The last word before the close, where nothing but its sender can be told.
pub(super) struct LastWord {
    side: Side,
    /// Rows are left out behind it: others may have followed.
    is_followed: bool,
}

/// Who had the last word before the close, where only that can be told.
pub(super) fn last_word(
    connection: &Connection<Exchanges>,
    close: Option<Close>,
) -> Option<LastWord> {
    let flows = &connection.flows;
    let untold = flows.client.unsized_packets + flows.server.unsized_packets;
    if untold == 0 || !connection.app.list.is_empty() {
        return None;
    }
    let before = |frame: u64| close.is_none_or(|close| frame < close.at.frame);
    let spoke = |side: Side| {
        let mut rows = connection.packets.iter();
        let shown = rows.rfind(|packet| {
            packet.side == side
                && before(packet.frame)
                && may_have_data(packet)
                && !is_farewell(packet, close)
        });
        // Of a long list not all rows are kept.
        let last = flows.of(side).last_data.map(|at| at.frame);
        let last = last.filter(|frame| before(*frame) && connection.packets_dropped > 0);
        shown.map(|packet| packet.frame).max(last)
    };
    let sides = [Side::Client, Side::Server].into_iter();
    let spoken = sides.filter_map(|side| Some((spoke(side)?, side)));
    let (frame, side) = spoken.max_by_key(|(frame, _)| *frame)?;
    let until = close.map_or(u64::MAX, |close| close.at.frame);
    let mut behind = connection.packets.iter();
    // Who draws a talk by hand, without lengths, leaves nothing out that was said.
    let sized = |p: &Packet| p.frame == frame && p.known.has(Known::LEN);
    let is_followed = connection.elided
        && connection.packets.iter().any(sized)
        && behind.any(|p| p.frame > frame && p.frame <= until && p.known.has(Known::GAP_BEFORE));
    Some(LastWord { side, is_followed })
}

/// A few bytes right before its sender's own FIN: close_notify, `QUIT`.
fn is_farewell(packet: &Packet, close: Option<Close>) -> bool {
    let few = i64::from(packet.payload_len) <= FAREWELL_BYTES && packet.known.has(Known::TIME);
    close.is_some_and(|close| {
        let own = (close.side, close.kind) == (packet.side, Kind::Fin);
        few && own && close.at.time - packet.time < AT_ONCE
    })
}

fn may_have_data(packet: &Packet) -> bool {
    let pushed = packet.flags.contains(TcpFlags::PSH) || !packet.known.has(Known::FLAGS);
    packet.payload_len > 0 || (!packet.known.has(Known::LEN) && pushed)
}

/// Who says goodbye does not wait for an answer.
const AT_ONCE: Span = Span::from_millis(5);
/// Fewer are no flow.
const FEW: usize = 3;
/// Whose data arrives is heard of sooner.
const UNHEARD: Span = Span::from_secs(1);

/// The last packets of all, where these are one side's, with data or perhaps so, and nothing of the other follows for long: the first and the last of them.
pub(crate) fn unheard_at_end(connection: &Connection<Exchanges>) -> Option<(Moment, Moment)> {
    let last = connection.packets.last()?;
    let untold = |p: &&Packet| {
        let hidden = !p.known.has(Known::SEQ) && p.known.has(Known::TIME);
        let sized = p.payload_len > 0 || !p.known.has(Known::LEN);
        hidden && sized && p.side == last.side && !p.flags.opens_or_ends()
    };
    let own = || connection.packets.iter().rev().take_while(untold);
    let (first, last) = (own().last()?.moment(), last.moment());
    (own().count() >= FEW && last.time - first.time >= UNHEARD).then_some((first, last))
}

/// What may be data of one side without numbers, one packet after the other, behind which the other acknowledges no more than before:
/// nothing of it arrived. The first and the last of them, and the last acknowledgement.
pub(crate) fn unacknowledged_at_end(
    connection: &Connection<Exchanges>,
) -> Option<(Moment, Moment, Moment)> {
    let told = |p: &Packet| p.known.has(Known::ACK) && !p.known.has(Known::ACK_INFERRED);
    let answer = connection.packets.last()?;
    if !told(answer) || answer.payload_len > 0 || answer.flags != TcpFlags::ACK {
        return None;
    }
    let sent = |p: &&Packet| {
        let sized = p.payload_len > 0 || !p.known.has(Known::LEN);
        let hidden = !p.known.has(Known::SEQ) && sized;
        p.side != answer.side && hidden && !p.flags.opens_or_ends()
    };
    let mut before = connection.packets.iter().rev().skip(1).peekable();
    let last = before.next_if(|p| sent(p))?;
    let (mut first, mut count) = (last, 1);
    while let Some(packet) = before.next_if(|p| sent(p)) {
        (first, count) = (packet, count + 1);
    }
    let earlier = before.find(|p| p.side == answer.side && told(p))?;
    (count >= FEW && earlier.ack >= answer.ack).then_some((
        first.moment(),
        last.moment(),
        answer.moment(),
    ))
}

/// So many intervals between answers to probes.
const INTERVALS: usize = 2;

/// The last packets of all carry nothing, and the sides take turns at growing intervals: one asks again and again whether the other's
/// window is still shut (RFC 9293 §3.8.6.1), which the rows do not tell. The first and the last of them.
pub(crate) fn probes_at_end(connection: &Connection<Exchanges>) -> Option<(Moment, Moment)> {
    let last = connection.packets.last()?;
    let tail = || connection.packets.iter().rev().take_while(|p| is_bare(p));
    let own = tail().filter(|p| p.side == last.side);
    let others = tail().filter(|p| p.side != last.side).count();
    let mut since = last;
    let mut turns = 0;
    let mut interval = None;
    for packet in own.skip(1) {
        let length = since.time - packet.time;
        // Probes of a connection at rest come at even intervals.
        if interval.is_some_and(|later: Span| length.nanos() > later.nanos() / 5 * 4) {
            break;
        }
        (since, interval) = (packet, Some(length));
        turns += 1;
    }
    let asked = turns >= INTERVALS && others >= INTERVALS;
    let slow = last.time - since.time >= UNHEARD;
    (asked && slow).then(|| (since.moment(), last.moment()))
}

/// It carries nothing, or, where the row does not tell, it looks like a plain acknowledgement.
fn is_bare(packet: &Packet) -> bool {
    let bare = match packet.known.has(Known::LEN) {
        true => packet.payload_len == 0 && !packet.flags.opens_or_ends(),
        false => packet.flags == TcpFlags::ACK,
    };
    bare && packet.known.has(Known::TIME) && !packet.known.has(Known::SEQ)
}

/// Whether no row tells its control bits: without them nothing shows how a connection ended, or whether it did.
pub(crate) fn hides_flags(connection: &Connection<Exchanges>) -> bool {
    let hidden = |p: &Packet| !p.known.tells_flags();
    !connection.packets.is_empty() && connection.packets.iter().all(hidden)
}

/// What the client said last is taken for a request without an answer.
pub(super) fn unanswered(last: &LastWord) -> Option<OpenExchange<'static>> {
    let waits = last.side == Side::Client && !last.is_followed;
    waits.then(|| OpenExchange::estimated(None, Missing::Unanswered))
}
