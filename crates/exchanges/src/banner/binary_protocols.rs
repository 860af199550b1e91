//! Protocols of binary messages.

use super::Spoken;
use crate::mismatch::is_mysql_greeting;
use crate::turns::is_stun;

/// Whether a stream begins with a protocol.
type IsIt = fn(&[u8]) -> bool;

pub(super) fn classify(client: &[u8], server: &[u8]) -> Spoken {
    if is_mysql_greeting(server) || is_mysql_refusal(server) {
        return Spoken::Other("mysql");
    }
    let signatures: [(&'static str, IsIt); 15] = [
        ("smb", is_smb),
        ("postgresql", is_postgresql),
        ("mqtt", is_mqtt),
        ("amqp", |bytes| bytes.starts_with(b"AMQP")),
        ("rdp", is_rdp),
        ("bgp", |bytes| bytes.starts_with(&[0xff; 16])),
        ("ldap", is_ldap),
        ("mongodb", is_mongodb),
        ("kafka", is_kafka),
        ("tds", is_tds),
        ("socks", is_socks),
        ("memcached", is_memcached),
        ("stun", is_framed_stun),
        ("dns", is_dns),
        ("openvpn", is_openvpn),
    ];
    for (name, is_it) in signatures {
        if is_it(client) || (client.is_empty() && is_it(server)) {
            return Spoken::Other(name);
        }
    }
    let begun = openvpn_begins(client) || (client.is_empty() && openvpn_begins(server));
    if begun || (client.len() < 16 && server.len() < 16) {
        return Spoken::Open;
    }
    Spoken::Unknown
}

/// An ERR packet in the greeting's place: its number is one of the server's own (1,000 to 1,999; `mysqld_error.h`).
fn is_mysql_refusal(server: &[u8]) -> bool {
    let [low, 0, 0, 0, 0xff, n0, n1, words @ ..] = server else {
        return false;
    };
    usize::from(*low) == words.len().saturating_add(3)
        && (1_000..2_000).contains(&u16::from_le_bytes([*n0, *n1]))
}

/// A NetBIOS session header, or none, and SMB1's or SMB2's magic; or a NetBIOS session request.
fn is_smb(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0, _, _, _, 0xfd..=0xff, b'S', b'M', b'B', ..] | [0x81, 0, 0, 0x44, 0x20, ..]
    )
}

/// A startup message of version 3.0, an SSLRequest, GSSENCRequest or CancelRequest.
fn is_postgresql(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0, 0, _, _, 0, 3, 0, 0, ..]
            | [0, 0, 0, 8, 4, 210, 22, 47 | 48, ..]
            | [0, 0, 0, 16, 4, 210, 22, 46, ..]
    )
}

/// CONNECT with the protocol's name.
fn is_mqtt(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0x10, _, 0, 4, b'M', b'Q', b'T', b'T', ..]
            | [0x10, _, _, 0, 4, b'M', b'Q', b'T', b'T', ..]
            | [0x10, _, 0, 6, b'M', b'Q', b'I', b's', ..]
    )
}

/// TPKT with an X.224 connection request or confirm.
fn is_rdp(bytes: &[u8]) -> bool {
    matches!(bytes, [3, 0, 0, _, _, 0xe0 | 0xd0, ..])
}

/// A sequence with a small message number and a bind, search or extended request.
fn is_ldap(bytes: &[u8]) -> bool {
    let inner = match bytes {
        [0x30, 0x84, _, _, _, _, rest @ ..] | [0x30, 0x82, _, _, rest @ ..] => rest,
        [0x30, 0x81, _, rest @ ..] => rest,
        [0x30, len, rest @ ..] if *len < 0x80 => rest,
        _ => return false,
    };
    matches!(
        inner,
        [2, 1, _, 0x60 | 0x63 | 0x77, ..] | [2, 2, _, _, 0x60 | 0x63 | 0x77, ..]
    )
}

/// A little-endian message length and one of the opcodes.
fn is_mongodb(bytes: &[u8]) -> bool {
    let Some([l0, l1, l2, 0]) = bytes.get(..4) else {
        return false;
    };
    let len = u32::from_le_bytes([*l0, *l1, *l2, 0]);
    (16..0x00ff_ffff).contains(&len)
        && matches!(
            bytes.get(12..16),
            Some([0xd4 | 0xdc | 0xdd, 7, 0, 0] | [1, 0, 0, 0])
        )
}

/// A request header whose client id is text.
fn is_kafka(bytes: &[u8]) -> bool {
    let Some([0, _, _, _, 0, key, 0, version, _, _, _, _, 0, len]) = bytes.get(..14) else {
        return false;
    };
    let client = bytes.get(14..14usize.saturating_add(usize::from(*len)));
    *key < 80
        && *version < 20
        && *len > 2
        && client.is_some_and(|id| id.iter().all(|byte| byte.is_ascii_graphic()))
}

/// A pre-login packet.
fn is_tds(bytes: &[u8]) -> bool {
    matches!(bytes, [0x12, 1, 0, _, 0, 0, _, 0, 0, 0, ..])
}

/// A greeting of version 5, or a request of version 4.
fn is_socks(bytes: &[u8]) -> bool {
    match bytes {
        [5, methods, rest @ ..] => (1..=4).contains(methods) && rest.len() == usize::from(*methods),
        [4, 1 | 2, _, _, _, _, _, _, .., 0] => true,
        _ => false,
    }
}

fn is_memcached(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80, 0..=0x22, _, _, _, 0, 0, 0, 0, ..])
}

/// A length, and a client's hard reset of version 2 or 3 with key 0; or a server's answer.
fn is_openvpn(bytes: &[u8]) -> bool {
    openvpn_len(bytes) == Some(bytes.len())
}

/// The same, but its rest is still to come.
fn openvpn_begins(bytes: &[u8]) -> bool {
    openvpn_len(bytes).is_some_and(|len| bytes.len() < len)
}

/// How long that message is, by its beginning.
fn openvpn_len(bytes: &[u8]) -> Option<usize> {
    let [high, low, 0x38 | 0x40 | 0x50, ..] = bytes else {
        return None;
    };
    let len = usize::from(u16::from_be_bytes([*high, *low]));
    (14..=1_000).contains(&len).then_some(len.saturating_add(2))
}

/// A message with STUN's magic cookie, in a frame of RFC 4571 (ICE over TCP) or without one.
fn is_framed_stun(bytes: &[u8]) -> bool {
    is_stun(bytes) || bytes.get(2..).is_some_and(is_stun)
}

/// A length, then a query with one question and nothing odd in its header.
fn is_dns(bytes: &[u8]) -> bool {
    let Some([l0, l1, _, _, flags, _, 0, 1, 0, 0, 0, 0, 0, _]) = bytes.get(..14) else {
        return false;
    };
    let len = usize::from(u16::from_be_bytes([*l0, *l1]));
    flags & 0xf8 == 0 && (17..=1_024).contains(&len) && bytes.len() <= len.saturating_add(2)
}
