//! tcpdump 4: `21:19:50.625109 IP 10.0.0.1.8000 > 10.0.0.2.48072: Flags [R.], seq 1, ack 6, win 512, length 0`.

use whyreset_segments::{SackBlock, SeqNumber, TcpFlags, TcpOptions, Timestamps};

use crate::application::AppHint;
use crate::format::Format;
use crate::hosts::Names;
use crate::icmp_info::{icmp_error, quotes_another_protocol, unreachable_host};
use crate::info_column::is_arrow;
use crate::others::Other;
use crate::raw_row::{Numbering, RawRow, Window};
use crate::read::Read;
use crate::tcpdump_prefix::{self, read_ends, read_prefix, without_blanks_in_masks};
use crate::tokens::{integer, split_digits, tokens};

/// Reads one packet; the two lines of `-v` joined.
pub(crate) fn read_packet(line: &str, names: &mut Names) -> Read {
    if let Some(at) = line.find("Flags [") {
        return read_flags_row(line, at, names);
    }
    if let Some(read) = read_icmp(line, names) {
        return read;
    }
    read_quiet(line, names).unwrap_or(Read::No)
}

/// Whether the text ends before what tcpdump always writes at the end.
pub(crate) fn is_cut(line: &str) -> bool {
    line.contains("Flags [") && !line.contains("length ")
}

fn read_flags_row(line: &str, at: usize, names: &mut Names) -> Read {
    let (before, rest) = line.split_at_checked(at).unwrap_or((line, ""));
    let before = before.trim_end();
    let Some(before) = before.strip_suffix(':') else {
        return Read::No;
    };
    let before = &*without_blanks_in_masks(before, ['<', '>']);
    let words = tokens(before);
    let Some((prefix, source, destination)) = read_ends(&words) else {
        return Read::No;
    };
    let mut row = RawRow {
        format: Format::Tcpdump,
        numbering: Numbering::Tcpdump,
        ..RawRow::default()
    };
    read_prefix(prefix, before, names, &mut row);
    row.source = names.side(source.0, source.1);
    row.destination = names.side(destination.0, destination.1);
    let Some((flags, rest)) = rest
        .strip_prefix("Flags [")
        .and_then(|rest| rest.split_once(']'))
    else {
        return Read::No;
    };
    let Some(flags) = read_flags(flags) else {
        return Read::No;
    };
    row.flags = Some(flags);
    read_fields(rest, &mut row);
    if flags.is_rst() {
        row.said = tcpdump_prefix::said(rest);
    }
    Read::row(row)
}

/// `S`, `R.`, `P.`, `none`, `SEW`.
pub(crate) fn read_flags(text: &str) -> Option<TcpFlags> {
    if text == "none" {
        return Some(TcpFlags::NONE);
    }
    let mut flags = TcpFlags::NONE;
    for letter in text.chars() {
        flags = flags
            | match letter {
                'S' | 's' => TcpFlags::SYN,
                'F' | 'f' => TcpFlags::FIN,
                'R' | 'r' => TcpFlags::RST,
                'P' | 'p' => TcpFlags::PSH,
                '.' => TcpFlags::ACK,
                'U' => TcpFlags::URG,
                'E' => TcpFlags::ECE,
                'W' => TcpFlags::CWR,
                'e' => TcpFlags::AE,
                _ => return None,
            };
    }
    Some(flags)
}

/// `, seq 1:250, ack 1, win 502, options [nop,nop,TS val 1 ecr 2], length 249: HTTP: GET / HTTP/1.1`.
fn read_fields(text: &str, row: &mut RawRow) {
    let mut rest = text;
    let mut options_cut = false;
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        let Some((word, after)) = rest
            .split_once([' ', ','])
            .or_else(|| (!rest.is_empty()).then_some((rest, "")))
        else {
            break;
        };
        let (value, behind) = split_digits(after);
        match word {
            "seq" => {
                row.seq = wrapping_number(value);
                if let Some(end) = behind.strip_prefix(':')
                    && let (Some(first), Some(end)) =
                        (row.seq, wrapping_number(split_digits(end).0))
                {
                    row.len = Some(end.wrapping_sub(first));
                } else if behind.starts_with(',') && is_mark(row) {
                    // With data it would be a range.
                    row.len = Some(0);
                }
            }
            "ack" => row.ack = wrapping_number(value),
            "win" => row.window = wrapping_number(value).map_or(Window::Unsaid, Window::Unscaled),
            "urg" => row.urgent = integer(value),
            "options" => {
                let inner = after.trim_start().strip_prefix('[');
                let (list, behind) = inner
                    .and_then(|inner| inner.split_once(']'))
                    .unwrap_or((inner.unwrap_or(""), ""));
                options_cut = !read_options(list, row);
                rest = behind;
                continue;
            }
            "length" => {
                row.len = integer(value).or(row.len);
                row.all_options = !options_cut && row.window != Window::Unsaid;
                read_application(behind, row);
                return;
            }
            _ => {}
        }
        rest = after;
    }
}

/// Closes or resets: tcpdump writes its number in any case, that of other rows only where there is data.
fn is_mark(row: &RawRow) -> bool {
    row.flags
        .is_some_and(|flags| flags.is_fin() || flags.is_rst())
}

/// A sequence number; with `-v` of old releases a relative one may exceed 32 bits or be negative: then it is unknown.
fn wrapping_number(text: &str) -> Option<u32> {
    integer(text)
}

/// `: HTTP: GET / HTTP/1.1`, `: HTTP, length: 249`.
pub(crate) fn read_application(text: &str, row: &mut RawRow) {
    let text = text.trim_start_matches([':', ' ']);
    let Some((name, rest)) = text.split_once([':', ',']) else {
        return;
    };
    if name == "HTTP"
        && let Some(hint) = AppHint::from_http_line(rest)
    {
        row.app = hint;
    }
}

/// The options between brackets; whether they are all there.
fn read_options(list: &str, row: &mut RawRow) -> bool {
    if list.contains("...") || list.contains('…') {
        return false;
    }
    for option in list.split(',') {
        read_option(option.trim(), &mut row.options);
        row.some_options = true;
    }
    true
}

/// Words of an option that are looked at: no option that is kept has as many.
const MAX_WORDS: usize = 16;

fn read_option(text: &str, options: &mut TcpOptions) {
    let mut all = [""; MAX_WORDS];
    let mut count = 0_usize;
    let words = text.split([' ', ':']).filter(|word| !word.is_empty());
    for (slot, word) in all.iter_mut().zip(words) {
        *slot = word;
        count = count.saturating_add(1);
    }
    let kind = match all.get(..count).unwrap_or(&[]) {
        ["nop"] => 1,
        ["eol"] => 0,
        ["mss", value, ..] => {
            options.mss = integer(value);
            2
        }
        ["wscale", value, ..] => {
            options.window_scale = integer(value);
            3
        }
        ["sackOK" | "sackok", ..] => {
            options.sack_permitted = true;
            4
        }
        ["sack", _count, blocks @ ..] => {
            read_sack(blocks, options);
            5
        }
        ["TS", "val", value, "ecr", echo] | ["timestamp", value, echo] => {
            if let (Some(value), Some(echo)) = (integer(value), integer(echo)) {
                options.timestamps = Some(Timestamps { value, echo });
            }
            8
        }
        ["tfo" | "exp-tfo", ..] => 34,
        ["mptcp", ..] => 30,
        ["md5", ..] => 19,
        ["unknown-0x00", ..] => 0,
        _ => return,
    };
    if let Some(slot) = options.kinds.get_mut(usize::from(options.kinds_len)) {
        *slot = kind;
        options.kinds_len = options.kinds_len.saturating_add(1);
    }
}

/// `{282208`, `285024}{1`, … as tcpdump writes `{282208:285024}{1:2}`.
fn read_sack(words: &[&str], options: &mut TcpOptions) {
    let joined = words.join(":");
    for block in joined.split(['{', '}']).filter(|block| !block.is_empty()) {
        if let Some((left, right)) = block.split_once(':')
            && let (Some(left), Some(right)) = (integer(left), integer(right))
            && let Some(slot) = options.sack.get_mut(usize::from(options.sack_len))
        {
            *slot = SackBlock {
                left: SeqNumber(left),
                right: SeqNumber(right),
            };
            options.sack_len = options.sack_len.saturating_add(1);
        }
    }
}

/// Options in the spelling that both tcpdump generations share.
pub(crate) fn read_option_list(list: &str, row: &mut RawRow) -> bool {
    read_options(list, row)
}

/// `IP 10.0.0.10 > 10.0.0.1: ICMP host 10.0.0.10 unreachable - admin prohibited, length 68`.
fn read_icmp(line: &str, names: &mut Names) -> Option<Read> {
    // Before version 4 tcpdump wrote `icmp 36: host …`, and `icmp: host …` (so does a Cisco ASA).
    let at = line.find(": ICMP").or_else(|| line.find(": icmp"))?;
    let kinds = [": ICMP6, ", ": ICMP ", ": icmp: ", ": icmp "];
    let kind = kinds
        .iter()
        .find(|kind| line.get(at..).is_some_and(|rest| rest.starts_with(**kind)))?;
    let v6 = *kind == ": ICMP6, ";
    let (before, text) = line.split_at_checked(at)?;
    let words = tokens(before);
    let (prefix, source, destination) = read_ends(&words)?;
    let error = icmp_error(text, v6).filter(|_| !quotes_another_protocol(text));
    let mut row = RawRow {
        format: Format::Tcpdump,
        icmp: error,
        ..RawRow::default()
    };
    read_prefix(prefix, before, names, &mut row);
    if error.is_none() {
        return Some(Read::foreign(&row));
    }
    row.source = names.side(source.0, None);
    row.destination = names.side(destination.0, None);
    row.unreached = names.side(unreachable_host(text), None).host;
    Some(Read::row(row))
}

/// `IP 10.0.0.1.80 > 10.0.0.2.1234: tcp 536` (`-q`).
fn read_quiet(line: &str, names: &mut Names) -> Option<Read> {
    let at = line.find(": tcp ")?;
    let (before, rest) = line.split_at_checked(at)?;
    let len = integer(rest.strip_prefix(": tcp ")?.trim())?;
    let words = tokens(before);
    let (prefix, source, destination) = read_ends(&words)?;
    let mut row = RawRow {
        format: Format::Tcpdump,
        len: Some(len),
        ..RawRow::default()
    };
    read_prefix(prefix, before, names, &mut row);
    row.source = names.side(source.0, source.1);
    row.destination = names.side(destination.0, destination.1);
    Some(Read::row(row))
}

/// A packet of another protocol: `… ARP, Request who-has …`, `IP a.53 > b.1234: 1+ A? x.`.
pub(crate) fn read_other(line: &str) -> Option<Other> {
    let words = tokens(crate::tokens::shorten(line, 400));
    let texts: Vec<&str> = words.iter().take(12).map(|token| token.text).collect();
    let frame = texts.first().and_then(|word| integer(word));
    let rest = texts.get(usize::from(frame.is_some())..).unwrap_or(&[]);
    let (time, used) = crate::times::read_time(rest)?;
    // Behind the time stand at most an interface, its direction and an Ethernet header.
    let kinds = [
        "ARP,",
        "arp",
        "IP",
        "IP6",
        "STP",
        "LLDP,",
        "CDPv2,",
        "IPX",
        "ethertype",
        "802.1Q",
        "EAPOL",
        "EAP",
    ];
    let mut words = rest.iter().skip(used);
    let has_kind = words.clone().take(6).any(|word| kinds.contains(word));
    // FortiGate names the protocol behind the ends: `port1 in 10.0.0.1.53 -> 10.0.0.2.1234: udp 40`.
    let behind = words.find(|word| word.ends_with(':') && word.len() > 1);
    let is_other = has_kind
        || (behind.is_some()
            && rest.iter().any(|word| is_arrow(word))
            && words
                .next()
                .is_some_and(|word| matches!(*word, "udp" | "icmp:")));
    is_other.then_some(Other {
        frame,
        time: Some(time),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::Port;
    use crate::times::WrittenTime;

    fn row(line: &str) -> (RawRow, Names) {
        let mut names = Names::default();
        match read_packet(line, &mut names) {
            Read::Row(row) => (*row, names),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_reset() {
        let (row, names) = row(
            "21:19:50.625109 IP 127.0.0.20.8000 > 127.0.0.1.48072: Flags [R.], seq 1, ack 6, win 512, options [nop,nop,TS val 3947162464 ecr 3465232499], length 0",
        );
        assert_eq!(row.time, Some(WrittenTime::OfDay(76_790_625_109_000)));
        assert_eq!(names.hosts.display(row.source.host.unwrap()), "127.0.0.20");
        assert_eq!(row.destination.port, Port::Number(48072));
        assert_eq!(row.flags, Some(TcpFlags::RST | TcpFlags::ACK));
        assert_eq!((row.seq, row.ack, row.len), (Some(1), Some(6), Some(0)));
        assert_eq!(row.window, Window::Unscaled(512));
        assert_eq!(row.options.kinds(), [1, 1, 8]);
        assert!(row.all_options);
    }

    #[test]
    fn sack_blocks() {
        let (row, _) = row(
            "IP 1.1.1.1.1 > 2.2.2.2.2: Flags [.], ack 7, win 5, options [nop,nop,sack 2 {1:3}{5:9}], length 0",
        );
        assert_eq!(row.options.sack_blocks().len(), 2);
        assert_eq!(row.options.sack_blocks()[1].right, SeqNumber(9));
    }

    #[test]
    fn abridged_rows_do_not_know_their_options() {
        let (row, names) = row("IP hostB.6666 > hostA.5555: Flags [S], seq 750827752, ...");
        assert_eq!(names.hosts.display(row.source.host.unwrap()), "hostB");
        assert_eq!(row.seq, Some(750_827_752));
        assert!(!row.all_options && row.len.is_none() && row.window == Window::Unsaid);
    }

    #[test]
    fn verbose_and_link_level() {
        let (row, _) = row(
            "10:00:00.5 7a:05:6f:b7:99:82 > 12:21:c2:aa:14:ee, ethertype IPv4 (0x0800), length 315: (tos 0x0, ttl 57, id 5429, offset 0, flags [DF], proto TCP (6), length 301) 16.0.0.60.19987 > 48.0.0.60.80: Flags [P.], cksum 0xfe30 (incorrect -> 0x0b0f), seq 1:250, ack 1, win 502, length 249: HTTP, length: 249",
        );
        assert_eq!(
            (row.ttl, row.ip_id, row.ip_len),
            (Some(57), Some(5429), Some(301))
        );
        assert!(row.dont_fragment);
        assert_eq!(row.frame_len, Some(315));
        assert_eq!(row.len, Some(249));
        assert_eq!(row.source_mac, Some([0x7a, 5, 0x6f, 0xb7, 0x99, 0x82]));
    }

    #[test]
    fn masks_with_blanks_are_hosts() {
        let (row, names) = row(
            "20:10:16.3 IP <Third Party Client IP>.59984 > <Load Balancer IP>.25565: Flags [S], seq 1, win 64240, length 0",
        );
        assert_eq!(row.source.port, Port::Number(59_984));
        let host = names.hosts.display(row.destination.host.unwrap());
        assert_eq!(host, "<Load_Balancer_IP>");
    }

    #[test]
    fn icmp_rows_of_old_releases() {
        for line in [
            "16:21:26.03 IP gw.example.net > 10.0.1.2: icmp 36: host mx.example.org unreachable - admin prohibited filter",
            "16:21:26.03 10.0.0.254 > 10.0.1.2: icmp: host 10.9.9.9 unreachable - admin prohibited filter",
        ] {
            let (row, _) = row(line);
            assert_eq!(row.icmp.unwrap().code, 13, "{line}");
        }
    }

    #[test]
    fn icmp_rows() {
        let (row, _) = row(
            "IP 10.0.0.10 > 10.0.0.1: ICMP host 10.0.0.10 unreachable - admin prohibited, length 68",
        );
        assert_eq!(row.icmp.unwrap().code, 10);
    }
}
