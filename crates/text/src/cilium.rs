//! Cilium's flows. `hubble observe`:
//! `Oct  9 10:20:05.712: default/client:58214 (ID:28634) -> default/server:8081 (ID:4512) to-endpoint FORWARDED (TCP Flags: SYN)`,
//! where `<-` marks an answer whose sender stands on the right; `cilium monitor`:
//! `-> endpoint 1234 flow 0x8c2d2b2f , identity host->27281 state new ifindex 0 orig-ip 10.0.0.1: 10.0.0.1:48206 -> 10.0.0.45:8080 tcp SYN`.
//!
//! Hubble's older table and its JSON say the same.
//!
//! A packet is shown at each hook that it passes. Not every packet is: by default those are that show a flag for the first
//! time, and one in five seconds. So rows may be missing before any row but those of a handshake.

use std::collections::VecDeque;

use whyreset_segments::TcpFlags;

use crate::format::Format;
use crate::hosts::{Names, Side};
use crate::hubble_json;
use crate::info_column::flag_list;
use crate::points::Points;
use crate::raw_row::RawRow;
use crate::read::Read;
use crate::times::{WrittenTime, read_time};
use crate::tokens::{Token, integer, shorten, tokens};

/// What was shown of the last connections.
#[derive(Debug, Default)]
pub(crate) struct Flows {
    points: Points,
    /// The flags of the last row of each.
    last: VecDeque<(Side, Side, TcpFlags)>,
}

/// Connections that are remembered.
const REMEMBERED: usize = 64;

impl Flows {
    /// Whether the row opens a connection, or stands directly behind a SYN of the same: nothing is left out before it.
    fn is_opening(&mut self, row: &RawRow) -> bool {
        let flags = row.flags.unwrap_or_default();
        let ends = (row.source, row.destination);
        let known = self
            .last
            .iter_mut()
            .find(|(a, b, _)| (*a, *b) == ends || (*b, *a) == ends);
        let before = match known {
            Some((_, _, last)) => std::mem::replace(last, flags),
            None => {
                if self.last.len() >= REMEMBERED {
                    self.last.pop_front();
                }
                self.last.push_back((ends.0, ends.1, flags));
                TcpFlags::NONE
            }
        };
        (flags | before).contains(TcpFlags::SYN)
    }
}

/// Reads one row.
pub(crate) fn read_row(line: &str, names: &mut Names, flows: &mut Flows) -> Read {
    let line = shorten(line, MAX_LEN);
    let flow = read_hubble(line).or_else(|| read_table(line));
    match flow.or_else(|| read_monitor(line)) {
        Some(flow) => flows.take(&flow, names),
        None => Read::No,
    }
}

impl Flows {
    /// Reads a line of `hubble observe -o json`, if it is one.
    pub fn read_json(&mut self, line: &str, names: &mut Names) -> Option<Read> {
        let flow = hubble_json::read_line(line)?;
        let (Some(flags), false) = (flow.flags, flow.source.is_empty()) else {
            return Some(Read::beside());
        };
        let flow = Flow {
            time: flow.time,
            source: &flow.source,
            destination: &flow.destination,
            flags,
            point: &flow.point,
            dropped: flow.dropped.as_deref(),
        };
        Some(self.take(&flow, names))
    }

    fn take(&mut self, flow: &Flow<'_>, names: &mut Names) -> Read {
        let flows = self;
        let side = |end: &str, names: &mut Names| match end.rsplit_once(':') {
            Some((host, port)) if integer::<u16>(port).is_some() => {
                names.side(Some(host), Some(port))
            }
            _ => names.side(Some(end), None),
        };
        let mut row = RawRow {
            format: Format::Cilium,
            time: flow.time,
            flags: Some(flow.flags),
            source: side(flow.source, names),
            destination: side(flow.destination, names),
            said: flow.dropped.map(Into::into),
            ..RawRow::default()
        };
        if flow.flags.contains(TcpFlags::SYN) || flow.flags.contains(TcpFlags::RST) {
            row.len = Some(0);
        }
        let packet = (row.source, row.destination, flow.flags);
        if flows.points.is_again(packet, flow.point, row.time) {
            return Read::Again(Box::new(row));
        }
        row.gap_before = !flows.is_opening(&row);
        Read::row(row)
    }
}

/// `Dec 18 17:10:40.696   [fd00::b]:37948   [fd00::c]:4240   Stale or unroutable IP   DROPPED   TCP Flags: SYN`: Hubble's table,
/// with one arrow.
fn read_table(line: &str) -> Option<Flow<'_>> {
    let (before, flags) = line.split_once("TCP Flags:")?;
    let flags = flag_list(flags)?;
    let words = tokens(before);
    let (verdict, words) = words.split_last()?;
    if !matches!(
        verdict.text,
        "FORWARDED" | "DROPPED" | "REDIRECTED" | "AUDIT"
    ) {
        return None;
    }
    let is_end = |word: &&Token<'_>| {
        word.wide_gap
            && word
                .text
                .rsplit_once(':')
                .is_some_and(|(host, port)| !host.is_empty() && integer::<u16>(port).is_some())
    };
    let mut ends = words.iter().filter(is_end);
    let (source, destination) = (ends.next()?, ends.next()?);
    let lead = words.iter().take_while(|word| word.start < source.start);
    let lead: Vec<Token<'_>> = lead.copied().collect();
    let point = before.get(destination.end()..)?.trim();
    Some(Flow {
        time: time(&lead),
        source: source.text,
        destination: destination.text,
        flags,
        point,
        dropped: (verdict.text == "DROPPED").then_some(point),
    })
}

/// Longer lines are no rows of either.
const MAX_LEN: usize = 1_024;

/// A row, taken apart.
struct Flow<'a> {
    time: Option<WrittenTime>,
    source: &'a str,
    destination: &'a str,
    flags: TcpFlags,
    /// The hook.
    point: &'a str,
    /// Why Cilium dropped the packet, where it did.
    dropped: Option<&'a str>,
}

fn read_hubble(line: &str) -> Option<Flow<'_>> {
    let (before, flags) = line.split_once("(TCP Flags:")?;
    let flags = flag_list(flags.split(')').next()?)?;
    let words = tokens(before);
    let arrow = words
        .iter()
        .position(|word| matches!(word.text, "->" | "<-" | "<>"))?;
    let (left, right) = words.split_at_checked(arrow)?;
    let (sign, right) = right.split_first()?;
    let (second, rest) = right.split_first()?;
    let first = left.iter().rposition(|word| !is_label(word))?;
    let (lead, first) = (left.get(..first)?, left.get(first)?);
    let rest = rest.iter().position(|word| !is_label(word))?;
    let verdict = before
        .get(right.get(rest.saturating_add(1))?.start..)?
        .trim();
    let dropped = verdict.ends_with("DROPPED") || verdict.ends_with("DENIED");
    let (source, destination) = match sign.text {
        "<-" => (second.text, first.text),
        _ => (first.text, second.text),
    };
    Some(Flow {
        time: time(lead),
        source,
        destination,
        flags,
        point: verdict,
        dropped: dropped.then_some(verdict),
    })
}

/// `(ID:28634)`, `(host)`: the identity of the end before it.
fn is_label(word: &Token<'_>) -> bool {
    word.text.starts_with('(')
}

/// `Oct  9 10:20:05.712:`, perhaps the name of a node behind it.
fn time(lead: &[Token<'_>]) -> Option<WrittenTime> {
    let words: Vec<&str> = lead
        .iter()
        .take(6)
        .map(|word| word.text.trim_end_matches(':'))
        .collect();
    (0..words.len())
        .find_map(|from| read_time(words.get(from..)?))
        .map(|(time, _)| time)
}

fn read_monitor(line: &str) -> Option<Flow<'_>> {
    let (before, flags) = line.rsplit_once(" tcp ")?;
    let (head, _) = before.split_once(" flow 0x")?;
    let flags = flag_list(flags)?;
    let words = tokens(before);
    let [.., source, arrow, destination] = words.as_slice() else {
        return None;
    };
    if arrow.text != "->" {
        return None;
    }
    let dropped = head.contains("drop (") || before.contains("action deny");
    Some(Flow {
        time: None,
        source: source.text,
        destination: destination.text,
        flags,
        point: head,
        dropped: dropped.then_some(head),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::Port;

    fn read(line: &str, flows: &mut Flows) -> (Read, Names) {
        let mut names = Names::default();
        (read_row(line, &mut names, flows), names)
    }

    #[test]
    fn the_arrow_tells_who_sent() {
        let mut flows = Flows::default();
        for (line, from, port) in [
            (
                "Oct  9 10:20:05.712: default/c:58214 (ID:2) -> default/s:8081 (ID:4) to-overlay FORWARDED (TCP Flags: SYN)",
                "default/c",
                58_214,
            ),
            (
                "Oct  9 10:20:05.713: default/c:58214 (ID:2) <- default/s:8081 (ID:4) to-overlay FORWARDED (TCP Flags: ACK, RST)",
                "default/s",
                8081,
            ),
            (
                "Sep  1 02:11:57.287 [node-1]: 192.168.49.2:44294 (remote-node) <> 10.0.0.81:4240 (health) to-overlay FORWARDED (TCP Flags: SYN)",
                "192.168.49.2",
                44_294,
            ),
            (
                "-> stack flow 0x8c2d2b2f , identity 27281->host state reply ifindex 0 orig-ip 0.0.0.0: 10.0.0.45:8080 -> 10.0.0.1:48206 tcp ACK, RST",
                "10.0.0.45",
                8080,
            ),
        ] {
            let (read, names) = read(line, &mut flows);
            let row = read.into_row();
            let host = row.source.host.unwrap();
            assert_eq!(names.hosts.display(host), from, "{line}");
            assert_eq!(row.source.port, Port::Number(port), "{line}");
            assert_eq!((row.len, row.said), (Some(0), None), "{line}");
        }
    }

    #[test]
    fn a_packet_at_two_hooks_is_one_and_others_are_left_out() {
        let mut flows = Flows::default();
        let mut names = Names::default();
        let mut row = |hook: &str, flags: &str| {
            let line = format!(
                "Jan  6 13:41:22.041: 10.0.0.11:45040 -> 10.0.0.12:443 {hook} FORWARDED (TCP Flags: {flags})"
            );
            read_row(&line, &mut names, &mut flows)
        };
        assert!(!row("from-endpoint", "SYN").into_row().gap_before);
        assert!(matches!(row("to-stack", "SYN"), Read::Again(_)));
        assert!(!row("from-endpoint", "ACK").into_row().gap_before);
        assert!(row("from-endpoint", "ACK, PSH").into_row().gap_before);
    }

    #[test]
    fn drops_tell_why() {
        let (read, _) = read(
            "Nov  1 12:00:00.123: default/c:44210 (ID:1) <> default/s:8080 (ID:2) Policy denied DROPPED (TCP Flags: SYN)",
            &mut Flows::default(),
        );
        assert_eq!(
            read.into_row().said.as_deref(),
            Some("Policy denied DROPPED")
        );
    }
}
