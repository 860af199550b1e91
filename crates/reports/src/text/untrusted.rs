//! Text that came from the network or from a paste, made safe to show.

/// `text` with everything that could move the cursor, change colours or reorder the line shown as an escape.
///
/// Control characters (C0, DEL, C1), line and paragraph separators, and Unicode's bidirectional controls are
/// written as `\x1b` or `\u{202e}`.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_harmful(character) {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn escapes_what_a_terminal_would_obey() {
        assert_eq!(
            printable("a\x1b[31mb\u{202e}c\r\n"),
            "a\\u{1b}[31mb\\u{202e}c\\r\\n"
        );
    }

    #[test]
    fn leaves_ordinary_text_alone() {
        assert_eq!(printable("GET /größe?x=1"), "GET /größe?x=1");
    }
}
