//! The packets of a connection that are kept one by one: the first, and the last in a ring.

use std::hint::cold_path;

use whyreset_segments::Usual;

use super::FIRST;
pub(super) use super::narrow::Taken;
use super::narrow::{
    Before, Clock, Glancing, Glimpse, Numbers, Slot, before as at_before, is_wide, payload_len,
    sender, wide,
};
use super::short::{At, Short};
use crate::pairs::End;

/// Slots of the ring, of which a packet takes one or two. More of them cost memory in each long connection, fewer time: the
/// packets that leave together are taken into the sums at one price, however many they are.
pub(super) const SLOTS: usize = 112;
const _: () = assert!(SLOTS + FIRST <= u8::MAX as usize && SLOTS >= 4 * super::LEAVING);

/// The first [`FIRST`] packets and a ring of the last ones, oldest first. What few packets touch of it is [`BeforeRing`].
#[derive(Debug)]
pub(super) struct Log {
    /// When the last packet came.
    clock: Clock,
    ring: Ring,
    /// Packets, the first ones among them, and the slots of those in the ring.
    packets: u8,
    used: u8,
    /// The first slot of the ring's oldest packet, and the one behind its newest.
    oldest: u8,
    end: u8,
}

/// What came before the packets in the ring of a [`Log`].
#[derive(Debug, Default)]
pub(super) struct BeforeRing {
    first: [Short; FIRST],
    /// The numbers of the packet before the ring's oldest.
    last: Before,
}

/// Takes the packets that leave the ring.
pub(super) trait Passing {
    /// The next packet, in one slot or the first of two; `false` where it is to be passed as [any](Passing::pass_any). `before` goes on
    /// likewise.
    fn pass_slot(&mut self, before: &mut Before, slot: Slot) -> bool;

    /// The next packet, whatever it is like; `second` is the slot behind its first.
    fn pass_any(&mut self, before: &mut Before, slot: Slot, second: Slot);

    /// That was the last one.
    fn end(&mut self, before: &mut Before);
}

/// The slots of the last packets.
#[derive(Debug)]
pub(super) struct Ring(Option<Box<[Slot; SLOTS]>>);

impl Log {
    /// No packets yet. This is the last frame that came before.
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            ring: Ring::none(),
            packets: 0,
            used: 0,
            oldest: 0,
            end: 0,
        }
    }

    /// When the last packet came.
    pub(super) const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// How many packets it holds.
    pub(super) const fn len(&self) -> usize {
        self.packets as usize
    }

    /// Whether the next packet goes into a ring that is there.
    pub(super) const fn has_ring(&self) -> bool {
        self.ring.is_there()
    }

    /// Whether the next packet needs a ring that is not there yet.
    pub(super) const fn needs_ring(&self) -> bool {
        !self.ring.is_there() && self.len() >= FIRST
    }

    /// Whether the next packet finds room, whatever it is like.
    pub(super) const fn has_room(&self) -> bool {
        self.used as usize + 2 <= SLOTS
    }

    /// Whether packets are soon to leave.
    pub(super) const fn is_rather_full(&self) -> bool {
        self.used as usize + 8 > SLOTS
    }

    /// Whether hardly more than the next packet finds room.
    pub(super) const fn is_nearly_full(&self) -> bool {
        self.used as usize + 4 > SLOTS
    }

    /// Adds a packet to the ring, in which there is room for it, where it takes one slot; `false` where not, or where there is no ring:
    /// then it is one of the [first](Log::push_first), or [wide](Log::push_wide). `last`: its sender's numbers, which are those of this packet then.
    #[inline(always)]
    pub(super) fn push(&mut self, last: &mut Numbers, usual: &Usual, from: End) -> bool {
        let slots = self.ring.0.as_mut();
        let Some(place) = slots.and_then(|slots| slots.get_mut(usize::from(self.end))) else {
            return false;
        };
        let is_narrow = self.clock.take(last, usual, from, place);
        if is_narrow {
            self.packets += 1;
            self.take_up_slot();
        }
        is_narrow
    }

    /// One more slot is taken.
    #[inline(always)]
    const fn take_up_slot(&mut self) {
        self.used += 1;
        self.end += 1;
        if self.end == SLOTS as u8 {
            cold_path();
            self.end = 0;
        }
    }

    /// Whether the next packet is one of the first.
    #[inline(always)]
    pub(super) const fn begins(&self) -> bool {
        self.packets < FIRST as u8
    }

    /// Adds one of the first packets; `short` is the same in short.
    #[inline(always)]
    pub(super) fn push_first(&mut self, usual: &Usual, short: Short, before: &mut BeforeRing) {
        if let Some(place) = before.first.get_mut(self.len()) {
            *place = short;
        }
        self.packets += 1;
        self.clock = Clock {
            time: usual.time,
            frame: usual.frame,
        };
    }

    /// Adds a packet to the ring, where there is room for it, whatever it is like. Frames count from `first`.
    #[inline(never)]
    pub(super) fn push_wide(&mut self, short: &Short, first: u64) {
        for slot in wide(short) {
            self.ring.set(self.end.into(), slot);
            self.take_up_slot();
        }
        self.packets += 1;
        self.clock = Clock {
            time: short.time,
            frame: first.wrapping_add(short.frame.into()),
        };
    }

    /// Lets all packets from now on go into this ring, behind this packet.
    pub(super) fn give(&mut self, ring: Ring, last: Before, before: &mut BeforeRing) {
        before.last = last;
        self.ring = ring;
    }

    /// Takes so many of the ring's oldest packets out, where there are as many.
    #[inline(always)]
    pub(super) fn take_oldest(
        &mut self,
        count: usize,
        before_ring: &mut BeforeRing,
        passing: &mut impl Passing,
    ) {
        let packets = self.len().saturating_sub(FIRST);
        let count = count.min(packets);
        let (mut before, mut next) = (before_ring.last, usize::from(self.oldest));
        let Some(slots) = &self.ring.0 else {
            return;
        };
        for _ in 0..count {
            let slot = slots.get(next).copied().unwrap_or_default();
            if passing.pass_slot(&mut before, slot) {
                next = Ring::wrapped(next + 1);
            } else {
                passing.pass_any(&mut before, slot, self.ring.slot(next + 1));
                next = Ring::wrapped(next + if is_wide(slot) { 2 } else { 1 });
            }
        }
        passing.end(&mut before);
        // Who takes all may have gone all around.
        self.used = if count < packets {
            self.used - Ring::wrapped(next + SLOTS - usize::from(self.oldest)) as u8
        } else {
            0
        };
        before_ring.last = before;
        self.oldest = next as u8;
        self.packets -= count as u8;
    }

    /// Hands the packets in the ring on, as far as they are looked at in the end.
    #[inline(always)]
    pub(super) fn glance_at_last(&self, before: &BeforeRing, mut pass: impl FnMut(&Glimpse)) {
        let mut before = Glancing::behind(&before.last);
        let mut next = usize::from(self.oldest);
        let Some(slots) = &self.ring.0 else {
            return;
        };
        for _ in FIRST..self.len() {
            let slot = slots.get(next).copied().unwrap_or_default();
            pass(&before.next(slot, || self.ring.slot(next + 1)));
            next = Ring::wrapped(next + if is_wide(slot) { 2 } else { 1 });
        }
    }

    /// The ring of a log that is no longer needed.
    pub(super) fn take_ring(&mut self) -> Ring {
        self.packets = self.packets.min(FIRST as u8);
        (self.used, self.oldest, self.end) = (0, 0, 0);
        std::mem::replace(&mut self.ring, Ring::none())
    }

    /// The first packets.
    pub(super) fn first<'b>(&self, before: &'b BeforeRing) -> &'b [Short] {
        before.first.get(..self.len()).unwrap_or(&before.first)
    }

    /// The packets in the ring.
    pub(super) fn last(&self, before: &BeforeRing) -> impl Iterator<Item = Short> {
        let mut before = before.last;
        let mut next = usize::from(self.oldest);
        let slots = self.ring.0.as_deref();
        (FIRST..self.len()).map_while(move |_| Some(read(slots?, &mut next, &mut before).short))
    }

    /// The last packet of an end in the ring with so much payload at least. Frames count from `first`.
    #[inline]
    pub(super) fn last_of(
        &self,
        end: End,
        payload: u32,
        before: &BeforeRing,
        first: u64,
    ) -> Option<At> {
        match self.len().saturating_sub(FIRST) {
            0 => None,
            packets => self.last_in_ring(packets, (end, payload), before, first),
        }
    }

    /// The same where there are so many packets in the ring.
    #[inline(never)]
    fn last_in_ring(
        &self,
        packets: usize,
        (end, payload): (End, u32),
        before: &BeforeRing,
        first: u64,
    ) -> Option<At> {
        if usize::from(self.used) > packets {
            // Where any takes two slots, it cannot be told from behind where one begins.
            let it = self.last(before).filter(|it| it.from() == end);
            let last = it.filter(|it| it.payload_len() >= payload).last();
            return last.map(|it| it.at());
        }
        let oldest = usize::from(self.oldest);
        let (mut at, mut place) = (self.clock.at(first), oldest + packets);
        for _ in 0..packets {
            place -= 1;
            let slot = self.ring.slot(place);
            if sender(slot) == end && payload_len(slot) >= payload {
                return Some(at);
            }
            at = at_before(slot, at);
        }
        None
    }

    /// All packets.
    pub(super) fn iter(&self, before: &BeforeRing) -> impl Iterator<Item = Short> {
        let first = self.first(before).iter().copied();
        first.chain(self.last(before))
    }

    /// Bytes that it holds.
    pub(super) const fn size(&self) -> usize {
        let slots = if self.ring.is_there() { SLOTS } else { 0 };
        slots * size_of::<Slot>()
    }

    /// Asks for the place of the next packet.
    #[inline]
    pub(super) fn fetch_end(&self) {
        self.ring.fetch(self.end.into());
    }

    /// Asks for all packets in the ring.
    pub(super) fn fetch_last(&self) {
        if self.ring.is_there() {
            self.fetch_oldest(self.used.into());
        }
    }

    /// Asks for so many slots of the oldest packets.
    pub(super) fn fetch_oldest(&self, slots: usize) {
        let oldest = usize::from(self.oldest);
        let of_line = (oldest..oldest + slots).step_by(64 / size_of::<Slot>());
        of_line.for_each(|at| self.ring.fetch(at));
    }
}

impl BeforeRing {
    /// The numbers of the packet before the ring's oldest.
    pub(super) const fn last(&self) -> &Before {
        &self.last
    }
}

impl Default for Ring {
    /// Room for the last packets.
    fn default() -> Self {
        Self(Some(Box::new([Slot::default(); SLOTS])))
    }
}

impl Ring {
    /// No room: there are no packets for it yet.
    fn none() -> Self {
        Self(None)
    }

    /// Whether there are any slots.
    pub(super) const fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// A place counted from the first slot, at most once around.
    #[inline]
    const fn wrapped(at: usize) -> usize {
        if at < SLOTS { at } else { at - SLOTS }
    }

    #[inline]
    fn place(&self, at: usize) -> Option<&Slot> {
        self.0.as_ref()?.get(Self::wrapped(at))
    }

    #[inline]
    fn slot(&self, at: usize) -> Slot {
        self.place(at).copied().unwrap_or_default()
    }

    #[inline]
    fn fetch(&self, at: usize) {
        if let Some(slot) = self.place(at) {
            whyreset_prefetch::fetch(slot);
        }
    }

    #[inline]
    fn set(&mut self, at: usize, slot: Slot) {
        let slots = self.0.as_mut();
        if let Some(place) = slots.and_then(|slots| slots.get_mut(Self::wrapped(at))) {
            *place = slot;
        }
    }
}

/// The packet that begins in the slot `next`, which is the one behind it from now on; `before` goes on likewise.
#[inline(always)]
fn read(slots: &[Slot; SLOTS], next: &mut usize, before: &mut Before) -> Taken {
    let slot = |at: usize| slots.get(at).copied().unwrap_or_default();
    let first = slot(*next);
    let taken = before.next(first, || slot(Ring::wrapped(*next + 1)));
    *next = Ring::wrapped(*next + if is_wide(first) { 2 } else { 1 });
    taken
}

#[cfg(test)]
mod tests {
    use whyreset_capture::Timestamp;

    use crate::pairs::ByEnd;

    use super::*;

    fn usual(frame: u32, ip_id: u16) -> Usual {
        Usual {
            time: Timestamp::from_nanos(i64::from(frame) * 1_000),
            ack: frame * 10,
            frame: frame.into(),
            window: 501,
            ip_id,
            payload_len: frame % 5 * 100,
            ..Usual::BLANK
        }
    }

    fn frames(packets: impl Iterator<Item = Short>) -> Vec<u32> {
        packets.map(|short| short.frame).collect()
    }

    /// Frames of packets that left.
    impl Passing for Vec<u32> {
        fn pass_slot(&mut self, _: &mut Before, _: Slot) -> bool {
            false
        }

        fn pass_any(&mut self, before: &mut Before, slot: Slot, second: Slot) {
            self.push(before.next(slot, || second).short.frame);
        }

        fn end(&mut self, _: &mut Before) {}
    }

    /// `wide_every`: so often comes a packet that takes two slots.
    fn the_first_and_the_last_stay(wide_every: u32, least: usize) {
        let mut log = Log::new(Clock::default());
        let mut before = BeforeRing::default();
        let mut ends = ByEnd::<Numbers>::default();
        for frame in 1..1_000 {
            if log.needs_ring() {
                let last = Before::new(log.clock(), 0, ends);
                log.give(Ring::default(), last, &mut before);
            }
            let ip_id = if frame % wide_every == 0 {
                frame * 999
            } else {
                frame
            } as u16;
            assert!(log.has_room());
            let usual = usual(frame, ip_id);
            let from = if frame % 7 == 0 { End::High } else { End::Low };
            let last = ends.of_mut(from);
            if !log.push(last, &usual, from) {
                let short = Short::of(&usual, from, 0);
                if log.begins() {
                    log.push_first(&usual, short, &mut before);
                } else {
                    log.push_wide(&short, 0);
                }
                *last = Numbers::of(&short);
            }
            for end in [End::Low, End::High] {
                for least in [0, 1] {
                    let is_it = |short: &Short| short.from() == end && short.payload_len() >= least;
                    let last = log.last(&before).filter(is_it).last();
                    let found = log.last_of(end, least, &before, 0);
                    assert_eq!(found, last.map(|short| short.at()));
                }
            }
            assert_eq!(log.clock().frame, u64::from(frame));
            if !log.has_room() {
                assert_eq!(
                    frames(log.first(&before).iter().copied()),
                    (1..9).collect::<Vec<_>>()
                );
                let kept = u32::try_from(log.len()).unwrap() - 8;
                assert!(log.len() >= least);
                assert_eq!(
                    frames(log.last(&before)),
                    (frame + 1 - kept..=frame).collect::<Vec<_>>()
                );
                let mut taken = Vec::new();
                log.take_oldest(10, &mut before, &mut taken);
                assert_eq!(taken, Vec::from_iter((frame + 1 - kept..).take(10)));
            }
        }
        log.take_oldest(usize::MAX, &mut before, &mut Vec::new());
        assert_eq!(frames(log.iter(&before)), (1..9).collect::<Vec<_>>());
    }

    #[test]
    fn the_last_packets_stay_in_the_ring() {
        the_first_and_the_last_stay(u32::MAX, SLOTS - 2 + FIRST);
        the_first_and_the_last_stay(1, SLOTS / 2 + FIRST - 1);
        the_first_and_the_last_stay(3, SLOTS / 2 + FIRST - 1);
    }
}
