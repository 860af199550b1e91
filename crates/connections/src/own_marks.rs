//! Our own marks: what the protocol says of a packet, where Wireshark's flags say less or something else.

use whyreset_capture::Span;
use whyreset_segments::{Known, Segment, TcpFlags};

use crate::direction::Direction;
use crate::{Marks, Packet};

/// No retransmission timer is shorter: RFC 6298 wants a second, Linux takes 200 ms. A little less, for the jitter.
const SHORTEST_TIMEOUT: Span = Span::from_millis(190);
/// A tail loss probe waits for two round trips, and no less than 10 ms (RFC 8985 §7.2).
const SHORTEST_PROBE: Span = Span::from_millis(9);
/// A challenge ACK follows its cause at once: within a round trip and some.
const CHALLENGE_WITHIN: Span = Span::from_secs(1);
/// No host repeats an acknowledgement by itself that late: delayed ACKs take half a second at most (RFC 9293 §3.8.6.3). Keep-alive
/// probes come no sooner than a second apart.
const REST: Span = Span::from_millis(900);

/// What the packet of `own` is, besides Wireshark's flags (which `packet.marks` holds). `since_sent` is the time since
/// the same sequence number was sent last.
pub(crate) fn find(
    packet: &Packet,
    segment: &Segment<'_>,
    own: &Direction,
    peer: &Direction,
    since_sent: Option<Span>,
) -> Marks {
    let mut marks = Marks::NONE;
    if is_probe_of_closed_window(packet, own, peer) {
        marks |= Marks::PROBE_OF_CLOSED_WINDOW;
    } else if packet.marks.has(Marks::RETRANSMISSION) {
        marks |= kind_of_retransmission(packet, own, since_sent);
    }
    if has_duplicate_sack(segment) {
        marks |= Marks::DUPLICATE_SACK;
    }
    if is_unnumbered_keep_alive(packet, own, peer) {
        marks |= Marks::UNNUMBERED_KEEP_ALIVE;
    }
    marks | of_calm(packet, own, peer)
}

/// The same of a calm packet: it is sent for the first time, and carries no SACK block.
#[inline]
pub(crate) fn of_calm(packet: &Packet, own: &Direction, peer: &Direction) -> Marks {
    let mut marks = Marks::NONE;
    if is_challenge_ack(packet, peer) {
        marks |= Marks::CHALLENGE_ACK;
    }
    if is_outside_window(packet, own, peer) {
        marks |= Marks::OUTSIDE_WINDOW;
    }
    marks
}

/// Anything that is sent again, or at most a byte, while the other side's window is closed. Linux asks with an empty
/// segment one number before its next, BSD and Windows with a byte of data.
fn is_probe_of_closed_window(packet: &Packet, own: &Direction, peer: &Direction) -> bool {
    if peer.flow.window.zero_since.is_none() || packet.flags.intersects(CONTROL) {
        return false;
    }
    let asks = Marks::KEEP_ALIVE | Marks::ZERO_WINDOW_PROBE;
    let repeats = packet.payload_len > 0
        && packet.marks.has(Marks::RETRANSMISSION)
        && packet.seq >= own.flow.acked_to;
    packet.marks.intersects(asks) || repeats
}

/// Nothing new to acknowledge, the same window, and both sides had rested: what else would it be sent for?
fn is_unnumbered_keep_alive(packet: &Packet, own: &Direction, peer: &Direction) -> bool {
    let known = packet.known;
    let told = known.has(Known::ACK.with(Known::LEN)) && known.has(Known::TIME);
    if known.has(Known::SEQ) || !told || packet.payload_len > 0 || packet.flags != TcpFlags::ACK {
        return false;
    }
    let same_window = !known.has(Known::WINDOW) || packet.window == own.flow.window.last;
    let moments = [own.flow.last, peer.flow.last];
    let rested = |at: crate::Moment| packet.time - at.time >= REST;
    own.flow.last.is_some()
        && same_window
        && own.acknowledges
        && packet.ack == peer.flow.acked_to
        && moments.into_iter().flatten().all(rested)
}

const CONTROL: TcpFlags = TcpFlags(TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0);

fn kind_of_retransmission(packet: &Packet, own: &Direction, since_sent: Option<Span>) -> Marks {
    if packet.marks.has(Marks::FAST_RETRANSMISSION) {
        return Marks::NONE;
    }
    let Some(since) = since_sent else {
        return Marks::NONE;
    };
    let is_tail = packet.seq_end() == own.flow.sent_to && packet.payload_len > 0;
    if since >= SHORTEST_TIMEOUT {
        Marks::TIMEOUT_RETRANSMISSION
    } else if is_tail && since >= SHORTEST_PROBE {
        Marks::TAIL_LOSS_PROBE
    } else {
        Marks::NONE
    }
}

/// A plain ACK that says the same as before, right behind a RST or a SYN of the other side (RFC 5961 §3.2, §4.2).
#[inline]
fn is_challenge_ack(packet: &Packet, peer: &Direction) -> bool {
    let Some(provoked) = peer.provocation else {
        return false;
    };
    let plain = packet.payload_len == 0
        && packet.flags.contains(TcpFlags::ACK)
        && !packet.flags.intersects(CONTROL);
    plain && packet.time - provoked.time <= CHALLENGE_WITHIN && packet.ack >= peer.flow.acked_to
}

/// The first SACK block repeats what is acknowledged, or lies within the second (RFC 2883 §4).
pub(crate) fn has_duplicate_sack(segment: &Segment<'_>) -> bool {
    let [first, rest @ ..] = segment.options.sack_blocks() else {
        return false;
    };
    let acked = segment.flags.contains(TcpFlags::ACK) && !first.right.is_after(segment.ack);
    let within = rest.first().is_some_and(|second| {
        !first.left.is_before(second.left) && !first.right.is_after(second.right)
    });
    acked || within
}

/// Wholly beyond the right edge of the receiver's window, or wholly before what it has acknowledged.
#[inline]
fn is_outside_window(packet: &Packet, own: &Direction, peer: &Direction) -> bool {
    let beyond =
        packet.seq > own.edge && peer.scale_is_known() && !packet.marks.has(Marks::LOST_SEGMENT);
    let before = packet.payload_len > 0 && packet.seq_end() <= own.flow.acked_to;
    let reset_before = packet.flags.is_rst() && packet.seq < own.flow.acked_to;
    let numbered = packet.known.has(Known::SEQ.with(Known::LEN));
    (beyond || before || reset_before)
        && numbered
        && peer.acknowledges
        && !packet.flags.contains(TcpFlags::SYN)
}
