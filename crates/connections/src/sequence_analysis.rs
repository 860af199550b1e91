//! Sequence analysis by Wireshark's rules (4.0): the `tcp.analysis.*` flags of each segment.
//!
//! The rules are Wireshark's, oddities included, so that a person who compares finds the same flags: a number of zero
//! counts as "not seen", windows are compared unscaled, and a retransmission is whatever does not move forward. What we
//! think ourselves stands in [`crate::own_marks`]. One rule, one file; the state they share is here.
//!
//! Wireshark keeps a list of unacknowledged segments; no flag rests on it but for a FIN behind 10,000 of them, so this
//! only counts them, roughly where acknowledgements cover a part.

mod acked_unseen;
mod calm;
mod duplicate_ack;
mod fast_open;
mod keep_alive;
mod lost_segment;
mod retransmission;
mod window;
mod window_probe;

#[cfg(test)]
mod tests;

use whyreset_capture::Timestamp;
use whyreset_segments::{Known, Segment, TcpFlags, TcpOptions, Usual};

use crate::Marks;
use crate::orderly::Passed;
use crate::pairs::{ByEnd, End};

/// The numbers of one segment, as the header has them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) len: u32,
    pub(crate) flags: TcpFlags,
    /// Unscaled, as the header has it.
    pub(crate) window: u32,
    /// Nanoseconds.
    pub(crate) time: i64,
}

/// SYN, FIN or RST: such segments are no keep-alives, window updates or duplicate ACKs.
const CONTROL: TcpFlags = TcpFlags(TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0);
const SYN_OR_FIN: TcpFlags = TcpFlags(TcpFlags::SYN.0 | TcpFlags::FIN.0);

impl From<&Usual> for Numbers {
    #[inline]
    fn from(usual: &Usual) -> Self {
        Self {
            seq: usual.seq,
            ack: usual.ack,
            len: usual.payload_len,
            flags: usual.flags,
            window: u32::from(usual.window),
            time: usual.time.nanos(),
        }
    }
}

impl Numbers {
    const fn is_control(&self) -> bool {
        self.flags.intersects(CONTROL)
    }

    const fn has_ack(&self) -> bool {
        self.flags.contains(TcpFlags::ACK)
    }

    /// Whether it carries something that takes up sequence numbers.
    const fn occupies(&self) -> bool {
        self.len > 0 || self.flags.intersects(SYN_OR_FIN)
    }

    /// The number after the last one; SYN and FIN together count as one, as Wireshark has it.
    const fn next(&self) -> u32 {
        self.seq
            .wrapping_add(self.len)
            .wrapping_add(self.flags.intersects(SYN_OR_FIN) as u32)
    }
}

/// Stands in for the count of duplicate ACKs once an unseen segment was told. Wireshark's -1 in an unsigned number, so
/// that it passes for "two or more" as well.
const STALLED: u32 = u32::MAX;

/// Wireshark stops to list unacknowledged segments here, and then no longer counts a SYN or FIN.
const MAX_UNACKED: u32 = 10_000;

/// Whether `a` lies after `b` on the circle.
const fn after(a: u32, b: u32) -> bool {
    (b.wrapping_sub(a) as i32) < 0
}

/// The length that is analysed. A data offset below the least is taken as it stands, as Wireshark does before it gives up.
fn analysed_len(segment: &Segment<'_>) -> u32 {
    if !segment.bad_offset {
        return segment.payload_len;
    }
    let offset = segment.tcp_bytes.get(12).map_or(0, |byte| byte >> 4);
    let rest = segment
        .tcp_bytes
        .len()
        .saturating_sub(usize::from(offset) * 4);
    u32::try_from(rest).unwrap_or(u32::MAX)
}

/// The window scale of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scale {
    /// No option seen, and no SYN that lacks it.
    #[default]
    Unknown,
    /// A SYN or SYN/ACK came without the option, or the source shows windows already scaled.
    None,
    /// By so many bits.
    Shift(u8),
}

impl Scale {
    pub(crate) const fn shift(self) -> u8 {
        match self {
            Self::Shift(shift) => shift,
            Self::Unknown | Self::None => 0,
        }
    }
}

/// What Wireshark remembers of one direction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlowState {
    /// The initial number, or what stands for it; meaningful with `based`.
    pub(crate) base: u32,
    pub(crate) based: bool,
    /// The next number expected; 0 while nothing was seen.
    next_seq: u32,
    next_seq_time: i64,
    /// The end of what was seen without a gap; 0 while nothing was seen.
    max_to_be_acked: u32,
    last_ack: u32,
    last_ack_time: i64,
    /// The last window field; `u32::MAX` before the first.
    window: u32,
    pub(crate) scale: Scale,
    /// Until the first ACK without SYN windows are not scaled.
    before_first_ack: bool,
    /// Counts from [`STALLED`] over to one.
    duplicate_acks: u32,
    /// Segments that wait for an acknowledgement, roughly.
    unacked: u32,
    last_marks: Marks,
}

impl Default for FlowState {
    fn default() -> Self {
        Self {
            base: 0,
            based: false,
            next_seq: 0,
            next_seq_time: 0,
            max_to_be_acked: 0,
            last_ack: 0,
            last_ack_time: 0,
            window: u32::MAX,
            scale: Scale::Unknown,
            before_first_ack: false,
            duplicate_acks: 0,
            unacked: 0,
            last_marks: Marks::NONE,
        }
    }
}

/// The analysis of one stream.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SequenceAnalysis {
    pub(crate) flows: ByEnd<FlowState>,
    last_syn_time: Option<i64>,
    /// From the last SYN to the first ACK without SYN; 0 while not known.
    first_rtt: i64,
    fast_open_data: bool,
}

/// What a segment means for the stream it finds (conformance rules 3 to 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// It belongs to the stream.
    Same,
    /// It starts a new one on the same pair.
    New,
}

/// What a segment means for the stream it finds; `base` is the initial number of its sender.
pub(crate) fn arrival(base: &mut u32, seq: u32, flags: TcpFlags) -> Arrival {
    if !flags.contains(TcpFlags::SYN) {
        return Arrival::Same;
    }
    if flags.is_syn_ack() {
        *base = seq;
        return Arrival::Same;
    }
    if *base == seq {
        Arrival::Same
    } else {
        Arrival::New
    }
}

impl SequenceAnalysis {
    /// Marks that rest on the window field.
    const WINDOW_MARKS: Marks = Marks(
        Marks::ZERO_WINDOW.0
            | Marks::ZERO_WINDOW_PROBE_ACK.0
            | Marks::WINDOW_UPDATE.0
            | Marks::WINDOW_FULL.0
            | Marks::DUPLICATE_ACK.0
            | Marks::KEEP_ALIVE_ACK.0,
    );

    /// The source counts numbers from each side's initial one, so both bases are zero.
    pub(crate) const fn count_from_zero(&mut self) {
        self.flows.low.based = true;
        self.flows.high.based = true;
    }

    /// The numbers of a segment. What the source does not tell stands as it was.
    fn numbers(&self, segment: &Segment<'_>, end: End) -> Numbers {
        let own = self.flows.of(end);
        let has = |known| segment.known.has(known);
        let tells_ack = has(Known::ACK) || !segment.flags.contains(TcpFlags::ACK);
        Numbers {
            seq: segment.seq.0,
            ack: if tells_ack {
                segment.ack.0
            } else {
                own.last_ack
            },
            len: analysed_len(segment),
            flags: if tells_ack {
                segment.flags
            } else {
                TcpFlags(segment.flags.0 & !TcpFlags::ACK.0)
            },
            window: if has(Known::WINDOW) {
                segment.window
            } else {
                own.window
            },
            time: segment.time.nanos(),
        }
    }

    /// What a segment from `end` means for the stream, before anything else is done with it.
    /// Runs for segments that ICMP errors quote as well.
    pub(crate) fn arrival(&mut self, end: End, seq: u32, flags: TcpFlags) -> Arrival {
        let flow = self.flows.of_mut(end);
        if !flow.based {
            return Arrival::Same;
        }
        let arrival = arrival(&mut flow.base, seq, flags);
        if arrival == Arrival::Same && flags.contains(TcpFlags::SYN) && !flags.is_syn_ack() {
            // The same SYN again: forget what RSTs and the like did to the expected number.
            flow.next_seq = flow.max_to_be_acked;
        }
        arrival
    }

    /// Everything about one segment but its arrival: bases, flags, header, options.
    pub(crate) fn segment(&mut self, segment: &Segment<'_>, from: End) -> Marks {
        if !segment
            .known
            .has(Known::SEQ.with(Known::LEN).with(Known::FLAGS))
        {
            return Marks::NONE;
        }
        let numbers = self.numbers(segment, from);
        self.set_bases(from, &numbers);
        let mut marks = self.analyze(from, &numbers);
        if segment.bad_offset {
            return Marks::NONE;
        }
        marks |= self.header(from, &numbers);
        if segment.known.has(Known::SOME_OPTIONS) {
            marks |= self.options(from, &numbers, &segment.options);
        }
        // Where a snapshot cut the options, the scale may have been among them (and Wireshark knows none either).
        if segment.known.has(Known::OPTIONS) && numbers.flags.contains(TcpFlags::SYN) {
            self.verify_scale(from, numbers.flags.contains(TcpFlags::ACK));
        }
        if !segment.known.has(Known::WINDOW) {
            marks = marks.without(Self::WINDOW_MARKS);
        }
        marks
    }

    /// Sets the bases that are not known yet (rule 4).
    fn set_bases(&mut self, end: End, numbers: &Numbers) {
        let flow = self.flows.of_mut(end);
        if !flow.based {
            let syn = numbers.flags.contains(TcpFlags::SYN);
            flow.base = numbers.seq.wrapping_sub(u32::from(!syn));
            flow.based = true;
        }
        let peer = self.flows.of_mut(end.other());
        if !peer.based && numbers.has_ack() {
            peer.base = numbers.ack.wrapping_sub(1);
            peer.based = true;
        }
    }

    /// Whether the sender's number is its initial one, or stands for it.
    pub(crate) const fn base(&self, end: End) -> Option<u32> {
        let flow = self.flows.of(end);
        if flow.based { Some(flow.base) } else { None }
    }

    /// The flags of the next segment, its state remembered. Follows Wireshark's order of the rules.
    fn analyze(&mut self, end: End, numbers: &Numbers) -> Marks {
        let mut marks = self.forward_marks(end, numbers);
        let first_rtt = self.first_rtt;
        let (own, peer) = self.flows.both_mut(end);
        marks |= acked_unseen::check(peer, numbers);
        if numbers.occupies() {
            marks |= retransmission::check(own, peer, numbers, marks, first_rtt);
        }
        self.take(end, numbers, marks);
        marks
    }

    /// Remembers a segment.
    #[inline]
    fn take(&mut self, end: End, numbers: &Numbers, marks: Marks) {
        let (own, peer) = self.flows.both_mut(end);
        if numbers.ack != own.last_ack {
            own.duplicate_acks = 0;
        }
        own.remember(numbers, marks);
        peer.note_acked(numbers.ack);
    }

    /// The rules that look at the sender's own direction.
    fn forward_marks(&mut self, end: End, numbers: &Numbers) -> Marks {
        let peer = *self.flows.of(end.other());
        let own = self.flows.of_mut(end);
        if window_probe::is_probe(own, &peer, numbers) {
            return Marks::ZERO_WINDOW_PROBE;
        }
        let mut marks = window::zero(numbers)
            | lost_segment::check(own, numbers)
            | keep_alive::check(own, numbers)
            | window::update(own, numbers)
            | window::full(&peer, numbers);
        if !own.repeats_last(numbers) {
            return marks;
        }
        let answer =
            keep_alive::answer(own, &peer, numbers) | window_probe::answer(own, &peer, numbers);
        if !answer.is_empty() {
            return marks | answer;
        }
        marks |= duplicate_ack::check(own, numbers);
        marks
    }

    /// What the rest of the header and the options say, behind [`Self::analyze`].
    fn header(&mut self, end: End, numbers: &Numbers) -> Marks {
        let mut marks = Marks::NONE;
        let flags = numbers.flags;
        if flags.is_syn_ack() {
            let base = self.flows.of(end.other()).base;
            marks |= fast_open::syn_ack(base, numbers.ack, self.fast_open_data);
        }
        if flags.contains(TcpFlags::SYN) {
            if flags.is_opening_syn() {
                self.last_syn_time = Some(numbers.time);
            }
            self.flows.of_mut(end).before_first_ack = true;
        } else if flags.contains(TcpFlags::ACK) {
            self.note_ack(end, numbers);
        }
        marks
    }

    /// A segment with ACK and no SYN.
    #[inline]
    fn note_ack(&mut self, end: End, numbers: &Numbers) {
        if let Some(syn) = self.last_syn_time
            && self.first_rtt == 0
        {
            self.first_rtt = numbers.time.wrapping_sub(syn);
        }
        self.flows.of_mut(end).before_first_ack = false;
    }

    /// The options: window scale and fast open.
    fn options(&mut self, end: End, numbers: &Numbers, options: &TcpOptions) -> Marks {
        if let Some(shift) = options.window_scale {
            self.flows.of_mut(end).scale = Scale::Shift(shift.min(14));
        }
        let marks = fast_open::syn(numbers.flags, options);
        if !marks.is_empty() && numbers.len > 0 {
            self.fast_open_data = true;
        }
        marks
    }

    /// Without the option in both SYN and SYN/ACK there is no scaling (RFC 7323 §2.2).
    fn verify_scale(&mut self, end: End, syn_ack: bool) {
        let peer = self.flows.of(end.other()).scale;
        if self.flows.of(end).scale == Scale::Unknown {
            self.flows.low.scale = Scale::None;
            self.flows.high.scale = Scale::None;
        } else if syn_ack && peer == Scale::None {
            self.flows.of_mut(end).scale = Scale::None;
        }
    }

    /// Packets of `end` that are no more than expected have passed, the last of them at `time`.
    pub(crate) fn pass_over(&mut self, end: End, passed: &Passed, time: Timestamp) {
        let flow = self.flows.of_mut(end);
        flow.next_seq = passed.next;
        flow.next_seq_time = time.nanos();
        flow.max_to_be_acked = passed.next;
        flow.last_ack = passed.ack;
        flow.last_ack_time = time.nanos();
        flow.window = u32::from(passed.window.last);
        flow.before_first_ack = false;
        flow.duplicate_acks = 0;
        flow.unacked = flow.unacked.min(1);
        flow.last_marks = Marks::NONE;
    }

    /// The source shows windows that are already scaled.
    pub(crate) const fn windows_are_scaled(&mut self) {
        self.flows.low.scale = Scale::None;
        self.flows.high.scale = Scale::None;
    }
}

impl FlowState {
    /// An empty segment with the numbers of the one before.
    const fn repeats_last(&self, numbers: &Numbers) -> bool {
        numbers.len == 0
            && numbers.window == self.window
            && numbers.seq == self.next_seq
            && numbers.ack == self.last_ack
            && !numbers.is_control()
    }

    fn remember(&mut self, numbers: &Numbers, marks: Marks) {
        let mut next = numbers.next();
        if numbers.occupies() {
            if self.unacked < MAX_UNACKED {
                self.unacked += 1;
            } else {
                next = numbers.seq.wrapping_add(numbers.len);
            }
        }
        let probe = marks.has(Marks::ZERO_WINDOW_PROBE);
        if !probe && (after(next, self.next_seq) || self.next_seq == 0) {
            self.next_seq = next;
            self.next_seq_time = numbers.time;
        }
        if !probe && (numbers.seq == self.max_to_be_acked || self.max_to_be_acked == 0) {
            self.max_to_be_acked = self.next_seq;
        }
        self.window = numbers.window;
        self.last_ack = numbers.ack;
        self.last_ack_time = numbers.time;
        self.last_marks = marks;
    }

    /// The other side's segment says `ack`.
    fn note_acked(&mut self, ack: u32) {
        if self.unacked == 0 {
            return;
        }
        let left = self.next_seq.wrapping_sub(ack);
        if left == 0 || left > u32::MAX / 2 {
            self.unacked = 0;
        } else if self.unacked > MAX_UNACKED / 4 {
            // No segment is shorter than a byte, and few are longer than 64 KiB.
            self.unacked = self.unacked.min(left).min(left / 512 + 64);
        }
    }
}
