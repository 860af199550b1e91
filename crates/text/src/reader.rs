//! Line by line through the text: which format a line is in, what belongs to the row before it, where rows are missing.

mod below_rows;
mod formats;
mod left_out;
mod lists;

use std::collections::{BTreeSet, HashMap};

use crate::details::Details;
use crate::elisions::{Elision, is_elision};
use crate::format::Format;
use crate::frames_seen::FramesSeen;
use crate::hex_dump::HexDump;
use crate::hosts::{Names, is_address};
use crate::info_column::{has_flag_list, is_arrow};
use crate::lists::{Beginning, Repetition};
use crate::lookalikes::{self, Lookalike};
use crate::points::Points;
use crate::raw_row::RawRow;
use crate::read::{Read, Reason};
use crate::run_together::split_rows;
use crate::times::read_time;
use crate::tokens::{integer, shorten};
use crate::wireshark_list::MiddleColumns;
use crate::wrapping::{continues_numbers, join_wrapped, starts_packet};
use crate::{
    MAX_UNREAD, UnreadLine, cilium, flow_graph, network_monitor, ssldump, tables, tcpdump_plain,
    tshark_fields,
};

/// A line of the text after cleaning.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line<'a> {
    /// 1-based.
    pub number: u32,
    pub text: std::borrow::Cow<'a, str>,
}

impl Line<'_> {
    /// The line, to be kept.
    pub fn into_owned(self) -> Line<'static> {
        Line {
            number: self.number,
            text: self.text.into_owned().into(),
        }
    }
}

/// What has been read so far.
#[derive(Default)]
pub(crate) struct Reader {
    pub names: Names,
    /// The rows that have not been handed on.
    pub rows: Vec<RawRow>,
    /// How many have been.
    handed_on: usize,
    pub unread: Vec<UnreadLine>,
    pub unread_not_listed: u64,
    pub elisions: Vec<Elision>,
    /// Rows by list and frame number: a frame may be written twice.
    by_frame: HashMap<(u32, u64), usize, foldhash::fast::RandomState>,
    /// Frame numbers of the list that have been handed on.
    frames_seen: FramesSeen,
    list: u32,
    last_frame: Option<u64>,
    /// A line that is no packet stood since the last packet.
    prose_since_packet: bool,
    /// An empty line stood since the last packet.
    blank_since_packet: bool,
    /// Where the list began: its first frame number and time, and how many rows it has.
    beginning: Beginning,
    repetition: Repetition,
    elided_since_packet: bool,
    /// Packets may be missing between the last row and a packet of another protocol behind it.
    gap_before_other: bool,
    /// The row that payload lines below belong to.
    payload_row: Option<usize>,
    middle: MiddleColumns,
    pub formats: BTreeSet<Format>,
    /// The columns of `-T fields`.
    fields_header: Option<tshark_fields::Header>,
    /// The titles of a table.
    titles: Option<Vec<tables::Column>>,
    /// The packet whose details are being read, and the line it began on.
    details: Option<Details>,
    /// The row just before the details: they describe it unless they have a number of their own.
    details_of: Option<usize>,
    /// The hex dump below the last row.
    dump: HexDump,
    /// Payload is being printed: dots and colons in it leave nothing out.
    in_payload: bool,
    /// Packets of tools that show them at several points.
    points: Points,
    flows: cilium::Flows,
    graph: flow_graph::FlowGraph,
    sessions: ssldump::Sessions,
    /// The first line of another tool, which shows no packets.
    pub lookalike: Option<(u32, &'static Lookalike)>,
}

impl Reader {
    /// Reads the first lines in order, `count` at least; further ones are looked at. Gives how many were read.
    pub fn read_lines(&mut self, lines: &[Line<'_>], count: usize) -> usize {
        let mut at = 0_usize;
        while let Some(line) = lines.get(at).filter(|_| at < count) {
            at = at.saturating_add(
                self.read_line(line, lines.get(at.saturating_add(1)..).unwrap_or(&[])),
            );
        }
        at
    }

    /// A host is named like a tag of HTML: `<pre><code>10.0.0.1`.
    pub fn takes_tags_for_names(&self) -> bool {
        let mut sides = self
            .rows
            .iter()
            .flat_map(|row| [row.source, row.destination]);
        sides.any(|side| {
            let name = side.host.map(|host| self.names.hosts.display(host));
            name.is_some_and(|name| name.contains('<'))
        })
    }

    /// How many rows have a frame number.
    pub fn numbered(&self) -> usize {
        let rows = self.rows.iter();
        rows.filter(|row| row.frame.is_some()).count()
    }

    /// No more lines follow.
    pub fn finish_lines(&mut self) {
        self.finish_details();
        self.finish_dump();
    }

    /// How many rows have been read.
    pub fn count(&self) -> usize {
        self.handed_on.saturating_add(self.rows.len())
    }

    /// How many rows have been handed on.
    pub fn handed_on(&self) -> usize {
        self.handed_on
    }

    /// Hands on all rows but the last `stay`.
    pub fn hand_on(&mut self, stay: usize) -> Vec<RawRow> {
        let rest = self.rows.split_off(self.rows.len().saturating_sub(stay));
        let rows = std::mem::replace(&mut self.rows, rest);
        self.handed_on = self.handed_on.saturating_add(rows.len());
        let first = self.handed_on;
        self.by_frame.retain(|_, at| *at >= first);
        let here = rows.iter().filter(|row| row.list == self.list);
        for frame in here.filter_map(|row| row.frame) {
            self.frames_seen.insert(frame);
        }
        rows
    }

    fn row_mut(&mut self, at: usize) -> Option<&mut RawRow> {
        self.rows.get_mut(at.checked_sub(self.handed_on)?)
    }

    /// Reads a line, and what of the following ones belongs to the same packet. Gives how many lines that were.
    fn read_line(&mut self, line: &Line<'_>, following: &[Line<'_>]) -> usize {
        let text: &str = &line.text;
        if let Some(row) = self.read_plain(text, following) {
            self.finish_dump();
            self.push(RawRow {
                line: line.number,
                ..row
            });
            return 1;
        }
        if text.trim().is_empty() {
            self.blank_since_packet = true;
            return 1;
        }
        if self.read_payload_line(text) || self.read_flow_graph(line) {
            return 1;
        }
        let detail = self.details.is_some() && !starts_packet(text) && self.read_detail(text);
        if detail {
            return 1;
        }
        if is_elision(text) && !self.in_payload {
            self.elide(line);
            return 1;
        }
        if self.read_network_monitor(line)
            || self.read_details_title(line)
            || self.read_columns(line)
        {
            return 1;
        }
        if let Some((joined, used)) = join_wrapped(text, following) {
            let read = self.read_packet(&joined);
            if matches!(read, Read::Row(_) | Read::Again(_)) {
                self.take(read, line, &joined);
                return used;
            }
        }
        for part in split_rows(text) {
            let read = self.read_packet(part);
            self.take(read, line, part);
        }
        1
    }

    /// A row of a long log, which leaves no doubt what it is: where nothing else is being read.
    fn read_plain(&self, text: &str, following: &[Line<'_>]) -> Option<RawRow> {
        if self.details.is_some() || self.fields_header.is_some() {
            return None;
        }
        let row = tcpdump_plain::read_row(text)?;
        let goes_on = following
            .first()
            .is_some_and(|next| continues_numbers(&next.text));
        (!goes_on).then_some(row)
    }

    /// A row of Network Monitor, whose tabs would else make it a table.
    fn read_network_monitor(&mut self, line: &Line<'_>) -> bool {
        let text = shorten(&line.text, MAX_LINE);
        match network_monitor::read_row(text, &mut self.names) {
            Read::No => false,
            read => {
                self.take(read, line, text);
                true
            }
        }
    }

    /// Takes up a packet of a structured format.
    pub fn take_structured(&mut self, line: u32, read: Read) {
        match read {
            Read::Row(mut row) => {
                row.line = line;
                self.push(*row);
            }
            Read::Again(_) => self.passed_packet(None),
            Read::Foreign(other) => self.pass_other(other),
            Read::Unread(reason) => self.report_unread(line, "", reason),
            Read::No => {}
        }
    }

    /// Takes up what came of a line.
    fn take(&mut self, read: Read, line: &Line<'_>, text: &str) {
        if !matches!(read, Read::No) {
            self.finish_details();
            self.finish_dump();
        }
        match read {
            Read::Row(mut row) => {
                row.stands_in(line);
                self.push(*row);
            }
            Read::Again(row) => self.see_again(*row),
            Read::Foreign(other) => {
                self.payload_row = None;
                self.pass_other(other);
            }
            Read::Unread(reason) => self.leave_unread(line.number, text, reason),
            Read::No if looks_like_packet(text) => {
                self.leave_unread(line.number, text, Reason::Numbers)
            }
            Read::No => {
                let early = self.count() == 0 && line.number <= MAX_LOOKALIKE_LINE;
                if self.lookalike.is_none() && early {
                    let kind = lookalikes::recognise(text);
                    self.lookalike = kind.map(|kind| (line.number, kind));
                }
                self.take_prose(text);
            }
        }
    }

    fn leave_unread(&mut self, line: u32, text: &str, reason: Reason) {
        // Something stood here: what follows does not join what was before.
        self.elided_since_packet = true;
        self.payload_row = None;
        self.report_unread(line, text, reason);
    }

    /// Reports a line, up to a bound.
    pub fn report_unread(&mut self, line: u32, text: &str, reason: Reason) {
        if self.unread.len() >= MAX_UNREAD {
            self.unread_not_listed = self.unread_not_listed.saturating_add(1);
            return;
        }
        self.unread.push(UnreadLine {
            line,
            reason,
            excerpt: shorten(text.trim(), MAX_EXCERPT).into(),
        });
    }
}

/// Bytes of an unread line that are told.
pub(crate) const MAX_EXCERPT: usize = 120;

/// Behind this line a text is no longer asked of which tool it is.
const MAX_LOOKALIKE_LINE: u32 = 10_000;

/// Longer lines are cut, in bytes.
pub(crate) const MAX_LINE: usize = 16_384;

/// A line that is no packet by any format, but begins like one.
fn looks_like_packet(text: &str) -> bool {
    let words: Vec<&str> = shorten(text, 300).split_whitespace().take(10).collect();
    let numbered = words
        .first()
        .is_some_and(|word| integer::<u64>(word).is_some());
    let from = usize::from(numbered);
    let timed = read_time(words.get(from..).unwrap_or(&[])).is_some();
    let flagged = || words.iter().any(|word| is_arrow(word)) && has_flag_list(shorten(text, 300));
    let addresses = words
        .iter()
        .filter(|word| is_address(word.trim_end_matches(':')));
    addresses.count() >= 2 && (timed || flagged())
}
