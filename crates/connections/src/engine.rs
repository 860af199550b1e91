//! The engine: takes segments one by one, hands finished connections out.

use std::collections::VecDeque;

use whyreset_segments::{Quote, Segment};

use crate::{Connection, Marks, Neighbours, StreamSink};

/// How much the engine keeps.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Packets kept from the start of each connection.
    pub keep_first: usize,
    /// Packets kept from its end.
    pub keep_last: usize,
    /// Telling packets kept in between.
    pub keep_telling: usize,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            keep_first: 8,
            keep_last: 24,
            keep_telling: 64,
        }
    }
}

/// Where a segment belongs, and what sequence analysis says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Wireshark's `tcp.stream`.
    pub stream: u64,
    /// Findings.
    pub marks: Marks,
}

/// The TCP engine.
#[derive(Debug)]
pub struct Engine<X> {
    finished: VecDeque<Connection<X>>,
    neighbours: Neighbours,
    prototype: X,
}

impl<X: StreamSink> Engine<X> {
    /// An engine without connections.
    pub fn new(config: EngineConfig) -> Self {
        Self::with_prototype(config, X::default())
    }

    /// An engine whose connections each start with [`StreamSink::fresh`] of `prototype`: how key material reaches a tracker.
    pub fn with_prototype(_config: EngineConfig, prototype: X) -> Self {
        Self {
            finished: VecDeque::new(),
            neighbours: Neighbours::default(),
            prototype,
        }
    }

    /// Where every connection's sink comes from ([`StreamSink::fresh`]).
    pub const fn prototype(&self) -> &X {
        &self.prototype
    }

    /// Takes the next segment of the capture. `told` is the application line that a pasted list shows for it.
    /// `None` where no stream takes it.
    pub fn segment(&mut self, _segment: &Segment<'_>, _told: Option<&str>) -> Option<Placed> {
        None
    }

    /// Takes an ICMP error that quotes a segment.
    pub fn quote(&mut self, _quote: &Quote<'_>) -> Option<Placed> {
        None
    }

    /// The capture has ended: everything that is still open becomes available from [`Engine::next_finished`].
    pub fn finish(&mut self) {}

    /// The next connection that is over, in the order of their ends; or, after [`Engine::finish`], of their numbers.
    pub fn next_finished(&mut self) -> Option<Connection<X>> {
        self.finished.pop_front()
    }

    /// What is known of hosts and listeners so far.
    pub const fn neighbours(&self) -> &Neighbours {
        &self.neighbours
    }
}
