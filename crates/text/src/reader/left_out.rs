//! Where rows were left out of a list.

use super::{Line, Reader};
use crate::elisions::Elision;
use crate::tokens::shorten;

/// Places where rows were left out that are told; further ones count all the same.
const MAX_ELISIONS: usize = 10_000;

impl Reader {
    pub(super) fn elide(&mut self, line: &Line<'_>) {
        if self.count() == 0 {
            return;
        }
        self.elided_since_packet = true;
        if self.elisions.len() >= MAX_ELISIONS {
            return;
        }
        self.elisions.push(Elision {
            line: line.number,
            rows_before: self.count(),
            spelling: shorten(line.text.trim(), 80).into(),
            frames_cut: None,
        });
    }

    pub(super) fn note_frames_cut(&mut self, frame: Option<u64>) {
        let count = self.count();
        if self.elided_since_packet
            && let (Some(last), Some(frame)) = (self.last_frame, frame)
            && let Some(elision) = self.elisions.last_mut()
            && elision.rows_before == count
        {
            elision.frames_cut = frame.checked_sub(last).and_then(|step| step.checked_sub(1));
        }
    }
}
