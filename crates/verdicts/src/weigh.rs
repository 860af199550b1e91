//! The weighing: prior times likelihood ratios, for each cause that comes into question.

use crate::cause::CauseRule;
use crate::causes::CAUSES;
use crate::{Observations, Weighed};

/// No verdict is surer than this: captures lie, and so do models.
pub(crate) const SUREST: f64 = 0.97;
/// A single chain of evidence counts this often at most: observations of one thing are not independent of each other.
const LARGEST_PRODUCT: f64 = 1e6;

/// Weighs every cause that can be, given what was observed; the likeliest first.
pub(crate) fn weigh(found: &Observations) -> Vec<Weighed> {
    let mut weighed: Vec<Weighed> = CAUSES
        .iter()
        .filter(|rule| is_possible(rule, found))
        .map(|rule| weigh_one(rule, found))
        .collect();
    let priors: f64 = weighed.iter().map(|w| w.prior).sum();
    let total: f64 = weighed.iter().map(|w| w.posterior).sum();
    for w in &mut weighed {
        w.prior /= priors.max(f64::MIN_POSITIVE);
        w.posterior = (w.posterior / total.max(f64::MIN_POSITIVE)).min(SUREST);
    }
    weighed.sort_by(|a, b| b.posterior.total_cmp(&a.posterior));
    weighed
}

/// Something that the cause needs was observed, and nothing that excludes it.
fn is_possible(rule: &CauseRule, found: &Observations) -> bool {
    let mut never = rule.never.iter();
    (rule.needs.is_empty() || found.meet(&rule.needs))
        && !never.any(|never| found.has(never.observation))
}

/// The prior times all ratios, not yet normalised, in `posterior`.
fn weigh_one(rule: &CauseRule, found: &Observations) -> Weighed {
    let product: f64 = rule.observed(found).map(|on| on.ratio).product();
    Weighed {
        cause: rule.cause,
        prior: rule.prior,
        prior_because: rule.prior_because,
        posterior: rule.prior * product.clamp(1.0 / LARGEST_PRODUCT, LARGEST_PRODUCT),
    }
}
