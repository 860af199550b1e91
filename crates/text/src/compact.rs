//! Rows with `address:port` at both ends and the flags in a few letters: ngrep, scapy's summary, nmap's packet trace,
//! pwru, retis, and what people write by hand.
//!
//! `T 10.0.0.5:51000 -> 10.0.0.9:80 [AP]`, `Ether / IP / TCP 10.0.0.1:51234 > 10.0.0.2:http SA`,
//! `RCVD (0.0690s) TCP 10.0.0.2:80 > 10.0.0.1:51234 RA ttl=64 id=0 iplen=40 seq=0 win=0`,
//! `10.0.0.1:8080->10.0.0.2:32956(tcp:RST|ACK)`, `10.0.0.1.80 > 10.0.0.2.1234 ttl 58 … flags [R.] seq 0 ack 39`,
//! `client:51234 -> server:443 [SYN] Seq=0`; also `10.0.0.1 → 10.0.0.2 [SYN] Seq=0`, without ports.

use whyreset_segments::TcpFlags;

use crate::format::Format;
use crate::hosts::{Names, is_address};
use crate::info_column::{flag_list, is_arrow, read_number, split_joined_arrow};
use crate::protocols::{Protocol, protocol};
use crate::raw_row::{Numbering, RawRow, Window};
use crate::read::Read;
use crate::services::port_of_service;
use crate::times::read_time;
use crate::tokens::{Token, integer, shorten, tokens};

/// Words that are looked at.
const MAX_WORDS: usize = 64;

/// Reads one row.
pub(crate) fn read_row(line: &str, names: &mut Names) -> Read {
    let all = tokens(shorten(line, 1_024));
    let words = all.get(..MAX_WORDS).unwrap_or(&all);
    let Some(ends) = find_ends(words) else {
        return read_named(words, names);
    };
    let (source, destination) = (ends.source, ends.destination);
    let before = words.get(..ends.from).unwrap_or(&[]);
    let behind = words.get(ends.to..).unwrap_or(&[]);
    let says_tcp = before.iter().any(|word| {
        matches!(
            word.text.trim_end_matches([',', ':']),
            "TCP" | "tcp" | "T" | "T(6)"
        )
    });
    if !says_tcp && !is_address(source.0) && !is_address(destination.0) {
        return Read::No;
    }
    let Some((flags, numbers)) = read_flags(ends.attached, behind, says_tcp) else {
        return Read::No;
    };
    let mut row = RawRow {
        format: Format::Compact,
        numbering: Numbering::Wireshark,
        flags: Some(flags),
        ..RawRow::default()
    };
    read_lead(before, &mut row);
    row.source = names.side(Some(source.0), source.1);
    row.destination = names.side(Some(destination.0), destination.1);
    read_numbers(numbers, &mut row);
    if !flags.contains(TcpFlags::ACK) {
        row.ack = None;
    }
    Read::row(row)
}

/// `client → server TCP 66 [SYN] Seq=0 Win=65535 Len=0`: names alone, and Wireshark's columns behind them without ports.
fn read_named(words: &[Token<'_>], names: &mut Names) -> Read {
    let arrow = words.iter().take(8).position(|word| is_arrow(word.text));
    let columns =
        arrow.and_then(|at| Some((at.checked_sub(1)?, words.get(at.saturating_add(1)..)?)));
    let Some((from, [destination, name, _, behind @ ..])) = columns else {
        return Read::No;
    };
    let over_tcp = matches!(
        protocol(name.text),
        Some(Protocol::OverTcp | Protocol::OnPort(_))
    );
    let Some((flags, numbers)) = bracketed(behind_marks(behind)).filter(|_| over_tcp) else {
        return Read::No;
    };
    let Some(source) = words.get(from) else {
        return Read::No;
    };
    let mut row = RawRow {
        format: Format::Compact,
        numbering: Numbering::Wireshark,
        flags: Some(flags),
        source: names.side(Some(source.text), None),
        destination: names.side(Some(destination.text), None),
        ..RawRow::default()
    };
    read_lead(words.get(..from).unwrap_or(&[]), &mut row);
    read_numbers(numbers, &mut row);
    match row.seq.is_some() && row.window != Window::Unsaid {
        true => Read::row(row),
        false => Read::No,
    }
}

/// A host, and its port where one is written.
type End<'a> = (&'a str, Option<&'a str>);

/// Where the two ends stand among the words, and what is attached to the second: `(tcp:RST|ACK)`.
struct Ends<'a> {
    source: End<'a>,
    destination: End<'a>,
    attached: &'a str,
    from: usize,
    to: usize,
}

fn find_ends<'a>(words: &[Token<'a>]) -> Option<Ends<'a>> {
    words.iter().enumerate().take(16).find_map(|(at, word)| {
        if is_arrow(word.text) {
            let source = words.get(at.checked_sub(1)?)?;
            let destination = words.get(at.saturating_add(1))?;
            return ends(source.text, destination.text, at.checked_sub(1)?, 3);
        }
        let (source, destination) = split_joined_arrow(word.text)?;
        ends(source, destination, at, 1)
    })
}

/// The ends of the words from `from` on, which take `used` of them.
fn ends<'a>(source: &'a str, destination: &'a str, from: usize, used: usize) -> Option<Ends<'a>> {
    let (destination, attached) = split_attached(destination);
    let (source, destination) = (split_end(source)?, split_end(destination)?);
    Some(Ends {
        source,
        destination,
        attached,
        from,
        to: from.saturating_add(used),
    })
}

fn split_attached(text: &str) -> (&str, &str) {
    match text.find('(') {
        Some(at) => text.split_at_checked(at).unwrap_or((text, "")),
        None => (text, ""),
    }
}

/// `10.0.0.1:80`, `[2001:db8::1]:443`, `server:http`, `10.0.0.1.80`.
fn split_end(text: &str) -> Option<End<'_>> {
    let text = text
        .trim_matches(['|', ',', ';', '`', '*'])
        .trim_end_matches(':');
    if is_address(text) {
        return Some((text, None));
    }
    if let Some((host, port)) = text.rsplit_once(':') {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let is_port = integer::<u16>(port).is_some() || port_of_service(port).is_some();
        return (!host.is_empty() && is_port).then_some((host, Some(port)));
    }
    let (host, port) = text.rsplit_once('.')?;
    (is_address(host) && integer::<u16>(port).is_some()).then_some((host, Some(port)))
}

/// The flags, and the words behind them.
fn read_flags<'a, 'b>(
    attached: &str,
    behind: &'b [Token<'a>],
    says_tcp: bool,
) -> Option<(TcpFlags, &'b [Token<'a>])> {
    if let Some(list) = attached.strip_prefix("(tcp:") {
        let list = list.trim_end_matches(')').replace('|', ",");
        return Some((flag_list(&list)?, behind));
    }
    let at = behind
        .iter()
        .take(24)
        .position(|word| matches!(word.text, "flags" | "Flags"))
        .map_or(0, |at| at.saturating_add(1));
    let words = behind.get(at..)?;
    let (first, rest) = words.split_first()?;
    if first.text.starts_with('[') {
        return bracketed(behind_marks(words));
    }
    let word = first.text.trim_end_matches([',', ':']);
    if let Some(flags) = spelled(word) {
        return Some((flags, rest));
    }
    // A letter or two may be anything: the row must say that it is TCP.
    letters(word)
        .filter(|_| says_tcp)
        .map(|flags| (flags, rest))
}

/// The words behind Wireshark's markers: `[TCP Retransmission] [FIN, ACK] …`.
fn behind_marks<'a, 'b>(words: &'b [Token<'a>]) -> &'b [Token<'a>] {
    let mut rest = words;
    while rest.first().is_some_and(|word| word.text == "[TCP") {
        let Some(end) = rest
            .iter()
            .take(8)
            .position(|word| word.text.ends_with(']'))
        else {
            return words;
        };
        rest = rest.get(end.saturating_add(1)..).unwrap_or(&[]);
    }
    rest
}

/// `[AP]`, `[R.]`, `[SYN, ACK]`, whose words may be several.
fn bracketed<'a, 'b>(words: &'b [Token<'a>]) -> Option<(TcpFlags, &'b [Token<'a>])> {
    let first = words.first()?.text.strip_prefix('[')?;
    let last = words
        .iter()
        .take(8)
        .position(|word| word.text.contains(']'))?;
    let mut list = first.to_owned();
    for word in words.iter().take(last.saturating_add(1)).skip(1) {
        list.push_str(word.text);
    }
    let inner = list.split(']').next()?;
    let flags = letters(inner).or_else(|| flag_list(inner))?;
    Some((flags, words.get(last.saturating_add(1)..)?))
}

/// `SYN`, `SYN-ACK`, `RST/ACK`, `FIN+ACK`.
fn spelled(word: &str) -> Option<TcpFlags> {
    if word.len() < 3 || word.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    flag_list(&word.replace(['-', '/', '+', '|'], ","))
}

/// `S`, `SA`, `R.`, `FPA`.
fn letters(word: &str) -> Option<TcpFlags> {
    let mut flags = TcpFlags::NONE;
    if word.is_empty() || word.len() > 6 {
        return None;
    }
    for letter in word.chars() {
        flags = flags
            | match letter {
                'S' => TcpFlags::SYN,
                'A' | '.' => TcpFlags::ACK,
                'F' => TcpFlags::FIN,
                'R' => TcpFlags::RST,
                'P' => TcpFlags::PSH,
                'U' => TcpFlags::URG,
                'E' => TcpFlags::ECE,
                'C' | 'W' => TcpFlags::CWR,
                _ => return None,
            };
    }
    Some(flags)
}

/// What people write before a packet's number: `No. 23`, `Frame 7`, `#4`.
pub(crate) fn is_number_title(word: &str) -> bool {
    let word = word.trim_end_matches('.');
    let titles = ["no", "nr", "frame", "packet", "pkt", "#", "", "-", "*"];
    titles.iter().any(|title| word.eq_ignore_ascii_case(title))
}

/// Frame number and time: `T 2016/04/01 10:00:00.000100`, `SENT (0.0678s) TCP`, `12 0.5`.
fn read_lead(before: &[Token<'_>], row: &mut RawRow) {
    let texts: Vec<&str> = before
        .iter()
        .take(6)
        .map(|word| word.text.trim_matches(['(', ')', '[', ']', ':', '#']))
        .map(|word| word.trim_end_matches([')', ']']))
        .skip_while(|word| is_number_title(word))
        .collect();
    row.frame = texts.first().and_then(|word| integer(word));
    row.time = (0..texts.len())
        .find_map(|from| read_time(texts.get(from..)?))
        .map(|(time, _)| time);
}

/// `Seq=0 Ack=1`, `seq 0 ack 39 win 0`, `ttl=64 id=0`, `ttl 58 … len 40`.
fn read_numbers(words: &[Token<'_>], row: &mut RawRow) {
    let mut told = crate::info_column::Numbers::default();
    let mut words = words
        .iter()
        .map(|word| word.text.trim_end_matches([',', ';']));
    while let Some(word) = words.next() {
        if word.contains('=') {
            read_number(word, &mut told);
            continue;
        }
        let key = word.trim_end_matches(':');
        if matches!(key, "seq" | "ack" | "win" | "Seq" | "Ack" | "Win")
            && let Some(value) = words.next()
        {
            read_number(&format!("{key}={value}"), &mut told);
        }
    }
    row.seq = told.seq;
    row.ack = told.ack;
    row.len = told.len;
    row.window = told.window.map_or(Window::Unsaid, Window::Unscaled);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::Port;
    use crate::times::WrittenTime;

    fn row(line: &str) -> RawRow {
        read_row(line, &mut Names::default()).into_row()
    }

    #[test]
    fn flags_of_every_tool() {
        let (syn, ack, rst, psh) = (TcpFlags::SYN, TcpFlags::ACK, TcpFlags::RST, TcpFlags::PSH);
        for (line, flags) in [
            ("T 10.0.0.5:51000 -> 10.0.0.9:80 [AP]", psh | ack),
            (
                "T 2016/04/01 10:00:00.000100 10.0.0.5:51000 -> 10.0.0.9:80 [AR] #5",
                rst | ack,
            ),
            (
                "Ether / IP / TCP 10.0.0.1:51234 > 10.0.0.2:http SA",
                syn | ack,
            ),
            (
                "IP / TCP 192.168.0.1:ftp_data > 192.168.0.2:http RA / Padding",
                rst | ack,
            ),
            (
                "RCVD (0.0690s) TCP 10.0.0.2:80 > 10.0.0.1:51234 RA ttl=64 id=0 iplen=40 seq=0 win=0",
                rst | ack,
            ),
            (
                "0xffff 6 <empty>:0 192.168.241.1:8080->192.168.241.133:32956(tcp:RST|ACK) tcp4_gro_receive",
                rst | ack,
            ),
            (
                "1.1.1.1.80 > 10.0.0.43.41162 ttl 58 tos 0x0 id 0 off 0 [DF] len 40 proto TCP (6) flags [R.] seq 0 ack 3987498114 win 0",
                rst | ack,
            ),
            (
                "10.0.0.1:51234 -> 10.0.0.2:443 [SYN, ACK] Seq=0 Ack=1",
                syn | ack,
            ),
            ("10.0.0.1:51234 → 10.0.0.2:443 SYN-ACK", syn | ack),
            ("[2001:db8::1]:51234 > [2001:db8::2]:443: RST", rst),
            (
                "**Packet 2**: `10.0.0.9:6379 → 10.0.0.5:55012 [RST, ACK]`",
                rst | ack,
            ),
            ("|192.168.0.2 → 10.0.0.2 [SYN] Seq=0 | -trk(#1) |", syn),
        ] {
            assert_eq!(row(line).flags, Some(flags), "{line}");
        }
    }

    #[test]
    fn numbers_and_times() {
        let row = row(
            "RCVD (0.0690s) TCP 10.0.0.2:80 > 10.0.0.1:51234 RA ttl=64 id=0 iplen=40 seq=7 ack=9 win=0",
        );
        assert_eq!(row.time, Some(WrittenTime::Seconds(69_000_000)));
        assert_eq!((row.seq, row.ack), (Some(7), Some(9)));
        assert_eq!(row.source.port, Port::Number(80));
    }

    #[test]
    fn prose_and_other_protocols_are_no_rows() {
        for line in [
            "see 10.0.0.1:80 -> 10.0.0.2:90 for more",
            "U 10.0.0.1:53 -> 10.0.0.2:5353",
            "vec: a:1 -> b:2 [x]",
            "a -> b",
            "map 10.0.0.1:80->10.0.0.2:8080",
            "10.0.0.1:80 -> 10.0.0.2:8080 A record",
        ] {
            assert!(
                matches!(read_row(line, &mut Names::default()), Read::No),
                "{line}"
            );
        }
    }
}
