//! Why did this TCP connection end, who ended it, and how do we know?

mod analysis;
pub mod input;
pub mod interim;

pub use analysis::Analysis;
