//! What stands before the flags in a row of tcpdump: number, time, interface, link header, IP header, the two ends.

use std::borrow::Cow;

use crate::hosts::{Names, is_address, mac_address};
use crate::info_column::is_arrow;
use crate::raw_row::RawRow;
use crate::services::port_of_service;
use crate::times::{WrittenTime, read_time};
use crate::tokens::{Token, integer, shorten, split_digits};

/// A host and perhaps a port, as written.
pub(crate) type End<'a> = (Option<&'a str>, Option<&'a str>);

/// `<Load Balancer IP>.443`, `[eth1 ip].33052`: what stands for an address that was masked is one word.
pub(crate) fn without_blanks_in_masks(text: &str, brackets: [char; 2]) -> Cow<'_, str> {
    let [open, close] = brackets;
    let end = format!("{close}.");
    let is_mask = |inner: &str| inner.contains(' ') && !inner.starts_with(' ');
    let masked = |text: &str| {
        let mut parts = text.split(open).skip(1);
        parts.any(|part| {
            part.split_once(&*end)
                .is_some_and(|(inner, _)| is_mask(inner))
        })
    };
    if !text.contains(&*end) || !masked(text) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    for (at, part) in text.split(open).enumerate() {
        if at > 0 {
            out.push(open);
        }
        match part.split_once(&*end) {
            Some((inner, rest)) if is_mask(inner) => {
                out.push_str(&inner.replace(' ', "_"));
                out.push_str(&end);
                out.push_str(rest);
            }
            _ => out.push_str(part),
        }
    }
    out.into()
}

/// Splits the words before the colon into what stands before the ends, source, and destination. The `>` may be missing.
pub(crate) fn read_ends<'a, 'b>(
    words: &'b [Token<'a>],
) -> Option<(&'b [Token<'a>], End<'a>, End<'a>)> {
    let (destination, rest) = words.split_last()?;
    let (last, before) = rest.split_last()?;
    let (source, prefix) = if is_arrow(last.text) {
        let (source, prefix) = before.split_last()?;
        (source, prefix)
    } else {
        // The `>` was eaten by a web page: only addresses with ports make a row of this.
        let both = [last.text, destination.text];
        let ports = both
            .iter()
            .all(|end| matches!(split_end(end), (Some(_), Some(_))));
        if !ports {
            return None;
        }
        (last, before)
    };
    let destination = destination.text.trim_end_matches(':');
    let source = source.text;
    let named = |end: &str| end.contains(|c: char| c.is_ascii_alphanumeric());
    if !named(source) || !named(destination) {
        return None;
    }
    let (source, destination) = (split_end(source), split_end(destination));
    Some(behind_fragment_header(prefix, source, destination))
}

/// `2001:db8::12 > 2001:db8::10: frag (0|20) 1 > 63034`: behind the header of IPv6 for fragments stand the ports alone.
fn behind_fragment_header<'a, 'b>(
    prefix: &'b [Token<'a>],
    source: End<'a>,
    destination: End<'a>,
) -> (&'b [Token<'a>], End<'a>, End<'a>) {
    match prefix {
        [before @ .., from, arrow, to, frag, _]
            if frag.text == "frag"
                && is_arrow(arrow.text)
                && source.0.is_none()
                && destination.0.is_none() =>
        {
            let to = to.text.trim_end_matches(':');
            (
                before,
                (Some(from.text), source.1),
                (Some(to), destination.1),
            )
        }
        _ => (prefix, source, destination),
    }
}

/// `10.0.0.1.80`, `server.example.org.http`, `2001:db8::1.443`, `client` (no port).
fn split_end(text: &str) -> End<'_> {
    if is_address(text) {
        return (Some(text), None);
    }
    match text.rsplit_once('.') {
        Some((host, port)) if !host.is_empty() && is_port(host, port) => (Some(host), Some(port)),
        None if integer::<u16>(text).is_some() => (None, Some(text)),
        _ => (Some(text), None),
    }
}

/// Behind an address stands a port, whatever it is; behind a name only what is known to be one.
fn is_port(host: &str, port: &str) -> bool {
    integer::<u16>(port).is_some()
        || (!port.is_empty() && (is_address(host) || port_of_service(port).is_some()))
}

/// Reads the words before the ends into `row`.
pub(crate) fn read_prefix(prefix: &[Token<'_>], line: &str, names: &mut Names, row: &mut RawRow) {
    let mut words = prefix;
    if let [first, second, ..] = words
        && let Some(number) = integer(first.text.trim_end_matches(':'))
        && read_time(&[second.text]).is_some()
    {
        row.frame = Some(number);
        words = words.get(1..).unwrap_or(&[]);
    }
    let texts: Vec<&str> = words.iter().take(5).map(|token| token.text).collect();
    if let Some((time, used)) = read_time(&texts) {
        row.time = Some(time);
        words = words.get(used..).unwrap_or(&[]);
    } else {
        row.time = time_before_protocol(words);
    }
    read_direction(words, names, row);
    read_link(words, row);
    let header = prefix
        .iter()
        .position(|token| ["(tos", "(flowlabel", "(class", "(hlim", "(ttl"].contains(&token.text));
    if let Some(header) = header.and_then(|at| prefix.get(at)) {
        read_ip_header(line.get(header.start..).unwrap_or(""), row);
    }
}

/// The time that stands directly before `IP`, behind what another program wrote in front: a line's number, the tag of a log.
fn time_before_protocol(words: &[Token<'_>]) -> Option<WrittenTime> {
    let protocol = words
        .iter()
        .take(MAX_WORDS_BEFORE)
        .position(|token| matches!(token.text, "IP" | "IP6"))?;
    (protocol.saturating_sub(LONGEST_TIME)..protocol).find_map(|from| {
        let texts: Vec<&str> = words
            .get(from..protocol)?
            .iter()
            .map(|token| token.text.trim_start_matches(['"', '\'', '{', '(', '[']))
            .collect();
        let (time, used) = read_time(&texts)?;
        (used == texts.len()).then_some(time)
    })
}

/// More words before `IP` are not looked at.
const MAX_WORDS_BEFORE: usize = 16;

/// Words of a time, with its date.
const LONGEST_TIME: usize = 4;

/// What the device says of the packet behind its numbers: F5's `rst_cause="[0x2409a32:1234] No pool member available"`, a
/// Cisco ASA's `Drop-reason: (acl-drop) Flow is denied by configured rule`.
pub(crate) fn said(rest: &str) -> Option<Box<str>> {
    let cause = rest.split_once("rst_cause=\"").map(|(_, cause)| {
        let cause = cause.split('"').next().unwrap_or(cause);
        let number = cause.starts_with('[').then(|| cause.split_once(']'));
        let cause = number.flatten().map_or(cause, |(_, cause)| cause);
        format!("rst_cause: {}", shorten(cause.trim(), MAX_SAID))
    });
    let cause = cause.or_else(|| {
        let (_, reason) = rest.split_once("Drop-reason:")?;
        let reason = reason.split(", Drop-location").next().unwrap_or(reason);
        Some(format!("Drop-reason: {}", shorten(reason.trim(), MAX_SAID)))
    });
    cause.map(Into::into)
}

/// More is not told, in bytes.
const MAX_SAID: usize = 120;

/// `ens192 In`, `eth0 <`, `>`: interface and direction.
fn read_direction(words: &[Token<'_>], names: &mut Names, row: &mut RawRow) {
    for (at, token) in words.iter().enumerate().take(3) {
        let outgoing = match token.text {
            "In" | "<" | "B" | "M" | "P" => false,
            "Out" | ">" => true,
            _ => continue,
        };
        // `B`, `M` and `P` are packets to all, to some and to others: they came in.
        if matches!(token.text, "B" | "M" | "P") && at == 0 {
            continue;
        }
        row.outgoing = Some(outgoing);
        if let Some(interface) = at.checked_sub(1).and_then(|before| words.get(before)) {
            row.interface = names.interface(interface.text);
        }
        return;
    }
}

/// `7a:05:6f:b7:99:82 > 12:21:c2:aa:14:ee, ethertype IPv4 (0x0800), length 315:`.
fn read_link(words: &[Token<'_>], row: &mut RawRow) {
    let ethertype = words.iter().position(|token| token.text == "ethertype");
    let Some(ethertype) = ethertype else { return };
    let before = words.get(..ethertype).unwrap_or(&[]);
    row.source_mac = before.iter().find_map(|token| mac_address(token.text));
    let behind = words.get(ethertype..).unwrap_or(&[]);
    for pair in behind.windows(2) {
        if let [name, value] = pair
            && name.text == "length"
            && let Some(length) = value.text.strip_suffix(':')
        {
            row.frame_len = integer(length);
        }
    }
}

/// `(tos 0x0, ttl 64, id 5429, offset 0, flags [DF], proto TCP (6), length 60)`,
/// `(flowlabel 0x1, hlim 64, next-header TCP (6) payload length: 40)`, `(ttl 64, id 1, len 40)`.
pub(crate) fn read_ip_header(text: &str, row: &mut RawRow) {
    for (name, value) in ["ttl ", "hlim ", "id ", "length ", "len "]
        .into_iter()
        .filter_map(|name| Some((name, number_after(text, name)?)))
    {
        match name {
            "ttl " | "hlim " => row.ttl = u8::try_from(value).ok(),
            "id " => row.ip_id = u16::try_from(value).ok(),
            _ => row.ip_len = Some(value),
        }
    }
    row.dont_fragment |= text.contains("[DF]");
}

/// The number behind a word that begins the text or follows `(` or a blank.
fn number_after(text: &str, name: &str) -> Option<u32> {
    let text = crate::tokens::shorten(text, 300);
    let mut from = 0_usize;
    while let Some(at) = text.get(from..)?.find(name) {
        let at = from.saturating_add(at);
        let rest = text.get(at.saturating_add(name.len())..)?;
        let boundary = text
            .get(..at)
            .is_some_and(|before| before.is_empty() || before.ends_with(['(', ' ', ',']));
        if boundary && let Some(number) = integer(split_digits(rest).0) {
            return Some(number);
        }
        from = at.saturating_add(name.len());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_every_kind() {
        for (text, end) in [
            ("10.0.0.1.80", ("10.0.0.1", Some("80"))),
            ("10.0.0.1", ("10.0.0.1", None)),
            ("2001:db8::1.443", ("2001:db8::1", Some("443"))),
            ("localhost.hbci", ("localhost", Some("hbci"))),
            (
                "server.example.org.http",
                ("server.example.org", Some("http")),
            ),
            ("client", ("client", None)),
            ("x.x.x.x.4711", ("x.x.x.x", Some("4711"))),
        ] {
            assert_eq!(split_end(text), (Some(end.0), end.1));
        }
    }
}
