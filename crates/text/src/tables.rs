//! Tables: Wireshark's CSV export, tables of tabs, of Markdown, and what is left of HTML ones.
//!
//! With a title row each cell is taken for what its title says; without one the cells are read as Wireshark's columns.

use crate::application::AppHint;
use crate::format::Format;
use crate::hosts::{Names, is_address};
use crate::icmp_info::icmp_error;
use crate::info_column::{find_info, leading_marks};
use crate::protocols::{Protocol, protocol};
use crate::raw_row::{Numbering, RawRow};
use crate::read::Read;
use crate::times::read_time;
use crate::tokens::{integer, shorten};
use crate::wireshark_list::{MiddleColumns, read_row, take_info};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Number,
    Time,
    Source,
    SourcePort,
    Destination,
    DestinationPort,
    Protocol,
    Length,
    Info,
    RawSeq,
    RawAck,
    Other,
}

/// More cells than this are no row.
const MAX_CELLS: usize = 128;

/// The cells of a line, if it is a row of a table.
pub(crate) fn cells(line: &str) -> Option<Vec<String>> {
    let text = line.trim();
    if text.starts_with('|') && text.matches('|').count() >= 4 {
        return Some(markdown_cells(text));
    }
    let quoted = text.starts_with('"')
        || text
            .split_once(',')
            .is_some_and(|(first, rest)| integer::<u64>(first).is_some() && rest.starts_with('"'));
    for separator in [',', ';'] {
        let between = format!("\"{separator}\"");
        if quoted && text.matches(&*between).count() >= 2 {
            return Some(csv_cells(text, separator));
        }
    }
    // Spreadsheets write semicolons where the comma is the decimal mark.
    let plain_csv = |separator: char| {
        let numbered = |cell: &str| integer::<u64>(cell.trim()).is_some();
        text.matches(separator).count() >= 5
            && text
                .split(separator)
                .next()
                .is_some_and(|cell| numbered(cell) || title(cell) != Column::Other)
    };
    let separator = [',', ';']
        .into_iter()
        .find(|separator| plain_csv(*separator));
    if let Some(separator) = separator.filter(|_| !text.contains("Flags [")) {
        return Some(csv_cells(text, separator));
    }
    let tabs = text.matches('\t').count() >= 4;
    tabs.then(|| {
        text.split('\t')
            .map(|cell| cell.trim().to_owned())
            .take(MAX_CELLS)
            .collect()
    })
}

/// The line between the titles and the rows: `| --: | :---: |`.
pub(crate) fn is_rule(cells: &[String]) -> bool {
    cells
        .iter()
        .all(|cell| cell.contains('-') && cell.chars().all(|c| matches!(c, '-' | ':' | ' ')))
}

fn markdown_cells(text: &str) -> Vec<String> {
    let inner = text.trim_matches('|');
    inner
        .split('|')
        .take(MAX_CELLS)
        .map(|cell| without_emphasis(cell).to_owned())
        .collect()
}

/// A cell without what Markdown makes it stand out with: `**7**`, `` `0.000714` ``.
fn without_emphasis(cell: &str) -> &str {
    let mut cell = cell.trim();
    for mark in ["**", "__", "`", "*", "`"] {
        let inner = cell
            .strip_prefix(mark)
            .and_then(|rest| rest.strip_suffix(mark));
        // Stars mask addresses as well.
        if let Some(inner) = inner.filter(|inner| !inner.contains('*')) {
            cell = inner.trim();
        }
    }
    cell.trim_matches('`')
}

/// Fields between separators; quotes protect those, doubled quotes stand for one.
fn csv_cells(text: &str, separator: char) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(cell) = cells.last_mut() else { break };
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                cell.push('"');
                chars.next();
            }
            '"' => quoted = !quoted,
            c if c == separator && !quoted => {
                if cells.len() >= MAX_CELLS {
                    break;
                }
                cells.push(String::new());
            }
            _ => cell.push(c),
        }
    }
    cells
}

/// Splits records that were run together with blanks between them: `…Len=0" "18767","11:58…`.
pub(crate) fn split_records(line: &str) -> Vec<&str> {
    let mut records = Vec::new();
    let mut rest = line;
    while let Some(at) = record_end(rest) {
        let (record, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        records.push(record);
        rest = after.trim_start();
    }
    records.push(rest);
    records
}

/// Where a quoted cell ends and, after blanks, another quoted number begins.
fn record_end(text: &str) -> Option<usize> {
    let mut from = 0_usize;
    while let Some(at) = text.get(from..)?.find("\" ") {
        let at = from.saturating_add(at).saturating_add(1);
        let after = text.get(at..)?.trim_start();
        let digits = after.strip_prefix('"').unwrap_or(after);
        let number_len = digits.bytes().take_while(u8::is_ascii_digit).count();
        let follows = digits
            .get(number_len..)
            .is_some_and(|rest| rest.starts_with("\",\"") || rest.starts_with(",\""));
        if number_len > 0 && follows {
            return Some(at);
        }
        from = at;
    }
    None
}

/// The columns that a title row announces, if `cells` are one.
pub(crate) fn titles(cells: &[String]) -> Option<Vec<Column>> {
    let columns: Vec<Column> = cells.iter().map(|cell| title(cell)).collect();
    let known = columns
        .iter()
        .filter(|column| **column != Column::Other)
        .count();
    let has = |column| columns.contains(&column);
    (known >= 3 && (has(Column::Info) || (has(Column::Source) && has(Column::Destination))))
        .then_some(columns)
}

fn title(cell: &str) -> Column {
    match cell
        .trim()
        .trim_matches(['*', '"', '`'])
        .to_ascii_lowercase()
        .as_str()
    {
        "no." | "no" | "nr." | "nr" | "n." | "nº" | "n°" | "number" | "frame" | "#" | "packet"
        | "frame number" | "番号" | "序号" => Column::Number,
        "time" | "timestamp" | "absolute time" | "arrival time" | "utc time" | "date"
        | "relative time" | "zeit" | "temps" | "tiempo" | "tempo" | "时间" | "時間" => {
            Column::Time
        }
        "source" | "src" | "source address" | "source ip" | "src ip" | "from" | "quelle"
        | "origen" | "sorgente" | "origem" | "源" | "源地址" | "來源" | "送信元" => {
            Column::Source
        }
        "source port" | "src port" | "srcport" | "sport" => Column::SourcePort,
        "destination"
        | "dst"
        | "dest"
        | "destination address"
        | "destination ip"
        | "dst ip"
        | "dest ip"
        | "to"
        | "ziel"
        | "destino"
        | "destinazione"
        | "目标"
        | "目标地址"
        | "目的地址"
        | "目的地"
        | "宛先" => Column::Destination,
        "destination port" | "dest port" | "dst port" | "dstport" | "dport" => {
            Column::DestinationPort
        }
        "protocol" | "proto" | "protokoll" | "protocole" | "protocolo" | "protocollo" | "协议"
        | "協定" | "プロトコル" => Column::Protocol,
        "length" | "len" | "size" | "frame length" | "packet length" | "länge" | "longueur"
        | "longitud" | "lunghezza" | "comprimento" | "长度" | "長度" | "長さ" => {
            Column::Length
        }
        "info" | "information" | "summary" | "description" | "信息" | "資訊" | "情報" => {
            Column::Info
        }
        "sequence number (raw)" | "raw seq" | "seq (raw)" | "seq raw" => Column::RawSeq,
        "acknowledgment number (raw)" | "raw ack" | "ack (raw)" | "ack raw" => Column::RawAck,
        _ => Column::Other,
    }
}

/// Reads a row by its titles, or as Wireshark's columns without them.
pub(crate) fn read_cells(
    cells: &[String],
    columns: Option<&[Column]>,
    names: &mut Names,
    middle: &mut MiddleColumns,
) -> Read {
    match columns {
        Some(columns) if columns.len() == cells.len() && titles_fit(cells, columns) => {
            read_titled(cells, columns, names)
        }
        _ => {
            let line = cells.join("\t");
            match read_row(shorten(&line, 16_384), names, middle) {
                Read::Row(mut row) => {
                    row.format = Format::Table;
                    Read::Row(row)
                }
                read => read,
            }
        }
    }
}

/// Words that look like titles may stand in the prose above a table of other columns.
fn titles_fit(cells: &[String], columns: &[Column]) -> bool {
    cells
        .iter()
        .zip(columns)
        .all(|(cell, column)| match column {
            Column::Protocol | Column::Length | Column::Time => !is_address(cell.trim()),
            Column::Source | Column::Destination => protocol(cell.trim()).is_none(),
            _ => true,
        })
}

fn read_titled(cells: &[String], columns: &[Column], names: &mut Names) -> Read {
    let cell = |wanted: Column| {
        let found = columns.iter().position(|column| *column == wanted);
        found
            .and_then(|at| cells.get(at))
            .map(|cell| cell.trim())
            .filter(|cell| !cell.is_empty())
    };
    let mut row = RawRow {
        format: Format::Table,
        frame: cell(Column::Number).and_then(integer),
        ..RawRow::default()
    };
    for (value, _) in cells
        .iter()
        .zip(columns)
        .filter(|(_, column)| **column == Column::Time)
    {
        let words: Vec<&str> = value.split_whitespace().take(5).collect();
        if let Some((time, _)) = read_time(&words)
            && row.time.is_none_or(|known| time.rank() > known.rank())
        {
            row.time = Some(time);
        }
    }
    row.frame_len = cell(Column::Length).and_then(integer);
    row.source = names.side(cell(Column::Source), cell(Column::SourcePort));
    row.destination = names.side(cell(Column::Destination), cell(Column::DestinationPort));
    let name = cell(Column::Protocol).unwrap_or("");
    let text = cell(Column::Info).unwrap_or("");
    if let Some(info) = find_info(text) {
        let (source, destination) = info.ports.unzip();
        if source.is_some() {
            row.source.port = names.side(None, source).port;
            row.destination.port = names.side(None, destination).port;
        }
        take_info(&mut row, &info);
    } else {
        match protocol(name) {
            Some(Protocol::Other) => return Read::foreign(&row),
            Some(Protocol::Icmp) => {
                row.icmp = icmp_error(text, name == "ICMPv6");
                return if row.icmp.is_some() {
                    Read::row(row)
                } else {
                    Read::foreign(&row)
                };
            }
            _ if row.source.host.is_none() || (name.is_empty() && text.is_empty()) => {
                return Read::No;
            }
            _ => {}
        }
        let (marks, rest) = leading_marks(text);
        row.marks = marks.into_iter().map(Into::into).collect();
        row.app = AppHint::from_columns(name, rest);
    }
    if let (Some(seq), ack) = (
        cell(Column::RawSeq).and_then(integer),
        cell(Column::RawAck).and_then(integer),
    ) {
        row.seq = Some(seq);
        row.ack = ack;
        row.numbering = Numbering::Absolute;
    }
    Read::row(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_every_kind() {
        assert_eq!(cells("| 1 | a | b | c |").unwrap(), ["1", "a", "b", "c"]);
        assert_eq!(
            cells("1,\"0.0\",\"a, b\",\"say \"\"x\"\"\"").unwrap(),
            ["1", "0.0", "a, b", "say \"x\""]
        );
        assert!(cells("one, two, three").is_none());
    }

    #[test]
    fn records_run_together() {
        let line =
            "\"1\",\"0.0\",\"a\",\"Len=0\" \"2\",\"0.1\",\"b\",\"Len=0\"   3,\"0.2\",\"c\",\"x\"";
        assert_eq!(split_records(line).len(), 3);
    }

    #[test]
    fn titles_are_recognised() {
        let cells = [
            "No.",
            "Time",
            "Source",
            "Destination",
            "Protocol",
            "Length",
            "Info",
        ]
        .map(str::to_owned);
        assert_eq!(titles(&cells).unwrap()[6], Column::Info);
        assert!(titles(&["a".to_owned(), "b".to_owned()]).is_none());
    }
}
