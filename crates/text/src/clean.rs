//! From bytes to lines: encodings, quotation marks of mails, HTML entities.

use std::borrow::Cow;

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

/// The lines of a text, numbered, without quotation marks and entities.
pub(crate) fn lines(text: &str) -> Vec<Line<'_>> {
    text.lines()
        .zip(1_u32..)
        .map(|(line, number)| Line {
            number,
            text: clean_line(line),
        })
        .collect()
}

fn clean_line(line: &str) -> Cow<'_, str> {
    let line = unquote(line.trim_end()).trim_matches('`');
    let decoded = match line.contains('&') {
        true => html_escape::decode_html_entities(line),
        false => Cow::Borrowed(line),
    };
    // Blanks that do not break a line separate words like any other.
    match decoded.contains(['\u{a0}', '\u{200b}', '\u{feff}']) {
        true => Cow::Owned(
            decoded
                .replace('\u{a0}', " ")
                .replace(['\u{200b}', '\u{feff}'], ""),
        ),
        false => decoded,
    }
}

/// Takes `> > ` off, as mails quote.
fn unquote(line: &str) -> &str {
    let mut rest = line;
    while let Some(inner) = rest.trim_start().strip_prefix('>') {
        rest = inner;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(line: &str) -> String {
        lines(line)[0].text.clone().into_owned()
    }

    #[test]
    fn quotes_and_entities() {
        assert_eq!(cleaned("> > 80 &gt; 90 [ACK]"), " 80 > 90 [ACK]");
        assert_eq!(cleaned("1\u{a0}2"), "1 2");
        assert_eq!(cleaned("a > b"), "a > b");
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
