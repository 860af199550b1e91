//! Field lines that are as they should be, read in one pass: most heads have no others.

use super::fields::{Collected, Fields, MAX_FIELDS, Name};

/// How far field lines are as they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Up to the empty line: their length, that line included.
    Whole(usize),
    /// To the end of what is there: no empty line is among them, and the last line may go on.
    Open,
    /// Any asks for a closer look: control characters, a line that goes on in the next one, a name with a blank behind it; or there are
    /// too many.
    Unclear,
}

/// Reads the field lines at the beginning of `bytes`, those that have an end, up to the empty line.
pub(super) fn read(bytes: &[u8], collected: &mut Collected) -> Extent {
    let mut rest = bytes;
    for _ in 0..MAX_FIELDS {
        let (line, behind) = match next_line(rest) {
            Line::Ended(line, behind) => (line, behind),
            Line::Open => return Extent::Open,
            Line::Unclear => return Extent::Unclear,
        };
        let Some(first) = line.first() else {
            return Extent::Whole(bytes.len() - behind.len());
        };
        if may_matter(*first) && !take(line, collected) {
            return Extent::Unclear;
        }
        rest = behind;
    }
    Extent::Unclear
}

/// The fields of these lines, as far as they have an end, where they are as they should be and no other comes behind them.
pub(super) fn of_lines(lines: &[u8]) -> Option<Fields> {
    let lines = ended(lines);
    let mut collected = Collected::default();
    match read(lines, &mut collected) {
        Extent::Whole(len) if len < lines.len() => None,
        Extent::Whole(_) | Extent::Open => Some(collected.into_fields()),
        Extent::Unclear => None,
    }
}

/// Those of the lines that have an end.
pub(super) fn ended(lines: &[u8]) -> &[u8] {
    let len = memchr::memrchr(b'\n', lines).map_or(0, |end| end.saturating_add(1));
    lines.get(..len).unwrap_or(lines)
}

/// Whether a line that begins so may be one of those that matter, in one look.
#[inline(always)]
const fn may_matter(first: u8) -> bool {
    // Letters differ from each other in these five bits, whatever their size.
    const fn bit(first: u8) -> u32 {
        1 << (first & 0x1f)
    }
    const FOLDED: u32 = bit(b' ') | bit(b'\t');
    const NAMES: u32 = bit(b'h') | bit(b'e') | bit(b'u') | bit(b'c') | bit(b'p') | bit(b't');
    (FOLDED | NAMES) & bit(first) != 0
}

/// Takes a line; `false` where it asks for a closer look.
#[inline(always)]
fn take(line: &[u8], collected: &mut Collected) -> bool {
    let name = match line {
        [b' ' | b'\t', ..] => return false,
        [b'H' | b'h', ..] => name_at(line, b"host", Name::Host),
        [b'C' | b'c', b'O' | b'o', b'N' | b'n', ..] => of_content_or_connection(line),
        [b'E' | b'e', ..] => name_at(line, b"expect", Name::Expect),
        [b'U' | b'u', ..] => name_at(line, b"upgrade", Name::Upgrade),
        [b'P' | b'p', ..] => name_at(line, b"proxy-connection", Name::Connection),
        [b'T' | b't', ..] => name_at(line, b"transfer-encoding", Name::TransferEncoding),
        _ => None,
    };
    let Some((name, behind)) = name else {
        return true;
    };
    match behind {
        [b':', value @ ..] => collected.add(name, value),
        [] | [b' ' | b'\t', ..] => return false,
        _ => {}
    }
    true
}

#[inline(always)]
fn of_content_or_connection(line: &[u8]) -> Option<(Name, &[u8])> {
    match line.get(3)? {
        b'T' | b't' => name_at(line, b"content-length", Name::ContentLength),
        _ => name_at(line, b"connection", Name::Connection),
    }
}

/// What tells small letters from large ones.
const SMALL: u8 = 0x20;
/// One in each of eight bytes.
const ONES: u64 = u64::MAX / 0xff;

/// The field's name, and what stands behind it, where the line begins so.
#[inline(always)]
fn name_at<'l, const N: usize>(
    line: &'l [u8],
    small: &[u8; N],
    name: Name,
) -> Option<(Name, &'l [u8])> {
    let (begun, behind) = line.split_first_chunk()?;
    is_name(begun, small).then_some((name, behind))
}

/// Whether it is this name, in letters of any size.
#[inline(always)]
fn is_name<const N: usize>(begun: &[u8; N], small: &[u8; N]) -> bool {
    let ends = |name: &[u8; N]| {
        let (first, last) = (name.first_chunk()?, name.last_chunk()?);
        let all_small = |eight: &[u8; 8]| u64::from_ne_bytes(*eight) | (ONES * SMALL as u64);
        (N <= 16).then(|| (all_small(first), all_small(last)))
    };
    match (ends(begun), ends(small)) {
        // The two overlap, or lie side by side.
        (Some(begun), Some(small)) => begun == small,
        _ => begun.map(|byte| byte | SMALL) == *small,
    }
}

/// The beginning of some lines.
enum Line<'l> {
    /// The first line without its end, and what follows.
    Ended(&'l [u8], &'l [u8]),
    /// Its end is not there.
    Open,
    /// A control character stands in it.
    Unclear,
}

#[inline(always)]
fn next_line(bytes: &[u8]) -> Line<'_> {
    let len = plain_len(bytes);
    if let Some((line, end)) = bytes.split_at_checked(len)
        && let Some((b"\r\n", behind)) = end.split_first_chunk()
    {
        return Line::Ended(line, behind);
    }
    next_unusual_line(bytes, len)
}

/// The same of one that goes on, or does not end, in an unusual way behind so many bytes.
#[inline(never)]
fn next_unusual_line(bytes: &[u8], mut len: usize) -> Line<'_> {
    loop {
        let (line, end) = bytes.split_at_checked(len).unwrap_or((bytes, &[]));
        match end {
            [b'\r', b'\n', behind @ ..] | [b'\n', behind @ ..] => return Line::Ended(line, behind),
            [b'\t', rest @ ..] => len += 1 + plain_len(rest),
            [] | [b'\r'] => return Line::Open,
            _ => return Line::Unclear,
        }
    }
}

/// How many bytes come before the first control character; a tab counts as one.
#[inline(always)]
fn plain_len(bytes: &[u8]) -> usize {
    let (pieces, rest) = bytes.as_chunks();
    let mut len = 0;
    for piece in pieces {
        if let Some(at) = first_control(piece) {
            return len + at;
        }
        len += PIECE;
    }
    len + few_plain_len(rest)
}

/// So many bytes are looked at at once.
const PIECE: usize = 16;

/// The first control character of a piece. That it has none is seen at once, where all of it is ASCII.
#[inline(always)]
fn first_control(piece: &[u8; PIECE]) -> Option<usize> {
    let odd = |odd, byte: &u8| odd | is_odd(*byte);
    if !piece.iter().fold(false, odd) {
        return None;
    }
    let len = few_plain_len(piece);
    (len < PIECE).then_some(len)
}

/// Whether a byte is no printable ASCII: as signed numbers, the others follow on each other.
#[inline(always)]
const fn is_odd(byte: u8) -> bool {
    byte.wrapping_add(1) as i8 <= b' ' as i8
}

/// The same of fewer bytes.
#[inline(always)]
fn few_plain_len(bytes: &[u8]) -> usize {
    let mut len = 0;
    let (eights, rest) = bytes.as_chunks();
    for eight in eights {
        let control = controls(u64::from_le_bytes(*eight));
        if control != 0 {
            return len + control.trailing_zeros() as usize / 8;
        }
        len += 8;
    }
    let control = rest.iter().position(u8::is_ascii_control);
    len + control.unwrap_or(rest.len())
}

/// The highest bit of each byte that is a control character, up to the first of them; behind it bits may be set for no reason
/// (H. S. Warren, Hacker's Delight, §6-1).
const fn controls(eight: u64) -> u64 {
    let deletes = eight ^ (ONES * 0x7f);
    let below_blank = eight.wrapping_sub(ONES * 0x20) & !eight;
    let is_delete = deletes.wrapping_sub(ONES) & !deletes;
    (below_blank | is_delete) & (ONES << 7)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fields::{closely_of_request, closely_of_response};
    use super::*;

    /// Lines of which many are as they should be, and some nearly.
    fn line() -> impl Strategy<Value = String> {
        let known = prop::sample::select(vec![
            "Host",
            "content-length",
            "Content-Length",
            "Connection",
            "proxy-connection",
            "TRANSFER-ENCODING",
            "Expect",
            "Upgrade",
            "X-Other",
            "Hosts",
            "Content-Lengt",
            "bad name",
            "",
            " folded",
            "Content\rLength",
        ]);
        let name = prop_oneof![4 => known.prop_map(str::to_owned), 1 => "[!-~]{0,20}"];
        let colon = prop_oneof![8 => Just(":"), 4 => Just(": "), 1 => Just(" :"), 1 => Just(""), 1 => Just("\t: ")];
        let value = prop_oneof![
            Just("12".to_owned()),
            Just("12, 13".to_owned()),
            Just("99999999999999999999".to_owned()),
            Just("close".to_owned()),
            Just("keep-alive, Close".to_owned()),
            Just("chunked".to_owned()),
            Just("gzip, chunked".to_owned()),
            Just("100-continue".to_owned()),
            Just("identity".to_owned()),
            "[ -~\\t]{0,40}",
            "[ -~\\t\u{e9}\u{1}\u{7f}\u{0}]{0,12}",
        ];
        let end =
            prop_oneof![8 => Just("\r\n"), 2 => Just("\n"), 1 => Just("\r"), 1 => Just("\r\r\n")];
        (name, colon, value, end)
            .prop_map(|(name, colon, value, end)| format!("{name}{colon}{value}{end}"))
    }

    proptest! {
        #[test]
        fn plain_lines_say_what_a_closer_look_finds(
            lines in proptest::collection::vec(line(), 0..6),
            end in prop_oneof![Just("\r\n"), Just("\n")],
            behind in "[a-z\\r\\n]{0,6}",
        ) {
            let lines = format!("{}{end}", lines.concat());
            let whole = format!("{lines}{behind}");
            let mut collected = Collected::default();
            let Extent::Whole(len) = read(whole.as_bytes(), &mut collected) else {
                return Ok(());
            };
            let fields = collected.into_fields();
            let lines = &whole.as_bytes()[..len];
            let with = |start: &[u8]| [start, lines].concat();
            let head = with(b"GET / HTTP/1.1\r\n");
            prop_assert_eq!(super::super::reader::head_end(&head, 0), Some(head.len()));
            prop_assert_eq!(&closely_of_request(&head, lines), &fields);
            prop_assert_eq!(&closely_of_response(&with(b"HTTP/1.1 200 OK\r\n"), lines), &fields);
        }

        #[test]
        fn lines_that_are_cut_say_what_a_closer_look_finds(
            lines in proptest::collection::vec(line(), 0..6),
            cut in 0_usize..30,
        ) {
            let lines = lines.concat();
            let lines = &lines.as_bytes()[..lines.len().saturating_sub(cut)];
            let Some(fields) = of_lines(lines) else {
                return Ok(());
            };
            let with = |start: &[u8]| [start, lines].concat();
            prop_assert_eq!(&closely_of_request(&with(b"GET / HTTP/1.1\r\n"), lines), &fields);
            prop_assert_eq!(&closely_of_response(&with(b"HTTP/1.1 200 OK\r\n"), lines), &fields);
        }
    }

    #[test]
    fn reads_what_is_plain_and_nothing_else() {
        let extent = |bytes: &[u8]| read(bytes, &mut Collected::default());
        let mut collected = Collected::default();
        let lines = b"Host: a\r\nX-Tab: a\tb\nConnection:close\r\n\r\nbody";
        assert_eq!(read(lines, &mut collected), Extent::Whole(40));
        let fields = collected.into_fields();
        assert_eq!((fields.host.as_deref(), fields.close), (Some("a"), true));
        assert_eq!(extent(b"\r\n"), Extent::Whole(2));
        for open in [&b"Host: a\r\n"[..], b"Host", b"Host: a\r", b""] {
            assert_eq!(extent(open), Extent::Open);
        }
        for unclear in [
            &b"Host : a\r\n\r\n"[..],
            b"Host: a\r\n b\r\n\r\n",
            b"Host: a\rb\r\n\r\n",
            b"Host: a\x7f\r\n\r\n",
            b"Host\r\n",
        ] {
            assert_eq!(extent(unclear), Extent::Unclear);
        }
        let many = [&b"A: b\r\n".repeat(MAX_FIELDS)[..], b"\r\n"].concat();
        assert_eq!(extent(&many), Extent::Unclear);
    }
}
