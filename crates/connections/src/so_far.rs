//! What one side has done so far: the running state that a RST is compared with.

use whyreset_capture::Timestamp;
use whyreset_segments::{Known, Segment, TcpFlags};

use crate::calm_run::CalmRun;
use crate::orderly::Passed;
use crate::{Marks, Moment, Packet};

/// What one side has done so far, RSTs left out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct SoFar {
    /// Packets.
    pub(crate) packets: u64,
    /// The relative number after the last one sent, as far as it was captured or acknowledged.
    pub(crate) sent_to: Option<i64>,
    /// The highest acknowledgement number it sent.
    pub(crate) acked_to: Option<i64>,
    /// When its data last went beyond what the other side had acknowledged: the oldest byte in flight is about as old.
    pub(crate) unacked_since: Option<Timestamp>,
    /// The window it advertised last, in bytes.
    pub(crate) window: Option<u32>,
    /// Its first FIN.
    pub(crate) fin: Option<Moment>,
    /// It sent a SYN.
    pub(crate) syn: bool,
    /// Its last packet.
    pub(crate) last: Option<Moment>,
    /// TTL of its last packet.
    pub(crate) ttl: Option<u8>,
    /// The TTL of its packets changed at least once.
    pub(crate) ttl_varies: bool,
    /// IP identification of its last packet.
    pub(crate) ip_id: Option<u16>,
    /// How many identification numbers the last packet may have used up: more than one for an offloaded frame.
    pub(crate) ip_id_span: u16,
    /// TSval of its last packet with timestamps; a SYN only offers them, a SYN/ACK has settled on them (RFC 7323 §3.2).
    pub(crate) ts_value: Option<(u32, Timestamp)>,
    /// It sent more than SYNs.
    pub(crate) beyond_syn: bool,
    /// Source MAC address of its last packet.
    pub(crate) mac: Option<[u8; 6]>,
}

impl SoFar {
    /// The side's next packet, which is no RST.
    pub(crate) fn packet(&mut self, packet: &Packet, segment: &Segment<'_>) {
        let known = packet.known;
        self.count(1, packet.moment());
        if known.has(Known::SEQ.with(Known::LEN)) {
            self.send(packet);
        }
        if packet.flags.contains(TcpFlags::ACK) && known.has(Known::ACK) {
            self.acknowledge(packet.ack);
        }
        if known.has(Known::WINDOW) {
            self.window = Some(packet.window);
        }
        self.syn |= packet.flags.contains(TcpFlags::SYN);
        if packet.flags.is_fin() && self.fin.is_none() {
            self.fin = Some(packet.moment());
        }
        self.note_network(packet, segment.link.source_mac);
    }

    /// Of a calm packet what the watchers ask for between two of them; the rest is noted by [`SoFar::calm_run`].
    #[inline]
    pub(crate) fn calm(&mut self, packet: &Packet) {
        self.send(packet);
        self.acknowledge(packet.ack);
        self.window = Some(packet.window);
    }

    /// The same of a run that goes on where the side was.
    pub(crate) fn calm_on(&mut self, run: &CalmRun<'_>) {
        self.sent_to = Some(run.end());
        self.acknowledge(run.acked_to);
        self.window = Some(run.scaled(run.last.window));
    }

    #[inline]
    fn acknowledge(&mut self, ack: i64) {
        if self.acked_to.is_none_or(|acked_to| ack > acked_to) {
            self.acked_to = Some(ack);
        }
    }

    /// What the calm packets of a run come to.
    pub(crate) fn calm_run(&mut self, run: &CalmRun<'_>) {
        self.count(run.packets.len() as u64, run.last.moment());
        self.note_network(
            &run.last.packet(run.shared, Marks::NONE),
            run.shared.way.mac,
        );
    }

    const fn count(&mut self, packets: u64, last: Moment) {
        self.packets += packets;
        self.last = Some(last);
    }

    #[inline]
    fn send(&mut self, packet: &Packet) {
        let end = packet.seq_end();
        if self.sent_to.is_none_or(|sent_to| end > sent_to) {
            self.sent_to = Some(end);
        }
        if end > packet.seq && self.unacked_since.is_none() {
            self.unacked_since = Some(packet.time);
        }
    }

    /// The other side acknowledged everything below `ack`.
    pub(crate) fn acked_by_peer(&mut self, ack: i64, time: Timestamp) {
        if self.packets > 0 {
            self.sent_to = self.sent_to.max(Some(ack));
        }
        if self.unacked_since.is_some() {
            let all = self.sent_to.is_some_and(|sent_to| ack >= sent_to);
            self.unacked_since = (!all).then_some(time);
        }
    }

    /// Packets of the side were passed over, and of its `peer`; `shift` is its window scale.
    pub(crate) fn pass_over(&mut self, passed: &Passed, peer: &Passed, shift: u8) {
        let Some(last) = passed.last else {
            self.settle(peer.acked_to, last_time(peer));
            return;
        };
        self.packets = self.packets.saturating_add(passed.packets);
        self.last = Some(last);
        self.sent_to = self.sent_to.max(Some(passed.sent_to));
        self.acked_to = self.acked_to.max(Some(passed.acked_to));
        self.window = Some(u32::from(passed.window.last) << shift);
        self.ip_id = self.ip_id.map(|_| passed.ip_id);
        self.ip_id_span = u16::try_from(passed.largest.div_ceil(1_000).max(1)).unwrap_or(u16::MAX);
        if let Some(timestamps) = passed.timestamps {
            self.ts_value = Some((timestamps.value, last.time));
        }
        self.beyond_syn = true;
        self.settle(peer.acked_to, Some(last.time));
    }

    /// All below `acked` is acknowledged; what lies beyond is as old as `time`, or younger.
    fn settle(&mut self, acked: i64, time: Option<Timestamp>) {
        let open = self.sent_to.is_some_and(|sent_to| sent_to > acked);
        self.unacked_since = time.filter(|_| open);
    }

    fn note_network(&mut self, packet: &Packet, source_mac: [u8; 6]) {
        let known = packet.known;
        if known.has(Known::TTL) {
            self.ttl_varies |= self.ttl.is_some_and(|ttl| ttl != packet.ttl);
            self.ttl = Some(packet.ttl);
        }
        if known.has(Known::IP_ID) {
            self.ip_id = Some(packet.ip_id);
            self.ip_id_span =
                u16::try_from(packet.payload_len.div_ceil(1_000).max(1)).unwrap_or(u16::MAX);
        }
        if let Some(timestamps) = packet.timestamps
            && !packet.flags.is_opening_syn()
        {
            self.ts_value = Some((timestamps.value, packet.time));
        }
        self.beyond_syn |= !packet.flags.contains(TcpFlags::SYN);
        if known.has(Known::MAC) {
            self.mac = Some(source_mac);
        }
    }
}

/// When the last of the packets passed.
fn last_time(passed: &Passed) -> Option<Timestamp> {
    passed.last.map(|at| at.time)
}
