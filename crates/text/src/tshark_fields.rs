//! `tshark -T fields`: one line per packet, its columns named by a header (`-E header=y`), or by the command above it
//! (`-e frame.number -e ip.src …`).

use crate::fields::{FieldSet, read_fields};
use crate::format::Format;
use crate::hosts::{Names, Port};
use crate::raw_row::RawRow;
use crate::read::Read;
use crate::tokens::shorten;

/// The columns that a header, or a command line, has announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    names: Vec<String>,
    separator: char,
}

const SEPARATORS: [char; 5] = ['\t', ',', ';', '|', ' '];

/// More columns than this are no header.
const MAX_COLUMNS: usize = 256;

/// Reads a header, if `line` is one.
pub(crate) fn read_header(line: &str) -> Option<Header> {
    let line = shorten(line.trim(), 8_192);
    // The first name may stand in quotes.
    if !begins_like_field(line.trim_start_matches(['"', '\''])) {
        return None;
    }
    SEPARATORS.into_iter().find_map(|separator| {
        let names: Vec<String> = split(line, separator);
        let fits = names.len() >= 2
            && names.len() <= MAX_COLUMNS
            && names.iter().all(|name| is_field(name));
        fits.then_some(Header { names, separator })
    })
}

/// Reads the columns out of a command with `-T fields`.
pub(crate) fn read_command(line: &str) -> Option<Header> {
    if !line.contains("fields") || !line.contains(" -e") {
        return None;
    }
    let words: Vec<&str> = shorten(line, 8_192).split_whitespace().collect();
    let mut names = Vec::new();
    let mut separator = '\t';
    for pair in words.windows(2) {
        if let ["-e", name] = pair
            && is_field(name)
            && names.len() < MAX_COLUMNS
        {
            names.push((*name).to_owned());
        }
    }
    for word in words {
        if let Some(value) = word.trim_matches(['"', '\'']).strip_prefix("separator=") {
            separator = match value.trim_matches(['"', '\'']) {
                "/t" => '\t',
                "/s" => ' ',
                other => other.chars().next().unwrap_or('\t'),
            };
        }
    }
    (names.len() >= 2).then_some(Header { names, separator })
}

/// `tcp.seq`, `_ws.col.Info`.
fn is_field(name: &str) -> bool {
    begins_like_field(name)
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

fn begins_like_field(name: &str) -> bool {
    let kinds = [
        "frame.", "eth.", "sll.", "ip.", "ipv6.", "tcp.", "udp.", "icmp.", "icmpv6.", "http.",
        "http2.", "tls.", "ssl.", "_ws.", "dns.",
    ];
    kinds
        .iter()
        .any(|kind| name.len() > kind.len() && name.starts_with(kind))
}

/// Reads a packet by its header.
pub(crate) fn read_row(line: &str, header: &Header, names: &mut Names) -> Read {
    let cells = split(line, header.separator);
    let expected = header.names.len();
    if cells.len() > expected || cells.len() < expected.min(2) {
        return Read::No;
    }
    let mut fields = FieldSet::default();
    for (name, value) in header.names.iter().zip(&cells) {
        fields.add(name, value.trim());
    }
    if fields.is_empty() {
        return Read::No;
    }
    match read_fields(&fields, Format::TsharkFields, names) {
        // A line of prose has no value that could be understood.
        Read::Row(row) if says_nothing(&row) => Read::No,
        read => read,
    }
}

fn says_nothing(row: &RawRow) -> bool {
    let hosts = row.source.host.is_some();
    let number = |port: Port| matches!(port, Port::Number(_));
    let ports = number(row.source.port) && number(row.destination.port);
    row.seq.is_none() && row.flags.is_none() && !hosts && !ports
}

/// Splits at a separator, respecting quotes.
fn split(line: &str, separator: char) -> Vec<String> {
    let line = line.trim_end_matches(['\r', '\n']);
    if !line.contains(['"', '\'']) {
        let cells = line.split(separator).take(MAX_COLUMNS + 1);
        return cells.map(str::to_owned).collect();
    }
    let mut cells = vec![String::new()];
    let mut quote: Option<char> = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let at_start = cells.last().is_some_and(String::is_empty);
        let next = chars.peek().copied();
        match (c, quote) {
            ('"' | '\'', None) if at_start => quote = Some(c),
            // A quote within the text closes nothing.
            (_, Some(open)) if c == open && next.is_none_or(|next| next == separator) => {
                quote = None
            }
            (_, None) if c == separator => {
                if cells.len() > MAX_COLUMNS {
                    return cells;
                }
                cells.push(String::new());
            }
            _ => cells.last_mut().into_iter().for_each(|cell| cell.push(c)),
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_commands() {
        let header = read_header("frame.number,ip.src,tcp.srcport").unwrap();
        assert_eq!((header.names.len(), header.separator), (3, ','));
        assert!(read_header("frame.number\ttcp.flags").is_some());
        assert!(read_header("No. Time Source").is_none());
        let command =
            read_command("$ tshark -r x.pcap -T fields -e frame.number -e tcp.seq -E separator=,")
                .unwrap();
        assert_eq!(
            command,
            Header {
                names: vec!["frame.number".into(), "tcp.seq".into()],
                separator: ','
            }
        );
    }

    #[test]
    fn quoted_cells() {
        assert_eq!(split("1,\"a,b\",,c", ','), ["1", "a,b", "", "c"]);
    }
}
