//! One numbering per connection: Wireshark counts from each side's start, tcpdump begins with the header's numbers and
//! counts from the start once it has seen both sides, and one list can mix the two.
//!
//! Where the start of both directions is known, all numbers become those of the header; else all become relative, and a
//! number that cannot be brought to that is unknown. In a long text the first window that shows numbers of a connection
//! decides.

use crate::placed::{Connection, Placed};
use crate::raw_row::{Numbering, RawRow};
use whyreset_segments::TcpFlags;

/// What a written number counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    Absolute(u32),
    Relative(u32),
}

/// What is remembered of a connection's numbers from one window of the text to the next. What was decided there holds: rows
/// have been handed on by it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    /// Wireshark's numbers are relative.
    counts_from_start: Option<bool>,
    /// All numbers become relative.
    relative: Option<bool>,
    /// Where each side starts.
    bases: [Option<u32>; 2],
    tcpdump: Tcpdump,
}

impl Memory {
    /// By what the numbers count is decided.
    pub fn is_decided(&self) -> bool {
        self.relative.is_some()
    }

    /// What holds of the next connection between the same ends: tcpdump goes on to count as before.
    pub fn followed(&self) -> Self {
        Self {
            tcpdump: self.tcpdump.followed(),
            ..Self::default()
        }
    }

    /// All numbers of the connection are relative.
    pub fn is_relative(&self) -> bool {
        self.relative.unwrap_or(false)
    }
}

/// Brings the numbers of a connection's rows to one convention. Rows from `until` on are read again later.
pub(crate) fn unify(connection: &mut Connection, rows: &mut [Placed], until: usize) {
    let memory = &mut connection.numbering;
    let list = || connection.rows.iter().filter_map(|index| rows.get(*index));
    let counts_from_start = memory
        .counts_from_start
        .unwrap_or_else(|| wireshark_counts_from_start(list()));
    let written = classify(list(), counts_from_start, &mut memory.tcpdump, until);
    let any_relative = written.iter().any(|w| {
        matches!(w.seq, Some(Number::Relative(_))) || matches!(w.ack, Some(Number::Relative(_)))
    });
    for (row, numbers) in list().zip(&written) {
        learn_starts(row, numbers, &mut memory.bases);
    }
    let bases = memory.bases;
    let relative = memory
        .relative
        .unwrap_or(any_relative && !bases.iter().all(Option::is_some));
    let mut decided = list().filter(|row| row.at < until && row.is_tcp());
    if decided.any(|row| row.raw.seq.is_some() || row.raw.ack.is_some()) {
        memory.counts_from_start = Some(counts_from_start);
        memory.relative = Some(relative);
    }
    // tcpdump's numbers count from rows that were forgotten.
    let baseless = relative && connection.begun_before;
    for (index, numbers) in connection.rows.iter().zip(&written) {
        let Some(row) = rows.get_mut(*index) else {
            continue;
        };
        if baseless && row.raw.numbering == Numbering::Tcpdump {
            (row.raw.seq, row.raw.ack) = (None, None);
            continue;
        }
        apply(row, numbers, &bases, relative);
    }
}

/// Whether the numbers of a connection that begins with this row of tcpdump are clear from row to row: where each side
/// starts is told before anything counts from there. (The side whose SYN is not in the list may still begin with an
/// acknowledgement without a number: then its numbers are unknown.)
pub(crate) fn begins_clearly(row: &RawRow) -> bool {
    let absolute = |number: Option<u32>| number.is_some_and(|n| n >= MAY_BE_RELATIVE);
    let opens = row.flags.unwrap_or_default().contains(TcpFlags::SYN);
    (opens && row.seq.is_some()) || (absolute(row.seq) && absolute(row.ack))
}

/// Brings the numbers of one row of tcpdump to the convention of its connection, which began clearly or has been decided.
pub(crate) fn unify_next(memory: &mut Memory, row: &mut Placed) {
    let numbers = memory.tcpdump.classify(row);
    learn_starts(row, &numbers, &mut memory.bases);
    if row.raw.seq.is_some() || row.raw.ack.is_some() {
        memory.counts_from_start.get_or_insert(true);
        memory.relative.get_or_insert(false);
    }
    apply(row, &numbers, &memory.bases, memory.is_relative());
}

fn apply(row: &mut Placed, numbers: &Written, bases: &[Option<u32>; 2], relative: bool) {
    let side = usize::from(!row.is_from_first());
    let base = |side: usize| bases.get(side).copied().flatten();
    row.raw.seq = numbers.seq.and_then(|n| convert(n, base(side), relative));
    row.raw.ack = numbers
        .ack
        .and_then(|n| convert(n, base(1 - side), relative));
    if let Some(start) = numbers.sack_from.filter(|_| !relative) {
        move_sack(&mut row.raw, start);
    }
    row.relative = relative;
}

/// The numbers of one row, classified.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    seq: Option<Number>,
    ack: Option<Number>,
    /// The start of the row's direction and of the other, where this row tells them.
    starts: [Option<u32>; 2],
    /// What the SACK blocks count from, where they are relative.
    sack_from: Option<u32>,
}

fn convert(number: Number, base: Option<u32>, relative: bool) -> Option<u32> {
    match (number, relative) {
        (Number::Absolute(n), false) | (Number::Relative(n), true) => Some(n),
        (Number::Absolute(n), true) => base.map(|base| n.wrapping_sub(base)),
        (Number::Relative(n), false) => base.map(|base| base.wrapping_add(n)),
    }
}

/// SACK blocks count like the acknowledgement number.
fn move_sack(row: &mut RawRow, start: u32) {
    for block in &mut row.options.sack {
        block.left = block.left + start;
        block.right = block.right + start;
    }
}

/// Moves `tcpdump` past the rows before `until`.
fn classify<'a>(
    rows: impl Iterator<Item = &'a Placed>,
    counts_from_start: bool,
    tcpdump: &mut Tcpdump,
    until: usize,
) -> Vec<Written> {
    let mut ahead: Option<Tcpdump> = None;
    rows.map(|row| {
        if !row.is_tcp() {
            return Written::default();
        }
        match row.raw.numbering {
            Numbering::Absolute => absolute(row),
            Numbering::Wireshark => wireshark(row, counts_from_start),
            Numbering::Tcpdump if row.at < until => tcpdump.classify(row),
            Numbering::Tcpdump => ahead.get_or_insert(*tcpdump).classify(row),
        }
    })
    .collect()
}

/// The first row that tells where a side starts counts.
fn learn_starts(row: &Placed, numbers: &Written, bases: &mut [Option<u32>; 2]) {
    let side = usize::from(!row.is_from_first());
    for (which, start) in [(side, numbers.starts[0]), (1 - side, numbers.starts[1])] {
        if let (Some(slot), Some(start)) = (bases.get_mut(which), start) {
            slot.get_or_insert(start);
        }
    }
}

fn absolute(row: &Placed) -> Written {
    Written {
        seq: row.raw.seq.map(Number::Absolute),
        ack: row.raw.ack.map(Number::Absolute),
        ..Written::default()
    }
}

/// Whether Wireshark's numbers of this connection are relative: a SYN says it, else a number that is next to the start,
/// else their size (of random absolute ones, one in 64 lies below 2²⁶).
fn wireshark_counts_from_start<'a>(rows: impl Iterator<Item = &'a Placed> + Clone) -> bool {
    let own = || {
        rows.clone()
            .filter(|row| row.raw.numbering == Numbering::Wireshark)
    };
    let syn = own().find_map(|row| row.raw.seq.filter(|_| has(row, TcpFlags::SYN)));
    if let Some(seq) = syn {
        return seq == 0;
    }
    let numbers = || {
        own()
            .flat_map(|row| [row.raw.seq, row.raw.ack.filter(|_| has(row, TcpFlags::ACK))])
            .flatten()
    };
    numbers().any(|n| n <= 1) || numbers().min().is_none_or(|n| n < MAY_BE_RELATIVE)
}

fn has(row: &Placed, flag: TcpFlags) -> bool {
    row.raw.flags.is_some_and(|flags| flags.contains(flag))
}

fn wireshark(row: &Placed, relative: bool) -> Written {
    if !relative {
        return absolute(row);
    }
    let mut written = Written {
        seq: row
            .raw
            .seq
            .filter(|n| may_be_relative(*n))
            .map(Number::Relative),
        ack: row
            .raw
            .ack
            .filter(|n| may_be_relative(*n))
            .map(Number::Relative),
        ..Written::default()
    };
    for (slot, raw, shown) in [
        (0, row.raw.raw_seq, row.raw.seq),
        (1, row.raw.raw_ack, row.raw.ack),
    ] {
        if let (Some(start), Some(raw), Some(shown)) = (written.starts.get_mut(slot), raw, shown)
            && has(row, TcpFlags::ACK)
        {
            *start = Some(raw.wrapping_sub(shown));
        }
    }
    if let (Some(raw), Some(shown)) = (row.raw.raw_ack, row.raw.ack) {
        written.sack_from = Some(raw.wrapping_sub(shown));
    }
    // What the header has leaves no doubt.
    written.seq = row.raw.raw_seq.map(Number::Absolute).or(written.seq);
    written.ack = row.raw.raw_ack.map(Number::Absolute).or(written.ack);
    written
}

/// Wireshark shows what lies a little before the start as a number just below 2³². A number between the halves is an
/// absolute one that got into a relative list.
fn may_be_relative(n: u32) -> bool {
    !(1 << 31..=u32::MAX - (1 << 20)).contains(&n)
}

/// tcpdump's own memory of a connection (`print-tcp.c`): the first row with ACK, and each SYN with ACK, are written as in
/// the header and set the start; later rows with ACK count from it, also those of a further connection between the same ends
/// until its own SYN/ACK; rows without ACK are always as in the header.
#[derive(Clone, Copy, Debug, Default)]
struct Tcpdump {
    /// Per side: what its relative numbers count from.
    start: [Option<u32>; 2],
    /// Per side: the highest relative number so far.
    reached: [u32; 2],
    begun: bool,
    /// A SYN has been seen, so that tcpdump saw the beginning.
    opened: bool,
    /// Whether all numbers are as in the header (`-S`), once a number has told.
    all_absolute: Option<bool>,
    /// Other numbers have contradicted.
    mixed: bool,
    /// The starts are those of an earlier connection between the same ends.
    earlier: bool,
}

impl Tcpdump {
    fn followed(&self) -> Self {
        match self.begun {
            true => Self {
                earlier: true,
                opened: false,
                ..*self
            },
            false => Self::default(),
        }
    }

    fn classify(&mut self, row: &Placed) -> Written {
        let side = usize::from(!row.is_from_first());
        let mut written = absolute(row);
        if self.earlier && has(row, TcpFlags::SYN) && !has(row, TcpFlags::ACK) {
            written.starts = [row.raw.seq, None];
            return written;
        }
        if has(row, TcpFlags::SYN) {
            self.earlier = false;
            self.begin(
                side,
                row.raw.seq,
                row.raw.ack.filter(|_| has(row, TcpFlags::ACK)),
            );
            // Its acknowledgement number may have been cut off.
            self.begun |= has(row, TcpFlags::ACK);
        } else if has(row, TcpFlags::ACK) || row.raw.flags.is_none() {
            let first = !self.begun;
            if first && self.opened {
                // The first row with ACK behind a SYN, but not its answer: as in the header.
                self.begun = true;
                if let Some(start) = self.refused_again(1 - side, row) {
                    written.ack = Some(Number::Absolute(start.wrapping_add(1)));
                    return written;
                }
                self.set_start(side, row.raw.seq);
                self.set_start(1 - side, row.raw.ack.map(|ack| ack.wrapping_sub(1)));
                return written;
            }
            written.seq = row.raw.seq.map(|n| self.number(side, n, first, 0));
            written.ack = row.raw.ack.map(|n| self.number(1 - side, n, first, 1));
            if matches!(written.ack, Some(Number::Relative(_))) {
                written.sack_from = self.start_of(1 - side);
            }
            written.seq = written.seq.map(|n| self.as_header(side, n));
            written.ack = written.ack.map(|n| self.as_header(1 - side, n));
        } else if row.raw.seq.is_some_and(|n| self.continues(side, n)) {
            // Rows that were written by hand, or by another program, count on.
            written.seq = row.raw.seq.map(Number::Relative);
        }
        if !self.earlier {
            written.starts = [self.start_of(side), self.start_of(1 - side)];
        }
        written
    }

    /// The start of the side whose SYN this row refuses, where its numbers count from an earlier connection between the same ends, that
    /// the list does not show and that began with the same number: as generators of packets make them.
    fn refused_again(&self, refused: usize, row: &Placed) -> Option<u32> {
        let start = self.start_of(refused).filter(|start| *start != 0)?;
        let counts = row.raw.seq == Some(0) && row.raw.ack == Some(1);
        (counts && has(row, TcpFlags::RST)).then_some(start)
    }

    /// A small number that is just where the side's relative ones are.
    fn continues(&self, side: usize, n: u32) -> bool {
        let reached = self.reached.get(side).copied().unwrap_or(0);
        let relative = self.start_of(side).is_none() && reached > 1 && n < MAY_BE_RELATIVE;
        relative && distance(n, reached) <= 1
    }

    fn begin(&mut self, side: usize, seq: Option<u32>, ack: Option<u32>) {
        self.opened = true;
        // The SYN uses up the number 0.
        self.reached = [1, 1];
        self.set_start(side, seq);
        if let Some(ack) = ack {
            self.set_start(1 - side, Some(ack.wrapping_sub(1)));
            self.begun = true;
        }
    }

    fn number(&mut self, side: usize, n: u32, first: bool, before_first: u32) -> Number {
        self.begun = true;
        let reached = self.reached.get(side).copied().unwrap_or(0);
        if let Some(start) = self.start_of(side) {
            let as_absolute = distance(n, start.wrapping_add(reached));
            let as_relative = distance(n, reached);
            if as_absolute != as_relative && (as_absolute == 0 || as_relative == 0) {
                let absolute = as_absolute == 0;
                // Written by hand, a list may mix the two: then each number is what it fits better.
                self.mixed |= *self.all_absolute.get_or_insert(absolute) != absolute;
            }
            let all = self.all_absolute.filter(|_| !self.mixed);
            if all.unwrap_or(as_absolute < as_relative) {
                return Number::Absolute(n);
            }
        } else if n >= MAY_BE_RELATIVE {
            if first {
                self.set_start(side, Some(n.wrapping_sub(before_first)));
            }
            return Number::Absolute(n);
        }
        if let Some(slot) = self.reached.get_mut(side) {
            *slot = n;
        }
        Number::Relative(n)
    }

    /// The start may change within a list, so a number is converted by the one of its own time.
    fn as_header(&self, side: usize, number: Number) -> Number {
        match (number, self.start_of(side)) {
            (Number::Relative(n), Some(start)) => Number::Absolute(start.wrapping_add(n)),
            (number, _) => number,
        }
    }

    fn start_of(&self, side: usize) -> Option<u32> {
        self.start.get(side).copied().flatten()
    }

    fn set_start(&mut self, side: usize, start: Option<u32>) {
        if let (Some(slot), Some(start)) = (self.start.get_mut(side), start) {
            *slot = Some(start);
        }
    }
}

/// Of random numbers of headers, one in 64 is smaller; relative ones hardly get there.
const MAY_BE_RELATIVE: u32 = 1 << 26;

fn distance(a: u32, b: u32) -> u32 {
    a.wrapping_sub(b).min(b.wrapping_sub(a))
}
