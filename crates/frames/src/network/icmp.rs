//! ICMP (RFC 792): the errors quote the packet that they are about.

use whyreset_segments::IcmpError;

use crate::network::ipv4;
use crate::packet::{Packet, Walked};
use crate::walk::{Datagram, Outer, Quoting, Walk};

const UNREACHABLE: u8 = 3;
const SOURCE_QUENCH: u8 = 4;
const REDIRECT: u8 = 5;
const TIME_EXCEEDED: u8 = 11;
const PARAMETER_PROBLEM: u8 = 12;
const FRAGMENTATION_NEEDED: u8 = 4;

/// Reads the packet that an error quotes. Other messages hold none, whatever their data looks like.
pub(crate) fn dissect(
    walk: &mut Walk<'_>,
    packet: Packet<'_>,
    datagram: &Datagram,
    outer: &Outer,
) -> Walked {
    let [kind, code, _, _, _, len, m0, m1] = packet.array(0)?;
    let has_extensions = matches!(kind, UNREACHABLE | TIME_EXCEEDED | PARAMETER_PROBLEM);
    if !has_extensions && !matches!(kind, SOURCE_QUENCH | REDIRECT) {
        return Ok(());
    }
    let mut quoted = packet.skip(8)?;
    // RFC 4884: the length of the quote in words, where extensions follow it.
    let quote_len = usize::from(len) * 4;
    if has_extensions
        && quote_len > 0
        && quoted.wire_len() > quote_len
        && usize::from(quoted.u16(2)?) > quote_len
    {
        quoted = quoted.limit(quote_len);
    }
    if kind == REDIRECT {
        // Of these Wireshark reads no more than RFC 792 asks for: the IP header and eight bytes.
        quoted = quoted.limit(usize::from(quoted.u8(0)? & 0x0f) * 4 + 8);
    }
    let mtu = (kind == UNREACHABLE && code == FRAGMENTATION_NEEDED)
        .then(|| u32::from(u16::from_be_bytes([m0, m1])));
    let quoting = Quoting {
        error: IcmpError {
            v6: false,
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
    ipv4::dissect_any_version(walk, quoted, &inner)
}

#[cfg(test)]
mod tests {
    use crate::sample::{found, ipv4, tcp};

    fn error(kind: u8, word: [u8; 4], quoted: &[u8]) -> Vec<String> {
        found(
            101,
            &ipv4(1, &[&[kind, 0, 0, 0][..], &word, quoted].concat()),
        )
    }

    #[test]
    fn errors_quote_and_echoes_do_not() {
        let packet = ipv4(6, &tcp());
        for kind in [3, 4, 11, 12] {
            assert_eq!(
                error(kind, [0; 4], &packet),
                ["quote of 25 bytes"],
                "type {kind}"
            );
        }
        assert_eq!(error(3, [0; 4], &packet[..28]), ["quote of 8 bytes"]);
        assert!(error(8, [0; 4], &packet).is_empty());
    }

    #[test]
    fn a_redirect_is_read_no_further_than_eight_bytes() {
        assert_eq!(
            error(5, [10, 0, 0, 9], &ipv4(6, &tcp())),
            ["quote of 8 bytes"]
        );
    }

    #[test]
    fn extensions_are_no_part_of_the_quote() {
        let mut packet = ipv4(6, &[&tcp()[..], &[0; 300]].concat());
        packet.truncate(200);
        assert_eq!(error(11, [0, 32, 0, 0], &packet), ["quote of 108 bytes"]);
    }
}
