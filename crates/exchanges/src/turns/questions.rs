//! What asks for an answer, and what takes leave, by the rules of some protocols.

mod stores;

use super::ClientsLast;
use crate::last_words;

/// What a client's words ask for; `None` where that is not known. `opening` says that they are the client's first.
pub(super) fn read(protocol: &str, bytes: &[u8], opening: bool) -> Option<ClientsLast> {
    match protocol {
        "mysql" => mysql(bytes),
        "postgresql" if opening => startup(bytes),
        "postgresql" => postgresql(bytes),
        "redis" => redis(bytes),
        "mqtt" => mqtt(bytes),
        "ldap" => ldap(bytes).or_else(|| wrapped_ldap(bytes)),
        "stun" => stun(bytes),
        "sip" | "rtsp" => sip(bytes),
        "bgp" => bgp(bytes),
        "vnc" => vnc(bytes),
        "smb" => smb(bytes),
        "xmpp" => xmpp(bytes),
        "dns" => stores::dns(bytes),
        "memcached" => stores::memcached(bytes),
        "kafka" => stores::kafka(bytes),
        "mongodb" => stores::mongodb(bytes),
        // The version that a client wants (AMQP §4.2.2), and its wish to connect (RFC 1006, X.224): the server says whether it agrees.
        "amqp" | "rdp" if opening => Some(ClientsLast::Asks),
        _ => None,
    }
}

/// A whole packet that begins a command (its sequence number is 0): all are answered but COM_QUIT, and what closes or fills a prepared
/// statement.
fn mysql(bytes: &[u8]) -> Option<ClientsLast> {
    if bytes == [1, 0, 0, 0, 1] {
        return Some(ClientsLast::Farewell);
    }
    let [_, _, _, 0, command, ..] = bytes else {
        return None;
    };
    match command {
        // Database, query, statistics, ping, prepare, execute, reset, fetch, reset of the connection.
        0x02 | 0x03 | 0x09 | 0x0e | 0x16 | 0x17 | 0x1a | 0x1c | 0x1f => Some(ClientsLast::Asks),
        _ => None,
    }
}

/// The first message has no type: a CancelRequest is not answered.
fn startup(bytes: &[u8]) -> Option<ClientsLast> {
    let cancels = matches!(bytes, [0, 0, 0, 16, 4, 210, 22, 46, ..]);
    Some(match cancels {
        true => ClientsLast::Farewell,
        false => ClientsLast::Asks,
    })
}

/// The last message of those that come together: Query, FunctionCall and Sync are answered, Terminate is not.
fn postgresql(bytes: &[u8]) -> Option<ClientsLast> {
    let mut rest = bytes;
    let mut last = None;
    while let [kind, l0, l1, l2, l3, tail @ ..] = rest {
        last = match kind {
            b'Q' | b'F' | b'S' | b'p' => Some(ClientsLast::Asks),
            b'X' if rest == [b'X', 0, 0, 0, 4] => Some(ClientsLast::Farewell),
            _ => None,
        };
        let len = usize::try_from(u32::from_be_bytes([*l0, *l1, *l2, *l3])).ok()?;
        rest = tail.get(len.checked_sub(4)?..).unwrap_or_default();
    }
    last
}

/// Commands as arrays of strings: all are answered but those with which a replica reports, and those behind which a client leaves.
fn redis(bytes: &[u8]) -> Option<ClientsLast> {
    let unanswered = ["replconf", "client\r\n$5\r\nreply", "quit"];
    let head = bytes.get(..64).unwrap_or(bytes);
    let asks = bytes.starts_with(b"*")
        && bytes.ends_with(b"\r\n")
        && !unanswered.iter().any(|it| last_words::speaks_of(head, it));
    asks.then_some(ClientsLast::Asks)
}

/// One packet: DISCONNECT takes leave; CONNECT, SUBSCRIBE, UNSUBSCRIBE, PINGREQ and PUBLISH with a quality of service are answered;
/// PUBLISH without one, and what acknowledges the server's, are not.
fn mqtt(bytes: &[u8]) -> Option<ClientsLast> {
    match bytes {
        [0xe0, ..] => Some(ClientsLast::Farewell),
        [0x30 | 0x31 | 0x40 | 0x70, ..] => Some(ClientsLast::Tells),
        [0x10 | 0x82 | 0xa2 | 0xc0, ..] | [0x32..=0x35, ..] => Some(ClientsLast::Asks),
        _ => None,
    }
}

/// One message (RFC 4511 §4.1.1): UnbindRequest takes leave, an AbandonRequest is not answered, all others are.
fn ldap(bytes: &[u8]) -> Option<ClientsLast> {
    let [0x30, len, 0x02, id, rest @ ..] = bytes else {
        return None;
    };
    let operation = rest.get(usize::from(*id))?;
    let short = *len < 0x80;
    match operation {
        0x42 if short => Some(ClientsLast::Farewell),
        0x50 if short => Some(ClientsLast::Tells),
        0x60 | 0x63 | 0x66 | 0x68 | 0x4a | 0x6c | 0x6e | 0x77 if short => Some(ClientsLast::Asks),
        _ => None,
    }
}

/// The longest UnbindRequest in a GSS-API token that is sealed (RFC 4121 §4.2.6.2: twice a header of 16 bytes, a confounder of 16, a checksum
/// of 12): 11 bytes with lengths of four. No search is as short in one.
const SEALED_UNBIND: usize = 71;
/// The longest in a token that is only signed.
const SIGNED_UNBIND: usize = 16 + 12 + 11;

/// One message in a SASL buffer (RFC 4422 §3.7): its length, and a token that signs or seals it.
fn wrapped_ldap(bytes: &[u8]) -> Option<ClientsLast> {
    let [0, 0, high, low, token @ ..] = bytes else {
        return None;
    };
    let one = usize::from(u16::from_be_bytes([*high, *low])) == token.len();
    let sealed = matches!(token, [5, 4, flags, 0xff, ..] if flags & 2 != 0);
    let unbinds = match sealed {
        true => token.len() <= SEALED_UNBIND,
        // The message stands in clear: an UnbindRequest is empty.
        false => token.len() <= SIGNED_UNBIND && token.windows(2).any(|it| it == [0x42, 0]),
    };
    (one && unbinds).then_some(ClientsLast::Farewell)
}

/// One message (RFC 8489 §5), in a frame of RFC 4571 or without one: a request is answered; a response, or an indication, is not.
fn stun(bytes: &[u8]) -> Option<ClientsLast> {
    let message = match bytes {
        [_, _, framed @ ..] if is_stun(framed) => framed,
        bytes => bytes,
    };
    let [class0, class1, ..] = message else {
        return None;
    };
    let request = class0 & 1 == 0 && class1 & 0x10 == 0;
    is_stun(message).then_some(match request {
        true => ClientsLast::Asks,
        false => ClientsLast::Tells,
    })
}

/// A header with the magic cookie (RFC 8489 §5).
pub(crate) fn is_stun(bytes: &[u8]) -> bool {
    matches!(bytes, [0..=0x3f, _, _, _, 0x21, 0x12, 0xa4, 0x42, ..])
}

/// The beginning of a message: requests are answered but ACK (RFC 3261 §17), responses, keep-alives (RFC 5626 §3.5.1) and RTSP's interleaved
/// data (RFC 2326 §10.12) are not.
fn sip(bytes: &[u8]) -> Option<ClientsLast> {
    let tells = [&b"SIP/2.0 "[..], b"RTSP/1.0 ", b"ACK ", b"\r\n", b"$"];
    if tells.iter().any(|start| bytes.starts_with(start)) {
        return Some(ClientsLast::Tells);
    }
    let line = bytes.split(|byte| *byte == b'\r').next()?;
    let asks = line.ends_with(b" SIP/2.0") || line.ends_with(b" RTSP/1.0");
    asks.then_some(ClientsLast::Asks)
}

/// The type of one message (RFC 4271 §4.1): only an OPEN is answered, and behind a NOTIFICATION the session is over.
fn bgp(bytes: &[u8]) -> Option<ClientsLast> {
    let kind = bytes.strip_prefix(&[0xff; 16])?.get(2)?;
    match kind {
        1 => Some(ClientsLast::Asks),
        2 | 4 | 5 => Some(ClientsLast::Tells),
        3 => Some(ClientsLast::Farewell),
        _ => None,
    }
}

/// Messages of a client whose session is open (RFC 6143 §7.5): keys, pointers, a text, and what it wants to see as soon as that changes.
fn vnc(bytes: &[u8]) -> Option<ClientsLast> {
    let mut rest = bytes;
    while let Some(kind) = rest.first() {
        rest = match kind {
            3 if matches!(rest, [_, 0 | 1, ..]) => rest.get(10..)?,
            4 if matches!(rest, [_, 0 | 1, 0, 0, ..]) => rest.get(8..)?,
            5 => rest.get(6..)?,
            6 if matches!(rest, [_, 0, 0, 0, ..]) => &[],
            _ => return None,
        };
    }
    (!bytes.is_empty()).then_some(ClientsLast::Tells)
}

/// The command of one message: who disconnects its tree, or logs off, takes leave; CANCEL, a notice of changes (which is answered when there
/// is one) and the acknowledgement of a broken lock want nothing (MS-SMB2 §2.2.1, MS-CIFS §2.2.2.1 and §2.2.7.4). What opens a session, a tree or
/// a file is answered; what reads may wait for something to be there.
fn smb(bytes: &[u8]) -> Option<ClientsLast> {
    let message = bytes.get(4..)?;
    let command = match message {
        [0xfe, b'S', b'M', b'B', ..] => message.get(12..14)?,
        [0xff, b'S', b'M', b'B', ..] => message.get(4..5)?,
        _ => return None,
    };
    let function = message.get(69..71).unwrap_or_default();
    match command {
        [2 | 4, 0] | [0x71 | 0x74] => Some(ClientsLast::Farewell),
        [0x0c | 0x0f | 0x12, 0] | [0xa4] => Some(ClientsLast::Tells),
        [0xa0] if function == [4, 0] => Some(ClientsLast::Tells),
        [0 | 1 | 3 | 5, 0] | [0x72 | 0x73 | 0x75 | 0xa2] => Some(ClientsLast::Asks),
        _ => None,
    }
}

/// Behind the end of its stream a client sends nothing more (RFC 6120 §4.4).
fn xmpp(bytes: &[u8]) -> Option<ClientsLast> {
    let ends = bytes.trim_ascii_end().ends_with(b"</stream:stream>");
    ends.then_some(ClientsLast::Farewell)
}
