//! TCP, which is looked for, and UDP, which tunnels run over.

pub(crate) mod claimed_ports;
pub(crate) mod tcp;
pub(crate) mod udp;
