//! Sequence and acknowledgement numbers of rows that hide them, where the rows around leave only one possibility.
//!
//! * Sequence number, forwards: the row follows the last one of its side, no packet is missing between them, and Wireshark
//!   marked it neither as a retransmission nor as out of order: it begins where that one ended.
//! * Sequence number, backwards: the same, from the next row of its side that shows its number; or from an acknowledgement
//!   behind it, if the next number of its side is just that: nothing else was sent by then.
//! * Where packets may be missing: only if the next row of the side that shows its number begins exactly where the
//!   rows in between, laid end to end, would end, or is the last of them, sent again.
//! * Acknowledgement number: never less than what the side acknowledged before, never more than what the other side had
//!   sent; where the two are equal, it is that. Who answers a request of HTTP has acknowledged it.
//! * Flags: a segment with data has ACK (RFC 9293 §3.10.7.4); PSH stays open. It has FIN where the next number of its
//!   side, or an acknowledgement before that, lies one beyond its data.
//!
//! What is found so is marked as inferred.

use whyreset_segments::{Known, TcpFlags};

use crate::AppHint;
use crate::placed::{Connection, Placed};

/// Fills the numbers of a connection's rows.
pub(crate) fn infer(connection: &Connection, rows: &mut [Placed]) {
    forwards(connection, rows);
    withdraw_contradicted(connection, rows);
    backwards(connection, rows);
    acknowledgements(connection, rows);
    flags(connection, rows);
    last_flags(connection, rows);
}

/// Where a side is: the next sequence number, and how many gaps stood before the row that tells.
#[derive(Clone, Debug, Default)]
struct Reached {
    next: Option<u32>,
    gaps: u32,
    /// Rows laid end to end across a gap, not confirmed yet, with the numbers they would have.
    tentative: Vec<(usize, u32)>,
}

/// More rows than this are not held for confirmation.
const MAX_TENTATIVE: usize = 4_096;

fn forwards(connection: &Connection, rows: &mut [Placed]) {
    let mut sides = [Reached::default(), Reached::default()];
    for index in &connection.rows {
        let Some(row) = rows.get(*index).filter(|row| row.is_tcp()) else {
            continue;
        };
        let Some(side) = sides.get_mut(usize::from(!row.is_from_first())) else {
            continue;
        };
        let confirmed = side.pass(*index, row);
        for (index, seq) in confirmed {
            if let Some(row) = rows.get_mut(index) {
                set_seq(row, seq);
            }
        }
    }
}

impl Reached {
    /// Moves past a row of this side. Gives the numbers that are certain by now.
    fn pass(&mut self, index: usize, row: &Placed) -> Vec<(usize, u32)> {
        let whole = self.gaps == row.gaps_before && self.tentative.is_empty();
        self.gaps = row.gaps_before;
        if let Some(seq) = row.raw.seq {
            return self.pass_numbered(row, seq);
        }
        let Some(next) = self
            .next
            .filter(|_| hides_numbers(row) && !row.is_disturbed())
        else {
            *self = Self {
                gaps: self.gaps,
                ..Self::default()
            };
            return Vec::new();
        };
        self.next = row.raw.len.map(|len| next.wrapping_add(len));
        if whole {
            return vec![(index, next)];
        }
        if self.tentative.len() < MAX_TENTATIVE {
            self.tentative.push((index, next));
        }
        Vec::new()
    }

    fn pass_numbered(&mut self, row: &Placed, seq: u32) -> Vec<(usize, u32)> {
        let tentative = std::mem::take(&mut self.tentative);
        let fits = self.next == Some(seq) && !row.is_disturbed();
        let end = row.raw.len.map(|len| {
            seq.wrapping_add(len)
                .wrapping_add(row.raw.flags.unwrap_or_default().sequence_len())
        });
        // Sent again, as it was: so it was sent before.
        let again = row
            .raw
            .marks
            .iter()
            .any(|mark| mark.contains("Retransmission"));
        let repeats =
            again && end == self.next && tentative.last().is_some_and(|(_, at)| *at == seq);
        self.next = match (self.next, end) {
            // A retransmission does not move the side back.
            (Some(next), Some(end)) if is_before(end, next) => Some(next),
            (None, Some(_)) if row.is_disturbed() => None,
            (_, end) => end,
        };
        if fits || repeats {
            tentative
        } else {
            Vec::new()
        }
    }
}

/// Takes back the lengths of hidden rows between two numbers of a side, with nothing missing in between, where they do not
/// add up to the distance (one more is a FIN): the frames hold something else, such as trailers.
fn withdraw_contradicted(connection: &Connection, rows: &mut [Placed]) {
    let mut sides: [Option<(u32, u32, Vec<usize>)>; 2] = [None, None];
    for index in &connection.rows {
        let Some(row) = rows.get(*index).filter(|row| row.is_tcp()) else {
            continue;
        };
        let Some(side) = sides.get_mut(usize::from(!row.is_from_first())) else {
            continue;
        };
        let gaps = row.gaps_before;
        let written = row
            .raw
            .seq
            .filter(|_| !row.inferred.has(Known::SEQ_INFERRED));
        let before = side
            .take()
            .filter(|(_, known, _)| *known == gaps && !row.is_disturbed());
        let Some(seq) = written else {
            *side = before.zip(row.raw.len).map(|((next, _, mut hidden), len)| {
                let inferred = row.inferred.has(Known::LEN_INFERRED);
                if inferred && hidden.len() < MAX_TENTATIVE {
                    hidden.push(*index);
                }
                (next.wrapping_add(len), gaps, hidden)
            });
            continue;
        };
        let used = row.raw.flags.unwrap_or_default().sequence_len();
        let end = row
            .raw
            .len
            .map(|len| seq.wrapping_add(len).wrapping_add(used));
        *side = end.map(|end| (end, gaps, Vec::new()));
        let Some((next, _, hidden)) = before else {
            continue;
        };
        if seq != next && seq != next.wrapping_add(1) {
            for index in hidden {
                rows.get_mut(index).into_iter().for_each(withdraw);
            }
        }
    }
}

fn withdraw(row: &mut Placed) {
    row.raw.len = None;
    row.inferred = row.inferred.without(Known::LEN_INFERRED);
    if row.inferred.has(Known::SEQ_INFERRED) {
        row.raw.seq = None;
        row.inferred = row.inferred.without(Known::SEQ_INFERRED);
    }
}

fn backwards(connection: &Connection, rows: &mut [Placed]) {
    let mut sides: [Option<(u32, u32)>; 2] = [None, None];
    // Per side: its next number, however many rows are missing until there.
    let mut later: [Option<u32>; 2] = [None, None];
    for index in connection.rows.iter().rev() {
        let Some(row) = rows.get_mut(*index).filter(|row| row.is_tcp()) else {
            continue;
        };
        let from = usize::from(!row.is_from_first());
        if let Some(ack) = row.raw.ack.filter(|_| acknowledges(row))
            && later.get(1 - from) == Some(&Some(ack))
            && let Some(other) = sides.get_mut(1 - from)
        {
            *other = Some((ack, row.gaps_before));
        }
        let Some(side) = sides.get_mut(from) else {
            continue;
        };
        if row.raw.seq.is_none()
            && hides_numbers(row)
            && let (Some((following, gaps)), Some(len)) = (*side, row.raw.len)
            && gaps == row.gaps_before
        {
            set_seq(row, following.wrapping_sub(len));
        }
        let seq = row.raw.seq.filter(|_| !row.is_disturbed());
        *side = seq.map(|seq| (seq, row.gaps_before));
        if let (Some(slot), Some(seq)) = (later.get_mut(from), row.raw.seq) {
            *slot = Some(seq).filter(|_| !row.is_disturbed());
        }
    }
}

fn acknowledgements(connection: &Connection, rows: &mut [Placed]) {
    let limits = later_numbers(connection, rows);
    let mut acknowledged: [Option<u32>; 2] = [None, None];
    let mut sent: [Option<(u32, u32)>; 2] = [None, None];
    let mut asked: [Option<u32>; 2] = [None, None];
    for (index, (limit, lossy)) in connection.rows.iter().zip(limits) {
        let Some(row) = rows.get_mut(*index).filter(|row| row.is_tcp()) else {
            continue;
        };
        let side = usize::from(!row.is_from_first());
        let lowest = acknowledged.get(side).copied().flatten();
        let answered = asked.get(1 - side).copied().flatten();
        let answered = answered.filter(|_| matches!(row.raw.app, AppHint::HttpResponse { .. }));
        let lowest = match (lowest, answered) {
            (Some(lowest), Some(answered)) if is_before(lowest, answered) => Some(answered),
            _ => lowest,
        };
        let now = sent.get(1 - side).copied().flatten();
        let now = now
            .filter(|(_, gaps)| *gaps == row.gaps_before && !lossy)
            .map(|(next, _)| next);
        if row.raw.ack.is_none()
            && hides_numbers(row)
            && let Some(lowest) = lowest
            && (now == Some(lowest) || limit == Some(lowest))
        {
            row.raw.ack = Some(lowest);
            row.inferred = row.inferred.with(Known::ACK_INFERRED);
        }
        let ack = row.raw.ack.filter(|_| acknowledges(row));
        if let (Some(slot), Some(ack)) = (acknowledged.get_mut(side), ack)
            && slot.is_none_or(|known| is_before(known, ack))
        {
            *slot = Some(ack);
        }
        if let Some(slot) = sent.get_mut(side) {
            *slot = advance(*slot, row);
        }
        if let (Some(slot), AppHint::HttpRequest { .. }) = (asked.get_mut(side), &row.raw.app) {
            *slot = advance(None, row).map(|(end, _)| end);
        }
    }
}

/// Where a side is behind `row`, and the gaps before it; unknown behind a row that does not tell.
fn advance(reached: Option<(u32, u32)>, row: &Placed) -> Option<(u32, u32)> {
    let (seq, len) = (row.raw.seq?, row.raw.len?);
    let end = seq
        .wrapping_add(len)
        .wrapping_add(row.raw.flags.unwrap_or_default().sequence_len());
    match reached {
        Some((next, _)) if is_before(end, next) => Some((next, row.gaps_before)),
        None if row.is_disturbed() => None,
        _ => Some((end, row.gaps_before)),
    }
}

/// For each row: the sequence number of the other side's next undisturbed row (nothing beyond it had been sent before),
/// and whether the capture lost packets before the other side's next row.
fn later_numbers(connection: &Connection, rows: &[Placed]) -> Vec<(Option<u32>, bool)> {
    let mut next: [Option<u32>; 2] = [None, None];
    let mut lossy = [false, false];
    let mut limits: Vec<(Option<u32>, bool)> = connection
        .rows
        .iter()
        .rev()
        .map(|index| {
            let Some(row) = rows.get(*index) else {
                return (None, false);
            };
            let side = usize::from(!row.is_from_first());
            let limit = next.get(1 - side).copied().flatten();
            let lost = lossy.get(1 - side).copied().unwrap_or(false);
            if let Some(slot) = lossy.get_mut(side) {
                *slot = row
                    .raw
                    .marks
                    .iter()
                    .any(|mark| mark.contains("Previous segment"));
            }
            if let (Some(slot), Some(seq)) = (next.get_mut(side), row.raw.seq)
                && !row.is_disturbed()
            {
                *slot = Some(seq);
            }
            (limit, lost)
        })
        .collect();
    limits.reverse();
    limits
}

fn acknowledges(row: &Placed) -> bool {
    row.raw
        .flags
        .is_none_or(|flags| flags.contains(TcpFlags::ACK))
}

fn flags(connection: &Connection, rows: &mut [Placed]) {
    for index in &connection.rows {
        let Some(row) = rows.get_mut(*index) else {
            continue;
        };
        if row.is_tcp() && hides_numbers(row) && row.raw.len != Some(0) {
            row.raw.flags = Some(TcpFlags::ACK);
            row.inferred = row.inferred.with(Known::FLAGS_INFERRED);
        }
    }
}

/// Adds FIN where a number is used up that no data explains.
fn last_flags(connection: &Connection, rows: &mut [Placed]) {
    // Per side: the last row whose flags were inferred, and where its data end.
    let mut last: [Option<(usize, u32, u32)>; 2] = [None, None];
    for index in &connection.rows {
        let Some(row) = rows.get(*index).filter(|row| row.is_tcp()) else {
            continue;
        };
        let side = usize::from(!row.is_from_first());
        let gaps = row.gaps_before;
        let beyond = |told: Option<u32>, (_, end, at): (usize, u32, u32)| {
            at == gaps && told == Some(end.wrapping_add(1)) && !row.is_disturbed()
        };
        let own = last.get(side).copied().flatten();
        let other = last.get(1 - side).copied().flatten();
        let mut closing = None;
        if let Some(found) = own.filter(|found| beyond(row.raw.seq, *found)) {
            closing = Some(found.0);
        } else if let Some(found) = other.filter(|found| beyond(row.raw.ack, *found)) {
            closing = Some(found.0);
        }
        let inferred = row.inferred.has(Known::FLAGS_INFERRED);
        let end = row.raw.seq.zip(row.raw.len).filter(|_| inferred);
        let now = end.map(|(seq, len)| (*index, seq.wrapping_add(len), gaps));
        if let Some(slot) = last.get_mut(side) {
            *slot = now;
        }
        if let Some(row) = closing.and_then(|index| rows.get_mut(index)) {
            row.raw.flags = Some(TcpFlags::ACK | TcpFlags::FIN);
        }
    }
}

/// A row of a higher protocol, whose Info column shows that protocol's own.
fn hides_numbers(row: &Placed) -> bool {
    row.raw.flags.is_none() && row.raw.app != AppHint::None
}

fn set_seq(row: &mut Placed, seq: u32) {
    row.raw.seq = Some(seq);
    row.inferred = row.inferred.with(Known::SEQ_INFERRED);
}

fn is_before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}
