//! Linux netfilter log (LINKTYPE_NFLOG): attributes, one of which is the packet.

use crate::network::{ipv4, ipv6};
use crate::packet::{Cut, Packet, Walked};
use crate::walk::{Outer, Walk};

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// Attribute that holds the packet (`NFULA_PAYLOAD`).
const PAYLOAD: u16 = 9;

/// Attribute that names the interface the packet leaves by (`NFULA_IFINDEX_OUTDEV`), and the one it came in by.
const OUT_INTERFACE: u16 = 5;
const IN_INTERFACE: u16 = 4;

/// Reads the attributes, which are in the byte order of the host, and the packet.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let family = packet.u8(0)?;
    let mut inner = *outer;
    let mut rest = packet.skip(4)?;
    while rest.wire_len() >= 4 {
        let (len, kind) = attribute(rest)?;
        let body_len = len.checked_sub(4).ok_or(Cut)?;
        let body = rest.skip(4)?.limit(body_len);
        match (kind, family) {
            (OUT_INTERFACE, _) => inner.link.outgoing = Some(true),
            (IN_INTERFACE, _) => inner.link.outgoing = Some(false),
            (PAYLOAD, AF_INET) => ipv4::dissect_any_version(walk, body, &inner)?,
            (PAYLOAD, AF_INET6) => ipv6::dissect(walk, body, &inner)?,
            _ => {}
        }
        let next = len.next_multiple_of(4);
        if next >= rest.wire_len() {
            break;
        }
        rest = rest.skip(next)?;
    }
    Ok(())
}

/// Length and type. Lengths are small, so the byte order in which this one is shorter is right.
fn attribute(packet: Packet<'_>) -> Result<(usize, u16), Cut> {
    let little = (packet.u16_le(0)?, packet.u16_le(2)?);
    let big = (packet.u16(0)?, packet.u16(2)?);
    let (len, kind) = if big.0 < little.0 { big } else { little };
    Ok((usize::from(len), kind & 0x7fff))
}

#[cfg(test)]
mod tests {
    use crate::sample::{SEGMENT, found, ipv4, tcp};

    #[test]
    fn the_byte_order_of_the_host_is_guessed() {
        let packet = ipv4(6, &tcp());
        let len = u16::try_from(packet.len() + 4).unwrap();
        let little = [&[2, 0, 0, 0][..], &len.to_le_bytes(), &[9, 0], &packet].concat();
        let big = [&[2, 0, 0, 0][..], &len.to_be_bytes(), &[0, 9], &packet].concat();
        assert_eq!(found(239, &little), [SEGMENT]);
        assert_eq!(found(239, &big), [SEGMENT]);
    }
}
