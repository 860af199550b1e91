//! What people draw and write by hand: the flags stand on the arrow, or behind the two ends.
//!
//! ```text
//! A --- SYN, seq=0 ---> B                  client -> server: SYN
//! A <--- SYN-ACK, seq=0, ack=1 --- B       Server-->>Client: SYN-ACK
//! |------- RST ------>|                    2.  SYN-SENT --> <SEQ=100><CTL=SYN> --> SYN-RECEIVED
//! ```
//!
//! Where the ends have no names, they are `left` and `right`. Prose is full of such lines: they count only in a text
//! that has no rows of a tool.

use whyreset_segments::TcpFlags;

use crate::application::AppHint;
use crate::format::Format;
use crate::hosts::{Names, Side};
use crate::info_column::{Numbers, flag_list, read_number};
use crate::raw_row::{Numbering, RawRow, Window};
use crate::read::Read;
use crate::services::port_of_service;
use crate::tokens::{integer, shorten, split_digits};

/// Reads one row.
pub(crate) fn read_row(line: &str, names: &mut Names) -> Read {
    if line.len() > MAX_LEN {
        return Read::No;
    }
    let line = behind_number(line.trim());
    let Some(arrow) = read_drawn(line).or_else(|| read_written(line)) else {
        return Read::No;
    };
    let Some(label) = read_label(arrow.label) else {
        return Read::No;
    };
    let (left, right) = (
        side(arrow.left, "left", names),
        side(arrow.right, "right", names),
    );
    let (source, destination) = match arrow.way {
        Way::Right => (left, right),
        Way::Left => (right, left),
    };
    Read::row(RawRow {
        format: Format::Ladder,
        numbering: Numbering::Wireshark,
        source,
        destination,
        ack: label.numbers.ack.filter(|_| label.acknowledges()),
        flags: label.flags,
        seq: label.numbers.seq,
        len: label.numbers.len,
        window: label
            .numbers
            .window
            .map_or(Window::Unsaid, Window::Unscaled),
        app: label.app,
        ..RawRow::default()
    })
}

/// Whether an arrow is drawn in the line, whatever stands on it.
pub(crate) fn is_drawn(line: &str) -> bool {
    line.len() <= MAX_LEN && read_drawn(behind_number(line.trim())).is_some()
}

/// Longer lines are no drawing.
const MAX_LEN: usize = 240;

/// Where an arrow points.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Left,
    Right,
}

/// An arrow, what stands at its ends, and what is written on it.
struct Arrow<'a> {
    left: &'a str,
    right: &'a str,
    label: &'a str,
    way: Way,
}

/// `1. `, `(2)`, `* `: what counts the lines.
fn behind_number(line: &str) -> &str {
    let bare = line.trim_start_matches(['(', '#', '*', ' ']);
    let (digits, rest) = split_digits(bare);
    let rest = rest.trim_start_matches(['.', ')', ':']);
    match digits.len() {
        1..=3 if rest.starts_with(' ') => rest.trim_start(),
        _ => line,
    }
}

const SHAFT: [char; 6] = ['-', '=', '─', '—', '–', '━'];
const RIGHT_HEADS: [char; 5] = ['>', '→', '►', '▶', '⟶'];
const LEFT_HEADS: [char; 5] = ['<', '←', '◄', '◀', '⟵'];

/// `A --- SYN ---> B`: two pieces of an arrow, with the label between them.
fn read_drawn(line: &str) -> Option<Arrow<'_>> {
    if line.starts_with("<!--") {
        return None;
    }
    let first = next_piece(line, 0)?;
    let second = last_piece(line, first.end)?;
    let points_right = second.right || (first.right && !second.left);
    let points_left = first.left || (second.left && !first.right);
    let way = match (points_left, points_right) {
        (true, false) => Way::Left,
        (false, true) => Way::Right,
        _ => return None,
    };
    Some(Arrow {
        left: line.get(..first.start)?,
        label: line.get(first.end..second.start)?,
        right: line.get(second.end..)?,
        way,
    })
}

/// A run of an arrow's characters.
struct Piece {
    start: usize,
    end: usize,
    /// It has a head to the left.
    left: bool,
    /// It has a head to the right.
    right: bool,
}

/// The first piece from `from` on.
fn next_piece(line: &str, from: usize) -> Option<Piece> {
    let mut at = from;
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        let start = at.saturating_add(rest.find(is_arrow_part)?);
        let run = line.get(start..)?;
        let len = run.find(|c| !is_arrow_part(c)).unwrap_or(run.len());
        let run = run.get(..len)?;
        let end = start.saturating_add(len);
        if run.chars().filter(|c| SHAFT.contains(c)).nth(1).is_some() {
            return Some(Piece {
                start,
                end,
                left: run.starts_with(LEFT_HEADS),
                right: run.ends_with(RIGHT_HEADS),
            });
        }
        at = end;
    }
    None
}

fn last_piece(line: &str, from: usize) -> Option<Piece> {
    let mut last = None;
    let mut at = from;
    while let Some(piece) = next_piece(line, at) {
        at = piece.end;
        last = Some(piece);
    }
    last
}

fn is_arrow_part(c: char) -> bool {
    SHAFT.contains(&c) || RIGHT_HEADS.contains(&c) || LEFT_HEADS.contains(&c)
}

/// `client -> server: SYN`, `Server-->>Client: SYN-ACK`: the label stands behind a colon.
fn read_written(line: &str) -> Option<Arrow<'_>> {
    let heads = ["-->>", "->>", "-->", "->", "=>", "→", "⇒"];
    let (at, head) = heads
        .iter()
        .find_map(|head| line.find(head).map(|at| (at, head)))?;
    let left = line.get(..at)?;
    let rest = line.get(at.saturating_add(head.len())..)?;
    let (right, label) = rest.split_once(": ").or_else(|| rest.split_once(" : "))?;
    let named = !left.trim().is_empty() && !right.trim().is_empty();
    named.then_some(Arrow {
        left,
        right,
        label,
        way: Way::Right,
    })
}

/// What a label says.
struct Label {
    flags: Option<TcpFlags>,
    numbers: Numbers,
    app: AppHint,
}

impl Label {
    fn acknowledges(&self) -> bool {
        self.flags.is_none_or(|flags| flags.contains(TcpFlags::ACK))
    }
}

/// `SYN, ACK, seq=0, ack=1`, `SYN-ACK (seq=y)`, `<SEQ=100><CTL=SYN>`, `[RST]`, `GET / HTTP/1.1`, `data`.
fn read_label(text: &str) -> Option<Label> {
    let text = text.trim().trim_matches(['|', '"', '`', '\'']);
    let mut label = Label {
        flags: None,
        numbers: Numbers::default(),
        app: AppHint::None,
    };
    if let Some(hint) = AppHint::from_http_line(text) {
        label.app = hint;
        return Some(label);
    }
    let words = text
        .split([' ', ',', '[', ']', '(', ')', '<', '>', ';'])
        .filter(|word| !word.is_empty());
    let mut says_flags = true;
    for word in words.take(24) {
        let flags = word.strip_prefix("CTL=").unwrap_or(word);
        if says_flags && let Some(flags) = spelled(flags) {
            label.flags = Some(label.flags.unwrap_or_default() | flags);
        } else if let Some(len) = word.strip_prefix("datalen=").and_then(integer) {
            label.numbers.len = Some(len);
        } else if word.contains('=') {
            read_number(word, &mut label.numbers);
        } else if !matches!(word, "+" | "&" | "/" | "and" | "packet" | "flag") {
            // What follows is comment.
            says_flags = false;
            if label.flags.is_none() {
                return is_data(word).then_some(label);
            }
        }
    }
    label.flags.is_some().then_some(label)
}

fn is_data(word: &str) -> bool {
    ["data", "request", "response"]
        .iter()
        .any(|name| word.eq_ignore_ascii_case(name))
}

/// `SYN`, `SYN-ACK`, `RST/ACK`, `FIN+ACK`, `SYNACK`, in capitals.
fn spelled(word: &str) -> Option<TcpFlags> {
    if word.len() < 3 || word.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    let listed = match word.strip_suffix("ACK").filter(|flag| flag.len() == 3) {
        Some(flag) => flag_list(flag).map(|flag| flag | TcpFlags::ACK),
        None => None,
    };
    listed.or_else(|| flag_list(&word.replace(['-', '/', '+', '|', '&'], ",")))
}

/// What stands at an end: a name of a few words, perhaps a port; the states of RFC 9293 are no names.
fn side(text: &str, unnamed: &str, names: &mut Names) -> Side {
    let name = text.trim_matches(|c: char| c.is_whitespace() || "|:;,*`\"".contains(c));
    // A remark stands behind the end: `|------ SYN ------>|   the client wants to connect`.
    let name = match text.trim_start().starts_with('|') || name.contains('|') {
        true => "",
        false => name,
    };
    if name.is_empty() || is_state(name) || name.split_whitespace().nth(MAX_WORDS).is_some() {
        return names.side(Some(unnamed), None);
    }
    if let Some((host, port)) = name.rsplit_once(':')
        && (integer::<u16>(port).is_some() || port_of_service(port).is_some())
    {
        return names.side(Some(host), Some(port));
    }
    names.side(Some(shorten(name, 64)), None)
}

/// A name has no more words.
const MAX_WORDS: usize = 3;

/// States of a connection (RFC 9293 §3.3.2), as its figures name them at the ends of arrows.
fn is_state(name: &str) -> bool {
    let name = name.replace(['_', ' '], "-");
    [
        "CLOSED",
        "LISTEN",
        "SYN-SENT",
        "SYN-RECEIVED",
        "ESTABLISHED",
        "FIN-WAIT-1",
        "FIN-WAIT-2",
        "CLOSE-WAIT",
        "CLOSING",
        "LAST-ACK",
        "TIME-WAIT",
    ]
    .contains(&&*name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<(String, String, Option<TcpFlags>)> {
        let mut names = Names::default();
        let Read::Row(row) = read_row(line, &mut names) else {
            return None;
        };
        let name = |side: Side| names.hosts.display(side.host.unwrap()).to_string();
        Some((name(row.source), name(row.destination), row.flags))
    }

    #[test]
    fn arrows_of_every_kind() {
        let (syn, ack, rst, fin) = (TcpFlags::SYN, TcpFlags::ACK, TcpFlags::RST, TcpFlags::FIN);
        for (line, from, to, flags) in [
            ("A --- SYN, seq=0 ---> B", "A", "B", syn),
            ("A <--- SYN, ACK, seq=0, ack=1 --- B", "B", "A", syn | ack),
            (
                "2   A <--- SYNACK, seq=0, ack=1 --------------- B",
                "B",
                "A",
                syn | ack,
            ),
            (
                "client <------ACK + SYN ---- server",
                "server",
                "client",
                syn | ack,
            ),
            ("1. client -> server: SYN", "client", "server", syn),
            (
                "Server-->>Client: SYN-ACK (Ack: 1)",
                "Server",
                "Client",
                syn | ack,
            ),
            ("   | ------ RST ------> |", "left", "right", rst),
            (
                "  |<----- SYN-ACK ----|        |   Step 2",
                "right",
                "left",
                syn | ack,
            ),
            (
                "Client ──── FIN-ACK ───▶ Server:443",
                "Client",
                "Server",
                fin | ack,
            ),
            (
                "  2.  SYN-SENT    --> <SEQ=100><CTL=SYN>               --> SYN-RECEIVED",
                "left",
                "right",
                syn,
            ),
            (
                "  3.  ESTABLISHED <-- <SEQ=300><ACK=101><CTL=SYN,ACK>  <-- SYN-RECEIVED",
                "right",
                "left",
                syn | ack,
            ),
        ] {
            let expected = (from.to_owned(), to.to_owned(), Some(flags));
            assert_eq!(read(line), Some(expected), "{line}");
        }
    }

    #[test]
    fn numbers_stand_on_the_arrow() {
        let row = read_row("A <--- SYN, ACK, seq=7, ack=1 --- B", &mut Names::default()).into_row();
        assert_eq!((row.seq, row.ack), (Some(7), Some(1)));
    }

    #[test]
    fn prose_is_no_row() {
        for line in [
            "the SYN -- which nobody answers -- is sent again",
            "--- a/file",
            "--> see below",
            "map a -> b: c",
            "curl -> nginx: 502 Bad Gateway",
            "<!-- SYN -->",
            "set x --> SYN",
            "---- RST ----",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
