//! Requests and responses, matched in order.

use std::collections::VecDeque;

use whyreset_connections::{BySide, Moment, Side};

use super::body::{self, Asked, Body};
use super::chunked::Chunked;
use super::delivery::Captured;
use super::head::{self, RequestHead, ResponseHead, Version};
use super::lost::{Lost, Within};
use super::reader::{HeadStep, Reader, State};
use super::start_line::{
    Likeness, Search, is_request_line, is_response_line, may_be_request, request_likeness,
    response_likeness,
};
use crate::Exchange;
use crate::acknowledged_bytes::AcknowledgedBytes;
use crate::application::{Application, Context};
use crate::exchange_log::{ExchangeId, ExchangeLog};
use crate::http2::Http2;
use crate::layer::Layer;

/// More unanswered requests than this are not paired.
const MAX_PENDING: usize = 4_096;

/// An HTTP/1 connection.
#[derive(Debug)]
pub(crate) struct Http1 {
    requester: Side,
    pub(super) request: Reader,
    pub(super) response: Reader,
    pub(super) pending: VecDeque<Pending>,
    /// The last response whose request was not captured (yet).
    pub(super) orphan: Option<ExchangeId>,
    pub(super) acknowledged: BySide<AcknowledgedBytes>,
    tunnel: Option<Box<Application>>,
    context: Context,
}

/// A request that waits for its response.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) id: ExchangeId,
    pub(super) asked: Asked,
    pub(super) version: Version,
    pub(super) upgrade: Option<String>,
}

/// The two directions of an HTTP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Request,
    Response,
}

impl Layer for Http1 {
    fn data(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64, bytes: &[u8]) {
        let way = self.way(side);
        let (mut offset, mut rest) = (offset, bytes);
        let mut idle = 0u8;
        while !rest.is_empty() {
            let tunnelled = matches!(self.reader(way).state, State::Tunnel);
            if let (true, Some(tunnel)) = (tunnelled, &mut self.tunnel) {
                tunnel.data(log, side, at, offset, rest);
                return;
            }
            // A step may use no byte, when it only changes the state; several such in a row would never end.
            let least = usize::from(idle >= 4);
            self.reader_mut(way).last_at = Some(at);
            let used = self
                .step(log, way, at, offset, rest)
                .clamp(least, rest.len());
            idle = if used == 0 { idle.saturating_add(1) } else { 0 };
            offset = offset.saturating_add(used as u64);
            rest = rest.get(used..).unwrap_or(&[]);
        }
    }

    fn gap(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64, len: u64) {
        let way = self.way(side);
        let (mut offset, mut left) = (offset, len);
        while left > 0 {
            let tunnelled = matches!(self.reader(way).state, State::Tunnel);
            if let (true, Some(tunnel)) = (tunnelled, &mut self.tunnel) {
                tunnel.gap(log, side, at, offset, left);
                return;
            }
            let used = self.pass_gap(log, way, at, offset, left).clamp(1, left);
            self.reader_mut(way).last_at = Some(at);
            offset = offset.saturating_add(used);
            left = left.saturating_sub(used);
        }
    }

    fn acknowledged(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64) {
        let requester = self.requester;
        self.acknowledged
            .of_mut(side.peer())
            .acknowledge(offset, |id, bytes| {
                if let Some(exchange) = log.get_mut(id) {
                    let count = if side == requester {
                        &mut exchange.body_acknowledged
                    } else {
                        &mut exchange.request_body_acknowledged
                    };
                    *count = Some(count.unwrap_or(0).saturating_add(bytes));
                }
            });
        if let Some(tunnel) = &mut self.tunnel {
            tunnel.acknowledged(log, side, at, offset);
        }
    }

    fn closed(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, reset: bool) {
        if let Some(tunnel) = &mut self.tunnel {
            tunnel.closed(log, side, at, reset);
            return;
        }
        let way = self.way(side);
        if !reset && way == Way::Response && matches!(self.response.state, State::UntilClose) {
            self.end_message(log, Way::Response);
        }
    }

    fn finish(&mut self, log: &mut ExchangeLog) {
        self.settle_withheld(log);
        for way in [Way::Request, Way::Response] {
            if matches!(self.reader(way).state, State::Head) {
                self.end_head(log, way, HeadEnd::Cut);
                self.head_never_ended(log, way);
            }
        }
        if let Some(tunnel) = &mut self.tunnel {
            tunnel.finish(log);
        }
    }
}

/// How a head came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadEnd {
    /// With its empty line.
    Whole,
    /// Its rest was not captured, or never came.
    Cut,
}

impl Http1 {
    /// `requester` is the side that sends the requests; `context` is handed on to what is tunnelled.
    pub(crate) fn new(requester: Side, context: Context) -> Self {
        Self {
            requester,
            request: Reader::new(),
            response: Reader::new(),
            pending: VecDeque::new(),
            orphan: None,
            acknowledged: BySide::default(),
            tunnel: None,
            context,
        }
    }

    pub(super) fn way(&self, side: Side) -> Way {
        if side == self.requester {
            Way::Request
        } else {
            Way::Response
        }
    }

    pub(super) const fn side(&self, way: Way) -> Side {
        match way {
            Way::Request => self.requester,
            Way::Response => self.requester.peer(),
        }
    }

    pub(super) const fn reader(&self, way: Way) -> &Reader {
        match way {
            Way::Request => &self.request,
            Way::Response => &self.response,
        }
    }

    pub(super) const fn reader_mut(&mut self, way: Way) -> &mut Reader {
        match way {
            Way::Request => &mut self.request,
            Way::Response => &mut self.response,
        }
    }

    fn step(
        &mut self,
        log: &mut ExchangeLog,
        way: Way,
        at: Moment,
        offset: u64,
        bytes: &[u8],
    ) -> usize {
        match &mut self.reader_mut(way).state {
            State::Start => self.start_message(log, way, at, bytes),
            State::Head => self.read_head(log, way, at, offset, bytes),
            State::Length(left) => {
                let here = (bytes.len() as u64).min(*left);
                if way == Way::Request && self.body_may_be_withheld(log) {
                    self.request.head.clear();
                    self.request.head_at = Some(at);
                    return 0;
                }
                self.pass_length(log, way, at, offset, here, Captured::Yes);
                usize::try_from(here).unwrap_or(bytes.len())
            }
            State::Chunked(chunked) => {
                let step = chunked.step(bytes);
                self.pass_chunked(log, way, at, offset, step)
            }
            State::Withheld(_) => self.probe_withheld(log, at, offset, bytes),
            State::UntilClose => {
                self.deliver(log, way, at, offset, bytes.len() as u64, Captured::Yes);
                bytes.len()
            }
            State::Lost(_) => self.search(log, way, at, offset, bytes),
            State::Tunnel => bytes.len(),
        }
    }

    fn start_message(
        &mut self,
        log: &mut ExchangeLog,
        way: Way,
        at: Moment,
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
        reader.state = State::Head;
        0
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

    /// No byte is missing from the capture, the head just never came to its end: such a request was never whole.
    fn head_never_ended(&self, log: &mut ExchangeLog, way: Way) {
        let (Way::Request, State::Lost(lost)) = (way, &self.request.state) else {
            return;
        };
        if let Some(exchange) = lost.id.and_then(|id| log.get_mut(id)) {
            exchange.request_complete = false;
            exchange.complete = false;
        }
    }

    /// A client that sends its next request has what it was waiting for, wherever the response's end was lost.
    pub(super) fn settle_cut_response(&mut self, log: &mut ExchangeLog) {
        let State::Lost(lost) = &self.response.state else {
            return;
        };
        let (Some(id), true) = (lost.id, self.pending.is_empty()) else {
            return;
        };
        if lost.passed == 0 && !lost.is_whole() {
            return;
        }
        if !lost.certainly_short()
            && let Some(exchange) = log.get_mut(id)
        {
            exchange.response_complete = true;
            exchange.complete = exchange.request_complete;
        }
        self.response.id = None;
        self.response.state = State::Lost(Box::new(Lost::new(
            Search::for_responses(),
            None,
            Within::Nothing,
        )));
    }

    fn read_head(
        &mut self,
        log: &mut ExchangeLog,
        way: Way,
        at: Moment,
        offset: u64,
        bytes: &[u8],
    ) -> usize {
        let before = self.reader(way).head.len();
        let step = self.reader_mut(way).add_to_head(bytes);
        self.reader_mut(way).last_at = Some(at);
        if !self.start_line_is_plausible(way) {
            let reader = self.reader_mut(way);
            let all = std::mem::take(&mut reader.head);
            self.lose(log, way, None, Within::Nothing);
            let start = offset.saturating_sub(before as u64);
            let side = self.side(way);
            self.data(log, side, at, start, &all);
            return match step {
                HeadStep::More(used) | HeadStep::Whole(used) | HeadStep::TooLong(used) => used,
            };
        }
        // However much has come at once: what stands behind the one line is no field of it.
        if way == Way::Request && is_bare_request(&self.request.head) {
            let whole = first_line_len(&self.request.head);
            self.request.head.truncate(whole);
            self.end_head(log, way, HeadEnd::Whole);
            return whole.saturating_sub(before);
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
        let line = head.get(..end).unwrap_or(&[]);
        match way {
            Way::Request => is_request_line(line),
            Way::Response => is_response_line(line),
        }
    }

    pub(super) fn end_head(&mut self, log: &mut ExchangeLog, way: Way, end: HeadEnd) {
        let bytes = std::mem::take(&mut self.reader_mut(way).head);
        match way {
            Way::Request => match head::request_head(&bytes) {
                Some(head) => self.take_request(log, &head, end),
                None => self.lose(log, way, None, Within::Nothing),
            },
            Way::Response => match head::response_head(&bytes) {
                Some(head) => self.take_response(log, &head, end),
                None => self.lose(log, way, None, Within::Nothing),
            },
        }
    }

    fn take_request(&mut self, log: &mut ExchangeLog, head: &RequestHead, end: HeadEnd) {
        let body = body::of_request(head);
        let fields = &head.fields;
        let closes = body::announces_close(head.version, fields.close, fields.keep_alive);
        self.orphan = None;
        let id = log.push(Exchange {
            protocol: head.version.protocol(),
            request: Some(head.line.clone()),
            host: fields.host.clone(),
            request_body_expected: promise(body),
            request_body_delivered: promise(body).map(|_| 0),
            expects_continue: fields.expects_continue,
            close_announced: closes.then_some(self.requester),
            started: self.request.head_at,
            request_ended: self.request.last_at,
            ended: self.request.last_at,
            ..Exchange::default()
        });
        self.note_ambiguity(log, Way::Request, fields.ambiguous);
        self.await_response(Pending {
            id,
            asked: Asked::of(&head.method),
            version: head.version,
            upgrade: fields.upgrade.clone(),
        });
        self.request.id = Some(id);
        self.request.body_before = 0;
        self.request.probed = false;
        if end == HeadEnd::Cut {
            let within = Within::Head {
                promise: promise(body),
                bodiless: body == Body::None && matches!(head.method.as_str(), "GET" | "HEAD"),
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

    pub(super) fn await_response(&mut self, pending: Pending) {
        if self.pending.len() < MAX_PENDING {
            self.pending.push_back(pending);
        }
    }

    fn take_response(&mut self, log: &mut ExchangeLog, head: &ResponseHead, end: HeadEnd) {
        if (100..200).contains(&head.status) && head.status != 101 {
            self.take_interim(log, head.status, end);
            return;
        }
        let pending = self.pending.pop_front();
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
            self.orphan = Some(id);
        }
        let body = body::of_response(head, asked);
        let responder = self.requester.peer();
        let closes = body::announces_close(head.version, head.fields.close, head.fields.keep_alive);
        let whole = end == HeadEnd::Whole;
        if let Some(exchange) = log.get_mut(id) {
            if exchange.request.is_none() || head.version == Version::V10 {
                exchange.protocol = head.version.protocol();
            }
            exchange.status = Some(head.status);
            exchange.response_started = self.response.head_at;
            exchange.ended = self.response.last_at;
            exchange.body_expected = promise(body);
            exchange.body_delivered = whole.then_some(0);
            exchange.framing = match body {
                Body::UntilClose if !whole => crate::Framing::Unknown,
                body => body.framing(),
            };
            if exchange.close_announced.is_none() && closes && body != Body::Tunnel {
                exchange.close_announced = Some(responder);
            }
        }
        self.note_ambiguity(log, Way::Response, head.fields.ambiguous);
        self.response.id = Some(id);
        self.response.body_before = 0;
        if body == Body::Tunnel {
            self.end_message(log, Way::Response);
            self.open_tunnel(log, id, pending.and_then(|asked| asked.upgrade));
            return;
        }
        if !whole {
            let within = Within::Head {
                promise: promise(body),
                bodiless: body == Body::None || body == Body::Length(0),
            };
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

    fn open_tunnel(&mut self, log: &mut ExchangeLog, id: ExchangeId, upgrade: Option<String>) {
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

    pub(super) fn end_message(&mut self, log: &mut ExchangeLog, way: Way) {
        let reader = self.reader_mut(way);
        reader.state = State::Start;
        if let Some(exchange) = reader.id.take().and_then(|id| log.get_mut(id)) {
            match way {
                Way::Request => exchange.request_complete = true,
                Way::Response => exchange.response_complete = true,
            }
            exchange.complete = exchange.response_complete
                && (exchange.request_complete || exchange.request.is_none());
        }
    }
}

const fn promise(body: Body) -> Option<u64> {
    match body {
        Body::Length(len) => Some(len),
        _ => None,
    }
}

/// Whether a request without a version is whole: it has one line.
fn is_bare_request(head: &[u8]) -> bool {
    let len = first_line_len(head);
    len > 0
        && head
            .get(..len)
            .and_then(head::request_head)
            .is_some_and(|head| head.version == Version::V09)
}

fn first_line_len(head: &[u8]) -> usize {
    head.iter()
        .position(|byte| *byte == b'\n')
        .map_or(0, |end| end.saturating_add(1))
}
