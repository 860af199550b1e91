//! Test support: a conversation written down as lines, fed to a tracker.

use whyreset_capture::Timestamp;
use whyreset_connections::{Moment, Side, StreamSink};

use crate::{Exchanges, Tracker};

/// A tracker with a clock and offsets of its own.
#[derive(Default)]
pub(crate) struct Talk {
    pub(crate) tracker: Tracker,
    frame: u64,
    sent: [u64; 2],
}

impl Talk {
    fn next(&mut self) -> Moment {
        self.frame += 1;
        Moment {
            frame: self.frame,
            time: Timestamp::from_nanos(self.frame as i64 * 1_000_000),
        }
    }

    fn offset(&mut self, side: Side) -> &mut u64 {
        &mut self.sent[usize::from(side == Side::Server)]
    }

    pub(crate) fn say(mut self, side: Side, bytes: impl AsRef<[u8]>) -> Self {
        let (at, bytes) = (self.next(), bytes.as_ref());
        let offset = *self.offset(side);
        self.tracker.data(side, at, offset, bytes);
        *self.offset(side) += bytes.len() as u64;
        self
    }

    /// What comes next stands in this frame.
    pub(crate) fn at_frame(mut self, frame: u64) -> Self {
        self.frame = frame - 1;
        self
    }

    pub(crate) fn client(self, bytes: impl AsRef<[u8]>) -> Self {
        self.say(Side::Client, bytes)
    }

    pub(crate) fn server(self, bytes: impl AsRef<[u8]>) -> Self {
        self.say(Side::Server, bytes)
    }

    pub(crate) fn lose(mut self, side: Side, len: u64) -> Self {
        let at = self.next();
        let offset = *self.offset(side);
        self.tracker.gap(side, at, offset, len);
        *self.offset(side) += len;
        self
    }

    pub(crate) fn acknowledge(mut self, side: Side, offset: u64) -> Self {
        let at = self.next();
        self.tracker.acknowledged(side, at, offset);
        self
    }

    pub(crate) fn row(mut self, side: Side, len: u64, line: &str) -> Self {
        let at = self.next();
        let offset = *self.offset(side);
        if len > 0 {
            self.tracker.gap(side, at, offset, len);
            *self.offset(side) += len;
        }
        self.tracker.told(side, at, line);
        self
    }

    pub(crate) fn close(mut self, side: Side) -> Self {
        let at = self.next();
        self.tracker.closed(side, at, false);
        self
    }

    pub(crate) fn reset(mut self, side: Side) -> Self {
        let at = self.next();
        self.tracker.closed(side, at, true);
        self
    }

    pub(crate) fn end(self) -> Exchanges {
        self.tracker.into_exchanges()
    }
}
