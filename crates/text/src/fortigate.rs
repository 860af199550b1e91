//! FortiGate's sniffer (`diagnose sniffer packet`): `3.112 lan in 10.0.0.1.51514 -> 203.0.113.7.443: syn 27262 ack 11`.
//!
//! The numbers are those of the header. Verbosity 4 to 6 names the interface. Lengths are not told; a SYN and a RST carry
//! no data in practice, anything else may.

use whyreset_segments::TcpFlags;

use crate::format::Format;
use crate::hosts::Names;
use crate::info_column::is_arrow;
use crate::raw_row::{Numbering, RawRow};
use crate::read::Read;
use crate::tcpdump_prefix::{read_ends, read_prefix};
use crate::tokens::{Token, integer, tokens};

/// Reads one row.
pub(crate) fn read_row(line: &str, names: &mut Names) -> Read {
    let Some((before, rest)) = split_at_flags(line) else {
        return Read::No;
    };
    let words = tokens(before);
    let Some((prefix, source, destination)) = read_ends(&words) else {
        return Read::No;
    };
    let arrow = words.len().checked_sub(2).and_then(|at| words.get(at));
    if arrow.is_none_or(|arrow| !is_arrow(arrow.text)) {
        return Read::No;
    }
    let mut row = RawRow {
        format: Format::FortiGate,
        numbering: Numbering::Absolute,
        ..RawRow::default()
    };
    read_prefix(prefix, before, names, &mut row);
    read_interface(prefix, names, &mut row);
    row.source = names.side(source.0, source.1);
    row.destination = names.side(destination.0, destination.1);
    match read_numbers(rest, &mut row) {
        Some(()) => Read::row(row),
        None => Read::No,
    }
}

/// Splits behind the colon after the destination, where the name of a flag and a number follow.
fn split_at_flags(line: &str) -> Option<(&str, &str)> {
    let (at, _) = line.match_indices(": ").take(8).find(|(at, _)| {
        let rest = line.get(at.saturating_add(2)..).unwrap_or("");
        let mut words = rest.split_whitespace();
        words.next().and_then(flag).is_some() && words.next().and_then(integer::<u32>).is_some()
    })?;
    Some((line.get(..at)?, line.get(at.saturating_add(2)..)?))
}

fn flag(word: &str) -> Option<TcpFlags> {
    Some(match word {
        "syn" => TcpFlags::SYN,
        "fin" => TcpFlags::FIN,
        "rst" => TcpFlags::RST,
        "psh" => TcpFlags::PSH,
        "urg" => TcpFlags::URG,
        "ack" => TcpFlags::ACK,
        _ => return None,
    })
}

/// `syn 811223344 ack 2726244258`: the number behind `ack` acknowledges, any other is the segment's own.
fn read_numbers(text: &str, row: &mut RawRow) -> Option<()> {
    let mut words = text.split_whitespace();
    let mut flags = TcpFlags::NONE;
    while let Some(found) = words.next().and_then(flag) {
        let number = words.next().and_then(integer)?;
        flags = flags | found;
        if found == TcpFlags::ACK {
            row.ack = Some(number);
        } else {
            row.seq = Some(number);
        }
    }
    // `rst 0 ack 27` refuses a SYN, `rst 27` is bare; `ack 0` is how a missing acknowledgement is written.
    if row.ack == Some(0) && flags.contains(TcpFlags::RST) {
        row.ack = None;
        flags = TcpFlags::RST;
    }
    if flags.contains(TcpFlags::SYN) || flags.contains(TcpFlags::RST) {
        row.len = Some(0);
    }
    row.flags = Some(flags);
    Some(())
}

/// `lan in`, `wan1 out`, `wan1 --`.
fn read_interface(prefix: &[Token<'_>], names: &mut Names, row: &mut RawRow) {
    let Some((mark, before)) = prefix.split_last() else {
        return;
    };
    row.outgoing = match mark.text {
        "in" => Some(false),
        "out" => Some(true),
        "--" => None,
        _ => return,
    };
    row.interface = before
        .last()
        .and_then(|interface| names.interface(interface.text));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::times::WrittenTime;

    fn row(line: &str) -> RawRow {
        read_row(line, &mut Names::default()).into_row()
    }

    #[test]
    fn with_interfaces() {
        let row = row(
            "3.134480 lan out 203.0.113.7.443 -> 10.10.1.20.51514: syn 811223344 ack 2726244258",
        );
        assert_eq!(row.time, Some(WrittenTime::Seconds(3_134_480_000)));
        assert_eq!(row.flags, Some(TcpFlags::SYN | TcpFlags::ACK));
        assert_eq!(row.seq, Some(811_223_344));
        assert_eq!(row.ack, Some(2_726_244_258));
        assert_eq!((row.outgoing, row.interface), (Some(true), Some(0)));
        assert_eq!(row.len, Some(0));
    }

    #[test]
    fn absolute_times_and_data() {
        let row = row(
            "2022-07-02 09:51:00.123456 port1 -- 10.0.0.1.51514 -> 10.0.0.2.443: psh 2726244258 ack 811223345",
        );
        assert!(matches!(row.time, Some(WrittenTime::Dated(_))));
        assert_eq!(row.flags, Some(TcpFlags::PSH | TcpFlags::ACK));
        assert_eq!((row.len, row.outgoing), (None, None));
    }

    #[test]
    fn resets() {
        let refusal = row("0.545963 192.168.0.10.3389 -> 192.168.0.1.3625: rst 0 ack 3162924124");
        assert_eq!(refusal.flags, Some(TcpFlags::RST | TcpFlags::ACK));
        let bare = row("0.5 192.168.0.10.3389 -> 192.168.0.1.3625: rst 77 ack 0");
        assert_eq!((bare.flags, bare.ack), (Some(TcpFlags::RST), None));
    }

    #[test]
    fn prose_is_no_row() {
        for line in [
            "then a -> b: syn",
            "note: ack 1",
            "1.0 10.0.0.1.53 -> 10.0.0.2.1: udp 40",
            "10.0.0.1.1 > 10.0.0.2.2: R 1:1(0)",
        ] {
            assert!(
                matches!(read_row(line, &mut Names::default()), Read::No),
                "{line}"
            );
        }
    }
}
