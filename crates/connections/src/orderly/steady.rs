//! The packets in the middle of what goes by the book: nearly all are such.
//!
//! What is found out of such a packet is kept at once: between the two nothing has to be held.

use whyreset_segments::Usual;

use super::expected::{Expected, NEXT_START};
use super::short::Short;
use super::stock::Stock;
use super::{CHECKED, Ends, Orderly};
use crate::StreamSink;
use crate::pairs::End;

/// Frames behind the first one up to which packets are steady: where the next ones are, they can be told from it all the same.
const MAX_FRAMES: u64 = 1 << 31;

impl<X: StreamSink> Orderly<X> {
    /// Whether the next packet from this end may be a steady one: nobody has closed, and its checksum does not matter.
    #[inline(always)]
    pub(crate) const fn may_be_steady(&self, from: End) -> bool {
        self.steady.has(from)
    }

    /// Takes the next packet, which may be a steady one, if it is the one to be expected and the sink needs to hear nothing. Where not,
    /// nothing has changed, and it may be the one to be expected all the same ([`Orderly::expects`]).
    #[inline(never)]
    pub(crate) fn take_steady(
        &mut self,
        usual: &Usual,
        holder: &[u8],
        from: End,
        stock: &mut Stock,
    ) -> bool {
        // Once for each end: where its numbers are need not be found out then.
        match from {
            End::Low => self.take_steady_from(usual, holder, End::Low, stock),
            End::High => self.take_steady_from(usual, holder, End::High, stock),
        }
    }

    #[inline(always)]
    fn take_steady_from(
        &mut self,
        usual: &Usual,
        holder: &[u8],
        from: End,
        stock: &mut Stock,
    ) -> bool {
        let (own, peer) = self.ends.both_mut(from);
        let len = usual.payload_len;
        // First of all, so that the bytes are not needed any more.
        if len > 0 && !own.surely_spares::<X>(usual, holder) {
            return false;
        }
        if usual.flags.is_fin()
            || !own.is_next(usual, peer)
            || own.flow_label != usual.flow_label
            || !stock.looks.has(own.look, usual.look)
            || !self.log.clock().is_ahead_of(usual)
        {
            return false;
        }
        if len > 0 {
            own.pass_payload(usual);
            self.untold.add(from);
        } else if !self.untold.any() {
            return false;
        }
        own.next = usual.seq.wrapping_add(len);
        if !self.log.push(&mut own.numbers, usual, from) {
            self.keep_wide(usual, from);
        }
        if !self.log.has_room() {
            self.make_room(stock);
        }
        true
    }

    /// Keeps a packet that does not fit into one slot, and that the others are told of.
    #[cold]
    #[inline(never)]
    fn keep_wide(&mut self, usual: &Usual, from: End) {
        let body = &mut *self.body;
        let short = Short::of(usual, from, body.first_frame);
        self.log.push_wide(&short, body.first_frame);
    }

    /// Takes note of whose next packets may be steady, where packets go into the ring.
    pub(super) fn note_steady(&mut self) {
        if !self.log.has_ring() {
            return;
        }
        let frames = self.last_frame() - self.body.first_frame;
        let is_calm = !self.finished.any() && frames < MAX_FRAMES;
        self.steady = Ends::default();
        for end in [End::Low, End::High] {
            let own = self.ends.of(end);
            if is_calm && u32::from(own.checked) >= CHECKED && own.look.is_some() {
                self.steady.add(end);
            }
        }
    }
}

impl Expected {
    /// Whether the sink does not need this payload, as far as a glance tells.
    #[inline(always)]
    fn surely_spares<X: StreamSink>(&self, usual: &Usual, holder: &[u8]) -> bool {
        if self.spare == NEXT_START {
            return X::goes_on(usual.payload(holder));
        }
        usual.payload_len <= self.spare
    }
}
