//! ICMPv6 (RFC 4443): the errors quote the packet that they are about.

use whyreset_segments::IcmpError;

use crate::ipv6;
use crate::packet::{Packet, Walked};
use crate::walk::{Datagram, Outer, Quoting, Walk};

const PACKET_TOO_BIG: u8 = 2;

/// Reads the packet that an error quotes: types 1 to 4, destination unreachable to parameter problem.
pub(crate) fn dissect(
    walk: &mut Walk<'_>,
    packet: Packet<'_>,
    datagram: &Datagram,
    outer: &Outer,
) -> Walked {
    let [kind, code, _, _, m0, m1, m2, m3] = packet.array(0)?;
    if !(1..=4).contains(&kind) {
        return Ok(());
    }
    let mtu = (kind == PACKET_TOO_BIG).then(|| u32::from_be_bytes([m0, m1, m2, m3]));
    let quoting = Quoting {
        error: IcmpError {
            v6: true,
            kind,
            code,
            mtu,
        },
        reporter: datagram.source,
        reporter_ttl: datagram.fields.ttl,
    };
    let inner = Outer {
        quoting: Some(quoting),
        ..*outer
    };
    ipv6::dissect(walk, packet.skip(8)?, &inner)
}
