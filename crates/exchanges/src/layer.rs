//! What every protocol's reader has in common: it takes both sides' bytes in order.

use std::fmt::Debug;

use whyreset_connections::{Moment, Needs, PassedBytes, Side};

use crate::exchange_log::ExchangeLog;

/// The reader of one protocol. The calls are those of [`whyreset_connections::StreamSink`]; what is found goes to the log.
pub(crate) trait Layer: Debug + Send {
    /// The next bytes of `side`.
    fn data(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64, bytes: &[u8]);

    /// `len` bytes of `side` are not in the capture.
    fn gap(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64, len: u64);

    /// What is needed of the next bytes of `side`, until the next call.
    fn needs(&self, log: &ExchangeLog, side: Side) -> Needs {
        let _ = (log, side);
        Needs::Everything
    }

    /// Bytes that were not needed have passed.
    fn passed(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, passed: PassedBytes) {
        self.gap(log, side, at, passed.offset, passed.len);
    }

    /// `side` acknowledged the other side's bytes up to `offset`.
    fn acknowledged(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64) {
        let _ = (log, side, at, offset);
    }

    /// `side` sent FIN, or RST.
    fn closed(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, reset: bool) {
        let _ = (log, side, at, reset);
    }

    /// The connection is over, or the capture.
    fn finish(&mut self, log: &mut ExchangeLog) {
        let _ = log;
    }
}
