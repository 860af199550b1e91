//! Bodies that a client may keep: it waited for `100 Continue`, and got a final answer (RFC 9110 §10.1.1).

use whyreset_connections::Moment;

use super::pairing::{Http1, Way};
use super::reader::State;
use super::start_line::{Likeness, request_likeness};
use crate::exchange_log::ExchangeLog;
use crate::layer::Layer;

impl Http1 {
    /// A client that waited for `100 Continue` and got a final answer may keep its body and send its next request.
    pub(super) fn body_may_be_withheld(&mut self, log: &mut ExchangeLog) -> bool {
        let State::Length(left) = self.request.state else {
            return false;
        };
        let Some(exchange) = self.request.id.and_then(|id| log.get_mut(id)) else {
            return false;
        };
        let may = exchange.expects_continue
            && exchange.request_body_delivered == Some(0)
            && exchange.response_complete
            && exchange.interim.is_empty()
            && !self.request.probed;
        if may {
            self.request.probed = true;
            self.request.state = State::Withheld(left);
        }
        may
    }

    /// Takes the next byte where a body may be withheld, and looks whether a request begins.
    pub(super) fn probe_withheld(
        &mut self,
        log: &mut ExchangeLog,
        at: Moment,
        offset: u64,
        bytes: &[u8],
    ) -> usize {
        self.request.head.extend(bytes.first());
        match request_likeness(&self.request.head) {
            Likeness::Open => {}
            Likeness::Yes => {
                self.request.id = None;
                self.request.state = State::Head;
            }
            Likeness::No => {
                let len = self.request.head.len() as u64;
                let start = offset.saturating_add(1).saturating_sub(len);
                self.take_withheld(log, at, start);
            }
        }
        1
    }

    /// What was held while a body might be withheld is that body.
    pub(super) fn settle_withheld(&mut self, log: &mut ExchangeLog) {
        if let (State::Withheld(_), Some(at)) = (&self.request.state, self.request.last_at) {
            self.take_withheld(log, at, 0);
        }
    }

    fn take_withheld(&mut self, log: &mut ExchangeLog, at: Moment, start: u64) {
        let held = std::mem::take(&mut self.request.head);
        if let State::Withheld(left) = self.request.state {
            self.request.state = State::Length(left);
            let side = self.side(Way::Request);
            self.data(log, side, at, start, &held);
        }
    }
}
