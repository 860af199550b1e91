//! Recognises packets that were captured more than once: a mirror port that shows both directions of a switch, two
//! interfaces of one machine, a router seen on both sides.
//!
//! A copy has the same IP identification and the same TCP header as a packet of moments ago. Where the identification
//! says nothing (IPv6, always zero, always the same), the copy must also have taken another way (TTL, MAC address, VLAN,
//! interface), or carry data sooner than any sender repeats it. At the other end of the path it is known for longer
//! ([`crate::captured_elsewhere`]).

use whyreset_segments::{Known, LinkFields, Segment};

use crate::calm_run::CalmRun;
use crate::captured_elsewhere::FirstSeen;

/// Packets of one direction that are remembered.
const REMEMBERED: usize = 4;
/// Nanoseconds in which a copy with the same identification follows.
pub(crate) const COPY_WITHIN: u64 = 20_000_000;
/// Nanoseconds in which a copy without an identification follows.
const BLIND_COPY_WITHIN: u64 = 1_000_000;

/// The last packets of one direction.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecentPackets {
    recent: [Print; REMEMBERED],
    next: u8,
    /// Two different packets had the same identification one after the other: it is no counter.
    id_repeats: bool,
    /// Where packets come on several interfaces, or several ways: those before, as many as can be on their way to another one.
    first_seen: Option<Box<FirstSeen>>,
}

/// What a packet's copy is told by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Print {
    pub(crate) time: i64,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) len: u32,
    pub(crate) ts_value: u32,
    pub(crate) window: u32,
    pub(crate) flags: u16,
    pub(crate) id: u16,
    pub(crate) seen: bool,
    pub(crate) way: Way,
}

/// How a packet came to the capture point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) mac: [u8; 6],
    pub(crate) interface: u32,
    vlan: u16,
    ttl: u8,
    tunnels: u8,
}

impl Way {
    pub(crate) const fn of(link: &LinkFields, ttl: u8) -> Self {
        Self {
            mac: link.source_mac,
            interface: link.interface,
            vlan: link.vlan,
            ttl,
            tunnels: link.tunnels,
        }
    }
}

impl RecentPackets {
    /// Whether the segment is a copy of one that was seen moments ago; it is remembered if it is not.
    pub(crate) fn is_copy(&mut self, segment: &Segment<'_>) -> bool {
        if !segment
            .known
            .has(Known::SEQ.with(Known::LEN).with(Known::TIME))
        {
            return false;
        }
        let print = Print::of(segment);
        let has_id = segment.known.has(Known::IP_ID) && segment.ip.id != 0;
        let id_tells = has_id && !self.id_repeats;
        let mut recent = self.recent.iter();
        if let Some(old) = recent.find(|old| old.matches(&print, id_tells)) {
            if old.way != print.way && self.first_seen.is_none() {
                self.remember_more();
            }
            return true;
        }
        if self.was_elsewhere(&print) {
            return true;
        }
        self.add(print, has_id);
        false
    }

    /// Whether a segment may be a copy of one before, or of one that took another way.
    pub(crate) fn may_be_copy(&self, segment: &Segment<'_>) -> bool {
        let print = Print::of(segment);
        let has_id = print.id != 0;
        let mut known = self.recent.iter().filter(|old| old.seen);
        self.first_seen.is_some()
            || known.any(|old| old.way != print.way || old.matches(&print, has_id))
    }

    /// Whether it was seen before on another interface: that can be at the other end of the path.
    fn was_elsewhere(&mut self, print: &Print) -> bool {
        if let Some(first_seen) = &self.first_seen {
            return first_seen.has(print);
        }
        let known = self.recent.iter().filter(|old| old.seen);
        let mut others = known.filter(|old| old.way.interface != print.way.interface);
        others.next().is_some() && self.remember_more().has(print)
    }

    /// From here on a flight is remembered, not a few packets: copies come when as many others have passed.
    fn remember_more(&mut self) -> &FirstSeen {
        let mut first_seen = FirstSeen::default();
        let (newer, older) = self.recent.split_at(usize::from(self.next) % REMEMBERED);
        for old in older.iter().chain(newer).filter(|old| old.seen) {
            first_seen.add(*old);
        }
        self.first_seen.insert(Box::new(first_seen))
    }

    /// Bytes that it holds on the heap.
    pub(crate) fn heap_size(&self) -> usize {
        let first_seen = self.first_seen.as_ref();
        first_seen.map_or(0, |it| size_of::<FirstSeen>() + it.heap_size())
    }

    /// Remembers the last packets of a run: none of them can be a copy, and no two of them have the same header.
    pub(crate) fn calm(&mut self, run: &CalmRun<'_>) {
        let tells_id = run.shared.look.has_ip_id();
        let has_id = tells_id && run.first.ip_id != 0;
        self.note_id(&run.first.print(run.shared), has_id);
        self.id_repeats |= tells_id && run.id_repeats;
        let left_out = match self.first_seen {
            Some(_) => 0,
            None => run.packets.len().saturating_sub(REMEMBERED),
        };
        for packet in run.packets.iter().skip(left_out) {
            self.put(packet.print(run.shared));
        }
    }

    fn add(&mut self, print: Print, has_id: bool) {
        self.note_id(&print, has_id);
        self.put(print);
    }

    /// Whether identifications repeat, as far as the next packet tells.
    fn note_id(&mut self, print: &Print, has_id: bool) {
        let newest = usize::from(self.next.wrapping_sub(1)) % REMEMBERED;
        if let Some(old) = self.recent.get(newest)
            && old.seen
            && has_id
            && old.id == print.id
            && !old.same_header(print)
        {
            self.id_repeats = true;
        }
    }

    #[inline]
    fn put(&mut self, print: Print) {
        if let Some(slot) = self.recent.get_mut(usize::from(self.next) % REMEMBERED) {
            *slot = print;
        }
        if let Some(first_seen) = &mut self.first_seen {
            first_seen.add(print);
        }
        self.next = self.next.wrapping_add(1);
    }
}

impl Print {
    fn of(segment: &Segment<'_>) -> Self {
        Self {
            time: segment.time.nanos(),
            seq: segment.seq.0,
            ack: segment.ack.0,
            len: segment.payload_len,
            ts_value: segment.options.timestamps.map_or(0, |ts| ts.value),
            window: segment.window,
            flags: segment.flags.0,
            id: segment.ip.id,
            seen: true,
            way: Way::of(&segment.link, segment.ip.ttl),
        }
    }

    pub(crate) const fn same_header(&self, other: &Self) -> bool {
        self.seq == other.seq
            && self.ack == other.ack
            && self.len == other.len
            && self.flags == other.flags
            && self.window == other.window
            && self.ts_value == other.ts_value
    }

    fn matches(&self, copy: &Self, id_tells: bool) -> bool {
        if !self.seen || !self.same_header(copy) || self.id != copy.id {
            return false;
        }
        let since = copy.time.wrapping_sub(self.time).unsigned_abs();
        if id_tells {
            return since < COPY_WITHIN;
        }
        let another_way = self.way != copy.way;
        since < COPY_WITHIN && another_way || since < BLIND_COPY_WITHIN && copy.len > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_segments::{A, B, data, frame_at};

    #[test]
    fn the_same_packet_moments_later_is_a_copy() {
        let mut recent = RecentPackets::default();
        let mut first = data(A, B, 1000, 1, b"hello");
        first.ip.id = 77;
        assert!(!recent.is_copy(&first));
        let copy = frame_at(first, 2, 300_000);
        assert!(recent.is_copy(&copy));
        let mut repeated = frame_at(first, 3, 210_000_000);
        repeated.ip.id = 78;
        assert!(!recent.is_copy(&repeated));
    }

    /// A router between, captured on both sides of it.
    #[test]
    fn copies_of_a_burst_come_behind_all_of_it() {
        let mut recent = RecentPackets::default();
        let routed = |mut segment: Segment<'static>, frame: u64, at: i64| {
            segment.known = Known::FRAME_V6;
            segment.ip.ttl -= u8::from(frame % 2 == 1);
            frame_at(segment, frame, at)
        };
        assert!(!recent.is_copy(&routed(data(A, B, 990, 1, b"first"), 0, 0)));
        assert!(recent.is_copy(&routed(data(A, B, 990, 1, b"first"), 1, 20_000)));
        for n in 0..20 {
            let segment = data(A, B, 1_000 + 5 * n, 1, b"hello");
            assert!(!recent.is_copy(&routed(segment, 2, 1_000_000)));
        }
        for n in 0..20 {
            let segment = data(A, B, 1_000 + 5 * n, 1, b"hello");
            assert!(recent.is_copy(&routed(segment, 3, 1_700_000)), "{n}");
        }
    }

    #[test]
    fn the_other_end_of_the_path_is_another_interface() {
        let mut recent = RecentPackets::default();
        let mut first = data(A, B, 1000, 1, b"hello");
        first.ip.id = 77;
        assert!(!recent.is_copy(&first));
        let mut arrived = frame_at(first, 2, 80_000_000);
        assert!(!RecentPackets::is_copy(&mut recent.clone(), &arrived));
        arrived.link.interface = 1;
        assert!(recent.is_copy(&arrived));
    }

    #[test]
    fn duplicate_acks_without_an_identification_are_no_copies() {
        let mut recent = RecentPackets::default();
        let mut ack = data(A, B, 1000, 1, b"");
        ack.known = Known::FRAME_V6;
        assert!(!recent.is_copy(&ack));
        assert!(!recent.is_copy(&frame_at(ack, 2, 100_000)));
        let mut routed = frame_at(ack, 3, 150_000);
        routed.ip.ttl -= 1;
        assert!(recent.is_copy(&routed));
    }

    #[test]
    fn an_identification_that_never_changes_tells_nothing() {
        let mut recent = RecentPackets::default();
        for (n, seq) in [1000, 1005].into_iter().enumerate() {
            let mut segment = data(A, B, seq, 1, b"hello");
            segment.ip.id = 5;
            assert!(!recent.is_copy(&frame_at(segment, n as u64, 0)));
        }
        let mut ack = data(A, B, 1010, 1, b"");
        ack.ip.id = 5;
        assert!(!recent.is_copy(&ack));
        assert!(!recent.is_copy(&frame_at(ack, 9, 2_000_000)));
    }
}
