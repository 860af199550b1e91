//! The commands, one file each.

pub mod analyse;
pub mod events;
