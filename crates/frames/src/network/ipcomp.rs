//! IP payload compression (RFC 3173) with DEFLATE (RFC 2394).

use flate2::{Decompress, FlushDecompress};

use crate::network::ip_protocol;
use crate::packet::{Cut, Packet, Walked};
use crate::walk::{Datagram, Outer, Walk};

/// No more is unpacked than fits into a datagram.
const MAX_LEN: usize = 65_535;

/// Unpacks the payload and reads it.
pub(crate) fn dissect(
    walk: &mut Walk<'_>,
    packet: Packet<'_>,
    datagram: &Datagram,
    outer: &Outer,
) -> Walked {
    let next = packet.u8(0)?;
    let packed = packet.skip(4)?;
    if !packed.is_whole() {
        return Ok(());
    }
    let mut bytes = Vec::with_capacity(MAX_LEN);
    Decompress::new(false)
        .decompress_vec(packed.bytes(), &mut bytes, FlushDecompress::Finish)
        .map_err(|_| Cut)?;
    let mut datagram = *datagram;
    datagram.payload_len = u32::try_from(bytes.len()).ok();
    ip_protocol::dissect(walk, next, Packet::whole(&bytes), &datagram, outer)
}
