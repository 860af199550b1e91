//! Bodies that are only counted: what of the next bytes matters, and what passes unread.

use whyreset_connections::{Moment, Needs, PassedBytes, Side};

use super::chunked::Chunked;
use super::delivery::Captured;
use super::lost::Within;
use super::pairing::{Http1, Way};
use super::reader::State;
use crate::exchange_log::ExchangeLog;
use crate::layer::Layer;

impl Http1 {
    /// What is needed of the next bytes of `side`.
    pub(super) fn needed(&self, log: &ExchangeLog, side: Side) -> Needs {
        let way = self.way(side);
        match (&self.reader(way).state, way) {
            (State::Length(left), Way::Response) => Needs::Nothing(*left),
            (State::Chunked(Chunked::Data(left)), Way::Response) => {
                Needs::Nothing(left.saturating_sub(1))
            }
            (State::UntilClose, _) => Needs::Nothing(u64::MAX),
            // Whether a chunked body is whole shows in its last bytes.
            (State::Lost(lost), Way::Response)
                if !lost.search.is_within_line() && lost.within != Within::Chunks =>
            {
                Needs::NextStart
            }
            (State::Length(left), Way::Request) if self.request_body_has_begun(log) => {
                Needs::Nothing(*left)
            }
            _ => Needs::Everything,
        }
    }

    /// Bytes pass that [`Self::needed`] did not ask for.
    pub(super) fn pass_unread(
        &mut self,
        log: &mut ExchangeLog,
        side: Side,
        at: Moment,
        passed: PassedBytes,
    ) {
        let way = self.way(side);
        let cut = passed.len.saturating_sub(passed.captured);
        self.reader_mut(way).last_at = Some(at);
        let parts = [(passed.captured, Captured::Yes), (cut, Captured::No)];
        let mut offset = passed.offset;
        for (len, captured) in parts.into_iter().filter(|(len, _)| *len > 0) {
            self.pass_part(log, way, at, offset, len, captured);
            offset = offset.saturating_add(len);
        }
    }

    fn pass_part(
        &mut self,
        log: &mut ExchangeLog,
        way: Way,
        at: Moment,
        offset: u64,
        len: u64,
        captured: Captured,
    ) {
        match &mut self.reader_mut(way).state {
            State::Length(_) => self.pass_length(log, way, at, offset, len, captured),
            State::Chunked(chunked) => {
                chunked.skip(len);
                self.deliver(log, way, at, offset, len, captured);
            }
            State::UntilClose => self.deliver(log, way, at, offset, len, captured),
            State::Lost(_) if captured == Captured::Yes => {
                self.note_unread(log, way, at, offset, len);
            }
            _ => {
                let side = self.side(way);
                self.gap(log, side, at, offset, len);
            }
        }
    }
}
