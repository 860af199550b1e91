//! Line by line through the text: which format a line is in, what belongs to the row before it, where rows are missing.

use std::collections::{BTreeSet, HashMap};

use crate::application::AppHint;
use crate::details::{self, Detail, Details};
use crate::elisions::{Elision, is_elision};
use crate::fields;
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
    MAX_UNREAD, UnreadLine, cilium, compact, fortigate, fw_monitor, ladder, network_monitor,
    pktmon, smoltcp, snoop, tables, tcpdump_new, tcpdump_old, tcpdump_plain, tshark_fields,
    tshark_json, wireshark_list,
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

/// Reads a row of one format.
type FormatReader = fn(&str, &mut Names) -> Read;

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
        if self.read_payload_line(text) {
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

    /// A line that opens the details of a packet.
    fn read_details_title(&mut self, line: &Line<'_>) -> bool {
        let kind = details::kind(&line.text, self.details.is_some());
        let has_tcp = self
            .details
            .as_ref()
            .is_some_and(|details| details.fields.get("tcp_srcport").is_some());
        match kind {
            Detail::Frame => self.finish_details(),
            Detail::Tcp if has_tcp => self.finish_details(),
            Detail::Tcp => {}
            Detail::Inside | Detail::No => return false,
        }
        if self.details.is_none() {
            self.details_of = self.payload_row.filter(|_| !self.prose_since_packet);
        }
        let details = self.details.get_or_insert_with(|| Details::new(line));
        details.read_line(&line.text);
        true
    }

    /// A line of payload that tcpdump or tshark printed below its row.
    fn read_payload_line(&mut self, text: &str) -> bool {
        if self.payload_row.is_none() && self.details.is_none() {
            return false;
        }
        let hex = self.dump.read_line(text);
        // The text dump begins with the IP header: `E` is version 4, a backtick version 6.
        let begins = !self.prose_since_packet && (text.starts_with("E.") || text.starts_with('`'));
        self.in_payload |= hex || begins;
        hex
    }

    fn finish_dump(&mut self) {
        self.in_payload = false;
        if self.dump.is_empty() {
            return;
        }
        let dump = std::mem::take(&mut self.dump);
        if let Some(row) = self.payload_row.and_then(|at| self.row_mut(at)) {
            dump.complete(row);
            let head = row
                .payload
                .split(|byte| *byte == b'\n')
                .next()
                .unwrap_or(&[]);
            if row.app == AppHint::None
                && let Some(hint) = AppHint::from_http_line(&String::from_utf8_lossy(head))
            {
                row.app = hint;
            }
        }
    }

    /// A line within the details of a packet.
    fn read_detail(&mut self, text: &str) -> bool {
        let Some(details) = self.details.as_mut() else {
            return false;
        };
        if details::kind(text, true) != Detail::Inside {
            return false;
        }
        details.read_line(text);
        true
    }

    fn finish_details(&mut self) {
        let Some(Details { line, fields, .. }) = self.details.take() else {
            return;
        };
        self.finish_dump();
        let read = fields::read_fields(&fields, Format::Details, &mut self.names);
        let Read::Row(mut row) = read else {
            return self.take_structured(line.number, read);
        };
        row.stands_in(&line);
        let same = self.details_of.take().and_then(|at| self.row_mut(at));
        if row.frame.is_none()
            && let Some(same) = same.filter(|same| compatible(same, &row))
        {
            same.complete_from(*row);
            self.formats.insert(Format::Details);
            return;
        }
        self.push(*row);
    }

    /// Titles of a table, a header of `-T fields`, and rows below them; lines of `-T ek`.
    fn read_columns(&mut self, line: &Line<'_>) -> bool {
        let text = shorten(&line.text, MAX_LINE);
        if let Some(mut read) = tshark_json::read_ek_line(&line.text, &mut self.names) {
            if let Read::Row(row) = &mut read {
                row.stands_in(line);
            }
            self.take_structured(line.number, read);
            return true;
        }
        if let Some(header) =
            tshark_fields::read_header(text).or_else(|| tshark_fields::read_command(text))
        {
            self.fields_header = Some(header);
            self.prose_since_packet = true;
            return true;
        }
        if let Some(header) = &self.fields_header {
            let read = tshark_fields::read_row(text, header, &mut self.names);
            if !matches!(read, Read::No) {
                self.take(read, line, text);
                return true;
            }
        }
        self.read_table(line)
    }

    fn read_table(&mut self, line: &Line<'_>) -> bool {
        let records = match line.text.contains('"') {
            true => tables::split_records(&line.text),
            false => vec![&*line.text],
        };
        let mut any = false;
        for record in records {
            let Some(cells) = tables::cells(shorten(record, MAX_LINE)) else {
                continue;
            };
            if tables::is_rule(&cells) {
                any = true;
                continue;
            }
            if let Some(titles) = tables::titles(&cells) {
                self.titles = Some(titles);
                self.prose_since_packet = true;
                any = true;
                continue;
            }
            let read = tables::read_cells(
                &cells,
                self.titles.as_deref(),
                &mut self.names,
                &mut self.middle,
            );
            if !matches!(read, Read::No) {
                self.take(read, line, record);
                any = true;
            }
        }
        any
    }

    /// Takes up a packet of a structured format.
    pub fn take_structured(&mut self, line: u32, read: Read) {
        match read {
            Read::Row(mut row) => {
                row.line = line;
                self.push(*row);
            }
            Read::Again(_) => self.passed_packet(None),
            Read::Foreign(frame) => self.passed_packet(frame),
            Read::Unread(reason) => self.report_unread(line, "", reason),
            Read::No => {}
        }
    }

    fn read_packet(&mut self, text: &str) -> Read {
        let text = shorten(text, MAX_LINE);
        let read = match tcpdump_new::read_packet(text, &mut self.names) {
            Read::Row(row) => pktmon::complete(row, text, &mut self.points),
            read => read,
        };
        if !matches!(read, Read::No) {
            return read;
        }
        let usual: [FormatReader; 3] = [
            tcpdump_old::read_packet,
            fortigate::read_row,
            snoop::read_row,
        ];
        let read = self.read_any(&usual, text);
        if !matches!(read, Read::No) {
            return read;
        }
        let read = wireshark_list::read_row(text, &mut self.names, &mut self.middle);
        if !matches!(read, Read::No) {
            return read;
        }
        match compact::read_row(text, &mut self.names) {
            Read::No if tcpdump_new::is_foreign(text) => Read::Foreign(None),
            Read::No => self.read_rare(text),
            read => read,
        }
    }

    /// What the first of these formats makes of the line.
    fn read_any(&mut self, formats: &[FormatReader], text: &str) -> Read {
        let mut read = formats.iter().map(|format| format(text, &mut self.names));
        read.find(|read| !matches!(read, Read::No))
            .unwrap_or(Read::No)
    }

    /// Formats that few texts have: what the usual ones do not know is asked for them.
    fn read_rare(&mut self, text: &str) -> Read {
        let stateless: [FormatReader; 3] = [
            network_monitor::read_short_row,
            fortigate::read_flow_row,
            smoltcp::read_row,
        ];
        let read = self.read_any(&stateless, text);
        if !matches!(read, Read::No) {
            return read;
        }
        let read = cilium::read_row(text, &mut self.names, &mut self.flows);
        if !matches!(read, Read::No) {
            return read;
        }
        match fw_monitor::read_row(text, &mut self.names, &mut self.points) {
            Read::No => self.read_ladder(text),
            read => read,
        }
    }

    /// A line drawn by hand: only where nothing else has been read, and data only behind flags.
    fn read_ladder(&mut self, text: &str) -> Read {
        if self.formats.iter().any(|format| *format != Format::Ladder) {
            return Read::No;
        }
        match ladder::read_row(text, &mut self.names) {
            Read::Row(row) if row.flags.is_none() && self.rows.is_empty() => Read::No,
            Read::No if !self.rows.is_empty() && ladder::is_drawn(text) => {
                Read::Unread(Reason::Numbers)
            }
            read => read,
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
            Read::Foreign(frame) => {
                self.payload_row = None;
                self.passed_packet(frame);
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

    /// A packet was shown at another point: what is said of it there belongs to its row.
    fn see_again(&mut self, row: RawRow) {
        self.passed_packet(None);
        let same = self.rows.iter_mut().rev().take(MAX_POINT_ROWS);
        let same = same.into_iter().find(|same| {
            (same.source, same.destination) == (row.source, row.destination)
                && (same.flags, same.seq) == (row.flags, row.seq)
        });
        let Some(same) = same else { return };
        if same.format == Format::FwMonitor {
            // It passed on.
            same.said = None;
        } else if let Some(said) = row.said {
            same.said.get_or_insert(said);
        }
    }

    /// A line that is no packet: payload that tcpdump printed below its row, or prose.
    fn take_prose(&mut self, text: &str) {
        self.prose_since_packet = true;
        let Some(row) = self.payload_row.and_then(|at| self.row_mut(at)) else {
            return;
        };
        if row.app == AppHint::None
            && row.len != Some(0)
            && let Some(hint) = AppHint::from_payload_line(text)
        {
            row.app = hint;
        }
    }

    fn push(&mut self, mut row: RawRow) {
        if row.format != Format::Ladder && self.formats.contains(&Format::Ladder) {
            self.forget_ladder();
        }
        self.formats.insert(row.format);
        if let Some(frame) = row.frame {
            let known = self.by_frame.get(&(self.list, frame)).copied();
            let apart = self.prose_since_packet || self.blank_since_packet;
            let back = apart && self.last_frame.is_some_and(|last| frame < last);
            let first = self.handed_on;
            let same = known.and_then(|at| self.rows.get_mut(at.checked_sub(first)?));
            match same {
                Some(same) if compatible(same, &row) => {
                    self.repetition.note(&row, same, back);
                    same.complete_from(row);
                    return;
                }
                Some(_) => {
                    self.start_list();
                    for row in self.repetition.take() {
                        self.push(row);
                    }
                }
                // What has been handed on cannot be compared.
                None if self.frames_seen.contains(frame) => self.start_list(),
                None if self.prose_since_packet
                    && self.last_frame.is_some_and(|last| frame < last) =>
                {
                    self.start_list()
                }
                None if self.blank_since_packet && self.beginning.is_behind_frame(frame) => {
                    self.start_list()
                }
                None => {}
            }
            self.repetition.take();
            self.by_frame.insert((self.list, frame), self.count());
        } else if self.starts_again(&row) {
            self.start_list();
        }
        self.beginning.add(&row);
        row.list = self.list;
        row.gap_before |= self.elided_since_packet || self.jumps_to(row.frame);
        self.note_frames_cut(row.frame);
        self.passed_packet(row.frame);
        self.payload_row = Some(self.count());
        self.rows.push(row);
    }

    /// The text has rows of a tool: what was drawn beside them are no packets.
    fn forget_ladder(&mut self) {
        self.formats.remove(&Format::Ladder);
        self.rows.retain(|row| row.format != Format::Ladder);
        self.payload_row = None;
        self.beginning = Beginning::default();
        let rows = self.count();
        for elision in &mut self.elisions {
            elision.rows_before = elision.rows_before.min(rows);
        }
    }

    /// Without frame numbers: after some prose the clock starts earlier again, or another format begins.
    fn starts_again(&self, row: &RawRow) -> bool {
        if self.blank_since_packet && self.beginning.is_behind_time(row.time) {
            return true;
        }
        let Some(last) = self.rows.last().filter(|_| self.prose_since_packet) else {
            return false;
        };
        match (last.time, row.time) {
            (Some(before), Some(now)) => {
                std::mem::discriminant(&before) != std::mem::discriminant(&now)
                    || now.nanos() < before.nanos()
            }
            _ => last.format != row.format,
        }
    }

    fn start_list(&mut self) {
        self.list = self.list.saturating_add(1);
        self.last_frame = None;
        self.elided_since_packet = false;
        self.beginning = Beginning::default();
        self.frames_seen.clear();
    }

    fn jumps_to(&self, frame: Option<u64>) -> bool {
        match (self.last_frame, frame) {
            (Some(last), Some(frame)) => frame != last.saturating_add(1),
            _ => false,
        }
    }

    fn passed_packet(&mut self, frame: Option<u64>) {
        if frame.is_some() {
            self.last_frame = frame;
        }
        self.prose_since_packet = false;
        self.blank_since_packet = false;
        self.elided_since_packet = false;
    }

    fn elide(&mut self, line: &Line<'_>) {
        if self.count() == 0 {
            return;
        }
        self.elided_since_packet = true;
        if self.elisions.len() >= MAX_ELISIONS {
            return;
        }
        self.elisions.push(Elision {
            line: line.number,
            rows_before: self.count(),
            spelling: shorten(line.text.trim(), 80).into(),
            frames_cut: None,
        });
    }

    fn note_frames_cut(&mut self, frame: Option<u64>) {
        let count = self.count();
        if self.elided_since_packet
            && let (Some(last), Some(frame)) = (self.last_frame, frame)
            && let Some(elision) = self.elisions.last_mut()
            && elision.rows_before == count
        {
            elision.frames_cut = frame.checked_sub(last).and_then(|step| step.checked_sub(1));
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

/// Rows back in which the first sight of a packet is looked for.
const MAX_POINT_ROWS: usize = 64;

/// Places where rows were left out that are told; further ones count all the same.
const MAX_ELISIONS: usize = 10_000;

/// Longer lines are cut, in bytes.
pub(crate) const MAX_LINE: usize = 16_384;

/// Whether two rows can be accounts of one packet.
fn compatible(a: &RawRow, b: &RawRow) -> bool {
    fn agree<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
        a.is_none() || b.is_none() || a == b
    }
    let times = match (a.time, b.time) {
        (Some(a), Some(b)) => std::mem::discriminant(&a) != std::mem::discriminant(&b) || a == b,
        _ => true,
    };
    times
        && agree(a.source.host, b.source.host)
        && agree(a.destination.host, b.destination.host)
        && agree(a.flags, b.flags)
        && agree(a.len, b.len)
}

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
