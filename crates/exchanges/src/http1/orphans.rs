//! Responses whose requests were not read, or not yet: a request behind bytes that are missing is read late.

use whyreset_connections::Moment;

use crate::exchange_log::ExchangeId;
use crate::short_queue::ShortQueue;

/// More responses without a request than this are not kept in mind.
const MAX_ORPHANS: usize = 64;

/// The responses that have no request, in order, with the frame in which each began.
#[derive(Debug, Default)]
pub(crate) struct Orphans(ShortQueue<(u64, ExchangeId)>);

impl Orphans {
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn add(&mut self, id: ExchangeId, began: Option<Moment>) {
        if self.0.len() >= MAX_ORPHANS {
            self.0.pop_front();
        }
        self.0.push_back((began.map_or(0, |at| at.frame), id));
    }

    /// The response to what a gap holds: the oldest.
    pub(crate) fn of_gap(&mut self) -> Option<ExchangeId> {
        self.0.pop_front().map(|(_, id)| id)
    }

    /// The response to a request that came in the frame of `asked`: the first that began later. The ones before
    /// it answer requests that are not in the capture.
    pub(crate) fn of_request(&mut self, asked: Option<Moment>) -> Option<ExchangeId> {
        let asked = asked.map_or(u64::MAX, |at| at.frame);
        while let Some((began, id)) = self.0.pop_front() {
            if began > asked {
                return Some(id);
            }
        }
        None
    }
}
