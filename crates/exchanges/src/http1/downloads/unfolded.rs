//! Downloads that are left to the reader for all of HTTP/1.

use whyreset_connections::BySide;

use super::super::body::Asked;
use super::super::head::Version;
use super::super::lost::{Lost, Within};
use super::super::pairing::{Http1, Pending};
use super::super::reader::State;
use super::super::rest::Rest;
use super::super::start_line::Search;
use super::{ASKS, Cut, Downloads, Stage};
use crate::acknowledged_bytes::AcknowledgedBytes;
use crate::application::Context;
use crate::exchange_log::ExchangeLog;
use crate::mismatch::Opening;
use crate::{Exchanges, Protocol};

/// What another reader goes on with.
pub(crate) enum Unfolded {
    /// Nothing is under way or waited for, and a side has closed.
    Over(Exchanges, Rest),
    UnderWay {
        log: ExchangeLog,
        http1: Box<Http1>,
        opening: Opening,
    },
}

impl Downloads {
    /// Hands on what was read.
    pub(crate) fn unfold(mut self: Box<Self>) -> Unfolded {
        if self.over {
            let acknowledged = BySide {
                client: self.requests,
                server: self.answers.of_all().unwrap_or(0),
            };
            return Unfolded::Over(self.into_exchanges(), Rest::of(ASKS, acknowledged));
        }
        let opening = self.opening();
        let context = Context::outermost(self.keys.clone());
        let mut http1 = Box::new(Http1::new(ASKS, context));
        self.unfold_request(&mut http1);
        self.unfold_answer(&mut http1);
        let Self {
            last,
            before,
            answers,
            ..
        } = *self;
        http1.acknowledged.server = answers;
        Unfolded::UnderWay {
            log: ExchangeLog::with_last(before, last),
            http1,
            opening,
        }
    }

    /// How the two began: nothing is to be remarked once an answer showed that they understand each other.
    fn opening(&self) -> Opening {
        match self.stage {
            Stage::Asked if self.before.is_empty() => {
                Opening::asked(self.last.started.map_or(0, |at| at.frame))
            }
            _ => Opening::over(),
        }
    }

    fn unfold_request(&self, http1: &mut Http1) {
        http1.request.head_at = self.last.started;
        http1.request.last_at = self.last.request_ended;
        let Some(Cut { offset, len }) = self.asked_cut else {
            http1.acknowledged.client = AcknowledgedBytes::up_to(self.requests);
            return;
        };
        let within = Within::Head {
            promise: None,
            bodiless: true,
        };
        let mut lost = Lost::new(Search::for_requests(false), Some(self.id), within);
        lost.pass_gap(len);
        http1.request.id = Some(self.id);
        http1.request.state = State::Lost(Box::new(lost));
        let acknowledged = &mut http1.acknowledged.client;
        acknowledged.sent(self.id, offset, len);
        acknowledged.acknowledge(self.requests, |_, _| {});
    }

    fn unfold_answer(&mut self, http1: &mut Http1) {
        let answered = match self.stage {
            Stage::Asked => self.before.last(),
            Stage::Body(_) | Stage::Lost(_) | Stage::Whole => Some(&self.last),
        };
        if let Some(answered) = answered {
            http1.response.head_at = answered.response_started;
            http1.response.last_at = answered.ended;
        }
        match std::mem::replace(&mut self.stage, Stage::Whole) {
            Stage::Asked => http1.pending.push_back(self.pending()),
            Stage::Body(left) => {
                http1.response.id = Some(self.id);
                http1.response.state = State::Length(left);
            }
            Stage::Lost(lost) => {
                http1.response.id = Some(self.id);
                http1.response.state = State::Lost(lost);
            }
            Stage::Whole => {}
        }
    }

    fn pending(&self) -> Pending {
        let old = self.last.protocol == Protocol::Http10;
        Pending {
            id: self.id,
            frame: self.last.started.map_or(0, |at| at.frame),
            asked: Asked::Other,
            version: if old { Version::V10 } else { Version::V11 },
            upgrade: None,
        }
    }
}
