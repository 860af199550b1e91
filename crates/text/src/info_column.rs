//! Wireshark's Info column of a TCP row: `[TCP Dup ACK 28#1] 80 → 62862 [RST, ACK] Seq=1 Ack=2 Win=0 Len=0`.

use whyreset_segments::{SackBlock, SeqNumber, TcpFlags, TcpOptions, Timestamps};

use crate::tokens::{integer, strip_prefix_any_case};

/// A TCP row's Info column, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Info<'a> {
    /// Where it starts in the line, markers included.
    pub start: usize,
    /// Where it ends: what follows belongs to other columns, or to the next row.
    pub end: usize,
    /// Wireshark's markers in front and notes in the middle, without brackets.
    pub marks: Vec<&'a str>,
    /// Source and destination port as written.
    pub ports: Option<(&'a str, &'a str)>,
    pub flags: TcpFlags,
    pub numbers: Numbers,
}

/// The numbers and options behind the flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub seq: Option<u32>,
    pub ack: Option<u32>,
    pub window: Option<u32>,
    pub len: Option<u32>,
    pub urgent: Option<u16>,
    pub options: TcpOptions,
    pub some_options: bool,
    /// What stands behind `WS=`.
    scale: Option<u32>,
    /// The names that releases before 1.6 used (`TSV=`): those wrote the shift behind `WS=`, later ones the factor.
    old_names: bool,
}

impl Numbers {
    fn set_scale(&mut self) {
        let Some(written) = self.scale else { return };
        self.options.window_scale = match written {
            shift if self.old_names => u8::try_from(shift).ok().filter(|shift| *shift <= 14),
            factor if factor.is_power_of_two() => u8::try_from(factor.trailing_zeros()).ok(),
            shift => u8::try_from(shift).ok().filter(|shift| *shift <= 14),
        };
    }

    /// Nothing was cut off: Wireshark shows every common option after these, so that a missing one is missing.
    pub fn complete(&self) -> bool {
        self.seq.is_some() && self.window.is_some() && self.len.is_some()
    }
}

/// Finds the Info column of a TCP row in `line`: ports, an arrow and flags in brackets.
pub(crate) fn find_info(line: &str) -> Option<Info<'_>> {
    let (open, close, flags) = find_flags(line)?;
    let before = line.get(..open)?.trim_end();
    let mut info = Info {
        flags,
        ..Info::default()
    };
    let ports = split_ports(before);
    let before = match &ports {
        Some((left, _)) => left,
        None => before,
    };
    info.ports = ports.map(|(_, ports)| ports);
    let before = strip_marks(before, &mut info.marks);
    if info.ports.is_none() && !before.is_empty() {
        return None;
    }
    info.start = before.len();
    info.end = read_numbers(line, close, &mut info);
    info.numbers.set_scale();
    Some(info)
}

/// Whether flags in brackets stand in the line.
pub(crate) fn has_flag_list(line: &str) -> bool {
    find_flags(line).is_some()
}

/// The first `[…]` that is a list of flags: where it opens, where the text goes on, and the flags.
fn find_flags(line: &str) -> Option<(usize, usize, TcpFlags)> {
    let mut from = 0_usize;
    while let Some(open) = line.get(from..)?.find('[') {
        let open = from.saturating_add(open);
        let inner = line.get(open.saturating_add(1)..)?;
        // Flag lists are short; a longer look ahead would make long lines quadratic.
        let inner = crate::tokens::shorten(inner, 80);
        if let Some(len) = inner.find(']')
            && let Some(flags) = inner.get(..len).and_then(flag_list)
        {
            return Some((open, open.saturating_add(len).saturating_add(2), flags));
        }
        from = open.saturating_add(1);
    }
    None
}

/// `RST, ACK` in any case; `<None>`.
pub(crate) fn flag_list(text: &str) -> Option<TcpFlags> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("<none>") {
        return Some(TcpFlags::NONE);
    }
    let mut flags = TcpFlags::NONE;
    for name in text.split(',') {
        flags = flags | flag(name.trim())?;
    }
    Some(flags)
}

fn flag(name: &str) -> Option<TcpFlags> {
    Some(match name.to_ascii_uppercase().as_str() {
        "FIN" => TcpFlags::FIN,
        "SYN" => TcpFlags::SYN,
        "RST" => TcpFlags::RST,
        "PSH" => TcpFlags::PSH,
        "ACK" => TcpFlags::ACK,
        "URG" => TcpFlags::URG,
        "ECN" | "ECE" => TcpFlags::ECE,
        "CWR" => TcpFlags::CWR,
        "NS" | "NONCE" | "AE" => TcpFlags::AE,
        "RESERVED" => TcpFlags::NONE,
        _ => return None,
    })
}

/// Arrows between ports and between addresses, as encodings have left them.
pub(crate) fn is_arrow(word: &str) -> bool {
    matches!(
        word,
        ">" | "->"
            | "→"
            | "-->"
            | "=>"
            | "?"
            | "??"
            | "???"
            | "\u{fffd}"
            | "\u{fffd}\u{fffd}\u{fffd}"
            | "â†’"
            | "â\u{86}\u{92}"
            | "➝"
            | "⟶"
            | "⇒"
            | "➔"
            | "—>"
            | "–>"
    )
}

const JOINED_ARROWS: [&str; 8] = ["->", "→", "=>", "â†’", "\u{fffd}", "⟶", "➔", ">"];

/// Splits `80→443` at its arrow.
pub(crate) fn split_joined_arrow(word: &str) -> Option<(&str, &str)> {
    JOINED_ARROWS
        .iter()
        .find_map(|arrow| word.split_once(arrow))
        .filter(|(left, right)| !left.is_empty() && !right.is_empty())
}

/// Splits `… 80 → 62862` into what stands before the ports, and the ports.
fn split_ports(before: &str) -> Option<(&str, (&str, &str))> {
    let (rest, last) = split_last_word(before);
    if let Some((source, destination)) = split_joined_arrow(last) {
        return port_like(source, destination).then_some((rest, (source, destination)));
    }
    let (rest, arrow) = split_last_word(rest);
    if !is_arrow(arrow) {
        return None;
    }
    let (rest, source) = split_last_word(rest);
    port_like(source, last).then_some((rest, (source, last)))
}

/// Ports are numbers or service names, never addresses.
fn port_like(source: &str, destination: &str) -> bool {
    [source, destination].iter().all(|port| {
        !port.is_empty()
            && port.len() <= 64
            && !port.contains(['[', ']', '=', ',', ':', '"', '\'', '|'])
            && (!port.contains('.') || port.bytes().any(|byte| byte.is_ascii_alphabetic()))
    })
}

/// The last word, and what stands before it without trailing blanks.
fn split_last_word(text: &str) -> (&str, &str) {
    let text = text.trim_end();
    match text.rfind(char::is_whitespace) {
        Some(at) => {
            let (rest, word) = text.split_at_checked(at).unwrap_or((text, ""));
            (rest.trim_end(), word.trim_start())
        }
        None => ("", text),
    }
}

/// Takes `[TCP ZeroWindow]` and its like off the end of `before`.
fn strip_marks<'a>(before: &'a str, marks: &mut Vec<&'a str>) -> &'a str {
    let mut before = before.trim_end();
    while let Some(inner) = before.strip_suffix(']') {
        let Some(open) = inner.rfind('[') else { break };
        let mark = inner.get(open.saturating_add(1)..).unwrap_or("");
        if mark.len() > MAX_MARK || marks.len() >= MAX_MARKS {
            break;
        }
        marks.insert(0, mark);
        before = inner.get(..open).unwrap_or("").trim_end();
    }
    before
}

/// More markers than this are no row.
const MAX_MARKS: usize = 16;

/// Longest marker or note, in bytes.
const MAX_MARK: usize = 120;

/// Takes markers off the front of an Info column that hides TCP's numbers.
pub(crate) fn leading_marks(info: &str) -> (Vec<&str>, &str) {
    let mut marks = Vec::new();
    let mut rest = info.trim_start();
    while let Some((mark, after)) = leading_mark(rest) {
        marks.push(mark);
        rest = after;
    }
    (marks, rest)
}

/// A marker in front, without brackets, and what follows it. What a higher protocol puts before TCP's markers counts as one:
/// `[RPC duplicate of #22][TCP Retransmission] V4 Reply`.
fn leading_mark(info: &str) -> Option<(&str, &str)> {
    let (mark, after) = info.strip_prefix('[')?.split_once(']')?;
    let after = after.trim_start();
    if mark.len() > MAX_MARK {
        return None;
    }
    match mark.strip_prefix("TCP ") {
        Some(said) => !said.starts_with("segment of") && !said.starts_with("PDU"),
        None => after.starts_with("[TCP ") && leading_mark(after).is_some(),
    }
    .then_some((mark, after))
}

/// Reads `Seq=1 Ack=2 …` from `from` on, notes in brackets between them included. Gives where it ends.
fn read_numbers<'a>(line: &'a str, from: usize, info: &mut Info<'a>) -> usize {
    let mut end = from;
    while let Some(rest) = line.get(end..) {
        let word_start = end.saturating_add(rest.len().saturating_sub(rest.trim_start().len()));
        let Some(rest) = line.get(word_start..).filter(|rest| !rest.is_empty()) else {
            break;
        };
        if let Some(inner) = rest.strip_prefix('[') {
            let Some(len) = crate::tokens::shorten(inner, MAX_MARK).find(']') else {
                break;
            };
            if info.marks.len() < MAX_MARKS {
                info.marks.extend(inner.get(..len));
            }
            end = word_start.saturating_add(len).saturating_add(2);
            continue;
        }
        let len = rest.find([' ', '\t', '[', '"', '|']).unwrap_or(rest.len());
        let word = rest.get(..len).unwrap_or("");
        if !read_number(word, &mut info.numbers) {
            break;
        }
        end = word_start.saturating_add(len);
    }
    end
}

/// One `key=value`; whether it was one that belongs to the Info column of a TCP row.
pub(crate) fn read_number(word: &str, numbers: &mut Numbers) -> bool {
    // `**Ack=1**`: what the author wanted seen.
    let word = word
        .trim_end_matches([',', ';', '*'])
        .trim_start_matches('*');
    let Some((key, value)) = word.split_once('=') else {
        if word.eq_ignore_ascii_case("SACK_PERM") {
            numbers.options.sack_permitted = true;
            numbers.some_options = true;
            return true;
        }
        return false;
    };
    let Some(number) = integer::<u32>(value) else {
        return strip_prefix_any_case(key, "TFO").is_some();
    };
    read_pair(&key.to_ascii_uppercase(), number, numbers)
}

fn read_pair(key: &str, number: u32, numbers: &mut Numbers) -> bool {
    match key {
        "SEQ" => numbers.seq = Some(number),
        "ACK" => numbers.ack = Some(number),
        "WIN" => numbers.window = Some(number),
        "LEN" => numbers.len = Some(number),
        "URG" => numbers.urgent = u16::try_from(number).ok(),
        "TFO" | "TSER_RAW" => {}
        _ => {
            numbers.some_options = true;
            numbers.old_names |= matches!(key, "TSV" | "TSER");
            if key == "WS" {
                numbers.scale = Some(number);
                return true;
            }
            return read_option(key, number, &mut numbers.options);
        }
    }
    true
}

fn read_option(key: &str, number: u32, options: &mut TcpOptions) -> bool {
    match key {
        "MSS" => options.mss = u16::try_from(number).ok(),
        "SACK_PERM" => options.sack_permitted = number != 0,
        "TSVAL" | "TSV" => {
            let echo = options.timestamps.map_or(0, |ts| ts.echo);
            options.timestamps = Some(Timestamps {
                value: number,
                echo,
            });
        }
        "TSECR" | "TSER" => {
            let value = options.timestamps.map_or(0, |ts| ts.value);
            options.timestamps = Some(Timestamps {
                value,
                echo: number,
            });
        }
        "SLE" => push_sack(options, SeqNumber(number)),
        "SRE" => {
            let last = usize::from(options.sack_len).wrapping_sub(1);
            if let Some(block) = options.sack.get_mut(last) {
                block.right = SeqNumber(number);
            }
        }
        _ => return false,
    }
    true
}

fn push_sack(options: &mut TcpOptions, left: SeqNumber) {
    if let Some(slot) = options.sack.get_mut(usize::from(options.sack_len)) {
        *slot = SackBlock { left, right: left };
        options.sack_len = options.sack_len.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_today() {
        let line =
            "TCP 60 [TCP Keep-Alive] 80 → 62862 [RST, ACK] Seq=64527 Ack=905514 Win=4210688 Len=0";
        let info = find_info(line).unwrap();
        assert_eq!(info.start, 6);
        assert_eq!(info.end, line.len());
        assert_eq!(info.marks, ["TCP Keep-Alive"]);
        assert_eq!(info.ports, Some(("80", "62862")));
        assert_eq!(info.flags, TcpFlags::RST | TcpFlags::ACK);
        assert_eq!(info.numbers.seq, Some(64527));
        assert_eq!(info.numbers.ack, Some(905_514));
        assert_eq!(info.numbers.window, Some(4_210_688));
        assert_eq!(info.numbers.len, Some(0));
    }

    #[test]
    fn notes_in_the_middle_and_odd_arrows() {
        let info = find_info("a ? b [syn] seq=0 win=8192 [TCP CHECKSUM INCORRECT] Len=0 MSS=1460 WS=8 SACK_PERM=1 7 8").unwrap();
        assert_eq!(info.marks, ["TCP CHECKSUM INCORRECT"]);
        assert_eq!(info.numbers.options.window_scale, Some(3));
        assert_eq!(info.numbers.options.mss, Some(1460));
        assert!(info.numbers.options.sack_permitted);
        assert!(info.numbers.complete());
        for line in [
            "32641->443 [ACK]",
            "9100→60156 [ACK]",
            "http > apocd [FIN, ACK]",
        ] {
            assert!(find_info(line).unwrap().ports.is_some(), "{line}");
        }
    }

    #[test]
    fn timestamps_and_sack() {
        let info = find_info("1 > 2 [ACK] Seq=1 Ack=9 Win=5 Len=0 TSV=7 TSER=8 SLE=11 SRE=13 0.5")
            .unwrap();
        let options = info.numbers.options;
        assert_eq!(options.timestamps, Some(Timestamps { value: 7, echo: 8 }));
        assert_eq!(
            options.sack_blocks(),
            [SackBlock {
                left: SeqNumber(11),
                right: SeqNumber(13)
            }]
        );
    }

    #[test]
    fn prose_is_no_info() {
        for line in [
            "the [ACK] is late",
            "[SYN]",
            "x > y",
            "[TCP segment of a reassembled PDU]",
        ] {
            let found = find_info(line);
            assert!(found.is_none() || line == "[SYN]", "{line}");
        }
    }
}
