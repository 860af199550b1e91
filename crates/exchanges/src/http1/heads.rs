//! Heads of messages: where one begins, and what it says about the exchange.

use compact_str::CompactString;
use whyreset_connections::{Moment, Side};

use super::body::{self, Asked, Body};
use super::chunked::Chunked;
use super::fields::Fields;
use super::head::{self, RequestHead, ResponseHead, Version, Whole, is_bare_request_line};
use super::lost::Within;
use super::pairing::{Http1, Pending, Way};
use super::reader::{HeadStep, State};
use super::start_line::{
    Likeness, is_request_line, is_response_line, may_be_request, request_likeness,
    response_likeness,
};
use crate::Exchange;
use crate::application::Application;
use crate::exchange_log::{ExchangeId, ExchangeLog};
use crate::http2::Http2;
use crate::layer::Layer;

/// How a head came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadEnd {
    /// With its empty line.
    Whole,
    /// Its rest was not captured, or never came.
    Cut,
}

impl Http1 {
    pub(super) fn start_message(
        &mut self,
        log: &mut ExchangeLog,
        way: Way,
        at: Moment,
        offset: u64,
        bytes: &[u8],
    ) -> usize {
        let blank = bytes
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
        let bare = way == Way::Response
            && self
                .pending
                .front()
                .is_some_and(|asked| asked.version == Version::V09);
        if bare && !bytes.starts_with(b"H") {
            self.start_bare_response(log, at);
            return 0;
        }
        if blank > 0 {
            return blank;
        }
        if way == Way::Request {
            self.settle_cut_response(log);
        }
        let reader = self.reader_mut(way);
        reader.head.clear();
        reader.head_at = Some(at);
        reader.resumed = false;
        reader.state = State::Head;
        self.read_head(log, way, at, offset, bytes)
    }

    /// The response to a request without a version: everything up to the close.
    fn start_bare_response(&mut self, log: &mut ExchangeLog, at: Moment) {
        self.response.id = self.pending.pop_front().map(|asked| asked.id);
        self.response.state = State::UntilClose;
        if let Some(exchange) = self.response.id.and_then(|id| log.get_mut(id)) {
            exchange.response_started = Some(at);
            exchange.framing = crate::Framing::UntilClose;
            exchange.body_delivered = Some(0);
        }
    }

    /// No byte is missing from the capture, the head just never came to its end: such a request, or response, was never whole.
    pub(super) fn head_never_ended(&self, log: &mut ExchangeLog, way: Way) {
        let State::Lost(lost) = &self.reader(way).state else {
            return;
        };
        let Some(exchange) = lost.id.and_then(|id| log.get_mut(id)) else {
            return;
        };
        match way {
            Way::Request => exchange.request_complete = false,
            Way::Response => exchange.uncertain &= !exchange.request_complete,
        }
        exchange.complete = false;
    }

    pub(super) fn read_head(
        &mut self,
        log: &mut ExchangeLog,
        way: Way,
        at: Moment,
        offset: u64,
        bytes: &[u8],
    ) -> usize {
        if self.reader(way).head.is_empty()
            && let Some(used) = self.read_head_at_once(log, way, bytes)
        {
            return used;
        }
        // A search hands its line over whole: nothing behind it belongs to a request of one line.
        if way == Way::Request && is_bare_request(&self.request.head) {
            self.end_head(log, way, HeadEnd::Whole);
            return 0;
        }
        // The first line goes alone, unless it is sure to begin a message: if it is none, only it has to be read again.
        let piece = match self.reader(way).head.as_slice() {
            [] if begins_usually(way, bytes) => bytes,
            head if head.contains(&b'\n') => bytes,
            _ => first_line_of(bytes),
        };
        let before = self.reader(way).head.len();
        let step = self.reader_mut(way).add_to_head(piece);
        self.reader_mut(way).last_at = Some(at);
        if !self.start_line_is_plausible(way) {
            let reader = self.reader_mut(way);
            let line = std::mem::take(&mut reader.head);
            self.lose(log, way, None, Within::Nothing);
            // What the search took for a beginning it would take for one again.
            if self.reader(way).resumed {
                return self.pass_first_line(way, &line, before);
            }
            let start = offset.saturating_sub(before as u64);
            let side = self.side(way);
            self.data(log, side, at, start, &line);
            return match step {
                HeadStep::More(used) | HeadStep::Whole(used) | HeadStep::TooLong(used) => used,
            };
        }
        if way == Way::Request && is_bare_request(&self.request.head) {
            self.end_head(log, way, HeadEnd::Whole);
            return piece.len();
        }
        match step {
            HeadStep::More(used) => used,
            HeadStep::Whole(used) => {
                self.end_head(log, way, HeadEnd::Whole);
                used
            }
            HeadStep::TooLong(used) => {
                let text = format!(
                    "the head of a message of the {} is longer than 64 KiB",
                    self.side(way)
                );
                log.find("head_too_long", Some(self.side(way)), &[at.frame], text);
                self.end_head(log, way, HeadEnd::Cut);
                used
            }
        }
    }

    /// The usual case: `bytes` hold a whole head, and nothing has to be kept of it. Gives its length.
    fn read_head_at_once(
        &mut self,
        log: &mut ExchangeLog,
        way: Way,
        bytes: &[u8],
    ) -> Option<usize> {
        let whole = Whole::of(bytes)?;
        let len = whole.len();
        match way {
            Way::Request => {
                if !whole.has_request_line() {
                    return None;
                }
                let head = whole
                    .request()
                    .filter(|head| head.version != Version::V09)?;
                self.take_request(log, head, HeadEnd::Whole);
            }
            Way::Response => self.take_response(log, &whole.response()?, HeadEnd::Whole),
        }
        Some(len)
    }

    fn start_line_is_plausible(&self, way: Way) -> bool {
        let head = &self.reader(way).head;
        let Some(end) = head.iter().position(|byte| *byte == b'\n') else {
            return match way {
                Way::Request => request_likeness(head) != Likeness::No || may_be_request(head),
                Way::Response => {
                    response_likeness(head) != Likeness::No
                        || b"ICY ".starts_with(head.get(..4).unwrap_or(head))
                }
            };
        };
        is_start_line(way, head.get(..end).unwrap_or(&[]))
    }

    pub(super) fn end_head(&mut self, log: &mut ExchangeLog, way: Way, end: HeadEnd) {
        let bytes = std::mem::take(&mut self.reader_mut(way).head);
        match way {
            Way::Request => match head::request_head(&bytes) {
                Some(head) => self.take_request(log, head, end),
                None => self.lose(log, way, None, Within::Nothing),
            },
            Way::Response => match head::response_head(&bytes) {
                Some(head) => self.take_response(log, &head, end),
                None => {
                    self.note_cut_status_line(log, &bytes);
                    self.lose(log, way, None, Within::Nothing);
                }
            },
        }
    }

    /// The status line is cut, but shows that it is none of an interim response: a request that goes on was answered early. IPv6 leaves
    /// ten bytes of payload in snapshots of 96.
    fn note_cut_status_line(&mut self, log: &mut ExchangeLog, bytes: &[u8]) {
        let asked = self.pending.front().and_then(|asked| log.get_mut(asked.id));
        if let Some(exchange) = asked
            && !exchange.request_complete
            && head::begins_final_status(bytes)
        {
            exchange.response_started = exchange.response_started.or(self.response.head_at);
        }
    }

    fn take_request(&mut self, log: &mut ExchangeLog, head: RequestHead, end: HeadEnd) {
        let mut head = head;
        let body = body::of_request(head.fields.length);
        let (began, ended) = (self.request.head_at, self.request.last_at);
        let line = std::mem::take(&mut head.line);
        let asked = Exchange {
            started: began,
            request_ended: ended,
            ended,
            ..asked_by(self.requester, head.version, line, &mut head.fields)
        };
        let fields = head.fields;
        let pending = |id, frame| Pending {
            id,
            frame,
            asked: head.asked,
            version: head.version,
            upgrade: fields.upgrade,
        };
        let id = self.enter_request(log, asked, pending);
        self.note_ambiguity(log, Way::Request, fields.ambiguous);
        self.request.id = Some(id);
        self.request.body_before = 0;
        self.request.probed = false;
        if end == HeadEnd::Cut {
            let within = Within::Head {
                promise: promise(body),
                bodiless: body == Body::None && head.only_reads,
            };
            self.lose(log, Way::Request, Some(id), within);
            return;
        }
        self.request.state = match body {
            Body::Length(len) if len > 0 => State::Length(len),
            Body::Chunked => State::Chunked(Chunked::START),
            Body::Unclear => {
                self.lose(log, Way::Request, Some(id), Within::Nothing);
                return;
            }
            _ => {
                self.end_message(log, Way::Request);
                return;
            }
        };
        if body == Body::Chunked
            && let Some(exchange) = log.get_mut(id)
        {
            exchange.request_body_delivered = Some(0);
        }
    }

    /// The exchange of a request: that of a response which was read before it, where a gap held the request back, or
    /// a new one that waits for its response.
    fn enter_request(
        &mut self,
        log: &mut ExchangeLog,
        asked: Exchange,
        pending: impl FnOnce(ExchangeId, u64) -> Pending,
    ) -> ExchangeId {
        let answered = self.orphans.of_request(asked.started);
        if let Some(id) = answered
            && let Some(exchange) = log.get_mut(id)
        {
            *exchange = Exchange {
                status: exchange.status,
                body_expected: exchange.body_expected,
                body_delivered: exchange.body_delivered,
                body_acknowledged: exchange.body_acknowledged,
                framing: exchange.framing,
                response_complete: exchange.response_complete,
                uncertain: exchange.uncertain,
                estimated: exchange.estimated,
                body_uncaptured: exchange.body_uncaptured,
                response_started: exchange.response_started,
                ended: exchange.ended,
                close_announced: asked.close_announced.or(exchange.close_announced),
                ..asked
            };
            return id;
        }
        let id = log.push(asked);
        let frame = self.request.head_at.map_or(0, |at| at.frame);
        let same_frame = |asked: &Pending| asked.frame == frame;
        self.pipelines |= self.pending.back().is_some_and(same_frame);
        self.await_response(pending(id, frame));
        id
    }

    fn take_response(&mut self, log: &mut ExchangeLog, head: &ResponseHead, end: HeadEnd) {
        if (100..200).contains(&head.status) && head.status != 101 {
            self.take_interim(log, head.status, end);
            return;
        }
        let pending = self.asked_for();
        let asked = pending.as_ref().map_or(Asked::Other, |asked| asked.asked);
        let orphaned = pending.is_none();
        let id = pending.as_ref().map_or_else(
            || {
                log.push(Exchange {
                    started: self.response.head_at,
                    ..Exchange::default()
                })
            },
            |asked| asked.id,
        );
        if orphaned {
            self.orphans.add(id, self.response.head_at);
        }
        let body = body::of_response(head.status, head.fields.length, asked);
        let whole = end == HeadEnd::Whole;
        if let Some(exchange) = log.get_mut(id) {
            exchange.response_started = self.response.head_at;
            if let Some(at) = self.response.last_at {
                exchange.reach(at);
            }
            let first_line = (head.version, head.status);
            let responder = self.requester.peer();
            note_answer(exchange, first_line, &head.fields, (body, responder), end);
        }
        self.note_ambiguity(log, Way::Response, head.fields.ambiguous);
        self.response.id = Some(id);
        self.response.body_before = 0;
        if body == Body::Tunnel {
            self.end_message(log, Way::Response);
            // The answer names the protocol too (RFC 9110 §7.8).
            let asked = pending.and_then(|asked| asked.upgrade);
            self.open_tunnel(log, id, asked.or_else(|| head.fields.upgrade.clone()));
            return;
        }
        if !whole {
            let within = within_answer(body);
            self.lose(log, Way::Response, Some(id), within);
            return;
        }
        self.response.state = match body {
            Body::Length(len) if len > 0 => State::Length(len),
            Body::Chunked => State::Chunked(Chunked::START),
            Body::UntilClose | Body::Unclear => State::UntilClose,
            _ => {
                self.end_message(log, Way::Response);
                return;
            }
        };
    }

    /// The request that the response answers whose head was just read.
    fn asked_for(&mut self) -> Option<Pending> {
        let frame = self.response.head_at.map_or(u64::MAX, |at| at.frame);
        let before = |asked: &Pending| asked.frame <= frame;
        // Where requests are missing, the ones that were sent later cannot be meant.
        if self.requests_missing && !self.pending.front().is_some_and(before) {
            return None;
        }
        let asked = self.pending.pop_front();
        self.pipelines |= !self.response.resumed && self.pending.front().is_some_and(before);
        asked
    }

    fn take_interim(&mut self, log: &mut ExchangeLog, status: u16, end: HeadEnd) {
        let exchange = self.pending.front().and_then(|asked| log.get_mut(asked.id));
        if let Some(exchange) = exchange
            && exchange.interim.len() < 16
        {
            exchange.interim.push(status);
        }
        self.response.state = State::Start;
        if end == HeadEnd::Cut {
            self.lose(log, Way::Response, None, Within::Nothing);
        }
    }

    fn open_tunnel(&mut self, log: &mut ExchangeLog, id: ExchangeId, upgrade: Option<Box<str>>) {
        self.request.state = State::Tunnel;
        self.response.state = State::Tunnel;
        let upgrade = upgrade.as_deref();
        let tunnel = if upgrade == Some("h2c") {
            let request = log.get_mut(id).map(|upgraded| upgraded.clone());
            let http2 = Http2::upgraded(log, self.requester, request.unwrap_or_default());
            Application::of(&self.context, Box::new(http2))
        } else {
            Application::inside(&self.context, upgrade)
        };
        self.tunnel = Some(Box::new(tunnel));
    }

    fn note_ambiguity(&self, log: &mut ExchangeLog, way: Way, ambiguous: bool) {
        if let (true, Some(at)) = (ambiguous, self.reader(way).last_at) {
            let side = self.side(way);
            let text = format!("the {side} sent a message whose body has no length or two");
            log.find("ambiguous_length", Some(side), &[at.frame], text);
        }
    }
}

/// The exchange that begins with this request.
#[inline]
pub(super) fn asked_by(
    requester: Side,
    version: Version,
    line: CompactString,
    fields: &mut Fields,
) -> Exchange {
    let body = body::of_request(fields.length);
    let closes = body::announces_close(version, fields.close, fields.keep_alive);
    Exchange {
        protocol: version.protocol(),
        request: Some(line),
        host: fields.host.take(),
        request_body_expected: promise(body),
        request_body_delivered: promise(body).map(|_| 0),
        expects_continue: fields.expects_continue,
        close_announced: closes.then_some(requester),
        ..Exchange::default()
    }
}

/// Writes down what a head says: that of a final answer, with this body, of this side.
pub(super) fn note_answer(
    exchange: &mut Exchange,
    (version, status): (Version, u16),
    fields: &Fields,
    (body, responder): (Body, Side),
    end: HeadEnd,
) {
    if exchange.request.is_none() || version == Version::V10 {
        exchange.protocol = version.protocol();
    }
    let whole = end == HeadEnd::Whole;
    exchange.status = Some(status);
    exchange.body_expected = promise(body);
    exchange.body_delivered = whole.then_some(0);
    exchange.framing = match body {
        Body::UntilClose if !whole => crate::Framing::Unknown,
        body => body.framing(),
    };
    let closes = body::announces_close(version, fields.close, fields.keep_alive);
    if exchange.close_announced.is_none() && closes && body != Body::Tunnel {
        exchange.close_announced = Some(responder);
    }
}

/// Where the way is lost in an answer whose head is cut, by what is there of it.
pub(super) fn within_answer(body: Body) -> Within {
    Within::Head {
        promise: promise(body),
        bodiless: body == Body::None || body == Body::Length(0),
    }
}

const fn promise(body: Body) -> Option<u64> {
    match body {
        Body::Length(len) => Some(len),
        _ => None,
    }
}

/// Whether a whole line can start a message.
fn is_start_line(way: Way, line: &[u8]) -> bool {
    match way {
        Way::Request => is_request_line(line),
        Way::Response => is_response_line(line),
    }
}

/// Whether a message begins with a first line that is whole, and as most are.
fn begins_usually(way: Way, bytes: &[u8]) -> bool {
    let (line, _) = head::first_line(bytes);
    line.len() < bytes.len()
        && match way {
            Way::Request => head::usual_target(line).is_some(),
            Way::Response => head::status_line(line).is_some(),
        }
}

/// Whether a request without a version is whole: it has one line.
fn is_bare_request(head: &[u8]) -> bool {
    let len = first_line_len(head);
    len > 0 && head.get(..len).is_some_and(is_bare_request_line)
}

/// The bytes up to the first line's end.
fn first_line_of(bytes: &[u8]) -> &[u8] {
    match first_line_len(bytes) {
        0 => bytes,
        len => bytes.get(..len).unwrap_or(bytes),
    }
}

fn first_line_len(head: &[u8]) -> usize {
    memchr::memchr(b'\n', head).map_or(0, |end| end.saturating_add(1))
}
