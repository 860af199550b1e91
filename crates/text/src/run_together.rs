//! Several packets on one line: a forum collapsed the line breaks.

use crate::protocols::protocol;
use crate::reader::MAX_LINE;
use crate::times::read_time;
use crate::tokens::{Token, integer, shorten, tokens};

/// Splits rows that a forum ran together on one line: a number, a time and two columns before a protocol begin a row.
///
/// Scapy writes a packet and its answer on one line, with ` ==> ` between them.
pub(crate) fn split_rows(text: &str) -> Vec<&str> {
    if text.len() <= MAX_LINE && text.contains(" ==> IP") {
        return text.split(" ==> ").collect();
    }
    let mut rows = Vec::new();
    let mut rest = text;
    while rest.len() > MAX_LINE {
        // A window at a time: what begins in it last may go on behind it.
        let window = shorten(rest, MAX_LINE);
        let starts = row_starts(window);
        let end = match starts.last() {
            Some(last) if *last > 0 => *last,
            _ => window.len(),
        };
        push_rows(window, &starts, end, &mut rows);
        rest = rest.get(end..).unwrap_or("");
    }
    push_rows(rest, &row_starts(rest), rest.len(), &mut rows);
    rows
}

fn push_rows<'a>(text: &'a str, starts: &[usize], end: usize, rows: &mut Vec<&'a str>) {
    let ends = starts.iter().skip(1).copied().chain([end]);
    let spans = starts
        .iter()
        .zip(ends)
        .filter(|(start, end)| **start < *end);
    rows.extend(spans.filter_map(|(start, end)| text.get(*start..end)));
}

fn row_starts(text: &str) -> Vec<usize> {
    let all = tokens(text);
    let mut starts = vec![0_usize];
    let mut last = 0_usize;
    for at in MIN_ROW_TOKENS..all.len() {
        if at.saturating_sub(last) >= MIN_ROW_TOKENS && begins_row(all.get(at..).unwrap_or(&[])) {
            last = at;
            starts.extend(all.get(at).map(|token| token.start));
        }
    }
    starts
}

/// A row has at least this many words.
const MIN_ROW_TOKENS: usize = 6;

fn begins_row(rest: &[Token<'_>]) -> bool {
    if rest
        .first()
        .is_none_or(|token| integer::<u64>(token.text).is_none())
    {
        return false;
    }
    let words: Vec<&str> = rest.iter().take(8).map(|token| token.text).collect();
    let Some((_, used)) = read_time(words.get(1..).unwrap_or(&[])) else {
        return false;
    };
    let columns = words.get(used.saturating_add(1)..).unwrap_or(&[]);
    columns
        .iter()
        .take(4)
        .skip(2)
        .any(|word| protocol(word).is_some())
}
