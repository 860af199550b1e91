//! Microsoft Network Monitor's frame summary, copied: `… TCP:Flags=...A.R.., SrcPort=HTTP(80), DstPort=49321,
//! PayloadLen=0, Seq=1122334456, Ack=2871122700, Win=0 (scale factor 0x8) = 0 {TCP:12, IPv4:11}` (version 3), and
//! `TCP .A..S., len: 4, seq:339000739-339000743, ack: 346564215, win: 8760, src: 1035 dst: 139 (NBT Session)` (version 2).

use whyreset_segments::TcpFlags;

use crate::application::AppHint;
use crate::format::Format;
use crate::hosts::{Names, is_address};
use crate::protocols::Protocol;
use crate::raw_row::{Numbering, RawRow, Window};
use crate::read::Read;
use crate::times::{WrittenTime, read_time};
use crate::tokens::{Token, integer, split_digits, tokens};

/// Reads one row.
pub(crate) fn read_row(line: &str, names: &mut Names) -> Read {
    let found = match line.find("Flags=") {
        Some(at) if line.contains("SrcPort=") => read_version_3(line, at, names),
        _ if line.contains(", seq:") && line.contains(" win:") => read_version_2(line, names),
        _ => read_application(line, names),
    };
    found.map_or(Read::No, Read::row)
}

/// Reads a row of a higher protocol whose conversation was left out.
pub(crate) fn read_short_row(line: &str, names: &mut Names) -> Read {
    read_named_twice(line, names).map_or(Read::No, Read::row)
}

/// A row of a higher protocol whose conversation was left out: the protocol's name stands in its column and again before the
/// description (`… LDAPMessage  LDAPMessage:Bind Request, MessageID: 20`).
fn read_named_twice(line: &str, names: &mut Names) -> Option<RawRow> {
    let words = tokens(crate::tokens::shorten(line, MAX_HEAD));
    let at = words.windows(2).position(|pair| match pair {
        [name, info] => info
            .text
            .strip_prefix(name.text)
            .is_some_and(|rest| rest.starts_with(':')),
        _ => false,
    })?;
    let (name, info) = (words.get(at)?, words.get(at.saturating_add(1))?);
    let kind = crate::protocols::protocol(name.text)?;
    if !matches!(kind, Protocol::OverTcp | Protocol::OnPort(_)) || name.text == "TCP" {
        return None;
    }
    let mut row = read_columns(line.get(..name.start)?, names);
    let start = info.start.saturating_add(name.text.len()).saturating_add(1);
    row.app = AppHint::from_columns(name.text, line.get(start..)?);
    row.format = Format::NetworkMonitor;
    (row.source.host.is_some() && row.destination.host.is_some()).then_some(row)
}

/// The columns take no more bytes.
const MAX_HEAD: usize = 400;

fn read_version_3(line: &str, at: usize, names: &mut Names) -> Option<RawRow> {
    let (before, rest) = line.split_at_checked(at)?;
    let info = before.rfind("TCP:")?;
    let mut row = read_columns(before.get(..info)?, names);
    let (flags, fields) = rest.strip_prefix("Flags=")?.split_once(',')?;
    row.flags = Some(read_flags(flags)?);
    let value = |name: &str| {
        let (_, value) = fields.split_once(name)?;
        value.split([',', '{', '\t']).next().map(str::trim)
    };
    row.source.port = names.port(value("SrcPort=")?);
    row.destination.port = names.port(value("DstPort=")?);
    row.len = value("PayloadLen=").and_then(integer);
    row.seq = value("Seq=").and_then(leading_number);
    row.ack = value("Ack=").and_then(leading_number);
    row.window = value("Win=").map_or(Window::Unsaid, read_window);
    row.stream = conversation(line);
    Some(finished(row))
}

/// `512 (scale factor 0x8) = 131072`: what the header has stands first.
fn read_window(text: &str) -> Window {
    leading_number(text).map_or(Window::Unsaid, Window::Unscaled)
}

fn read_version_2(line: &str, names: &mut Names) -> Option<RawRow> {
    let (before, fields) = line.split_once(", len:")?;
    let words = tokens(before);
    let (flags, columns) = words.split_last()?;
    let flags = read_flags(flags.text)?;
    if columns
        .last()
        .is_none_or(|name| !name.text.starts_with("TCP"))
    {
        return None;
    }
    let mut row = read_columns(before.get(..columns.last()?.start)?, names);
    row.flags = Some(flags);
    let value = |name: &str| {
        let (_, value) = fields.split_once(name)?;
        leading_number(value.trim_start())
    };
    // The SYN's `len` counts its options.
    row.len = leading_number(fields.trim_start()).filter(|_| !flags.contains(TcpFlags::SYN));
    row.seq = value("seq:");
    row.ack = value("ack:");
    row.window = value("win:").map_or(Window::Unsaid, Window::Unscaled);
    for (side, name) in [(&mut row.source, "src:"), (&mut row.destination, "dst:")] {
        if let Some(port) = value(name) {
            side.port = names.port(&port.to_string());
        }
    }
    Some(finished(row))
}

/// A row of a higher protocol: only the conversation behind it (`{HTTP:13, TCP:12, IPv4:11}`) says that it is TCP.
fn read_application(line: &str, names: &mut Names) -> Option<RawRow> {
    let stream = conversation(line)?;
    let head = line.get(..line.rfind('{')?)?;
    let (at, name) = head.match_indices(':').take(16).find_map(|(colon, _)| {
        let start = head
            .get(..colon)?
            .rfind([' ', '\t'])
            .map_or(0, |at| at.saturating_add(1));
        let name = head.get(start..colon)?;
        crate::protocols::protocol(name).map(|_| (start, name))
    })?;
    let mut row = read_columns(head.get(..at)?, names);
    let info = head.get(at.saturating_add(name.len()).saturating_add(1)..)?;
    let said = info
        .trim_start_matches("Request, ")
        .trim_start_matches("Response, ");
    row.app = AppHint::from_columns(name, said);
    row.format = Format::NetworkMonitor;
    row.stream = Some(stream);
    (row.source.host.is_some() && row.destination.host.is_some()).then_some(row)
}

fn finished(mut row: RawRow) -> RawRow {
    row.format = Format::NetworkMonitor;
    row.numbering = Numbering::Absolute;
    if !row.flags.unwrap_or_default().contains(TcpFlags::ACK) {
        row.ack = None;
    }
    row
}

/// The letters of the flags that are set, dots for the others: `...A.R..`, `.A..S.`.
fn read_flags(text: &str) -> Option<TcpFlags> {
    let mut flags = TcpFlags::NONE;
    if !(6..=8).contains(&text.len()) {
        return None;
    }
    for letter in text.chars() {
        flags = flags
            | match letter {
                'C' => TcpFlags::CWR,
                'E' => TcpFlags::ECE,
                'U' => TcpFlags::URG,
                'A' => TcpFlags::ACK,
                'P' => TcpFlags::PSH,
                'R' => TcpFlags::RST,
                'S' => TcpFlags::SYN,
                'F' => TcpFlags::FIN,
                '.' => TcpFlags::NONE,
                _ => return None,
            };
    }
    Some(flags)
}

/// The columns before the description: the frame's number, times, the process, the two hosts, the protocol's name.
fn read_columns(text: &str, names: &mut Names) -> RawRow {
    let words = tokens(text);
    let mut row = RawRow {
        frame: words.first().and_then(|word| integer(word.text)),
        time: time(&words),
        ..RawRow::default()
    };
    let mut hosts = words.iter().filter(|word| is_address(word.text));
    let (first, second) = (hosts.next(), hosts.next());
    let ends = first.zip(second).or_else(|| named_hosts(&words));
    if let Some((source, destination)) = ends {
        row.source = names.side(Some(source.text), None);
        row.destination = names.side(Some(destination.text), None);
    }
    row
}

/// The two columns before the protocol's name.
fn named_hosts<'a, 'b>(words: &'b [Token<'a>]) -> Option<(&'b Token<'a>, &'b Token<'a>)> {
    // A column of one's own may stand behind the protocol's name: the window, most often.
    let words = match words {
        [before @ .., protocol, own]
            if integer::<u64>(own.text).is_some()
                && crate::protocols::protocol(protocol.text).is_some() =>
        {
            before
        }
        [before @ .., protocol] if crate::protocols::protocol(protocol.text).is_some() => before,
        _ => words,
    };
    let (destination, before) = words.split_last()?;
    let source = before.last()?;
    // The columns of the hosts may be left out: what stands there then are the date and the time.
    let is_host = |word: &Token<'_>| read_time(&[word.text]).is_none() && !is_date(word.text);
    (is_host(source) && is_host(destination)).then_some((source, destination))
}

/// `2024-03-01`, `3/4/2013`, `01.03.2024`: three numbers.
fn is_date(word: &str) -> bool {
    let parts: Vec<&str> = word.split(['-', '/', '.']).collect();
    parts.len() == 3 && parts.iter().all(|part| integer::<u32>(part).is_some())
}

/// The offset since the start, if there is one; else the time of day, of twelve hours or of 24.
fn time(words: &[Token<'_>]) -> Option<WrittenTime> {
    let texts: Vec<&str> = words.iter().skip(1).take(8).map(|word| word.text).collect();
    let at = |from: usize| read_time(texts.get(from..).unwrap_or(&[]));
    let offset = (0..texts.len())
        .filter_map(at)
        .map(|(time, _)| time)
        .find(|time| matches!(time, WrittenTime::Seconds(_)));
    if offset.is_some() {
        return offset;
    }
    let (from, (time, used)) = (0..texts.len()).find_map(|from| Some((from, at(from)?)))?;
    let half = texts.get(from.saturating_add(used)).copied();
    Some(match (time, half) {
        (WrittenTime::OfDay(nanos), Some("PM")) if nanos < NOON => {
            WrittenTime::OfDay(nanos.saturating_add(NOON))
        }
        (WrittenTime::OfDay(nanos), Some("AM")) if nanos >= NOON => {
            WrittenTime::OfDay(nanos.saturating_sub(NOON))
        }
        (time, _) => time,
    })
}

/// Nanoseconds from midnight to noon.
const NOON: i64 = 12 * 3_600 * 1_000_000_000;

/// The number of the conversation: `{TCP:12, IPv4:11}`.
fn conversation(line: &str) -> Option<u32> {
    let inner = line.get(line.rfind('{')?..)?;
    let (_, number) = inner.split_once("TCP:")?;
    leading_number(number)
}

fn leading_number(text: &str) -> Option<u32> {
    integer(split_digits(text.trim_start()).0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::Port;

    fn row(line: &str) -> RawRow {
        read_row(line, &mut Names::default()).into_row()
    }

    #[test]
    fn a_date_and_a_time_are_no_hosts() {
        let read = row(
            "2024-03-01 10:00:00.0001 TCP: Flags=......S., SrcPort=50122, DstPort=HTTPS(443), PayloadLen=0, Seq=100",
        );
        assert!(read.source.host.is_none() && read.destination.host.is_none());
    }

    #[test]
    fn columns_of_ones_own_and_rows_without_a_conversation() {
        let mut names = Names::default();
        for (line, source) in [
            (
                "4013 4.0967400 (4588) adfs1 sts.example.net TCP 8192 TCP: [Bad CheckSum]Flags=CE....S., SrcPort=56156, DstPort=HTTPS(443)",
                "adfs1",
            ),
            (
                "host88.contoso.local  dc2.contoso.local  LDAPMessage  LDAPMessage:Bind Request, MessageID: 20",
                "host88.contoso.local",
            ),
        ] {
            let row = match read_row(line, &mut names) {
                Read::No => read_short_row(line, &mut names).into_row(),
                read => read.into_row(),
            };
            assert_eq!(names.hosts.display(row.source.host.unwrap()), source);
        }
        for line in ["see SMB SMB:", "a b ARP ARP:Request", "a b TCP TCP:x"] {
            assert!(
                matches!(read_short_row(line, &mut names), Read::No),
                "{line}"
            );
        }
    }

    #[test]
    fn version_3() {
        let row = row(
            "105\t10:15:52 AM 3/4/2013\t42.3469789\tiexplore.exe\t10.0.0.9\t10.0.0.5\tTCP\tTCP:Flags=...A.R.., SrcPort=HTTP(80), DstPort=49321, PayloadLen=0, Seq=1122334456, Ack=2871122700, Win=0 (scale factor 0x8) = 0\t{TCP:12, IPv4:11}",
        );
        assert_eq!(row.frame, Some(105));
        assert_eq!(row.time, Some(WrittenTime::Seconds(42_346_978_900)));
        assert_eq!(row.flags, Some(TcpFlags::RST | TcpFlags::ACK));
        assert_eq!(row.source.port, Port::Number(80));
        assert_eq!(
            (row.seq, row.ack, row.len),
            (Some(1_122_334_456), Some(2_871_122_700), Some(0))
        );
        assert_eq!(row.stream, Some(12));
    }

    #[test]
    fn a_range_and_a_host_name() {
        let row = row(
            "17 9.5 CLIENT01 SERVER01 TCP TCP:Flags=...AP..., SrcPort=1433, DstPort=50001, PayloadLen=10, Seq=100 - 110, Ack=5, Win=512",
        );
        assert_eq!((row.seq, row.len), (Some(100), Some(10)));
        assert!(row.source.host.is_some() && row.destination.host.is_some());
    }

    #[test]
    fn version_2() {
        let row = row(
            "20.866 157.57.11.169 157.57.24.193 TCP .A..S., len:    4, seq: 339000739-339000743, ack: 346564215, win: 8760, src:  139 (NBT Session)  dst: 1035",
        );
        assert_eq!(row.flags, Some(TcpFlags::SYN | TcpFlags::ACK));
        assert_eq!(
            (row.seq, row.ack, row.len),
            (Some(339_000_739), Some(346_564_215), None)
        );
        assert_eq!(row.destination.port, Port::Number(1035));
    }

    #[test]
    fn application_rows() {
        let row = row(
            "104\t12.3469789\tiexplore.exe\t10.0.0.5\t10.0.0.9\tHTTP\tHTTP:Request, GET /report.aspx \t{HTTP:13, TCP:12, IPv4:11}",
        );
        assert!(matches!(row.app, AppHint::HttpRequest { .. }));
        assert_eq!(row.stream, Some(12));
    }

    #[test]
    fn twelve_hours() {
        let clock = |line: &str| match row(line).time {
            Some(WrittenTime::OfDay(nanos)) => nanos / 3_600_000_000_000,
            other => panic!("{other:?}"),
        };
        let rest =
            "a 10.0.0.9 10.0.0.5 TCP TCP:Flags=...A...., SrcPort=80, DstPort=4, Seq=1, Ack=1";
        assert_eq!(clock(&format!("1 1:15:52 PM {rest}")), 13);
        assert_eq!(clock(&format!("1 12:15:52 AM {rest}")), 0);
    }
}
