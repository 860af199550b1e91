//! What mail does to text: quoted-printable (RFC 2045 §6.7), quotation marks in front of lines.

use crate::hosts::is_address;
use crate::tokens::integer;

/// Whether a text is quoted-printable: its equal signs are written `=3D`.
pub(crate) fn is_quoted_printable(text: &str) -> bool {
    [
        "Seq=3D",
        "Ack=3D",
        "Win=3D",
        "Len=3D",
        "=E2=86=92",
        "seq=3D",
    ]
    .iter()
    .any(|sign| text.contains(sign))
}

/// Whether a line breaks softly: the next one continues it.
pub(crate) fn breaks_softly(line: &str) -> bool {
    line.trim_end().ends_with('=')
}

/// Decodes a line whose soft breaks are gone. A line that writes plain equal signs is left as it is.
pub(crate) fn decode_quoted_printable(line: &str) -> String {
    let plain = ["Seq=", "Ack=", "Win=", "Len="].iter().any(|key| {
        line.match_indices(key).any(|(at, key)| {
            let value = line.get(at.saturating_add(key.len())..).unwrap_or("");
            !value.starts_with("3D") && value.starts_with(|c: char| c.is_ascii_digit())
        })
    });
    if plain {
        return line.to_owned();
    }
    let bytes = quoted_printable::decode(line.trim_end(), quoted_printable::ParseMode::Robust);
    bytes.map_or_else(
        |_| line.to_owned(),
        |bytes| String::from_utf8_lossy(&bytes).into_owned(),
    )
}

/// Takes `> > ` off, and the mark of a comment or of a list's item in front of a row.
pub(crate) fn unquote(line: &str) -> &str {
    if line.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return line;
    }
    let mut rest = line;
    while let Some(inner) = rest.trim_start().strip_prefix('>') {
        rest = inner;
    }
    let marks = ["# ", "// ", "* ", "- ", "; "];
    let inner = marks
        .iter()
        .find_map(|mark| rest.trim_start().strip_prefix(mark));
    match inner {
        Some(inner) if crate::wrapping::starts_packet(inner) || starts_with_host(inner) => inner,
        _ => rest,
    }
}

/// A number and an address: a row whose time stands behind the source.
fn starts_with_host(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let number = words.next().and_then(integer::<u64>);
    number.is_some() && words.next().is_some_and(is_address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes() {
        assert_eq!(
            decode_quoted_printable("909 =E2=86=92 2049 [ACK] Seq=3D1"),
            "909 → 2049 [ACK] Seq=1"
        );
        assert_eq!(decode_quoted_printable("Seq=20 Ack=30"), "Seq=20 Ack=30");
        assert!(is_quoted_printable("Seq=3D1") && !is_quoted_printable("Seq=31"));
    }

    #[test]
    fn quotes() {
        assert_eq!(unquote("> > 80 > 90"), " 80 > 90");
    }
}
