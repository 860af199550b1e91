//! Downloads as they mostly are: a request without a body, the whole of its head in one packet, then its answer, whose head is in
//! one packet as well and promises how long the body is; then perhaps the next request. Or one of which a short snapshot cut the heads.
//!
//! Of these little has to be remembered. Whatever else happens is left to [`Http1`](super::pairing::Http1), which goes on from here ([`Downloads::unfold`]).

mod unfolded;

use whyreset_connections::{Ending, Moment, Needs, PassedBytes, Side};

pub(crate) use self::unfolded::Unfolded;
use super::body::{self, Asked, Body};
use super::fields::{BodyLength, Collected, Fields};
use super::head::{self, RequestLine, Version};
use super::heads::{self, HeadEnd};
use super::lost::Lost;
use super::plain_fields::{self, Extent};
use super::reader::MAX_HEAD;
use super::start_line::Search;
use crate::acknowledged_bytes::AcknowledgedBytes;
use crate::exchange::ending;
use crate::exchange_log::ExchangeId;
use crate::mismatch;
use crate::{Exchange, ExchangeList, Exchanges, KeyLog};

/// More of them in a connection are followed as any others are.
const MOST: usize = 100;

/// Who asks. A server that does is none of these.
const ASKS: Side = Side::Client;

/// The downloads of a connection.
#[derive(Debug)]
pub(crate) struct Downloads {
    /// The last one.
    last: Exchange,
    id: ExchangeId,
    /// Those before it.
    before: Vec<Exchange>,
    stage: Stage,
    /// How far the requests' bytes are acknowledged.
    requests: u64,
    /// Of the last request's head the capture lacks the end.
    asked_cut: Option<Cut>,
    answers: AcknowledgedBytes,
    /// A side has closed, with nothing under way or waited for.
    over: bool,
    keys: Option<KeyLog>,
}

/// How far the last one has come.
#[derive(Debug)]
enum Stage {
    /// The request was read.
    Asked,
    /// So many bytes of the body are left.
    Body(u64),
    /// Of the answer's head the capture lacks the end: where its body ends does not show.
    Lost(Box<Lost>),
    /// It is whole.
    Whole,
}

/// Bytes that the capture lacks at the end of a packet: where they begin in their side's stream, and how many they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub(crate) offset: u64,
    pub(crate) len: u64,
}

/// Bytes of an answer: how many, and how many of these the capture lacks.
#[derive(Clone, Copy, Debug)]
struct Passing {
    len: u64,
    cut: u64,
}

impl Downloads {
    /// Those that begin with these bytes of `side`, if they do, in a connection whose secrets are in `keys`. `cut` is what the capture
    /// lacks behind them.
    pub(crate) fn begin(
        side: Side,
        at: Moment,
        bytes: &[u8],
        cut: Option<Cut>,
        keys: &mut Option<KeyLog>,
    ) -> Option<Box<Self>> {
        Some(Box::new(Self {
            last: ask(side, at, bytes, cut.is_some())?,
            id: ExchangeId::FIRST,
            before: Vec::new(),
            stage: Stage::Asked,
            requests: 0,
            asked_cut: cut,
            answers: AcknowledgedBytes::default(),
            over: false,
            keys: keys.take(),
        }))
    }

    /// Takes the next bytes of `side`, or leaves all of them to another reader.
    pub(crate) fn takes(&mut self, side: Side, at: Moment, offset: u64, bytes: &[u8]) -> bool {
        let len = bytes.len() as u64;
        match (&self.stage, side == ASKS) {
            _ if self.over => false,
            (Stage::Asked, false) => self.take_answer(at, offset, bytes),
            (Stage::Body(left), false) if len <= *left => {
                self.take_body(*left, at, offset, Passing { len, cut: 0 })
            }
            (Stage::Lost(_), false) => self.take_lost(at, offset, bytes),
            (Stage::Whole, true) => self.take_question(side, at, bytes),
            _ => false,
        }
    }

    /// Takes the end of what a packet of `side` holds of a head, and what it lacks of it, or leaves both to another reader.
    pub(crate) fn takes_cut(&mut self, side: Side, at: Moment, bytes: &[u8], cut: Cut) -> bool {
        let answers = matches!(self.stage, Stage::Asked) && side != ASKS;
        answers && self.take_cut_answer(at, bytes, cut)
    }

    /// Takes bytes of a body that were not looked at, or leaves them to another reader.
    pub(crate) fn passes(&mut self, side: Side, at: Moment, passed: PassedBytes) -> bool {
        let passing = Passing {
            len: passed.len,
            cut: passed.len.saturating_sub(passed.captured),
        };
        match &self.stage {
            _ if side == ASKS || self.over => false,
            Stage::Body(left) if passed.len <= *left => {
                self.take_body(*left, at, passed.offset, passing)
            }
            Stage::Lost(_) => self.pass_lost(at, passed.offset, passing),
            _ => false,
        }
    }

    /// What is needed of the next bytes of `side`.
    pub(crate) fn needs(&self, side: Side) -> Needs {
        match self.stage {
            _ if side == ASKS || self.over => Needs::Everything,
            Stage::Body(left) => Needs::Nothing(left),
            Stage::Lost(_) => Needs::NextStart,
            Stage::Asked | Stage::Whole => Needs::Everything,
        }
    }

    /// `side` acknowledged the other side's bytes up to `offset`.
    pub(crate) fn acknowledged(&mut self, side: Side, offset: u64) {
        if side != ASKS {
            self.requests = offset.max(self.requests);
            return;
        }
        // Only of the last one bytes wait.
        let known = &mut self.last.body_acknowledged;
        self.answers.acknowledge(offset, |_, bytes| {
            *known = Some(known.unwrap_or(0).saturating_add(bytes));
        });
    }

    /// A side has closed.
    pub(crate) fn closed(&mut self) {
        self.over |= matches!(self.stage, Stage::Whole) && self.waits_for_nothing();
    }

    /// No byte of the last exchange waits for its acknowledgement, nor a request for its end.
    fn waits_for_nothing(&self) -> bool {
        self.answers.of_all().is_some() && self.asked_cut.is_none()
    }

    pub(crate) const fn keys(&self) -> Option<&KeyLog> {
        self.keys.as_ref()
    }

    /// The last one.
    pub(crate) const fn last(&self) -> &Exchange {
        &self.last
    }

    pub(crate) const fn last_mut(&mut self) -> &mut Exchange {
        &mut self.last
    }

    /// The same, and no more comes.
    pub(crate) fn into_last(self) -> Exchange {
        self.last
    }

    /// As [`Exchanges::ending`] has it; nothing more comes.
    pub(crate) fn ending(&mut self) -> Ending {
        self.finish();
        ending(self.before.iter().chain([&self.last]))
    }

    /// Nothing more comes.
    fn finish(&mut self) {
        if matches!(self.stage, Stage::Lost(_)) {
            self.last.settle_acknowledged();
        }
    }

    /// What was found, and no more comes.
    pub(crate) fn into_exchanges(mut self: Box<Self>) -> Exchanges {
        self.finish();
        let list = if self.before.is_empty() {
            ExchangeList::of_last(self)
        } else {
            let Self {
                last, mut before, ..
            } = *self;
            before.push(last);
            before.into()
        };
        Exchanges {
            list,
            ..Exchanges::default()
        }
    }

    fn take_question(&mut self, side: Side, at: Moment, bytes: &[u8]) -> bool {
        // What waits does so in another reader while the next download comes.
        if !self.waits_for_nothing() || self.before.len() + 1 >= MOST || !self.is_last(at) {
            return false;
        }
        let Some(next) = ask(side, at, bytes, false) else {
            return false;
        };
        self.before.push(std::mem::replace(&mut self.last, next));
        self.id = self.id.next();
        self.stage = Stage::Asked;
        true
    }

    /// Whether an answer that begins so does not make one doubt that the two understand each other, and is read at its time.
    fn is_plain_answer(&self, at: Moment, bytes: &[u8]) -> bool {
        // One that does not tell of success may complain of HTTP in clear.
        (!self.before.is_empty() || mismatch::begins_with_success(bytes)) && self.is_last(at)
    }

    fn take_answer(&mut self, at: Moment, offset: u64, bytes: &[u8]) -> bool {
        if !self.is_plain_answer(at, bytes) {
            return false;
        }
        let (line, lines) = head::first_line(bytes);
        let mut fields = Collected::default();
        let Extent::Whole(len) = plain_fields::read(lines, &mut fields) else {
            return false;
        };
        let behind = lines.len().saturating_sub(len) as u64;
        let head_len = (bytes.len() as u64).saturating_sub(behind);
        let Some(answer) = Answer::of(line, fields.together()) else {
            return false;
        };
        let promised = match answer.body {
            Body::None => 0,
            Body::Length(len) => len,
            _ => return false,
        };
        if behind > promised || head_len > MAX_HEAD as u64 {
            return false;
        }
        self.note_answer(at, &answer, HeadEnd::Whole);
        self.stage = Stage::Body(promised);
        if promised == 0 {
            self.end_answer();
        } else if behind > 0 {
            let passing = Passing {
                len: behind,
                cut: 0,
            };
            return self.take_body(promised, at, offset.saturating_add(head_len), passing);
        }
        true
    }

    fn take_cut_answer(&mut self, at: Moment, bytes: &[u8], cut: Cut) -> bool {
        if !self.is_plain_answer(at, bytes) || bytes.len() >= MAX_HEAD {
            return false;
        }
        let (line, lines) = head::first_line(bytes);
        let mut fields = Collected::default();
        if plain_fields::read(plain_fields::ended(lines), &mut fields) != Extent::Open {
            return false;
        }
        let Some(answer) = Answer::of(line, fields.together()) else {
            return false;
        };
        self.note_answer(at, &answer, HeadEnd::Cut);
        let within = heads::within_answer(answer.body);
        let lost = Lost::new(Search::for_responses(), Some(self.id), within);
        self.stage = Stage::Lost(Box::new(lost));
        let Cut { offset, len } = cut;
        self.pass_lost(at, offset, Passing { len, cut: len })
    }

    fn note_answer(&mut self, at: Moment, answer: &Answer<'_>, end: HeadEnd) {
        let exchange = &mut self.last;
        exchange.response_started = Some(at);
        exchange.ended = Some(at);
        let Answer {
            version,
            status,
            body,
            fields,
        } = *answer;
        heads::note_answer(
            exchange,
            (version, status),
            fields,
            (body, ASKS.peer()),
            end,
        );
    }

    /// Takes some of the `left` bytes of a body.
    fn take_body(&mut self, left: u64, at: Moment, offset: u64, passing: Passing) -> bool {
        if !self.is_last(at) {
            return false;
        }
        let Passing { len, .. } = passing;
        let delivered = &mut self.last.body_delivered;
        *delivered = Some(delivered.unwrap_or(0).saturating_add(len));
        self.note_sent(at, offset, passing);
        let left = left.saturating_sub(len);
        self.stage = Stage::Body(left);
        if left == 0 {
            self.end_answer();
        }
        true
    }

    /// Takes bytes of an answer whose end does not show, where no other begins in them.
    fn take_lost(&mut self, at: Moment, offset: u64, bytes: &[u8]) -> bool {
        let Stage::Lost(lost) = &mut self.stage else {
            return false;
        };
        if lost.search.idle_len(bytes) < bytes.len() || !self.is_last(at) {
            return false;
        }
        if let Stage::Lost(lost) = &mut self.stage {
            lost.pass_over(bytes);
        }
        let len = bytes.len() as u64;
        self.tell_lost();
        self.note_sent(at, offset, Passing { len, cut: 0 });
        true
    }

    /// Bytes of such an answer pass that were not looked at, or are not in the capture.
    fn pass_lost(&mut self, at: Moment, offset: u64, passing: Passing) -> bool {
        if !self.is_last(at) {
            return false;
        }
        let Passing { len, cut } = passing;
        if let Stage::Lost(lost) = &mut self.stage {
            if cut < len {
                lost.pass_unread(len.saturating_sub(cut));
            }
            if cut > 0 {
                lost.pass_gap(cut);
            }
        }
        self.tell_lost();
        self.note_sent(at, offset, passing);
        true
    }

    fn tell_lost(&mut self) {
        if let Stage::Lost(lost) = &self.stage {
            lost.tell_response(&mut self.last, 0);
            self.last.complete = self.last.response_complete;
        }
    }

    fn note_sent(&mut self, at: Moment, offset: u64, Passing { len, cut }: Passing) {
        let early = self.answers.sent(self.id, offset, len);
        let exchange = &mut self.last;
        let acknowledged = exchange.body_acknowledged.unwrap_or(0);
        exchange.body_acknowledged = Some(acknowledged.saturating_add(early));
        exchange.body_uncaptured = exchange.body_uncaptured.saturating_add(cut);
        exchange.ended = Some(at);
    }

    fn end_answer(&mut self) {
        self.stage = Stage::Whole;
        self.last.response_complete = true;
        self.last.complete = true;
    }

    /// No packet that was read so far came later: what stood behind missing bytes is read late.
    fn is_last(&self, at: Moment) -> bool {
        let ended = self.last.ended;
        ended.is_none_or(|ended| ended.frame <= at.frame)
    }
}

/// Reads a request where it is all that these bytes of `side` are; or the beginning of one, where its head is `cut`.
#[inline(always)]
fn ask(side: Side, at: Moment, bytes: &[u8], cut: bool) -> Option<Exchange> {
    if side != ASKS || !bytes.starts_with(b"GET /") || bytes.len() >= MAX_HEAD {
        return None;
    }
    let (line, lines) = head::first_line(bytes);
    let (read, extent) = match cut {
        false => (lines, Extent::Whole(lines.len())),
        true => (plain_fields::ended(lines), Extent::Open),
    };
    let mut fields = Collected::default();
    if plain_fields::read(read, &mut fields) != extent {
        return None;
    }
    let fields = fields.together();
    let line = RequestLine::read(line, line.len() < bytes.len())?;
    let plain = line.version != Version::V09
        && fields.length == BodyLength::Absent
        && !fields.ambiguous
        && !fields.expects_continue
        && fields.upgrade.is_none();
    if !plain {
        return None;
    }
    Some(Exchange {
        request_complete: true,
        started: Some(at),
        request_ended: Some(at),
        ended: Some(at),
        ..heads::asked_by(side, line.version, line.text(), fields)
    })
}

/// What a final answer's head says.
struct Answer<'f> {
    version: Version,
    status: u16,
    body: Body,
    fields: &'f Fields,
}

impl<'f> Answer<'f> {
    fn of(line: &[u8], fields: &'f Fields) -> Option<Self> {
        let (version, status) = head::status_line(line)?;
        let body = body::of_response(status, fields.length, Asked::Other);
        (status >= 200 && !fields.ambiguous).then_some(Self {
            version,
            status,
            body,
            fields,
        })
    }
}
