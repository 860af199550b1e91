//! Downloads as they mostly are: a request without a body, the whole of its head in one packet, then its answer, whose head is in
//! one packet as well and promises how long the body is; then perhaps the next request.
//!
//! Of these little has to be remembered. Whatever else happens is left to [`Http1`], which goes on from here ([`Downloads::unfold`]).

use whyreset_connections::{BySide, Moment, Needs, PassedBytes, Side};

use super::body::{self, Asked, Body};
use super::fields::{BodyLength, Collected};
use super::head::{self, RequestLine, Version};
use super::heads;
use super::pairing::{Http1, Pending};
use super::plain_fields::{self, Extent};
use super::reader::{MAX_HEAD, State};
use super::rest::Rest;
use crate::acknowledged_bytes::AcknowledgedBytes;
use crate::application::Context;
use crate::exchange_log::{ExchangeId, ExchangeLog};
use crate::mismatch::{self, Opening};
use crate::{Exchange, Exchanges, KeyLog, Protocol};

/// More of them in a connection are followed as any others are.
const MOST: usize = 100;

/// Who asks. A server that does is none of these.
const ASKS: Side = Side::Client;

/// The downloads of a connection.
#[derive(Debug)]
pub(crate) struct Downloads {
    log: ExchangeLog,
    /// The last one.
    last: ExchangeId,
    stage: Stage,
    /// How far the requests' bytes are acknowledged.
    requests: u64,
    answers: AcknowledgedBytes,
    /// A side has closed, with nothing under way or waited for.
    over: bool,
    keys: Option<KeyLog>,
}

/// How far the last one has come.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The request was read.
    Asked,
    /// So many bytes of the body are left.
    Body(u64),
    /// It is whole.
    Whole,
}

impl Downloads {
    /// Those that begin with these bytes of `side`, if they do, in a connection whose secrets are in `keys`.
    pub(crate) fn begin(
        side: Side,
        at: Moment,
        bytes: &[u8],
        keys: &mut Option<KeyLog>,
    ) -> Option<Box<Self>> {
        let mut log = ExchangeLog::default();
        let last = ask(&mut log, side, at, bytes)?;
        Some(Box::new(Self {
            log,
            last,
            stage: Stage::Asked,
            requests: 0,
            answers: AcknowledgedBytes::default(),
            over: false,
            keys: keys.take(),
        }))
    }

    /// Takes the next bytes of `side`, or leaves all of them to another reader.
    pub(crate) fn takes(&mut self, side: Side, at: Moment, offset: u64, bytes: &[u8]) -> bool {
        match (self.stage, side == ASKS) {
            _ if self.over => false,
            (Stage::Asked, false) => self.take_answer(at, offset, bytes),
            (Stage::Body(left), false) => {
                let len = bytes.len() as u64;
                len <= left && self.take_body(left, at, offset, len, 0)
            }
            (Stage::Whole, true) => self.take_question(side, at, bytes),
            _ => false,
        }
    }

    /// Takes bytes of a body that were not looked at, or leaves them to another reader.
    pub(crate) fn passes(&mut self, side: Side, at: Moment, passed: PassedBytes) -> bool {
        let cut = passed.len.saturating_sub(passed.captured);
        match self.stage {
            Stage::Body(left) if side != ASKS && !self.over && passed.len <= left => {
                self.take_body(left, at, passed.offset, passed.len, cut)
            }
            _ => false,
        }
    }

    /// What is needed of the next bytes of `side`.
    pub(crate) fn needs(&self, side: Side) -> Needs {
        match self.stage {
            Stage::Body(left) if side != ASKS && !self.over => Needs::Nothing(left),
            _ => Needs::Everything,
        }
    }

    /// `side` acknowledged the other side's bytes up to `offset`.
    pub(crate) fn acknowledged(&mut self, side: Side, offset: u64) {
        if side != ASKS {
            self.requests = offset.max(self.requests);
            return;
        }
        let log = &mut self.log;
        self.answers.acknowledge(offset, |id, bytes| {
            if let Some(exchange) = log.get_mut(id) {
                let before = exchange.body_acknowledged.unwrap_or(0);
                exchange.body_acknowledged = Some(before.saturating_add(bytes));
            }
        });
    }

    /// A side has closed.
    pub(crate) fn closed(&mut self) {
        self.over |= matches!(self.stage, Stage::Whole) && self.answers.of_all().is_some();
    }

    pub(crate) const fn keys(&self) -> Option<&KeyLog> {
        self.keys.as_ref()
    }

    /// What was found.
    pub(crate) const fn log(&self) -> &ExchangeLog {
        &self.log
    }

    /// What was found, and no more comes.
    pub(crate) fn into_exchanges(mut self) -> Exchanges {
        self.log.take()
    }

    fn take_question(&mut self, side: Side, at: Moment, bytes: &[u8]) -> bool {
        // What of an answer is not acknowledged waits for it in another reader while the next one comes.
        let waits = self.answers.of_all().is_none();
        if waits || self.log.len() >= MOST || !self.is_last(at) {
            return false;
        }
        let Some(last) = ask(&mut self.log, side, at, bytes) else {
            return false;
        };
        self.last = last;
        self.stage = Stage::Asked;
        true
    }

    fn take_answer(&mut self, at: Moment, offset: u64, bytes: &[u8]) -> bool {
        // One that does not tell of success may complain of HTTP in clear.
        let understood = self.log.len() > 1 || mismatch::begins_with_success(bytes);
        if !understood || !self.is_last(at) {
            return false;
        }
        let (line, lines) = head::first_line(bytes);
        let mut fields = Collected::default();
        let Extent::Whole(len) = plain_fields::read(lines, &mut fields) else {
            return false;
        };
        let behind = lines.len().saturating_sub(len) as u64;
        let head_len = (bytes.len() as u64).saturating_sub(behind);
        let (fields, status) = (fields.together(), head::status_line(line));
        let Some((version, status)) = status.filter(|_| !fields.ambiguous) else {
            return false;
        };
        let body = body::of_response(status, fields.length, Asked::Other);
        let promised = match body {
            Body::None => 0,
            Body::Length(len) => len,
            _ => return false,
        };
        if status < 200 || behind > promised || head_len > MAX_HEAD as u64 {
            return false;
        }
        let Some(exchange) = self.log.get_mut(self.last) else {
            return false;
        };
        exchange.response_started = Some(at);
        exchange.ended = Some(at);
        heads::note_answer(exchange, version, status, fields, (body, ASKS.peer()));
        self.stage = Stage::Body(promised);
        if promised == 0 {
            self.end_answer();
        } else if behind > 0 {
            return self.take_body(promised, at, offset.saturating_add(head_len), behind, 0);
        }
        true
    }

    /// Takes `len` bytes of the `left` ones of a body, of which the capture does not hold `cut`.
    fn take_body(&mut self, left: u64, at: Moment, offset: u64, len: u64, cut: u64) -> bool {
        if !self.is_last(at) {
            return false;
        }
        let early = self.answers.sent(self.last, offset, len);
        if let Some(exchange) = self.log.get_mut(self.last) {
            let delivered = exchange.body_delivered.unwrap_or(0);
            let acknowledged = exchange.body_acknowledged.unwrap_or(0);
            exchange.body_delivered = Some(delivered.saturating_add(len));
            exchange.body_acknowledged = Some(acknowledged.saturating_add(early));
            exchange.body_uncaptured = exchange.body_uncaptured.saturating_add(cut);
            exchange.ended = Some(at);
        }
        let left = left.saturating_sub(len);
        self.stage = Stage::Body(left);
        if left == 0 {
            self.end_answer();
        }
        true
    }

    fn end_answer(&mut self) {
        self.stage = Stage::Whole;
        if let Some(exchange) = self.log.get_mut(self.last) {
            exchange.response_complete = true;
            exchange.complete = true;
        }
    }

    /// No packet that was read so far came later: what stood behind missing bytes is read late.
    fn is_last(&self, at: Moment) -> bool {
        let ended = self.log.get(self.last).and_then(|it| it.ended);
        ended.is_none_or(|ended| ended.frame <= at.frame)
    }
}

/// Reads a request where it is all that these bytes of `side` are.
fn ask(log: &mut ExchangeLog, side: Side, at: Moment, bytes: &[u8]) -> Option<ExchangeId> {
    if side != ASKS || !bytes.starts_with(b"GET /") || bytes.len() > MAX_HEAD {
        return None;
    }
    let (line, lines) = head::first_line(bytes);
    let mut fields = Collected::default();
    if plain_fields::read(lines, &mut fields) != Extent::Whole(lines.len()) {
        return None;
    }
    let fields = fields.together();
    let line = RequestLine::read(line, true)?;
    let plain = line.version != Version::V09
        && fields.length == BodyLength::Absent
        && !fields.ambiguous
        && !fields.expects_continue
        && fields.upgrade.is_none();
    plain.then(|| {
        log.push(Exchange {
            request_complete: true,
            started: Some(at),
            request_ended: Some(at),
            ended: Some(at),
            ..heads::asked_by(side, line.version, line.text(), fields)
        })
    })
}

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
    pub(crate) fn unfold(mut self) -> Unfolded {
        if self.over {
            let acknowledged = BySide {
                client: self.requests,
                server: self.answers.of_all().unwrap_or(0),
            };
            return Unfolded::Over(self.log.take(), Rest::of(ASKS, acknowledged));
        }
        let opening = self.opening();
        let context = Context::outermost(self.keys.clone());
        let mut http1 = Box::new(Http1::new(ASKS, context));
        let last = self.log.get(self.last);
        let before = self.log.before(self.last);
        let answered = match self.stage {
            Stage::Asked => before,
            Stage::Body(_) | Stage::Whole => last,
        };
        if let Some(last) = last {
            http1.request.head_at = last.started;
            http1.request.last_at = last.request_ended;
        }
        if let Some(answered) = answered {
            http1.response.head_at = answered.response_started;
            http1.response.last_at = answered.ended;
        }
        match self.stage {
            Stage::Asked => http1.pending.push_back(self.pending()),
            Stage::Body(left) => {
                http1.response.id = Some(self.last);
                http1.response.state = State::Length(left);
            }
            Stage::Whole => {}
        }
        http1.acknowledged = BySide {
            client: AcknowledgedBytes::up_to(self.requests),
            server: self.answers,
        };
        Unfolded::UnderWay {
            log: self.log,
            http1,
            opening,
        }
    }

    /// How the two began: nothing is to be remarked once an answer showed that they understand each other.
    fn opening(&self) -> Opening {
        let first = self.log.get(self.last);
        match self.stage {
            Stage::Asked if self.log.len() == 1 => {
                let asked = first.and_then(|it| it.started);
                Opening::asked(asked.map_or(0, |at| at.frame))
            }
            _ => Opening::over(),
        }
    }

    fn pending(&self) -> Pending {
        let last = self.log.get(self.last);
        let old = last.is_some_and(|it| it.protocol == Protocol::Http10);
        let asked = last.and_then(|it| it.started);
        Pending {
            id: self.last,
            frame: asked.map_or(0, |at| at.frame),
            asked: Asked::Other,
            version: if old { Version::V10 } else { Version::V11 },
            upgrade: None,
        }
    }
}
