//! Stories: several failures with one reason are one story.

use std::collections::HashMap;

use whyreset_capture::Span;
use whyreset_connections::Connection;
use whyreset_exchanges::Exchanges;
use whyreset_segments::Endpoint;

use crate::{Cause, EndedBy, Verdict, wording};

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
    /// The silence before the end, where all of them waited about equally long: the shortest and the longest.
    pub waits: Option<(Span, Span)>,
    /// The mean of their confidences.
    pub confidence: f64,
    waited: u64,
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

    /// Adds a connection, if it failed.
    pub fn add(&mut self, connection: &Connection<Exchanges>, verdict: &Verdict) {
        if !verdict.failed {
            return;
        }
        let server = connection.ends.server;
        let key = (verdict.cause, verdict.ended_by, server);
        if self.stories.len() >= MOST_STORIES && !self.stories.contains_key(&key) {
            self.left_out = self.left_out.saturating_add(1);
            return;
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
        });
        story.add(connection, verdict);
    }

    /// The stories of at least two connections, the largest first.
    pub fn list(&self) -> Vec<Story> {
        let mut list: Vec<Story> = self
            .stories
            .values()
            .filter(|story| story.count > 1)
            .cloned()
            .collect();
        list.sort_by(|a, b| b.count.cmp(&a.count).then(a.streams.cmp(&b.streams)));
        list
    }

    /// Failures that no story holds, because there were too many different ones.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }
}

impl Story {
    fn add(&mut self, connection: &Connection<Exchanges>, verdict: &Verdict) {
        self.count = self.count.saturating_add(1);
        self.confidence += (verdict.confidence - self.confidence) / self.count as f64;
        if self.streams.len() < MOST_STREAMS {
            self.streams.push(connection.stream);
        }
        if let Some(silence) = connection.silence_before_end {
            self.waited = self.waited.saturating_add(1);
            let (low, high) = self.waits.unwrap_or((silence.length, silence.length));
            self.waits = Some((low.min(silence.length), high.max(silence.length)));
        }
    }

    /// The wait that all of them share: within 5 %, or 100 ms.
    pub fn shared_wait(&self) -> Option<Span> {
        let (low, high) = self.waits.filter(|_| self.waited == self.count)?;
        let slack = (low.nanos() / 20).max(100_000_000);
        (low >= Span::from_millis(500) && (high - low).nanos() <= slack).then_some(low)
    }

    /// `37 connections to 10.0.0.7:443, all ended by the server after 5.00 s of silence: keep-alive race`.
    /// `server` is how the server is to be written.
    pub fn sentence(&self, server: &str) -> String {
        let by = match self.ended_by {
            EndedBy::Client => ", all ended by the client",
            EndedBy::Server => ", all ended by the server",
            EndedBy::Middlebox => ", all cut by a device between",
            EndedBy::Network => ", all lost by the network",
            EndedBy::None => ", none of them ended",
            EndedBy::Unknown => "",
        };
        let wait = self
            .shared_wait()
            .map(|wait| format!(" after {} of silence", wording::span(wait)))
            .unwrap_or_default();
        format!(
            "{} to {server}{by}{wait}: {}",
            wording::count(self.count, "connection", "connections"),
            self.cause.page().title.to_lowercase()
        )
    }
}
