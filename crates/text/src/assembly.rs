//! From rows as read to rows that are understood together, window by window.
//!
//! A window's rows are understood with all that stands in it, and with what is known of their connections from before. Its
//! last rows are only looked at, for what they tell of those before them, and are read again with the next window.
//!
//! What says all of itself goes a short way, row by row, to the same end; a test holds it to the long one.

use std::iter::Peekable;
use std::vec;

use whyreset_segments::TcpFlags;

use crate::assignment::{self, LeftOver};
use crate::clocks::Clock;
use crate::endpoints::{Placement, Unplaced, ordered, place};
use crate::hosts::Names;
use crate::known::Known;
use crate::placed::Placed;
use crate::raw_row::{Numbering, RawRow, Window};
use crate::{Row, continuity, distances, lengths, numbering, windows};

/// What is carried from window to window.
#[derive(Debug, Default)]
pub(crate) struct Assembly {
    known: Known,
    left_over: LeftOver,
    clock: Clock,
    /// The place of the next window's first row among all rows.
    begins: usize,
    /// Where packets may be missing before that row.
    gaps: u32,
    /// The list that is being numbered, and how many of its rows were.
    counted: (u32, u64),
    /// How many rows were handed on.
    finished: usize,
}

/// What came of a window.
pub(crate) struct Understood {
    pub rows: Vec<Row>,
    /// In their order.
    pub unplaced: Vec<Unplaced>,
    /// The places of the rows among all that were read.
    places: Vec<usize>,
    /// How many rows had been handed on before.
    before: usize,
}

impl Understood {
    fn append(&mut self, behind: Self) {
        self.rows.extend(behind.rows);
        self.places.extend(behind.places);
        self.unplaced.extend(behind.unplaced);
    }

    /// How many rows were handed on that stand before the place `at`.
    pub fn rows_before(&self, at: usize) -> usize {
        let here = self.places.partition_point(|place| *place < at);
        self.before.saturating_add(here)
    }
}

impl Assembly {
    /// Whether rows leave something open that others, behind them, may tell.
    pub fn looks_ahead(&self, rows: &[RawRow]) -> bool {
        self.known.keeps_context() || rows.iter().any(|row| row.hides() || !row.is_whole())
    }

    /// Understands `rows`; `ahead` are only looked at.
    pub fn understand(
        &mut self,
        rows: Vec<RawRow>,
        ahead: &[RawRow],
        names: &mut Names,
    ) -> Understood {
        let mut rest = rows.into_iter().peekable();
        let mut understood = self.at_once(&mut rest, names);
        let rest: Vec<RawRow> = rest.collect();
        if !rest.is_empty() {
            understood.append(self.together(rest, ahead, names));
        }
        understood
    }

    /// Understands rows one by one, as long as each says all of itself: as those of a long log of tcpdump do.
    fn at_once(
        &mut self,
        rows: &mut Peekable<vec::IntoIter<RawRow>>,
        names: &mut Names,
    ) -> Understood {
        let mut understood = Understood {
            rows: Vec::with_capacity(rows.len()),
            unplaced: Vec::new(),
            places: Vec::with_capacity(rows.len()),
            before: self.finished,
        };
        while let Some(raw) = rows.peek().filter(|row| self.is_plain(row)) {
            let ends = (names.endpoint(raw.source), names.endpoint(raw.destination));
            let key = (raw.list, ordered(ends.0, ends.1));
            let clear = numbering::begins_clearly(raw);
            let state = self.known.state(key, || clear);
            let Some(state) = state.filter(|state| clear || state.numbering.is_decided()) else {
                break;
            };
            let follows = state.carried.is_followed_by(raw);
            let surely = state.carried.is_surely_followed_by(raw);
            if follows && !clear {
                break;
            }
            if follows {
                state.begin_again();
            }
            let Some(raw) = rows.next() else { break };
            let at = self.begins;
            state.carried.pass(key, at, &raw, ends);
            self.begins = at.saturating_add(1);
            self.gaps = self.gaps.saturating_add(u32::from(raw.gap_before));
            let mut row = Placed::new(raw, at, 0, ends);
            row.opens_again = surely;
            row.gaps_before = self.gaps;
            numbering::unify_next(&mut state.numbering, &mut row);
            let time = self.clock.time(&row);
            let frame = self.number(&row);
            understood.places.push(at);
            understood.rows.push(Row::new(row, frame, time));
        }
        self.finished = self.finished.saturating_add(understood.rows.len());
        understood
    }

    /// A row of tcpdump that says all of itself, in a list whose clock is known, while no row has hidden anything: no other
    /// row changes what it means.
    fn is_plain(&self, row: &RawRow) -> bool {
        let acknowledges = row.flags.unwrap_or_default().contains(TcpFlags::ACK);
        row.numbering == Numbering::Tcpdump
            && matches!(row.window, Window::Unscaled(_) | Window::Unsaid)
            && row.is_whole()
            && !row.hides()
            && acknowledges == row.ack.is_some()
            && self.clock.knows(row.list)
            && !self.known.keeps_context()
    }

    /// Understands rows by each other.
    fn together(
        &mut self,
        mut rows: Vec<RawRow>,
        ahead: &[RawRow],
        names: &mut Names,
    ) -> Understood {
        let until = self.begins.saturating_add(rows.len());
        rows.extend_from_slice(ahead);
        if !self.known.keeps_context() && rows.iter().any(RawRow::hides) {
            self.known.keep_context();
        }
        let mut placement = place(rows, self.begins, until, &mut self.known, names);
        for index in 0..placement.connections.len() {
            let before = placement.numbering_before(index);
            let Some(connection) = placement.connections.get_mut(index) else {
                continue;
            };
            if let Some(before) = before {
                connection.numbering = before;
            }
            numbering::unify(connection, &mut placement.rows, until);
            windows::mark_scaled(connection, &mut placement.rows);
        }
        assignment::assign(&mut placement, &mut self.left_over, until);
        placement.finish(self.gaps);
        if self.known.keeps_context() {
            infer(&mut placement);
        }
        self.end_window(placement, until)
    }

    /// Keeps what the next window needs and hands on the rows before `until`.
    fn end_window(&mut self, mut placement: Placement, until: usize) -> Understood {
        for connection in &placement.connections {
            self.known.put(connection, &placement.rows, until);
        }
        self.left_over.end_window(until);
        placement.unplaced.retain(|row| row.at < until);
        placement.unplaced.sort_by_key(|row| row.at);
        self.gaps = placement.gaps_before(until, self.gaps);
        let begins = std::mem::replace(&mut self.begins, until);
        let mut rows = placement.rows;
        let context = rows.partition_point(|row| row.at < begins);
        let of_window: Vec<&Placed> = rows.iter().skip(context).collect();
        let count = of_window.partition_point(|row| row.at < until);
        let times = self.clock.times(&of_window, count);
        rows.truncate(context.saturating_add(count));
        rows.drain(..context);
        let places = rows.iter().map(|row| row.at).collect();
        let before = self.finished;
        let understood = Understood {
            places,
            unplaced: placement.unplaced,
            before,
            rows: rows
                .into_iter()
                .zip(times)
                .map(|(row, time)| {
                    let frame = self.number(&row);
                    Row::new(row, frame, time)
                })
                .collect(),
        };
        self.finished = before.saturating_add(understood.rows.len());
        understood
    }

    /// The row's number: as written, or by counting the rows of its list.
    fn number(&mut self, row: &Placed) -> u64 {
        let (list, counted) = &mut self.counted;
        if row.raw.list != *list {
            *list = row.raw.list;
            *counted = 0;
        }
        *counted = counted.saturating_add(1);
        row.raw.frame.unwrap_or(*counted)
    }
}

/// What rows hide and others tell.
fn infer(placement: &mut Placement) {
    let rows = &mut placement.rows;
    for connection in &mut placement.connections {
        let mut list = connection.rows.iter().filter_map(|index| rows.get(*index));
        if list.any(|row| row.raw.hides()) {
            lengths::infer(connection, rows);
            distances::infer(connection, rows);
            continuity::infer(connection, rows);
        }
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reader::{Line, Reader};

    fn numbers() -> impl Strategy<Value = u32> {
        prop_oneof![0_u32..2_000, any::<u32>()]
    }

    /// A short conversation as tcpdump prints it, whatever its numbers, that begins with a SYN.
    fn conversation() -> impl Strategy<Value = Vec<String>> {
        let row = (
            any::<bool>(),
            0_usize..8,
            numbers(),
            numbers(),
            0_u32..1_500,
        );
        (0_u32..4, proptest::collection::vec(row, 1..10)).prop_map(|(id, rows)| {
            let ends = [format!("10.0.0.{id}.4000"), "10.0.1.1.80".to_owned()];
            rows.into_iter()
                .enumerate()
                .map(|(at, (client, kind, a, b, len))| {
                    let kind = if at == 0 { kind % 2 } else { kind };
                    let (from, to) = if client {
                        (&ends[0], &ends[1])
                    } else {
                        (&ends[1], &ends[0])
                    };
                    let (flags, numbers, len) = match kind {
                        0 => ("S", format!("seq {a}"), 0),
                        1 => ("S.", format!("seq {a}, ack {b}"), 0),
                        2 => (".", format!("ack {b}"), 0),
                        3 => ("F.", format!("seq {a}, ack {b}"), 0),
                        4 => ("R", format!("seq {a}"), 0),
                        5 => (
                            ".",
                            format!("ack {b}, options [nop,nop,sack 1 {{{a}:{b}}}]"),
                            0,
                        ),
                        _ => ("P.", format!("seq {a}, ack {b}"), len),
                    };
                    format!("IP {from} > {to}: Flags [{flags}], {numbers}, win 9, length {len}")
                })
                .collect()
        })
    }

    /// The rows of a text, behind the first `step` at a time, by one way or the other.
    fn told(
        text: &[String],
        step: usize,
        way: fn(&mut Assembly, Vec<RawRow>, &[RawRow], &mut Names) -> Understood,
    ) -> Vec<String> {
        let lines: Vec<Line<'_>> = text
            .iter()
            .zip(1..)
            .map(|(line, number)| Line {
                number,
                text: line.into(),
            })
            .collect();
        let mut reader = Reader::default();
        reader.read_lines(&lines, lines.len());
        let rows = std::mem::take(&mut reader.rows);
        let mut assembly = Assembly::default();
        let mut told = Vec::new();
        let mut at = 0;
        while at < rows.len() {
            let end = rows.len().min(if at == 0 { 1 } else { at + step });
            let window = rows[at..end].to_vec();
            let understood = way(&mut assembly, window, &[], &mut reader.names);
            told.extend(understood.rows.iter().map(|row| format!("{row:?}")));
            assert_eq!(understood.places.len(), understood.rows.len());
            at = end;
        }
        told
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_024, ..ProptestConfig::default() })]

        #[test]
        fn one_by_one_as_well_as_together(conversations in proptest::collection::vec(conversation(), 1..8)) {
            let text: Vec<String> = conversations
                .concat()
                .iter()
                .enumerate()
                .map(|(second, row)| format!("10:{:02}:{:02}.000001 {row}", second / 60, second % 60))
                .collect();
            let together = told(&text, 1, Assembly::together);
            for step in [1, 3, 100] {
                prop_assert_eq!(&told(&text, step, Assembly::understand), &together);
            }
        }
    }
}
