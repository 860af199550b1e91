//! The judgement of one connection.

use whyreset_connections::{Connection, Ending, Neighbours, Opener, Side};
use whyreset_exchanges::Exchanges;

use crate::case::{self, Case};
use crate::cause::CauseRule;
use crate::causes::{self, CAUSES};
use crate::observation::Places;
use crate::observations::{self, gather, ids};
use crate::unread::{plainly_unread, unread};
use crate::weigh::{SUREST, weigh};
use crate::{
    Alternative, Cause, EndedBy, Evidence, Observations, Outcome, RuledOut, Verdict, Weighed,
    outcome,
};

/// Alternatives below this probability are not worth a reader's time.
const LEAST_ALTERNATIVE: f64 = 0.02;
/// A cause below this probability is as good as ruled out, if something speaks against it.
const AS_GOOD_AS_RULED_OUT: f64 = 0.01;

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
    Verdict {
        outcome: Outcome::Completed,
        cause: Cause::None,
        ended_by: causes::side(closer),
        confidence: SUREST,
        failed: false,
        summary: format!(
            "Nothing went wrong: everything was delivered, and both closed in order, {who} first."
        ),
        evidence: vec![Evidence {
            id: ids::ENDED_WELL,
            frames: vec![frame],
            text: format!(
                "Both sides closed with FIN, {who} first (frame {frame}), and nothing that was asked for is seen to be missing."
            ),
        }],
        ruled_out: Vec::new(),
        alternatives: Vec::new(),
        next_steps: Vec::new(),
        weighing: Vec::new(),
        observed: Observations::default(),
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
        evidence: evidence(cause, &found),
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

/// What is told whatever the verdict, and what speaks for this one.
pub(crate) fn evidence(cause: Cause, found: &Observations) -> Vec<Evidence> {
    let weights = causes::rule(cause).weights;
    let speaks_for = |id: &str| {
        let place = Places::of(id);
        weights
            .iter()
            .any(|on| on.is_on(id, place) && on.ratio > 1.0)
    };
    found
        .iter()
        .filter(|o| !o.frames.is_empty() && (o.telling || speaks_for(o.id)))
        .map(|o| Evidence {
            id: o.id,
            frames: o.frames.clone(),
            text: o.text.clone(),
        })
        .collect()
}

/// Suspicions that the frames exclude, then the causes that a person would ask about.
fn ruled_out(case: &Case<'_>, found: &Observations, weighed: &[Weighed]) -> Vec<RuledOut> {
    let mut out = observations::suspicions(case);
    let winner = weighed.first().map(|w| w.cause);
    for rule in CAUSES.iter().filter(|rule| Some(rule.cause) != winner) {
        if !rule.suspected_on.was_observed(found) && !rule.needs.was_observed(found) {
            continue;
        }
        let by_never = rule.never.iter().find_map(|never| {
            let observation = found.get(never.observation)?;
            Some((never.because, observation.frames.clone()))
        });
        let by_weight = weighed
            .iter()
            .find(|w| w.cause == rule.cause && w.posterior < AS_GOOD_AS_RULED_OUT)
            .and_then(|w| {
                w.weights
                    .iter()
                    .filter(|weight| weight.likelihood_ratio < 0.5)
                    .min_by(|a, b| a.likelihood_ratio.total_cmp(&b.likelihood_ratio))
            });
        if let Some((because, frames)) = by_never {
            out.push(excluded(rule.cause, frames, because));
        } else if let Some(weight) = by_weight {
            let frames = found.frames_of(weight.observation).to_vec();
            out.push(excluded(rule.cause, frames, weight.because));
        }
    }
    out
}

fn excluded(cause: Cause, frames: Vec<u64>, because: &str) -> RuledOut {
    RuledOut {
        cause: cause.id().to_owned(),
        frames,
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
    let asked = |id: &str| found.get(id).filter(|_| rule.needs.ids.contains(&id));
    let conditions = [ids::PERHAPS_TRUNCATED, ids::STREAM_PERHAPS_GIVEN_UP];
    if let Some(condition) = conditions.into_iter().find_map(asked) {
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
    sentence.extend(first.to_uppercase());
    sentence.push_str(letters.as_str());
    sentence.push('.');
    sentence
}
