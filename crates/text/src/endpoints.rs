//! Which connection a row belongs to, where it does not say it in full.
//!
//! A row without ports belongs to the only connection of its two hosts; where there are several, the module `assignment`
//! decides by the numbers. A row without hosts belongs to the only connection of its two ports, or to the only one whose
//! rows surround it. Where several fit, the row is reported and not used.

use std::collections::HashMap;

use whyreset_segments::{Endpoint, Host};

use crate::application::{AppHint, TlsRecord};
use crate::hosts::{Names, Port, Side};
use crate::placed::{Connection, Placed};
use crate::protocols::Protocol;
use crate::raw_row::RawRow;
use crate::read::Reason;

/// Rows with their ends, the connections, and what could not be placed.
#[derive(Default)]
pub(crate) struct Placement {
    pub rows: Vec<Placed>,
    pub connections: Vec<Connection>,
    /// Rows that several connections fit, in their order.
    pub pending: Vec<Pending>,
    pub unplaced: Vec<Unplaced>,
    /// Where packets may be missing: twice the place of a row for a gap before it, one more for one behind it.
    breaks: Vec<usize>,
}

/// A row without ports that several connections, or both directions of one, fit.
pub(crate) struct Pending {
    pub at: usize,
    pub raw: RawRow,
    pub on_port: Option<u16>,
}

/// A row that could not be placed.
pub(crate) struct Unplaced {
    pub at: usize,
    pub line: u32,
    pub reason: Reason,
}

impl Placement {
    /// Where packets may be missing, in order: twice the place of the row behind the gap.
    pub fn breaks(&self) -> &[usize] {
        &self.breaks
    }

    /// Puts the rows in order, gives each connection its own, and counts the gaps before each.
    pub fn finish(&mut self) {
        self.breaks.extend(
            self.unplaced
                .iter()
                .map(|row| row.at.saturating_mul(2).saturating_add(1)),
        );
        self.breaks.sort_unstable();
        self.rows.sort_by_key(|row| row.at);
        for connection in &mut self.connections {
            connection.rows.clear();
        }
        for (index, row) in self.rows.iter_mut().enumerate() {
            let here = row.at.saturating_mul(2);
            let gaps = self.breaks.partition_point(|gap| *gap <= here);
            row.gaps_before = u32::try_from(gaps).unwrap_or(u32::MAX);
            if let Some(connection) = self.connections.get_mut(row.connection) {
                connection.rows.push(index);
            }
        }
    }
}

type Pair = (Endpoint, Endpoint);

/// A connection that rows with hosts and ports show.
#[derive(Clone, Copy)]
struct Shown {
    ends: Pair,
    first: usize,
    last: usize,
    /// The side that sent the SYN.
    opener: Option<Endpoint>,
}

#[derive(Default)]
struct Catalogue {
    by_ends: HashMap<(u32, Pair), usize>,
    shown: Vec<Shown>,
    by_hosts: HashMap<(u32, Host, Host), Vec<usize>>,
    by_host: HashMap<(u32, Host), Vec<usize>>,
    by_ports: HashMap<(u32, Port, Port), Vec<usize>>,
}

/// Finds the ends of every row that tells them, or that only one connection fits.
pub(crate) fn place(rows: Vec<RawRow>, names: &mut Names) -> Placement {
    let catalogue = Catalogue::of(&rows, names);
    let mut placement = Placement::default();
    let mut current: HashMap<(u32, Pair), usize> = HashMap::new();
    for (at, row) in rows.into_iter().enumerate() {
        if row.gap_before {
            placement.breaks.push(at.saturating_mul(2));
        }
        match catalogue.ends_of(at, &row, names) {
            Ends::Known(ends) => {
                let key = (row.list, ordered(ends.0, ends.1));
                let next = placement.connections.len();
                let connection = current.entry(key).or_insert(next);
                let known = placement.connections.get(*connection);
                let surely = known.is_some_and(|known| known.is_surely_followed_by(&row));
                if known.is_some_and(|known| known.is_followed_by(&row)) {
                    *connection = next;
                }
                if *connection == next {
                    placement.connections.push(Connection::default());
                }
                if let Some(known) = placement.connections.get_mut(*connection) {
                    known.push(placement.rows.len(), &row);
                }
                let mut placed = Placed::new(row, at, *connection, ends);
                placed.opens_again = surely;
                placement.rows.push(placed);
            }
            Ends::Several { on_port } => placement.pending.push(Pending {
                at,
                raw: row,
                on_port,
            }),
            Ends::Unknown(reason) => {
                placement.unplaced.push(Unplaced {
                    at,
                    line: row.line,
                    reason,
                });
            }
            Ends::Foreign => {}
        }
    }
    placement
}

/// What is known of the ends of a row.
enum Ends {
    /// Source and destination.
    Known(Pair),
    /// Several connections fit, or both directions.
    Several {
        /// Only those with this port.
        on_port: Option<u16>,
    },
    Unknown(Reason),
    /// It is about no TCP connection.
    Foreign,
}

impl Catalogue {
    fn of(rows: &[RawRow], names: &mut Names) -> Self {
        let mut catalogue = Self::default();
        for (at, row) in rows.iter().enumerate() {
            if row.icmp.is_none() && is_whole(row.source) && is_whole(row.destination) {
                let source = names.endpoint(row.source);
                let destination = names.endpoint(row.destination);
                catalogue.show(at, row, source, destination);
            }
        }
        catalogue
    }

    fn show(&mut self, at: usize, row: &RawRow, source: Endpoint, destination: Endpoint) {
        let ends = ordered(source, destination);
        let flags = row.flags.unwrap_or_default();
        let opener = match (flags.is_opening_syn(), flags.is_syn_ack()) {
            (true, _) => Some(source),
            (_, true) => Some(destination),
            _ => None,
        };
        let next = self.shown.len();
        let index = *self.by_ends.entry((row.list, ends)).or_insert(next);
        if let Some(shown) = self.shown.get_mut(index) {
            shown.last = at;
            shown.opener = shown.opener.or(opener);
            return;
        }
        self.shown.push(Shown {
            ends,
            first: at,
            last: at,
            opener,
        });
        if let (Some(a), Some(b)) = (row.source.host, row.destination.host) {
            self.by_host.entry((row.list, a)).or_default().push(index);
            self.by_host.entry((row.list, b)).or_default().push(index);
            let (a, b) = ordered(a, b);
            self.by_hosts
                .entry((row.list, a, b))
                .or_default()
                .push(index);
        }
        let key = port_key(row.list, row.source.port, row.destination.port);
        self.by_ports.entry(key).or_default().push(index);
    }

    fn ends_of(&self, at: usize, row: &RawRow, names: &mut Names) -> Ends {
        if row.icmp.is_some() {
            return match row.quoted {
                Some((source, destination)) => {
                    Ends::Known((names.endpoint(source), names.endpoint(destination)))
                }
                None => self.ends_of_error(at, row),
            };
        }
        match (row.source.host, row.destination.host) {
            (Some(_), Some(_)) if is_whole(row.source) && is_whole(row.destination) => {
                Ends::Known((names.endpoint(row.source), names.endpoint(row.destination)))
            }
            (Some(source), Some(destination)) => {
                self.ends_by_hosts(at, row, source, destination, names)
            }
            (None, None) if row.source.port != Port::Unsaid => self.ends_by_ports(at, row, names),
            _ => Ends::Unknown(Reason::NoEnds),
        }
    }

    fn ends_by_hosts(
        &self,
        at: usize,
        row: &RawRow,
        source: Host,
        destination: Host,
        names: &mut Names,
    ) -> Ends {
        let (a, b) = ordered(source, destination);
        let (sure, on_port) = runs_over(&row.app);
        let known = self
            .by_hosts
            .get(&(row.list, a, b))
            .map_or(&[][..], Vec::as_slice);
        let mut fitting = known
            .iter()
            .filter_map(|index| self.shown.get(*index))
            .filter(|shown| {
                on_port.is_none_or(|port| shown.ends.0.port == port || shown.ends.1.port == port)
            });
        match (fitting.next(), fitting.next()) {
            (None, _) if !sure => Ends::Foreign,
            (None, _) if source == destination => Ends::Unknown(Reason::Direction),
            // No row tells a port: the two hosts are all there is.
            (None, _) => Ends::Known((names.endpoint(row.source), names.endpoint(row.destination))),
            // Before the connection began it ran over UDP, or the numbers must prove otherwise.
            (Some(only), None) if on_port.is_some() && at < only.first => Ends::Several { on_port },
            (Some(only), None) if source == destination => direction_by_application(only, &row.app)
                .map_or(Ends::Several { on_port }, Ends::Known),
            (
                Some(Shown {
                    ends: (first, second),
                    ..
                }),
                None,
            ) => Ends::Known(if first.host == source {
                (*first, *second)
            } else {
                (*second, *first)
            }),
            (Some(_), Some(_)) => Ends::Several { on_port },
        }
    }

    fn ends_by_ports(&self, at: usize, row: &RawRow, names: &mut Names) -> Ends {
        let key = port_key(row.list, row.source.port, row.destination.port);
        let written = (names.endpoint(row.source), names.endpoint(row.destination));
        let Some(candidates) = self.by_ports.get(&key) else {
            return Ends::Known(written);
        };
        if row.source.port == row.destination.port {
            return Ends::Unknown(Reason::Direction);
        }
        let Some(shown) = self.only_one(at, candidates) else {
            return Ends::Unknown(Reason::SeveralConnections);
        };
        let (first, second) = shown.ends;
        Ends::Known(if first.port == written.0.port {
            (first, second)
        } else {
            (second, first)
        })
    }

    /// The connection that an ICMP error is about: it went to the host whose packet it quotes.
    fn ends_of_error(&self, at: usize, row: &RawRow) -> Ends {
        let Some(told) = row.destination.host else {
            return Ends::Unknown(Reason::NoEnds);
        };
        let known = self.by_host.get(&(row.list, told));
        let of_host: Vec<usize> = known
            .into_iter()
            .flatten()
            .copied()
            .take(MAX_CANDIDATES)
            .collect();
        let reporter = row.source.host;
        let with_reporter: Vec<usize> = of_host
            .iter()
            .copied()
            .filter(|index| {
                let ends = self.shown.get(*index).map(|shown| shown.ends);
                ends.is_some_and(|(a, b)| Some(a.host) == reporter || Some(b.host) == reporter)
            })
            .collect();
        let candidates = if with_reporter.is_empty() {
            of_host
        } else {
            with_reporter
        };
        if candidates.is_empty() {
            // No TCP of this host is in the list: the error is about something else.
            return Ends::Foreign;
        }
        let Some(shown) = self.only_one(at, &candidates) else {
            return Ends::Unknown(Reason::SeveralConnections);
        };
        let (first, second) = shown.ends;
        Ends::Known(if first.host == told {
            (first, second)
        } else {
            (second, first)
        })
    }

    /// The only candidate, or the only one whose rows surround row `at`.
    fn only_one(&self, at: usize, candidates: &[usize]) -> Option<Shown> {
        let mut all = candidates.iter().filter_map(|index| self.shown.get(*index));
        if let (Some(only), None) = (all.next(), all.next()) {
            return Some(*only);
        }
        let mut around = candidates
            .iter()
            .take(MAX_CANDIDATES)
            .filter_map(|index| self.shown.get(*index))
            .filter(|shown| shown.first <= at && at <= shown.last);
        match (around.next(), around.next()) {
            (Some(only), None) => Some(*only),
            _ => None,
        }
    }
}

/// Whether a row without TCP's numbers surely runs over TCP, and the port it then must have.
fn runs_over(app: &AppHint) -> (bool, Option<u16>) {
    match app {
        AppHint::Other { protocol, .. } => match crate::protocols::protocol(protocol) {
            Some(Protocol::OverTcp) => (true, None),
            Some(Protocol::OnPort(port)) => (false, Some(port)),
            _ => (false, None),
        },
        _ => (true, None),
    }
}

/// Between two programs of one host only what the row says tells the direction: a request goes to the side that was
/// called.
fn direction_by_application(shown: &Shown, app: &AppHint) -> Option<Pair> {
    let opener = shown.opener?;
    let (first, second) = shown.ends;
    let called = if first == opener { second } else { first };
    match app {
        AppHint::HttpRequest { .. } => Some((opener, called)),
        AppHint::HttpResponse { .. } => Some((called, opener)),
        AppHint::Tls { records, .. } => match records.first()? {
            TlsRecord::ClientHello { .. } => Some((opener, called)),
            TlsRecord::ServerHello => Some((called, opener)),
            _ => None,
        },
        _ => None,
    }
}

/// More connections than this are not compared for one row.
const MAX_CANDIDATES: usize = 256;

fn is_whole(side: Side) -> bool {
    side.host.is_some() && side.port != Port::Unsaid
}

fn ordered<T: Ord>(a: T, b: T) -> (T, T) {
    if a <= b { (a, b) } else { (b, a) }
}

fn port_key(list: u32, a: Port, b: Port) -> (u32, Port, Port) {
    let rank = |port: Port| match port {
        Port::Unsaid => (0, 0),
        Port::Number(number) => (1, u32::from(number)),
        Port::Named(index) => (2, index),
    };
    if rank(a) <= rank(b) {
        (list, a, b)
    } else {
        (list, b, a)
    }
}
