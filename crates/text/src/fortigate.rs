//! FortiGate's sniffer (`diagnose sniffer packet`): `3.112 lan in 10.0.0.1.51514 -> 203.0.113.7.443: syn 27262 ack 11`.
//!
//! The numbers are those of the header. Verbosity 4 to 6 names the interface; `out` does not say that the device itself had
//! sent it, as it passes on what others send. Lengths are not told; a SYN and a RST carry no data in practice, anything else
//! may.
//!
//! Also its `diagnose debug flow`: `… msg="vd-root:0 received a packet(proto=6, 10.0.0.1:63853->203.0.113.7:443) tun_id=0.0.0.0 from
//! internal. flag [S], seq 2963120482, ack 0, win 64240"`, whose other lines say what the device did with it.

use whyreset_segments::TcpFlags;

use crate::format::Format;
use crate::hosts::Names;
use crate::info_column::is_arrow;
use crate::raw_row::{Numbering, RawRow, Window};
use crate::read::Read;
use crate::tcpdump_new::read_flags;
use crate::tcpdump_prefix::{read_ends, read_prefix};
use crate::times::read_time;
use crate::tokens::{Token, integer, split_digits, tokens};

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

/// Reads a packet of `diagnose debug flow`.
pub(crate) fn read_flow_row(line: &str, names: &mut Names) -> Read {
    read_flow(line, names).map_or(Read::No, Read::row)
}

fn read_flow(line: &str, names: &mut Names) -> Option<RawRow> {
    let (head, packet) = line.split_once("received a packet(proto=6, ")?;
    let (ends, rest) = packet.split_once(')')?;
    let (source, destination) = ends.split_once("->")?;
    let (_, fields) = rest.split_once("flag [")?;
    let (flags, fields) = fields.split_once(']')?;
    let number = |name: &str| {
        let (_, value) = fields.split_once(name)?;
        integer(split_digits(value).0)
    };
    let mut row = RawRow {
        format: Format::FortiGate,
        numbering: Numbering::Absolute,
        flags: Some(read_flags(flags)?),
        seq: number("seq "),
        ack: number("ack "),
        window: number("win ").map_or(Window::Unsaid, Window::Unscaled),
        ..RawRow::default()
    };
    let flags = row.flags.unwrap_or_default();
    row.ack = row.ack.filter(|_| flags.contains(TcpFlags::ACK));
    if flags.contains(TcpFlags::SYN) || flags.contains(TcpFlags::RST) {
        row.len = Some(0);
    }
    for (side, end) in [
        (&mut row.source, source),
        (&mut row.destination, destination),
    ] {
        let (host, port) = end.rsplit_once(':')?;
        *side = names.side(Some(host), Some(port));
    }
    let words: Vec<&str> = head.split_whitespace().take(2).collect();
    row.time = read_time(&words).map(|(time, _)| time);
    if let Some((_, from)) = rest.split_once(" from ") {
        let interface = from.split(['.', ' ']).next().unwrap_or(from);
        row.interface = names.interface(interface);
    }
    Some(row)
}

/// Splits behind the colon after the destination, where the name of a flag and a number follow.
fn split_at_flags(line: &str) -> Option<(&str, &str)> {
    let (at, _) = line.match_indices(": ").take(8).find(|(at, _)| {
        let rest = line.get(at.saturating_add(2)..).unwrap_or("");
        let mut words = rest.split_whitespace();
        let flagged = words.next().and_then(flag).is_some();
        // `syn ack 27`, as people write it.
        let mut numbers = words.skip_while(|word| flag(word).is_some());
        flagged && numbers.next().and_then(integer::<u32>).is_some()
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
    let mut words = text.split_whitespace().peekable();
    let mut flags = TcpFlags::NONE;
    while let Some(found) = words.next().and_then(flag) {
        flags = flags | found;
        if words.peek().and_then(|word| flag(word)).is_some() {
            continue;
        }
        let number = words.next().and_then(integer)?;
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
    row.outgoing = None;
    let Some((mark, before)) = prefix.split_last() else {
        return;
    };
    if !matches!(mark.text, "in" | "out" | "--") {
        return;
    }
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

    fn flow(line: &str) -> RawRow {
        read_flow_row(line, &mut Names::default()).into_row()
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
        assert_eq!((row.outgoing, row.interface), (None, Some(0)));
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
        let by_hand = row("0.5 192.168.0.10.80 -> 192.168.0.1.3625: syn ack 77");
        assert_eq!(by_hand.flags, Some(TcpFlags::SYN | TcpFlags::ACK));
        assert_eq!((by_hand.seq, by_hand.ack), (None, Some(77)));
        let bare = row("0.5 192.168.0.10.3389 -> 192.168.0.1.3625: rst 77 ack 0");
        assert_eq!((bare.flags, bare.ack), (Some(TcpFlags::RST), None));
    }

    #[test]
    fn packets_of_the_debug_flow() {
        let row = flow(
            "2023-01-05 10:00:00 id=65308 trace_id=118 func=print_pkt_detail line=5879 msg=\"vd-root:0 received a packet(proto=6, 213.13.146.142:443->192.168.1.204:63853) tun_id=0.0.0.0 from wan1. flag [R.], seq 0, ack 2963120483, win 0\"",
        );
        assert_eq!(row.flags, Some(TcpFlags::RST | TcpFlags::ACK));
        assert_eq!((row.seq, row.ack), (Some(0), Some(2_963_120_483)));
        assert_eq!(row.window, Window::Unscaled(0));
        assert!(matches!(row.time, Some(WrittenTime::Dated(_))));
        assert_eq!(row.interface, Some(0));
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
