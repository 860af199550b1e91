//! Words and punctuation of a filter.

/// One token and where it begins (in bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
}

/// Splits at blanks; parentheses and `!`, `&&`, `||` stand for themselves.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let Some(first) = rest.chars().next() else {
            break;
        };
        let len = if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        } else {
            token_len(rest, first)
        };
        if let Some(token) = rest.get(..len) {
            out.push(Token { text: token, at });
        }
        at += len;
    }
    out
}

fn token_len(rest: &str, first: char) -> usize {
    if rest.starts_with("&&") || rest.starts_with("||") {
        return 2;
    }
    if matches!(first, '(' | ')' | '!') {
        return 1;
    }
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '&' | '|'));
    match end {
        Some(0) | None if first == '&' || first == '|' => 1,
        Some(end) => end,
        None => rest.len(),
    }
}
