//! smoltcp's packet dumps (`PcapLog`'s sister `Tracer`), a packet on three lines, or on one:
//!
//! ```text
//! <- EthernetII src=02-00-00-00-00-02 dst=02-00-00-00-00-01 type=IPv4
//! \ IPv4 src=192.168.69.100 dst=192.168.69.1 proto=TCP
//!  \ TCP src=49500 dst=80 syn seq=2345 win=1024 len=0 mss=1460
//! ```
//!
//! The numbers are those of the header.

use whyreset_segments::TcpFlags;

use crate::format::Format;
use crate::hosts::{Names, Port};
use crate::raw_row::{Numbering, RawRow, Window};
use crate::read::Read;
use crate::times::read_time;
use crate::tokens::integer;

/// Whether a packet begins here, whose other lines have to follow.
pub(crate) fn is_head(line: &str) -> bool {
    let line = line.trim_end();
    let ends = ["type=IPv4", "type=IPv6", "proto=TCP", "incorrect)"];
    ends.iter().any(|end| line.ends_with(end))
        && line.contains("src=")
        && !line.contains("TCP src=")
}

/// Reads one packet; its lines joined.
pub(crate) fn read_row(line: &str, names: &mut Names) -> Read {
    read_packet(line, names).map_or(Read::No, Read::row)
}

fn read_packet(line: &str, names: &mut Names) -> Option<RawRow> {
    let (head, segment) = line.split_once("TCP src=")?;
    let (_, network) = head
        .split_once("IPv4 ")
        .or_else(|| head.split_once("IPv6 "))?;
    let mut row = RawRow {
        format: Format::Smoltcp,
        numbering: Numbering::Absolute,
        time: time(head),
        ..RawRow::default()
    };
    let (source_port, fields) = segment.split_once(' ')?;
    row.source = names.side(Some(value(network, "src=")?), Some(source_port));
    row.destination = names.side(Some(value(network, "dst=")?), Some(value(fields, "dst=")?));
    if row.source.port == Port::Unsaid || row.destination.port == Port::Unsaid {
        return None;
    }
    row.seq = Some(integer(value(fields, "seq=")?)?);
    row.ack = value(fields, "ack=").and_then(integer);
    row.window = value(fields, "win=")
        .and_then(integer)
        .map_or(Window::Unsaid, Window::Unscaled);
    row.len = value(fields, "len=").and_then(integer);
    row.options.mss = value(fields, "mss=").and_then(integer);
    row.some_options = row.options.mss.is_some();
    row.flags = Some(flags(fields, row.ack.is_some()));
    Some(row)
}

/// What stands behind a name.
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let word = text
        .split_whitespace()
        .find_map(|word| word.strip_prefix(name));
    word.filter(|value| !value.is_empty())
}

fn flags(fields: &str, acknowledges: bool) -> TcpFlags {
    let mut flags = match acknowledges {
        true => TcpFlags::ACK,
        false => TcpFlags::NONE,
    };
    for word in fields.split_whitespace().take(8) {
        flags = flags
            | match word {
                "syn" => TcpFlags::SYN,
                "fin" => TcpFlags::FIN,
                "rst" => TcpFlags::RST,
                "psh" => TcpFlags::PSH,
                _ => TcpFlags::NONE,
            };
    }
    flags
}

/// `[4.230s]` of the examples' logger.
fn time(head: &str) -> Option<crate::times::WrittenTime> {
    let words = head.split_whitespace().take(4);
    let mut words = words.map(|word| word.trim_matches(['[', ']']));
    words
        .find_map(|word| read_time(&[word]))
        .map(|(time, _)| time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_of_three_lines() {
        let line = "[4.230s] <- EthernetII src=02-00-00-00-00-02 dst=02-00-00-00-00-01 type=IPv4 \\ IPv4 src=192.168.69.100 dst=192.168.69.1 proto=TCP (checksum incorrect) \\ TCP src=49500 dst=80 rst seq=2345 ack=17 win=1024 len=0";
        let mut names = Names::default();
        let row = read_row(line, &mut names).into_row();
        assert_eq!(
            names.hosts.display(row.source.host.unwrap()),
            "192.168.69.100"
        );
        assert_eq!(row.destination.port, Port::Number(80));
        assert_eq!(row.flags, Some(TcpFlags::RST | TcpFlags::ACK));
        assert_eq!((row.seq, row.ack, row.len), (Some(2345), Some(17), Some(0)));
        assert_eq!(row.time.unwrap().nanos(), 4_230_000_000);
        assert!(matches!(
            read_row("TCP src=1 dst=2 seq=3", &mut names),
            Read::No
        ));
    }
}
