//! Text that is no packet list: recognised by what stands at its beginning.

use crate::foreign::ForeignKind;
use crate::foreign::magics::{EDITCAP, EDITCAP_ETHERNET, LIST};

static JSON: ForeignKind = ForeignKind {
    name: "JSON, but not from tshark",
    advice: "not a packet list: `tshark -T json -r CAPTURE` writes one, the capture itself is better",
};

static HEX_OF_FILE: ForeignKind = ForeignKind {
    name: "a hex dump of a capture file",
    advice: "which `xxd -r IN OUT.pcap` turns back into one",
};
static HEX_WITH_TEXT_OF_FILE: ForeignKind = ForeignKind {
    name: "a hex dump of a capture file (hexdump -C)",
    advice: "which this turns back into one: `sed 's/|.*//; s/  / /g' IN | xxd -r - OUT.pcap`",
};
static HEX: ForeignKind = ForeignKind {
    name: "a hex dump",
    advice: "which Wireshark's tools convert, if it shows packets: `text2pcap IN OUT.pcapng`",
};
static PCAP_IN_BASE64: ForeignKind = ForeignKind {
    name: "a capture in base64",
    advice: "decode it first: `base64 -d IN | whyreset -`",
};

/// Traces that are text with the packets' bytes in hexadecimal: what stands in their first lines.
static TRACES: [(&str, ForeignKind); 9] = [
    (
        "T O S H I B A",
        trace("a trace of a Toshiba ISDN router", LIST),
    ),
    (
        "COMMUNICATIONS TRACE",
        trace("an IBM iSeries trace", EDITCAP),
    ),
    ("ETHERWATCH  ", trace("a trace of DBS EtherWatch", EDITCAP)),
    ("TCPIPtrace", trace("a TCPIPtrace of VMS", EDITCAP)),
    ("TCPtrace-", trace("a TCPtrace of VMS", EDITCAP)),
    ("l2-tx (", trace("a debug trace of a CoSine router", LIST)),
    ("l2-rx (", trace("a debug trace of a CoSine router", LIST)),
    (
        "(i) len=",
        trace("a snoop trace of a NetScreen firewall", EDITCAP_ETHERNET),
    ),
    (
        "(o) len=",
        trace("a snoop trace of a NetScreen firewall", EDITCAP_ETHERNET),
    ),
];

const fn trace(name: &'static str, advice: &'static str) -> ForeignKind {
    ForeignKind { name, advice }
}

/// Where the name of a trace can begin: its tools write a page head, at most.
const TRACE_WINDOW: usize = 2048;

/// The kind of a text that begins so, where it is no packet list.
pub(super) fn recognise(head: &[u8]) -> Option<&'static ForeignKind> {
    let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let start = start.trim_ascii_start();
    if is_other_json(start) {
        Some(&JSON)
    } else if is_base64_of_capture(start) {
        Some(&PCAP_IN_BASE64)
    } else if let Some(first) = hex_line(start) {
        Some(hex_kind(start, first))
    } else {
        trace_of(head)
    }
}

fn trace_of(head: &[u8]) -> Option<&'static ForeignKind> {
    let window = head.get(..TRACE_WINDOW).unwrap_or(head);
    if window.contains(&0) {
        return None;
    }
    TRACES
        .iter()
        .find(|(name, _)| {
            window
                .windows(name.len())
                .any(|bytes| bytes == name.as_bytes())
        })
        .map(|(_, kind)| kind)
}

/// The beginnings of pcap in both byte orders, of pcapng, and of gzip, in base64.
fn is_base64_of_capture(start: &[u8]) -> bool {
    let all_base64 = start.get(..60).is_some_and(|line| {
        line.iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte))
    });
    all_base64
        && [&b"1MOyoQ"[..], b"obLD1A", b"TTyyoQ", b"Cg0NCg", b"H4sI"]
            .iter()
            .any(|magic| start.starts_with(magic))
}

fn hex_kind(start: &[u8], first: [u8; 4]) -> &'static ForeignKind {
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or(start);
    match is_capture(&first) {
        false => &HEX,
        true if line.contains(&b'|') => &HEX_WITH_TEXT_OF_FILE,
        true => &HEX_OF_FILE,
    }
}

fn is_capture(bytes: &[u8]) -> bool {
    [
        &b"\xd4\xc3\xb2\xa1"[..],
        b"\xa1\xb2\xc3\xd4",
        b"\x4d\x3c\xb2\xa1",
        b"\x0a\x0d\x0d\x0a",
    ]
    .iter()
    .any(|magic| bytes.starts_with(magic))
}

/// The first four bytes of a hex dump: an offset of zeros, then bytes, in pairs of digits or fours (`xxd`, `od`, `hexdump`,
/// Wireshark's copied bytes).
fn hex_line(start: &[u8]) -> Option<[u8; 4]> {
    let zeros = start.iter().take_while(|byte| **byte == b'0').count();
    if !(3..=8).contains(&zeros) {
        return None;
    }
    let rest = start.get(zeros..)?;
    let rest = rest.strip_prefix(b":").unwrap_or(rest);
    if !rest.starts_with(b" ") {
        return None;
    }
    let mut digits = rest
        .iter()
        .filter(|byte| **byte != b' ')
        .map(|byte| char::from(*byte).to_digit(16));
    let mut bytes = [0; 4];
    for byte in &mut bytes {
        let (high, low) = (digits.next()??, digits.next()??);
        *byte = u8::try_from(high.wrapping_mul(16).wrapping_add(low)).ok()?;
    }
    Some(bytes)
}

/// Begins as a JSON document and shows none of the names that tshark writes.
fn is_other_json(start: &[u8]) -> bool {
    if !json_begins(start) {
        return false;
    }
    ["\"_source\"", "\"layers\"", "\"_index\""]
        .iter()
        .all(|name| {
            !start
                .windows(name.len())
                .any(|bytes| bytes == name.as_bytes())
        })
}

/// An object with a name, or a list of objects: not the `[` of a log line.
fn json_begins(trimmed: &[u8]) -> bool {
    let Some((first, rest)) = trimmed.split_first() else {
        return false;
    };
    let rest = rest.trim_ascii_start();
    match (first, rest.split_first()) {
        (b'{', Some((b'"', name))) => is_named(name),
        (b'[', Some((b'{', _))) => true,
        _ => false,
    }
}

/// A colon follows the string, as behind a name: strings in braces may be a packet list in a program's source.
fn is_named(string: &[u8]) -> bool {
    let Some(end) = string.iter().position(|byte| *byte == b'"') else {
        return true;
    };
    let behind = string.get(end.saturating_add(1)..).unwrap_or(&[]);
    behind
        .trim_ascii_start()
        .first()
        .is_none_or(|byte| *byte == b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_of_tshark_is_left_to_the_text_reader() {
        assert_eq!(recognise(b"{\"log\": {\"entries\": []}}"), Some(&JSON));
        let source = b"{\"10:00:00.1 IP a.1 > b.2: Flags [S]\", Packet{}}";
        assert_ne!(recognise(source), Some(&JSON));
        assert_eq!(recognise(b"[\n {\"_index\": \"packets\"}]"), None);
        assert_eq!(recognise(b"[12:00:01] IP a > b"), None);
    }

    #[test]
    fn pages_are_left_to_the_text_reader() {
        assert_eq!(
            recognise(b"<!DOCTYPE html>\n<pre>10:00 IP a > b</pre>"),
            None
        );
        assert_eq!(recognise(b"<pdml version=\"0\">"), None);
    }

    #[test]
    fn dumps_in_hexadecimal_and_base64() {
        let file = b"00000000: d4c3 b2a1 0200 0400 0000 0000 0000 0000  ................";
        assert_eq!(recognise(file), Some(&HEX_OF_FILE));
        let canonical =
            b"00000000  d4 c3 b2 a1 02 00 04 00  00 00 00 00 00 00 00 00  |................|";
        assert_eq!(recognise(canonical), Some(&HEX_WITH_TEXT_OF_FILE));
        let packet = b"0000   00 0c 29 5f 45 00 00 50 56 c0 00 08 08 00 45 00   ..)_E..PV.....E.";
        assert_eq!(recognise(packet), Some(&HEX));
        let base64 = b"1MOyoQIABAAAAAAAAAAAAAAABAABAAAAzYsHXwAAAABKAAAASgAAAAAAAAAAAAAA";
        assert_eq!(recognise(base64), Some(&PCAP_IN_BASE64));
        // Times and numbers of packet lists.
        assert_eq!(recognise(b"0000 10.0.0.1 > 10.0.0.2 TCP"), None);
        assert_eq!(
            recognise(b"00:00:01.000 IP 10.0.0.1.80 > 10.0.0.2.90"),
            None
        );
        assert_eq!(recognise(b"0.000000 10.0.0.1 -> 10.0.0.2 TCP"), None);
    }

    #[test]
    fn traces_in_text() {
        let kind = recognise(b"\r\n  COMMUNICATIONS TRACE       Title: IFCR\r\n").unwrap();
        assert_eq!(kind.name, "an IBM iSeries trace");
        assert_eq!(
            recognise(b"12:00:01 IP 10.0.0.1.80 > 10.0.0.2.90: Flags [R]"),
            None
        );
    }
}
