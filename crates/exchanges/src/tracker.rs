//! Follows one connection's bytes and finds the exchanges in them.

use whyreset_connections::{Ending, Moment, Needs, PassedBytes, Side, StreamSink};
use whyreset_prefetch as prefetch;

use crate::application::{Application, Context};
use crate::exchange_log::ExchangeLog;
use crate::filler::Filler;
use crate::http1::{Cut, Downloads, Rest, Unfolded};
use crate::layer::Layer;
use crate::list::List;
use crate::{Exchange, Exchanges, KeyLog};

/// Takes a connection's bytes from the TCP engine, gives its exchanges.
///
/// A tracker without payload is two words: everything else is made when the first byte comes.
#[derive(Debug)]
pub struct Tracker {
    state: State,
}

#[derive(Debug)]
enum State {
    /// No byte has come.
    Silent(Option<KeyLog>),
    /// What most connections are for.
    Downloads(Box<Downloads>),
    UnderWay(Box<Conversation>),
    /// A side has closed, and nothing is under way or waited for: more comes hardly ever.
    Over(Box<Over>),
}

#[derive(Debug)]
struct Conversation {
    log: ExchangeLog,
    keys: Option<KeyLog>,
    application: Application,
    /// Rows of a pasted list, once there is one with a line of its own.
    list: Option<Box<List>>,
    /// Bytes that were told only by their number, before any row with a line.
    from_bytes: bool,
    early: Option<Box<List>>,
    filler: Option<Filler>,
    finished: bool,
}

/// What is left of a conversation when its reader is no longer needed. Thousands of connections that are over may wait to be
/// handed on.
#[derive(Debug)]
struct Over {
    exchanges: Exchanges,
    rest: Rest,
    keys: Option<KeyLog>,
}

impl Conversation {
    fn begin(keys: Option<KeyLog>) -> Self {
        let context = Context::outermost(keys.clone());
        Self {
            log: ExchangeLog::default(),
            keys,
            application: Application::new(context),
            list: None,
            from_bytes: false,
            early: None,
            filler: None,
            finished: false,
        }
    }

    /// One that was over, and goes on.
    fn go_on(over: Over) -> Self {
        let context = Context::outermost(over.keys.clone());
        Self {
            log: ExchangeLog::of(over.exchanges),
            application: Application::behind(&over.rest, context),
            from_bytes: true,
            ..Self::begin(over.keys)
        }
    }

    /// One that goes on behind downloads, or within one.
    fn behind(downloads: Box<Downloads>) -> Self {
        let keys = downloads.keys().cloned();
        match downloads.unfold() {
            Unfolded::Over(exchanges, rest) => Self::go_on(Over {
                exchanges,
                rest,
                keys,
            }),
            Unfolded::UnderWay {
                log,
                http1,
                opening,
            } => Self {
                log,
                application: Application::of_http1(http1, opening),
                from_bytes: true,
                ..Self::begin(keys)
            },
        }
    }

    /// What is left of it, where nothing is under way or waited for.
    fn over(&mut self) -> Option<Over> {
        if self.list.is_some() {
            return None;
        }
        let rest = self.application.rest()?;
        self.finish();
        Some(Over {
            exchanges: self.log.take(),
            rest,
            keys: self.keys.take(),
        })
    }

    fn gap(&mut self, side: Side, at: Moment, offset: u64, len: u64) {
        if let Some(list) = &mut self.list {
            list.bytes(&mut self.log, side, at, offset, len);
            return;
        }
        if !self.from_bytes {
            let early = self.early.get_or_insert_default();
            early.bytes(&mut self.log, side, at, offset, len);
        }
        self.application.gap(&mut self.log, side, at, offset, len);
    }

    /// Bytes as the capture has them, or what stands in their place.
    fn data(&mut self, side: Side, at: Moment, offset: u64, bytes: &[u8]) {
        if !self.from_bytes {
            self.filler = Filler::go_on(self.filler, bytes);
            if self.filler.is_some() {
                return self.gap(side, at, offset, bytes.len() as u64);
            }
        }
        self.from_bytes = true;
        self.application
            .data(&mut self.log, side, at, offset, bytes);
    }

    fn acknowledged(&mut self, side: Side, at: Moment, offset: u64) {
        if let Some(list) = &mut self.list {
            list.acknowledged(&mut self.log, side, offset);
            return;
        }
        if !self.from_bytes {
            let early = self.early.get_or_insert_default();
            early.acknowledged(&mut self.log, side, offset);
        }
        self.application
            .acknowledged(&mut self.log, side, at, offset);
    }

    fn told(&mut self, side: Side, at: Moment, line: &str) {
        if self.from_bytes {
            return;
        }
        let early = &mut self.early;
        let list = self
            .list
            .get_or_insert_with(|| early.take().unwrap_or_default());
        list.told(&mut self.log, side, at, line);
    }

    fn closed(&mut self, side: Side, at: Moment, reset: bool) {
        match &mut self.list {
            Some(list) => list.closed(&mut self.log, side, reset),
            None => self.application.closed(&mut self.log, side, at, reset),
        }
    }

    /// Nothing more comes.
    fn finish(&mut self) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        match &mut self.list {
            Some(list) => list.finish(&mut self.log),
            None => self.application.finish(&mut self.log),
        }
        self.log.iter_mut().for_each(Exchange::settle_acknowledged);
    }
}

impl Default for Tracker {
    fn default() -> Self {
        Self::silent(None)
    }
}

impl Tracker {
    /// A tracker that decrypts TLS where `keys` holds the secrets, for [`whyreset_connections::Engine::with_prototype`].
    pub const fn with_keys(keys: KeyLog) -> Self {
        Self::silent(Some(keys))
    }

    const fn silent(keys: Option<KeyLog>) -> Self {
        Self {
            state: State::Silent(keys),
        }
    }

    /// What was found, once the connection is over.
    pub fn into_exchanges(self) -> Exchanges {
        match self.state {
            State::Silent(_) => Exchanges::default(),
            State::Downloads(it) => it.into_exchanges(),
            State::UnderWay(mut it) => {
                it.finish();
                it.log.take()
            }
            State::Over(over) => over.exchanges,
        }
    }

    /// Lets something be said in the conversation: it begins with it, or goes on behind what seemed to be all.
    fn speak(&mut self, say: impl FnOnce(&mut Conversation)) {
        let mut it = match std::mem::replace(&mut self.state, State::Silent(None)) {
            State::UnderWay(it) => it,
            State::Silent(keys) => Box::new(Conversation::begin(keys)),
            State::Downloads(it) => Box::new(Conversation::behind(it)),
            State::Over(over) => Box::new(Conversation::go_on(*over)),
        };
        say(&mut it);
        self.state = State::UnderWay(it);
    }

    #[inline(never)]
    fn speak_data(&mut self, side: Side, at: Moment, offset: u64, bytes: &[u8]) {
        self.speak(|it| it.data(side, at, offset, bytes));
    }

    /// The first bytes that are not missing.
    #[inline(never)]
    fn first_data(&mut self, side: Side, at: Moment, offset: u64, bytes: &[u8]) {
        if !self.begin_downloads(side, at, bytes, None) {
            self.speak_data(side, at, offset, bytes);
        }
    }

    /// The next bytes behind downloads, or of one.
    #[inline(never)]
    fn next_data(&mut self, side: Side, at: Moment, offset: u64, bytes: &[u8]) {
        let is_taken = match &mut self.state {
            State::Downloads(it) => it.takes(side, at, offset, bytes),
            _ => false,
        };
        if !is_taken {
            self.speak_data(side, at, offset, bytes);
        }
    }

    /// Downloads begin, where these bytes, and what the capture lacks behind them, ask for one.
    #[inline(always)]
    fn begin_downloads(&mut self, side: Side, at: Moment, bytes: &[u8], cut: Option<Cut>) -> bool {
        let State::Silent(keys) = &mut self.state else {
            return false;
        };
        let begun = Downloads::begin(side, at, bytes, cut, keys);
        begun.is_some_and(|it| {
            self.state = State::Downloads(it);
            true
        })
    }

    /// Whether bytes that were not looked at are some of a download's.
    fn downloads_pass(&mut self, side: Side, at: Moment, passed: PassedBytes) -> bool {
        match &mut self.state {
            State::Downloads(it) => it.passes(side, at, passed),
            _ => false,
        }
    }

    /// A side closes amid a conversation.
    #[inline(never)]
    fn closed_under_way(&mut self, side: Side, at: Moment, reset: bool) {
        let State::UnderWay(it) = &mut self.state else {
            return;
        };
        it.closed(side, at, reset);
        if let Some(over) = it.over() {
            self.state = State::Over(Box::new(over));
        }
    }

    const fn keys(&self) -> Option<&KeyLog> {
        match &self.state {
            State::Silent(keys) => keys.as_ref(),
            State::Downloads(it) => it.keys(),
            State::UnderWay(it) => it.keys.as_ref(),
            State::Over(over) => over.keys.as_ref(),
        }
    }
}

impl StreamSink for Tracker {
    fn fresh(&self) -> Self {
        Self::silent(self.keys().cloned())
    }

    fn data(&mut self, side: Side, at: Moment, offset: u64, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        match &self.state {
            State::Silent(_) => self.first_data(side, at, offset, bytes),
            State::Downloads(_) => self.next_data(side, at, offset, bytes),
            State::UnderWay(_) | State::Over(_) => self.speak_data(side, at, offset, bytes),
        }
    }

    fn data_cut(&mut self, side: Side, at: Moment, offset: u64, bytes: &[u8], cut: u64) {
        let behind = Cut {
            offset: offset.saturating_add(bytes.len() as u64),
            len: cut,
        };
        let is_taken = match &mut self.state {
            State::Downloads(it) => it.takes_cut(side, at, bytes, behind),
            State::Silent(_) => self.begin_downloads(side, at, bytes, Some(behind)),
            _ => false,
        };
        if !is_taken {
            self.data(side, at, offset, bytes);
            self.gap(side, at, behind.offset, cut);
        }
    }

    fn gap(&mut self, side: Side, at: Moment, offset: u64, len: u64) {
        let gap = PassedBytes {
            offset,
            len,
            captured: 0,
        };
        if len > 0 && !self.downloads_pass(side, at, gap) {
            self.speak(|it| it.gap(side, at, offset, len));
        }
    }

    fn needs(&self, side: Side) -> Needs {
        match &self.state {
            State::Downloads(it) => it.needs(side),
            State::UnderWay(it) if it.list.is_none() && it.from_bytes => {
                it.application.needs(&it.log, side)
            }
            _ => Needs::Everything,
        }
    }

    #[inline]
    fn may_begin(bytes: &[u8]) -> bool {
        let [first, ..] = *VERSION;
        short_holds(bytes, first) != Some(false) && holds_version(bytes)
    }

    #[inline(always)]
    fn goes_on(bytes: &[u8]) -> bool {
        const PIECE: usize = 16;
        let [wanted, ..] = *VERSION;
        let ends = (bytes.first_chunk::<PIECE>(), bytes.last_chunk::<PIECE>());
        let (Some(first), Some(last)) = ends else {
            return false;
        };
        // The two overlap, or lie side by side.
        let holds = |found, (a, b): (&u8, &u8)| found | (*a == wanted) | (*b == wanted);
        bytes.len() <= 2 * PIECE && !first.iter().zip(last).fold(false, holds)
    }

    fn passed(&mut self, side: Side, at: Moment, passed: PassedBytes) {
        if !matches!(self.state, State::Silent(_)) && !self.downloads_pass(side, at, passed) {
            self.speak(|it| it.application.passed(&mut it.log, side, at, passed));
        }
    }

    fn acknowledged(&mut self, side: Side, at: Moment, offset: u64) {
        match &mut self.state {
            State::Silent(_) => {}
            State::Downloads(it) => it.acknowledged(side, offset),
            State::UnderWay(it) => it.acknowledged(side, at, offset),
            State::Over(over) => over.rest.acknowledged(side, offset),
        }
    }

    fn told(&mut self, side: Side, at: Moment, line: &str) {
        self.speak(|it| it.told(side, at, line));
    }

    fn closed(&mut self, side: Side, at: Moment, reset: bool) {
        match &mut self.state {
            State::Downloads(it) => it.closed(),
            State::UnderWay(_) => self.closed_under_way(side, at, reset),
            State::Silent(_) | State::Over(_) => {}
        }
    }

    fn fetch(&self, pointers: usize) {
        let first = match &self.state {
            State::Downloads(it) if pointers == 0 => return prefetch::fetch_all(it.as_ref()),
            State::Over(over) if pointers == 0 => return prefetch::fetch_all(over.as_ref()),
            State::Over(over) => over.exchanges.list.first(),
            State::Silent(_) | State::Downloads(_) | State::UnderWay(_) => None,
        };
        if let Some(first) = first {
            prefetch::fetch_all(first);
        }
    }

    fn ending(&mut self) -> Ending {
        match &mut self.state {
            State::Silent(_) => Ending::InDoubt,
            State::Downloads(it) => it.ending(),
            State::UnderWay(it) => {
                it.finish();
                it.log.ending()
            }
            State::Over(over) => over.exchanges.ending(),
        }
    }
}

/// What an answer of HTTP/1 begins with.
const VERSION: &[u8; 5] = b"HTTP/";

#[inline(never)]
fn holds_version(bytes: &[u8]) -> bool {
    let [first, ..] = *VERSION;
    memchr::memchr_iter(first, bytes).any(|at| {
        let rest = bytes.get(at..).unwrap_or_default();
        rest.starts_with(VERSION)
    })
}

/// Whether a byte is among those of a short piece of payload, as a capture with a small snapshot length has it; `None` of one that
/// is not short. A search that is made for long ones costs more than these.
#[inline(always)]
fn short_holds(bytes: &[u8], wanted: u8) -> Option<bool> {
    const STEP: usize = 16;
    const SHORT: usize = 4 * STEP;
    if bytes.len() > SHORT {
        return None;
    }
    let holds = |piece: &[u8; STEP]| {
        piece
            .iter()
            .fold(false, |found, byte| found | (*byte == wanted))
    };
    let (pieces, _) = bytes.as_chunks::<STEP>();
    let last = bytes.last_chunk::<STEP>()?;
    let mut found = holds(last);
    for piece in pieces {
        found |= holds(piece);
    }
    Some(found)
}

#[cfg(test)]
mod downloads_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_connection_costs_two_words() {
        assert_eq!(size_of::<Tracker>(), 2 * size_of::<usize>());
        let tracker = Tracker::with_keys(KeyLog::default()).fresh();
        assert!(matches!(tracker.state, State::Silent(Some(_))));
        assert!(tracker.into_exchanges().list.is_empty());
    }

    #[test]
    fn an_answer_may_begin_anywhere() {
        for len in 0..150 {
            let mut bytes = vec![b'x'; len];
            assert!(!Tracker::may_begin(&bytes));
            assert_eq!(Tracker::goes_on(&bytes), (16..=32).contains(&len));
            for at in 0..len.saturating_sub(4) {
                bytes.fill(b'H');
                bytes[at..at + 5].copy_from_slice(b"HTTP/");
                assert!(Tracker::may_begin(&bytes), "{at} of {len}");
                assert!(!Tracker::goes_on(&bytes), "{at} of {len}");
                bytes[at + 4] = b'H';
                assert!(!Tracker::may_begin(&bytes), "{at} of {len}");
            }
        }
    }
}
