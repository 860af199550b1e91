//! Check Point's `fw monitor`, whose packets stand on two lines:
//!
//! ```text
//! [vs_0][fw_1] eth0:i[60]: 10.1.1.100 -> 10.2.1.200 (TCP) len=60 id=12345
//! TCP: 54321 -> 443 .S.... seq=499602d2 ack=00000000
//! ```
//!
//! `i` and `I` are before and behind the inspection on the way in, `o` and `O` on the way out: a packet that passes is
//! shown four times, one that the firewall drops on its way in at `i` alone. The numbers are hexadecimal, and those of the header; `len` is that of the datagram.

use whyreset_segments::TcpFlags;

use crate::format::Format;
use crate::hosts::Names;
use crate::points::Points;
use crate::raw_row::{Numbering, RawRow};
use crate::read::Read;
use crate::times::read_time;
use crate::tokens::{Token, integer, tokens};

/// Whether a packet begins here, whose second line has to follow.
pub(crate) fn is_head(line: &str) -> bool {
    let last = line.trim_end().rsplit(' ').next().unwrap_or("");
    last.starts_with("id=") && line.contains(" (TCP) len=") && !line.contains("TCP: ")
}

/// Reads one packet; its two lines joined.
pub(crate) fn read_row(line: &str, names: &mut Names, points: &mut Points) -> Read {
    let Some((mut row, point)) = read_packet(line, names) else {
        return Read::No;
    };
    row.format = Format::FwMonitor;
    row.numbering = Numbering::Absolute;
    let packet = (
        (row.source, row.destination),
        (row.ip_id, row.ip_len),
        (row.seq, row.ack, row.flags),
    );
    if points.is_again(packet, point, row.time) {
        return Read::Again(Box::new(row));
    }
    let comes_in = point
        .split_once(':')
        .is_some_and(|(_, point)| point.starts_with('i'));
    // Where it is shown again, it had passed.
    row.said = comes_in.then(|| {
        format!(
            "shown at {point} alone: it did not pass the inspection there, unless only this point was captured"
        )
        .into()
    });
    Read::row(row)
}

fn read_packet<'a>(line: &'a str, names: &mut Names) -> Option<(RawRow, &'a str)> {
    let (head, segment) = line.split_once(" (TCP) len=")?;
    let (lengths, segment) = segment.split_once("TCP: ")?;
    let head = tokens(head);
    let [prefix @ .., source, arrow, destination] = head.as_slice() else {
        return None;
    };
    let fields = tokens(segment);
    let [source_port, second, destination_port, flags, numbers @ ..] = fields.as_slice() else {
        return None;
    };
    if arrow.text != "->" || second.text != "->" {
        return None;
    }
    let mut row = RawRow {
        time: time(prefix),
        flags: Some(read_flags(flags.text)?),
        source: names.side(Some(source.text), Some(source_port.text)),
        destination: names.side(Some(destination.text), Some(destination_port.text)),
        ..RawRow::default()
    };
    let mut lengths = lengths.split_whitespace();
    row.ip_len = lengths.next().and_then(integer);
    row.ip_id = lengths
        .next()
        .and_then(|id| integer(id.strip_prefix("id=")?));
    read_numbers(numbers, &mut row);
    // Headers without options leave no room for payload, and who opens or resets sends none.
    let bare = row.ip_len == Some(BARE_HEADERS);
    let flags = row.flags.unwrap_or_default();
    if bare || flags.contains(TcpFlags::SYN) || flags.contains(TcpFlags::RST) {
        row.len = Some(0);
    }
    Some((row, point(prefix)))
}

/// Bytes of the headers of IPv4 and TCP without options.
const BARE_HEADERS: u32 = 40;

/// `.S..A.`: FIN, SYN, RST, PSH, ACK, URG, in this order.
fn read_flags(text: &str) -> Option<TcpFlags> {
    let order = [
        ('F', TcpFlags::FIN),
        ('S', TcpFlags::SYN),
        ('R', TcpFlags::RST),
        ('P', TcpFlags::PSH),
        ('A', TcpFlags::ACK),
        ('U', TcpFlags::URG),
    ];
    if text.len() != order.len() {
        return None;
    }
    let mut flags = TcpFlags::NONE;
    for (letter, (name, flag)) in text.chars().zip(order) {
        match letter {
            '.' => {}
            letter if letter == name => flags = flags | flag,
            _ => return None,
        }
    }
    Some(flags)
}

fn read_numbers(fields: &[Token<'_>], row: &mut RawRow) {
    for field in fields {
        match field.text.split_once('=') {
            Some(("seq", value)) => row.seq = u32::from_str_radix(value, 16).ok(),
            Some(("ack", value)) => row.ack = u32::from_str_radix(value, 16).ok(),
            _ => {}
        }
    }
    if !row.flags.unwrap_or_default().contains(TcpFlags::ACK) {
        row.ack = None;
    }
}

/// `12Sep2019 14:02:03.123456` (`-T`).
fn time(prefix: &[Token<'_>]) -> Option<crate::times::WrittenTime> {
    let words: Vec<&str> = prefix.iter().take(8).map(|word| word.text).collect();
    (0..words.len())
        .find_map(|from| read_time(words.get(from..)?))
        .map(|(time, _)| time)
}

/// `eth0:i[60]:` without the length: interface and inspection point, and the step of the chain where it is told.
fn point<'a>(prefix: &[Token<'a>]) -> &'a str {
    let point = prefix.iter().map(|word| word.text).find(|word| {
        word.contains(":i") || word.contains(":I") || word.contains(":o") || word.contains(":O")
    });
    let point = point.unwrap_or("");
    point.split('[').next().unwrap_or(point)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::Port;

    #[test]
    fn four_points_are_one_packet() {
        let mut points = Points::default();
        let mut read = |point: &str| {
            let line = format!(
                "[vs_0][fw_1] {point}[60]: 10.1.1.100 -> 10.2.1.200 (TCP) len=60 id=12345 TCP: 54321 -> 443 .S.... seq=499602d2 ack=00000000"
            );
            read_row(&line, &mut Names::default(), &mut points)
        };
        let row = read("eth0:i").into_row();
        let said = row.said.as_deref().unwrap();
        assert!(said.starts_with("shown at eth0:i alone"), "{said}");
        assert_eq!((row.seq, row.ack), (Some(1_234_567_890), None));
        assert_eq!((row.ip_id, row.ip_len), (Some(12_345), Some(60)));
        assert_eq!(row.destination.port, Port::Number(443));
        for point in ["eth0:I", "eth1:o", "eth1:O"] {
            assert!(matches!(read(point), Read::Again(_)), "{point}");
        }
    }

    #[test]
    fn flags_in_their_places() {
        assert_eq!(read_flags("..R.A."), Some(TcpFlags::RST | TcpFlags::ACK));
        for text in ["R.....", ".S", "......x"] {
            assert_eq!(read_flags(text), None, "{text}");
        }
    }
}
