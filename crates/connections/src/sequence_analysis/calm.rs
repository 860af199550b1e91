//! Segments that no rule says anything of, or only that they are duplicate ACKs.

use super::{FlowState, Numbers, SequenceAnalysis, after, duplicate_ack, retransmission, window};
use crate::Marks;
use crate::pairs::End;

impl SequenceAnalysis {
    /// Takes a segment with ACK, and no SYN, FIN or RST, if it is one that no rule says anything of. `false`: it may be another, and
    /// nothing has changed.
    #[inline(always)]
    pub(crate) fn pass(&mut self, numbers: &Numbers, from: End) -> bool {
        let (own, peer) = self.flows.both(from);
        if !own.based || !peer.based || !own.expects(numbers, peer) {
            return false;
        }
        self.take(from, numbers, Marks::NONE);
        self.note_ack(from, numbers);
        true
    }

    /// The same of an empty segment, which may also repeat the last one. Gives its mark.
    pub(crate) fn pass_ack(&mut self, numbers: &Numbers, from: End) -> Option<Marks> {
        if self.pass(numbers, from) {
            return Some(Marks::NONE);
        }
        let (own, peer) = self.flows.both_mut(from);
        if !own.based || !peer.based || !own.is_repeated_by(numbers, peer) {
            return None;
        }
        let marks = duplicate_ack::check(own, numbers);
        self.take(from, numbers, marks);
        self.note_ack(from, numbers);
        Some(marks)
    }
}

impl FlowState {
    /// Whether a segment with ACK, and no SYN, FIN or RST, carries the next number and something new, within windows that are open,
    /// and acknowledges what was seen: then no rule has anything to say of it.
    #[inline]
    fn expects(&self, numbers: &Numbers, peer: &Self) -> bool {
        let is_next = numbers.seq == self.next_seq && self.next_seq != 0;
        let is_new = numbers.len > 0 || numbers.ack != self.last_ack;
        let is_open = numbers.window != 0 && peer.window != 0;
        is_next
            && is_new
            && is_open
            && peer.has_shown(numbers.ack)
            && window::full(peer, numbers).is_empty()
            && !retransmission::is_spurious(peer, numbers)
    }

    /// Whether a segment with ACK, and no SYN, FIN or RST, is a duplicate ACK and nothing else: it repeats the last one, which
    /// acknowledges what was seen, and is no answer to a probe.
    fn is_repeated_by(&self, numbers: &Numbers, peer: &Self) -> bool {
        self.next_seq != 0
            && self.repeats_last(numbers)
            && numbers.window != 0
            && peer.has_shown(numbers.ack)
            && !peer.last_marks.has(Marks::KEEP_ALIVE)
    }

    /// Whether all below this number was seen, as far as that is known.
    #[inline]
    const fn has_shown(&self, ack: u32) -> bool {
        self.max_to_be_acked == 0 || !after(ack, self.max_to_be_acked)
    }
}
