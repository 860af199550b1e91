//! Wireshark's packet list and tshark's one line per packet: columns in any order, with and without numbers, times and
//! addresses.
//!
//! Rows of plain TCP are found by their Info column (ports, arrow, flags); the columns stand before it. Rows of higher
//! protocols are found by their Protocol column, which stands behind the addresses.

use crate::application::AppHint;
use crate::compact::is_number_title;
use crate::format::Format;
use crate::hosts::{Names, is_address, mac_address};
use crate::icmp_info::icmp_error;
use crate::info_column::{Info, find_info, is_arrow, leading_marks, split_joined_arrow};
use crate::protocols::{Protocol, may_be_protocol, protocol};
use crate::raw_row::{Numbering, RawRow, Window};
use crate::read::{Read, Reason};
use crate::times::{WrittenTime, read_time};
use crate::tokens::{Token, integer, tokens};

/// What stands between the Protocol and the Info column; learned from rows with numbers, needed for those without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum MiddleColumns {
    /// Length alone, or nothing.
    #[default]
    Length,
    /// Source port, destination port, Length.
    PortsAndLength,
    /// Raw sequence and acknowledgement number, Length.
    RawNumbersAndLength,
}

/// Reads one row.
pub(crate) fn read_row(line: &str, names: &mut Names, middle: &mut MiddleColumns) -> Read {
    match find_info(line) {
        Some(info) => read_tcp_row(line, &info, names, middle),
        None => read_other_row(line, names, *middle),
    }
}

fn read_tcp_row(
    line: &str,
    info: &Info<'_>,
    names: &mut Names,
    middle: &mut MiddleColumns,
) -> Read {
    if info.start > MAX_COLUMNS {
        return Read::No;
    }
    let mut before = tokens(line.get(..info.start).unwrap_or(""));
    let lead = read_lead_and_time(&mut before);
    let rest = before.get(lead.used..).unwrap_or(&[]);
    let (host_tokens, columns) = split_at_protocol(rest);
    let Some(hosts) = read_hosts(host_tokens) else {
        return Read::Unread(Reason::Addresses);
    };
    let mut row = lead.row();
    row.format = hosts.format();
    let (source_port, destination_port) = info.ports.or(hosts.ports).unzip();
    row.source = names.side(hosts.source.as_deref(), source_port);
    row.destination = names.side(hosts.destination.as_deref(), destination_port);
    if let (None, Some((source, destination))) = (&hosts.source, info.ports)
        && !is_port(source)
        && !is_port(destination)
    {
        // `client -> server [SYN]`: written by hand.
        row.source = names.side(Some(source), None);
        row.destination = names.side(Some(destination), None);
    }
    take_info(&mut row, info);
    row.frame_len = hosts.frame_len;
    take_middle(&mut row, columns, info, middle);
    take_trailing(&mut row, line.get(info.end..).unwrap_or(""));
    Read::row(row)
}

/// The columns before the protocol, and those behind it.
fn split_at_protocol<'a, 'b>(rest: &'b [Token<'a>]) -> (&'b [Token<'a>], &'b [Token<'a>]) {
    let known = rest
        .iter()
        .rposition(|token| protocol(token.text).is_some());
    let hosts = if rest.get(1).is_some_and(|token| is_arrow(token.text)) {
        3
    } else {
        2
    };
    let (before, behind) = rest
        .split_at_checked(known.unwrap_or(hosts))
        .unwrap_or((rest, &[]));
    match behind.split_first() {
        Some((first, columns)) if known.is_some() || may_be_protocol(first.text) => {
            (before, columns)
        }
        _ => (before, behind),
    }
}

/// The columns before the addresses.
#[derive(Default)]
struct Lead {
    frame: Option<u64>,
    time: Option<WrittenTime>,
    /// How many tokens they are.
    used: usize,
}

impl Lead {
    fn row(&self) -> RawRow {
        RawRow {
            frame: self.frame,
            time: self.time,
            ..RawRow::default()
        }
    }

    fn is_empty(&self) -> bool {
        self.frame.is_none() && self.time.is_none()
    }
}

/// Frame number (the last of several counters) and the time that says most.
fn read_lead(all: &[Token<'_>]) -> Lead {
    let mut lead = Lead::default();
    let numbered = |at: usize| {
        let token: Option<&Token<'_>> = all.get(at);
        token.is_some_and(|token| integer::<u64>(token.text.trim_end_matches(['.', ':'])).is_some())
    };
    if all.first().is_some_and(|first| is_number_title(first.text)) && numbered(1) {
        // `Frame 42:  10.0.0.1 → …`.
        lead.used = 1;
    }
    while let Some(token) = all.get(lead.used) {
        if lead.time.is_none()
            && let Some(number) = integer(token.text.trim_end_matches(['.', ':']))
        {
            lead.frame = Some(number);
            lead.used = lead.used.saturating_add(1);
            continue;
        }
        let words: Vec<&str> = all
            .iter()
            .skip(lead.used)
            .take(4)
            .map(|token| token.text)
            .collect();
        let Some((time, used)) = read_time(&words) else {
            break;
        };
        if lead.time.is_none_or(|known| time.rank() > known.rank()) {
            lead.time = Some(time);
        }
        lead.used = lead.used.saturating_add(used);
    }
    lead
}

/// Where number and time begin that words were left standing before (`client.txt   1 0.000 10.0.0.1 → …`): the words are no
/// column, as the addresses come behind the time.
fn lead_behind_words(all: &[Token<'_>]) -> Option<usize> {
    if all.first().is_none_or(|first| is_address(first.text)) {
        return None;
    }
    (1..=MAX_WORDS_BEFORE).find(|at| {
        let rest = all.get(*at..).unwrap_or(&[]);
        let lead = read_lead(rest);
        let behind = rest.get(lead.used);
        lead.frame.is_some()
            && lead.time.is_some()
            && behind.is_some_and(|token| is_address(token.text))
    })
}

/// More words before a row's number are not looked at.
const MAX_WORDS_BEFORE: usize = 6;

/// The same; a time that stands behind the first address is taken out from there.
fn read_lead_and_time(all: &mut Vec<Token<'_>>) -> Lead {
    let mut lead = read_lead(all);
    if lead.is_empty()
        && let Some(at) = lead_behind_words(all)
    {
        all.drain(..at);
        lead = read_lead(all);
    }
    let address = all
        .get(lead.used)
        .is_some_and(|token| is_address(token.text));
    let at = lead.used.saturating_add(1);
    let time = all
        .get(at)
        .filter(|_| address && lead.time.is_none())
        .and_then(|token| read_time(&[token.text]));
    if let Some((time, _)) = time {
        lead.time = Some(time);
        all.remove(at);
    }
    lead
}

/// The address columns, with ports between them where there are.
#[derive(Default)]
struct Hosts<'a> {
    source: Option<String>,
    destination: Option<String>,
    ports: Option<(&'a str, &'a str)>,
    /// A Length column that stands between the addresses and the Protocol.
    frame_len: Option<u32>,
    arrow: bool,
}

impl Hosts<'_> {
    fn format(&self) -> Format {
        if self.arrow {
            Format::Tshark
        } else {
            Format::WiresharkList
        }
    }
}

/// `None` where they cannot be told apart.
fn read_hosts<'a>(all: &[Token<'a>]) -> Option<Hosts<'a>> {
    if let Some(at) = all.iter().position(|token| is_arrow(token.text)) {
        let joined = at.checked_sub(1).and_then(|before| {
            let source = split_port(all.get(before)?.text)?;
            let destination = split_port(all.get(at.saturating_add(1))?.text)?;
            Some((source, destination))
        });
        if let Some((source, destination)) = joined {
            return Some(Hosts {
                source: Some(source.0.to_owned()),
                destination: Some(destination.0.to_owned()),
                ports: Some((source.1, destination.1)),
                arrow: true,
                ..Hosts::default()
            });
        }
        return Some(Hosts {
            source: Some(phrase(all.get(..at)?)?),
            destination: Some(phrase(all.get(at.saturating_add(1)..)?)?),
            arrow: true,
            ..Hosts::default()
        });
    }
    if let Some(hosts) = read_names_and_ports(all) {
        return Some(hosts);
    }
    match all {
        [] => Some(Hosts::default()),
        [one] => split_joined_arrow(one.text).map(|(source, destination)| Hosts {
            source: Some(source.to_owned()),
            destination: Some(destination.to_owned()),
            arrow: true,
            ..Hosts::default()
        }),
        [source, destination] => Some(Hosts {
            source: Some(source.text.to_owned()),
            destination: Some(destination.text.to_owned()),
            ..Hosts::default()
        }),
        [source, source_port, destination, destination_port]
            if !is_address(source_port.text)
                && is_port(destination_port.text)
                && is_port(source_port.text) =>
        {
            Some(Hosts {
                source: Some(source.text.to_owned()),
                destination: Some(destination.text.to_owned()),
                ports: Some((source_port.text, destination_port.text)),
                ..Hosts::default()
            })
        }
        _ => read_addresses(all).or_else(|| read_host_phrases(all)),
    }
}

/// `10.0.0.1.80:`, as people write who know tcpdump.
fn split_port(text: &str) -> Option<(&str, &str)> {
    let (host, port) = text.trim_end_matches(':').rsplit_once('.')?;
    (is_address(host) && integer::<u16>(port).is_some()).then_some((host, port))
}

/// Two names and their ports behind them: `SRC DST 64569   25000` (`src` is a port's name too).
fn read_names_and_ports<'a>(all: &[Token<'a>]) -> Option<Hosts<'a>> {
    let [source, destination, source_port, destination_port] = all else {
        return None;
    };
    let is_name = |word: &str| word.starts_with(|c: char| c.is_alphabetic());
    let is_number = |word: &str| integer::<u16>(word).is_some();
    let names = is_name(source.text) && is_name(destination.text);
    let ports = is_number(source_port.text) && is_number(destination_port.text);
    (names && ports).then(|| Hosts {
        source: Some(source.text.to_owned()),
        destination: Some(destination.text.to_owned()),
        ports: Some((source_port.text, destination_port.text)),
        ..Hosts::default()
    })
}

/// Two addresses, each perhaps followed by its port, and perhaps the Length behind them: all that stands there.
fn read_addresses<'a>(all: &[Token<'a>]) -> Option<Hosts<'a>> {
    let words: Vec<&str> = all.iter().take(6).map(|token| token.text).collect();
    let (source, destination, ports, frame_len) = match words.as_slice() {
        [a, a_port, b, b_port, len] => (a, b, Some((*a_port, *b_port)), Some(*len)),
        [a, b, a_port, b_port] => (a, b, Some((*a_port, *b_port)), None),
        [a, b, len] => (a, b, None, Some(*len)),
        _ => return None,
    };
    let ports_fit = ports.is_none_or(|(a, b)| is_port(a) && is_port(b));
    if !is_address(source) || !is_address(destination) || !ports_fit {
        return None;
    }
    let frame_len = match frame_len {
        Some(len) => Some(integer::<u32>(len)?),
        None => None,
    };
    Some(Hosts {
        source: Some((*source).to_owned()),
        destination: Some((*destination).to_owned()),
        ports,
        frame_len,
        arrow: false,
    })
}

/// Hosts of several words (`source(my pc)`), told apart by the gaps between columns; the two addresses among them, if there are.
fn read_host_phrases<'a>(all: &[Token<'a>]) -> Option<Hosts<'a>> {
    let mut groups: Vec<String> = Vec::new();
    for token in all.iter().take(16) {
        match groups.last_mut() {
            Some(group) if !token.wide_gap => {
                group.push(' ');
                group.push_str(token.text);
            }
            _ => groups.push(token.text.to_owned()),
        }
    }
    let addresses: Vec<&str> = all
        .iter()
        .map(|token| token.text)
        .filter(|word| is_address(word))
        .collect();
    match (groups.as_slice(), addresses.as_slice()) {
        (_, [source, destination]) => Some(Hosts {
            source: Some((*source).to_owned()),
            destination: Some((*destination).to_owned()),
            ..Hosts::default()
        }),
        ([source, destination], _) => Some(Hosts {
            source: Some(source.clone()),
            destination: Some(destination.clone()),
            ..Hosts::default()
        }),
        _ => None,
    }
}

/// Number, time and the two hosts of a row whose other columns are read elsewhere.
pub(crate) fn read_columns_before(
    columns: &[Token<'_>],
    ports: Option<(&str, &str)>,
    names: &mut Names,
) -> Option<RawRow> {
    let lead = read_lead(columns);
    let hosts = read_hosts(columns.get(lead.used..).unwrap_or(&[]))?;
    let mut row = lead.row();
    let (source_port, destination_port) = ports.unzip();
    row.source = names.side(hosts.source.as_deref(), source_port);
    row.destination = names.side(hosts.destination.as_deref(), destination_port);
    Some(row)
}

fn is_port(word: &str) -> bool {
    integer::<u16>(word).is_some() || crate::services::port_of_service(word).is_some()
}

fn phrase(all: &[Token<'_>]) -> Option<String> {
    let words: Vec<&str> = all.iter().take(8).map(|token| token.text).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

pub(crate) fn take_info(row: &mut RawRow, info: &Info<'_>) {
    let numbers = &info.numbers;
    row.flags = Some(info.flags);
    row.seq = numbers.seq;
    row.ack = numbers.ack;
    row.numbering = Numbering::Wireshark;
    row.window = numbers.window.map_or(Window::Unsaid, Window::Calculated);
    row.urgent = numbers.urgent;
    row.len = numbers.len;
    row.options = numbers.options;
    row.some_options = numbers.some_options;
    row.all_options = numbers.complete();
    row.marks = info.marks.iter().map(|mark| (*mark).into()).collect();
}

/// Columns between Protocol and Info.
fn take_middle(
    row: &mut RawRow,
    columns: &[Token<'_>],
    info: &Info<'_>,
    middle: &mut MiddleColumns,
) {
    let words: Vec<&str> = columns.iter().map(|token| token.text).collect();
    *middle = MiddleColumns::Length;
    match words.as_slice() {
        [.., first, second, len] => {
            row.frame_len = integer(len);
            if info.ports == Some((*first, *second)) || integer::<u32>(first).is_none() {
                *middle = MiddleColumns::PortsAndLength;
            } else if let (Some(seq), Some(ack)) = (integer(first), integer(second)) {
                *middle = MiddleColumns::RawNumbersAndLength;
                row.seq = Some(seq);
                row.ack = Some(ack);
                row.numbering = Numbering::Absolute;
            }
        }
        [.., len] => row.frame_len = integer(len).or(row.frame_len),
        [] => {}
    }
}

/// A lone whole number behind the Info column is the Length; anything else (a second time, delta, ports) is not used.
fn take_trailing(row: &mut RawRow, rest: &str) {
    let mut words = rest.split_whitespace();
    if let (Some(word), None) = (words.next(), words.next())
        && row.frame_len.is_none()
    {
        row.frame_len = integer(word).filter(|len| *len >= 40);
    }
}

/// A row whose Info column hides TCP's numbers, or one of another protocol.
fn read_other_row(line: &str, names: &mut Names, middle: MiddleColumns) -> Read {
    // The Protocol column of a row stands early: more tokens are not looked at.
    let head_end = line
        .char_indices()
        .nth(MAX_HEAD)
        .map_or(line.len(), |(at, _)| at);
    let mut all = tokens(line.get(..head_end).unwrap_or(line));
    let lead = read_lead_and_time(&mut all);
    let rest = all.get(lead.used..).unwrap_or(&[]);
    let Some(at) = find_protocol(rest, &lead) else {
        return Read::No;
    };
    let Some(name) = rest.get(at) else {
        return Read::No;
    };
    let Some(hosts) = read_hosts(rest.get(..at).unwrap_or(&[])) else {
        return Read::No;
    };
    let info = line.get(name.end()..).unwrap_or("");
    let mut row = lead.row();
    row.format = hosts.format();
    let (source_port, destination_port) = hosts.ports.unzip();
    row.source = names.side(hosts.source.as_deref(), source_port);
    row.destination = names.side(hosts.destination.as_deref(), destination_port);
    match protocol(name.text) {
        Some(Protocol::Other) => Read::foreign(&row),
        Some(Protocol::Icmp) => read_icmp(row, name.text, info),
        Some(Protocol::OverTcp | Protocol::OnPort(_)) | None => {
            take_hidden_info(&mut row, name.text, info, names, middle);
            row.frame_len = row.frame_len.or(hosts.frame_len);
            Read::row(row)
        }
    }
}

/// The columns before the Info take no more bytes than this.
const MAX_COLUMNS: usize = 1_024;

/// Characters of a line in which the Protocol column is looked for.
const MAX_HEAD: usize = 400;

/// Where the Protocol column of a row without TCP's numbers is. What stands before must prove that this is a row.
fn find_protocol(rest: &[Token<'_>], lead: &Lead) -> Option<usize> {
    if is_protocol_and_length(rest) && lead.frame.is_some() && lead.time.is_some() {
        // No addresses at all: number, time, protocol, length.
        return Some(0);
    }
    // An arrow that nothing follows is an Info column (`PGSQL 74 >`).
    let arrow = rest.iter().take(8).position(|token| is_arrow(token.text));
    if let Some(arrow) = arrow.filter(|at| rest.get(at.saturating_add(2)).is_some()) {
        let name = arrow.saturating_add(2);
        let source = rest.get(arrow.checked_sub(1)?)?;
        let destination = rest.get(arrow.saturating_add(1))?;
        let proven = !lead.is_empty() || (is_address(source.text) && is_address(destination.text));
        let word = rest.get(name)?.text;
        return (proven && (protocol(word).is_some() || may_be_protocol(word))).then_some(name);
    }
    if rest
        .first()
        .is_some_and(|token| protocol(token.text).is_some())
    {
        return None;
    }
    if let [source, destination, name, ..] = rest
        && is_host_column(source.text)
        && is_host_column(destination.text)
        && may_be_protocol(name.text)
    {
        return Some(2);
    }
    let at = rest
        .iter()
        .take(16)
        .position(|token| protocol(token.text).is_some())?;
    let both = rest
        .iter()
        .take(at)
        .filter(|token| is_host_column(token.text))
        .count()
        == 2;
    let full_lead = lead.frame.is_some() && lead.time.is_some();
    (at >= 2 && (both || full_lead || (at == 2 && lead.time.is_some()))).then_some(at)
}

fn is_protocol_and_length(rest: &[Token<'_>]) -> bool {
    let name = rest
        .first()
        .is_some_and(|token| protocol(token.text).is_some());
    let length = rest.get(1).and_then(|token| integer::<u32>(token.text));
    name && length.is_some()
}

fn is_host_column(word: &str) -> bool {
    is_address(word) || mac_address(word).is_some()
}

fn read_icmp(mut row: RawRow, name: &str, info: &str) -> Read {
    let Some(error) = icmp_error(info, name == "ICMPv6") else {
        return Read::foreign(&row);
    };
    row.icmp = Some(error);
    row.frame_len = info.split_whitespace().next().and_then(integer);
    Read::row(row)
}

/// What stands behind the Protocol column of a row without TCP's numbers.
fn take_hidden_info(
    row: &mut RawRow,
    name: &str,
    info: &str,
    names: &mut Names,
    middle: MiddleColumns,
) {
    let words = tokens(crate::tokens::shorten(info, MAX_HEAD));
    let columns: Vec<&str> = words.iter().take(3).map(|token| token.text).collect();
    let (used, len) = match (middle, columns.as_slice()) {
        (MiddleColumns::PortsAndLength, [source, destination, len])
            if integer::<u32>(len).is_some() =>
        {
            row.source.port = names.port(source);
            row.destination.port = names.port(destination);
            (3, integer(len))
        }
        (MiddleColumns::RawNumbersAndLength, [seq, ack, len])
            if [seq, ack, len]
                .iter()
                .all(|word| integer::<u32>(word).is_some()) =>
        {
            row.seq = integer(seq);
            row.ack = integer(ack);
            row.numbering = Numbering::Absolute;
            (3, integer(len))
        }
        (_, [len, ..]) if integer::<u32>(len).is_some() => (1, integer(len)),
        _ => (0, None),
    };
    let start = match usize::checked_sub(used, 1).and_then(|last| words.get(last)) {
        Some(last) => last.end(),
        None => 0,
    };
    let info = info.get(start..).unwrap_or("");
    let (marks, info) = leading_marks(info);
    row.marks = marks.into_iter().map(Into::into).collect();
    row.frame_len = len.or_else(|| trailing_length(info));
    row.app = AppHint::from_columns(name, info);
}

/// The Length column behind the Info: a whole number after a wide gap.
fn trailing_length(info: &str) -> Option<u32> {
    let info = info.trim_end();
    let at = info.rfind([' ', '\t'])?;
    let (before, word) = info.split_at_checked(at)?;
    let wide = before.ends_with([' ', '\t']) || word.starts_with('\t');
    integer(word.trim()).filter(|len| wide && *len >= 40)
}
