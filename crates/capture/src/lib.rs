//! Capture files: from bytes to records.

mod record;
mod time;

pub use record::{LinkType, Record};
pub use time::{Span, Timestamp};
