//! Whether the receiver of a RST can have accepted it: RFC 9293 §3.10.7, RFC 5961 §3.2.

use whyreset_capture::Span;

use super::log::RawReset;
use crate::{Acceptance, Dialect, RoundTrip};

/// A delayed acknowledgement waits no longer (RFC 1122 §4.2.3.2 allows 500 ms; stacks use 200 ms at most).
const DELAYED_ACK: Span = Span::from_millis(200);

/// Judges one RST by what its receiver expected. `trip` is the round trip to the receiver.
pub(crate) fn judge(raw: &RawReset, dialect: Dialect, trip: &RoundTrip) -> Acceptance {
    if !raw.is_numbered() {
        return Acceptance::Unknown;
    }
    if raw.own().packets == 0 && raw.peer().syn && raw.peer().acked_to.is_none() {
        return in_syn_sent(raw, dialect);
    }
    let Some(expected) = expected_number(raw, trip) else {
        return Acceptance::Unknown;
    };
    let ahead = raw.packet.seq.saturating_sub(expected);
    match (ahead, raw.peer().window) {
        (0, _) => Acceptance::Exact,
        // A host that closed may not count its FIN; Linux takes that for exact (`tcp_reset_check`).
        (-1, _) if raw.own().fin.is_some() => Acceptance::Exact,
        (1.., Some(window)) if ahead < i64::from(window) => Acceptance::InWindow,
        (1.., None) => Acceptance::Unknown,
        _ => Acceptance::Outside,
    }
}

/// In SYN-SENT a RST counts if it acknowledges the SYN (RFC 9293 §3.10.7.3).
fn in_syn_sent(raw: &RawReset, dialect: Dialect) -> Acceptance {
    match (dialect, raw.ack(), raw.peer().sent_to) {
        (_, Some(ack), Some(sent_to)) if ack >= 1 && ack <= sent_to => Acceptance::Exact,
        _ => Acceptance::Outside,
    }
}

/// What the receiver expects when the RST reaches it. All that passed before the RST arrives before it, unless the receiver has
/// been waiting for a hole to be filled for longer than an acknowledgement takes.
fn expected_number(raw: &RawReset, trip: &RoundTrip) -> Option<i64> {
    let own = raw.own();
    let acked = raw.peer().acked_to;
    let Some(sent_to) = own.sent_to else {
        return acked;
    };
    let Some(acked) = acked else {
        return Some(sent_to);
    };
    let overdue = own.unacked_since.is_some_and(|since| {
        let typical = trip.typical.or(trip.minimum).unwrap_or(Span::ZERO);
        let patience = DELAYED_ACK + Span::from_nanos(typical.nanos().saturating_mul(2));
        raw.packet.time - since > patience
    });
    Some(if overdue { acked } else { acked.max(sent_to) })
}
