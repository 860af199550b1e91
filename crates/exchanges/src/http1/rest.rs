//! A connection in which everything has come to its end: what is left to remember of it is little.

use whyreset_connections::{BySide, Side};

use super::pairing::Http1;
use super::reader::{Reader, State};
use crate::acknowledged_bytes::AcknowledgedBytes;
use crate::application::Context;

/// What a reader has to know of the messages before, when none is under way or waited for.
#[derive(Debug)]
pub(crate) struct Rest {
    requester: Side,
    pipelines: bool,
    requests_missing: bool,
    /// How far each side's bytes are acknowledged.
    acknowledged: BySide<u64>,
}

impl Rest {
    /// Of requests that `requester` sent one after the other, of which none is missing.
    pub(crate) const fn of(requester: Side, acknowledged: BySide<u64>) -> Self {
        Self {
            requester,
            pipelines: false,
            requests_missing: false,
            acknowledged,
        }
    }

    /// `side` acknowledged the other side's bytes up to `offset`.
    pub(crate) fn acknowledged(&mut self, side: Side, offset: u64) {
        let acknowledged = self.acknowledged.of_mut(side.peer());
        *acknowledged = offset.max(*acknowledged);
    }
}

impl Http1 {
    /// What is to be remembered where it is between messages and waits for nothing.
    pub(crate) fn rest(&self) -> Option<Rest> {
        let rests = self.request.rests()
            && self.response.rests()
            && self.pending.is_empty()
            && self.orphans.is_empty()
            && self.tunnel.is_none();
        let rest = Rest {
            requester: self.requester,
            pipelines: self.pipelines,
            requests_missing: self.requests_missing,
            acknowledged: BySide {
                client: self.acknowledged.client.of_all()?,
                server: self.acknowledged.server.of_all()?,
            },
        };
        rests.then_some(rest)
    }

    /// A reader that goes on behind it.
    pub(crate) fn behind(rest: &Rest, context: Context) -> Self {
        Self {
            pipelines: rest.pipelines,
            requests_missing: rest.requests_missing,
            acknowledged: BySide {
                client: AcknowledgedBytes::up_to(rest.acknowledged.client),
                server: AcknowledgedBytes::up_to(rest.acknowledged.server),
            },
            ..Self::new(rest.requester, context)
        }
    }
}

impl Reader {
    /// Between messages: nothing of the last one matters any more.
    const fn rests(&self) -> bool {
        matches!(self.state, State::Start) && self.id.is_none()
    }
}
