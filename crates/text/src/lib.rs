//! Packet lists as people paste them: from text to TCP segments.
//!
//! [`parse`] takes any bytes and never fails; a [`TextReader`] takes them piece by piece, and a text of any length. They
//! understand Wireshark's packet list (copied, or exported as text, CSV or details), tshark's output, tcpdump's of any age, and
//! the lists of the other tools that [`Format`] names, several of them in one text, between prose; each line that looks like a
//! packet and cannot be read is in [`PacketList::unread`], with its number and the reason. A text of a tool that shows no packets
//! is named ([`Lookalike`]).
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
//! A [`TextReader`] understands a text of up to [`WINDOW`] bytes as a whole, as [`parse`] does. A longer one is read window by
//! window, in memory that does not grow with its length: what a window's rows are understood by is all that stands in the
//! window (the rows behind it that are looked at included), and what is carried on from before:
//!
//! | what | is decided, or carried on |
//! | --- | --- |
//! | encoding, mail's and HTML's way of writing, JSON, PDML | by the first window, for the whole text |
//! | columns, titles, fields, the list that a row stands in | line by line, as in a short text |
//! | packets on several lines | carried on; a line longer than a window ends with it |
//! | frame numbers | as bits: a number that was handed on comes again only in another list |
//! | numbering, ends and header lengths of connections | for the latest 65,536 connections at least |
//! | rows around a row that hides its numbers | six of a connection before the window, those of the window, and those looked at behind it |
//! | the clock: kind of times, midnights, sums of differences | for the list, by its first window |
//! | names of hosts, unread lines | for the whole text, 65,536 and [`MAX_UNREAD`] of them |

mod application;
mod assembly;
mod assignment;
mod cilium;
mod clean;
mod clocks;
mod colours;
mod compact;
mod continuity;
mod details;
mod distances;
mod elisions;
mod encoding;
mod endpoints;
mod fields;
mod flow_graph;
mod format;
mod fortigate;
mod frames_seen;
mod fw_monitor;
mod generations;
mod hex_dump;
mod hosts;
mod html;
mod hubble_json;
mod icmp_info;
mod info_column;
mod json_array;
mod known;
mod ladder;
mod lengths;
mod lists;
mod lookalikes;
mod mail;
mod network_monitor;
mod numbering;
mod others;
mod pdml;
mod pktmon;
mod placed;
mod points;
mod protocols;
mod pwru;
mod raw_row;
mod read;
mod reader;
mod row;
mod run_together;
mod services;
mod smoltcp;
mod snoop;
mod ssldump;
mod tables;
mod tags;
mod tcpdump_new;
mod tcpdump_old;
mod tcpdump_plain;
mod tcpdump_prefix;
mod text_reader;
mod times;
mod tokens;
mod tshark_fields;
mod tshark_json;
mod way;
mod windows;
mod wireshark_list;
mod wrapping;

use whyreset_segments::HostNames;

pub use application::{AppHint, MAX_TARGET, TlsRecord};
pub use elisions::Elision;
pub use format::Format;
pub use lookalikes::Lookalike;
pub use read::Reason;
pub use row::Row;
pub use services::port_of_service;
pub use text_reader::{TextReader, WINDOW, Window};

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
    /// Lines that look like packets but could not be used, in their order.
    pub unread: Vec<UnreadLine>,
    /// How many more of them there were than [`MAX_UNREAD`].
    pub unread_not_listed: u64,
    /// Where the author left rows out.
    pub elisions: Vec<Elision>,
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

/// Reads a text as a whole, however long it is. Never fails: a text without packets gives no rows.
///
/// Memory stays below about fifteen times the text.
pub fn parse(text: &[u8]) -> PacketList {
    let mut reader = TextReader::with_window(Window {
        bytes: usize::MAX,
        rows: usize::MAX,
        ahead: 0,
    });
    let mut rows = reader.push(text);
    rows.extend(reader.finish());
    reader.into_list(rows)
}
