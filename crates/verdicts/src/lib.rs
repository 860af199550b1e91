//! Causes: from connections and exchanges to verdicts.

mod judge;
mod verdict;

pub use judge::judge;
pub use verdict::{
    Alternative, Cause, EndedBy, Evidence, Outcome, RuledOut, Verdict, Weighed, Weight,
};
