//! The streams of a connection (RFC 9113 §5.1), each an exchange.

use std::collections::{BTreeMap, VecDeque};

use compact_str::format_compact;
use whyreset_connections::{Moment, Side};

use super::error_code;
use super::header_block::Fields;
use crate::exchange_log::{ExchangeId, ExchangeLog};
use crate::{Exchange, Framing, Http2Stream, Protocol, StreamReset};

/// More open streams than this are not followed.
const MAX_OPEN: usize = 2_048;

/// So many streams that were reset are remembered, for what was on its way when they were.
const MAX_RESET: usize = 256;

/// The streams that are open, and those that were reset not long ago.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    open: BTreeMap<u32, Stream>,
    /// The numbers of those that were reset, in that order.
    reset: VecDeque<u32>,
}

/// One stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream {
    pub(crate) id: ExchangeId,
    head_of_request: bool,
    no_body: bool,
    was_reset: bool,
}

impl Streams {
    /// The stream's exchange, a new one where it is not known.
    pub(crate) fn enter(
        &mut self,
        log: &mut ExchangeLog,
        number: u32,
        at: Moment,
    ) -> Option<Stream> {
        if let Some(stream) = self.open.get(&number) {
            return Some(*stream);
        }
        if self.open.len() >= MAX_OPEN {
            return None;
        }
        let id = log.push(Exchange {
            protocol: Protocol::Http2,
            http2: Some(Box::new(Http2Stream {
                id: number,
                ..Http2Stream::default()
            })),
            started: Some(at),
            ..Exchange::default()
        });
        let stream = Stream {
            id,
            head_of_request: false,
            no_body: false,
            was_reset: false,
        };
        self.open.insert(number, stream);
        Some(stream)
    }

    pub(crate) fn get(&self, number: u32) -> Option<Stream> {
        self.open.get(&number).copied()
    }

    /// The numbers and exchanges of all open streams.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, ExchangeId)> {
        self.open
            .iter()
            .filter(|(_, stream)| !stream.was_reset)
            .map(|(number, stream)| (*number, stream.id))
    }

    /// A header block of the requester: a request, or its trailers.
    pub(crate) fn request_head(
        &mut self,
        log: &mut ExchangeLog,
        number: u32,
        at: Moment,
        fields: Option<&Fields>,
    ) {
        let Some(stream) = self.enter(log, number, at) else {
            return;
        };
        let Some(exchange) = log.get_mut(stream.id) else {
            return;
        };
        exchange.reach(at);
        exchange.request_ended = Some(at);
        if stream.head_of_request {
            return;
        }
        let Some(fields) = fields else {
            exchange.uncertain = true;
            return;
        };
        let method = fields.method.as_deref().unwrap_or("?");
        let target = fields
            .path
            .as_deref()
            .or(fields.host.as_deref())
            .unwrap_or("?");
        exchange.request = Some(format_compact!("{method} {target}"));
        exchange.host = fields.host.as_deref().map(Into::into);
        exchange.request_body_expected = fields.content_length;
        exchange.request_body_delivered = fields.content_length.map(|_| 0);
        if fields.deadline.is_some() {
            exchange.http2.get_or_insert_default().deadline = fields.deadline;
        }
        let no_body = method == "HEAD";
        if let Some(stream) = self.open.get_mut(&number) {
            stream.head_of_request = true;
            stream.no_body = no_body;
        }
    }

    /// A header block of the responder: an interim response, the response, or its trailers.
    pub(crate) fn response_head(
        &mut self,
        log: &mut ExchangeLog,
        number: u32,
        at: Moment,
        fields: Option<&Fields>,
    ) {
        let Some(stream) = self.enter(log, number, at) else {
            return;
        };
        let Some(exchange) = log.get_mut(stream.id) else {
            return;
        };
        exchange.reach(at);
        let Some(fields) = fields else {
            exchange.response_started.get_or_insert(at);
            exchange.uncertain = true;
            return;
        };
        if fields.grpc_status.is_some() {
            exchange.http2.get_or_insert_default().grpc_status = fields.grpc_status;
        }
        match fields.status {
            Some(status @ 100..=199) if exchange.interim.len() < 16 => {
                exchange.interim.push(status);
            }
            Some(100..=199) => {}
            Some(status) if exchange.status.is_none() => {
                let bodiless = stream.no_body || matches!(status, 204 | 304);
                exchange.status = Some(status);
                exchange.response_started = Some(at);
                exchange.framing = Framing::EndStream;
                exchange.body_expected = fields.content_length.filter(|_| !bodiless);
                exchange.body_delivered = Some(exchange.body_delivered.unwrap_or(0));
            }
            _ => {}
        }
    }

    /// END_STREAM of the requester, or of the responder.
    pub(crate) fn end(&mut self, log: &mut ExchangeLog, number: u32, at: Moment, response: bool) {
        let Some(stream) = self.get(number) else {
            return;
        };
        let Some(exchange) = log.get_mut(stream.id) else {
            self.open.remove(&number);
            return;
        };
        exchange.reach(at);
        if response {
            exchange.response_complete = is_whole(exchange.body_expected, exchange.body_delivered);
            if !exchange.response_complete {
                exchange.http2.get_or_insert_default().ended_short = Some(at);
            }
        } else {
            exchange.request_complete = is_whole(
                exchange.request_body_expected,
                exchange.request_body_delivered,
            );
        }
        // What still arrives on a stream that was given up makes nobody happy.
        exchange.complete = !stream.was_reset
            && exchange.response_complete
            && (exchange.request_complete || exchange.request.is_none());
        if exchange.complete {
            self.open.remove(&number);
        }
    }

    /// RST_STREAM.
    pub(crate) fn reset(
        &mut self,
        log: &mut ExchangeLog,
        number: u32,
        at: Moment,
        by: Side,
        code: u32,
    ) {
        let Some(stream) = self.open.get_mut(&number).filter(|it| !it.was_reset) else {
            return;
        };
        stream.was_reset = true;
        if let Some(exchange) = log.get_mut(stream.id) {
            exchange.reach(at);
            let code = error_code::name(code);
            exchange.http2.get_or_insert_default().reset = Some(StreamReset { by, code, at });
        }
        self.reset.push_back(number);
        if self.reset.len() > MAX_RESET
            && let Some(oldest) = self.reset.pop_front()
        {
            self.open.remove(&oldest);
        }
    }
}

/// A stream that ends short of its Content-Length is not whole.
fn is_whole(expected: Option<u64>, delivered: Option<u64>) -> bool {
    match (expected, delivered) {
        (Some(expected), Some(delivered)) => delivered >= expected,
        _ => true,
    }
}
