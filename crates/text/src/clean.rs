//! From text to lines: mail, web pages, entities.

use std::borrow::Cow;

use crate::colours::without_colours;
use crate::html;
use crate::mail::{breaks_softly, decode_quoted_printable, is_quoted_printable, unquote};
use crate::reader::Line;
use crate::tags::behind_tag;

/// Makes lines of a text that comes in pieces: numbered, without quotation marks and entities, and with `tags` without those
/// of HTML.
#[derive(Debug)]
pub(crate) struct Cleaner {
    quoted_printable: bool,
    tags: bool,
    /// How many lines there were.
    count: u32,
    /// A line that the next one continues, by mail's rules.
    soft: Option<Line<'static>>,
    /// A line that the next one continues, by HTML's.
    cells: Option<Line<'static>>,
    in_row: bool,
}

/// Lines that are joined to one end at this length, in bytes.
const MAX_JOINED: usize = 1 << 20;

impl Cleaner {
    /// For a text that begins like this.
    pub fn new(beginning: &str, tags: bool) -> Self {
        Self {
            quoted_printable: is_quoted_printable(beginning),
            tags,
            count: 0,
            soft: None,
            cells: None,
            in_row: false,
        }
    }

    /// How many lines of the text there were.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The lines of the next piece, which ends with a line's end. A line that may go on in the next piece is held back.
    pub fn lines<'a>(&mut self, text: &'a str) -> Vec<Line<'a>> {
        let mut lines = Vec::with_capacity(text.len() / 100);
        for line in text.lines() {
            self.count = self.count.saturating_add(1);
            let text = match without_colours(line.trim_end()) {
                Cow::Borrowed(line) => Cow::Borrowed(unquote(line)),
                Cow::Owned(line) => Cow::Owned(unquote(&line).to_owned()),
            };
            self.join_soft(
                Line {
                    number: self.count,
                    text,
                },
                &mut lines,
            );
        }
        lines
    }

    /// What was held back.
    pub fn finish(&mut self) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        if let Some(mut line) = self.soft.take() {
            line.text = Cow::Owned(decode_quoted_printable(&line.text));
            self.strip_tags(line, &mut lines);
        }
        lines.extend(self.cells.take().map(undo_entities));
        lines
    }

    /// Joins what mail has broken.
    fn join_soft<'a>(&mut self, line: Line<'a>, lines: &mut Vec<Line<'a>>) {
        if !self.quoted_printable {
            return self.strip_tags(line, lines);
        }
        let soft = breaks_softly(&line.text);
        let text = match soft {
            true => line.text.trim_end().trim_end_matches('='),
            false => &line.text,
        };
        let mut whole = self.soft.take().unwrap_or(Line {
            number: line.number,
            text: Cow::Owned(String::new()),
        });
        whole.text.to_mut().push_str(text);
        if soft && whole.text.len() < MAX_JOINED {
            self.soft = Some(whole);
            return;
        }
        whole.text = Cow::Owned(decode_quoted_printable(&whole.text));
        self.strip_tags(whole, lines);
    }

    /// Tags become lines and columns; the cells of a table row on several lines are joined.
    fn strip_tags<'a>(&mut self, line: Line<'a>, lines: &mut Vec<Line<'a>>) {
        if !self.tags {
            return lines.push(undo_entities(line));
        }
        let mut parts = Vec::new();
        let mut open = self.cells.take();
        let text = html::strip_tags(&line.text, &mut self.in_row);
        for part in text.split('\n') {
            match open.take() {
                Some(mut row) => {
                    row.text.to_mut().push_str(part);
                    parts.push(row);
                }
                None => parts.push(Line {
                    number: line.number,
                    text: Cow::Owned(part.to_owned()),
                }),
            }
        }
        let joins = |last: &mut Line<'_>| self.in_row && last.text.len() < MAX_JOINED;
        self.cells = parts.pop_if(joins);
        lines.extend(parts.into_iter().map(undo_entities));
    }
}

fn undo_entities(mut line: Line<'_>) -> Line<'_> {
    if line.text.starts_with('{') {
        // JSON has its own.
        return line;
    }
    // Markdown protects an arrow's head, which would else begin a quotation.
    if line.text.contains("\\>") {
        line.text = Cow::Owned(line.text.replace("\\>", ">"));
    }
    if line.text.contains('&') {
        line.text = Cow::Owned(html_escape::decode_html_entities(&line.text).into_owned());
    }
    // Blanks that do not break a line separate words like any other.
    if !line.text.is_ascii() && line.text.contains(['\u{a0}', '\u{200b}', '\u{feff}']) {
        line.text = Cow::Owned(
            line.text
                .replace('\u{a0}', " ")
                .replace(['\u{200b}', '\u{feff}'], ""),
        );
    }
    line.text = behind_tag(line.text);
    if line.text.starts_with('`') || line.text.ends_with('`') {
        line.text = Cow::Owned(line.text.trim_matches('`').to_owned());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> Vec<String> {
        let mut cleaner = Cleaner::new(text, html::has_tags(text));
        let mut lines = cleaner.lines(text);
        lines.extend(cleaner.finish());
        lines
            .into_iter()
            .map(|line| line.text.into_owned())
            .collect()
    }

    #[test]
    fn quotes_and_entities() {
        assert_eq!(cleaned("> > 80 &gt; 90 [ACK]"), [" 80 > 90 [ACK]"]);
        assert_eq!(cleaned("1\u{a0}2"), ["1 2"]);
        assert_eq!(cleaned("a > b"), ["a > b"]);
    }

    #[test]
    fn soft_breaks() {
        assert_eq!(
            cleaned("> 9 =E2=86=92 8 Seq=3D1 =\n> Ack=3D2\nnext"),
            [" 9 → 8 Seq=1  Ack=2", "next"]
        );
    }

    #[test]
    fn table_rows_over_several_lines() {
        let text = "<tr>\n<td>1</td>\n<td>a</td>\n</tr>";
        assert!(cleaned(text).contains(&"1\ta\t".to_owned()));
    }
}
