//! Requests to stores, caches and queues, and to name servers.

use super::ClientsLast;

/// A whole query or update (RFC 1035 §4.1.1), behind its length (§4.2.2): whatever is no response is answered.
pub(super) fn dns(bytes: &[u8]) -> Option<ClientsLast> {
    let [high, low, _, _, flags, ..] = bytes else {
        return None;
    };
    let len = usize::from(u16::from_be_bytes([*high, *low]));
    let whole = len.saturating_add(2) == bytes.len();
    (whole && flags & 0x80 == 0).then_some(ClientsLast::Asks)
}

/// Commands of the text protocol (memcached's protocol.txt): all are answered, but what is stored or changed with `noreply`.
pub(super) fn memcached(bytes: &[u8]) -> Option<ClientsLast> {
    let line = bytes.strip_suffix(b"\r\n")?.split(|byte| *byte == b'\r');
    let mut words = line
        .take(1)
        .flat_map(|line| line.split(|byte| *byte == b' '));
    let command = words.next()?;
    let reads = [&b"get"[..], b"gets", b"gat", b"gats", b"stats", b"version"];
    let writes = [
        &b"set"[..],
        b"add",
        b"replace",
        b"append",
        b"prepend",
        b"cas",
        b"delete",
        b"incr",
        b"decr",
        b"touch",
    ];
    let asks = reads.contains(&command)
        || writes.contains(&command) && words.all(|word| word != b"noreply");
    asks.then_some(ClientsLast::Asks)
}

/// Requests of Kafka that may go unanswered (Produce that wants no acknowledgement), or wait for others: Fetch, JoinGroup, SyncGroup.
const PATIENT: [u8; 4] = [0, 1, 11, 14];

/// A whole request (Kafka's protocol guide: length, API key, version, correlation) that is answered at once.
pub(super) fn kafka(bytes: &[u8]) -> Option<ClientsLast> {
    let [a, b, c, d, rest @ ..] = bytes else {
        return None;
    };
    let len = usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).ok()?;
    let [0, key, _, _, _, _, _, _, ..] = rest else {
        return None;
    };
    (len == rest.len() && !PATIENT.contains(key)).then_some(ClientsLast::Asks)
}

/// OP_QUERY and OP_MSG (MongoDB's wire protocol).
const QUERY: u32 = 2_004;
const MESSAGE: u32 = 2_013;
/// Another message follows, and none is answered before.
const MORE_TO_COME: u8 = 2;

/// What a request says that waits for something to happen.
const AWAITS: [&[u8]; 2] = [b"maxAwaitTimeMS", b"getMore"];

/// A whole request that is answered at once: a query; or a message, but for one behind which more come.
pub(super) fn mongodb(bytes: &[u8]) -> Option<ClientsLast> {
    let (head, body) = bytes.split_first_chunk::<16>()?;
    let [a, b, c, d, _, _, _, _, to @ .., o, p, q, r] = *head;
    let len = usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?;
    let asks = match u32::from_le_bytes([o, p, q, r]) {
        QUERY => true,
        MESSAGE => body.first()? & MORE_TO_COME == 0,
        _ => false,
    };
    let awaits = |word: &&[u8]| memchr::memmem::find(body, word).is_some();
    let whole = to == [0; 4] && len == bytes.len();
    (asks && whole && !AWAITS.iter().any(awaits)).then_some(ClientsLast::Asks)
}
