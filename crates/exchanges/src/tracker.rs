//! Follows one connection's bytes and finds the exchanges in them.

use whyreset_connections::{Ending, Moment, Needs, PassedBytes, Side, StreamSink};

use crate::application::{Application, Context};
use crate::exchange_log::ExchangeLog;
use crate::layer::Layer;
use crate::list::List;
use crate::{Exchanges, KeyLog};

/// Takes a connection's bytes from the TCP engine, gives its exchanges.
///
/// A tracker without payload is two words: everything else is made when the first byte comes.
#[derive(Debug, Default)]
pub struct Tracker {
    keys: Option<KeyLog>,
    conversation: Option<Box<Conversation>>,
}

#[derive(Debug)]
struct Conversation {
    log: ExchangeLog,
    application: Application,
    /// Rows of a pasted list, once there is one with a line of its own.
    list: Option<Box<List>>,
    /// Bytes that were told only by their number, before any row with a line.
    from_bytes: bool,
    early: Option<Box<List>>,
    finished: bool,
}

impl Conversation {
    /// Nothing more comes.
    fn finish(&mut self) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        match &mut self.list {
            Some(list) => list.finish(&mut self.log),
            None => self.application.finish(&mut self.log),
        }
        for exchange in self.log.iter_mut() {
            exchange.body_acknowledged =
                at_most(exchange.body_acknowledged, exchange.body_delivered);
            exchange.request_body_acknowledged = at_most(
                exchange.request_body_acknowledged,
                exchange.request_body_delivered,
            );
        }
    }
}

impl Tracker {
    /// A tracker that decrypts TLS where `keys` holds the secrets, for [`whyreset_connections::Engine::with_prototype`].
    pub const fn with_keys(keys: KeyLog) -> Self {
        Self {
            keys: Some(keys),
            conversation: None,
        }
    }

    /// What was found, once the connection is over.
    pub fn into_exchanges(self) -> Exchanges {
        match self.conversation {
            Some(mut it) => {
                it.finish();
                it.log.take()
            }
            None => Exchanges::default(),
        }
    }

    fn conversation(&mut self) -> &mut Conversation {
        let keys = &self.keys;
        self.conversation.get_or_insert_with(|| {
            Box::new(Conversation {
                log: ExchangeLog::default(),
                application: Application::new(Context {
                    depth: 0,
                    keys: keys.clone(),
                }),
                list: None,
                from_bytes: false,
                early: None,
                finished: false,
            })
        })
    }
}

/// Acknowledgements cover bytes that turned out to be no body, where framing was lost: never more than was delivered.
fn at_most(acknowledged: Option<u64>, delivered: Option<u64>) -> Option<u64> {
    Some(acknowledged?.min(delivered?))
}

impl StreamSink for Tracker {
    fn fresh(&self) -> Self {
        Self {
            keys: self.keys.clone(),
            conversation: None,
        }
    }

    fn data(&mut self, side: Side, at: Moment, offset: u64, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let it = self.conversation();
        it.from_bytes = true;
        it.application.data(&mut it.log, side, at, offset, bytes);
    }

    fn gap(&mut self, side: Side, at: Moment, offset: u64, len: u64) {
        if len == 0 {
            return;
        }
        let it = self.conversation();
        if let Some(list) = &mut it.list {
            list.bytes(&mut it.log, side, at, offset, len);
            return;
        }
        if !it.from_bytes {
            let early = it.early.get_or_insert_default();
            early.bytes(&mut it.log, side, at, offset, len);
        }
        it.application.gap(&mut it.log, side, at, offset, len);
    }

    fn needs(&self, side: Side) -> Needs {
        match &self.conversation {
            Some(it) if it.list.is_none() && it.from_bytes => it.application.needs(&it.log, side),
            _ => Needs::Everything,
        }
    }

    fn may_begin(bytes: &[u8]) -> bool {
        memchr::memchr_iter(b'H', bytes).any(|at| {
            bytes
                .get(at..)
                .is_some_and(|rest| rest.starts_with(b"HTTP/"))
        })
    }

    fn passed(&mut self, side: Side, at: Moment, passed: PassedBytes) {
        if let Some(it) = &mut self.conversation {
            it.application.passed(&mut it.log, side, at, passed);
        }
    }

    fn acknowledged(&mut self, side: Side, at: Moment, offset: u64) {
        let Some(it) = &mut self.conversation else {
            return;
        };
        match &mut it.list {
            Some(list) => list.acknowledged(&mut it.log, side, offset),
            None => {
                if !it.from_bytes {
                    let early = it.early.get_or_insert_default();
                    early.acknowledged(&mut it.log, side, offset);
                }
                it.application.acknowledged(&mut it.log, side, at, offset);
            }
        }
    }

    fn told(&mut self, side: Side, at: Moment, line: &str) {
        let it = self.conversation();
        if it.from_bytes {
            return;
        }
        let early = &mut it.early;
        let list = it
            .list
            .get_or_insert_with(|| early.take().unwrap_or_default());
        list.told(&mut it.log, side, at, line);
    }

    fn closed(&mut self, side: Side, at: Moment, reset: bool) {
        let Some(it) = &mut self.conversation else {
            return;
        };
        match &mut it.list {
            Some(list) => list.closed(&mut it.log, side, reset),
            None => it.application.closed(&mut it.log, side, at, reset),
        }
    }

    fn ending(&mut self) -> Ending {
        self.conversation.as_mut().map_or(Ending::InDoubt, |it| {
            it.finish();
            it.log.ending()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_connection_costs_two_words() {
        assert_eq!(size_of::<Tracker>(), 2 * size_of::<usize>());
        let tracker = Tracker::with_keys(KeyLog::default()).fresh();
        assert!(tracker.conversation.is_none());
        assert!(tracker.into_exchanges().list.is_empty());
    }
}
