//! Wireshark's flow graph as text (Statistics > Flow Graph, `tshark -q -z flow,tcp,standard`): a packet is two lines.
//!
//! ```text
//! |Time     | 10.0.0.1                              |
//! |         |                   | 10.0.0.2          |
//! |0.000000 |         SYN       |                   |Seq = 0
//! |         |(36330)  ------------------>  (80)     |
//! ```
//!
//! Hosts stand in columns of twenty characters behind the time. A graph of all packets (`flow,any`) has the Info column behind
//! the last bar.

use whyreset_segments::TcpFlags;

use crate::application::AppHint;
use crate::format::Format;
use crate::hosts::{Names, Side};
use crate::info_column::{find_info, flag_list};
use crate::others::Other;
use crate::raw_row::{Numbering, RawRow};
use crate::times::read_time;
use crate::tokens::{integer, shorten};
use crate::wireshark_list::take_info;

/// What was read of the graph: the hosts, and a packet whose second line is to come.
#[derive(Debug, Default)]
pub(crate) struct FlowGraph {
    hosts: Vec<String>,
    packet: Option<(u32, RawRow)>,
}

/// What came of a line.
pub(crate) enum Drawn {
    /// It is none of a flow graph.
    No,
    /// It is one.
    Part,
    /// It completes a packet of TCP.
    Packet(Box<RawRow>),
    /// It completes a packet of another protocol.
    Foreign(Other),
}

/// Characters of a host's column.
const COLUMN: usize = 20;
/// Hosts that are told apart.
const MAX_HOSTS: usize = 256;
/// Longer lines are no part of it.
const MAX_LEN: usize = 8_192;

impl FlowGraph {
    /// Reads a line, `number` in the text.
    pub fn read_line(&mut self, line: &str, number: u32, names: &mut Names) -> Drawn {
        let Some((head, body)) = split(line).filter(|_| line.len() <= MAX_LEN) else {
            return Drawn::No;
        };
        if head == "Time" {
            *self = Self::default();
            self.take_hosts(body);
            return Drawn::Part;
        }
        if self.hosts.is_empty() {
            return Drawn::No;
        }
        if !head.is_empty() {
            self.packet = read_label(head, body).map(|row| (number, row));
            return Drawn::Part;
        }
        if let Some((left, right, points_left)) = read_arrow(body) {
            return self.complete(left, right, points_left, names);
        }
        self.take_hosts(body);
        Drawn::Part
    }

    fn take_hosts(&mut self, body: &str) {
        let mut at = 0_usize;
        for cell in body.split('|') {
            let place = at / COLUMN;
            at = at.saturating_add(cell.len()).saturating_add(1);
            let host = cell.trim();
            if host.is_empty() || place >= MAX_HOSTS {
                continue;
            }
            if self.hosts.len() <= place {
                self.hosts.resize(place.saturating_add(1), String::new());
            }
            if let Some(slot) = self.hosts.get_mut(place) {
                *slot = host.to_owned();
            }
        }
    }

    fn complete(
        &mut self,
        left: End<'_>,
        right: End<'_>,
        to_left: bool,
        names: &mut Names,
    ) -> Drawn {
        let Some((line, mut row)) = self.packet.take() else {
            return Drawn::Part;
        };
        if row.flags.is_none() && !speaks_tcp(&row.app) {
            return Drawn::Foreign(Other {
                frame: row.frame,
                time: row.time,
            });
        }
        if left.place == right.place {
            // A page has taken the blanks away that tell the columns apart.
            return Drawn::Part;
        }
        let mut side = |end: &End<'_>| -> Side {
            let host = self.hosts.get(end.place).filter(|host| !host.is_empty());
            names.side(host.map(String::as_str), Some(end.port))
        };
        let (left, right) = (side(&left), side(&right));
        (row.source, row.destination) = match to_left {
            true => (right, left),
            false => (left, right),
        };
        row.line = line;
        Drawn::Packet(Box::new(row))
    }
}

/// What stands in the time's column, and behind it. The first column may be the conversation's number.
fn split(line: &str) -> Option<(&str, &str)> {
    let (first, rest) = line.split_once('|')?;
    let first = first.trim();
    let leads = first.is_empty() || first == "Conv." || integer::<u32>(first).is_some();
    let (head, body) = rest.split_once('|').filter(|_| leads)?;
    Some((head.trim(), body))
}

/// The first line of a packet: `|0.000308 |         PSH, ACK - Len: 77            |Seq = 1 Ack = 1`.
fn read_label(head: &str, body: &str) -> Option<RawRow> {
    let time = read_time(&[head]).map(|(time, _)| time);
    let (drawn, comment) = body.rsplit_once('|')?;
    let mut row = RawRow {
        format: Format::FlowGraph,
        numbering: Numbering::Wireshark,
        time,
        ..RawRow::default()
    };
    let comment = comment.trim();
    if let Some((protocol, info)) = comment
        .split_once(": ")
        .filter(|(protocol, _)| !protocol.contains(' '))
    {
        match find_info(info) {
            Some(info) => take_info(&mut row, &info),
            None => row.app = AppHint::from_columns(protocol, info),
        }
        return Some(row);
    }
    let label = drawn.trim_matches(['|', ' ']);
    let (flags, len) = label.split_once("- Len:").unwrap_or((label, "0"));
    row.flags = Some(read_flags(flags)?);
    row.len = integer(len.trim());
    let mut words = comment.split_whitespace();
    while let Some(name) = words.next() {
        let value = words.find(|word| *word != "=").and_then(integer::<u32>);
        match name {
            "Seq" => row.seq = value,
            "Ack" => row.ack = value,
            _ => return None,
        }
    }
    Some(row)
}

/// `PSH, ACK`; a name at the end may be cut.
fn read_flags(text: &str) -> Option<TcpFlags> {
    let text = text.trim();
    flag_list(text).or_else(|| flag_list(text.rsplit_once(',')?.0))
}

fn speaks_tcp(app: &AppHint) -> bool {
    matches!(
        app,
        AppHint::HttpRequest { .. }
            | AppHint::HttpResponse { .. }
            | AppHint::Continuation
            | AppHint::Tls { .. }
    )
}

/// An end of an arrow: the host's place and the port.
struct End<'a> {
    place: usize,
    port: &'a str,
}

/// The second line of a packet: `|         |(36330)  ------------------>  (80)     |`. Gives the ends, and whether it points to the left.
fn read_arrow(body: &str) -> Option<(End<'_>, End<'_>, bool)> {
    let open = body.find('(')?;
    let last = body.rfind('(').filter(|last| *last > open)?;
    let port = |at: usize| {
        let inner = body.get(at.saturating_add(1)..)?;
        inner.split(')').next().map(|port| shorten(port.trim(), 32))
    };
    let shaft = body.get(open..last)?.split(')').nth(1)?.trim();
    let drawn = shaft.contains("---") && shaft.chars().all(|c| matches!(c, '-' | '<' | '>'));
    // A port at the left end begins its host's column, one at the right end stands half a column behind it.
    let left = End {
        place: open / COLUMN,
        port: port(open)?,
    };
    let right = End {
        place: last.saturating_sub(COLUMN / 2) / COLUMN,
        port: port(last)?,
    };
    drawn.then_some((left, right, shaft.starts_with('<')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::Port;

    fn read(text: &str) -> (Vec<RawRow>, Names) {
        let (mut graph, mut names) = (FlowGraph::default(), Names::default());
        let mut rows = Vec::new();
        for (at, line) in text.lines().enumerate() {
            match graph.read_line(line, u32::try_from(at).unwrap(), &mut names) {
                Drawn::Packet(row) => rows.push(*row),
                Drawn::Part | Drawn::Foreign(_) => {}
                Drawn::No => panic!("{line}"),
            }
        }
        (rows, names)
    }

    /// As tshark 4.0 draws it: three hosts, two conversations.
    const GRAPH: &str = "\
Conv.| Time    | 10.0.0.1                              | 10.0.0.3                              |
     |         |                   | 10.0.0.2          |                   |
0    |0.336393 |         SYN       |                   |                   |Seq = 0
     |         |(50079)  ------------------>  (22)     |                   |
1    |0.040019 |                   |         PSH, ACK - Len: 347           |Seq = 1 Ack = 8
     |         |                   |(55936)  <------------------  (323)    |
";

    #[test]
    fn hosts_stand_in_columns() {
        let (rows, names) = read(GRAPH);
        let ends = |row: &RawRow| {
            [row.source, row.destination].map(|side| {
                let host = names.hosts.display(side.host.unwrap()).to_string();
                (host, side.port)
            })
        };
        let end = |host: &str, port| (host.to_owned(), Port::Number(port));
        assert_eq!(
            ends(&rows[0]),
            [end("10.0.0.1", 50_079), end("10.0.0.2", 22)]
        );
        assert_eq!(
            ends(&rows[1]),
            [end("10.0.0.3", 323), end("10.0.0.2", 55_936)]
        );
        let data = &rows[1];
        assert_eq!(data.flags, Some(TcpFlags::PSH | TcpFlags::ACK));
        assert_eq!(
            (data.seq, data.ack, data.len),
            (Some(1), Some(8), Some(347))
        );
        assert_eq!(rows[0].len, Some(0));
    }

    /// stackoverflow.com, a stack on a TUN device: of each run of blanks the page kept one.
    #[test]
    fn a_graph_without_its_blanks_does_not_say_who_spoke() {
        let (rows, _) = read(
            "\
|Time | 192.168.20.1 |
| | | 192.168.20.99 |
|0.000000000| SYN | |Seq = 0
| |(39284) ------------------> (20) |
",
        );
        assert!(rows.is_empty());
    }

    #[test]
    fn a_graph_of_all_packets_has_the_info_column() {
        let (rows, _) = read("\
|Time     | 1.2.0.2                               |
|         |                   | 1.2.0.3           |                   
|0.233736 |         6649 → 2527 [RST, AC          |TCP: 6649 → 2527 [RST, ACK] Seq=1 Ack=5 Win=16384 Len=0
|         |(2527)   <------------------  (6649)   |
|0.300000 |         Standard query        |DNS: Standard query 0x1 A example.org
|         |(2527)   <------------------  (53)     |
");
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].ack, Some(5));
        assert_eq!(rows[0].source.port, Port::Number(6649));
    }
}
