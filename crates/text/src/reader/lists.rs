//! Which list a row is in, and whether it was written before.

use super::Reader;
use crate::format::Format;
use crate::lists::Beginning;
use crate::others::{Other, Others};
use crate::raw_row::RawRow;
use crate::times::WrittenTime;

/// Rows back in which the first sight of a packet is looked for.
const MAX_POINT_ROWS: usize = 64;

impl Reader {
    pub(super) fn push(&mut self, mut row: RawRow) {
        if row.format != Format::Ladder && self.formats.contains(&Format::Ladder) {
            self.forget_ladder();
        }
        self.formats.insert(row.format);
        if let Some(frame) = row.frame {
            let known = self.by_frame.get(&(self.list, frame)).copied();
            let apart = self.prose_since_packet || self.blank_since_packet;
            let back = apart && self.last_frame.is_some_and(|last| frame < last);
            let first = self.handed_on;
            let same = known.and_then(|at| self.rows.get_mut(at.checked_sub(first)?));
            match same {
                Some(same) if compatible(same, &row) => {
                    self.repetition.note(&row, same, back);
                    same.complete_from(row);
                    return;
                }
                Some(_) => {
                    self.start_list();
                    for row in self.repetition.take() {
                        self.push(row);
                    }
                }
                // What has been handed on cannot be compared.
                None if self.frames_seen.contains(frame) => self.start_list(),
                None if self.prose_since_packet
                    && self.last_frame.is_some_and(|last| frame < last) =>
                {
                    self.start_list()
                }
                None if self.blank_since_packet && self.beginning.is_behind_frame(frame) => {
                    self.start_list()
                }
                None => {}
            }
            self.repetition.take();
            self.by_frame.insert((self.list, frame), self.count());
        } else if self.starts_again(&row) {
            self.start_list();
        }
        self.beginning.add(&row);
        row.list = self.list;
        row.gap_before |= std::mem::take(&mut self.gap_before_other)
            || self.elided_since_packet
            || self.jumps_to(row.frame);
        self.note_frames_cut(row.frame);
        self.passed_packet(row.frame);
        self.payload_row = Some(self.count());
        self.rows.push(row);
    }

    /// The text has rows of a tool: what was drawn beside them are no packets.
    fn forget_ladder(&mut self) {
        self.formats.remove(&Format::Ladder);
        self.rows.retain(|row| row.format != Format::Ladder);
        self.payload_row = None;
        self.beginning = Beginning::default();
        let rows = self.count();
        for elision in &mut self.elisions {
            elision.rows_before = elision.rows_before.min(rows);
        }
    }

    /// Without frame numbers: after some prose the clock starts earlier again, or another format begins.
    fn starts_again(&self, row: &RawRow) -> bool {
        if self.blank_since_packet && self.beginning.is_behind_time(row.time) {
            return true;
        }
        let Some(last) = self.rows.last().filter(|_| self.prose_since_packet) else {
            return false;
        };
        match (last.time, row.time) {
            (Some(WrittenTime::SinceLast(_)), Some(WrittenTime::SinceLast(_))) => false,
            (Some(before), Some(now)) => {
                std::mem::discriminant(&before) != std::mem::discriminant(&now)
                    || now.nanos() < before.nanos()
            }
            _ => last.format != row.format,
        }
    }

    fn start_list(&mut self) {
        self.list = self.list.saturating_add(1);
        self.last_frame = None;
        self.elided_since_packet = false;
        self.gap_before_other = false;
        self.beginning = Beginning::default();
        self.frames_seen.clear();
    }

    fn jumps_to(&self, frame: Option<u64>) -> bool {
        match (self.last_frame, frame) {
            (Some(last), Some(frame)) => frame != last.saturating_add(1),
            _ => false,
        }
    }

    pub(super) fn passed_packet(&mut self, frame: Option<u64>) {
        if frame.is_some() {
            self.last_frame = frame;
        }
        self.prose_since_packet = false;
        self.blank_since_packet = false;
        self.elided_since_packet = false;
    }

    /// A packet of another protocol: it moves the clock.
    pub(super) fn pass_other(&mut self, other: Other) {
        let apart = self.prose_since_packet || self.blank_since_packet;
        if let Some(row) = self.rows.last_mut() {
            let before = row.others.map(|others| others.last).or(row.time);
            // Behind some words it may begin another list.
            let begins_another = apart
                && before
                    .zip(other.time)
                    .is_none_or(|(before, time)| !time.follows(before));
            if !begins_another {
                row.others = Others::and(row.others, other.time);
            }
        }
        self.gap_before_other |= self.elided_since_packet || self.jumps_to(other.frame);
        self.note_frames_cut(other.frame);
        self.passed_packet(other.frame);
    }

    /// A packet was shown at another point: what is said of it there belongs to its row.
    pub(super) fn see_again(&mut self, row: RawRow) {
        self.passed_packet(None);
        let same = self.rows.iter_mut().rev().take(MAX_POINT_ROWS);
        let same = same.into_iter().find(|same| {
            (same.source, same.destination) == (row.source, row.destination)
                && (same.flags, same.seq) == (row.flags, row.seq)
        });
        let Some(same) = same else { return };
        if same.format == Format::FwMonitor {
            // It passed on.
            same.said = None;
        } else if let Some(said) = row.said {
            same.said.get_or_insert(said);
        }
    }
}

/// Whether two rows can be accounts of one packet.
pub(super) fn compatible(a: &RawRow, b: &RawRow) -> bool {
    fn agree<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
        a.is_none() || b.is_none() || a == b
    }
    let times = match (a.time, b.time) {
        (Some(a), Some(b)) => std::mem::discriminant(&a) != std::mem::discriminant(&b) || a == b,
        _ => true,
    };
    times
        && agree(a.source.host, b.source.host)
        && agree(a.destination.host, b.destination.host)
        && agree(a.flags, b.flags)
        && agree(a.len, b.len)
}
