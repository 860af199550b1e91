//! Why did this TCP connection end, who ended it, and how do we know?
//!
//! From a file to a verdict:
//!
//! ```
//! use whyreset::{Analysis, input::{Input, InputOptions}, reading};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! struct Print;
//! impl reading::Reader for Print {
//!     type Error = std::convert::Infallible;
//!     fn judged(&mut self, judged: whyreset::Judged, _: &Analysis) -> Result<(), Self::Error> {
//!         println!("{}: {}", judged.verdict.cause, judged.verdict.summary);
//!         Ok(())
//!     }
//! }
//! let mut input = Input::open(&["examples/seed-question.txt"], InputOptions::default())?;
//! reading::read(&mut input, &mut Analysis::default(), &mut Print)?;
//! # Ok(()) }
//! ```
//!
//! The way of the data, one crate a step: capture files ([`capture`]) → frames ([`frames`]) → segments ([`segments`])
//! → connections ([`connections`]) → exchanges ([`exchanges`]) → verdicts ([`verdicts`]) → reports ([`reports`]). Pasted
//! lists ([`text`]) join at the segments. [`Analysis`] strings them together without any I/O; [`input`] opens files.

mod analysis;
pub mod input;
pub mod reading;

pub use analysis::Analysis;
pub use whyreset_capture as capture;
pub use whyreset_connections as connections;
pub use whyreset_exchanges as exchanges;
pub use whyreset_frames as frames;
pub use whyreset_reports as reports;
pub use whyreset_reports::Judged;
pub use whyreset_segments as segments;
pub use whyreset_text as text;
pub use whyreset_verdicts as verdicts;
