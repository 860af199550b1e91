//! How many bytes of a body the other side has acknowledged.

use crate::exchange_log::ExchangeId;
use crate::short_queue::ShortQueue;

/// Runs of body bytes that wait for their acknowledgement; beyond this, neighbours are joined.
const MAX_RUNS: usize = 1_024;

/// The body bytes of one direction that are not yet acknowledged, by where they lie in the stream.
#[derive(Debug, Default)]
pub(crate) struct AcknowledgedBytes {
    runs: ShortQueue<Run>,
    acknowledged: u64,
}

#[derive(Debug)]
struct Run {
    id: ExchangeId,
    start: u64,
    /// Bytes of the stream.
    len: u64,
    /// Bytes of the body among them: fewer only where runs were joined over a coding's bytes.
    body: u64,
}

impl AcknowledgedBytes {
    /// A direction of which everything up to `offset` is acknowledged.
    pub(crate) fn up_to(offset: u64) -> Self {
        Self {
            acknowledged: offset,
            ..Self::default()
        }
    }

    /// How far the direction is acknowledged, where no body byte waits for it.
    pub(crate) fn of_all(&self) -> Option<u64> {
        self.runs.is_empty().then_some(self.acknowledged)
    }

    /// Body bytes of `id` were sent at `offset`. Gives how many of them are acknowledged already.
    pub(crate) fn sent(&mut self, id: ExchangeId, offset: u64, len: u64) -> u64 {
        let early = self.acknowledged.saturating_sub(offset).min(len);
        let (offset, len) = (offset.saturating_add(early), len.saturating_sub(early));
        if len == 0 {
            return early;
        }
        let full = self.runs.len() >= MAX_RUNS;
        if let Some(last) = self.runs.back_mut().filter(|last| last.id == id) {
            let end = last.start.saturating_add(last.len);
            if end == offset || full {
                last.len = offset.saturating_add(len).saturating_sub(last.start);
                last.body = last.body.saturating_add(len);
                return early;
            }
        }
        if full {
            self.runs.pop_front();
        }
        self.runs.push_back(Run {
            id,
            start: offset,
            len,
            body: len,
        });
        early
    }

    /// The other side acknowledged everything up to `offset`: calls `newly` with each exchange and its bytes.
    pub(crate) fn acknowledge(&mut self, offset: u64, mut newly: impl FnMut(ExchangeId, u64)) {
        if offset <= self.acknowledged {
            return;
        }
        self.acknowledged = offset;
        while let Some(run) = self.runs.front_mut() {
            let covered = offset.saturating_sub(run.start).min(run.len);
            if covered == 0 {
                return;
            }
            if covered == run.len {
                newly(run.id, run.body);
                self.runs.pop_front();
                continue;
            }
            // A lower bound where the run holds bytes of a coding as well.
            let body = covered.saturating_sub(run.len.saturating_sub(run.body));
            newly(run.id, body);
            run.start = run.start.saturating_add(covered);
            run.len = run.len.saturating_sub(covered);
            run.body = run.body.saturating_sub(body);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Exchange;
    use crate::exchange_log::ExchangeLog;

    #[test]
    fn counts_body_bytes_only() {
        let id = ExchangeLog::default().push(Exchange::default());
        let mut bytes = AcknowledgedBytes::default();
        assert_eq!(bytes.sent(id, 100, 50), 0);
        assert_eq!(bytes.sent(id, 160, 40), 0);
        let mut total = 0;
        bytes.acknowledge(90, |_, n| total += n);
        assert_eq!(total, 0);
        bytes.acknowledge(170, |_, n| total += n);
        assert_eq!(total, 60);
        bytes.acknowledge(500, |_, n| total += n);
        assert_eq!(total, 90);
        assert_eq!(bytes.sent(id, 480, 40), 20);
    }
}
