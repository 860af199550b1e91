//! Stories: several failures with one reason are one story.

use std::collections::HashMap;

use whyreset_capture::Span;
use whyreset_connections::{Connection, LoneSyn};
use whyreset_exchanges::Exchanges;
use whyreset_segments::Endpoint;

use crate::case::{Close, Kind, fatal_reset, first_close};
use crate::timers::{self, Waiter};
use crate::{Cause, EndedBy, Verdict, wording};

mod wait;

use wait::{Since, Waited};

/// More different stories than this are not kept apart: the rest is only counted.
const MOST_STORIES: usize = 4096;
/// Streams named in a story.
const MOST_STREAMS: usize = 16;

/// Failures that share cause, closing side and server.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// The cause.
    pub cause: Cause,
    /// Who ended them.
    pub ended_by: EndedBy,
    /// The server.
    pub server: Endpoint,
    /// How many connections.
    pub count: u64,
    /// The first streams: at most 16.
    pub streams: Vec<u64>,
    /// How long the side that closed had waited by its own reckoning: the shortest and the longest.
    pub waits: Option<(Span, Span)>,
    /// The mean of their confidences.
    pub confidence: f64,
    waited: u64,
    since: Option<Since>,
    closed: Closed,
}

/// How they were closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closed {
    InOrder,
    ByReset,
    /// Some so, some so; or not at all.
    Mixed,
}

/// Groups failures as they come.
#[derive(Clone, Debug, Default)]
pub struct Stories {
    stories: HashMap<(Cause, EndedBy, Endpoint), Story>,
    left_out: u64,
}

impl Stories {
    /// No stories yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a connection, if it failed, or was reset.
    pub fn add(&mut self, connection: &Connection<Exchanges>, verdict: &Verdict) {
        if !belongs_to_one(verdict) {
            return;
        }
        let close = first_close(connection, fatal_reset(connection));
        if let Some(story) = self.story(connection.ends.server, verdict, Closed::of(close)) {
            story.count(connection.stream, verdict, Closed::of(close));
            story.wait(Waited::of(connection, verdict, close));
        }
    }

    /// Adds a connection that is one SYN: nobody closed it.
    pub fn add_lone_syn(&mut self, syn: &LoneSyn, verdict: &Verdict) {
        if !belongs_to_one(verdict) {
            return;
        }
        if let Some(story) = self.story(syn.ends().server, verdict, Closed::Mixed) {
            story.count(syn.stream(), verdict, Closed::Mixed);
        }
    }

    fn story(&mut self, server: Endpoint, verdict: &Verdict, closed: Closed) -> Option<&mut Story> {
        let key = (verdict.cause, verdict.ended_by, server);
        if self.stories.len() >= MOST_STORIES && !self.stories.contains_key(&key) {
            self.left_out = self.left_out.saturating_add(1);
            return None;
        }
        let story = self.stories.entry(key).or_insert_with(|| Story {
            cause: verdict.cause,
            ended_by: verdict.ended_by,
            server,
            count: 0,
            streams: Vec::new(),
            waits: None,
            confidence: 0.0,
            waited: 0,
            since: None,
            closed,
        });
        Some(story)
    }

    /// The stories of at least two connections: failures before harmless resets, the largest first.
    pub fn list(&self) -> Vec<Story> {
        let mut list: Vec<Story> = self
            .stories
            .values()
            .filter(|story| story.count > 1)
            .cloned()
            .collect();
        let harmless = |story: &Story| story.cause == Cause::BenignReset;
        list.sort_by(|a, b| {
            let by_count = b.count.cmp(&a.count).then(a.streams.cmp(&b.streams));
            harmless(a).cmp(&harmless(b)).then(by_count)
        });
        list
    }

    /// Failures that no story holds, because there were too many different ones.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }
}

/// Harmless resets are no failures, but who sees many of them asks what they have in common.
fn belongs_to_one(verdict: &Verdict) -> bool {
    verdict.failed || verdict.cause == Cause::BenignReset
}

impl Closed {
    fn of(close: Option<Close>) -> Self {
        match close.map(|close| close.kind) {
            Some(Kind::Fin) => Self::InOrder,
            Some(Kind::Rst) => Self::ByReset,
            None => Self::Mixed,
        }
    }
}

impl Story {
    fn count(&mut self, stream: u64, verdict: &Verdict, closed: Closed) {
        self.count = self.count.saturating_add(1);
        self.confidence += (verdict.confidence - self.confidence) / self.count as f64;
        if self.streams.len() < MOST_STREAMS {
            self.streams.push(stream);
        }
        if self.closed != closed {
            self.closed = Closed::Mixed;
        }
    }

    fn wait(&mut self, waited: Option<Waited>) {
        let Some(waited) = waited else {
            return;
        };
        self.waited = self.waited.saturating_add(1);
        let (low, high) = self.waits.unwrap_or((waited.length, waited.length));
        self.waits = Some((low.min(waited.length), high.max(waited.length)));
        let since = self.since.unwrap_or(waited.since);
        self.since = Some(if since == waited.since {
            since
        } else {
            Since::LastPacket
        });
    }

    /// The wait that all of them share: within 5 %, or 100 ms.
    pub fn shared_wait(&self) -> Option<Span> {
        let (low, high) = self.waits.filter(|_| self.waited == self.count)?;
        let slack = (low.nanos() / 20).max(100_000_000);
        (low >= Span::from_millis(500) && (high - low).nanos() <= slack).then_some(low)
    }

    /// The timer of a usual program that all of the waits fit.
    fn timer(&self) -> Option<&'static str> {
        let (low, high) = self.shared_wait().and(self.waits)?;
        let waiter = match self.ended_by {
            EndedBy::Client => Waiter::Client,
            EndedBy::Server => Waiter::Server,
            _ => return None,
        };
        let name = timers::fitting(low, waiter)?.name;
        (timers::fitting(high, waiter)?.name == name).then_some(name)
    }

    /// `37 connections to 10.0.0.7:443, all reset by the server 5.00 s after their last response: a request met the server's
    /// close (5.00 s fits the keep-alive default of Node.js and Apache)`. `server` is how the server is to be written.
    pub fn sentence(&self, server: &str) -> String {
        let how = match self.closed {
            Closed::InOrder => "closed",
            Closed::ByReset => "reset",
            Closed::Mixed => "ended",
        };
        let by = match self.ended_by {
            EndedBy::Client => format!(", all {how} by the client"),
            EndedBy::Server => format!(", all {how} by the server"),
            EndedBy::Middlebox => ", all cut by a device between".to_owned(),
            EndedBy::Network => ", all lost by the network".to_owned(),
            EndedBy::None => ", none of them ended".to_owned(),
            EndedBy::Unknown => String::new(),
        };
        let wait = self
            .shared_wait()
            .map(|wait| {
                let since = self.since.unwrap_or(Since::LastPacket);
                let longest = self.waits.map_or(wait, |(_, high)| high);
                since.phrase(&wording::spans(wait, longest))
            })
            .unwrap_or_default();
        let timer = self
            .timer()
            .map(|name| format!(" (that fits {name})"))
            .unwrap_or_default();
        format!(
            "{} to {server}{by}{wait}: {}{timer}",
            wording::count(self.count, "connection", "connections"),
            wording::inside_a_sentence(self.cause.page().title)
        )
    }
}
