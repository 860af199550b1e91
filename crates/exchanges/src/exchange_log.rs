//! The exchanges of one connection in the order in which they began, with a bound.

use std::collections::VecDeque;

use whyreset_connections::{Ending, Side};

use crate::exchange::ending;
use crate::{Exchange, Exchanges, Finding};

/// This many exchanges are kept from the start of a connection, and as many from its end.
const KEEP: usize = 128;

/// At most this many findings are kept.
const MAX_FINDINGS: usize = 64;

/// Names one exchange of a connection; stays valid when the exchange itself was let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ExchangeId(u64);

/// What has been found so far inside a connection.
#[derive(Debug, Default)]
pub(crate) struct ExchangeLog {
    first: Vec<Exchange>,
    last: VecDeque<Exchange>,
    count: u64,
    findings: Vec<Finding>,
    pub(crate) proxied_client: Option<String>,
}

impl ExchangeLog {
    /// Appends an exchange.
    pub(crate) fn push(&mut self, exchange: Exchange) -> ExchangeId {
        let id = ExchangeId(self.count);
        self.count = self.count.saturating_add(1);
        if self.first.len() < KEEP {
            // Most connections have one.
            if self.first.capacity() == 0 {
                self.first.reserve_exact(1);
            }
            self.first.push(exchange);
        } else {
            if self.last.len() >= KEEP {
                self.last.pop_front();
            }
            self.last.push_back(exchange);
        }
        id
    }

    /// One of them.
    pub(crate) fn get(&self, id: ExchangeId) -> Option<&Exchange> {
        let index = usize::try_from(id.0).ok()?;
        if index < KEEP {
            return self.first.get(index);
        }
        let oldest = self
            .count
            .checked_sub(u64::try_from(self.last.len()).ok()?)?;
        let index = usize::try_from(id.0.checked_sub(oldest)?).ok()?;
        self.last.get(index)
    }

    /// The exchange, unless it was let go.
    pub(crate) fn get_mut(&mut self, id: ExchangeId) -> Option<&mut Exchange> {
        let index = usize::try_from(id.0).ok()?;
        if index < KEEP {
            return self.first.get_mut(index);
        }
        let oldest = self
            .count
            .checked_sub(u64::try_from(self.last.len()).ok()?)?;
        let index = usize::try_from(id.0.checked_sub(oldest)?).ok()?;
        self.last.get_mut(index)
    }

    /// Every exchange that is still there.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Exchange> {
        self.first.iter_mut().chain(self.last.iter_mut())
    }

    /// As [`Exchanges::ending`] has it.
    pub(crate) fn ending(&self) -> Ending {
        if !self.findings.is_empty() {
            return Ending::InDoubt;
        }
        ending(self.first.iter().chain(&self.last))
    }

    /// Notes a finding. One with the same id about the same side only adds its frames.
    pub(crate) fn find(
        &mut self,
        id: &'static str,
        side: Option<Side>,
        frames: &[u64],
        text: impl Into<String>,
    ) {
        let known = self
            .findings
            .iter_mut()
            .find(|known| known.id == id && known.side == side);
        if let Some(known) = known {
            for frame in frames {
                if known.frames.len() < 16 && !known.frames.contains(frame) {
                    known.frames.push(*frame);
                }
            }
        } else if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Finding {
                id,
                text: text.into(),
                frames: frames.to_vec(),
                side,
            });
        }
    }

    /// Hands everything on.
    pub(crate) fn take(&mut self) -> Exchanges {
        let mut list = std::mem::take(&mut self.first);
        list.extend(self.last.drain(..));
        let kept = u64::try_from(list.len()).unwrap_or(u64::MAX);
        Exchanges {
            list,
            left_out: self.count.saturating_sub(kept),
            findings: std::mem::take(&mut self.findings),
            proxied_client: self.proxied_client.take(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_first_and_the_last() {
        let mut log = ExchangeLog::default();
        let ids: Vec<_> = (0..300u32)
            .map(|n| {
                log.push(Exchange {
                    stream_id: Some(n),
                    ..Exchange::default()
                })
            })
            .collect();
        assert_eq!(log.get_mut(ids[5]).unwrap().stream_id, Some(5));
        assert!(log.get_mut(ids[150]).is_none());
        assert_eq!(log.get_mut(ids[299]).unwrap().stream_id, Some(299));
        let exchanges = log.take();
        assert_eq!(exchanges.list.len(), 256);
        assert_eq!(exchanges.left_out, 44);
        assert_eq!(exchanges.list[128].stream_id, Some(172));
    }
}
