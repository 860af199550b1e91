//! The light cone: what a side can have received by the time it sent a packet.
//!
//! A packet that passes the capture point at *u* towards a side reaches it later, and nothing that the side does in
//! answer passes back before *u* plus the round trip between the capture point and that side. So what it sends at *t* can
//! know of nothing that passed after *t* minus that round trip. The other bound is the side's own word: what it
//! acknowledged, it has received.
//!
//! The bound used is [`RoundTrip::certain_floor`](crate::RoundTrip::certain_floor), half of the smallest round trip seen, less
//! any disorder of the capture's clock. Without a trustworthy measurement there is no bound, and nothing is denied.
//!
//! The numbers are those of captured packets. What the capture missed counts as sent right after the captured packet
//! before it; only a packet that was missed *and* had overtaken others can have been known earlier than that.

#[cfg(test)]
mod world;

use whyreset_capture::{Span, Timestamp};
use whyreset_segments::{Known, TcpFlags};

use crate::{Connection, Knowledge, Moment, Packet, Side};

impl<X> Connection<X> {
    /// Nothing that passes the capture point towards `side` is answered by it sooner than this; `None` if it is not known.
    pub fn answer_floor(&self, side: Side) -> Option<Span> {
        let floor = self.vantage.round_trip.of(side).certain_floor()?;
        let disorder = self.sent.client.disorder() + self.sent.server.disorder();
        Some((floor - disorder).max(Span::ZERO))
    }

    /// Whether `side`, sending what was captured at `at`, can have received what the other side sent at `other`. `None` if
    /// the capture does not tell.
    pub fn could_have_seen(&self, side: Side, at: Timestamp, other: Timestamp) -> Option<bool> {
        Some(other <= at - self.answer_floor(side)?)
    }

    /// What the sender of a packet can have known of the other side when it sent it; `None` without a bound.
    ///
    /// The numbers of a RST prove nothing about its sender, who may be a stranger: for those, `certainly` is what the side had
    /// acknowledged in its own earlier packets, `acked_before`.
    pub fn knowledge_of(&self, packet: &Packet, acked_before: Option<i64>) -> Option<Knowledge> {
        let told = packet.flags.contains(TcpFlags::ACK)
            && packet.known.has(Known::ACK)
            && !packet.known.has(Known::ACK_INFERRED)
            && !packet.flags.is_rst();
        let certainly = if told { Some(packet.ack) } else { acked_before };
        self.knowledge(packet.side, packet.time, certainly)
    }

    /// As [`Connection::knowledge_of`], for a packet that `side` sent at `time`, having acknowledged everything below `certainly`.
    pub fn knowledge(
        &self,
        side: Side,
        time: Timestamp,
        certainly: Option<i64>,
    ) -> Option<Knowledge> {
        let round_trip = self.answer_floor(side)?;
        let history = self.sent.of(side.peer());
        let sent = history.sent_by(time - round_trip);
        let floor = certainly.unwrap_or_default();
        Some(Knowledge {
            certainly: floor,
            certainly_by: certainly.and_then(|ack| self.first_ack_of(side, ack)),
            at_most: sent.sent_to.max(floor),
            last_possible: sent.last,
            first_impossible: sent.next,
            round_trip,
            smallest_seen: self.vantage.round_trip.of(side).minimum,
        })
    }

    /// The first kept packet in which `side` acknowledged everything below `ack`.
    fn first_ack_of(&self, side: Side, ack: i64) -> Option<Moment> {
        self.packets
            .iter()
            .find(|packet| {
                packet.side == side
                    && packet.flags.contains(TcpFlags::ACK)
                    && packet.known.has(Known::ACK)
                    && !packet.flags.is_rst()
                    && packet.ack == ack
            })
            .map(Packet::moment)
    }
}
