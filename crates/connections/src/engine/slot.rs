//! The place of one stream in the engine.

use super::tombstone::Tombstone;
use crate::half_open::HalfOpen;
use crate::live::Live;
use crate::orderly::Place;
use crate::pairs::Pair;

/// One stream. What each packet touches comes first, and [side by side](Slot::fetch): mostly one line of memory.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Slot<X> {
    pub(super) pair: Pair,
    pub(super) number: Number,
    pub(super) state: State<X>,
}

impl<X> Slot<X> {
    /// Whether the index leads from this pair here.
    pub(super) fn holds(&self, pair: &Pair) -> bool {
        self.pair == *pair && !self.number.is_superseded() && !matches!(self.state, State::Free)
    }

    /// Asks for all that each packet touches.
    #[inline(always)]
    pub(super) fn fetch(&self) {
        whyreset_prefetch::fetch_first(self, size_of::<Pair>() + size_of::<Number>() + STATE_HEAD);
    }
}

/// Bytes at the beginning of a state: which it is, and where its connection is.
const STATE_HEAD: usize = 8;

/// A stream's number, and in the highest bit whether its pair leads to a newer stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(pub(super) u64);

impl Number {
    const SUPERSEDED: u64 = 1 << 63;

    /// Wireshark's `tcp.stream`.
    #[inline]
    pub(super) const fn stream(self) -> u64 {
        self.0 & !Self::SUPERSEDED
    }

    pub(super) const fn is_superseded(self) -> bool {
        self.0 & Self::SUPERSEDED != 0
    }

    pub(super) const fn supersede(&mut self) {
        self.0 |= Self::SUPERSEDED;
    }
}

#[derive(Debug)]
pub(super) enum State<X> {
    /// Nothing: the slot may be used again.
    Free,
    HalfOpen(HalfOpen),
    Orderly(Place),
    Live(Box<Live<X>>),
    /// Its number was used up by a SOCKS tunnel ([`crate::socks`]); nothing of its own was seen.
    Reserved,
    /// Handed on; late packets still find their stream.
    Tombstone(Tombstone),
}
