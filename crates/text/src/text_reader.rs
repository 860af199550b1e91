//! Reading a text that comes piece by piece, window by window.

use std::borrow::Cow;
use std::fmt;

use whyreset_segments::HostNames;

use crate::assembly::Assembly;
use crate::encoding::Decoder;
use crate::lookalikes::Lookalike;
use crate::reader::Reader;
use crate::way::{Follows, Way};
use crate::{PacketList, Row, UnreadLine};

/// Bytes of a text that are understood as a whole.
pub const WINDOW: usize = 4 << 20;

/// How much of a text is understood together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Bytes of text: as many as the first window has, at most; and at most as many as further ones have.
    pub bytes: usize,
    /// Rows that end a further window before that.
    pub rows: usize,
    /// The last rows of a window, which are only looked at, at most half of it: they are read again with the next. Where all
    /// rows say all of themselves, none is.
    pub ahead: usize,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            bytes: WINDOW,
            rows: 8_192,
            ahead: 2_048,
        }
    }
}

/// Rows that say all of themselves are handed on when they are so many.
const PLAIN_ROWS: usize = 1_024;

/// Behind the first window lines are read in pieces of so many bytes.
const PIECE: usize = 128 << 10;

/// Reads a text that comes piece by piece, in bounded memory (see the crate's page). The rows are the same, whatever pieces
/// the text comes in.
pub struct TextReader {
    window: Window,
    decoder: Decoder,
    /// Text that has not been read.
    text: Vec<u8>,
    way: Option<Way>,
    reader: Reader,
    assembly: Assembly,
    /// Bytes of text since the last window ended.
    since_window: usize,
    /// How many elisions have found their place among the rows.
    elisions_placed: usize,
}

impl Default for TextReader {
    fn default() -> Self {
        Self::with_window(Window::default())
    }
}

impl fmt::Debug for TextReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextReader")
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

impl TextReader {
    /// A reader of a text, with windows of another size.
    pub fn with_window(window: Window) -> Self {
        Self {
            window,
            decoder: Decoder::default(),
            text: Vec::new(),
            way: None,
            reader: Reader::default(),
            assembly: Assembly::default(),
            since_window: 0,
            elisions_placed: 0,
        }
    }

    /// Takes the next bytes. Gives the rows that are understood by now: none within a window, all but the last ones of
    /// each window that ends.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Row> {
        let mut rows = Vec::new();
        for bytes in bytes.chunks(PIECE) {
            self.decoder.push(bytes, &mut self.text);
            while let Some(end) = self.piece_end() {
                let rest = self.text.split_off(end);
                let text = std::mem::replace(&mut self.text, rest);
                self.read_text(&text, Follows::More);
                self.since_window = self.since_window.saturating_add(end);
                rows.extend(self.end_full_window());
            }
        }
        rows
    }

    /// The text has ended. Gives the last rows.
    pub fn finish(&mut self) -> Vec<Row> {
        self.decoder.finish(&mut self.text);
        let text = std::mem::take(&mut self.text);
        self.read_text(&text, Follows::Nothing);
        self.end_window(0)
    }

    /// The names that stand for hosts in the rows so far.
    pub fn names(&self) -> &HostNames {
        &self.reader.names.hosts
    }

    /// Lines that look like packets but could not be used so far, in their order.
    pub fn unread(&self) -> Vec<UnreadLine> {
        let mut unread = self.reader.unread.clone();
        unread.sort_by_key(|line| line.line);
        unread
    }

    /// How many more of them there were than [`crate::MAX_UNREAD`].
    pub fn unread_not_listed(&self) -> u64 {
        self.reader.unread_not_listed
    }

    /// The first line of another tool before the first row: which line, and what it is.
    pub fn lookalike(&self) -> Option<(u32, &'static Lookalike)> {
        self.reader.lookalike
    }

    /// All that was read, with the rows that were handed on.
    pub fn into_list(self, rows: Vec<Row>) -> PacketList {
        PacketList {
            unread: self.unread(),
            unread_not_listed: self.unread_not_listed(),
            formats: self.reader.formats.into_iter().collect(),
            rows,
            names: self.reader.names.hosts,
            elisions: self.reader.elisions,
        }
    }

    /// Where the next piece of text ends, if so much is there: the first window as a whole, then some lines at a time.
    fn piece_end(&self) -> Option<usize> {
        let piece = match self.way {
            None => self.window.bytes,
            Some(_) => PIECE.min(self.window.bytes),
        };
        let (piece, behind) = self.text.split_at_checked(piece)?;
        let behind_line = |at: usize| at.saturating_add(1);
        memchr::memrchr(b'\n', piece)
            .map(behind_line)
            .or_else(|| memchr::memchr(b'\n', behind).map(|at| behind_line(at + piece.len())))
            .filter(|end| *end <= self.window.bytes)
            .or_else(|| character_end(&self.text, self.window.bytes))
    }

    fn read_text(&mut self, text: &[u8], follows: Follows) {
        let text = match std::str::from_utf8(text) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(text),
        };
        let way = match self.way.take() {
            Some(mut way) => {
                way.read(&text, &mut self.reader);
                if follows == Follows::Nothing {
                    way.finish(&mut self.reader);
                }
                way
            }
            None => Way::begin(&text, follows, &mut self.reader),
        };
        self.way = Some(way);
    }

    fn end_full_window(&mut self) -> Vec<Row> {
        let rows = self.reader.rows.len();
        let is_full = rows >= self.window.rows || self.since_window >= self.window.bytes;
        let waits = self.assembly.looks_ahead(&self.reader.rows);
        if !is_full && (waits || rows < PLAIN_ROWS) {
            return Vec::new();
        }
        let ahead = match waits {
            true => self.window.ahead.min(rows / 2),
            false => 0,
        };
        // What belongs to the last row may follow.
        self.end_window(ahead.max(1))
    }

    /// Hands on all rows but the last ones.
    fn end_window(&mut self, ahead: usize) -> Vec<Row> {
        self.since_window = 0;
        let rows = self.reader.hand_on(ahead);
        let until = self.reader.handed_on();
        // The last row may be completed by lines below it: it tells nothing yet.
        let ahead = self.reader.rows.split_last();
        let ahead = ahead.map_or(&[][..], |(_, whole)| whole);
        let understood = self
            .assembly
            .understand(rows, ahead, &mut self.reader.names);
        for row in &understood.unplaced {
            self.reader
                .report_unread(row.line, &row.excerpt, row.reason);
        }
        let unplaced = self.reader.elisions.iter_mut().skip(self.elisions_placed);
        for elision in unplaced.take_while(|elision| elision.rows_before <= until) {
            self.elisions_placed = self.elisions_placed.saturating_add(1);
            elision.rows_before = understood.rows_before(elision.rows_before);
        }
        understood.rows
    }
}

/// Where a line that has no end within `max` bytes is cut: at a character.
fn character_end(text: &[u8], max: usize) -> Option<usize> {
    let (head, _) = text.split_at_checked(max)?;
    let of_character = |byte: &&u8| **byte & 0xc0 == 0x80;
    let behind = head.iter().rev().take_while(of_character).take(3).count();
    let first = head.len().saturating_sub(behind.saturating_add(1));
    let len = match head.get(first) {
        Some(0xc0..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..) => 4,
        _ => 0,
    };
    // A character that is not complete goes to what follows.
    let cut = len > behind.saturating_add(1) && first > 0;
    Some(if cut { first } else { max })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_cut_at_characters() {
        for (text, max, end) in [
            ("abcdef", 3, Some(3)),
            ("abc", 4, None),
            ("a→b", 2, Some(1)),
            ("a→b", 3, Some(1)),
            ("a→b", 4, Some(4)),
            ("→→", 3, Some(3)),
        ] {
            assert_eq!(character_end(text.as_bytes(), max), end, "{text} {max}");
        }
    }
}
