//! Packets that go on as those of their end before did: same window, identifications that count on or stay 0. Nearly all of what is
//! passed over is like this, and is taken in from its slot as it is.

use super::super::log::Passing;
use super::super::narrow::{self, Before, Clocks, Slot};
use super::super::rest::{Rest, Until};
use super::super::short::At;
use super::{Answer, Half, Middle};
use crate::ip_id::ONE_DATAGRAM;
use crate::pairs::{ByEnd, End};

/// So many packets of those that leave together may be irregular; then it does not pay any more to look for the regular ones.
const MAX_IRREGULAR: u32 = 4;
/// No more packets leave together.
const MAX_LEAVING: u16 = 255;

/// Takes in packets that leave together.
pub(in super::super) struct Leave<'m> {
    middle: &'m mut Middle,
    rest: &'m mut Rest,
    paces: ByEnd<Pace>,
    irregular: u32,
}

/// How one end goes on.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// What the second word of its next slots is like ([`narrow::changes`]).
    like: u64,
    /// The largest payload that changes nothing else.
    largest: i32,
    /// Packets that were passed over before, and how far the clocks went on since.
    packets: u32,
    clocks: Clocks,
}

impl Pace {
    /// An end all of whose packets are irregular.
    const NONE: Self = Self {
        like: narrow::alike(false),
        largest: -1,
        packets: 0,
        clocks: Clocks::NONE,
    };
}

impl<'m> Leave<'m> {
    /// Takes packets into `middle`. `before`: the one before them.
    pub(in super::super) fn new(
        middle: &'m mut Middle,
        rest: &'m mut Rest,
        before: &Before,
    ) -> Self {
        let mut leave = Self {
            middle,
            rest,
            paces: ByEnd {
                low: Pace::NONE,
                high: Pace::NONE,
            },
            irregular: 0,
        };
        leave.set_paces(before);
        leave
    }

    /// Takes note of how both ends go on.
    fn set_paces(&mut self, before: &Before) {
        for end in [End::Low, End::High] {
            let half = self.middle.ends.of(end);
            *self.paces.of_mut(end) = half.pace(before.ip_id_of(end));
        }
    }

    /// Brings up to date what regular packets left behind.
    fn catch_up(&mut self, before: &mut Before) {
        for end in [End::Low, End::High] {
            let pace = self.paces.of(end);
            let (own, peer) = self.middle.ends.both_mut(end);
            let count = own.packets - pace.packets;
            if count > 0 {
                let ip_ids = own.identify_regular(count);
                before.catch_up(end, peer.acked, &pace.clocks, ip_ids);
            }
        }
    }

    #[cold]
    fn keep_pause(&mut self, before: &Before, slot: Slot) {
        let from = narrow::sender(slot);
        let clocks = &self.paces.of(from).clocks;
        let until = Until::of(&before.taken(slot, clocks));
        self.rest.keep_pause(&until, self.middle);
    }
}

impl Passing for Leave<'_> {
    #[inline(always)]
    fn pass_slot(&mut self, before: &mut Before, slot: Slot) -> bool {
        // Once for each end: where its numbers are need not be found out then.
        match narrow::sender(slot) {
            End::Low => self.pass_regular(before, slot, End::Low),
            End::High => self.pass_regular(before, slot, End::High),
        }
    }

    #[inline(never)]
    fn pass_any(&mut self, before: &mut Before, slot: Slot, second: Slot) {
        if self.irregular < MAX_IRREGULAR {
            self.catch_up(before);
        }
        self.middle.pass(before.next(slot, || second), self.rest);
        self.irregular += 1;
        if self.irregular < MAX_IRREGULAR {
            self.set_paces(before);
        } else {
            (self.paces.low, self.paces.high) = (Pace::NONE, Pace::NONE);
        }
    }

    fn end(&mut self, before: &mut Before) {
        if self.irregular < MAX_IRREGULAR {
            self.catch_up(before);
        }
    }
}

impl Leave<'_> {
    /// Takes the next packet, which `from` sent, if it is a regular one.
    #[inline(always)]
    fn pass_regular(&mut self, before: &mut Before, slot: Slot, from: End) -> bool {
        let len = narrow::payload_len(slot);
        let pace = self.paces.of(from);
        if narrow::changes(slot, pace.like) || len.cast_signed() > pace.largest {
            return false;
        }
        let nanos = narrow::pause(slot).cast_signed();
        if nanos > self.middle.long {
            self.keep_pause(before, slot);
        }
        self.paces.of_mut(from).clocks.go_on(slot);
        let at = before.go_on(slot, nanos);
        let (own, peer) = self.middle.ends.both_mut(from);
        let news = narrow::news(slot);
        if news > 0 {
            own.progress = at;
            let answer = Answer {
                ack: peer.acked.wrapping_add(news),
                at,
                is_bare: len == 0,
            };
            peer.acknowledged(&answer, from.other(), self.rest);
        }
        self.rest.left.of_mut(from).note(own.packets, at);
        own.packets += 1;
        if len > 0 {
            own.send(len, at, self.rest.waiting.of_mut(from));
            own.note_more_data(narrow::bits(slot), at, from, self.rest);
            self.middle.last_data_by = Some(from);
        }
        own.spoken = at;
        self.middle.last_by = from;
        true
    }
}

impl Half {
    /// How it goes on behind a packet with this identification.
    fn pace(&self, ip_id: u16) -> Pace {
        let counts = self.common.has_ip_id && self.is_identified;
        let wraps = ip_id > u16::MAX - MAX_LEAVING;
        if self.packets == 0 || counts && (wraps || !self.ip_ids.counts_ones()) {
            return Pace::NONE;
        }
        let most = if counts { ONE_DATAGRAM } else { u32::MAX };
        let largest = if self.data_packets > 0 {
            self.largest.min(most)
        } else {
            0
        };
        Pace {
            like: narrow::alike(counts),
            largest: i32::try_from(largest).unwrap_or(i32::MAX),
            packets: self.packets,
            clocks: Clocks::NONE,
        }
    }

    /// So many regular packets of it have an identification, or none has. Gives how far they went on.
    fn identify_regular(&mut self, count: u32) -> u16 {
        if !self.common.has_ip_id {
            return 0;
        }
        if self.is_identified {
            self.ip_ids.count_ones(count);
            count as u16
        } else {
            self.ip_ids.count_zeros(count);
            0
        }
    }

    /// It sent data no larger than any before, and not for the first time.
    #[inline(always)]
    fn note_more_data(&mut self, bits: u32, at: At, own: End, rest: &mut Rest) {
        self.data_packets += 1;
        (self.last_data, self.last_bits) = (at, bits);
        self.note_in_flight(at, own, rest);
        if super::Short::payload_len_of(bits) > self.path {
            self.oversize = self.oversize.saturating_add(1);
        }
    }
}
