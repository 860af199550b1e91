//! The outcome: what happened, by the contract's order of rules.

use whyreset_capture::Span;

use crate::case::{Case, Kind};
use crate::observations::ids;
use crate::{Cause, Observations, Outcome};

/// What happened, given the cause.
pub(crate) fn outcome(case: &Case<'_>, found: &Observations, cause: Cause) -> Outcome {
    if found.has_any(&[ids::TOO_LITTLE, ids::SCAN_PROBE]) {
        return Outcome::Partial;
    }
    opening(case, found)
        .or_else(|| reset(case, cause))
        .or_else(|| half_captured(case, found, cause))
        .or_else(|| closed(case, found, cause))
        .unwrap_or_else(|| waiting(case, found, cause))
}

/// The opening came to nothing.
fn opening(case: &Case<'_>, found: &Observations) -> Option<Outcome> {
    let h = &case.connection.handshake;
    if h.syn.is_none() || h.syn_ack.is_some() || case.connection.flows.server.bytes > 0 {
        let given_up = match found.has(ids::SYN_ACK_NOT_DUE_AGAIN) {
            true => Outcome::Stalled,
            false => Outcome::TimedOut,
        };
        return found.has(ids::HANDSHAKE_UNFINISHED).then_some(given_up);
    }
    if found.has_any(&[
        ids::SYN_REFUSED,
        ids::ICMP_PROHIBITED,
        ids::ICMP_UNREACHABLE,
    ]) {
        return Some(Outcome::Refused);
    }
    found
        .has(ids::SYN_UNANSWERED)
        .then_some(Outcome::Unanswered)
}

/// Rule 1: a RST that the connection died of.
fn reset(case: &Case<'_>, cause: Cause) -> Option<Outcome> {
    let reset = case.fatal?;
    let finished_before = [
        case.connection.flows.client.fin,
        case.connection.flows.server.fin,
    ]
    .iter()
    .all(|fin| fin.is_some_and(|fin| fin.at.frame < reset.at.frame));
    let harmless = matches!(cause, Cause::BenignReset | Cause::None);
    Some(if finished_before && harmless {
        Outcome::Completed
    } else {
        Outcome::Aborted
    })
}

/// The answer to the SYN shows in what the client acknowledged only: one direction was captured, and nothing more is known.
fn half_captured(case: &Case<'_>, found: &Observations, cause: Cause) -> Option<Outcome> {
    let h = &case.connection.handshake;
    let unseen = h.syn.is_some() && h.syn_ack.is_none() && found.has(ids::ONE_SIDED);
    (unseen && cause == Cause::Unknown).then_some(Outcome::Partial)
}

/// Rule 2: closed with FIN.
fn closed(case: &Case<'_>, found: &Observations, cause: Cause) -> Option<Outcome> {
    let close = case.close?;
    if matches!(cause, Cause::None | Cause::BenignReset) {
        return Some(Outcome::Completed);
    }
    if close.kind == Kind::Rst {
        return Some(Outcome::Aborted);
    }
    let missing = case.accounts.missing().is_some();
    if !missing && found.has(ids::ENDED_WELL) && cause == Cause::Unknown {
        return Some(Outcome::Completed);
    }
    let waited = match cause {
        // Refused, or never understood: nothing was begun that anybody could have waited for. And a server that closes
        // what is idle has not waited for the request that crosses its close.
        Cause::TlsFailure | Cause::ProtocolMismatch | Cause::KeepaliveRace => false,
        // Nothing got through any more: whoever closes has given up.
        Cause::PathBlackhole | Cause::MtuBlackhole | Cause::IdleStateLost => {
            found.has(ids::LONG_WAIT) || !missing
        }
        // It was its own turn to speak.
        Cause::ServerAbort if found.has(ids::CLOSED_WITHOUT_GREETING) => false,
        _ => ping_unanswered(found) || waited(found) && !refused_in_words(found),
    };
    Some(if waited {
        Outcome::TimedOut
    } else {
        Outcome::Truncated
    })
}

/// Who closed had asked whether the other side lives, and got no answer.
fn ping_unanswered(found: &Observations) -> bool {
    found.has_any(&[
        ids::PING_OF_CLIENT_UNANSWERED,
        ids::PING_OF_SERVER_UNANSWERED,
    ])
}

/// Who closed had waited long, or as long as it had said.
fn waited(found: &Observations) -> bool {
    found.has_any(&[ids::LONG_WAIT, ids::DEADLINE_MET])
}

/// The server said why it closed, and that was no wait.
fn refused_in_words(found: &Observations) -> bool {
    found.has_any(&[
        ids::REFUSED_IN_WORDS,
        ids::LEFT_IN_WORDS,
        ids::LEFT_IN_WORDS_ASKED,
    ])
}

/// Rule 3: neither, and something waits, or nothing does.
fn waiting(case: &Case<'_>, found: &Observations, cause: Cause) -> Outcome {
    if found.has(ids::OPEN_AND_WELL)
        && !found.has(ids::ACKS_LOST)
        && matches!(cause, Cause::None | Cause::Unknown)
    {
        return Outcome::Open;
    }
    // A stream that was given up holds nothing up any more.
    let held_up = found.has(ids::WINDOW_SHUT) && case.cut.is_none();
    let waits = held_up
        || found.has_any(&[
            ids::UNANSWERED_TAIL,
            ids::ACKS_LOST,
            ids::OPEN_AND_WAITING,
            ids::KEEP_ALIVE_UNANSWERED,
            ids::SYN_ACK_REPEATED,
            ids::SYN_ACK_UNHEARD,
            ids::HOLE_NEVER_FILLED,
            ids::HOLE_AT_END,
            ids::HOLE_STAYS,
            ids::SENT_NEVER_CAME,
            ids::WINDOW_ZERO_AT_END,
        ]);
    if overdue(case) {
        Outcome::TimedOut
    } else if waits {
        Outcome::Stalled
    } else if cause == Cause::Unknown {
        Outcome::Partial
    } else {
        Outcome::Open
    }
}

/// The next retransmission or probe is overdue while the capture runs on: somebody has given up.
fn overdue(case: &Case<'_>) -> bool {
    let c = case.connection;
    let slack = Span::from_secs(1);
    [&c.flows.client, &c.flows.server].into_iter().any(|flow| {
        let tail = flow.unanswered.is_some_and(|tail| {
            // The timer doubles; a quarter on top for the jitter of the sender's clock.
            let next = Span::from_nanos(tail.last_interval.nanos().saturating_mul(9) / 4);
            c.capture_end - tail.last.time > next + slack
        });
        let probes = [flow.window_probes, flow.keep_alives].iter().any(|probes| {
            let (Some(first), Some(last)) = (probes.first, probes.last) else {
                return false;
            };
            let mean = (last.time - first.time).nanos() / i64::from(probes.count.max(2) - 1);
            let next = Span::from_nanos(mean.saturating_mul(5));
            probes.unanswered > 0 && c.capture_end - last.time > next + slack
        });
        tail || probes
    })
}
