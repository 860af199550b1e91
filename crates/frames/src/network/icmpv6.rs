//! ICMPv6 (RFC 4443): the errors quote the packet that they are about.

use whyreset_segments::IcmpError;

use crate::network::ipv6;
use crate::packet::{Cut, Packet, Walked};
use crate::walk::{Datagram, Outer, Quoting, Walk};

const PACKET_TOO_BIG: u8 = 2;
const REDIRECT: u8 = 137;

/// The option of a redirect that holds the packet (RFC 4861 §4.6.3).
const REDIRECTED_HEADER: u8 = 4;

/// Reads the packet that an error quotes: types 1 to 4, destination unreachable to parameter
/// problem, and redirects.
pub(crate) fn dissect(
    walk: &mut Walk<'_>,
    packet: Packet<'_>,
    datagram: &Datagram,
    outer: &Outer,
) -> Walked {
    let [kind, code, _, _, m0, m1, m2, m3] = packet.array(0)?;
    let quoted = match kind {
        1..=4 => packet.skip(8)?,
        REDIRECT => match redirected(packet)? {
            Some(quoted) => quoted,
            None => return Ok(()),
        },
        _ => return Ok(()),
    };
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
    ipv6::dissect(walk, quoted, &inner)
}

/// The packet that a redirect is about, behind the addresses.
fn redirected(packet: Packet<'_>) -> Result<Option<Packet<'_>>, Cut> {
    let mut options = packet.skip(40)?;
    while options.wire_len() > 0 {
        let len = usize::from(options.u8(1)?) * 8;
        if len == 0 {
            return Ok(None);
        }
        if options.u8(0)? == REDIRECTED_HEADER {
            return options.limit(len).skip(8).map(Some);
        }
        options = options.skip(len)?;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use crate::sample::{found, ipv6, tcp};

    fn message(kind: u8, body: &[u8]) -> Vec<String> {
        found(
            101,
            &ipv6(58, &[&[kind, 0, 0, 0, 0, 0, 0, 0], body].concat()),
        )
    }

    #[test]
    fn errors_and_redirects_quote() {
        let packet = ipv6(6, &tcp());
        for kind in 1..=4 {
            assert_eq!(message(kind, &packet), ["quote of 25 bytes"]);
        }
        assert!(message(128, &packet).is_empty());
        let option = [&[4, 10, 0, 0, 0, 0, 0, 0][..], &packet, &[0; 7]].concat();
        assert_eq!(
            message(137, &[&[0; 32], &option[..]].concat()),
            ["quote of 25 bytes"]
        );
    }
}
