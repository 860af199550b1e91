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
    let mut bytes = Vec::with_capacity(MAX_LEN);
    // Of cut data, what can be unpacked is read; of damaged data nothing.
    Decompress::new(false)
        .decompress_vec(packed.bytes(), &mut bytes, FlushDecompress::Sync)
        .map_err(|_| Cut)?;
    let mut datagram = *datagram;
    datagram.payload_len = u32::try_from(bytes.len()).ok();
    ip_protocol::dissect(walk, next, Packet::whole(&bytes), &datagram, outer)
}

#[cfg(test)]
mod tests {
    use crate::sample::{SEGMENT, found, ipv4, tcp};

    #[test]
    fn deflated_packets_are_unpacked() {
        let mut packed = Vec::with_capacity(100);
        flate2::Compress::new(flate2::Compression::best(), false)
            .compress_vec(&tcp(), &mut packed, flate2::FlushCompress::Finish)
            .unwrap();
        let compressed = [&[6, 0, 0, 2], &packed[..]].concat();
        assert_eq!(found(101, &ipv4(108, &compressed)), [SEGMENT]);
        assert!(found(101, &ipv4(108, &[&[6, 0, 0, 2][..], &[0xff; 30]].concat())).is_empty());
    }
}
