//! Windows' pktmon (`pktmon etl2txt`, `pktmon start -m real-time`): time and place on one line, and below it the packet as
//! tcpdump prints it.
//!
//! ```text
//! 23:02:26.5397 PktGroupId 562949953421500, PktNumber 1, Appearance 2, Direction Tx , Type Ethernet , Component 31, Edge 1, Filter 1, OriginalSize 66, LoggedSize 66
//!     40-EC-99-B9-17-25 > F0-B4-D2-5A-D3-E2, ethertype IPv4 (0x0800), length 66: 192.168.0.62.65066 > 172.217.2.115.443: Flags [S], …
//! ```
//!
//! A packet appears at each component that it passes, under the same number. `Drop:` before it names who discarded it and why.

use crate::points::Points;
use crate::raw_row::RawRow;
use crate::read::Read;
use crate::times::{WrittenTime, read_time};
use crate::tokens::split_digits;

/// A packet's number, and how often it has appeared.
struct Packet<'a> {
    group: &'a str,
    number: &'a str,
    appearance: &'a str,
}

/// The number, where the text is a packet of pktmon.
fn packet(text: &str) -> Option<Packet<'_>> {
    let (_, rest) = text.split_once("PktGroupId ")?;
    let number = |name: &str| {
        let (_, value) = rest.split_once(name)?;
        Some(split_digits(value).0)
    };
    Some(Packet {
        group: split_digits(rest).0,
        number: number("PktNumber ")?,
        appearance: number("Appearance ").unwrap_or(""),
    })
}

/// Completes a row as tcpdump prints it, where pktmon's line stands before it; the two lines are joined.
pub(crate) fn complete(mut row: Box<RawRow>, text: &str, points: &mut Points) -> Read {
    let Some(packet) = packet(text) else {
        return Read::Row(row);
    };
    let (head, _) = text.split_once("PktGroupId ").unwrap_or((text, ""));
    row.time = time(head).or(row.time);
    if head.contains("Drop:") {
        row.said = Some(dropped(text).into());
    }
    match points.is_again((packet.group, packet.number), packet.appearance, row.time) {
        true => Read::Again(row),
        false => Read::Row(row),
    }
}

/// `[00]0004.0B38::2021-03-11 12:17:32.203906900 [Microsoft-Windows-PktMon] Drop:`, or the time alone.
fn time(head: &str) -> Option<WrittenTime> {
    let head = head.rsplit_once("::").map_or(head, |(_, time)| time);
    let words: Vec<&str> = head.split_whitespace().take(2).collect();
    read_time(&words).map(|(time, _)| time)
}

/// `DropReason INET: port unreachable , DropLocation 0xE000460A`.
fn dropped(text: &str) -> String {
    let reason = text.split_once("DropReason ").map_or("", |(_, rest)| rest);
    let reason = reason.split(',').next().unwrap_or("").trim();
    match reason {
        "" => "dropped".to_owned(),
        reason => format!("dropped: {}", crate::tokens::shorten(reason, 80)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::Names;
    use crate::tcpdump_new;

    const HEAD: &str = "PktGroupId 7, PktNumber 1, Appearance";
    const FLAGS: &str = "Direction Tx , Type Ethernet , Component 78, Edge 1, Filter 1, OriginalSize 66, LoggedSize 66 40-EC-99-B9-17-25 > F0-B4-D2-5A-D3-E2, ethertype IPv4 (0x0800), length 66: 192.168.0.62.65066 > 172.217.2.115.443: Flags [S], seq 1995496356, win 64240, options [mss 1460], length 0";

    #[test]
    fn an_appearance_is_no_packet_of_its_own() {
        let mut points = Points::default();
        let mut read = |text: &str| {
            let row = tcpdump_new::read_packet(text, &mut Names::default()).into_row();
            complete(Box::new(row), text, &mut points)
        };
        let first = format!(
            "[00]0004.0B38::2021-03-11 12:17:32.203906900 [Microsoft-Windows-PktMon] {HEAD} 1, {FLAGS}"
        );
        let row = read(&first).into_row();
        assert!(matches!(row.time, Some(WrittenTime::Dated(_))));
        assert_eq!(row.source_mac, Some([0x40, 0xec, 0x99, 0xb9, 0x17, 0x25]));
        let again =
            format!("12:17:32.2039 Drop: {HEAD} 2, DropReason INET: port unreachable , {FLAGS}");
        let Read::Again(row) = read(&again) else {
            panic!("a packet of its own")
        };
        assert_eq!(row.said.as_deref(), Some("dropped: INET: port unreachable"));
    }
}
