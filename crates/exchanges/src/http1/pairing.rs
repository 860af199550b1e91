//! Requests and responses, matched in order.

use whyreset_connections::{BySide, Moment, Needs, PassedBytes, Side};

use super::body::Asked;
use super::delivery::Captured;
use super::head::Version;
use super::heads::HeadEnd;
use super::orphans::Orphans;
use super::reader::{Reader, State};
use crate::acknowledged_bytes::AcknowledgedBytes;
use crate::application::{Application, Context};
use crate::exchange_log::{ExchangeId, ExchangeLog};
use crate::layer::Layer;
use crate::short_queue::ShortQueue;

/// More unanswered requests than this are not paired.
const MAX_PENDING: usize = 4_096;

/// An HTTP/1 connection.
#[derive(Debug)]
pub(crate) struct Http1 {
    pub(super) requester: Side,
    pub(super) request: Reader,
    pub(super) response: Reader,
    pub(super) pending: ShortQueue<Pending>,
    pub(super) orphans: Orphans,
    /// The client was seen to send a request before the last one was answered.
    pub(super) pipelines: bool,
    /// Requests are missing in the capture.
    pub(super) requests_missing: bool,
    pub(super) acknowledged: BySide<AcknowledgedBytes>,
    pub(super) tunnel: Option<Box<Application>>,
    pub(super) context: Context,
}

/// A request that waits for its response.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) id: ExchangeId,
    /// The frame in which the request began.
    pub(super) frame: u64,
    pub(super) asked: Asked,
    pub(super) version: Version,
    pub(super) upgrade: Option<Box<str>>,
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

    fn needs(&self, log: &ExchangeLog, side: Side) -> Needs {
        match &self.tunnel {
            Some(_) => Needs::Everything,
            None => self.needed(log, side),
        }
    }

    fn passed(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, passed: PassedBytes) {
        self.pass_unread(log, side, at, passed);
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
        self.doubt_unanswered(log);
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

impl Http1 {
    /// `requester` is the side that sends the requests; `context` is handed on to what is tunnelled.
    pub(crate) fn new(requester: Side, context: Context) -> Self {
        Self {
            requester,
            request: Reader::new(),
            response: Reader::new(),
            pending: ShortQueue::default(),
            orphans: Orphans::default(),
            pipelines: false,
            requests_missing: false,
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
            State::Start => self.start_message(log, way, at, offset, bytes),
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

    pub(super) fn await_response(&mut self, pending: Pending) {
        if self.pending.len() < MAX_PENDING {
            self.pending.push_back(pending);
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
