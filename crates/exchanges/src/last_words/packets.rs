//! Last words in packets: errors of database servers.

use super::{Says, Understood, speaks_of_room};

/// An ERR packet: 0xff, the error's number, from the capabilities on `#` and SQLSTATE, and words. The numbers are those of
/// MySQL's `errmsg.h` and MariaDB's.
pub(super) fn mysql(bytes: &[u8]) -> Option<Understood> {
    let [l0, l1, 0, _, 0xff, n0, n1, rest @ ..] = bytes else {
        return None;
    };
    let len = usize::from(u16::from_le_bytes([*l0, *l1])).checked_sub(3)?;
    let rest = rest.get(..len).unwrap_or(rest);
    let says = match u16::from_le_bytes([*n0, *n1]) {
        // Too many connections, of the host, the user, or in an hour; a host that is blocked or not allowed.
        1040 | 1129 | 1130 | 1203 | 1226 => Says::Refuses,
        // Access denied; no such database.
        1044 | 1045 | 1049 | 1698 => Says::Declines,
        // Reading or writing took too long; the client did nothing for too long.
        1159 | 1161 | 4031 => Says::GaveUpWaiting,
        // The server is shutting down; the connection was killed.
        1053 | 1927 => Says::Leaves,
        _ => return None,
    };
    let is_state = |state: &[u8]| {
        state
            .iter()
            .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
    };
    let words = match rest {
        [b'#', _, _, _, _, _, words @ ..] => words,
        // MariaDB leaves the mark out where it does not know the client yet.
        [_, _, _, _, _, words @ ..] if rest.get(..5).is_some_and(is_state) => words,
        words => words,
    };
    Some(Understood::of(says, words))
}

/// The last ErrorResponse with which PostgreSQL gives a session up (FATAL, PANIC), by its SQLSTATE (appendix A of its manual); or the warning
/// with which it leaves at once, when another of its processes has crashed or it is told to stop immediately (`quickdie` in its `postgres.c`).
pub(super) fn postgresql(bytes: &[u8]) -> Option<Understood> {
    let mut rest = bytes;
    while let [kind, l0, l1, l2, l3, tail @ ..] = rest {
        let len = usize::try_from(u32::from_be_bytes([*l0, *l1, *l2, *l3])).ok()?;
        let body = tail.get(..len.checked_sub(4)?)?;
        if *kind == b'E' {
            return error(body);
        }
        if *kind == b'N'
            && let Some(leave) = warning(body)
        {
            return Some(leave);
        }
        rest = tail.get(body.len()..)?;
    }
    None
}

fn error(body: &[u8]) -> Option<Understood> {
    if !matches!(severity(body)?, b"FATAL" | b"PANIC") {
        return None;
    }
    let words = field(body, b'M')?;
    let says = match field(body, b'C')? {
        [b'5', b'3', ..] | b"57P03" => Says::Refuses,
        b"57P05" | b"25P03" | b"25P04" => Says::GaveUpWaiting,
        b"57P01" | b"57P02" => Says::Leaves,
        // Poolers have one number for all.
        _ if speaks_of_room(words) => Says::Refuses,
        _ => Says::Declines,
    };
    Some(Understood::of(says, words))
}

fn warning(body: &[u8]) -> Option<Understood> {
    let leaves = severity(body)? == b"WARNING" && matches!(field(body, b'C')?, b"57P01" | b"57P02");
    let words = field(body, b'M').filter(|_| leaves)?;
    Some(Understood::of(Says::Leaves, words))
}

/// The severity in English is not sent by old servers.
fn severity(body: &[u8]) -> Option<&[u8]> {
    field(body, b'V').or_else(|| field(body, b'S'))
}

fn field(body: &[u8], wanted: u8) -> Option<&[u8]> {
    let fields = body.split(|byte| *byte == 0);
    fields
        .filter_map(<[u8]>::split_first)
        .find_map(|(kind, it)| (*kind == wanted).then_some(it))
}
