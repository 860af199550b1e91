//! What stands in front of a row and is none of it: a program's tag, a mark of a patch, the printed form of a string.

use std::borrow::Cow;

use crate::times::read_time;
use crate::tokens::{shorten, split_digits};
use crate::wrapping::starts_packet;

/// The row behind what a program wrote in front of it.
pub(crate) fn behind_tag(line: Cow<'_, str>) -> Cow<'_, str> {
    let row = |text: &str| {
        let text = text.trim_start();
        behind_brackets(text)
            .or_else(|| behind_patch_mark(text))
            .map(|row| text.len() - row.len())
    };
    if !line
        .trim_start()
        .starts_with(|c: char| c.is_ascii_digit() || matches!(c, '[' | '+' | '#'))
    {
        return line;
    }
    if let Some(string) = printed_string(&line) {
        return string.into();
    }
    let lead = line.len() - line.trim_start().len();
    match (row(&line), line) {
        (None, line) => line,
        (Some(cut), Cow::Borrowed(line)) => line.get(lead + cut..).unwrap_or(line).into(),
        (Some(cut), Cow::Owned(line)) => line.get(lead + cut..).unwrap_or(&line).to_owned().into(),
    }
}

/// `[capture at ELB (34.71.84.119)]:   80 139.94 …`, perhaps behind a line's number.
fn behind_brackets(text: &str) -> Option<&str> {
    let (_, rest) = split_digits(text);
    let inner = rest.trim_start().strip_prefix('[')?;
    let end = shorten(inner, MAX_TAG).find("]:")?;
    let row = inner.get(end.saturating_add(2)..)?;
    (row.starts_with([' ', '\t']) && starts_packet(row)).then_some(row)
}

/// The longest tag, in bytes.
const MAX_TAG: usize = 160;

/// `+23:13:38.226285 IP …`: a line that a patch adds. Only a time of day: with a sign in front, seconds are a difference.
fn behind_patch_mark(text: &str) -> Option<&str> {
    let row = text.strip_prefix('+')?;
    let first = row.split_whitespace().next()?;
    (first.contains(':') && read_time(&[first]).is_some()).then_some(row)
}

/// `## [2] "    2\t0.004073155\t192.168.1.26\t→ …"`, as R prints a line of a file.
fn printed_string(line: &str) -> Option<String> {
    let text = line.trim().trim_start_matches('#').trim_start();
    let (index, rest) = text.strip_prefix('[')?.split_once(']')?;
    let string = rest.trim().strip_prefix('"')?.strip_suffix('"')?;
    let counted = !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit());
    (counted && string.contains("\\t")).then(|| string.replace("\\t", "\t").replace("\\\"", "\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_wrote_in_front_is_no_part_of_the_row() {
        for (line, row) in [
            (
                "   150\t[tshark ELB (34.71.84.119)]:   80 139.941109925 10.0.0.1 → 10.0.0.2 TCP 68",
                "   80 139.941109925 10.0.0.1 → 10.0.0.2 TCP 68",
            ),
            (
                "+23:13:38.226285 IP a.1 > b.2: Flags [S]",
                "23:13:38.226285 IP a.1 > b.2: Flags [S]",
            ),
            (r#"##  [1] "    1\t0.0\t10.0.0.1""#, "    1\t0.0\t10.0.0.1"),
            (
                "[TCP Retransmission] 1 > 2 [ACK]",
                "[TCP Retransmission] 1 > 2 [ACK]",
            ),
            ("[node]: nothing here", "[node]: nothing here"),
            (
                "+0.5 IP a.1 > b.2: Flags [S]",
                "+0.5 IP a.1 > b.2: Flags [S]",
            ),
        ] {
            assert_eq!(behind_tag(line.into()), row);
        }
    }
}
