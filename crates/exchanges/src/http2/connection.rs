//! Both directions of an HTTP/2 connection.

use whyreset_connections::{BySide, Moment, Needs, PassedBytes, Side};

use super::error_code;
use super::flow_control::SendWindows;
use super::frames::{self, FrameHeader, FramePart, FrameReader};
use super::header_block::{Fields, HeaderDecoder, MAX_BLOCK};
use super::streams::Streams;
use crate::acknowledged_bytes::AcknowledgedBytes;
use crate::banner::HTTP2_PREFACE;
use crate::exchange_log::ExchangeLog;
use crate::layer::Layer;
use crate::{Exchange, FlowControlStall, StreamReset};

/// An HTTP/2 connection.
#[derive(Debug)]
pub(crate) struct Http2 {
    requester: Side,
    flows: BySide<Flow>,
    streams: Streams,
    acknowledged: BySide<AcknowledgedBytes>,
    /// Who gave the connection up first by a GOAWAY with an error, with which, and where.
    given_up: Option<(Side, u32, Moment)>,
    /// The last stream that the responder's GOAWAY leaves in (RFC 9113 §6.8), and its packet.
    last_stream: Option<(u32, Moment)>,
    lost: bool,
}

/// One direction.
#[derive(Debug, Default)]
struct Flow {
    reader: FrameReader,
    decoder: HeaderDecoder,
    windows: SendWindows,
    /// Bytes of the preface that were passed.
    preface: usize,
    /// A header block that goes on in CONTINUATION frames.
    block: Option<Block>,
}

#[derive(Debug)]
struct Block {
    stream: u32,
    end_stream: bool,
    promised: bool,
    bytes: Vec<u8>,
}

impl Http2 {
    pub(crate) fn new(requester: Side) -> Self {
        Self {
            requester,
            flows: BySide::default(),
            streams: Streams::default(),
            acknowledged: BySide::default(),
            given_up: None,
            last_stream: None,
            lost: false,
        }
    }

    /// Behind `Upgrade: h2c` (RFC 7540 §3.2): the response to `request` comes on stream 1.
    pub(crate) fn upgraded(log: &mut ExchangeLog, requester: Side, request: Exchange) -> Self {
        let mut it = Self::new(requester);
        if let Some(at) = request.started
            && let Some(stream) = it.streams.enter(log, 1, at)
            && let Some(exchange) = log.get_mut(stream.id)
        {
            exchange.request = request.request;
            exchange.host = request.host;
            exchange.request_ended = request.request_ended;
            exchange.request_complete = true;
        }
        it
    }

    fn is_response(&self, side: Side) -> bool {
        side != self.requester
    }

    /// Passes the preface in front of the requester's frames; gives how many bytes of it these are, and what was taken for
    /// its beginning before and is none.
    fn pass_preface(&mut self, side: Side, bytes: &[u8]) -> (usize, &'static [u8]) {
        if side != self.requester {
            return (0, &[]);
        }
        let flow = self.flows.of_mut(side);
        let (passed, rest) = HTTP2_PREFACE
            .split_at_checked(flow.preface)
            .unwrap_or((HTTP2_PREFACE, &[]));
        let here = rest.len().min(bytes.len());
        if rest.get(..here) == bytes.get(..here) {
            flow.preface = flow.preface.saturating_add(here);
            return (here, &[]);
        }
        flow.preface = HTTP2_PREFACE.len();
        (0, passed)
    }

    fn read(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64, bytes: &[u8]) {
        let (mut offset, mut rest) = (offset, bytes);
        while !rest.is_empty() {
            let (used, part) = self.flows.of_mut(side).reader.step(rest);
            let used = used.clamp(1, rest.len());
            self.take(log, side, at, offset, part);
            offset = offset.saturating_add(used as u64);
            rest = rest.get(used..).unwrap_or(&[]);
        }
    }

    fn take(
        &mut self,
        log: &mut ExchangeLog,
        side: Side,
        at: Moment,
        offset: u64,
        part: FramePart,
    ) {
        match part {
            FramePart::Nothing => {}
            FramePart::DataBegins(header) => {
                self.flows
                    .of_mut(side)
                    .windows
                    .sent(header.stream, header.len);
            }
            FramePart::Data { header, len, last } => {
                self.content(log, side, at, offset, header, len);
                if last && header.has(frames::END_STREAM) {
                    self.end_stream(log, side, at, header.stream);
                }
            }
            FramePart::DataEnds(header) => {
                if header.has(frames::END_STREAM) {
                    self.end_stream(log, side, at, header.stream);
                }
            }
            FramePart::Frame(header, payload) => self.frame(log, side, at, header, &payload),
            FramePart::Lost => self.lose(log, side, at),
        }
    }

    fn content(
        &mut self,
        log: &mut ExchangeLog,
        side: Side,
        at: Moment,
        offset: u64,
        header: FrameHeader,
        len: u64,
    ) {
        let response = self.is_response(side);
        let Some(stream) = self.streams.get(header.stream) else {
            return;
        };
        let early = self.acknowledged.of_mut(side).sent(stream.id, offset, len);
        let Some(exchange) = log.get_mut(stream.id) else {
            return;
        };
        let (delivered, acknowledged) = if response {
            (
                &mut exchange.body_delivered,
                &mut exchange.body_acknowledged,
            )
        } else {
            exchange.request_ended = Some(at);
            (
                &mut exchange.request_body_delivered,
                &mut exchange.request_body_acknowledged,
            )
        };
        *delivered = Some(delivered.unwrap_or(0).saturating_add(len));
        *acknowledged = Some(acknowledged.unwrap_or(0).saturating_add(early));
        exchange.reach(at);
    }

    fn end_stream(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, number: u32) {
        let response = self.is_response(side);
        self.streams.end(log, number, at, response);
        if self.streams.get(number).is_none() {
            self.flows.client.windows.forget(number);
            self.flows.server.windows.forget(number);
        }
    }

    fn frame(
        &mut self,
        log: &mut ExchangeLog,
        side: Side,
        at: Moment,
        header: FrameHeader,
        payload: &[u8],
    ) {
        match header.kind {
            frames::HEADERS => self.headers(log, side, at, header, payload),
            frames::PUSH_PROMISE => self.push_promise(log, side, at, header, payload),
            frames::CONTINUATION => self.continuation(log, side, at, header, payload),
            frames::RST_STREAM => {
                if let Some(code) = number_at(payload, 0) {
                    self.note_stall(log, header.stream);
                    self.streams.reset(log, header.stream, at, side, code);
                }
            }
            frames::SETTINGS if !header.has(frames::ACK) => self.settings(side, payload),
            frames::WINDOW_UPDATE => {
                let granted = number_at(payload, 0).unwrap_or(0) & 0x7fff_ffff;
                let windows = &mut self.flows.of_mut(side.peer()).windows;
                windows.granted(header.stream, granted);
            }
            frames::GOAWAY => self.goaway(log, side, at, payload),
            _ => {}
        }
    }

    fn settings(&mut self, side: Side, payload: &[u8]) {
        for entry in payload.chunks_exact(6) {
            if let [0, 4, a, b, c, d] = *entry {
                let initial = u32::from_be_bytes([a, b, c, d]);
                self.flows.of_mut(side.peer()).windows.set_initial(initial);
            }
        }
    }

    fn headers(
        &mut self,
        log: &mut ExchangeLog,
        side: Side,
        at: Moment,
        header: FrameHeader,
        payload: &[u8],
    ) {
        // The exchange begins here, even if the block goes on in other frames.
        self.streams.enter(log, header.stream, at);
        let block = Block {
            stream: header.stream,
            end_stream: header.has(frames::END_STREAM),
            promised: false,
            bytes: fragment(header, payload).to_vec(),
        };
        self.begin_block(log, side, at, header, block);
    }

    fn push_promise(
        &mut self,
        log: &mut ExchangeLog,
        side: Side,
        at: Moment,
        header: FrameHeader,
        payload: &[u8],
    ) {
        let payload = fragment(header, payload);
        let Some(promised) = number_at(payload, 0) else {
            return;
        };
        let block = Block {
            stream: promised & 0x7fff_ffff,
            end_stream: false,
            promised: true,
            bytes: payload.get(4..).unwrap_or(&[]).to_vec(),
        };
        self.begin_block(log, side, at, header, block);
    }

    fn begin_block(
        &mut self,
        log: &mut ExchangeLog,
        side: Side,
        at: Moment,
        header: FrameHeader,
        block: Block,
    ) {
        self.flows.of_mut(side).block = Some(block);
        if header.has(frames::END_HEADERS) {
            self.end_block(log, side, at);
        }
    }

    fn continuation(
        &mut self,
        log: &mut ExchangeLog,
        side: Side,
        at: Moment,
        header: FrameHeader,
        payload: &[u8],
    ) {
        let Some(block) = &mut self.flows.of_mut(side).block else {
            return;
        };
        if block.bytes.len().saturating_add(payload.len()) <= MAX_BLOCK {
            block.bytes.extend_from_slice(payload);
        } else {
            let text = format!("a header block of the {side} is longer than 64 KiB");
            log.find("head_too_long", Some(side), &[at.frame], text);
            self.flows.of_mut(side).decoder.lose();
        }
        if header.has(frames::END_HEADERS) {
            self.end_block(log, side, at);
        }
    }

    fn end_block(&mut self, log: &mut ExchangeLog, side: Side, at: Moment) {
        let flow = self.flows.of_mut(side);
        let Some(block) = flow.block.take() else {
            return;
        };
        let fields: Option<Fields> = flow.decoder.decode(&block.bytes);
        let number = block.stream;
        if block.promised {
            self.streams.request_head(log, number, at, fields.as_ref());
            self.streams.end(log, number, at, false);
        } else if self.is_response(side) {
            self.streams.response_head(log, number, at, fields.as_ref());
        } else {
            self.streams.request_head(log, number, at, fields.as_ref());
        }
        if block.end_stream {
            self.end_stream(log, side, at, number);
        }
    }

    fn goaway(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, payload: &[u8]) {
        let (Some(last), Some(code)) = (number_at(payload, 0), number_at(payload, 4)) else {
            return;
        };
        let last = last & 0x7fff_ffff;
        if self.is_response(side) {
            self.last_stream = Some((last, at));
        }
        if code != error_code::NO_ERROR {
            self.given_up.get_or_insert((side, code, at));
        }
        let code = error_code::name(code);
        let text = format!("the {side} sent GOAWAY {code}: it takes no stream after {last}");
        log.find("goaway", Some(side), &[at.frame], text);
    }

    /// Streams that were open at the end, and that a GOAWAY had given up or left out.
    fn tell_given_up(&self, log: &mut ExchangeLog) {
        for (number, id) in self.streams.iter() {
            let Some(exchange) = log.get_mut(id).filter(|exchange| !exchange.complete) else {
                continue;
            };
            let stream = exchange.http2.get_or_insert_default();
            let left_out = self.last_stream.filter(|(last, _)| number > *last);
            stream.left_out = left_out.map(|(_, at)| at);
            if let Some((by, code, at)) = self.given_up {
                let code = error_code::name(code);
                stream.reset = Some(StreamReset { by, code, at });
            }
        }
    }

    /// Frames of a side cannot be read any more.
    fn lose(&mut self, log: &mut ExchangeLog, side: Side, at: Moment) {
        self.flows.of_mut(side).decoder.lose();
        self.lost = true;
        if !self.flows.of(side).reader.is_lost() {
            return;
        }
        if log.is_empty() {
            let text = "the capture holds too little of the HTTP/2 frames to tell what was asked";
            log.find("http2_unread", Some(side), &[at.frame], text);
        }
        for (_, id) in self.streams.iter() {
            if let Some(exchange) = log.get_mut(id) {
                exchange.uncertain = true;
                exchange.estimated = true;
                exchange.reach(at);
            }
        }
    }

    /// Streams whose sender has no window left at the end.
    fn tell_stalls(&self, log: &mut ExchangeLog) {
        if self.lost {
            return;
        }
        for (number, id) in self.streams.iter() {
            let Some(stall) = log
                .get_mut(id)
                .and_then(|exchange| self.stall(exchange, number))
            else {
                continue;
            };
            if let Some(exchange) = log.get_mut(id) {
                exchange.http2.get_or_insert_default().stalled = Some(stall);
            }
            let what = if stall.of_connection {
                "the connection's".to_owned()
            } else {
                format!("stream {number}'s")
            };
            let sender = stall.sender;
            let text = format!(
                "the {sender} may send no more: {what} HTTP/2 window is used up, and the {} grants nothing",
                sender.peer()
            );
            log.find(
                "flow_control_stalled",
                Some(sender),
                &[stall.since.frame],
                text,
            );
        }
    }

    /// A stream is about to be reset: whether its sender was waiting for room is asked before.
    fn note_stall(&self, log: &mut ExchangeLog, number: u32) {
        let stream = self.streams.get(number).filter(|_| !self.lost);
        if let Some(exchange) = stream.and_then(|stream| log.get_mut(stream.id))
            && let Some(stall) = self.stall(exchange, number)
        {
            exchange.http2.get_or_insert_default().stalled = Some(stall);
        }
    }

    /// The sender of a body that is under way has used up its window.
    fn stall(&self, exchange: &Exchange, number: u32) -> Option<FlowControlStall> {
        let sender = if exchange.status.is_some() && !exchange.response_complete {
            self.requester.peer()
        } else if exchange.request.is_some() && !exchange.request_complete {
            self.requester
        } else {
            return None;
        };
        let windows = &self.flows.of(sender).windows;
        let since = exchange.ended.filter(|_| windows.is_shut(number))?;
        Some(FlowControlStall {
            sender,
            since,
            of_connection: windows.connection_is_shut(),
        })
    }
}

impl Layer for Http2 {
    fn data(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64, bytes: &[u8]) {
        let (passed, none) = self.pass_preface(side, bytes);
        let begun = offset.saturating_sub(none.len() as u64);
        self.read(log, side, at, begun, none);
        let offset = offset.saturating_add(passed as u64);
        self.read(log, side, at, offset, bytes.get(passed..).unwrap_or(&[]));
    }

    fn gap(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64, len: u64) {
        match self.flows.of_mut(side).reader.gap(len) {
            Some(part) => {
                if let (true, FramePart::Data { header, .. }) = (side != self.requester, &part)
                    && let Some(stream) = self.streams.get(header.stream)
                    && let Some(exchange) = log.get_mut(stream.id)
                {
                    exchange.body_uncaptured = exchange.body_uncaptured.saturating_add(len);
                }
                self.take(log, side, at, offset, part);
            }
            None => self.lose(log, side, at),
        }
    }

    fn needs(&self, _: &ExchangeLog, side: Side) -> Needs {
        match self.flows.of(side).reader.content_left() {
            0 => Needs::Everything,
            left => Needs::Nothing(u64::from(left)),
        }
    }

    fn passed(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, passed: PassedBytes) {
        if passed.captured > 0 {
            match self.flows.of_mut(side).reader.gap(passed.captured) {
                Some(part) => self.take(log, side, at, passed.offset, part),
                None => self.lose(log, side, at),
            }
        }
        let cut = passed.len.saturating_sub(passed.captured);
        if cut > 0 {
            let offset = passed.offset.saturating_add(passed.captured);
            self.gap(log, side, at, offset, cut);
        }
    }

    fn acknowledged(&mut self, log: &mut ExchangeLog, side: Side, _: Moment, offset: u64) {
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
    }

    fn finish(&mut self, log: &mut ExchangeLog) {
        self.tell_stalls(log);
        self.tell_given_up(log);
    }
}

/// A header block's fragment without padding and priority.
fn fragment(header: FrameHeader, payload: &[u8]) -> &[u8] {
    let mut bytes = payload;
    if header.has(frames::PADDED)
        && let Some((padding, rest)) = bytes.split_first()
    {
        let end = rest.len().saturating_sub(usize::from(*padding));
        bytes = rest.get(..end).unwrap_or(&[]);
    }
    if header.kind == frames::HEADERS && header.has(frames::PRIORITY) {
        bytes = bytes.get(5..).unwrap_or(&[]);
    }
    bytes
}

fn number_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.saturating_add(4))?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}
