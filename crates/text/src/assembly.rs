//! From rows as read to rows that are understood together, window by window.
//!
//! A window's rows are understood with all that stands in it, and with what is known of their connections from before. Its
//! last rows are only looked at, for what they tell of those before them, and are read again with the next window.

use crate::assignment::{self, LeftOver};
use crate::clocks::Clock;
use crate::endpoints::{Placement, Unplaced, place};
use crate::hosts::Names;
use crate::known::Known;
use crate::placed::Placed;
use crate::raw_row::RawRow;
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
    /// How many rows were handed on that stand before the place `at`.
    pub fn rows_before(&self, at: usize) -> usize {
        let here = self.places.partition_point(|place| *place < at);
        self.before.saturating_add(here)
    }
}

impl Assembly {
    /// Understands `rows`; `ahead` are only looked at.
    pub fn understand(
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
        for connection in &mut placement.connections {
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
