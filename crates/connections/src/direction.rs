//! One direction of a connection while it is followed.

use whyreset_segments::{Known, TcpFlags};

use crate::calm_run::{CalmRun, DataRun};
use crate::captured_twice::RecentPackets;
use crate::facts::{self, Seen};
use crate::orderly::Passed;
use crate::outstanding::Outstanding;
use crate::sequence_analysis::Scale;
use crate::unique_bytes::UniqueBytes;
use crate::{Flow, Marks, Moment, Packet};

/// What one end sent, and what became of it so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Direction {
    pub(crate) flow: Flow,
    pub(crate) outstanding: Outstanding,
    pub(crate) recent: RecentPackets,
    /// It sent an acknowledgement: what it accepts is known.
    pub(crate) acknowledges: bool,
    /// The highest relative number that the other side's window ever allowed.
    pub(crate) edge: i64,
    /// The highest acknowledgement of what it had sent before its first packet that was captured, while nothing later is acknowledged.
    acked_before: Option<i64>,
    /// Its last RST or repeated SYN, while nothing else of it has passed: what a challenge ACK answers.
    pub(crate) provocation: Option<Moment>,
    pub(crate) scale: Scale,
    pub(crate) peer_scale: Scale,
    pub(crate) checksums_tried: u32,
    pub(crate) window_started: bool,
    bytes: UniqueBytes,
    bytes_reference: Option<(u32, i64)>,
}

/// Packets with payload, one or more in a row.
struct SentData {
    packets: u64,
    first: Moment,
    last: Moment,
    /// Of the last packet.
    pushed: bool,
    last_len: u32,
    /// The most payload in a packet.
    largest: u32,
    /// Bytes that were not captured before.
    fresh_bytes: u64,
}

impl SentData {
    const fn of(seen: &Seen<'_, '_>) -> Self {
        Self {
            packets: 1,
            first: seen.at,
            last: seen.at,
            pushed: seen.packet.flags.contains(TcpFlags::PSH),
            last_len: seen.packet.payload_len,
            largest: seen.packet.payload_len,
            fresh_bytes: seen.fresh_bytes,
        }
    }
}

/// Of a row that does not tell its length: whether it may have had payload. SYN, RST and a plain acknowledgement hardly ever
/// do; a row that does not show its flags was worth a protocol's name.
fn may_carry_data(seen: &Seen<'_, '_>) -> bool {
    let flags = seen.flags();
    let told = seen.has(Known::FLAGS) && !seen.has(Known::FLAGS_INFERRED);
    !flags.is_rst() && !flags.contains(TcpFlags::SYN) && (!told || flags.contains(TcpFlags::PSH))
}

/// Of a row that does not tell how much payload it had, or where in the stream that belongs: whether it may have had any.
fn carries_untold_data(seen: &Seen<'_, '_>) -> bool {
    let untold = !seen.is_numbered();
    untold
        && !seen.flags().is_rst()
        && (seen.packet.payload_len > 0 || !seen.has(Known::LEN) && may_carry_data(seen))
}

impl Direction {
    /// The initial number moved: what was relative to the old one is forgotten.
    pub(crate) fn forget_numbers(&mut self) {
        self.flow.sent_to = 0;
        self.flow.acked_to = 0;
        self.acked_before = None;
        self.edge = 0;
        self.outstanding.clear();
    }

    /// Counts the payload behind a SYN at `seq`. Returns how many bytes are new.
    pub(crate) fn count_bytes_behind_syn(&mut self, seq: u32, len: u32) -> u64 {
        let start = self.unwrapped(seq).saturating_add(1);
        self.bytes.set_floor(start);
        self.count_bytes(start, len)
    }

    /// Counts the payload at `seq`. Returns how many bytes are new.
    #[inline]
    pub(crate) fn count_bytes_at(&mut self, seq: u32, len: u32) -> u64 {
        let start = self.unwrapped(seq);
        self.count_bytes(start, len)
    }

    /// Counts `bytes` of payload from `seq` on, without a hole. Returns how many are new.
    fn count_stretch(&mut self, mut seq: u32, bytes: u64) -> u64 {
        let (mut left, mut fresh) = (bytes, 0);
        while left > 0 {
            let len = u32::try_from(left.min(1 << 30)).unwrap_or(1 << 30);
            fresh += self.count_bytes_at(seq, len);
            seq = seq.wrapping_add(len);
            left -= u64::from(len);
        }
        fresh
    }

    /// A sequence number, unwrapped: the nearest to the highest so far.
    #[inline]
    fn unwrapped(&mut self, seq: u32) -> i64 {
        let (reference, unwrapped) = *self.bytes_reference.get_or_insert((seq, i64::from(seq)));
        let distance = seq.wrapping_sub(reference).cast_signed();
        unwrapped.saturating_add(i64::from(distance))
    }

    #[inline]
    fn count_bytes(&mut self, start: i64, len: u32) -> u64 {
        let end = start.saturating_add(i64::from(len));
        if self
            .bytes_reference
            .is_none_or(|(_, highest)| end > highest)
        {
            self.bytes_reference = Some(((end & 0xffff_ffff) as u32, end));
        }
        if len == 0 {
            return 0;
        }
        let fresh = self.bytes.add(start, len);
        self.flow.bytes = self.flow.bytes.saturating_add(fresh);
        fresh
    }

    /// What its SYN allows the other side to put into a segment.
    pub(crate) fn largest_allowed(&self) -> Option<u16> {
        self.flow.syn_options.as_ref()?.mss
    }

    /// A packet of this direction. `mss` is what the other side's SYN allows.
    pub(crate) fn note_sent(&mut self, seen: &Seen<'_, '_>, mss: Option<u16>, established: bool) {
        let before = self.flow.last;
        self.note_packet(seen);
        facts::network::note(&mut self.flow, &mut self.checksums_tried, seen);
        facts::network::note_size(&mut self.flow, mss, seen);
        facts::windows::note(&mut self.flow, &mut self.window_started, seen);
        facts::timestamp_clock::note(&mut self.flow, seen);
        facts::probes::note(&mut self.flow, seen);
        let again = seen.flags().is_opening_syn() && established;
        self.provocation = (seen.flags().is_rst() || again).then_some(seen.at);
        self.acknowledges |= seen.ack().is_some();
        if !seen.is_numbered() || seen.flags().is_rst() {
            facts::fins::note_unnumbered(&mut self.flow, before, seen);
            return;
        }
        facts::fins::note(&mut self.flow, seen);
        if seen.packet.payload_len > 0 || seen.flags().sequence_len() > 0 {
            let acked_to = self.acknowledged_to();
            facts::retransmitted::note(&mut self.flow, &mut self.outstanding, acked_to, seen);
        }
        let end = seen.packet.seq_end();
        self.flow.sent_to = self.flow.sent_to.max(end);
    }

    /// Of a calm packet of this direction what cannot wait for the end of its run ([`Direction::calm_run`]). What its direction's
    /// packets share was noted before.
    #[inline]
    pub(crate) fn calm_sent(&mut self, packet: &Packet) {
        let (end, len) = (packet.seq_end(), packet.payload_len);
        self.provocation = None;
        self.acknowledges = true;
        if len > 0 {
            self.outstanding.sent(packet.seq, end, len, packet.moment());
        }
        self.flow.sent_to = self.flow.sent_to.max(end);
    }

    /// Of calm packets that go on smoothly, the same.
    pub(crate) fn calm_on(&mut self, run: &CalmRun<'_>) {
        self.provocation = None;
        self.acknowledges = true;
        self.flow.sent_to = self.flow.sent_to.max(run.end());
    }

    /// The other direction's calm packets, but for what they acknowledge ([`crate::flight`]).
    pub(crate) fn calm_answered(&mut self, run: &CalmRun<'_>) {
        facts::probes::answered(&mut self.flow);
        self.edge = self.edge.max(run.edge);
    }

    /// What the calm packets of a run come to.
    pub(crate) fn calm_run(&mut self, run: &CalmRun<'_>) {
        let last = run.last.moment();
        self.count_packets(run.packets.len() as u64, run.first.moment(), last);
        self.flow.duplicate_acks = self.flow.duplicate_acks.saturating_add(run.duplicate_acks);
        facts::network::calm(&mut self.flow, run);
        if let Some(id) = run.ip_id() {
            self.flow.network.ip_id_last = Some((id, last));
        }
        facts::windows::calm(&mut self.flow, &mut self.window_started, run);
        facts::timestamp_clock::calm(&mut self.flow, run);
        match &run.data {
            Some(data) => self.calm_data(data, run.wire_seq(data.first)),
            None => {
                self.count_bytes_at(run.wire_seq(run.last), 0);
            }
        }
    }

    fn calm_data(&mut self, data: &DataRun<'_>, seq: u32) {
        let fresh_bytes = self.count_stretch(seq, data.bytes);
        self.count_data(&SentData {
            packets: data.packets,
            first: data.first.moment(),
            last: data.last.moment(),
            pushed: data.last.pushed,
            last_len: data.last.payload_len,
            largest: data.largest,
            fresh_bytes,
        });
    }

    fn count_packets(&mut self, packets: u64, first: Moment, last: Moment) {
        self.flow.packets += packets;
        self.flow.first.get_or_insert(first);
        self.flow.last = Some(last);
    }

    fn count_data(&mut self, data: &SentData) {
        let flow = &mut self.flow;
        flow.data_packets += data.packets;
        flow.first_data.get_or_insert(data.first);
        flow.last_data = Some(data.last);
        flow.last_data_pushed = data.pushed;
        flow.sizes.last_sent = data.last_len;
        flow.sizes.largest_sent = flow.sizes.largest_sent.max(data.largest);
        if data.fresh_bytes > 0 {
            flow.last_new_data = Some(data.last);
        }
    }

    fn note_packet(&mut self, seen: &Seen<'_, '_>) {
        self.count_packets(1, seen.at, seen.at);
        let flow = &mut self.flow;
        flow.unsized_packets += u64::from(carries_untold_data(seen));
        if seen.marks().has(Marks::DUPLICATE_ACK) {
            flow.duplicate_acks += 1;
        }
        if seen.marks().has(Marks::ACK_LOST_SEGMENT) {
            flow.acks_of_unseen += 1;
        }
        if seen.packet.payload_len > 0 && seen.has(Known::LEN) && !seen.flags().is_rst() {
            self.count_data(&SentData::of(seen));
        }
    }

    /// A calm packet of the other direction.
    #[inline]
    pub(crate) fn calm_received(&mut self, packet: &Packet) {
        facts::probes::answered(&mut self.flow);
        self.allow(packet.ack, packet.window);
        if let Some(sacked_to) = packet.sacked_to {
            self.arrived_beyond(sacked_to);
        }
        self.acknowledge(packet.ack, packet.moment());
    }

    /// By SACK, something up to this number has arrived.
    pub(crate) fn arrived_beyond(&mut self, sacked_to: i64) {
        if let Some(at) = self.outstanding.smaller_one_passed(sacked_to) {
            self.flow.sizes.small_passed_later = Some(at);
        }
    }

    /// The other side takes so much beyond what it acknowledges.
    #[inline]
    fn allow(&mut self, ack: i64, window: u32) {
        let edge = ack.saturating_add(i64::from(window));
        self.edge = self.edge.max(edge);
    }

    #[inline]
    fn acknowledge(&mut self, ack: i64, at: Moment) {
        if ack > self.flow.acked_to {
            self.flow.acked_to = ack;
            self.flow.last_progress = Some(at);
            self.acknowledge_segments(ack);
            facts::fins::acknowledged(&mut self.flow, ack, at);
        } else if self.flow.acked_to == 0 && self.acked_before.is_none_or(|before| ack > before) {
            self.acked_before = Some(ack);
            self.acknowledge_segments(ack);
        }
    }

    /// All segments below `ack` have arrived.
    #[inline]
    pub(crate) fn acknowledge_segments(&mut self, ack: i64) {
        let largest = self.outstanding.acknowledged(ack);
        self.flow.sizes.largest_acked = self.flow.sizes.largest_acked.max(largest);
    }

    /// Up to where the other side has acknowledged its bytes, as far as the capture tells: where the beginning was not captured, less than
    /// the number of the first.
    fn acknowledged_to(&self) -> i64 {
        if self.flow.acked_to > 0 {
            return self.flow.acked_to;
        }
        self.acked_before.unwrap_or(i64::MIN)
    }

    /// A packet of the other direction: what it acknowledges of this one.
    pub(crate) fn note_received(&mut self, seen: &Seen<'_, '_>) {
        facts::probes::answered(&mut self.flow);
        facts::windows::filled(&mut self.flow, seen);
        let Some(ack) = seen.ack() else {
            return;
        };
        if seen.flags().is_rst() {
            return;
        }
        if seen.has(Known::WINDOW) {
            self.allow(ack, seen.packet.window);
        }
        if let Some(sacked_to) = seen.packet.sacked_to {
            self.arrived_beyond(sacked_to);
        }
        self.acknowledge(ack, seen.at);
    }

    /// Packets of this direction were passed over, `last` the last of them.
    pub(crate) fn pass_over_sent(&mut self, passed: &Passed, last: Moment, scale: Scale) {
        self.count_stretch(passed.first_byte, passed.bytes);
        let flow = &mut self.flow;
        flow.packets = flow.packets.saturating_add(passed.packets);
        flow.data_packets = flow.data_packets.saturating_add(passed.data_packets);
        flow.first.get_or_insert(last);
        flow.last = Some(last);
        if passed.last_data.is_some() {
            flow.first_data = flow.first_data.or(passed.first_data);
            flow.last_data = passed.last_data;
            flow.last_new_data = passed.last_data;
            flow.last_data_pushed = passed.pushed;
            flow.sizes.last_sent = passed.last_sent;
        }
        flow.sizes.largest_sent = flow.sizes.largest_sent.max(passed.largest);
        flow.sizes.largest_datagram = flow.sizes.largest_datagram.max(passed.largest_datagram);
        flow.network.oversize = flow.network.oversize.saturating_add(passed.oversize);
        facts::windows::pass_over(flow, &passed.window, scale.shift());
        facts::timestamp_clock::pass_over(flow, passed.timestamps, last);
        flow.sent_to = flow.sent_to.max(passed.sent_to);
        self.acknowledges = true;
        self.provocation = None;
    }

    /// Packets of the other direction were passed over.
    pub(crate) fn pass_over_acknowledged(&mut self, by: &Passed, scale: Scale) {
        if by.packets == 0 {
            return;
        }
        let window = i64::from(by.window.last) << scale.shift();
        self.edge = self.edge.max(by.acked_to.saturating_add(window));
        if by.acked_to > self.flow.acked_to {
            self.flow.acked_to = by.acked_to;
            self.flow.last_progress = by.progress.or(self.flow.last_progress);
            self.acknowledge_segments(by.acked_to);
        }
    }

    /// The connection is over: fills in what is only known now.
    pub(crate) fn conclude(&mut self) {
        self.flow.missing_bytes = self.stream_end().saturating_sub(self.bytes.total());
        self.flow.bytes = self.bytes.total();
        self.flow.window.scale_known = self.scale_is_known();
        self.flow.window.shift = self.scale.shift();
        self.flow.unanswered = self.outstanding.unanswered();
        let sizes = &mut self.flow.sizes;
        sizes.smallest_unanswered = self.outstanding.smallest_repeated();
        let of_oldest = self.outstanding.acknowledged_of_oldest();
        sizes.largest_acked = sizes.largest_acked.max(of_oldest);
        if let Some(clock) = &mut self.flow.timestamp_clock {
            facts::timestamp_clock::conclude(clock);
        }
    }

    pub(crate) fn scale_is_known(&self) -> bool {
        match self.scale {
            Scale::Unknown => false,
            Scale::None => true,
            Scale::Shift(_) => self.peer_scale != Scale::Unknown,
        }
    }

    /// The end of the stream as far as the capture shows it, counted from its first byte; SYN and FIN left out.
    pub(crate) fn stream_end(&self) -> u64 {
        self.stream_end_below(self.flow.sent_to)
    }

    /// The same, where all that was sent lies below `sent_to`: calm packets that wait are no facts yet.
    pub(crate) fn stream_end_below(&self, sent_to: i64) -> u64 {
        let end = match self.flow.fin {
            Some(fin) => fin.seq.min(sent_to),
            None => sent_to,
        };
        u64::try_from(end.saturating_sub(1)).unwrap_or(0)
    }

    /// Bytes on the heap.
    pub(crate) fn heap_size(&self) -> usize {
        self.outstanding.heap_size() + self.recent.heap_size()
    }
}
