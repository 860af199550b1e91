//! AYIYA (draft-massar-v6ops-ayiya-02): IPv6 over UDP to tunnel brokers.

use crate::network::{ipv4, ipv6};
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads the header with its identity and signature, and the packet.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let [identity, signature, authentication, next] = packet.array(0)?;
    let identity_len = 1_usize << (identity >> 4);
    let signature_len = usize::from(signature >> 4) * 4;
    // Operation 1: forward.
    if authentication & 0x0f != 1 {
        return Ok(());
    }
    let rest = packet.skip(8 + identity_len + signature_len)?;
    let outer = outer.deeper()?;
    match next {
        4 => ipv4::dissect_any_version(walk, rest, &outer),
        41 => ipv6::dissect(walk, rest, &outer),
        _ => Ok(()),
    }
}
