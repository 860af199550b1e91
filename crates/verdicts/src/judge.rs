//! The judgement of one connection.

use whyreset_connections::{Connection, Ending, Neighbours, Opener, Side};
use whyreset_exchanges::Exchanges;

use crate::case::{self, Case};
use crate::cause::CauseRule;
use crate::causes::{self, CAUSES};
use crate::observations::{self, Id, gather, ids};
use crate::unread::{plainly_unread, unread};
use crate::weigh::{SUREST, weigh};
use crate::{
    Alternative, Cause, EndedBy, Observations, Outcome, RuledOut, Verdict, Weighed, outcome,
};

/// Alternatives below this probability are not worth a reader's time.
const LEAST_ALTERNATIVE: f64 = 0.02;
/// A cause below this probability is as good as ruled out, if something speaks against it.
const AS_GOOD_AS_RULED_OUT: f64 = 0.01;
/// Conditions that say all that there is to say of an alternative.
pub(crate) const WOULD_BE_IF: [Id; 2] = [ids::PERHAPS_TRUNCATED, ids::STREAM_PERHAPS_GIVEN_UP];

/// Judges one connection. `neighbours` are witnesses from the same capture.
pub fn judge(connection: &Connection<Exchanges>, neighbours: &Neighbours) -> Verdict {
    if let Some(closer) = plainly_well(connection) {
        return well(connection, closer);
    }
    if let Some((exchange, frame)) = plainly_unread(connection) {
        return unread(exchange, frame);
    }
    let case = Case::new(connection, neighbours);
    let found = gather(&case);
    let weighed = weigh(&found);
    verdict(&case, found, weighed)
}

/// The common case, decided without allocating: a whole handshake, FIN from both sides, every exchange complete, no
/// RST, no ICMP error, nothing that waits. Gives the side that closed first.
fn plainly_well(c: &Connection<Exchanges>) -> Option<Side> {
    (c.app.ending() == Ending::Well && is_quiet(c))
        .then(|| case::first_close(c, None))
        .flatten()
        .map(|close| close.side)
}

/// A whole handshake, FIN from both sides, no RST, no ICMP error, nothing that waits.
pub(crate) fn is_quiet(c: &Connection<Exchanges>) -> bool {
    let (Some(_), Some(server)) = (c.flows.client.fin, c.flows.server.fin) else {
        return false;
    };
    c.handshake.is_complete()
        && c.opener == Opener::Syn
        && c.resets.is_empty()
        && c.notices.is_empty()
        && c.handshake.syn_acks_after_ack == 0
        && c.flows.client.unanswered.is_none()
        && c.flows.server.unanswered.is_none()
        && c.flows.server.acked_to >= server.seq
        && c.flows.client.missing_bytes + c.flows.server.missing_bytes == 0
        && (c.flows.client.bytes > 0 || c.flows.server.bytes == 0)
}

fn well(c: &Connection<Exchanges>, closer: Side) -> Verdict {
    let fin = c.flows.of(closer).fin;
    all_well(closer, fin.map_or(c.frames.last, |fin| fin.at.frame))
}

/// The verdict on a connection that ended well, as all that are told in brief ([`whyreset_connections::Brief`]): `closer` closed
/// first, in this frame.
pub fn all_well(closer: Side, frame: u64) -> Verdict {
    let who = crate::wording::side(closer);
    let mut found = Observations::default();
    found.tell(
        ids::ENDED_WELL,
        [frame],
        format_args!(
            "Both sides closed with FIN, {who} first (frame {frame}), and nothing that was asked for is seen to be missing."
        ),
    );
    Verdict {
        outcome: Outcome::Completed,
        cause: Cause::None,
        ended_by: causes::side(closer),
        confidence: SUREST,
        failed: false,
        summary: format!(
            "Nothing went wrong: everything was delivered, and both closed in order, {who} first."
        ),
        ruled_out: Vec::new(),
        alternatives: Vec::new(),
        next_steps: Vec::new(),
        weighing: Vec::new(),
        observed: found,
    }
}

fn verdict(case: &Case<'_>, found: Observations, weighed: Vec<Weighed>) -> Verdict {
    let (cause, confidence) = weighed
        .first()
        .map_or((Cause::Unknown, 0.0), |w| (w.cause, w.posterior));
    let rule = causes::rule(cause);
    let outcome = outcome::outcome(case, &found, cause);
    let ended_by = match outcome {
        // What was cut inside of it has an author, though the connection goes on.
        Outcome::Open if case.cut.is_none() => EndedBy::None,
        _ => (rule.ended_by)(case),
    };
    Verdict {
        outcome,
        cause,
        ended_by,
        confidence,
        failed: failed(cause, outcome),
        summary: (rule.summary)(case, &found),
        ruled_out: ruled_out(case, &found, &weighed),
        alternatives: alternatives(&found, &weighed),
        next_steps: (rule.next_steps)(case, &found),
        weighing: weighed,
        observed: found,
    }
}

/// Somebody did not get what was asked for or promised.
fn failed(cause: Cause, outcome: Outcome) -> bool {
    match cause {
        Cause::None | Cause::BenignReset => false,
        Cause::Unknown => !matches!(
            outcome,
            Outcome::Completed | Outcome::Open | Outcome::Partial
        ),
        _ => true,
    }
}

/// Suspicions that the frames exclude, then the causes that a person would ask about.
fn ruled_out(case: &Case<'_>, found: &Observations, weighed: &[Weighed]) -> Vec<RuledOut> {
    let mut out = observations::suspicions(case);
    let winner = weighed.first().map(|w| w.cause);
    for rule in CAUSES.iter().filter(|rule| Some(rule.cause) != winner) {
        if !found.meet(&rule.suspected_on) && !found.meet(&rule.needs) {
            continue;
        }
        let by_never = rule.never.iter().find_map(|never| {
            let observation = found.get(never.observation)?;
            Some((never.because, observation.frames))
        });
        let by_weight = weighed
            .iter()
            .find(|w| w.cause == rule.cause && w.posterior < AS_GOOD_AS_RULED_OUT)
            .and_then(|_| {
                rule.observed(found)
                    .filter(|on| on.ratio < 0.5)
                    .min_by(|a, b| a.ratio.total_cmp(&b.ratio))
            });
        if let Some((because, frames)) = by_never {
            out.push(excluded(rule.cause, frames, because));
        } else if let Some(on) = by_weight {
            let frames = found.frames_of(on.observation);
            out.push(excluded(rule.cause, frames, on.because));
        }
    }
    out
}

fn excluded(cause: Cause, frames: &[u64], because: &str) -> RuledOut {
    RuledOut {
        cause: cause.id(),
        frames: frames.into(),
        text: sentence(because),
    }
}

pub(crate) fn alternatives(found: &Observations, weighed: &[Weighed]) -> Vec<Alternative> {
    weighed
        .iter()
        .skip(1)
        .filter(|w| w.posterior >= LEAST_ALTERNATIVE)
        .map(|w| Alternative {
            cause: w.cause,
            confidence: w.posterior,
            text: would_be(causes::rule(w.cause), found),
        })
        .collect()
}

/// Where only something that the capture does not hold brings a cause into question, that is the condition.
fn would_be(rule: &CauseRule, found: &Observations) -> String {
    let asked = |id: Id| found.get(id).filter(|_| rule.needs.has(id));
    if let Some(condition) = WOULD_BE_IF.into_iter().find_map(asked) {
        format!("{}.", condition.text)
    } else if let Some(condition) = asked(ids::PERHAPS_LEFT_EARLY) {
        format!("{}, and {}.", condition.text, rule.would_be)
    } else {
        sentence(rule.would_be)
    }
}

/// A clause as a sentence.
fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    let mut sentence = String::with_capacity(clause.len() + 1);
    match first.is_ascii() {
        true => sentence.push(first.to_ascii_uppercase()),
        false => sentence.extend(first.to_uppercase()),
    }
    sentence.push_str(letters.as_str());
    sentence.push('.');
    sentence
}
