//! From bytes to lines: encodings, mail, web pages.

use std::borrow::Cow;

use crate::html;
use crate::mail::{breaks_softly, decode_quoted_printable, is_quoted_printable, unquote};
use crate::reader::Line;

/// Text of any encoding: UTF-8, UTF-16 with a byte order mark (PowerShell), else what is readable of it.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => decode_utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => decode_utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        _ => String::from_utf8_lossy(bytes),
    }
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Cow<'_, str> {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect::<String>()
        .into()
}

/// The lines of a text, numbered, without quotation marks and entities, and with `tags` without those of HTML.
pub(crate) fn lines(text: &str, tags: bool) -> Vec<Line<'_>> {
    let numbered = text
        .lines()
        .take(MAX_LINES)
        .zip(1_u32..)
        .map(|(line, number)| Line {
            number,
            text: Cow::Borrowed(unquote(line.trim_end())),
        });
    let mut lines: Vec<Line<'_>> = match is_quoted_printable(text) {
        true => undo_quoted_printable(numbered),
        false => numbered.collect(),
    };
    if tags {
        lines = undo_html(lines);
    }
    for line in &mut lines {
        undo_entities(line);
    }
    lines
}

/// Lines that are read; further ones are left out.
const MAX_LINES: usize = 4_000_000;

fn undo_quoted_printable<'a>(lines: impl Iterator<Item = Line<'a>>) -> Vec<Line<'a>> {
    let mut whole: Vec<Line<'a>> = Vec::new();
    let mut open = false;
    for line in lines {
        let soft = breaks_softly(&line.text);
        let text = if soft {
            line.text.trim_end().trim_end_matches('=')
        } else {
            &line.text
        };
        match whole.last_mut().filter(|_| open) {
            Some(last) => last.text.to_mut().push_str(text),
            None => whole.push(Line {
                number: line.number,
                text: Cow::Owned(text.to_owned()),
            }),
        }
        open = soft;
    }
    for line in &mut whole {
        line.text = Cow::Owned(decode_quoted_printable(&line.text));
    }
    whole
}

/// Tags become lines and columns; the cells of a table row on several lines are joined.
fn undo_html(lines: Vec<Line<'_>>) -> Vec<Line<'_>> {
    let mut plain: Vec<Line<'_>> = Vec::new();
    let mut in_row = false;
    for line in lines {
        let joins = in_row;
        let text = html::strip_tags(&line.text, &mut in_row);
        for (at, part) in text.split('\n').enumerate() {
            match plain.last_mut().filter(|_| joins && at == 0) {
                Some(last) => last.text.to_mut().push_str(part),
                None => plain.push(Line {
                    number: line.number,
                    text: Cow::Owned(part.to_owned()),
                }),
            }
        }
    }
    plain
}

fn undo_entities(line: &mut Line<'_>) {
    if line.text.starts_with('{') {
        // JSON has its own.
        return;
    }
    if line.text.contains('&') {
        line.text = Cow::Owned(html_escape::decode_html_entities(&line.text).into_owned());
    }
    // Blanks that do not break a line separate words like any other.
    if line.text.contains(['\u{a0}', '\u{200b}', '\u{feff}']) {
        line.text = Cow::Owned(
            line.text
                .replace('\u{a0}', " ")
                .replace(['\u{200b}', '\u{feff}'], ""),
        );
    }
    if line.text.starts_with('`') || line.text.ends_with('`') {
        line.text = Cow::Owned(line.text.trim_matches('`').to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> Vec<String> {
        lines(text, html::has_tags(text))
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

    #[test]
    fn utf16_of_powershell() {
        let bytes: Vec<u8> = [0xfeff_u16]
            .into_iter()
            .chain("a → b".encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(decode(&bytes), "a → b");
    }
}
