//! What asks for an answer, and what takes leave, by the rules of some protocols.

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
        "ldap" => ldap(bytes),
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

/// One packet: DISCONNECT takes leave; CONNECT, SUBSCRIBE, UNSUBSCRIBE, PINGREQ and PUBLISH with a quality of service are answered.
fn mqtt(bytes: &[u8]) -> Option<ClientsLast> {
    match bytes {
        [0xe0, ..] => Some(ClientsLast::Farewell),
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
        0x60 | 0x63 | 0x66 | 0x68 | 0x4a | 0x6c | 0x6e | 0x77 if short => Some(ClientsLast::Asks),
        _ => None,
    }
}
