//! Packet lists as people paste them: from text to TCP segments.
//!
//! [`parse`] takes any bytes and never fails. It understands Wireshark's packet list (copied, or exported as text, CSV or
//! details), tshark's output and tcpdump's of any age, several of them in one text, between prose; each line that looks like
//! a packet and cannot be read is in [`PacketList::unread`], with its number and the reason.
//!
//! # Written and inferred
//!
//! [`Row::segment`] gives a segment whose `known` bits say what the text tells. What does not stand in the row itself but
//! follows from others, by the rules of the modules `lengths` and `continuity`, is marked with the `…_INFERRED` bits beside the
//! plain ones. Everything else stays unknown:
//!
//! * Payload length of a row that hides it (`GET …`, `[TCP segment of a reassembled PDU]`): the Length column minus the header
//!   bytes that other rows of the connection show.
//! * Sequence and acknowledgement numbers of such rows: only where the rows around leave one possibility.
//! * Rows without ports or without hosts: only where one connection of the list fits.
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
mod clean;
mod clocks;
mod continuity;
mod elisions;
mod endpoints;
mod format;
mod hosts;
mod icmp_info;
mod info_column;
mod lengths;
mod numbering;
mod placed;
mod protocols;
mod raw_row;
mod read;
mod reader;
mod row;
mod services;
mod tcpdump_new;
mod tcpdump_old;
mod tcpdump_prefix;
mod times;
mod tokens;
mod windows;
mod wireshark_list;

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
    let lines = clean::lines(&decoded);
    let mut reader = reader::Reader::default();
    reader.read_lines(&lines);
    let mut list = assemble(reader, &lines);
    list.cut = head.len() < text.len();
    list
}

/// From rows as read to rows that are understood together.
fn assemble(mut reader: reader::Reader, lines: &[reader::Line<'_>]) -> PacketList {
    let mut formats: Vec<Format> = reader.rows.iter().map(|row| row.format).collect();
    formats.sort_unstable();
    formats.dedup();
    let rows = std::mem::take(&mut reader.rows);
    let placement = endpoints::place(rows, &mut reader.names);
    for (number, reason) in placement.unplaced {
        let index = usize::try_from(number).unwrap_or(0).saturating_sub(1);
        let text = lines.get(index).map_or("", |line| &line.text);
        reader.report_unread(number, text, reason);
    }
    reader.unread.sort_by_key(|line| line.line);
    for elision in &mut reader.elisions {
        let before = placement.placed_before.get(elision.rows_before);
        elision.rows_before = before.copied().unwrap_or(placement.rows.len());
    }
    let mut placed = placement.rows;
    for connection in &placement.connections {
        numbering::unify(connection, &mut placed);
        windows::mark_scaled(connection, &mut placed);
        lengths::infer(connection, &mut placed);
        continuity::infer(connection, &mut placed);
    }
    PacketList {
        formats,
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
