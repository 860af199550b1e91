//! What is known of connections from one window of a long text to the next.
//!
//! Of the latest 65,536 connections at least (twice as many at most, some 300 bytes each): how far they are, by what their
//! numbers count, which ends they have. Of the latest 4,096 (twice as many at most) also a few rows, for what those tell of
//! the rows that follow. A connection that was forgotten and goes on is another one; what tcpdump numbers relative to its
//! beginning is then unknown.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use crate::endpoints::HostKey;
use crate::generations::Generations;
use crate::lengths::Headers;
use crate::numbering::Memory;
use crate::placed::{Carried, Connection, Key, Placed, Shown};

/// Connections that are known at least.
const CONNECTIONS: usize = 65_536;

/// Connections at least of which some rows are kept.
const CONTEXTS: usize = 4_096;

/// Rows that are kept of a connection, beside the last one of each side.
const CONTEXT_ROWS: usize = 6;

/// The connections that are known.
#[derive(Debug)]
pub(crate) struct Known {
    states: Generations<Key, State>,
    contexts: Generations<Key, Vec<Placed>>,
    /// Some row of the text hid what it carried: rows are worth keeping.
    keeps_context: bool,
}

/// How far a connection is, and what its rows have shown.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub carried: Carried,
    pub numbering: Memory,
    scaled: bool,
    headers: Headers,
}

impl State {
    /// Another connection follows between the same ends.
    pub fn begin_again(&mut self) {
        *self = Self {
            carried: self.carried.followed(),
            numbering: self.numbering.followed(),
            ..Self::default()
        };
    }
}

impl Default for Known {
    fn default() -> Self {
        Self {
            states: Generations::new(CONNECTIONS),
            contexts: Generations::new(CONTEXTS),
            keeps_context: false,
        }
    }
}

impl Known {
    /// The connection between these ends; one that begins, if none is known.
    pub fn take(&mut self, key: Key) -> Connection {
        let mut connection = Connection::new(key);
        match self.states.take(&key) {
            Some(state) => {
                connection.carried = state.carried;
                connection.numbering = state.numbering;
                connection.scaled = state.scaled;
                connection.headers = state.headers;
                connection.resumed = true;
            }
            None => connection.begun_before = self.states.has_forgotten(),
        }
        connection
    }

    /// The connection between these ends; where none is known, it begins if `begins` says so.
    pub fn state(&mut self, key: Key, begins: impl FnOnce() -> bool) -> Option<&mut State> {
        let begin = || begins().then(State::default);
        self.states.get_or_begin(key, begin)
    }

    /// The rows that were kept of it.
    pub fn take_context(&mut self, key: Key) -> Vec<Placed> {
        self.contexts.take(&key).unwrap_or_default()
    }

    /// The ends of all connections of some lists, in the order in which they showed.
    pub fn shown(&self, lists: &RangeInclusive<u32>) -> Vec<(u32, Shown)> {
        let all = self.states.iter();
        let mut shown: Vec<(u32, Shown)> = all
            .filter(|((list, _), _)| lists.contains(list))
            .filter_map(|((list, _), state)| Some((*list, state.carried.shown?)))
            .collect();
        shown.sort_by_key(|(_, shown)| shown.first);
        shown
    }

    /// The connections between these hosts, in the order in which they showed.
    pub fn between(&self, hosts: &HashSet<HostKey>) -> Vec<Key> {
        if hosts.is_empty() {
            return Vec::new();
        }
        let all = self.states.iter();
        let mut keys: Vec<(usize, Key)> = all
            .filter(|((list, (a, b)), _)| hosts.contains(&(*list, a.host, b.host)))
            .map(|(key, state)| (state.carried.shown.map_or(0, |shown| shown.first), *key))
            .collect();
        keys.sort_unstable();
        keys.into_iter().map(|(_, key)| key).collect()
    }

    /// Keeps what a window tells of a connection: of its rows those before `until`.
    pub fn put(&mut self, connection: &Connection, rows: &[Placed], until: usize) {
        let list = connection.rows.iter().filter_map(|index| rows.get(*index));
        let mut read = list.take_while(|row| row.at < until).peekable();
        if read.peek().is_none() && !connection.resumed {
            return;
        }
        if self.keeps_context {
            let read: Vec<&Placed> = read.collect();
            self.contexts.put(connection.key, context_of(&read));
        }
        let state = State {
            carried: connection.carried_on.unwrap_or(connection.carried),
            numbering: connection.numbering,
            scaled: connection.scaled,
            headers: connection.headers,
        };
        self.states.put(connection.key, state);
    }

    /// Some row hides what it carried.
    pub fn keep_context(&mut self) {
        self.keeps_context = true;
    }

    /// Whether rows are kept.
    pub fn keeps_context(&self) -> bool {
        self.keeps_context
    }
}

/// The last rows, and the last one of each side.
fn context_of(rows: &[&Placed]) -> Vec<Placed> {
    let from = rows.len().saturating_sub(CONTEXT_ROWS);
    let (before, last) = rows.split_at_checked(from).unwrap_or((&[], rows));
    let other_side = [true, false]
        .into_iter()
        .filter(|first| !last.iter().any(|row| row.is_from_first() == *first))
        .find_map(|first| before.iter().rfind(|row| row.is_from_first() == first));
    let kept = other_side.into_iter().chain(last);
    kept.map(|row| (*row).clone()).collect()
}
