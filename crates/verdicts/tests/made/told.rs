//! What a verdict says, for assertions about it.

#![allow(dead_code)]

use whyreset_verdicts::{Cause, EndedBy, Outcome, Verdict};

/// All of it, to be shown where an assertion fails.
pub fn told(verdict: &Verdict) -> String {
    let weighed = |cause| verdict.weights(cause).collect::<Vec<_>>();
    let weights = verdict.weighing.iter().map(|it| (it, weighed(it.cause)));
    format!(
        "{} ({:?}, {:?}) {}: {}\n{:#?}\n{:#?}\n{:#?}",
        verdict.cause,
        verdict.outcome,
        verdict.ended_by,
        verdict.confidence,
        verdict.summary,
        verdict.evidence().collect::<Vec<_>>(),
        verdict.alternatives,
        weights.collect::<Vec<_>>()
    )
}

/// The probability of a cause, whether or not it is the one that is told.
pub fn share(verdict: &Verdict, cause: Cause) -> f64 {
    let mut all = verdict.weighing.iter();
    all.find(|it| it.cause == cause)
        .map_or(0.0, |it| it.posterior)
}

/// Whether it gives this piece of evidence.
pub fn shows(verdict: &Verdict, evidence: &str) -> bool {
    verdict.evidence().any(|it| it.id.name() == evidence)
}

/// Whether this observation counted for or against any cause.
pub fn weighs(verdict: &Verdict, observation: &str) -> bool {
    let mut weighed = verdict.weighing.iter();
    weighed.any(|it| {
        let mut weights = verdict.weights(it.cause);
        weights.any(|weight| weight.observation.name() == observation)
    })
}

/// It may tell this cause, but not surely.
pub fn is_unsure_of(verdict: &Verdict, cause: Cause) {
    let sure = verdict.cause == cause && verdict.confidence > 0.75;
    assert!(!sure, "{}", told(verdict));
}

pub fn expect(verdict: &Verdict, cause: Cause, by: EndedBy, outcome: Outcome) {
    let found = (verdict.cause, verdict.ended_by, verdict.outcome);
    assert_eq!(found, (cause, by, outcome), "{}", told(verdict));
    assert!(!verdict.summary.is_empty());
    assert!(verdict.evidence().all(|it| !it.frames.is_empty()));
    let others = verdict.alternatives.iter().map(|it| it.confidence);
    let total = verdict.confidence + others.sum::<f64>();
    assert!((0.0..=1.0 + 1e-9).contains(&total), "{total}");
}

pub fn expect_outcome(verdict: &Verdict, cause: Cause, outcome: Outcome) {
    expect(verdict, cause, verdict.ended_by, outcome);
}

pub fn expect_by(verdict: &Verdict, cause: Cause, by: EndedBy) {
    expect(verdict, cause, by, verdict.outcome);
}
