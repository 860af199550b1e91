//! The report for people: first a line that a hurried person can act on, then who, what and where, the last moments
//! drawn as a ladder, the evidence, what is ruled out, what else it can be, and what to do next.
//!
//! Colours are written as ANSI sequences; the program strips them where the output is no terminal.

mod cause_page;
mod exchanges;
mod explanation;
mod format;
mod ladder;
mod layout;
mod one;
mod report;
mod style;
mod summary;
mod untrusted;
mod weighing;

pub use cause_page::{cause_list, cause_page};
pub use explanation::explanation;
pub use layout::Layout;
pub use one::one_connection;
pub use report::Report;
pub use summary::Summary;
pub use untrusted::printable;
pub use weighing::weighing;
