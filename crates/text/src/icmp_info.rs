//! ICMP errors in words: Wireshark's Info column, tcpdump's rows.

use whyreset_segments::IcmpError;

use crate::tokens::split_digits;

/// The phrases of Wireshark (in the Info column) and tcpdump for ICMP errors, with type and code (IANA, ICMP Parameters).
/// The more special phrase stands first.
const V4: &[(&str, u8, u8)] = &[
    ("host administratively prohibited", 3, 10),
    ("network administratively prohibited", 3, 9),
    ("communication administratively filtered", 3, 13),
    ("communication administratively prohibited", 3, 13),
    ("unreachable - admin prohibited filter", 3, 13),
    ("unreachable - need to frag", 3, 4),
    ("fragmentation needed", 3, 4),
    ("source route failed", 3, 5),
    ("port unreachable", 3, 3),
    ("protocol unreachable", 3, 2),
    ("host unreachable", 3, 1),
    ("network unreachable", 3, 0),
    ("destination network unknown", 3, 6),
    ("destination host unknown", 3, 7),
    ("time to live exceeded in transit", 11, 0),
    ("fragment reassembly time exceeded", 11, 1),
    ("time exceeded in-transit", 11, 0),
    ("time exceeded-in-transit", 11, 0),
    ("ip reassembly time exceeded", 11, 1),
];

const V6: &[(&str, u8, u8)] = &[
    ("packet too big", 2, 0),
    ("administratively prohibited", 1, 1),
    ("unreachable prohibited", 1, 1),
    ("no route to destination", 1, 0),
    ("unreachable route", 1, 0),
    ("address unreachable", 1, 3),
    ("unreachable address", 1, 3),
    ("port unreachable", 1, 4),
    ("unreachable port", 1, 4),
    ("hop limit exceeded", 3, 0),
    ("time exceeded in-transit", 3, 0),
    ("reject route", 1, 6),
];

/// The error that `text` words, if it is one. `text` is the Info column, or what tcpdump writes behind `ICMP `.
pub(crate) fn icmp_error(text: &str, v6: bool) -> Option<IcmpError> {
    let text = crate::tokens::shorten(text, 400).to_ascii_lowercase();
    let (kind, code) = phrase(&text, v6).or_else(|| tcpdump_phrase(&text, v6))?;
    Some(IcmpError {
        v6,
        kind,
        code,
        mtu: mtu(&text),
    })
}

/// Whether tcpdump says that the error quotes a packet of another protocol: `10.0.0.1 udp port 53 unreachable`.
pub(crate) fn quotes_another_protocol(text: &str) -> bool {
    let text = crate::tokens::shorten(text, 400);
    let Some((before, _)) = text.split_once("unreachable") else {
        return text.contains(" udp port ");
    };
    let mut words = before.split_whitespace().rev();
    match (words.next(), words.next(), words.next()) {
        (Some(number), Some("protocol"), _) => number != "6",
        (Some(_), Some("port"), Some(name)) => name != "tcp",
        _ => text.contains(" udp port "),
    }
}

/// The host that tcpdump names as the one which cannot be reached: the quoted packet was on its way there.
pub(crate) fn unreachable_host(text: &str) -> Option<&str> {
    let (before, _) = crate::tokens::shorten(text, 400).split_once(" unreachable")?;
    let mut words = before.split_whitespace().rev();
    match (words.next()?, words.next()) {
        (_, Some("port")) => words.nth(1),
        (_, Some("protocol")) => words.next(),
        (host, _) => Some(host),
    }
}

fn phrase(text: &str, v6: bool) -> Option<(u8, u8)> {
    let table = if v6 { V6 } else { V4 };
    table
        .iter()
        .find(|(phrase, _, _)| text.contains(phrase))
        .map(|(_, kind, code)| (*kind, *code))
}

/// tcpdump puts the unreachable thing in the middle: `host 10.0.0.10 unreachable - admin prohibited`,
/// `10.0.0.1 tcp port 81 unreachable`.
fn tcpdump_phrase(text: &str, v6: bool) -> Option<(u8, u8)> {
    let (before, after) = text.split_once(" unreachable")?;
    let what = |word: &str| before.split_whitespace().any(|w| w == word);
    let prohibited = after.contains("admin prohibited");
    Some(match (v6, prohibited) {
        (true, _) if what("port") => (1, 4),
        (true, true) => (1, 1),
        (true, false) => (1, 3),
        (false, true) if what("host") => (3, 10),
        (false, true) if what("net") => (3, 9),
        (false, true) => (3, 13),
        (false, false) if what("port") => (3, 3),
        (false, false) if what("protocol") => (3, 2),
        (false, false) if what("net") => (3, 0),
        (false, false) => (3, 1),
    })
}

/// `(mtu 1000)`, `mtu 1280`.
fn mtu(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("mtu ")?;
    split_digits(rest).0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_that_is_not_reached() {
        for text in [
            "host 10.0.0.1 unreachable - admin prohibited, length 68",
            "10.0.0.1 tcp port 81 unreachable, length 68",
            "10.0.0.1 protocol 6 unreachable, length 60",
            "10.0.0.1 unreachable - need to frag (mtu 1000), length 556",
        ] {
            assert_eq!(unreachable_host(text), Some("10.0.0.1"), "{text}");
        }
        assert_eq!(unreachable_host("time exceeded in-transit"), None);
    }

    #[test]
    fn what_the_error_is_about() {
        for (text, other) in [
            ("10.0.0.1 tcp port 81 unreachable, length 68", false),
            ("10.0.0.1 udp port 18914 unreachable, length 66", true),
            ("desk.local udp port domain unreachable, length 36", true),
            ("10.0.0.1 protocol 47 unreachable, length 60", true),
            ("10.0.0.1 protocol 6 unreachable, length 60", false),
            ("host 10.0.0.1 unreachable, length 68", false),
            (
                "destination unreachable, unreachable port, 2001:db8::1 udp port 53, length 90",
                true,
            ),
            (
                "destination unreachable, unreachable port, 2001:db8::1 tcp port 80, length 88",
                false,
            ),
        ] {
            assert_eq!(quotes_another_protocol(text), other, "{text}");
        }
    }

    #[test]
    fn every_wording() {
        for (text, v6, kind, code, mtu) in [
            (
                "host 10.0.0.10 unreachable - admin prohibited, length 68",
                false,
                3,
                10,
                None,
            ),
            (
                "10.1.1.21 unreachable - need to frag (mtu 1000), length 556",
                false,
                3,
                4,
                Some(1000),
            ),
            (
                "10.0.0.1 tcp port 81 unreachable, length 68",
                false,
                3,
                3,
                None,
            ),
            ("host 10.0.0.1 unreachable, length 68", false, 3, 1, None),
            (
                "Destination unreachable (Fragmentation needed)",
                false,
                3,
                4,
                None,
            ),
            (
                "Destination unreachable (Communication administratively filtered)",
                false,
                3,
                13,
                None,
            ),
            (
                "Time-to-live exceeded (Time to live exceeded in transit)",
                false,
                11,
                0,
                None,
            ),
            ("Packet Too Big", true, 2, 0, None),
            (
                "packet too big, mtu 1280, length 1240",
                true,
                2,
                0,
                Some(1280),
            ),
            (
                "Destination Unreachable (Port unreachable)",
                true,
                1,
                4,
                None,
            ),
        ] {
            let error = icmp_error(text, v6).unwrap();
            assert_eq!(
                (error.kind, error.code, error.mtu),
                (kind, code, mtu),
                "{text}"
            );
        }
        assert_eq!(
            icmp_error("Echo (ping) request  id=0x1, seq=1/256, ttl=64", false),
            None
        );
    }
}
