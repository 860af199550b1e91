//! The segments of one end that wait for their acknowledgement, as many as are followed one by one.

use super::short::At;
use crate::outstanding::MAX_SEGMENTS;
use crate::round_trip::PENDING;

/// A segment that waits for its acknowledgement.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Waiting {
    /// The number behind it.
    pub(super) end: u32,
    /// Numbers that it uses up.
    pub(super) len: u32,
    pub(super) at: At,
    /// Its acknowledgement measures the round trip.
    pub(super) measures: bool,
}

impl Waiting {
    /// Its payload: a SYN uses up a number, and has none.
    #[inline]
    pub(super) const fn payload_len(&self) -> u32 {
        if self.is_syn() { 0 } else { self.len }
    }

    /// Whether it is the SYN.
    #[inline]
    pub(super) const fn is_syn(&self) -> bool {
        self.end == 1
    }
}

/// Segments that wait, oldest first: as many as are followed one by one.
#[derive(Debug)]
pub(super) struct Queue {
    ring: [Waiting; MAX_SEGMENTS],
    oldest: usize,
    len: usize,
    /// How many of them measure the round trip.
    measuring: usize,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            ring: [Waiting::default(); MAX_SEGMENTS],
            oldest: 0,
            len: 0,
            measuring: 0,
        }
    }
}

impl Queue {
    /// Whether nothing waits.
    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many wait.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Nothing waits.
    pub(super) const fn clear(&mut self) {
        self.len = 0;
        self.measuring = 0;
    }

    /// All that wait.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.ring.iter().cycle().skip(self.oldest).take(self.len)
    }

    /// All that wait, of which there are to be so many. What is changed has to be [counted](Queue::count_measuring).
    pub(super) fn of_len(&mut self, len: usize) -> &mut [Waiting] {
        let waiting = self.oldest..self.oldest + self.len;
        if waiting.end <= MAX_SEGMENTS {
            self.ring.copy_within(waiting, 0);
        } else {
            self.ring.rotate_left(self.oldest);
        }
        self.oldest = 0;
        self.len = len.min(MAX_SEGMENTS);
        self.ring.get_mut(..self.len).unwrap_or_default()
    }

    /// Counts those that measure the round trip.
    pub(super) fn count_measuring(&mut self) {
        self.measuring = self.iter().filter(|it| it.measures).count();
    }

    /// Adds the newest one, where there is room for it: the number behind it, how many it uses up, and when it passed.
    ///
    /// One that measures always finds room: those that do are some of those that wait, and far fewer of them are followed.
    #[inline]
    pub(super) fn push(&mut self, end: u32, len: u32, at: At) {
        let place = (self.oldest + self.len) % MAX_SEGMENTS;
        if self.len < MAX_SEGMENTS
            && let Some(place) = self.ring.get_mut(place)
        {
            let measures = self.measuring < PENDING;
            *place = Waiting {
                end,
                len,
                at,
                measures,
            };
            self.len += 1;
            self.measuring += usize::from(measures);
        }
    }

    /// Everything below `to` was acknowledged: what was waits no more, and is taken, oldest first. Gives the last that measures.
    #[inline(always)]
    pub(super) fn take_below(
        &mut self,
        to: u32,
        mut take: impl FnMut(&Waiting),
    ) -> Option<&Waiting> {
        let (mut at, mut left, mut measuring) = (self.oldest, self.len, self.measuring);
        let mut last = None;
        while left > 0
            && let Some(oldest) = self.ring.get(at % MAX_SEGMENTS)
            && to.wrapping_sub(oldest.end).cast_signed() >= 0
        {
            take(oldest);
            if oldest.measures {
                measuring -= 1;
                last = Some(oldest);
            }
            (at, left) = (at + 1, left - 1);
        }
        self.oldest = at % MAX_SEGMENTS;
        (self.len, self.measuring) = (left, measuring);
        last
    }
}
