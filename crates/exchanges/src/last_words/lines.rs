//! Last words in lines of text.

use super::{Says, Understood, speaks_of, speaks_of_room, speaks_of_time};

/// SMTP, FTP and their like. A greeting of 4xx or 5xx is a refusal (RFC 5321 §3.1, RFC 959 §5.4, RFC 3977 §5.1); 421 says that the
/// server closes the connection (RFC 5321 §3.8), 400 that of NNTP.
pub(super) fn reply(bytes: &[u8], first: bool) -> Option<Understood> {
    let line = last_line(bytes);
    let (code, rest) = line.split_at_checked(3)?;
    let is_reply = code.iter().all(u8::is_ascii_digit) && matches!(rest, [] | [b' ' | b'-', ..]);
    let says = match code {
        _ if !is_reply => return None,
        [b'4' | b'5', ..] if first => Says::Refuses,
        // 521 is that of a host that takes no mail (RFC 7504), and of Postfix' access maps: both hang up. 221 answers a QUIT, mostly.
        b"421" | b"400" | b"521" => leaving(line),
        b"221" if !first => leaving(line),
        // A mail or an article is to follow, and is taken on only with a reply to its end (RFC 5321 §4.1.1.4, RFC 3977 §6.3).
        b"354" | b"335" | b"340" => Says::Awaits,
        [b'4' | b'5', ..] => Says::Declines,
        _ => return None,
    };
    Some(Understood::of(says, line))
}

/// BYE as a greeting is a refusal, later a leave (RFC 9051 §7.1.5). Response codes: RFC 5530.
pub(super) fn imap(bytes: &[u8], first: bool) -> Option<Understood> {
    let line = last_line(bytes);
    if line.starts_with(b"* BYE") {
        let says = if first { Says::Refuses } else { leaving(line) };
        return Some(Understood::of(says, line));
    }
    let mut words = line.splitn(3, |byte| *byte == b' ').skip(1);
    let (verdict, rest) = (words.next()?, words.next()?);
    if !verdict.eq_ignore_ascii_case(b"NO") {
        return None;
    }
    let unable = ["[limit]", "[unavailable]", "[inuse]"];
    let refuses = unable.iter().any(|code| speaks_of(rest, code)) || speaks_of_room(rest);
    Some(Understood::of(refusing(refuses), line))
}

/// Response codes: RFC 2449 §8, RFC 3206.
pub(super) fn pop3(bytes: &[u8], first: bool) -> Option<Understood> {
    let line = last_line(bytes);
    if !line.starts_with(b"-ERR") {
        return None;
    }
    let unable = ["[in-use]", "[sys/", "[login-delay]"];
    let refuses = first || unable.iter().any(|code| speaks_of(line, code)) || speaks_of_room(line);
    let says = match refuses {
        false if speaks_of_time(line) => Says::GaveUpWaiting,
        refuses => refusing(refuses),
    };
    Some(Understood::of(says, line))
}

/// ERROR is what a server says before it closes (RFC 2812 §3.7.4).
pub(super) fn irc(bytes: &[u8], first: bool) -> Option<Understood> {
    let line = last_line(bytes);
    let error = line.starts_with(b"ERROR :");
    let says = if first { Says::Refuses } else { leaving(line) };
    error.then(|| Understood::of(says, line))
}

/// An error that nobody asked for, or one of those behind which Redis closes (its networking.c).
pub(super) fn redis(bytes: &[u8], unasked: bool) -> Option<Understood> {
    let error = bytes.strip_prefix(b"-")?;
    let refuses = unasked || speaks_of_room(error) || error.starts_with(b"DENIED ");
    Some(Understood::of(refusing(refuses), first_line(error)))
}

/// Lines before the server's version are for people (RFC 4253 §4.2): OpenSSH says there why it does not go on.
pub(super) fn ssh(bytes: &[u8]) -> Option<Understood> {
    let readable = bytes
        .iter()
        .all(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n'));
    let greets = bytes.starts_with(b"SSH-") || bytes.windows(5).any(|it| it == b"\nSSH-");
    (readable && !greets).then(|| Understood::of(Says::Refuses, first_line(bytes)))
}

pub(super) fn rsync(bytes: &[u8]) -> Option<Understood> {
    let line = last_line(bytes);
    let error = line.starts_with(b"@ERROR");
    error.then(|| Understood::of(refusing(speaks_of_room(line)), line))
}

/// What programs say at once to a client that has not said who it is.
pub(super) fn unnamed(bytes: &[u8]) -> Option<Understood> {
    const REFUSALS: [&[u8]; 5] = [
        b"ERROR :",
        b"ERROR Too many",
        b"Exceeded MaxStartups",
        b"Not allowed at this time",
        b"-ERR max number of clients",
    ];
    let refuses = REFUSALS.iter().any(|start| bytes.starts_with(start));
    refuses.then(|| Understood::of(Says::Refuses, first_line(bytes)))
}

fn leaving(line: &[u8]) -> Says {
    if speaks_of_time(line) {
        Says::GaveUpWaiting
    } else {
        Says::Leaves
    }
}

const fn refusing(refuses: bool) -> Says {
    if refuses {
        Says::Refuses
    } else {
        Says::Declines
    }
}

fn first_line(bytes: &[u8]) -> &[u8] {
    let end = memchr::memchr2(b'\n', b'\r', bytes);
    end.and_then(|end| bytes.get(..end)).unwrap_or(bytes)
}

/// More than one line.
pub(super) fn are_several(bytes: &[u8]) -> bool {
    memchr::memchr(b'\n', bytes.trim_ascii_end()).is_some()
}

fn last_line(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.trim_ascii_end();
    let begin = memchr::memrchr(b'\n', bytes).map_or(0, |end| end.saturating_add(1));
    bytes.get(begin..).unwrap_or_default()
}
