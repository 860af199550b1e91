//! The exchanges of one connection in the order in which they began, with a bound.

use std::collections::VecDeque;
use std::num::NonZeroU64;

use whyreset_connections::{Ending, Side};

use crate::exchange::ending;
use crate::{Exchange, Exchanges, Finding, LastWords};

/// This many exchanges are kept from the start of a connection, and as many from its end.
const KEEP: usize = 128;

/// At most this many findings are kept.
const MAX_FINDINGS: usize = 64;

/// Names one exchange of a connection; stays valid when the exchange itself was let go. They are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ExchangeId(NonZeroU64);

/// What has been found so far inside a connection.
#[derive(Debug, Default)]
pub(crate) struct ExchangeLog {
    first: Vec<Exchange>,
    rest: Option<Box<Rest>>,
}

/// What few connections have.
#[derive(Debug, Default)]
struct Rest {
    /// The last of the exchanges behind the first ones.
    last: VecDeque<Exchange>,
    /// Exchanges behind the first ones that were let go.
    left_out: u64,
    findings: Vec<Finding>,
    proxied_client: Option<String>,
    last_words: Option<Box<LastWords>>,
}

impl ExchangeLog {
    /// One that goes on behind these.
    pub(crate) fn of(exchanges: Exchanges) -> Self {
        let mut first = exchanges.list.into_vec();
        let last = first.split_off(KEEP.min(first.len()));
        let rest = Rest {
            last: last.into(),
            left_out: exchanges.left_out,
            findings: exchanges.findings,
            proxied_client: exchanges.proxied_client,
            last_words: exchanges.last_words,
        };
        Self {
            first,
            rest: Some(Box::new(rest)),
        }
    }

    /// One that goes on behind these, of which there are no more than it keeps from the start.
    pub(crate) fn with_last(before: Vec<Exchange>, last: Exchange) -> Self {
        let mut log = Self {
            first: before,
            rest: None,
        };
        log.push(last);
        log
    }

    /// Appends an exchange.
    pub(crate) fn push(&mut self, exchange: Exchange) -> ExchangeId {
        if self.first.len() < KEEP {
            // Most connections have one.
            if self.first.capacity() == 0 {
                self.first = Vec::with_capacity(1);
            }
            self.first.push(exchange);
            return ExchangeId::behind(0, self.first.len());
        }
        let rest = self.rest.get_or_insert_default();
        if rest.last.len() >= KEEP {
            rest.last.pop_front();
            rest.left_out = rest.left_out.saturating_add(1);
        }
        rest.last.push_back(exchange);
        ExchangeId::behind(rest.left_out, KEEP.saturating_add(rest.last.len()))
    }

    /// Whether there was none so far.
    pub(crate) const fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// One of them, unless it was let go.
    pub(crate) fn get(&self, id: ExchangeId) -> Option<&Exchange> {
        let index = id.index()?;
        if index < KEEP {
            return self.first.get(index);
        }
        let rest = self.rest.as_ref()?;
        rest.last.get(rest.index(index)?)
    }

    /// The same, to be changed.
    pub(crate) fn get_mut(&mut self, id: ExchangeId) -> Option<&mut Exchange> {
        let index = id.index()?;
        if index < KEEP {
            return self.first.get_mut(index);
        }
        let rest = self.rest.as_mut()?;
        let index = rest.index(index)?;
        rest.last.get_mut(index)
    }

    /// Every exchange that is still there.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Exchange> {
        let rest = self.rest.iter_mut().flat_map(|rest| rest.last.iter_mut());
        self.first.iter_mut().chain(rest)
    }

    /// The client that a PROXY protocol line names.
    pub(crate) fn note_proxied_client(&mut self, client: String) {
        self.rest.get_or_insert_default().proxied_client = Some(client);
    }

    /// What the server has said at last tells this of the end, or nothing.
    pub(crate) fn note_last_words(&mut self, words: Option<LastWords>) {
        match (words, &mut self.rest) {
            (Some(words), rest) => {
                rest.get_or_insert_default().last_words = Some(Box::new(words));
            }
            (None, Some(rest)) => rest.last_words = None,
            (None, None) => {}
        }
    }

    /// As [`Exchanges::ending`] has it.
    pub(crate) fn ending(&self) -> Ending {
        let rest = self.rest.as_deref();
        if rest.is_some_and(|rest| !rest.findings.is_empty() || rest.last_words.is_some()) {
            return Ending::InDoubt;
        }
        let last = rest.into_iter().flat_map(|rest| &rest.last);
        ending(self.first.iter().chain(last))
    }

    /// Notes a finding. One with the same id about the same side only adds its frames.
    pub(crate) fn find(
        &mut self,
        id: &'static str,
        side: Option<Side>,
        frames: &[u64],
        text: impl Into<String>,
    ) {
        let findings = &mut self.rest.get_or_insert_default().findings;
        let known = findings
            .iter_mut()
            .find(|known| known.id == id && known.side == side);
        if let Some(known) = known {
            for frame in frames {
                if known.frames.len() < 16 && !known.frames.contains(frame) {
                    known.frames.push(*frame);
                }
            }
        } else if findings.len() < MAX_FINDINGS {
            findings.push(Finding {
                id,
                text: text.into(),
                frames: frames.to_vec(),
                side,
            });
        }
    }

    /// Hands everything on.
    pub(crate) fn take(&mut self) -> Exchanges {
        std::mem::take(self).into_exchanges()
    }

    /// Everything.
    pub(crate) fn into_exchanges(self) -> Exchanges {
        let mut list = self.first;
        let Some(rest) = self.rest else {
            return Exchanges {
                list: list.into(),
                ..Exchanges::default()
            };
        };
        list.extend(rest.last);
        Exchanges {
            list: list.into(),
            left_out: rest.left_out,
            findings: rest.findings,
            proxied_client: rest.proxied_client,
            last_words: rest.last_words,
        }
    }
}

impl ExchangeId {
    /// Names the first one.
    pub(crate) const FIRST: Self = Self(NonZeroU64::MIN);

    /// Names the one that begins next.
    pub(crate) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The last of `kept` exchanges behind those that were let go.
    fn behind(left_out: u64, kept: usize) -> Self {
        let number = left_out.saturating_add(u64::try_from(kept).unwrap_or(u64::MAX));
        Self(NonZeroU64::new(number).unwrap_or(NonZeroU64::MIN))
    }

    fn index(self) -> Option<usize> {
        usize::try_from(self.0.get() - 1).ok()
    }
}

impl Rest {
    /// Where among the last ones the exchange lies that is the n-th of all.
    fn index(&self, n: usize) -> Option<usize> {
        let before = KEEP.saturating_add(usize::try_from(self.left_out).ok()?);
        n.checked_sub(before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_first_and_the_last() {
        let mut log = ExchangeLog::default();
        let ids: Vec<_> = (0..300u64)
            .map(|n| {
                log.push(Exchange {
                    body_uncaptured: n,
                    ..Exchange::default()
                })
            })
            .collect();
        assert_eq!(log.get_mut(ids[5]).unwrap().body_uncaptured, 5);
        assert!(log.get_mut(ids[150]).is_none());
        assert_eq!(log.get_mut(ids[299]).unwrap().body_uncaptured, 299);
        let exchanges = log.take();
        assert_eq!(exchanges.list.len(), 256);
        assert_eq!(exchanges.left_out, 44);
        assert_eq!(exchanges.list[128].body_uncaptured, 172);
    }
}
