//! The way from the TCP engine to the exchanges: each side's bytes, in order.

use crate::{Moment, Side};

/// What a sink needs of the next bytes of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// All of them.
    Everything,
    /// None of the next so many: it counts them only.
    Nothing(u64),
    /// A packet in which [`StreamSink::may_begin`] sees something, and of the others only their number.
    NextStart,
}

/// Bytes that were passed over because the sink does not need them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassedBytes {
    /// Where they begin in their side's stream.
    pub offset: u64,
    /// How many there were.
    pub len: u64,
    /// Of these, how many the capture holds.
    pub captured: u64,
}

/// What a sink makes of a connection that both sides have closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Nothing is missing, and nothing is to be remarked: the connection may be told in brief ([`crate::Brief`]).
    Well,
    /// The same, but of the last response the capture does not hold how long it was to be. If the server closed at once, the
    /// connection may be told in brief as well.
    Unread,
    /// More is to be said.
    InDoubt,
}

/// Receives each direction's payload in sequence order, each byte once, as soon as it is in order.
///
/// The engine starts each connection with [`StreamSink::fresh`] of its prototype ([`crate::Engine::with_prototype`]), and
/// holds back at most a bounded number of bytes that arrived out of order; what never comes is told as a gap.
pub trait StreamSink: Default {
    /// The sink of a new connection, set up as this one (the engine's prototype) is.
    fn fresh(&self) -> Self {
        Self::default()
    }

    /// The next bytes of what `side` sent. `offset` counts that side's stream from 0.
    fn data(&mut self, side: Side, at: Moment, offset: u64, bytes: &[u8]);

    /// `len` bytes of `side` are not in the capture (lost, or cut by the snapshot length).
    fn gap(&mut self, side: Side, at: Moment, offset: u64, len: u64);

    /// The next bytes of `side`, and behind them `cut` bytes more of the same packet that are not in the capture.
    fn data_cut(&mut self, side: Side, at: Moment, offset: u64, bytes: &[u8], cut: u64) {
        self.data(side, at, offset, bytes);
        self.gap(side, at, offset.saturating_add(bytes.len() as u64), cut);
    }

    /// What is needed of the next bytes of `side`. Asked after each [`Self::data`] and [`Self::gap`]; holds until the next.
    fn needs(&self, side: Side) -> Needs {
        let _ = side;
        Needs::Everything
    }

    /// Whether these bytes of a packet may begin something ([`Needs::NextStart`]).
    fn may_begin(bytes: &[u8]) -> bool {
        let _ = bytes;
        true
    }

    /// Whether these bytes of a packet clearly begin nothing: it takes but a glance. Where not, [`StreamSink::may_begin`] looks closer.
    fn goes_on(bytes: &[u8]) -> bool {
        !Self::may_begin(bytes)
    }

    /// Bytes that were not needed have passed, the last of them at `at`.
    fn passed(&mut self, side: Side, at: Moment, passed: PassedBytes) {
        self.gap(side, at, passed.offset, passed.len);
    }

    /// `side` acknowledged the other side's stream up to `offset`.
    fn acknowledged(&mut self, side: Side, at: Moment, offset: u64) {
        let _ = (side, at, offset);
    }

    /// A pasted list says that this packet of `side` holds the given line (`GET /x HTTP/1.1`, `HTTP/1.1 200 OK`).
    fn told(&mut self, side: Side, at: Moment, line: &str) {
        let _ = (side, at, line);
    }

    /// `side` closed its direction (FIN), or the connection was reset by it.
    fn closed(&mut self, side: Side, at: Moment, reset: bool) {
        let _ = (side, at, reset);
    }

    /// Asks for the memory that lies so many pointers away, of what is looked at in the end ([`whyreset_prefetch`]).
    fn fetch(&self, pointers: usize) {
        let _ = pointers;
    }

    /// Both sides have closed, and nothing more will come: what the sink makes of it.
    fn ending(&mut self) -> Ending {
        Ending::InDoubt
    }
}

/// A connection without exchanges.
impl StreamSink for () {
    fn data(&mut self, _: Side, _: Moment, _: u64, _: &[u8]) {}

    fn gap(&mut self, _: Side, _: Moment, _: u64, _: u64) {}

    fn needs(&self, _: Side) -> Needs {
        Needs::Nothing(u64::MAX)
    }
}
