//! The machine-readable document, `whyreset/1`.
//!
//! One JSON object: `schema`, `connections` (written as connections end) and `captures` (known only when the input has
//! been read). [`Document`] keeps nothing: memory does not grow with the number of connections.

mod addresses;
mod connection;
mod digits;
mod document;
mod exchange;
mod page;
mod pen;
mod template;
mod times;
mod unread;
mod writer;

pub use document::{Document, write_event};
pub(crate) use template::Template;
