//! Which connection a row belongs to, where it does not say it in full.
//!
//! A row without ports belongs to the only connection of its two hosts; where there are several, the module `assignment`
//! decides by the numbers. A row without hosts belongs to the only connection of its two ports, or to the only one whose
//! rows surround it. Where several fit, the row is reported and not used. In a long text the connections are those that are
//! known by then (see the module `known`) or show in the same window.

use std::collections::{HashMap, HashSet};

use whyreset_segments::{Endpoint, Host};

use crate::application::{AppHint, TlsRecord};
use crate::hosts::{Names, Port};
use crate::known::Known;
use crate::numbering::Memory;
use crate::others::Others;
use crate::placed::{Connection, Key, Placed, Shown};
use crate::protocols::Protocol;
use crate::raw_row::RawRow;
use crate::read::Reason;

/// Rows with their ends, the connections, and what could not be placed.
#[derive(Default)]
pub(crate) struct Placement {
    /// The place of the window's first row among all rows.
    pub begins: usize,
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
    pub excerpt: Box<str>,
    pub reason: Reason,
}

impl Placement {
    /// Where packets may be missing, in order: twice the place of the row behind the gap.
    pub fn breaks(&self) -> &[usize] {
        &self.breaks
    }

    /// Puts the rows in order, gives each connection its own, and counts the gaps before each: `gaps` before the window.
    pub fn finish(&mut self, gaps: u32) {
        self.breaks.extend(
            self.unplaced
                .iter()
                .map(|row| row.at.saturating_mul(2).saturating_add(1)),
        );
        self.breaks.sort_unstable();
        self.rows.sort_by_key(|row| row.at);
        for connection in &mut self.connections {
            connection.rows.clear();
            connection.context.clear();
        }
        let mut breaks = self.breaks.iter().peekable();
        let mut gaps = gaps;
        for (index, row) in self.rows.iter_mut().enumerate() {
            if let Some(connection) = self.connections.get_mut(row.connection) {
                connection.rows.push(index);
            }
            if row.at < self.begins {
                // Its gaps were counted with its own window.
                continue;
            }
            let here = row.at.saturating_mul(2);
            while breaks.next_if(|gap| **gap <= here).is_some() {
                gaps = gaps.saturating_add(1);
            }
            row.gaps_before = gaps;
        }
    }

    /// How many gaps there are before row `at`.
    pub fn gaps_before(&self, at: usize, gaps: u32) -> u32 {
        let here = at.saturating_mul(2);
        let more = self.breaks.partition_point(|gap| *gap < here);
        gaps.saturating_add(u32::try_from(more).unwrap_or(u32::MAX))
    }

    /// Begins a connection in this window, or goes on with one that is known.
    pub fn resume(&mut self, key: Key, known: &mut Known) -> usize {
        let index = self.connections.len();
        let mut connection = known.take(key);
        for mut row in known.take_context(key) {
            row.connection = index;
            connection.context.push(self.rows.len());
            self.rows.push(row);
        }
        self.connections.push(connection);
        index
    }

    /// Goes on with the connections that pending rows may belong to.
    fn resume_candidates(&mut self, known: &mut Known) {
        let hosts = |row: &Pending| {
            let (source, destination) = row.raw.source.host.zip(row.raw.destination.host)?;
            let (a, b) = ordered(source, destination);
            Some((row.raw.list, a, b))
        };
        let wanted: HashSet<HostKey> = self.pending.iter().filter_map(hosts).collect();
        for key in known.between(&wanted) {
            self.resume(key, known);
        }
    }

    /// What the connection before this one, between the same ends, leaves of its numbering.
    pub fn numbering_before(&self, index: usize) -> Option<Memory> {
        let follows = self.connections.get(index)?.follows?;
        Some(self.connections.get(follows)?.numbering.followed())
    }

    /// Passes a row that is of no connection, or nobody knows of which: it moves the clock.
    fn pass(&mut self, row: &RawRow) {
        let last = self.rows.last_mut();
        if let Some(last) = last.filter(|last| last.raw.list == row.list) {
            last.raw.others = Others::and_row(last.raw.others, row);
        }
    }

    /// Takes up a row.
    fn take(&mut self, row: RawRow, at: usize, index: usize, ends: Pair, surely: bool) {
        if let Some(connection) = self.connections.get_mut(index) {
            connection.push(self.rows.len(), at, &row, ends);
        }
        let mut placed = Placed::new(row, at, index, ends);
        placed.opens_again = surely;
        self.rows.push(placed);
    }
}

type Pair = (Endpoint, Endpoint);

/// List and hosts, the smaller one first.
pub(crate) type HostKey = (u32, Host, Host);

type Table<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

#[derive(Default)]
struct Catalogue {
    by_ends: Table<(u32, Pair), usize>,
    shown: Vec<Shown>,
    by_hosts: Table<HostKey, Vec<usize>>,
    by_host: Table<(u32, Host), Vec<usize>>,
    by_ports: Table<(u32, Port, Port), Vec<usize>>,
}

/// Finds the ends of every row that tells them, or that only one connection fits. The first of `rows` has the place
/// `begins`; those from `until` on are read again with the next window.
pub(crate) fn place(
    rows: Vec<RawRow>,
    begins: usize,
    until: usize,
    known: &mut Known,
    names: &mut Names,
) -> Placement {
    let catalogue = match rows.iter().all(RawRow::is_whole) {
        // Nobody asks it.
        true => Catalogue::default(),
        false => Catalogue::of(&rows, begins, known, names),
    };
    let mut placement = Placement {
        begins,
        ..Placement::default()
    };
    let mut current: Table<Key, usize> = HashMap::default();
    // Packets may be missing before a row of another protocol.
    let mut gap_before_other = false;
    for (mut row, at) in rows.into_iter().zip(begins..) {
        row.gap_before |= std::mem::take(&mut gap_before_other);
        if row.gap_before {
            placement.breaks.push(at.saturating_mul(2));
        }
        match catalogue.ends_of(at, &row, names) {
            Ends::Known(ends) => {
                let key = (row.list, ordered(ends.0, ends.1));
                let index = current
                    .entry(key)
                    .or_insert_with(|| placement.resume(key, known));
                let mut surely = false;
                if let Some(connection) = placement.connections.get_mut(*index) {
                    if at >= until {
                        connection.look_ahead();
                    }
                    surely = connection.carried.is_surely_followed_by(&row);
                    if connection.carried.is_followed_by(&row) {
                        let mut next = Connection::new(key);
                        next.carried = connection.carried.followed();
                        next.follows = Some(*index);
                        *index = placement.connections.len();
                        placement.connections.push(next);
                    }
                }
                placement.take(row, at, *index, ends, surely);
            }
            Ends::Several { on_port } => placement.pending.push(Pending {
                at,
                raw: row,
                on_port,
            }),
            Ends::Unknown(reason) => {
                placement.pass(&row);
                placement.unplaced.push(Unplaced {
                    at,
                    line: row.line,
                    excerpt: row.excerpt,
                    reason,
                });
            }
            Ends::Foreign => {
                gap_before_other = row.gap_before;
                placement.pass(&row);
            }
        }
    }
    placement.resume_candidates(known);
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
    fn of(rows: &[RawRow], begins: usize, known: &Known, names: &mut Names) -> Self {
        let mut catalogue = Self::default();
        let (first, last) = (rows.first(), rows.last());
        let lists = first.map_or(0, |row| row.list)..=last.map_or(0, |row| row.list);
        for (list, shown) in known.shown(&lists) {
            catalogue.add(list, shown);
        }
        for (row, at) in rows.iter().zip(begins..) {
            if row.is_whole() {
                let source = names.endpoint(row.source);
                let destination = names.endpoint(row.destination);
                catalogue.show(at, row, (source, destination));
            }
        }
        catalogue
    }

    fn show(&mut self, at: usize, row: &RawRow, ends: Pair) {
        let pair = ordered(ends.0, ends.1);
        let index = match self.by_ends.get(&(row.list, pair)) {
            Some(index) => *index,
            None => self.add(row.list, Shown::new(at, row, pair)),
        };
        if let Some(shown) = self.shown.get_mut(index) {
            shown.note(at, row, ends);
        }
    }

    fn add(&mut self, list: u32, shown: Shown) -> usize {
        let index = self.shown.len();
        let (source, destination) = shown.sides;
        self.by_ends.insert((list, shown.ends), index);
        if let (Some(a), Some(b)) = (source.host, destination.host) {
            self.by_host.entry((list, a)).or_default().push(index);
            self.by_host.entry((list, b)).or_default().push(index);
            let (a, b) = ordered(a, b);
            self.by_hosts.entry((list, a, b)).or_default().push(index);
        }
        let key = port_key(list, source.port, destination.port);
        self.by_ports.entry(key).or_default().push(index);
        self.shown.push(shown);
        index
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
            (Some(_), Some(_)) if row.is_whole() => {
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
        let with = |host: Option<Host>| -> Vec<usize> {
            let ends_there = |index: &usize| {
                let ends = self.shown.get(*index).map(|shown| shown.ends);
                ends.is_some_and(|(a, b)| Some(a.host) == host || Some(b.host) == host)
            };
            of_host.iter().copied().filter(ends_there).collect()
        };
        // Whoever reports it may be the host itself, or a router that names the host.
        let named = [row.unreached, row.source.host];
        let named = named.into_iter().map(with);
        let candidates = named.into_iter().find(|found| !found.is_empty());
        let candidates = candidates.unwrap_or_else(|| of_host.clone());
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
    let (first, second) = shown.ends;
    let opener = shown.opener.or_else(|| end_of_a_client(first, second))?;
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

/// The end whose port hosts give to those that call, where the other is none.
fn end_of_a_client(first: Endpoint, second: Endpoint) -> Option<Endpoint> {
    match (
        first.port >= Endpoint::CLIENT_PORTS,
        second.port >= Endpoint::CLIENT_PORTS,
    ) {
        (true, false) => Some(first),
        (false, true) => Some(second),
        _ => None,
    }
}

/// More connections than this are not compared for one row.
const MAX_CANDIDATES: usize = 256;

pub(crate) fn ordered<T: Ord>(a: T, b: T) -> (T, T) {
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
