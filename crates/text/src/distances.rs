//! Payload lengths that the numbers around a row tell.
//!
//! A row that says nothing of its length (snoop's and Network Monitor's application rows, Wireshark's before 1.6, all of a
//! FortiGate) and stands alone between two places of its side that are known, with nothing missing in between, carried
//! the distance. The first place is where the side was, or the row's own number; the second is the side's next number,
//! or, if there is none, the highest acknowledgement of what it had sent.
//!
//! What is found so is marked as inferred. Where two such rows share a distance, both stay unknown.

use whyreset_segments::{Known, TcpFlags};

use crate::placed::{Connection, Placed};

/// Longer segments do not exist, segmentation offload included.
const LONGEST: u32 = 1 << 20;

/// Fills the lengths of a connection's rows.
pub(crate) fn infer(connection: &Connection, rows: &mut [Placed]) {
    let mut sides = [Way::default(), Way::default()];
    let mut found = Vec::new();
    for index in &connection.rows {
        let Some(row) = rows.get(*index).filter(|row| row.is_tcp()) else {
            continue;
        };
        let side = usize::from(!row.is_from_first());
        if let Some(way) = sides.get_mut(side) {
            found.extend(way.pass(*index, row));
        }
        if let Some(ack) = row.raw.ack
            && let Some(other) = sides.get_mut(1 - side)
        {
            other.acknowledge(ack, row.gaps_before);
        }
    }
    found.extend(
        sides
            .into_iter()
            .filter_map(|way| way.lone?.by_acknowledgement()),
    );
    for (index, start, len) in found {
        if let Some(row) = rows.get_mut(index) {
            set_len(row, start, len);
        }
    }
}

/// Where a side is on its way through its numbers.
#[derive(Default)]
struct Way {
    /// The next number, where it is known.
    next: Option<u32>,
    gaps: u32,
    lone: Option<Lone>,
}

/// The only row since the last known place that does not tell its length.
#[derive(Clone, Copy)]
struct Lone {
    index: usize,
    start: u32,
    gaps: u32,
    acknowledged: Option<u32>,
}

/// The row, where it begins, and its length.
type Found = (usize, u32, u32);

impl Lone {
    fn until(self, end: u32) -> Option<Found> {
        let len = end.wrapping_sub(self.start);
        (1..LONGEST)
            .contains(&len)
            .then_some((self.index, self.start, len))
    }

    fn by_acknowledgement(self) -> Option<Found> {
        self.until(self.acknowledged?)
    }
}

impl Way {
    /// Moves past a row of this side. Gives what is certain by now.
    fn pass(&mut self, index: usize, row: &Placed) -> Option<Found> {
        let flags = row.raw.flags.unwrap_or_default();
        let mut found = None;
        if self.gaps != row.gaps_before {
            found = self.lone.take().and_then(Lone::by_acknowledgement);
            self.next = None;
        }
        self.gaps = row.gaps_before;
        if row.is_disturbed() {
            return found.or_else(|| self.pass_disturbed(row));
        }
        match (row.raw.seq, row.raw.len) {
            (Some(seq), len) => {
                let before = self.lone.take().filter(|lone| lone.gaps == row.gaps_before);
                found = found.or_else(|| before.and_then(|lone| lone.until(seq)));
                let used = flags.sequence_len();
                self.next = len.map(|len| seq.wrapping_add(len).wrapping_add(used));
                if len.is_none() && used == 0 {
                    self.begin(index, seq, row);
                }
            }
            // tcpdump 3 writes a pure acknowledgement without a number.
            (None, Some(0)) if row.raw.flags == Some(TcpFlags::ACK) => {}
            (None, Some(len)) if self.lone.is_none() => {
                self.next = self.next.map(|next| next.wrapping_add(len));
            }
            (None, None) if self.lone.is_none() && row.raw.flags.is_none() => {
                match self.next.take() {
                    Some(next) => self.begin(index, next, row),
                    None => self.forget(),
                }
            }
            _ => self.forget(),
        }
        found
    }

    /// A retransmission stands for nothing new; anything else that does not follow hides where the side is.
    fn pass_disturbed(&mut self, row: &Placed) -> Option<Found> {
        if row.raw.seq.is_none() || row.raw.len.is_none() {
            self.forget();
        }
        None
    }

    fn begin(&mut self, index: usize, start: u32, row: &Placed) {
        self.lone = Some(Lone {
            index,
            start,
            gaps: row.gaps_before,
            acknowledged: None,
        });
    }

    fn acknowledge(&mut self, ack: u32, gaps: u32) {
        if let Some(lone) = self.lone.as_mut().filter(|lone| lone.gaps == gaps) {
            let known = lone.acknowledged.unwrap_or(lone.start);
            if (ack.wrapping_sub(known) as i32) > 0 {
                lone.acknowledged = Some(ack);
            }
        }
    }

    fn forget(&mut self) {
        self.lone = None;
        self.next = None;
    }
}

fn set_len(row: &mut Placed, start: u32, len: u32) {
    row.raw.len = Some(len);
    row.inferred = row.inferred.with(Known::LEN_INFERRED);
    if row.raw.seq.is_none() {
        row.raw.seq = Some(start);
        row.inferred = row.inferred.with(Known::SEQ_INFERRED);
    }
}
