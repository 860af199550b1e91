//! How a sender fills IPv4's identification, and what its jumps count: packets that were sent and never passed here.
//!
//! Linux counts per socket, by one for each segment on the wire, and writes 0 where no socket is at hand (`ip_select_ident_segs`);
//! Windows counts per destination or for all traffic; BSD and Apple draw lots.

use whyreset_segments::Known;

use crate::packing::Coder;
use crate::{IpIdModel, Moment, NetworkFields, Packet};

/// A counter that other traffic shares makes steps up to this.
const SHARED_STEP: u16 = 256;
/// A frame above this size was cut into segments behind the capture point.
const ONE_DATAGRAM: u32 = 1_500;
/// Bytes that a segment of an offloaded frame carries at least.
const OFFLOADED_SEGMENT: u32 = 1_200;

/// Watches one direction's identifications, RSTs left out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct IpIdTracker {
    last: Option<(u16, Moment)>,
    last_span: u16,
    sent_to: Option<i64>,
    packets: u32,
    zeros: u32,
    counted: u32,
    small: u32,
    skipped: u32,
}

/// A packet with an identification.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identified {
    pub(crate) id: u16,
    pub(crate) at: Moment,
    pub(crate) payload_len: u32,
    /// Its relative number, where that is told.
    pub(crate) seq: Option<i64>,
    pub(crate) seq_end: i64,
}

impl IpIdTracker {
    /// Passes all that it holds. `usual`: the last packet, which is the one it holds where that has an identification; `sent_to`:
    /// how far the direction went.
    pub(crate) fn pass(&mut self, coder: &mut impl Coder, usual: (u16, Moment), sent_to: i64) {
        self.sent_to = Some(sent_to);
        let [has_last, is_usual] = coder.truths([self.last.is_some(), self.last == Some(usual)]);
        coder.maybe(has_last, &mut self.last, usual, |coder, it| {
            if is_usual {
                *it = usual;
            } else {
                coder.half_word(&mut it.0);
                coder.moment(&mut it.1);
            }
        });
        coder.half_word(&mut self.last_span);
        for count in [
            &mut self.packets,
            &mut self.zeros,
            &mut self.counted,
            &mut self.small,
            &mut self.skipped,
        ] {
            coder.word(count);
        }
    }

    /// The next packet of the direction.
    #[inline]
    pub(crate) fn packet(&mut self, packet: &Packet) {
        if !packet.known.has(Known::IP_ID) || packet.flags.is_rst() {
            return;
        }
        let told = packet.known.has(Known::SEQ.with(Known::LEN));
        self.identified(&Identified {
            id: packet.ip_id,
            at: packet.moment(),
            payload_len: packet.payload_len,
            seq: told.then_some(packet.seq),
            seq_end: packet.seq_end(),
        });
    }

    /// The same, where an identification is told.
    #[inline]
    pub(crate) fn identified(&mut self, packet: &Identified) {
        self.packets = self.packets.saturating_add(1);
        if packet.id == 0 {
            self.zeros = self.zeros.saturating_add(1);
        } else {
            self.step(packet);
            self.last = Some((packet.id, packet.at));
            self.last_span = wire_segments(packet.payload_len);
        }
        if self.sent_to.is_none_or(|sent_to| packet.seq_end > sent_to) {
            self.sent_to = Some(packet.seq_end);
        }
    }

    /// The same of the next packet of a direction of which nothing is missing: it skips none.
    #[inline]
    pub(crate) fn next(&mut self, id: u16, at: Moment, payload_len: u32) {
        self.packets = self.packets.saturating_add(1);
        if id == 0 {
            self.zeros = self.zeros.saturating_add(1);
            return;
        }
        self.count(id);
        self.last = Some((id, at));
        self.last_span = wire_segments(payload_len);
    }

    /// Takes note of a step.
    #[inline]
    fn step(&mut self, packet: &Identified) {
        let small = self.count(packet.id);
        if small > 0 && self.sent_to.is_some() && packet.seq > self.sent_to {
            let skipped = u32::from(small.saturating_sub(self.last_span));
            self.skipped = self.skipped.saturating_add(skipped);
        }
    }

    /// Counts the step to an identification; gives it, if it is a small one, but larger than what was sent last takes up.
    #[inline]
    fn count(&mut self, id: u16) -> u16 {
        let Some((last, _)) = self.last else {
            return 0;
        };
        let step = id.wrapping_sub(last);
        if step == 0 || step > SHARED_STEP.saturating_add(self.last_span) {
            return 0;
        }
        if step <= self.last_span {
            self.counted = self.counted.saturating_add(1);
            return 0;
        }
        self.small = self.small.saturating_add(1);
        step
    }

    /// Fills in what was found.
    pub(crate) fn conclude(&self, network: &mut NetworkFields) {
        network.ip_id = self.model();
        network.ip_id_last = self.last;
        let counts = network.ip_id == IpIdModel::Counter;
        network.skipped_ids = if counts { self.skipped } else { 0 };
    }

    fn model(&self) -> IpIdModel {
        let steps = self.packets.saturating_sub(self.zeros).saturating_sub(1);
        if self.packets >= 2 && self.zeros == self.packets {
            return IpIdModel::Zero;
        }
        if steps == 0 {
            return IpIdModel::Unknown;
        }
        let near = self.counted.saturating_add(self.small);
        if self.counted.saturating_mul(10) >= steps.saturating_mul(8) {
            IpIdModel::Counter
        } else if near.saturating_mul(10) >= steps.saturating_mul(9) {
            if self.small <= self.counted {
                IpIdModel::Counter
            } else {
                IpIdModel::SharedCounter
            }
        } else if steps >= 3 {
            IpIdModel::Random
        } else {
            IpIdModel::Unknown
        }
    }
}

/// How many datagrams, and so identifications, a captured frame stands for.
fn wire_segments(payload_len: u32) -> u16 {
    if payload_len <= ONE_DATAGRAM {
        return 1;
    }
    u16::try_from(payload_len.div_ceil(OFFLOADED_SEGMENT)).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use whyreset_segments::TcpFlags;

    use super::*;
    use crate::Side;
    use crate::round_trip::tests::packet;

    fn fields(ids: &[u16]) -> NetworkFields {
        let mut tracker = IpIdTracker::default();
        for (n, id) in (0_u32..).zip(ids) {
            let mut p = packet(
                u64::from(n) + 1,
                i64::from(n),
                Side::Server,
                TcpFlags::ACK,
                (1 + i64::from(n) * 100, 1, 100),
            );
            p.ip_id = *id;
            tracker.packet(&p);
        }
        let mut network = NetworkFields::default();
        tracker.conclude(&mut network);
        network
    }

    #[test]
    fn tells_the_models_apart() {
        assert_eq!(fields(&[0, 0, 0]).ip_id, IpIdModel::Zero);
        assert_eq!(fields(&[0, 65_534, 65_535, 1, 2]).ip_id, IpIdModel::Counter);
        assert_eq!(fields(&[0, 7, 8, 9, 10]).ip_id, IpIdModel::Counter);
        assert_eq!(fields(&[5, 17, 40, 41]).ip_id, IpIdModel::SharedCounter);
        assert_eq!(fields(&[5, 40_000, 1_000, 30_000]).ip_id, IpIdModel::Random);
        assert_eq!(fields(&[5]).ip_id, IpIdModel::Unknown);
    }

    #[test]
    fn counts_what_never_passed_here() {
        let mut tracker = IpIdTracker::default();
        let sent = [(10, 1), (11, 101), (12, 201), (15, 501), (16, 601)];
        for (n, (id, seq)) in (0_u32..).zip(sent) {
            let mut p = packet(
                u64::from(n) + 1,
                i64::from(n),
                Side::Client,
                TcpFlags::ACK,
                (seq, 1, 100),
            );
            p.ip_id = id;
            tracker.packet(&p);
        }
        let mut network = NetworkFields::default();
        tracker.conclude(&mut network);
        assert_eq!(network.ip_id, IpIdModel::Counter);
        assert_eq!(network.skipped_ids, 2);
    }
}
