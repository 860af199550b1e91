//! tcpdump 3: `10:12:13.473942 IP localhost.9527 > localhost.37460: R 1:1(0) ack 1031 win 385 <nop,nop,timestamp 1 2> (DF)`.

use std::borrow::Cow;

use whyreset_segments::TcpFlags;

use crate::format::Format;
use crate::hosts::Names;
use crate::raw_row::{Numbering, RawRow, Window};
use crate::read::Read;
use crate::tcpdump_new::read_option_list;
use crate::tcpdump_prefix::{
    self, read_ends, read_ip_header, read_prefix, without_blanks_in_masks,
};
use crate::tokens::{integer, tokens};

/// Reads one packet.
pub(crate) fn read_packet(line: &str, names: &mut Names) -> Read {
    let Some((before, rest)) = split_at_flags(line) else {
        return Read::No;
    };
    let before = &*without_blanks_in_masks(before, ['[', ']']);
    let words = tokens(before);
    let Some((prefix, source, destination)) = read_ends(&words) else {
        return Read::No;
    };
    let mut row = RawRow {
        format: Format::TcpdumpOld,
        numbering: Numbering::Tcpdump,
        ..RawRow::default()
    };
    read_prefix(prefix, before, names, &mut row);
    row.source = names.side(source.0, source.1);
    row.destination = names.side(destination.0, destination.1);
    let flags = rest.split_whitespace().next();
    let Some(flags) = flags.and_then(|word| first_flags(word, rest)) else {
        return Read::No;
    };
    row.flags = Some(flags);
    if read_fields(&without_checksum(rest), &mut row) == 0 {
        return Read::No;
    }
    row.said = tcpdump_prefix::said(rest);
    Read::row(row)
}

/// Whether this is the first line of a packet of a Cisco ASA (`show capture NAME detail`), whose second has to follow:
/// `1: 12:11:55.101 0050.569c.0e11 0021.d8ce.dcd9 0x0800 Length: 66`.
pub(crate) fn is_head(line: &str) -> bool {
    let mut words = line.split_whitespace().rev();
    let (length, name) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    name == "Length:"
        && integer::<u32>(length).is_some()
        && words.next().is_some_and(|kind| kind.starts_with("0x"))
}

/// Whether the row breaks off before the window, which tcpdump always writes.
pub(crate) fn is_cut(line: &str) -> bool {
    split_at_flags(line).is_some_and(|(_, rest)| {
        !rest.contains("win ") || rest.matches('<').count() > rest.matches('>').count()
    })
}

/// Splits behind the colon after the destination, where flags follow.
fn split_at_flags(line: &str) -> Option<(&str, &str)> {
    let mut from = 0_usize;
    for _ in 0..8 {
        let at = from.saturating_add(line.get(from..)?.find(": ")?);
        let rest = line.get(at.saturating_add(2)..)?;
        let word = rest.split_whitespace().next()?;
        if first_flags(word, rest).is_some() {
            return Some((line.get(..at)?, rest));
        }
        from = at.saturating_add(2);
    }
    None
}

/// The flags that `rest` begins with; a comma follows them where the checksum does.
fn first_flags(word: &str, rest: &str) -> Option<TcpFlags> {
    match word.strip_suffix(',') {
        Some(flags) => read_flags(flags).filter(|_| checksum_behind(rest).is_some()),
        None => read_flags(word),
    }
}

/// The flags, and what stands behind the checksum of tcpdump 3.9 and 4.0 with `-v`: `R, cksum 0x8069 (incorrect (-> 0x1a53), 0:0(0)`.
fn checksum_behind(rest: &str) -> Option<(&str, &str)> {
    let (flags, note) = rest.split_once(", cksum 0x")?;
    let (_, numbers) = note.split_once("), ")?;
    (!flags.contains(' ')).then_some((flags, numbers))
}

/// Takes out what `-v` says of the checksum behind the flags: `S [tcp sum ok] 1:1(0)`, `. [bad tcp cksum 1 (->2)!] ack 7`.
fn without_checksum(rest: &str) -> Cow<'_, str> {
    if let Some((flags, numbers)) = checksum_behind(rest) {
        return format!("{flags} {numbers}").into();
    }
    let note = rest
        .split_once(" [")
        .filter(|(flags, _)| !flags.contains(' '));
    match note.and_then(|(flags, note)| Some((flags, note.split_once(']')?.1))) {
        Some((flags, numbers)) => format!("{flags}{numbers}").into(),
        None => rest.into(),
    }
}

/// `S`, `R`, `.`, `FP`, `SWE`.
fn read_flags(word: &str) -> Option<TcpFlags> {
    let mut flags = TcpFlags::NONE;
    if word.is_empty() || word.len() > 6 {
        return None;
    }
    let rare = TcpFlags::URG | TcpFlags::ECE | TcpFlags::CWR;
    for letter in word.chars() {
        // tcpdump writes these last: `USER` is a word of POP and FTP.
        if flags.intersects(rare) && !matches!(letter, 'U' | 'E' | 'W' | '.') {
            return None;
        }
        flags = flags
            | match letter {
                'S' => TcpFlags::SYN,
                'F' => TcpFlags::FIN,
                'R' => TcpFlags::RST,
                'P' => TcpFlags::PSH,
                'E' => TcpFlags::ECE,
                'W' => TcpFlags::CWR,
                'U' => TcpFlags::URG,
                '.' => TcpFlags::NONE,
                _ => return None,
            };
    }
    Some(flags)
}

/// `1:1(0) ack 1031 win 385 <…> (DF)`. Gives how many fields there were.
fn read_fields(text: &str, row: &mut RawRow) -> usize {
    let mut fields = 0_usize;
    let plain = text.split(['<', '[']).next().unwrap_or("");
    let mut words = plain.split_whitespace().skip(1);
    let mut open = false;
    while let Some(word) = words.next() {
        open = false;
        match word {
            "ack" => {
                row.ack = words.next().and_then(integer);
                row.flags = row.flags.map(|flags| flags | TcpFlags::ACK);
            }
            "win" => {
                row.window = words
                    .next()
                    .and_then(integer)
                    .map_or(Window::Unsaid, Window::Unscaled);
                open = true;
            }
            "urg" => row.urgent = words.next().and_then(integer),
            _ => {
                let Some((seq, len)) = numbers(word) else {
                    continue;
                };
                row.seq = Some(seq);
                row.len = Some(len);
            }
        }
        fields = fields.saturating_add(1);
    }
    // A pure acknowledgement is written without numbers, and has no payload.
    if fields > 0 && row.len.is_none() && row.flags.is_some_and(|flags| flags == TcpFlags::ACK) {
        row.len = Some(0);
    }
    let options = read_options(text, row);
    row.all_options =
        options.unwrap_or(open || text.trim_end().ends_with(')')) && row.window != Window::Unsaid;
    if let Some(at) = text.rfind('(') {
        read_ip_header(text.get(at..).unwrap_or(""), row);
    }
    row.dont_fragment |= text.contains("(DF)");
    fields
}

/// `779425096:779425096(0)`: first sequence number and payload length.
fn numbers(word: &str) -> Option<(u32, u32)> {
    let (first, rest) = word.split_once(':')?;
    let (_, len) = rest.split_once('(')?;
    Some((integer(first)?, integer(len.trim_end_matches([')', ',']))?))
}

/// The options between `<` and `>`; whether they are all there. `None` without options.
fn read_options(text: &str, row: &mut RawRow) -> Option<bool> {
    let (_, list) = text.split_once('<')?;
    let (list, closed) = match list.split_once('>') {
        Some((list, _)) => (list, true),
        None => (list, false),
    };
    // An HTML cleaner makes attributes of the words: `timestamp="" 518611="" 0`.
    let list = list.replace("=\"\"", "");
    Some(read_option_list(&list, row) && closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: &str) -> RawRow {
        read_packet(line, &mut Names::default()).into_row()
    }

    #[test]
    fn resets_of_every_age() {
        let reset =
            row("17:08:43.793808 server.http > client.1880: R 1:1(0) ack 287912 win 0 (DF)");
        assert_eq!(reset.flags, Some(TcpFlags::RST | TcpFlags::ACK));
        assert_eq!(
            (reset.seq, reset.ack, reset.len),
            (Some(1), Some(287_912), Some(0))
        );
        assert_eq!(reset.window, Window::Unscaled(0));
        assert!(reset.dont_fragment && reset.all_options);

        let cooked = row(
            "10:14:51.093041 < 192.168.50.46.1097 > 192.168.50.254.80: R 779425096:779425096(0) win 1 (DF)",
        );
        assert_eq!(cooked.outgoing, Some(false));
        assert_eq!(cooked.flags, Some(TcpFlags::RST));

        let eaten = row(
            "14:51:43.018890 IP 192.168.1.1.23 192.168.1.104.42034: R 0:0(0) ack 2650503082 win 0",
        );
        assert_eq!(eaten.ack, Some(2_650_503_082));
    }

    #[test]
    fn checksums_stand_before_the_numbers() {
        let syn = row(
            "1: 12:11:55.101 0050.569c.0e11 0021.d8ce.dcd9 0x0800 Length: 66 10.1.1.1.12869 > 10.2.2.2.80: S [tcp sum ok] 36:36(0) win 8192 <mss 1460> (DF) (ttl 128, id 11111)",
        );
        assert_eq!((syn.seq, syn.len, syn.ttl), (Some(36), Some(0), Some(128)));
        assert!(syn.all_options);
    }

    /// ubuntuforums.org, 2006 and 2008: `tcpdump -v` of release 3.9 on one line; release 4.0 breaks it behind the IP header.
    #[test]
    fn checksums_stand_between_commas() {
        let fin = row(
            "02:48:24.319149 IP (tos 0x0, ttl 63, id 18767, offset 0, flags [none], proto TCP (6), length 40) 10.10.0.199.50994 > feijoa.canonical.com.www: F, cksum 0x8069 (correct), 658272351:658272351(0) ack 1658955984 win 65535",
        );
        assert_eq!(fin.flags, Some(TcpFlags::FIN | TcpFlags::ACK));
        assert_eq!(
            (fin.seq, fin.ack, fin.len),
            (Some(658_272_351), Some(1_658_955_984), Some(0))
        );
        assert_eq!(fin.ttl, Some(63));
        let reset = row(
            "10.0.0.1.80 > 10.0.0.2.36101: R, cksum 0x8069 (incorrect (-> 0x1a53), 0:0(0) ack 658272352 win 0",
        );
        assert_eq!((reset.seq, reset.len), (Some(0), Some(0)));
        let ack = row("10.0.0.1.80 > 10.0.0.2.36101: ., cksum 0x1 (correct), ack 7 win 5840");
        assert_eq!((ack.ack, ack.len), (Some(7), Some(0)));
    }

    #[test]
    fn pure_acknowledgements() {
        let ack = row(
            "14:44:38.538944 IP 128.138.158.139.41102 > 128.138.158.131.22: . ack 43 win 1460 <nop,nop,timestamp 19869955 25508041>",
        );
        assert_eq!(ack.flags, Some(TcpFlags::ACK));
        assert_eq!((ack.seq, ack.len), (None, Some(0)));
        assert_eq!(ack.options.timestamps.unwrap().echo, 25_508_041);
    }

    #[test]
    fn mangled_options() {
        let syn = row(
            "10:14:51.09 a.1 > b.80: S 5:5(0) win 5840 <mss 1460,sackok,timestamp=\"\" 518611=\"\" 0,nop,wscale=\"\" 6=\"\">",
        );
        assert_eq!(syn.options.window_scale, Some(6));
        assert_eq!(syn.options.timestamps.unwrap().value, 518_611);
        assert!(syn.options.sack_permitted);
    }

    #[test]
    fn prose_is_no_packet() {
        for line in [
            "Note: S is for SYN",
            "he said > so: P or R",
            "a > b: F",
            "a > b: P, or R 1:1(0)",
        ] {
            assert!(
                matches!(read_packet(line, &mut Names::default()), Read::No),
                "{line}"
            );
        }
    }
}
