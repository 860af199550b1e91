//! Follows one connection's bytes and finds the exchanges in them.

use whyreset_connections::{Moment, Side, StreamSink};

use crate::Exchanges;

/// Takes a connection's bytes from the TCP engine, gives its exchanges.
#[derive(Clone, Debug, Default)]
pub struct Tracker {
    exchanges: Exchanges,
}

impl Tracker {
    /// What was found, once the connection is over.
    pub fn into_exchanges(self) -> Exchanges {
        self.exchanges
    }
}

impl StreamSink for Tracker {
    fn data(&mut self, _side: Side, _at: Moment, _offset: u64, _bytes: &[u8]) {}

    fn gap(&mut self, _side: Side, _at: Moment, _offset: u64, _len: u64) {}
}
