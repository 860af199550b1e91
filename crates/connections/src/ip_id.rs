//! How a sender fills IPv4's identification, and what its jumps count: packets that were sent and never passed here.
//!
//! Linux counts per socket, by one for each segment on the wire, and writes 0 where no socket is at hand (`ip_select_ident_segs`);
//! Windows counts per destination or for all traffic; BSD and Apple draw lots.

use whyreset_segments::Known;

use crate::calm_run::CalmRun;
use crate::{IpIdModel, Moment, NetworkFields, Packet};

/// A counter that other traffic shares makes steps up to this.
const SHARED_STEP: u16 = 256;
/// A frame above this size was cut into segments behind the capture point.
pub(crate) const ONE_DATAGRAM: u32 = 1_500;
/// Bytes that a segment of an offloaded frame carries at least.
const OFFLOADED_SEGMENT: u32 = 1_200;

/// Watches one direction's identifications, RSTs left out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct IpIdTracker {
    steps: IpIdSteps,
    /// When the last one passed that is not 0.
    last_at: Moment,
    sent_to: Option<i64>,
    packets: u32,
    skipped: u32,
}

/// The steps from one identification to the next.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct IpIdSteps {
    /// The last one that is not 0, if there is one, and how many its packet takes up.
    last: u16,
    last_span: u16,
    zeros: u32,
    counted: u32,
    small: u32,
}

impl IpIdSteps {
    /// Counts the next packet. Where the step to it is a small one, but larger than what was sent last takes up: gives by how much.
    #[inline]
    pub(crate) fn count(&mut self, id: u16, payload_len: u32) -> Option<u16> {
        if self.counts_on_to(id) && payload_len <= ONE_DATAGRAM {
            self.last = id;
            self.counted = self.counted.saturating_add(1);
            return None;
        }
        self.count_any(id, payload_len)
    }

    /// Whether the last packet takes up one: then the next one counts on by one.
    pub(crate) const fn counts_ones(&self) -> bool {
        self.last_span == 1
    }

    /// Whether the next packet counts on by one, if this is its identification.
    const fn counts_on_to(&self, id: u16) -> bool {
        self.counts_ones() && id != 0 && id.wrapping_sub(self.last) == 1
    }

    /// So many packets count on by one each, up to no more than the largest number. Each [takes up one](IpIdSteps::counts_ones).
    pub(crate) const fn count_ones(&mut self, packets: u32) {
        self.last = self.last.wrapping_add(packets as u16);
        self.counted = self.counted.saturating_add(packets);
    }

    /// So many packets have 0.
    pub(crate) const fn count_zeros(&mut self, packets: u32) {
        self.zeros = self.zeros.saturating_add(packets);
    }

    /// The same, whatever the packet is like.
    #[inline(never)]
    fn count_any(&mut self, id: u16, payload_len: u32) -> Option<u16> {
        if id == 0 {
            self.zeros = self.zeros.saturating_add(1);
            return None;
        }
        let (step, span) = (id.wrapping_sub(self.last), self.last_span);
        let is_first = std::mem::replace(&mut self.last, id) == 0;
        self.last_span = wire_segments(payload_len);
        // Before the first one nothing was sent, and so nothing is taken up.
        if step.wrapping_sub(1) < span {
            self.counted = self.counted.saturating_add(1);
            return None;
        }
        let is_small = step > 0 && step <= SHARED_STEP.saturating_add(span) && !is_first;
        self.small = self.small.saturating_add(u32::from(is_small));
        is_small.then_some(step.saturating_sub(span))
    }
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
    /// One that has seen so many packets, of a direction that went up to `sent_to` and skipped none. `last_at`: the last of them
    /// with an identification that is not 0.
    pub(crate) fn resumed(steps: IpIdSteps, packets: u32, last_at: Moment, sent_to: i64) -> Self {
        Self {
            steps,
            last_at,
            sent_to: Some(sent_to),
            packets,
            skipped: 0,
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
        let skipped = self.steps.count(packet.id, packet.payload_len);
        if packet.id != 0 {
            self.last_at = packet.at;
        }
        if let Some(skipped) = skipped
            && self.sent_to.is_some()
            && packet.seq > self.sent_to
        {
            self.skipped = self.skipped.saturating_add(skipped.into());
        }
        if self.sent_to.is_none_or(|sent_to| packet.seq_end > sent_to) {
            self.sent_to = Some(packet.seq_end);
        }
    }

    /// The same of a run whose packets have one.
    pub(crate) fn calm_run(&mut self, run: &CalmRun<'_>) {
        let largest = run.data.map_or(0, |data| data.largest);
        let (first, packets) = (run.first.ip_id, run.packets.len() as u32);
        if run.counts_ids && largest <= ONE_DATAGRAM && self.steps.counts_on_to(first) {
            self.steps.count_ones(packets);
            self.packets = self.packets.saturating_add(packets);
            self.last_at = run.last.moment();
            self.sent_to = self.sent_to.max(Some(run.end()));
            return;
        }
        for packet in run.packets {
            self.identified(&packet.identified());
        }
    }

    /// Fills in what was found.
    pub(crate) fn conclude(&self, network: &mut NetworkFields) {
        network.ip_id = self.model();
        network.ip_id_last = (self.steps.last != 0).then_some((self.steps.last, self.last_at));
        let counts = network.ip_id == IpIdModel::Counter;
        network.skipped_ids = if counts { self.skipped } else { 0 };
    }

    fn model(&self) -> IpIdModel {
        let IpIdSteps {
            zeros,
            counted,
            small,
            ..
        } = self.steps;
        let steps = self.packets.saturating_sub(zeros).saturating_sub(1);
        if self.packets >= 2 && zeros == self.packets {
            return IpIdModel::Zero;
        }
        if steps == 0 {
            return IpIdModel::Unknown;
        }
        let near = counted.saturating_add(small);
        if counted.saturating_mul(10) >= steps.saturating_mul(8) {
            IpIdModel::Counter
        } else if near.saturating_mul(10) >= steps.saturating_mul(9) {
            if small <= counted {
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
#[inline]
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
