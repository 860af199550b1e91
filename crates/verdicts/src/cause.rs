//! What a cause's file holds: its page, its prior, what speaks for and against it, and its words.

use crate::case::Case;
use crate::observation::Ids;
use crate::observations::Id;
use crate::{Cause, EndedBy, Observations};

/// What people want to know about a cause, independent of any capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// A title of a few words.
    pub title: &'static str,
    /// What it is.
    pub what: &'static str,
    /// How it looks in a capture taken at the client.
    pub at_client: &'static str,
    /// How it looks in a capture taken at the server.
    pub at_server: &'static str,
    /// How it looks in a capture taken in between.
    pub between: &'static str,
    /// What it is mistaken for, and how to tell.
    pub mistaken_for: &'static str,
    /// What people see at both ends: browsers' words, exit codes, log lines.
    pub people_see: &'static [&'static str],
    /// Where this is written.
    pub sources: &'static [&'static str],
}

/// One observation's weight in the judgement of a cause.
#[derive(Clone, Copy, Debug)]
pub(crate) struct On {
    /// The observation.
    pub observation: Id,
    /// How much more likely it is under this cause than under the others that come into question.
    pub ratio: f64,
    /// Why.
    pub because: &'static str,
}

/// Shorthand for the tables in the causes' files.
pub(crate) const fn on(observation: Id, ratio: f64, because: &'static str) -> On {
    On {
        observation,
        ratio,
        because,
    }
}

/// What speaks for and against a cause.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weights {
    rows: &'static [On],
    /// All that any of them is about: of most causes nothing was observed.
    about: Ids,
    /// What of it speaks for the cause.
    speaks_for: Ids,
}

#[cfg(test)]
impl Weights {
    pub(crate) const fn rows(&self) -> &'static [On] {
        self.rows
    }
}

/// Shorthand for the tables in the causes' files.
pub(crate) const fn weights(rows: &'static [On]) -> Weights {
    let (mut about, mut speaks_for, mut rest) = (Ids::NONE, Ids::NONE, rows);
    while let [on, others @ ..] = rest {
        about = about.with(on.observation);
        if on.ratio > 1.0 {
            speaks_for = speaks_for.with(on.observation);
        }
        rest = others;
    }
    Weights {
        rows,
        about,
        speaks_for,
    }
}

/// An observation that makes a cause impossible.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Never {
    /// The observation.
    pub observation: Id,
    /// Why it cannot be this cause then.
    pub because: &'static str,
}

/// Shorthand for the tables in the causes' files.
pub(crate) const fn never(observation: Id, because: &'static str) -> Never {
    Never {
        observation,
        because,
    }
}

/// Observations of which one is enough: shorthand for the tables in the causes' files.
pub(crate) const fn any_of(ids: &[Id]) -> Ids {
    Ids::of(ids)
}

/// A cause as its file describes it.
pub(crate) struct CauseRule {
    /// Which.
    pub cause: Cause,
    /// Its page.
    pub page: Page,
    /// How common it is among connections that end in a way it can end in: a rough share, before anything is looked at.
    pub prior: f64,
    /// Why that share.
    pub prior_because: &'static str,
    /// It can only be this cause when one of these was observed.
    pub needs: Ids,
    /// What speaks for and against it.
    pub weights: Weights,
    /// What makes it impossible.
    pub never: &'static [Never],
    /// A person would ask about it when one of these was observed: then it is told why it is ruled out.
    pub suspected_on: Ids,
    /// Who ended the connection if it is this cause.
    pub ended_by: fn(&Case<'_>) -> EndedBy,
    /// One sentence that a hurried person can act on.
    pub summary: fn(&Case<'_>, &Observations) -> String,
    /// What would make it this, where it is only an alternative.
    pub would_be: &'static str,
    /// What to look at next.
    pub next_steps: fn(&Case<'_>, &Observations) -> Vec<String>,
}

impl CauseRule {
    /// What was observed that speaks for or against it.
    pub(crate) fn observed<'f>(
        &self,
        found: &'f Observations,
    ) -> impl Iterator<Item = &'static On> + use<'f> {
        let rows = match found.meet(&self.weights.about) {
            true => self.weights.rows,
            false => &[],
        };
        rows.iter().filter(|on| found.has(on.observation))
    }

    /// What speaks for it where it is observed.
    pub(crate) const fn speaks_for(&self) -> Ids {
        self.weights.speaks_for
    }
}
