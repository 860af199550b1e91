//! The judgement of one connection.

use whyreset_connections::{Connection, Neighbours};
use whyreset_exchanges::Exchanges;

use crate::{Cause, EndedBy, Outcome, Verdict};

/// Judges one connection. `neighbours` are witnesses from the same capture.
pub fn judge(_connection: &Connection<Exchanges>, _neighbours: &Neighbours) -> Verdict {
    Verdict {
        outcome: Outcome::Partial,
        cause: Cause::Unknown,
        ended_by: EndedBy::Unknown,
        confidence: 0.0,
        failed: false,
        summary: String::new(),
        evidence: Vec::new(),
        ruled_out: Vec::new(),
        alternatives: Vec::new(),
        next_steps: Vec::new(),
        weighing: Vec::new(),
    }
}
