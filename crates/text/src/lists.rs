//! Several lists in one text: where another one begins.
//!
//! A post may show the same connection as two hosts saw it, or a good and a bad attempt. Another list begins where, behind
//! some prose, the frame numbers or the clock start earlier again, the kind of time changes, or a frame number stands
//! for another packet than before; behind an empty line, what lies before the list's own beginning is enough. Rows that are
//! written again (details below the list, a row quoted once more in the text) belong to the packet that they repeat, unless
//! the repetition goes on to a row that contradicts: then all of it was another list.

use crate::raw_row::RawRow;
use crate::times::WrittenTime;

/// How a list began. Behind an empty line, what lies before its beginning starts another one.
#[derive(Default)]
pub(crate) struct Beginning {
    rows: usize,
    frame: Option<u64>,
    time: Option<WrittenTime>,
}

impl Beginning {
    pub fn add(&mut self, row: &RawRow) {
        if self.rows == 0 {
            self.frame = row.frame;
            self.time = row.time;
        }
        self.rows = self.rows.saturating_add(1);
    }

    /// With a single row so far, the list may run backwards.
    pub fn is_behind_frame(&self, frame: u64) -> bool {
        self.rows > 1 && self.frame.is_some_and(|first| frame < first)
    }

    pub fn is_behind_time(&self, time: Option<WrittenTime>) -> bool {
        let times = self.time.zip(time);
        self.rows > 1
            && times.is_some_and(|(first, now)| {
                std::mem::discriminant(&first) == std::mem::discriminant(&now)
                    && !matches!(now, WrittenTime::SinceLast(_))
                    && now.nanos() < first.nanos()
            })
    }
}

/// Rows that repeat those of the list, as far as they may be the beginning of another one.
#[derive(Default)]
pub(crate) struct Repetition {
    rows: Vec<RawRow>,
}

/// Longer repetitions are taken for what they look like.
const MAX_REPEATED: usize = 1_024;

impl Repetition {
    /// A row repeats `same`. `back` says that it stands before the last frame, behind something that is no packet.
    pub fn note(&mut self, row: &RawRow, same: &RawRow, back: bool) {
        let goes_on = self
            .rows
            .last()
            .is_some_and(|before| before.frame < row.frame);
        let fits = row.format == same.format && self.rows.len() < MAX_REPEATED;
        if fits && (goes_on || (self.rows.is_empty() && back)) {
            self.rows.push(row.clone());
        } else {
            self.rows.clear();
        }
    }

    /// The rows, which are none of the list after all.
    pub fn take(&mut self) -> Vec<RawRow> {
        std::mem::take(&mut self.rows)
    }
}
