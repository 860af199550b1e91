//! The commands, one file each.

pub mod analyse;
pub mod causes;
pub mod events;
pub mod explain;
mod layout;
pub mod slice;
mod warn;
