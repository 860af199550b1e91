//! What happened after a RST: whether its receiver went on, and whether its supposed sender did.

use whyreset_capture::Span;
use whyreset_segments::{Known, TcpFlags};

use super::log::{RawReset, ResetLog};
use crate::{BySide, Moment, Packet, RoundTrip};

/// What the two sides did after a RST.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Aftermath {
    /// The receiver's first packet that it sent although the RST must have reached it: it did not accept the RST, or it never came.
    pub receiver_went_on: Option<Moment>,
    /// The receiver's challenge ACK (RFC 5961 §3.2): it asks whether the RST is real.
    pub challenge: Option<Moment>,
    /// The first packet of the RST's supposed sender that a host cannot send after its own RST: new data, a new acknowledgement, or FIN.
    pub sender_went_on: Option<Moment>,
    /// That packet carried data beyond the RST's sequence number.
    pub sender_sent_data: bool,
    /// The receiver's bare RST to what the supposed sender sent later: the RST had killed the receiver's end only.
    pub receiver_answered_rst: Option<Moment>,
}

/// A packet on its way when the RST passed is not counted before this much time, where no round trip is known.
const IN_FLIGHT: Span = Span::from_millis(300);
/// Reordering: what overtook or was overtaken lies closer together than this.
const REORDERED: Span = Span::from_millis(3);

/// Looks at what followed one RST.
pub(crate) fn watch(
    raw: &RawReset,
    log: &ResetLog,
    trips: &BySide<RoundTrip>,
    bare: bool,
) -> Aftermath {
    let reset = &raw.packet;
    let after = || log.after(reset.frame);
    let next = after().find(|packet| opens_another(packet, raw));
    let until = next.map_or(u64::MAX, |packet| packet.frame);
    let later = || after().filter(|packet| packet.frame < until);
    let arrival = time_for_answer(trips.of(reset.side.peer()));
    let receiver_went_on = later()
        .find(|p| p.side != reset.side && p.time - reset.time > arrival)
        .map(Packet::moment);
    let challenge = later()
        .find(|p| p.side != reset.side && is_challenge(p, raw, arrival))
        .map(Packet::moment);
    let went_on = later().find(|p| p.side == reset.side && continues(p, raw, bare));
    let receiver_answered_rst = went_on.and_then(|packet| {
        log.brief_of(reset.side.peer())
            .find(|rst| {
                rst.frame > packet.frame
                    && !rst.flags.contains(TcpFlags::ACK)
                    && rst.seq == packet.ack
            })
            .map(Packet::moment)
    });
    Aftermath {
        receiver_went_on,
        challenge,
        sender_went_on: went_on.map(Packet::moment),
        sender_sent_data: went_on.is_some_and(|p| p.payload_len > 0),
        receiver_answered_rst,
    }
}

/// A SYN/ACK that acknowledges another SYN than the RST does: the same ends are used again, and the SYN itself was not captured.
fn opens_another(packet: &Packet, raw: &RawReset) -> bool {
    let answers = packet.flags.contains(TcpFlags::SYN | TcpFlags::ACK);
    let other = raw.ack().is_some_and(|ack| ack != packet.ack);
    packet.side == raw.packet.side && answers && packet.known.has(Known::ACK) && other
}

/// After this much time, what the receiver sends has been sent after the RST reached it.
fn time_for_answer(trip: &RoundTrip) -> Span {
    let usual = trip.typical.max(trip.minimum).or(trip.handshake);
    usual.map_or(IN_FLIGHT, |usual| {
        Span::from_nanos(usual.nanos().saturating_mul(3) / 2) + Span::from_millis(1)
    })
}

/// A plain ACK of what was expected, sent at once, while nothing else explains it.
fn is_challenge(packet: &Packet, raw: &RawReset, arrival: Span) -> bool {
    let own_end = raw.own().sent_to;
    packet.flags == TcpFlags::ACK
        && packet.payload_len == 0
        && packet.known.has(Known::ACK.with(Known::LEN))
        && Some(packet.ack) != Some(raw.packet.seq)
        && own_end.is_none_or(|end| packet.ack <= end)
        && raw.peer().acked_to.is_none_or(|acked| packet.ack >= acked)
        && packet.time - raw.packet.time <= arrival + Span::from_millis(50)
        && raw.peer().window == Some(packet.window)
}

/// What a host that has reset a connection does not send any more.
fn continues(packet: &Packet, raw: &RawReset, bare: bool) -> bool {
    if !packet.known.has(Known::SEQ.with(Known::LEN)) || packet.flags.contains(TcpFlags::SYN) {
        return false;
    }
    let late = packet.time - raw.packet.time > REORDERED;
    if bare && !late {
        return false;
    }
    let known_end = raw.own().sent_to.unwrap_or(raw.packet.seq);
    let new_data = packet.payload_len > 0 && packet.seq_end() > known_end.max(raw.packet.seq);
    let new_ack = packet.flags.contains(TcpFlags::ACK)
        && packet.known.has(Known::ACK)
        && raw.own().acked_to.is_some_and(|acked| packet.ack > acked)
        && raw.ack().is_none_or(|ack| packet.ack > ack);
    // Nobody closes in order what his own host has reset, or no longer knows.
    let closes = packet.flags.is_fin() && packet.seq >= raw.packet.seq;
    let long_after = packet.time - raw.packet.time > IN_FLIGHT;
    new_data || new_ack || (late && packet.payload_len > 0) || (long_after && closes)
}
