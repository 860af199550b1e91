//! Packet lists as people paste them: from text to TCP segments.
//!
//! [`parse`] takes any bytes and never fails. It understands Wireshark's packet list (copied, or exported as text, CSV or
//! details), tshark's output and tcpdump's of any age, several of them in one text, between prose; each line that looks like
//! a packet and cannot be read is in [`PacketList::unread`], with its number and the reason.
//!
//! # Written and inferred
//!
//! [`Row::segment`] gives a segment whose `known` bits say what the text tells. What does not stand in the row itself but
//! follows from others, by the rules of the modules `lengths`, `distances`, `continuity` and `assignment`, is marked with the `…_INFERRED` bits beside the
//! plain ones. Everything else stays unknown:
//!
//! * Payload length of a row that hides it (`GET …`, `[TCP segment of a reassembled PDU]`): the Length column minus the header
//!   bytes that other rows of the connection show; or the distance between the numbers around it, where it stands alone there.
//! * Sequence and acknowledgement numbers of such rows: only where the rows around leave one possibility.
//! * Rows without ports or without hosts: only where one connection of the list fits, by its hosts or by its numbers.
//! * Rows that were cut out (`--8<--`, jumping frame numbers) are unknown, never absent.
//!
//! # Numbers
//!
//! Every connection has one numbering, whatever the rows mix: that of the header where both starts are known, else
//! relative ([`Known::RELATIVE`](whyreset_segments::Known::RELATIVE)).
//!
//! # Bounds
//!
//! At most [`MAX_TEXT`] bytes and [`MAX_ROWS`] rows are read; what follows is left out and said so in [`PacketList::cut`]
//! and [`PacketList::unread`]. Memory stays below about fifteen times the text.

mod application;
mod assignment;
mod clean;
mod clocks;
mod compact;
mod continuity;
mod details;
mod distances;
mod elisions;
mod endpoints;
mod fields;
mod format;
mod fortigate;
mod hex_dump;
mod hosts;
mod html;
mod icmp_info;
mod info_column;
mod lengths;
mod lists;
mod mail;
mod network_monitor;
mod numbering;
mod pdml;
mod placed;
mod protocols;
mod raw_row;
mod read;
mod reader;
mod row;
mod run_together;
mod services;
mod snoop;
mod tables;
mod tcpdump_new;
mod tcpdump_old;
mod tcpdump_prefix;
mod times;
mod tokens;
mod tshark_fields;
mod tshark_json;
mod windows;
mod wireshark_list;
mod wrapping;

use whyreset_segments::HostNames;

pub use application::{AppHint, MAX_TARGET, TlsRecord};
pub use elisions::Elision;
pub use format::Format;
pub use read::Reason;
pub use row::Row;
pub use services::port_of_service;

/// Bytes of text that are read.
pub const MAX_TEXT: usize = 64 << 20;

/// Rows that are read.
pub const MAX_ROWS: usize = 1_000_000;

/// Unread lines that are listed; the rest is counted.
pub const MAX_UNREAD: usize = 1_000;

/// What a text holds.
#[derive(Clone, Debug, Default)]
pub struct PacketList {
    /// The formats seen, in the order of [`Format`].
    pub formats: Vec<Format>,
    /// The packets of TCP, in the order of the text.
    pub rows: Vec<Row>,
    /// The names that stand for hosts.
    pub names: HostNames,
    /// Lines that look like packets but could not be used.
    pub unread: Vec<UnreadLine>,
    /// How many more of them there were than [`MAX_UNREAD`].
    pub unread_not_listed: u64,
    /// Where the author left rows out.
    pub elisions: Vec<Elision>,
    /// The text was longer than [`MAX_TEXT`] and was cut.
    pub cut: bool,
}

/// A line that looks like a packet but could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadLine {
    /// Line number in the text, 1-based.
    pub line: u32,
    /// Why.
    pub reason: Reason,
    /// The beginning of the line.
    pub excerpt: Box<str>,
}

/// Reads a text. Never fails: a text without packets gives no rows.
pub fn parse(text: &[u8]) -> PacketList {
    let head = text.get(..MAX_TEXT).unwrap_or(text);
    let decoded = clean::decode(head);
    let mut reader = reader::Reader::default();
    let lines = read(&decoded, &mut reader);
    let mut list = assemble(reader, &lines);
    list.cut = head.len() < text.len();
    list
}

/// Reads a document of packets, or line by line. Gives the lines.
fn read<'a>(text: &'a str, reader: &mut reader::Reader) -> Vec<reader::Line<'a>> {
    if pdml::is_pdml(text) {
        let mut names = std::mem::take(&mut reader.names);
        pdml::read_packets(text, &mut names, &mut |line, packet| {
            reader.take_structured(line, packet)
        });
        reader.names = names;
        return Vec::new();
    }
    let Some((before, array)) = tshark_json::split_at_array(text) else {
        return read_lines(text, reader);
    };
    let lines = clean::lines(before, false);
    reader.read_lines(&lines);
    let begins = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    let mut names = std::mem::take(&mut reader.names);
    let end = tshark_json::read_array(array, &mut names, &mut |packet| {
        reader.take_structured(begins.saturating_add(1), packet);
    });
    reader.names = names;
    if let Err(line) = end {
        let line = begins.saturating_add(u32::try_from(line).unwrap_or(u32::MAX));
        reader.report_unread(line, "", Reason::Malformed);
    }
    lines
}

/// Line by line. A text with tags may be a copied web page, or payload that holds one: what gives more rows is right.
fn read_lines<'a>(text: &'a str, reader: &mut reader::Reader) -> Vec<reader::Line<'a>> {
    let plain = clean::lines(text, false);
    reader.read_lines(&plain);
    if !html::has_tags(text) {
        return plain;
    }
    let stripped = clean::lines(text, true);
    let mut other = reader::Reader::default();
    other.read_lines(&stripped);
    if other.rows.len() <= reader.rows.len() {
        return plain;
    }
    *reader = other;
    stripped
}

/// From rows as read to rows that are understood together.
fn assemble(mut reader: reader::Reader, lines: &[reader::Line<'_>]) -> PacketList {
    let rows = std::mem::take(&mut reader.rows);
    let mut placement = endpoints::place(rows, &mut reader.names);
    for connection in &placement.connections {
        numbering::unify(connection, &mut placement.rows);
        windows::mark_scaled(connection, &mut placement.rows);
    }
    assignment::assign(&mut placement);
    placement.finish();
    let mut placed = placement.rows;
    for connection in &placement.connections {
        lengths::infer(connection, &mut placed);
        distances::infer(connection, &mut placed);
        continuity::infer(connection, &mut placed);
    }
    for row in &placement.unplaced {
        let at = lines
            .binary_search_by_key(&row.line, |line| line.number)
            .ok();
        let text = at
            .and_then(|at| lines.get(at))
            .map_or("", |line| &line.text);
        reader.report_unread(row.line, text, row.reason);
    }
    reader.unread.sort_by_key(|line| line.line);
    for elision in &mut reader.elisions {
        elision.rows_before = placed.partition_point(|row| row.at < elision.rows_before);
    }
    PacketList {
        formats: reader.formats.into_iter().collect(),
        rows: finish(placed),
        names: reader.names.hosts,
        unread: reader.unread,
        unread_not_listed: reader.unread_not_listed,
        elisions: reader.elisions,
        cut: false,
    }
}

/// Numbers the rows, as written or by counting those of each list, and sets the clocks.
fn finish(placed: Vec<placed::Placed>) -> Vec<Row> {
    let times = clocks::times(&placed);
    let mut counted = 0_u64;
    let mut list = 0_u32;
    placed
        .into_iter()
        .zip(times)
        .map(|(row, time)| {
            if row.raw.list != list {
                list = row.raw.list;
                counted = 0;
            }
            counted = counted.saturating_add(1);
            let frame = row.raw.frame.unwrap_or(counted);
            Row::new(row, frame, time)
        })
        .collect()
}
