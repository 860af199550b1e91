//! Reports: one judged connection in, text for people or JSON for machines out.
//!
//! [`json`] writes the document of the `whyreset/1` schema as connections end; [`text`] draws the report that a person
//! reads. Both take the same [`Judged`] values and decide nothing themselves.

pub mod json;
mod judged;
mod lone_syns;
pub mod text;

pub use judged::{CaptureFacts, Judged};
pub use lone_syns::{Findings, LoneSyns};
