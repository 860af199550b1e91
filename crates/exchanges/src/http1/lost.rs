//! A direction whose framing was lost to bytes that are not in the capture, or that make no sense.

use whyreset_connections::Moment;

use super::start_line::Search;
use crate::Exchange;
use crate::exchange_log::ExchangeId;

/// What was being read when the way was lost, and what has passed since.
#[derive(Debug)]
pub(crate) struct Lost {
    pub(crate) search: Search,
    /// The message that the bytes belong to, as far as can be told.
    pub(crate) id: Option<ExchangeId>,
    pub(crate) within: Within,
    /// The packet at which a message began, where its beginning is missing.
    pub(crate) began: Option<Moment>,
    /// Bytes since, captured or not.
    pub(crate) passed: u64,
    /// Some of them were not captured.
    gapped: bool,
    tail: [u8; 7],
}

/// Bytes of `HTTP/1.1 200 OK` and two line ends.
const SHORTEST_RESPONSE: u64 = 19;

/// Where the way was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Within {
    /// In a head: what it had promised before the cut, and whether its message has a body at all.
    Head {
        promise: Option<u64>,
        bodiless: bool,
    },
    /// In a chunked body.
    Chunks,
    /// Between messages, or in what is no HTTP.
    Nothing,
}

impl Lost {
    pub(crate) const fn new(search: Search, id: Option<ExchangeId>, within: Within) -> Self {
        Self {
            search,
            id,
            within,
            began: None,
            passed: 0,
            gapped: false,
            tail: [0; 7],
        }
    }

    /// Takes bytes up to the next start line, or all of them; gives how many, and that line's beginning.
    pub(crate) fn pass(&mut self, bytes: &[u8]) -> (usize, Option<Vec<u8>>) {
        let mut used = 0usize;
        let mut found = None;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            used = used.saturating_add(self.search.idle_len(rest));
            let Some(byte) = bytes.get(used) else {
                break;
            };
            used = used.saturating_add(1);
            found = self.search.push(*byte);
            if found.is_some() {
                break;
            }
        }
        let passed = bytes.get(..used).unwrap_or(bytes);
        self.passed = self.passed.saturating_add(passed.len() as u64);
        self.remember_tail(passed);
        (used, found)
    }

    fn remember_tail(&mut self, passed: &[u8]) {
        let keep = self.tail.len();
        let mut both = [0u8; 14];
        let start = passed.len().saturating_sub(keep);
        let last = passed.get(start..).unwrap_or(passed);
        for (slot, byte) in both.iter_mut().zip(self.tail.iter().chain(last)) {
            *slot = *byte;
        }
        let from = last.len();
        if let Some(tail) = both.get(from..).and_then(<[u8]>::first_chunk) {
            self.tail = *tail;
        }
    }

    /// Goes past bytes without a search in them.
    pub(crate) fn pass_over(&mut self, bytes: &[u8]) {
        self.passed = self.passed.saturating_add(bytes.len() as u64);
        self.remember_tail(bytes);
    }

    /// Captured bytes in which no message begins.
    pub(crate) const fn pass_unread(&mut self, len: u64) {
        self.passed = self.passed.saturating_add(len);
        self.tail = [0; 7];
    }

    pub(crate) fn pass_gap(&mut self, len: u64) {
        self.passed = self.passed.saturating_add(len);
        self.gapped = true;
        self.tail = [0; 7];
        self.search.gap();
    }

    /// A response of which the head is missing, to a request that was not read either: servers of HTTP do not speak first.
    pub(crate) const fn is_unasked(&self) -> bool {
        let head = matches!(self.within, Within::Head { .. });
        head && self.gapped && self.id.is_none() && self.passed > 0
    }

    /// Whether bytes are missing since.
    pub(crate) const fn is_gapped(&self) -> bool {
        self.gapped
    }

    /// How many whole responses may be hidden in what passed, beside the one in which the way was lost.
    pub(crate) fn room_for_responses(&self) -> u64 {
        let own = match self.within {
            Within::Head {
                promise: Some(promise),
                ..
            } => promise,
            _ => SHORTEST_RESPONSE,
        };
        match self.gapped {
            true => self.passed.saturating_sub(own) / SHORTEST_RESPONSE,
            false => 0,
        }
    }

    /// Bytes that turned out to belong to the next message.
    pub(crate) fn take_back(&mut self, len: usize) {
        self.passed = self
            .passed
            .saturating_sub(u64::try_from(len).unwrap_or(u64::MAX));
    }

    /// Body bytes that have passed, as far as can be told: at most, for a head's rest may be among them.
    pub(crate) fn body(&self) -> u64 {
        match self.within {
            Within::Head { bodiless: true, .. } | Within::Nothing => 0,
            Within::Head { promise, .. } => self.passed.min(promise.unwrap_or(u64::MAX)),
            Within::Chunks => self.passed,
        }
    }

    /// Whether the message is over by what was captured of it.
    pub(crate) fn is_whole(&self) -> bool {
        match self.within {
            Within::Head { bodiless: true, .. } => true,
            Within::Head { promise, .. } => promise.is_some_and(|promise| self.passed >= promise),
            // The first two bytes may be the last of what was not captured.
            Within::Chunks => {
                let (before, end) = self.tail.split_at(2);
                end == b"0\r\n\r\n" && matches!(before, b"\r\n" | [0, 0])
            }
            Within::Nothing => false,
        }
    }

    /// Whether more than the promise is missing to say that the message is not whole.
    pub(crate) fn certainly_short(&self) -> bool {
        matches!(self.within, Within::Head { promise: Some(promise), bodiless: false } if self.passed < promise)
    }

    /// Writes the state of the response into its exchange.
    pub(crate) fn tell_response(&self, exchange: &mut Exchange, body_before: u64) {
        let bodiless = matches!(self.within, Within::Head { bodiless: true, .. });
        if bodiless {
            exchange.body_delivered = Some(0);
        } else if self.passed > 0 || exchange.body_delivered.is_some() {
            // Not only upwards: bytes that begin the next message are taken back.
            exchange.body_delivered = Some(body_before.saturating_add(self.body()));
            exchange.estimated = true;
        }
        exchange.response_complete = self.is_whole();
        exchange.uncertain = !bodiless && !self.certainly_short();
    }
}
