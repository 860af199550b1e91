//! TCP, which is looked for, and UDP, which tunnels run over.

pub(crate) mod tcp;
pub(crate) mod udp;
