//! Words of a line, and the gaps between them that separate columns.

/// A run of non-blank characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    /// The characters.
    pub text: &'a str,
    /// Where they start in the line, in bytes.
    pub start: usize,
    /// Two blanks or a tab stand before it: a new column.
    pub wide_gap: bool,
}

impl Token<'_> {
    /// Where the token ends in the line, in bytes.
    pub fn end(&self) -> usize {
        self.start.saturating_add(self.text.len())
    }
}

/// The tokens of a line.
pub(crate) fn tokens(line: &str) -> Vec<Token<'_>> {
    let mut found = Vec::with_capacity(24);
    let mut rest_start = 0_usize;
    while let Some(rest) = line.get(rest_start..) {
        let trimmed = rest.trim_start();
        if trimmed.is_empty() {
            break;
        }
        let blanks = rest.len().saturating_sub(trimmed.len());
        let gap = rest.get(..blanks).unwrap_or("");
        let len = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
        let start = rest_start.saturating_add(blanks);
        found.push(Token {
            text: trimmed.get(..len).unwrap_or(""),
            start,
            wide_gap: gap.contains('\t') || gap.chars().nth(1).is_some(),
        });
        rest_start = start.saturating_add(len);
    }
    found
}

/// A whole number in decimal digits, without sign.
pub(crate) fn integer<T: std::str::FromStr>(text: &str) -> Option<T> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Removes `prefix` in any case.
pub(crate) fn strip_prefix_any_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    if head.eq_ignore_ascii_case(prefix) {
        text.get(prefix.len()..)
    } else {
        None
    }
}

/// The decimal digits at the start of `text`, and what follows them.
pub(crate) fn split_digits(text: &str) -> (&str, &str) {
    let len = text
        .bytes()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at_checked(len).unwrap_or((text, ""))
}

/// At most `max` bytes of `text`, ending at a character.
pub(crate) fn shorten(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_know_their_columns() {
        let found = tokens("  15\t1.96 10.0.0.1  TCP");
        let texts: Vec<_> = found.iter().map(|token| token.text).collect();
        let gaps: Vec<_> = found.iter().map(|token| token.wide_gap).collect();
        assert_eq!(texts, ["15", "1.96", "10.0.0.1", "TCP"]);
        assert_eq!(gaps, [true, true, false, true]);
        assert_eq!(found[1].end(), 9);
    }

    #[test]
    fn shortening_respects_characters() {
        assert_eq!(shorten("a→b", 2), "a");
        assert_eq!(shorten("ab", 9), "ab");
    }

    #[test]
    fn integers_have_no_sign() {
        assert_eq!(integer::<u32>("+1"), None);
        assert_eq!(integer::<u16>("65536"), None);
        assert_eq!(integer::<u16>("80"), Some(80));
    }
}
