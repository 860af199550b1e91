//! Bodies: what is delivered of them, and what is lost.

use whyreset_connections::Moment;

use super::body::Asked;
use super::chunked::ChunkStep;
use super::head::Version;
use super::heads::HeadEnd;
use super::lost::{Lost, Within};
use super::pairing::{Http1, Pending, Way};
use super::reader::State;
use super::start_line::Search;
use crate::exchange_log::{ExchangeId, ExchangeLog};
use crate::{Exchange, Protocol};

impl Http1 {
    pub(super) fn lose(
        &mut self,
        log: &mut ExchangeLog,
        way: Way,
        id: Option<ExchangeId>,
        within: Within,
    ) {
        let search = match way {
            Way::Request => Search::for_requests(false),
            Way::Response => Search::for_responses(),
        };
        let lost = Lost::new(search, id, within);
        self.tell_lost(log, way, &lost);
        self.reader_mut(way).state = State::Lost(Box::new(lost));
    }

    fn tell_lost(&self, log: &mut ExchangeLog, way: Way, lost: &Lost) {
        let Some(exchange) = lost.id.and_then(|id| log.get_mut(id)) else {
            return;
        };
        let before = self.reader(way).body_before;
        match way {
            Way::Response => lost.tell_response(exchange, before),
            Way::Request => {
                let counted = matches!(
                    lost.within,
                    Within::Chunks
                        | Within::Head {
                            promise: Some(_),
                            ..
                        }
                );
                if counted {
                    exchange.request_body_delivered = Some(before.saturating_add(lost.body()));
                }
                exchange.request_complete = lost.is_whole();
                exchange.uncertain |=
                    lost.is_gapped() && !lost.is_whole() && !lost.certainly_short();
            }
        }
        exchange.complete =
            exchange.response_complete && (exchange.request_complete || exchange.request.is_none());
    }

    /// Goes past the first line of `head`, `before` bytes of which came earlier; gives how many of the others it has.
    pub(super) fn pass_first_line(&mut self, way: Way, head: &[u8], before: usize) -> usize {
        let end = head.iter().position(|byte| *byte == b'\n');
        let len = end.map_or(head.len(), |end| end.saturating_add(1));
        if let State::Lost(lost) = &mut self.reader_mut(way).state {
            lost.pass_over(head.get(..len).unwrap_or(head));
        }
        len.saturating_sub(before)
    }

    pub(super) fn search(
        &mut self,
        log: &mut ExchangeLog,
        way: Way,
        at: Moment,
        offset: u64,
        bytes: &[u8],
    ) -> usize {
        let State::Lost(lost) = &mut self.reader_mut(way).state else {
            return bytes.len();
        };
        let (used, found) = lost.pass(bytes);
        if let Some(start) = &found {
            lost.take_back(start.len());
        }
        let id = lost.id;
        let State::Lost(lost) = std::mem::replace(&mut self.reader_mut(way).state, State::Head)
        else {
            return used;
        };
        self.tell_lost(log, way, &lost);
        if let Some(id) = id {
            self.note_sent(log, way, id, at, offset, used as u64);
        }
        match found {
            Some(start) => self.resume(log, way, at, start, &lost),
            None => self.reader_mut(way).state = State::Lost(lost),
        }
        used
    }

    /// A new message begins: the one in which the way was lost is over.
    fn resume(&mut self, log: &mut ExchangeLog, way: Way, at: Moment, start: Vec<u8>, lost: &Lost) {
        if way == Way::Request {
            self.settle_cut_response(log);
        }
        if !lost.certainly_short()
            && let Some(exchange) = lost.id.and_then(|id| log.get_mut(id))
        {
            match way {
                Way::Request => exchange.request_complete = true,
                Way::Response => exchange.response_complete = true,
            }
            exchange.complete = exchange.request_complete && exchange.response_complete;
        }
        if way == Way::Response {
            self.pass_answered(log, at, lost);
            self.keep_unasked(log, lost);
        }
        let reader = self.reader_mut(way);
        reader.resumed = true;
        reader.id = None;
        reader.head = start;
        reader.head_at = Some(at);
        reader.last_at = Some(at);
        reader.state = State::Head;
    }

    /// A response of which the head was lost, and whose request was not read yet: that will be one behind missing bytes.
    fn keep_unasked(&mut self, log: &mut ExchangeLog, lost: &Lost) {
        let one_sided = self.request.last_at.is_none();
        if one_sided || !lost.is_unasked() || !self.pending.is_empty() {
            return;
        }
        let id = log.push(Exchange {
            protocol: Protocol::Http11,
            started: lost.began,
            response_started: lost.began,
            ended: lost.began,
            response_complete: true,
            complete: true,
            uncertain: true,
            ..Exchange::default()
        });
        self.orphans.add(id, lost.began);
    }

    /// Behind missing bytes a response begins. A client that waits for each answer before it asks again has had the
    /// answers to all but the last of what it had asked by then.
    fn pass_answered(&mut self, log: &mut ExchangeLog, at: Moment, lost: &Lost) {
        if self.pipelines {
            return;
        }
        let mut room = lost.room_for_responses();
        while room > 0
            && let Some(next) = self.pending.second()
            && next.frame < at.frame
            && let Some(answered) = self.pending.pop_front()
        {
            room = room.saturating_sub(1);
            if let Some(exchange) = log.get_mut(answered.id) {
                exchange.response_complete = true;
                exchange.complete = exchange.request_complete;
                exchange.uncertain = true;
            }
        }
    }

    /// Nothing more comes: requests whose answers may be among the missing bytes are not known to be unanswered.
    pub(super) fn doubt_unanswered(&self, log: &mut ExchangeLog) {
        let State::Lost(lost) = &self.response.state else {
            return;
        };
        let room = usize::try_from(lost.room_for_responses()).unwrap_or(usize::MAX);
        for asked in self.pending.iter().take(room) {
            if let Some(exchange) = log.get_mut(asked.id) {
                exchange.uncertain = true;
            }
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

    pub(super) fn pass_gap(
        &mut self,
        log: &mut ExchangeLog,
        way: Way,
        at: Moment,
        offset: u64,
        len: u64,
    ) -> u64 {
        if way == Way::Request {
            self.settle_withheld(log);
        }
        match &mut self.reader_mut(way).state {
            State::Start => self.lose_message(log, way, at),
            State::Head => self.end_head(log, way, HeadEnd::Cut),
            State::Length(left) => {
                let here = len.min(*left);
                self.pass_length(log, way, at, offset, here, Captured::No);
                return here;
            }
            State::Chunked(chunked) => {
                if let Some(body) = chunked.skip(len) {
                    self.deliver(log, way, at, offset, body, Captured::No);
                    return len;
                }
                self.lose_chunks(log, way);
            }
            State::UntilClose => {
                self.deliver(log, way, at, offset, len, Captured::No);
                return len;
            }
            State::Lost(_) | State::Tunnel | State::Withheld(_) => {}
        }
        self.pass_gap_lost(log, way, at, offset, len);
        len
    }

    fn pass_gap_lost(
        &mut self,
        log: &mut ExchangeLog,
        way: Way,
        at: Moment,
        offset: u64,
        len: u64,
    ) {
        let reader = self.reader_mut(way);
        let State::Lost(mut lost) = std::mem::replace(&mut reader.state, State::Start) else {
            return;
        };
        lost.pass_gap(len);
        let id = lost.id;
        self.tell_lost(log, way, &lost);
        self.reader_mut(way).state = State::Lost(lost);
        if let Some(id) = id {
            self.note_sent(log, way, id, at, offset, len);
            if let (Way::Response, Some(exchange)) = (way, log.get_mut(id)) {
                exchange.body_uncaptured = exchange.body_uncaptured.saturating_add(len);
            }
        }
    }

    /// Captured bytes of a message whose framing was lost: no other begins in them.
    pub(super) fn note_unread(
        &mut self,
        log: &mut ExchangeLog,
        way: Way,
        at: Moment,
        offset: u64,
        len: u64,
    ) {
        let state = std::mem::replace(&mut self.reader_mut(way).state, State::Start);
        if let State::Lost(mut lost) = state {
            lost.pass_unread(len);
            self.tell_lost(log, way, &lost);
            let id = lost.id;
            self.reader_mut(way).state = State::Lost(lost);
            if let Some(id) = id {
                self.note_sent(log, way, id, at, offset, len);
            }
        } else {
            self.reader_mut(way).state = state;
        }
    }

    /// The start of a message is not in the capture.
    fn lose_message(&mut self, log: &mut ExchangeLog, way: Way, at: Moment) {
        let head = Within::Head {
            promise: None,
            bodiless: false,
        };
        let id = match way {
            // The gap is told when the other side's acknowledgement shows it: its answer may have come before.
            Way::Request => self.lose_request(log, at),
            Way::Response => self.pending.pop_front().map(|asked| asked.id),
        };
        self.reader_mut(way).body_before = 0;
        if let (Way::Response, Some(exchange)) = (way, id.and_then(|id| log.get_mut(id))) {
            exchange.response_started = Some(at);
        }
        self.lose(log, way, id, head);
        if let State::Lost(lost) = &mut self.reader_mut(way).state {
            lost.began = Some(at);
        }
    }

    /// The exchange of a request that is not in the capture; `None` where its response has been read.
    fn lose_request(&mut self, log: &mut ExchangeLog, at: Moment) -> Option<ExchangeId> {
        self.requests_missing = true;
        // The gap is told when the other side's acknowledgement shows it: its answer may have come before.
        if let Some(id) = self.orphans.of_gap() {
            if let Some(exchange) = log.get_mut(id) {
                exchange.uncertain |= !exchange.complete;
            }
            return None;
        }
        self.settle_cut_response(log);
        let id = log.push(Exchange {
            protocol: Protocol::Http11,
            started: Some(at),
            request_ended: Some(at),
            ended: Some(at),
            uncertain: true,
            ..Exchange::default()
        });
        if self.pending.is_empty()
            && let State::Lost(lost) = &mut self.response.state
            && lost.is_unasked()
        {
            lost.id = Some(id);
            return Some(id);
        }
        self.await_response(Pending {
            id,
            frame: at.frame,
            asked: Asked::Other,
            version: Version::V11,
            upgrade: None,
        });
        Some(id)
    }

    fn lose_chunks(&mut self, log: &mut ExchangeLog, way: Way) {
        let id = self.reader_mut(way).id.take();
        let before = id.and_then(|id| log.get_mut(id)).and_then(|exchange| {
            if way == Way::Request {
                exchange.request_body_delivered
            } else {
                exchange.body_delivered
            }
        });
        self.reader_mut(way).body_before = before.unwrap_or(0);
        self.lose(log, way, id, Within::Chunks);
    }

    pub(super) fn pass_length(
        &mut self,
        log: &mut ExchangeLog,
        way: Way,
        at: Moment,
        offset: u64,
        here: u64,
        captured: Captured,
    ) {
        self.deliver(log, way, at, offset, here, captured);
        let State::Length(left) = &mut self.reader_mut(way).state else {
            return;
        };
        *left = left.saturating_sub(here);
        if *left == 0 {
            self.end_message(log, way);
        }
    }

    pub(super) fn pass_chunked(
        &mut self,
        log: &mut ExchangeLog,
        way: Way,
        at: Moment,
        offset: u64,
        step: ChunkStep,
    ) -> usize {
        match step {
            ChunkStep::Coding(used) => {
                self.touch(log, way, at);
                used
            }
            ChunkStep::Body(used) => {
                self.deliver(log, way, at, offset, used as u64, Captured::Yes);
                used
            }
            ChunkStep::End(used) => {
                self.touch(log, way, at);
                self.end_message(log, way);
                used
            }
            ChunkStep::Bad(used) => {
                let side = self.side(way);
                log.find(
                    "bad_chunk",
                    Some(side),
                    &[at.frame],
                    format!("a chunked body of the {side} cannot be read"),
                );
                self.lose_chunks(log, way);
                used
            }
        }
    }

    pub(super) fn deliver(
        &mut self,
        log: &mut ExchangeLog,
        way: Way,
        at: Moment,
        offset: u64,
        len: u64,
        captured: Captured,
    ) {
        let Some(id) = self.reader(way).id else {
            return;
        };
        if let Some(exchange) = log.get_mut(id) {
            let count = match way {
                Way::Request => &mut exchange.request_body_delivered,
                Way::Response => &mut exchange.body_delivered,
            };
            *count = Some(count.unwrap_or(0).saturating_add(len));
            if captured == Captured::No && way == Way::Response {
                exchange.body_uncaptured = exchange.body_uncaptured.saturating_add(len);
            }
        }
        self.note_sent(log, way, id, at, offset, len);
    }

    /// Notes the time, and what of these bytes is acknowledged.
    fn note_sent(
        &mut self,
        log: &mut ExchangeLog,
        way: Way,
        id: ExchangeId,
        at: Moment,
        offset: u64,
        len: u64,
    ) {
        let early = self
            .acknowledged
            .of_mut(self.side(way))
            .sent(id, offset, len);
        if let Some(exchange) = log.get_mut(id) {
            let count = match way {
                Way::Request => &mut exchange.request_body_acknowledged,
                Way::Response => &mut exchange.body_acknowledged,
            };
            *count = Some(count.unwrap_or(0).saturating_add(early));
            touch_exchange(exchange, way, at);
        }
    }

    fn touch(&self, log: &mut ExchangeLog, way: Way, at: Moment) {
        if let Some(exchange) = self.reader(way).id.and_then(|id| log.get_mut(id)) {
            touch_exchange(exchange, way, at);
        }
    }

    /// Something of the request's body has come: it is not withheld.
    pub(super) fn request_body_has_begun(&self, log: &ExchangeLog) -> bool {
        let exchange = self.request.id.and_then(|id| log.get(id));
        exchange.is_some_and(|exchange| exchange.request_body_delivered > Some(0))
    }
}

/// Whether bytes are in the capture, or only their numbers were passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Captured {
    Yes,
    No,
}

fn touch_exchange(exchange: &mut Exchange, way: Way, at: Moment) {
    exchange.reach(at);
    if way == Way::Request {
        exchange.request_ended = Some(at);
    }
}
