//! What the side that closed had waited for, and how long.

use whyreset_capture::Span;
use whyreset_connections::{Connection, Side};
use whyreset_exchanges::Exchanges;

use crate::case::{self, Close};
use crate::observations::ids;
use crate::{Cause, Verdict};

/// From what a wait is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// The last response, or whatever the server said last.
    LastResponse,
    /// The request that was not answered.
    Request,
    /// The last data.
    LastData,
    /// The last packet of any kind.
    LastPacket,
    /// Idling, with everything acknowledged, that a device could not bear.
    Idling,
}

impl Since {
    /// ` 5.00 s after their last response`.
    pub(super) fn phrase(self, length: &str) -> String {
        match self {
            Self::LastResponse => format!(" {length} after their last response"),
            Self::Request => format!(" {length} after their request"),
            Self::LastData => format!(" {length} after their last data"),
            Self::LastPacket => format!(" {length} after their last packet"),
            Self::Idling => format!(" after {length} of idling"),
        }
    }
}

/// One connection's wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Waited {
    pub length: Span,
    pub since: Since,
}

impl Waited {
    pub(super) fn of(
        connection: &Connection<Exchanges>,
        verdict: &Verdict,
        close: Option<Close>,
    ) -> Option<Self> {
        let told = |id| verdict.evidence().any(|e| e.id == id);
        let server = &connection.flows.server;
        if told(ids::IDLE_BEFORE_FAILURE) {
            let idle = connection
                .silences
                .iter()
                .chain(&connection.silence_before_end);
            let quiet = idle.filter(|silence| silence.unacknowledged_of.is_none());
            return Some(Self {
                length: quiet.map(|silence| silence.length).max()?,
                since: Since::Idling,
            });
        }
        let close = close?;
        // Of a request that it did not know of when it closed, the server had not waited for anything.
        if verdict.cause == Cause::KeepaliveRace {
            let closed = server.fin.map_or(close.at, |fin| fin.at);
            let spoke = server.last_new_data.filter(|at| at.frame < closed.frame)?;
            return Some(Self {
                length: closed.time - spoke.time,
                since: Since::LastResponse,
            });
        }
        let wait = case::wait_before(connection, close)?;
        let length = wait.since_data.max(wait.length);
        let server_last = server
            .last_new_data
            .zip(connection.flows.client.last_new_data);
        let answered = server_last.is_some_and(|(server, client)| server.frame > client.frame);
        let since = if told(ids::REQUEST_UNANSWERED) && close.side == Side::Client {
            Since::Request
        } else if told(ids::REQUEST_UNFINISHED) || told(ids::RESPONSE_UNFINISHED) {
            Since::LastData
        } else if answered {
            Since::LastResponse
        } else {
            Since::LastPacket
        };
        Some(Self { length, since })
    }
}
