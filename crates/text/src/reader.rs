//! Line by line through the text: which format a line is in, what belongs to the row before it, where rows are missing.

use std::collections::{BTreeSet, HashMap};

use crate::application::AppHint;
use crate::details::{self, Detail, Details};
use crate::elisions::{Elision, is_elision};
use crate::fields;
use crate::format::Format;
use crate::hex_dump::HexDump;
use crate::hosts::{Names, is_address};
use crate::raw_row::RawRow;
use crate::read::{Read, Reason};
use crate::times::read_time;
use crate::tokens::{integer, shorten, tokens};
use crate::wireshark_list::MiddleColumns;
use crate::{
    MAX_ROWS, MAX_UNREAD, UnreadLine, tables, tcpdump_new, tcpdump_old, tshark_fields, tshark_json,
    wireshark_list,
};

/// A line of the text after cleaning.
#[derive(Clone, Debug)]
pub(crate) struct Line<'a> {
    /// 1-based.
    pub number: u32,
    pub text: std::borrow::Cow<'a, str>,
}

/// What has been read so far.
#[derive(Default)]
pub(crate) struct Reader {
    pub names: Names,
    pub rows: Vec<RawRow>,
    pub unread: Vec<UnreadLine>,
    pub unread_not_listed: u64,
    pub elisions: Vec<Elision>,
    /// Rows by list and frame number: a frame may be written twice.
    by_frame: HashMap<(u32, u64), usize>,
    list: u32,
    last_frame: Option<u64>,
    /// A line that is no packet stood since the last packet.
    prose_since_packet: bool,
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
}

impl Reader {
    /// Reads the lines in order.
    pub fn read_lines(&mut self, lines: &[Line<'_>]) {
        let mut at = 0_usize;
        while let Some(line) = lines.get(at) {
            at = at.saturating_add(
                self.read_line(line, lines.get(at.saturating_add(1)..).unwrap_or(&[])),
            );
        }
        self.finish_details();
        self.finish_dump();
    }

    /// Reads a line, and what of the following ones belongs to the same packet. Gives how many lines that were.
    fn read_line(&mut self, line: &Line<'_>, following: &[Line<'_>]) -> usize {
        let text: &str = &line.text;
        if text.trim().is_empty() {
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
        if self.read_details_title(line) || self.read_columns(line) {
            return 1;
        }
        if let Some((joined, used)) = join_wrapped(text, following) {
            let read = self.read_packet(&joined);
            if matches!(read, Read::Row(_)) {
                self.take(read, line.number, &joined);
                return used;
            }
        }
        for part in split_rows(text) {
            let read = self.read_packet(part);
            self.take(read, line.number, part);
        }
        1
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
        let details = self
            .details
            .get_or_insert_with(|| Details::new(line.number));
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
        if let Some(row) = self.payload_row.and_then(|at| self.rows.get_mut(at)) {
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
            return self.take_structured(line, read);
        };
        row.line = line;
        let same = self.details_of.take().and_then(|at| self.rows.get_mut(at));
        if row.frame.is_none()
            && let Some(same) = same.filter(|same| compatible(same, &row))
        {
            self.formats.insert(Format::Details);
            same.complete_from(*row);
            return;
        }
        self.push(*row, "");
    }

    /// Titles of a table, a header of `-T fields`, and rows below them; lines of `-T ek`.
    fn read_columns(&mut self, line: &Line<'_>) -> bool {
        let text = shorten(&line.text, MAX_LINE);
        if let Some(read) = tshark_json::read_ek_line(&line.text, &mut self.names) {
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
                self.take(read, line.number, text);
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
                self.take(read, line.number, record);
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
                self.push(*row, "");
            }
            Read::Foreign(frame) => self.passed_packet(frame),
            Read::Unread(reason) => self.report_unread(line, "", reason),
            Read::No => {}
        }
    }

    fn read_packet(&mut self, text: &str) -> Read {
        let text = shorten(text, MAX_LINE);
        let read = tcpdump_new::read_packet(text, &mut self.names);
        if !matches!(read, Read::No) {
            return read;
        }
        let read = tcpdump_old::read_packet(text, &mut self.names);
        if !matches!(read, Read::No) {
            return read;
        }
        let read = wireshark_list::read_row(text, &mut self.names, &mut self.middle);
        match read {
            Read::No if tcpdump_new::is_foreign(text) => Read::Foreign(None),
            read => read,
        }
    }

    /// Takes up what came of a line.
    fn take(&mut self, read: Read, number: u32, text: &str) {
        if !matches!(read, Read::No) {
            self.finish_details();
            self.finish_dump();
        }
        match read {
            Read::Row(mut row) => {
                row.line = number;
                self.push(*row, text);
            }
            Read::Foreign(frame) => {
                self.payload_row = None;
                self.passed_packet(frame);
            }
            Read::Unread(reason) => self.leave_unread(number, text, reason),
            Read::No if looks_like_packet(text) => self.leave_unread(number, text, Reason::Numbers),
            Read::No => self.take_prose(text),
        }
    }

    /// A line that is no packet: payload that tcpdump printed below its row, or prose.
    fn take_prose(&mut self, text: &str) {
        self.prose_since_packet = true;
        let Some(row) = self.payload_row.and_then(|at| self.rows.get_mut(at)) else {
            return;
        };
        if row.app == AppHint::None
            && row.len != Some(0)
            && let Some(hint) = AppHint::from_payload_line(text)
        {
            row.app = hint;
        }
    }

    fn push(&mut self, mut row: RawRow, text: &str) {
        self.formats.insert(row.format);
        if self.rows.len() >= MAX_ROWS {
            self.leave_unread(row.line, text, Reason::TooManyRows);
            return;
        }
        if let Some(frame) = row.frame {
            let known = self.by_frame.get(&(self.list, frame)).copied();
            match known.and_then(|at| self.rows.get_mut(at)) {
                Some(same) if compatible(same, &row) => {
                    same.complete_from(row);
                    return;
                }
                Some(_) => self.start_list(),
                None if self.prose_since_packet
                    && self.last_frame.is_some_and(|last| frame < last) =>
                {
                    self.start_list()
                }
                None => {}
            }
            self.by_frame.insert((self.list, frame), self.rows.len());
        } else if self.starts_again(&row) {
            self.start_list();
        }
        row.list = self.list;
        row.gap_before = self.elided_since_packet || self.jumps_to(row.frame);
        self.note_frames_cut(row.frame);
        self.passed_packet(row.frame);
        self.payload_row = Some(self.rows.len());
        self.rows.push(row);
    }

    /// Without frame numbers: after some prose the clock starts earlier again, or another format begins.
    fn starts_again(&self, row: &RawRow) -> bool {
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
        self.elided_since_packet = false;
    }

    fn elide(&mut self, line: &Line<'_>) {
        if self.rows.is_empty() || self.elisions.len() >= MAX_ROWS {
            return;
        }
        self.elided_since_packet = true;
        self.elisions.push(Elision {
            line: line.number,
            rows_before: self.rows.len(),
            spelling: shorten(line.text.trim(), 80).into(),
            frames_cut: None,
        });
    }

    fn note_frames_cut(&mut self, frame: Option<u64>) {
        if self.elided_since_packet
            && let (Some(last), Some(frame)) = (self.last_frame, frame)
            && let Some(elision) = self.elisions.last_mut()
            && elision.rows_before == self.rows.len()
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
            excerpt: shorten(text.trim(), 120).into(),
        });
    }
}

/// Longer lines are cut, in bytes.
const MAX_LINE: usize = 16_384;

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

/// Joins a packet that stands on several lines: `-v`, or a mailer's wrapping. Gives the text and the number of lines.
fn join_wrapped(text: &str, following: &[Line<'_>]) -> Option<(String, usize)> {
    if !wants_more(text)
        && !following
            .first()
            .is_some_and(|next| continues_numbers(&next.text) && has_flags(text))
    {
        return None;
    }
    let mut joined = shorten(text, MAX_LINE).trim_end().to_owned();
    let mut used = 1_usize;
    for next in following.iter().take(MAX_WRAPPED) {
        let next = next.text.trim();
        let more = wants_more(&joined) || continues_numbers(next);
        if next.is_empty() || !more || starts_packet(next) || is_elision(next) {
            break;
        }
        joined.push(' ');
        joined.push_str(shorten(next, MAX_LINE));
        used = used.saturating_add(1);
    }
    (used > 1).then_some((joined, used))
}

/// More lines than this are not joined to one packet.
const MAX_WRAPPED: usize = 4;

/// Whether a packet begins on this line and cannot be complete.
fn wants_more(text: &str) -> bool {
    let verbose_head = text.trim_end().ends_with(')')
        && (text.contains("(tos ") || text.contains("(flowlabel ") || text.contains("(class "));
    (verbose_head && !has_flags(text) && text.contains("TCP (6)"))
        || tcpdump_new::is_cut(text)
        || tcpdump_old::is_cut(text)
        || wireshark_is_cut(text)
}

/// A row of tshark or Wireshark that ends with the Protocol or Length column, or within the numbers.
fn wireshark_is_cut(text: &str) -> bool {
    let head = shorten(text, MAX_LINE);
    if head.contains("Seq=") && !head.contains("Len=") {
        return true;
    }
    let words: Vec<&str> = head.split_whitespace().collect();
    match words.as_slice() {
        [before @ .., protocol] if *protocol == "TCP" => before.len() >= 2,
        [before @ .., protocol, len] if *protocol == "TCP" => {
            before.len() >= 2 && integer::<u32>(len).is_some()
        }
        _ => has_flags(head) && !head.contains("Seq=") && !head.contains("Flags ["),
    }
}

fn has_flags(text: &str) -> bool {
    text.contains("Flags [") || crate::info_column::find_info(shorten(text, MAX_LINE)).is_some()
}

/// `TSval=3081660681 TSecr=3542359002`: the rest of an Info column.
fn continues_numbers(text: &str) -> bool {
    let word = text.split_whitespace().next().unwrap_or("");
    let mut numbers = crate::info_column::Numbers::default();
    word.contains('=') && crate::info_column::read_number(word, &mut numbers)
}

/// Whether a packet begins here: a time, or a number and a time, or tcpdump's `IP `.
fn starts_packet(text: &str) -> bool {
    let words: Vec<&str> = shorten(text, 200).split_whitespace().take(5).collect();
    let numbered = words
        .first()
        .is_some_and(|word| integer::<u64>(word).is_some());
    let from = usize::from(numbered);
    read_time(words.get(from..).unwrap_or(&[])).is_some()
        || matches!(words.first(), Some(&"IP" | &"IP6" | &"No."))
}

/// A line that is no packet by any format, but begins like one.
fn looks_like_packet(text: &str) -> bool {
    let words: Vec<&str> = shorten(text, 300).split_whitespace().take(10).collect();
    let numbered = words
        .first()
        .is_some_and(|word| integer::<u64>(word).is_some());
    let from = usize::from(numbered);
    let timed = read_time(words.get(from..).unwrap_or(&[])).is_some();
    timed
        && words
            .iter()
            .filter(|word| is_address(word.trim_end_matches(':')))
            .count()
            >= 2
}

/// Splits rows that a forum ran together on one line: a number, a time and two columns before a protocol begin a row.
fn split_rows(text: &str) -> Vec<&str> {
    let mut rows = Vec::new();
    let mut rest = text;
    while rest.len() > MAX_LINE {
        // A window at a time: what begins in it last may go on behind it.
        let window = shorten(rest, MAX_LINE);
        let starts = row_starts(window);
        let end = match starts.last() {
            Some(last) if *last > 0 => *last,
            _ => window.len(),
        };
        push_rows(window, &starts, end, &mut rows);
        rest = rest.get(end..).unwrap_or("");
    }
    push_rows(rest, &row_starts(rest), rest.len(), &mut rows);
    rows
}

fn push_rows<'a>(text: &'a str, starts: &[usize], end: usize, rows: &mut Vec<&'a str>) {
    let ends = starts.iter().skip(1).copied().chain([end]);
    let spans = starts
        .iter()
        .zip(ends)
        .filter(|(start, end)| **start < *end);
    rows.extend(spans.filter_map(|(start, end)| text.get(*start..end)));
}

fn row_starts(text: &str) -> Vec<usize> {
    let all = tokens(text);
    let mut starts = vec![0_usize];
    let mut last = 0_usize;
    for at in MIN_ROW_TOKENS..all.len() {
        if at.saturating_sub(last) >= MIN_ROW_TOKENS && begins_row(all.get(at..).unwrap_or(&[])) {
            last = at;
            starts.extend(all.get(at).map(|token| token.start));
        }
    }
    starts
}

/// A row has at least this many words.
const MIN_ROW_TOKENS: usize = 6;

fn begins_row(rest: &[crate::tokens::Token<'_>]) -> bool {
    let words: Vec<&str> = rest.iter().take(8).map(|token| token.text).collect();
    if words
        .first()
        .is_none_or(|word| integer::<u64>(word).is_none())
    {
        return false;
    }
    let Some((_, used)) = read_time(words.get(1..).unwrap_or(&[])) else {
        return false;
    };
    let columns = words.get(used.saturating_add(1)..).unwrap_or(&[]);
    columns
        .iter()
        .take(4)
        .skip(2)
        .any(|word| crate::protocols::protocol(word).is_some())
}
