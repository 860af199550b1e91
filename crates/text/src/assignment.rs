//! Rows without ports between hosts with several connections (or within one host): which of them has room for the row?
//!
//! The numbered rows of a connection tell how far each side had got before a row and how far it is at its next numbered
//! row. A row with data fits only where that is at least as much as its length. The row is assigned where exactly one
//! side of one connection fits and later numbers prove that so much was sent. It is also assigned where a connection's next
//! number lies exactly its length further, no packet is missing until then, and no other row could account for that. Else
//! it is reported and not used. In a long text "later" ends with the window.

use std::collections::HashMap;

use whyreset_segments::{Endpoint, Host, TcpFlags};

use crate::endpoints::{HostKey, Pending, Placement, Unplaced};
use crate::lengths::{Headers, headers_of};
use crate::placed::{Connection, Placed, is_disturbed};
use crate::read::Reason;

/// More connections between two hosts than this are not compared.
const MAX_CANDIDATES: usize = 64;

/// Per direction: the last row that was left over, by its place among all rows.
#[derive(Debug, Default)]
pub(crate) struct LeftOver {
    rows: HashMap<Direction, usize>,
    /// Those that are read again with the next window.
    ahead: HashMap<Direction, usize>,
    /// Before this row some may be forgotten.
    forgotten: Option<usize>,
}

/// More directions are not remembered from one window to the next.
const MAX_DIRECTIONS: usize = 65_536;

impl LeftOver {
    fn before(&self, row: &Pending) -> Option<usize> {
        let direction = direction(row);
        let last = self.ahead.get(&direction).or(self.rows.get(&direction));
        last.copied().or(self.forgotten)
    }

    fn add(&mut self, row: &Pending, until: usize) {
        let rows = match row.at < until {
            true => &mut self.rows,
            false => &mut self.ahead,
        };
        rows.insert(direction(row), row.at);
    }

    /// A window ends before row `until`.
    pub fn end_window(&mut self, until: usize) {
        self.ahead.clear();
        if self.rows.len() > MAX_DIRECTIONS {
            self.rows.clear();
            self.forgotten = Some(until);
        }
    }
}

/// Assigns the rows that are pending, in their order. Those from `until` on are read again with the next window.
pub(crate) fn assign(placement: &mut Placement, left_over: &mut LeftOver, until: usize) {
    let pending = std::mem::take(&mut placement.pending);
    if pending.is_empty() {
        return;
    }
    let by_hosts = connections_by_hosts(placement);
    let mut timelines: HashMap<usize, Timeline> = HashMap::new();
    let next_alike = next_alike(&pending);
    for (row, next_alike) in pending.into_iter().zip(next_alike) {
        let hosts = row.raw.source.host.zip(row.raw.destination.host);
        let candidates = hosts.and_then(|(a, b)| by_hosts.get(&key(row.raw.list, a, b)));
        let candidates = candidates.map_or(&[][..], Vec::as_slice);
        for index in candidates.iter().take(MAX_CANDIDATES) {
            if let (None, Some(connection)) =
                (timelines.get(index), placement.connections.get(*index))
            {
                timelines.insert(*index, Timeline::of(connection, &placement.rows));
            }
        }
        let found = match candidates.len() > MAX_CANDIDATES {
            true => None,
            false => {
                let alone = Alone {
                    after: left_over.before(&row),
                    before: next_alike,
                    breaks: placement.breaks(),
                };
                only_fit(&row, candidates, &mut timelines)
                    .or_else(|| only_account(&row, candidates, &mut timelines, &alone))
            }
        };
        match found {
            Some(fit) => take(placement, row, &fit, &mut timelines),
            None => {
                left_over.add(&row, until);
                // What may be UDP is no loss.
                if row.on_port.is_none() {
                    placement.unplaced.push(unplaced(&row));
                }
            }
        }
    }
}

/// List, source and destination.
type Direction = (u32, Option<Host>, Option<Host>);

fn direction(row: &Pending) -> Direction {
    (row.raw.list, row.raw.source.host, row.raw.destination.host)
}

/// For each row: where the next pending row of the same direction stands.
fn next_alike(pending: &[Pending]) -> Vec<Option<usize>> {
    let mut next: HashMap<Direction, usize> = HashMap::new();
    let mut all: Vec<Option<usize>> = pending
        .iter()
        .rev()
        .map(|row| next.insert(direction(row), row.at))
        .collect();
    all.reverse();
    all
}

/// The stretch of the list in which a row is the only one of its direction that is not accounted for.
struct Alone<'a> {
    after: Option<usize>,
    before: Option<usize>,
    /// Where packets may be missing.
    breaks: &'a [usize],
}

impl Alone<'_> {
    fn covers(&self, from: usize, to: usize) -> bool {
        let doubled = |at: usize| at.saturating_mul(2);
        let gaps = |at: usize| self.breaks.partition_point(|gap| *gap <= doubled(at));
        self.after.is_none_or(|after| after < from)
            && self.before.is_none_or(|before| before > to)
            && gaps(from) == gaps(to)
    }
}

fn unplaced(row: &Pending) -> Unplaced {
    let within = row.raw.source.host == row.raw.destination.host;
    let reason = if within {
        Reason::Direction
    } else {
        Reason::SeveralConnections
    };
    Unplaced {
        at: row.at,
        line: row.raw.line,
        excerpt: row.raw.excerpt.clone(),
        reason,
    }
}

fn key(list: u32, a: Host, b: Host) -> HostKey {
    if a <= b { (list, a, b) } else { (list, b, a) }
}

fn connections_by_hosts(placement: &Placement) -> HashMap<HostKey, Vec<usize>> {
    let mut by_hosts: HashMap<HostKey, Vec<usize>> = HashMap::new();
    for (index, connection) in placement.connections.iter().enumerate() {
        let (list, (a, b)) = connection.key;
        by_hosts
            .entry(key(list, a.host, b.host))
            .or_default()
            .push(index);
    }
    by_hosts
}

/// A side of a connection that has room for a row.
struct Fit {
    connection: usize,
    side: usize,
    ends: (Endpoint, Endpoint),
    len: u32,
    relative: bool,
}

/// The only side that fits, if later numbers prove it.
fn only_fit(
    row: &Pending,
    candidates: &[usize],
    timelines: &mut HashMap<usize, Timeline>,
) -> Option<Fit> {
    let frame_len = row.raw.frame_len.filter(|_| !is_disturbed(&row.raw))?;
    let mut found: Option<Fit> = None;
    for index in candidates {
        let line = timelines.get_mut(index)?;
        for side in [0, 1] {
            let ends = line.ends_from(side);
            let port_fits = row
                .on_port
                .is_none_or(|port| ends.0.port == port || ends.1.port == port);
            if Some(ends.0.host) != row.raw.source.host || !port_fits {
                continue;
            }
            let len = line.headers.payload_len(frame_len, ends.0, ends.1);
            match line.room(side, row.at, len) {
                Room::None => {}
                Room::Proven if found.is_none() => {
                    let (connection, len, relative) = (*index, len?, line.relative);
                    found = Some(Fit {
                        connection,
                        side,
                        ends,
                        len,
                        relative,
                    });
                }
                // A second one fits, or one may fit: nothing is certain.
                Room::Proven | Room::Possible => return None,
            }
        }
    }
    found
}

/// The side whose next number only this row accounts for.
fn only_account(
    row: &Pending,
    candidates: &[usize],
    timelines: &mut HashMap<usize, Timeline>,
    alone: &Alone<'_>,
) -> Option<Fit> {
    let frame_len = row.raw.frame_len.filter(|_| !is_disturbed(&row.raw))?;
    for index in candidates {
        let line = timelines.get_mut(index)?;
        for side in [0, 1] {
            let ends = line.ends_from(side);
            let len = line.headers.payload_len(frame_len, ends.0, ends.1);
            let len = len.filter(|len| *len > 0 && Some(ends.0.host) == row.raw.source.host);
            let Some(len) = len else { continue };
            // `only_fit` may have stopped before this side.
            let progress = line.sides.get_mut(side)?;
            progress.pass(row.at);
            if let Some((from, to)) = progress.missing_between(len)
                && alone.covers(from, to)
            {
                let (connection, relative) = (*index, line.relative);
                return Some(Fit {
                    connection,
                    side,
                    ends,
                    len,
                    relative,
                });
            }
        }
    }
    None
}

fn take(
    placement: &mut Placement,
    row: Pending,
    fit: &Fit,
    timelines: &mut HashMap<usize, Timeline>,
) {
    if let Some(side) = timelines
        .get_mut(&fit.connection)
        .and_then(|line| line.sides.get_mut(fit.side))
    {
        side.reached = side.reached.map(|reached| reached.wrapping_add(fit.len));
    }
    let mut placed = Placed::new(row.raw, row.at, fit.connection, fit.ends);
    placed.relative = fit.relative;
    placement.rows.push(placed);
}

/// Whether a side could have sent a row.
enum Room {
    None,
    Possible,
    Proven,
}

/// What the numbered rows of a connection tell of its two sides.
struct Timeline {
    sides: [Progress; 2],
    ends: (Endpoint, Endpoint),
    headers: Headers,
    relative: bool,
    /// Where it began, if the list shows its SYN.
    opened_at: Option<usize>,
}

/// How far a side has got, as its own numbers and the other side's acknowledgements tell.
#[derive(Default)]
struct Progress {
    marks: Vec<Mark>,
    /// The first mark not yet passed.
    next: usize,
    /// The first mark not yet passed that is the side's own number.
    next_own: usize,
    reached: Option<u32>,
    closed: bool,
    /// The end of everything.
    latest: Option<u32>,
}

struct Mark {
    at: usize,
    /// Where the side's own row begins.
    own: Option<u32>,
    /// Everything before this has been sent.
    end: u32,
    /// It is the side's SYN.
    opens: bool,
    closes: bool,
}

impl Timeline {
    fn of(connection: &Connection, rows: &[Placed]) -> Self {
        let list = || connection.all_rows().filter_map(|index| rows.get(*index));
        let first = list().next();
        let over = first.is_none() && connection.has_ended();
        let side = || Progress {
            closed: over,
            ..Progress::default()
        };
        let mut line = Self {
            sides: [side(), side()],
            ends: connection.key.1,
            headers: headers_of(connection, rows),
            relative: first.map_or(connection.numbering.is_relative(), |row| row.relative),
            opened_at: first
                .filter(|row| has(row, TcpFlags::SYN))
                .map(|row| row.at),
        };
        for row in list().filter(|row| row.is_tcp()) {
            line.mark(row);
        }
        line
    }

    fn mark(&mut self, row: &Placed) {
        let side = usize::from(!row.is_from_first());
        let disturbed = row.is_disturbed();
        if let (Some(seq), Some(own)) = (row.raw.seq, self.sides.get_mut(side)) {
            let used = row.raw.flags.unwrap_or_default().sequence_len();
            own.push(Mark {
                at: row.at,
                own: (!disturbed).then_some(seq),
                end: seq
                    .wrapping_add(row.raw.len.unwrap_or(0))
                    .wrapping_add(used),
                opens: has(row, TcpFlags::SYN),
                closes: has(row, TcpFlags::FIN) || has(row, TcpFlags::RST),
            });
        }
        if let (Some(ack), Some(other)) = (row.raw.ack, self.sides.get_mut(1 - side)) {
            other.push(Mark {
                at: row.at,
                own: None,
                end: ack,
                opens: false,
                closes: false,
            });
        }
    }

    fn ends_from(&self, side: usize) -> (Endpoint, Endpoint) {
        let (first, second) = self.ends;
        if side == 0 {
            (first, second)
        } else {
            (second, first)
        }
    }

    fn room(&mut self, side: usize, at: usize, len: Option<u32>) -> Room {
        if self.opened_at.is_some_and(|opened| at < opened) {
            return Room::None;
        }
        match self.sides.get_mut(side) {
            Some(progress) => progress.room(at, len),
            None => Room::None,
        }
    }
}

impl Progress {
    fn push(&mut self, mark: Mark) {
        if self.latest.is_none_or(|latest| is_before(latest, mark.end)) {
            self.latest = Some(mark.end);
        }
        self.marks.push(mark);
    }

    fn room(&mut self, at: usize, len: Option<u32>) -> Room {
        self.pass(at);
        if self.closed {
            return Room::None;
        }
        let own = self.marks.get(self.next_own);
        if self.reached.is_none() && own.is_some_and(|mark| mark.opens) {
            return Room::None;
        }
        let (Some(reached), Some(len)) = (self.reached, len) else {
            return Room::Possible;
        };
        let until = |end: u32| {
            if is_before(reached, end) {
                end.wrapping_sub(reached)
            } else {
                0
            }
        };
        let proven = self.latest.is_some_and(|latest| until(latest) >= len);
        match own.and_then(|mark| mark.own) {
            Some(own) if until(own) < len => Room::None,
            _ if proven => Room::Proven,
            _ => Room::Possible,
        }
    }

    /// The rows between which exactly `len` bytes were sent that no row shows.
    fn missing_between(&self, len: u32) -> Option<(usize, usize)> {
        let before = self.marks.get(self.next.checked_sub(1)?)?;
        let next = self.marks.get(self.next)?;
        let until = next.own.unwrap_or(next.end);
        (self.reached?.wrapping_add(len) == until).then_some((before.at, next.at))
    }

    /// Moves up to the row at `at`. Rows come in their order, so nothing is passed twice.
    fn pass(&mut self, at: usize) {
        while let Some(mark) = self.marks.get(self.next).filter(|mark| mark.at < at) {
            if self
                .reached
                .is_none_or(|reached| is_before(reached, mark.end))
            {
                self.reached = Some(mark.end);
            }
            self.closed |= mark.closes;
            self.next = self.next.saturating_add(1);
        }
        self.next_own = self.next_own.max(self.next);
        while self
            .marks
            .get(self.next_own)
            .is_some_and(|mark| mark.own.is_none())
        {
            self.next_own = self.next_own.saturating_add(1);
        }
    }
}

fn has(row: &Placed, flag: TcpFlags) -> bool {
    row.raw.flags.is_some_and(|flags| flags.contains(flag))
}

fn is_before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}
