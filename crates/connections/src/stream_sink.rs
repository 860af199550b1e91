//! The way from the TCP engine to the exchanges: each side's bytes, in order.

use crate::{Moment, Side};

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
}

/// A connection without exchanges.
impl StreamSink for () {
    fn data(&mut self, _: Side, _: Moment, _: u64, _: &[u8]) {}

    fn gap(&mut self, _: Side, _: Moment, _: u64, _: u64) {}
}
