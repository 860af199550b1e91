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
