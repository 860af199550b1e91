//! IP and what belongs to it.

pub(crate) mod ah;
pub(crate) mod fragments;
pub(crate) mod icmp;
pub(crate) mod icmpv6;
pub(crate) mod ip_protocol;
pub(crate) mod ipcomp;
pub(crate) mod ipv4;
mod ipv4_options;
pub(crate) mod ipv6;
pub(crate) mod ipv6_extensions;
pub(crate) mod pim;
