//! Colours of a terminal that were copied with the text: `ESC[01;31mS ESC[0m` (ECMA-48 §8.3.117), with the escape or what is left
//! where it was lost.

use std::borrow::Cow;

/// The line without colours.
pub(crate) fn without_colours(line: &str) -> Cow<'_, str> {
    if !line.contains('\u{1b}') && !line.contains("[0m") {
        return line.into();
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['\u{1b}', '[']) {
        let (before, sequence) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        rest = match behind_sequence(sequence) {
            Some(behind) => behind,
            None => {
                let first = sequence.chars().next();
                out.extend(first.filter(|first| *first != '\u{1b}'));
                sequence.get(1..).unwrap_or("")
            }
        };
    }
    out.push_str(rest);
    out.into()
}

/// What follows the sequence that `text` begins with. Without the escape it has numbers: `[mss 1460` begins with none.
fn behind_sequence(text: &str) -> Option<&str> {
    let escaped = text.strip_prefix('\u{1b}');
    let numbers = escaped.unwrap_or(text).strip_prefix('[')?;
    let end = numbers.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
    let is_sequence = escaped.is_some() || end.len() < numbers.len();
    end.strip_prefix(['m', 'K']).filter(|_| is_sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_with_and_without_the_escape() {
        for (line, plain) in [
            ("Flags [\u{1b}[01;31mS\u{1b}[0m], seq 1", "Flags [S], seq 1"),
            ("[32m10:00:00.1[0m IP a.1 > b.2", "10:00:00.1 IP a.1 > b.2"),
            ("80 > 90 [SYN] Seq=0", "80 > 90 [SYN] Seq=0"),
            ("\u{1b}x [0m", "x "),
            ("options [mss 1460] \u{1b}[m", "options [mss 1460] "),
        ] {
            assert_eq!(without_colours(line), plain);
        }
    }
}
