//! Adding up.

use super::compare::{Case, is_healthy};
use serde::Serialize;
use std::collections::BTreeMap;

/// The lower ends of the reliability table's rows.
const BINS: [f64; 7] = [0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99];

/// The whole score.
#[derive(Debug, Default, Serialize)]
pub struct Tally {
    /// All connections that went wrong.
    pub failed: Share,
    /// Mean over the causes of the share that is right; failures only.
    pub macro_accuracy: f64,
    /// The lowest share of any single cause.
    pub worst_cause: String,
    /// Who ended it, over all connections.
    pub ended_by: Share,
    /// What happened, over all connections.
    pub outcome: Share,
    /// Where the capture was taken: right, or left open.
    pub vantage: Share,
    /// Healthy connections with a verdict that is not (here `right` counts the alarms).
    pub false_alarms: Share,
    /// Mean squared difference of probability and correctness.
    pub brier: f64,
    /// Verdicts at 0.9 or above that are wrong (here `right` counts the wrong ones).
    pub wrong_when_sure: Share,
    /// By cause, then by vantage (`all` is all of them).
    pub by_cause: BTreeMap<String, BTreeMap<String, Share>>,
    /// True cause, then given cause: how often.
    pub confusion: BTreeMap<String, BTreeMap<String, usize>>,
    /// Given probabilities against shares of right verdicts.
    pub reliability: Vec<Bin>,
    /// All that are wrong in cause, side or outcome.
    pub wrong: Vec<Case>,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Share {
    /// How many are right.
    pub right: usize,
    /// Of how many.
    pub of: usize,
}

impl Share {
    fn count(&mut self, right: bool) {
        self.right += usize::from(right);
        self.of += 1;
    }

    /// As a number from 0 to 1; 1 when there was nothing.
    pub fn value(self) -> f64 {
        if self.of == 0 {
            1.0
        } else {
            self.right as f64 / self.of as f64
        }
    }
}

/// A row of the reliability table.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Bin {
    /// Probabilities from here.
    pub from: f64,
    /// Their mean.
    pub mean_confidence: f64,
    /// How many verdicts are right.
    pub share: Share,
}

/// Adds the cases up.
pub fn tally(cases: &[Case]) -> Tally {
    let mut tally = Tally::default();
    for case in cases {
        let healthy = is_healthy(&case.truth.cause);
        if healthy {
            tally.false_alarms.count(case.false_alarm);
        } else {
            tally.failed.count(case.cause_right);
        }
        tally.ended_by.count(case.ended_by_right);
        tally.outcome.count(case.outcome_right);
        tally.vantage.count(case.vantage_right);
        if case.confidence >= 0.9 {
            tally.wrong_when_sure.count(!case.cause_right);
        }
        let of_cause = tally.by_cause.entry(case.truth.cause.clone()).or_default();
        for key in [case.vantage.as_str(), "all"] {
            of_cause
                .entry(key.to_owned())
                .or_default()
                .count(case.cause_right);
        }
        let given = if case.cause_right {
            &case.truth.cause
        } else {
            &case.given.cause
        };
        let row = tally.confusion.entry(case.truth.cause.clone()).or_default();
        *row.entry(given.clone()).or_default() += 1;
        if !(case.cause_right && case.ended_by_right && case.outcome_right) {
            tally.wrong.push(case.clone());
        }
    }
    tally.brier = brier(cases);
    tally.reliability = reliability(cases);
    (tally.macro_accuracy, tally.worst_cause) = by_cause(&tally.by_cause);
    tally
}

fn by_cause(causes: &BTreeMap<String, BTreeMap<String, Share>>) -> (f64, String) {
    let shares: Vec<(&String, f64)> = causes
        .iter()
        .filter(|(cause, _)| !is_healthy(cause))
        .filter_map(|(cause, vantages)| Some((cause, vantages.get("all")?.value())))
        .collect();
    let mean = shares.iter().map(|(_, share)| share).sum::<f64>() / shares.len().max(1) as f64;
    let worst = shares.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    (
        mean,
        worst.map(|(cause, _)| (*cause).clone()).unwrap_or_default(),
    )
}

fn brier(cases: &[Case]) -> f64 {
    let squares = cases.iter().map(|case| {
        let truth = if case.cause_right { 1.0 } else { 0.0 };
        (case.confidence - truth).powi(2)
    });
    squares.sum::<f64>() / cases.len().max(1) as f64
}

fn reliability(cases: &[Case]) -> Vec<Bin> {
    let mut bins = Vec::new();
    for (index, from) in BINS.iter().enumerate() {
        let to = BINS.get(index + 1).copied().unwrap_or(f64::INFINITY);
        let inside = cases
            .iter()
            .filter(|case| case.confidence >= *from && case.confidence < to);
        let (mut share, mut sum) = (Share::default(), 0.0);
        for case in inside {
            share.count(case.cause_right);
            sum += case.confidence;
        }
        bins.push(Bin {
            from: *from,
            mean_confidence: sum / share.of.max(1) as f64,
            share,
        });
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::super::compare::Short;
    use super::*;

    fn case(truth: &str, given: &str, confidence: f64) -> Case {
        let short = |cause: &str| Short {
            cause: cause.into(),
            ended_by: "client".into(),
            outcome: "aborted".into(),
        };
        Case {
            capture: "x".into(),
            number: 1,
            client_port: 1,
            vantage: "client".into(),
            truth: short(truth),
            given: short(given),
            confidence,
            cause_right: truth == given,
            ended_by_right: true,
            outcome_right: true,
            vantage_right: true,
            false_alarm: is_healthy(truth) && !is_healthy(given),
        }
    }

    #[test]
    fn shares_and_calibration_are_added_up() {
        let cases = [
            case("client_abort", "client_abort", 1.0),
            case("client_abort", "server_abort", 0.9),
            case("port_closed", "port_closed", 0.5),
            case("none", "client_abort", 0.6),
        ];
        let tally = tally(&cases);
        assert_eq!((tally.failed.right, tally.failed.of), (2, 3));
        assert_eq!(tally.macro_accuracy, 0.75);
        assert_eq!((tally.false_alarms.right, tally.false_alarms.of), (1, 1));
        assert_eq!(
            (tally.wrong_when_sure.right, tally.wrong_when_sure.of),
            (1, 2)
        );
        assert!((tally.brier - (0.81 + 0.25 + 0.36) / 4.0).abs() < 1e-9);
        assert_eq!(tally.wrong.len(), 2);
    }
}
