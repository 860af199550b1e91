//! Which connection a row belongs to, where it does not say it in full.
//!
//! A row without ports belongs to the only connection of its two hosts, or to the only one whose rows surround it. A row
//! without hosts belongs to the only connection of its two ports. Where several fit, the row is reported and not used.

use std::collections::HashMap;

use whyreset_segments::{Endpoint, Host};

use crate::application::{AppHint, TlsRecord};
use crate::hosts::{Names, Port, Side};
use crate::placed::{Connection, Placed};
use crate::protocols::Protocol;
use crate::raw_row::RawRow;
use crate::read::Reason;

/// Rows with their ends, the connections, and the lines of rows that could not be placed.
pub(crate) struct Placement {
    pub rows: Vec<Placed>,
    pub connections: Vec<Connection>,
    pub unplaced: Vec<(u32, Reason)>,
    /// For every row that came in: how many placed rows stand before it.
    pub placed_before: Vec<usize>,
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

/// Finds the ends of every row.
pub(crate) fn place(rows: Vec<RawRow>, names: &mut Names) -> Placement {
    let catalogue = Catalogue::of(&rows, names);
    let mut placement = Placement {
        rows: Vec::new(),
        connections: Vec::new(),
        unplaced: Vec::new(),
        placed_before: Vec::new(),
    };
    let mut numbers: HashMap<(u32, Pair), usize> = HashMap::new();
    let mut gaps = 0_u32;
    for (at, row) in rows.into_iter().enumerate() {
        placement.placed_before.push(placement.rows.len());
        gaps = gaps.saturating_add(u32::from(row.gap_before));
        match catalogue.ends_of(at, &row, names) {
            Ok((source, destination)) => {
                let key = (row.list, ordered(source, destination));
                let next = placement.connections.len();
                let current = numbers.entry(key).or_insert(next);
                let followed = placement
                    .connections
                    .get(*current)
                    .is_some_and(|connection| connection.is_followed_by(&row));
                if followed {
                    *current = next;
                }
                if *current == next {
                    placement.connections.push(Connection::default());
                }
                if let Some(connection) = placement.connections.get_mut(*current) {
                    connection.push(placement.rows.len(), &row);
                }
                placement.rows.push(placed(row, source, destination, gaps));
            }
            Err(Some(reason)) => {
                // Behind a row that could not be used, nothing is known to be complete.
                gaps = gaps.saturating_add(1);
                placement.unplaced.push((row.line, reason));
            }
            Err(None) => {}
        }
    }
    placement
}

fn placed(raw: RawRow, source: Endpoint, destination: Endpoint, gaps_before: u32) -> Placed {
    Placed {
        ports_known: source.port != 0 || destination.port != 0,
        inferred: whyreset_segments::Known::default(),
        gaps_before,
        relative: false,
        window_scaled: false,
        raw,
        source,
        destination,
    }
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

    /// The ends of a row. `Err(None)`: it is about no TCP connection.
    fn ends_of(&self, at: usize, row: &RawRow, names: &mut Names) -> Result<Pair, Option<Reason>> {
        if row.icmp.is_some() {
            if let Some((source, destination)) = row.quoted {
                return Ok((names.endpoint(source), names.endpoint(destination)));
            }
            return self.ends_of_error(at, row);
        }
        match (row.source.host, row.destination.host) {
            (Some(_), Some(_)) if is_whole(row.source) && is_whole(row.destination) => {
                Ok((names.endpoint(row.source), names.endpoint(row.destination)))
            }
            (Some(source), Some(destination)) => {
                self.ends_by_hosts(at, row, source, destination, names)
            }
            (None, None) if row.source.port != Port::Unsaid => self.ends_by_ports(at, row, names),
            _ => Err(Some(Reason::NoEnds)),
        }
    }

    fn ends_by_hosts(
        &self,
        at: usize,
        row: &RawRow,
        source: Host,
        destination: Host,
        names: &mut Names,
    ) -> Result<Pair, Option<Reason>> {
        let (a, b) = ordered(source, destination);
        let candidates = self
            .by_hosts
            .get(&(row.list, a, b))
            .map_or(&[][..], Vec::as_slice);
        let (sure, on_port) = runs_over(&row.app);
        if candidates.is_empty() {
            // No row tells a port: the two hosts are all there is.
            return match (sure, source == destination) {
                (false, _) => Err(None),
                (true, true) => Err(Some(Reason::Direction)),
                (true, false) => Ok((names.endpoint(row.source), names.endpoint(row.destination))),
            };
        }
        if let Some(port) = on_port {
            let fits = |ends: Pair| ends.0.port == port || ends.1.port == port;
            let fitting: Vec<usize> = candidates
                .iter()
                .copied()
                .filter(|index| self.shown.get(*index).is_some_and(|shown| fits(shown.ends)))
                .take(MAX_CANDIDATES)
                .collect();
            if fitting.is_empty() {
                return Err(None);
            }
            return self.directed(at, row, &fitting, source, destination);
        }
        self.directed(at, row, candidates, source, destination)
    }

    /// The only fitting connection, in the direction of the row.
    fn directed(
        &self,
        at: usize,
        row: &RawRow,
        candidates: &[usize],
        source: Host,
        destination: Host,
    ) -> Result<Pair, Option<Reason>> {
        let shown = self.only_one(at, candidates)?;
        if source == destination {
            return direction_by_application(&shown, &row.app).ok_or(Some(Reason::Direction));
        }
        match shown.ends {
            (first, second) if first.host == source => Ok((first, second)),
            (first, second) => Ok((second, first)),
        }
    }

    fn ends_by_ports(
        &self,
        at: usize,
        row: &RawRow,
        names: &mut Names,
    ) -> Result<Pair, Option<Reason>> {
        let key = port_key(row.list, row.source.port, row.destination.port);
        let written = (names.endpoint(row.source), names.endpoint(row.destination));
        let Some(candidates) = self.by_ports.get(&key) else {
            return Ok(written);
        };
        if row.source.port == row.destination.port {
            return Err(Some(Reason::Direction));
        }
        let (first, second) = self.only_one(at, candidates)?.ends;
        if first.port == written.0.port {
            Ok((first, second))
        } else {
            Ok((second, first))
        }
    }

    /// The connection that an ICMP error is about: it went to the host whose packet it quotes.
    fn ends_of_error(&self, at: usize, row: &RawRow) -> Result<Pair, Option<Reason>> {
        let Some(told) = row.destination.host else {
            return Err(Some(Reason::NoEnds));
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
            return Err(Some(Reason::NoConnection));
        }
        let (first, second) = self.only_one(at, &candidates)?.ends;
        if first.host == told {
            Ok((first, second))
        } else {
            Ok((second, first))
        }
    }

    /// The only candidate, or the only one whose rows surround row `at`.
    fn only_one(&self, at: usize, candidates: &[usize]) -> Result<Shown, Option<Reason>> {
        let mut all = candidates.iter().filter_map(|index| self.shown.get(*index));
        if let (Some(only), None) = (all.next(), all.next()) {
            return Ok(*only);
        }
        let mut around = candidates
            .iter()
            .take(MAX_CANDIDATES)
            .filter_map(|index| self.shown.get(*index))
            .filter(|shown| shown.first <= at && at <= shown.last);
        match (around.next(), around.next()) {
            (Some(only), None) => Ok(*only),
            _ => Err(Some(Reason::SeveralConnections)),
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
