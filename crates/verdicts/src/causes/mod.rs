//! The causes, one file each: its page, its prior, what speaks for and against it, its words.
//!
//! To add a cause: add a file, and one line to [`CAUSES`].

mod accept_queue_overflow;
mod benign_reset;
mod client_abort;
mod client_timeout;
mod firewall_reject;
mod handshake_incomplete;
mod idle_state_lost;
mod injected_reset;
mod keepalive_race;
mod mtu_blackhole;
mod no_answer;
pub(crate) mod none;
mod nothing_missing;
mod path_blackhole;
mod peer_state_lost;
mod port_closed;
mod protocol_mismatch;
mod receiver_stalled;
mod request_rejected_early;
mod response_truncated;
mod server_abort;
mod server_timeout;
mod tls_failure;
mod unknown;

use crate::cause::{CauseRule, Page};
use crate::judge::WOULD_BE_IF;
use crate::observation::Ids;
use crate::observations::ids::PERHAPS_LEFT_EARLY;
use crate::{Cause, EndedBy};

use whyreset_connections::Side;

/// Every cause's rule, in the order of the contract.
pub(crate) static CAUSES: &[&CauseRule] = &[
    &none::RULE,
    &benign_reset::RULE,
    &client_abort::RULE,
    &server_abort::RULE,
    &request_rejected_early::RULE,
    &client_timeout::RULE,
    &server_timeout::RULE,
    &keepalive_race::RULE,
    &response_truncated::RULE,
    &receiver_stalled::RULE,
    &peer_state_lost::RULE,
    &idle_state_lost::RULE,
    &injected_reset::RULE,
    &path_blackhole::RULE,
    &mtu_blackhole::RULE,
    &port_closed::RULE,
    &firewall_reject::RULE,
    &no_answer::RULE,
    &handshake_incomplete::RULE,
    &accept_queue_overflow::RULE,
    &tls_failure::RULE,
    &protocol_mismatch::RULE,
    &unknown::RULE,
];

/// What may be told of what is not told whatever the verdict: what speaks for some cause, and what words an alternative or a summary.
pub(crate) static MAY_BE_TOLD: Ids = {
    let mut ids = Ids::of(&WOULD_BE_IF)
        .with(PERHAPS_LEFT_EARLY)
        .and(Ids::of(&protocol_mismatch::WORDED_BY));
    let mut rest = CAUSES;
    while let [rule, others @ ..] = rest {
        ids = ids.and(rule.speaks_for());
        rest = others;
    }
    ids
};

/// The rule of a cause.
pub(crate) fn rule(cause: Cause) -> &'static CauseRule {
    let rule = CAUSES.get(cause as usize);
    rule.copied().unwrap_or(&unknown::RULE)
}

impl Cause {
    /// What people want to know about this cause, independent of any capture.
    pub fn page(self) -> &'static Page {
        &rule(self).page
    }

    /// The cause with this identifier.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.id() == id)
    }
}

/// A side as the one who ended it.
pub(crate) const fn side(side: Side) -> EndedBy {
    match side {
        Side::Client => EndedBy::Client,
        Side::Server => EndedBy::Server,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_one_rule_in_the_contract_s_order() {
        let causes: Vec<Cause> = CAUSES.iter().map(|rule| rule.cause).collect();
        assert_eq!(causes, Cause::ALL);
    }

    #[test]
    fn rules_give_reasons() {
        for rule in CAUSES {
            for weight in rule.weights.rows() {
                assert!(
                    weight.ratio > 0.0 && weight.because.len() > 10,
                    "{}: {}",
                    rule.cause,
                    weight.observation
                );
            }
            assert!(rule.prior > 0.0 && rule.prior <= 1.0);
        }
    }

    #[test]
    fn every_page_is_complete() {
        for rule in CAUSES {
            let page = rule.page;
            for text in [
                page.title,
                page.what,
                page.at_client,
                page.at_server,
                page.between,
                page.mistaken_for,
            ] {
                assert!(text.len() > 8, "{}", rule.cause);
            }
            assert!(
                !page.people_see.is_empty() && !page.sources.is_empty(),
                "{}",
                rule.cause
            );
        }
    }

    #[test]
    fn every_failure_says_what_people_see_at_both_ends() {
        for rule in CAUSES {
            if matches!(
                rule.cause,
                Cause::None | Cause::BenignReset | Cause::Unknown
            ) {
                continue;
            }
            let seen = rule.page.people_see.join("; ");
            for program in ["Firefox", "Chrome", "curl", "wget"] {
                assert!(seen.contains(program), "{}: {program}", rule.cause);
            }
            let logs = ["nginx", "log:", "kernel"];
            assert!(logs.iter().any(|log| seen.contains(log)), "{}", rule.cause);
        }
    }
}
