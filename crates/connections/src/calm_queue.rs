//! The calm packets that wait: each end's by themselves, and in which order they came.

use crate::calm::Calm;
use crate::pairs::{ByEnd, End};

/// Packets that wait at most: one bit for each says who sent it.
const MOST: usize = u64::BITS as usize;
/// Packets of an end for which there is room from the first on.
const USUALLY: usize = 8;

/// Calm packets in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct CalmQueue {
    ends: ByEnd<Vec<Calm>>,
    /// From the lowest bit on, who sent the next one: set where it was the high end.
    senders: u64,
}

/// What is odd about some of the packets that wait.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Oddities {
    /// One does not go on from where its end was, or acknowledges more than was sent.
    pub(crate) strays: bool,
    /// There may be a silence before one.
    pub(crate) pauses: bool,
}

impl CalmQueue {
    /// How many wait.
    pub(crate) const fn len(&self) -> usize {
        self.ends.low.len() + self.ends.high.len()
    }

    /// None waits.
    pub(crate) const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// No other finds room.
    pub(crate) const fn is_full(&self) -> bool {
        self.len() >= MOST
    }

    /// The next one, which `from` sent. There is room for it.
    #[inline(always)]
    pub(crate) fn push(&mut self, calm: Calm, from: End) {
        self.senders |= u64::from(from == End::High) << (self.len() % MOST);
        let own = self.ends.of_mut(from);
        if own.capacity() == 0 {
            own.reserve_exact(USUALLY);
        }
        own.push(calm);
    }

    /// The last one, with its sender.
    pub(crate) fn last(&self) -> Option<(End, &Calm)> {
        let last = self.len().checked_sub(1)?;
        let from = if self.senders >> last & 1 == 0 {
            End::Low
        } else {
            End::High
        };
        Some((from, self.of(from).last()?))
    }

    /// Those of one end.
    pub(crate) const fn of(&self, end: End) -> &[Calm] {
        self.ends.of(end).as_slice()
    }

    /// All, with their senders.
    #[inline]
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (End, &Calm)> {
        self.in_order_behind(0)
    }

    /// All behind the first so many.
    #[inline]
    pub(crate) fn in_order_behind(&self, first: usize) -> impl Iterator<Item = (End, &Calm)> {
        let of_high = self
            .senders
            .unbounded_shl(u64::BITS.saturating_sub(first as u32))
            .count_ones() as usize;
        let behind = |own: usize, packets| <[Calm]>::get(packets, own..).unwrap_or_default().iter();
        let mut low = behind(first.saturating_sub(of_high), self.ends.low.as_slice());
        let mut high = behind(of_high, self.ends.high.as_slice());
        (first..self.len()).map_while(move |n| {
            if self.senders >> n & 1 == 0 {
                Some((End::Low, low.next()?))
            } else {
                Some((End::High, high.next()?))
            }
        })
    }

    /// None waits any more.
    pub(crate) fn clear(&mut self) {
        self.ends.low.clear();
        self.ends.high.clear();
        self.senders = 0;
    }
}
