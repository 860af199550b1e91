//! The segments of one end that wait for their acknowledgement, as many as are followed one by one.

use super::short::At;
use crate::outstanding::MAX_SEGMENTS;

/// A segment that waits for its acknowledgement.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Waiting {
    /// The number behind it.
    pub(super) end: u32,
    /// Numbers that it uses up.
    pub(super) len: u32,
    pub(super) at: At,
}

/// Segments that wait, oldest first: as many as are followed one by one.
#[derive(Debug)]
pub(super) struct Queue {
    ring: [Waiting; MAX_SEGMENTS],
    oldest: usize,
    len: usize,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            ring: [Waiting::default(); MAX_SEGMENTS],
            oldest: 0,
            len: 0,
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
    }

    /// All that wait.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.ring.iter().cycle().skip(self.oldest).take(self.len)
    }

    /// All that wait, of which there are to be so many.
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

    /// Adds the newest one, where there is room for it.
    #[inline]
    pub(super) fn push(&mut self, waiting: Waiting) {
        let end = (self.oldest + self.len) % MAX_SEGMENTS;
        if self.len < MAX_SEGMENTS
            && let Some(place) = self.ring.get_mut(end)
        {
            *place = waiting;
            self.len += 1;
        }
    }

    /// The oldest one.
    #[inline]
    pub(super) fn oldest(&self) -> Option<&Waiting> {
        self.ring.get(self.oldest).filter(|_| self.len > 0)
    }

    /// The oldest one waits no more.
    #[inline]
    pub(super) const fn drop_oldest(&mut self) {
        self.oldest = (self.oldest + 1) % MAX_SEGMENTS;
        self.len -= 1;
    }
}
