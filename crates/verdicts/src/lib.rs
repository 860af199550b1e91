//! Causes: from connections and exchanges to verdicts.
//!
//! A verdict is made in three steps that can be read one by one:
//! 1. [`observations`]: facts with the frames that show them, gathered first and apart from judgement;
//! 2. the causes (one file each under `causes/`), which weigh the observations: a modest prior, likelihood ratios
//!    with the reason beside each, and what makes a cause impossible;
//! 3. [`judge`]: the weighing, and the answer in words. [`Verdict::weighing`] holds all of it for a second expert.

mod case;
mod cause;
mod causes;
mod judge;
mod lone_syn;
mod observation;
pub mod observations;
mod outcome;
mod steps;
mod stories;
mod timers;
mod unread;
mod verdict;
mod weigh;
mod wording;

pub use cause::Page;
pub use judge::{all_well, judge};
pub use lone_syn::{Grounds, Likeness};
pub use observation::{Observation, Observations};
pub use stories::{Stories, Story};
pub use unread::unread;
pub use verdict::{Alternative, Cause, EndedBy, Outcome, RuledOut, Verdict, Weighed, Weight};
pub use wording::bytes as bytes_in_words;
