//! Lines that say that rows were left out: `--8<--`, `...`, `:`, `[snip]`.

/// Rows were left out here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elision {
    /// Line number in the text, 1-based.
    pub line: u32,
    /// How many entries of [`crate::PacketList::rows`] stand before it.
    pub rows_before: usize,
    /// How the author marked it.
    pub spelling: Box<str>,
    /// How many frames were left out, where the numbers on both sides tell.
    pub frames_cut: Option<u64>,
}

const WORDS: [&str; 12] = [
    "snip",
    "snipped",
    "omitted",
    "cut",
    "skipped",
    "truncated",
    "elided",
    "removed",
    "deleted",
    "trimmed",
    "omitting",
    "more",
];

/// Whether `line` stands for rows that were left out.
pub(crate) fn is_elision(line: &str) -> bool {
    let text = line.trim();
    if text.is_empty() || text.len() > 80 {
        return false;
    }
    if text.chars().all(is_mark) {
        return has_dots(text)
            || text.contains("8<")
            || text.contains(">8")
            || text.chars().all(|c| matches!(c, ':' | '⋮'));
    }
    let framed = text.starts_with(['<', '[', '(', '-', '.', '…', '*', '=', '~', '#', '/']);
    let words = text
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty());
    let said = words
        .clone()
        .any(|word| WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)));
    framed && (has_dots(text) || said) && words.count() <= 8 && !text.contains(" > ")
}

fn is_mark(c: char) -> bool {
    matches!(
        c,
        '.' | ':'
            | '…'
            | '⋮'
            | '-'
            | '='
            | '*'
            | '~'
            | '8'
            | '<'
            | '>'
            | '['
            | ']'
            | '('
            | ')'
            | '+'
            | '#'
            | '/'
            | ' '
            | '\t'
            | '|'
            | '─'
            | '—'
            | '–'
            | '✂'
            | '·'
            | '_'
    )
}

fn has_dots(text: &str) -> bool {
    text.contains("..")
        || text.contains(['…', '⋮', '✂'])
        || text.contains(". .")
        || text.contains("···")
        || text == "."
}

#[cfg(test)]
mod tests {
    use super::is_elision;

    #[test]
    fn spellings() {
        for line in [
            " --8<--",
            "-- 8< --",
            "---8<---",
            ":",
            "...",
            "....",
            "…",
            "[...]",
            "(...)",
            "<snip>",
            "[snip]",
            "--- snip ---",
            ". . .",
            ".",
            "⋮",
            "[... 300 packets removed ...]",
            "(frames 7-15 omitted)",
            "...... more",
            "// ...",
            "-->8--",
        ] {
            assert!(is_elision(line), "{line}");
        }
        for line in [
            "",
            "-----",
            "text",
            "see below: ...",
            "1 0.0 a > b",
            "[root@host ~]#",
            "***",
        ] {
            assert!(!is_elision(line), "{line}");
        }
    }
}
