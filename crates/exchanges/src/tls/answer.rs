//! One answer in an encrypted session, by the sizes of its records: whether its end shows.

use super::turns::Speech;
use crate::AnswerEnd;

/// What a record may hold at most.
pub(super) const FULL_RECORD: u16 = 16_384;

/// A head, a body, and more than that.
const PIECES: u32 = 3;

/// More than programs mostly need for a page, or a few rows.
const MANY_PIECES: u32 = 12;

/// A frame of HTTP/2 without content (RFC 9113 §4.1): DATA with END_STREAM. As much remains of a DATA frame of 16 KiB behind a full
/// record.
const EMPTY_FRAME: u16 = 9;

/// The server's records since the last request.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answer {
    records: u32,
    longest: u16,
    of_longest: u32,
    latest: u16,
    /// A shorter record behind one of the longest, before more of them came: the server sends its pieces as it has them.
    uneven: bool,
    /// The latest record that was shorter than the longest and came directly behind such a one: the end of a run.
    run_end: u16,
    /// The answer stands at the end of a run, and one before ended with a record of the same length.
    run_ends_alike: bool,
    /// Something too short for anything but an end came last.
    ended: bool,
    /// Something as long as RST_STREAM came behind it.
    perhaps_reset: bool,
    /// A full record came last, and then the rest of its DATA frame, or the beginning of another.
    rest: bool,
    /// Something as short came behind it: flow control, a ping, a goodbye of HTTP/2.
    followed: bool,
}

impl Answer {
    /// The server has said nothing yet.
    pub(super) const fn is_none(self) -> bool {
        self.records == 0
    }

    /// A record of it.
    pub(super) fn add(&mut self, content: u16) {
        self.records = self.records.saturating_add(1);
        let ends_run = content < self.longest && self.latest == self.longest;
        self.run_ends_alike = ends_run && content == self.run_end;
        if ends_run {
            self.run_end = content;
        }
        self.uneven |= self.latest < self.longest && content >= self.latest;
        self.latest = content;
        self.ended = false;
        self.perhaps_reset = false;
        self.followed = false;
        self.rest = false;
        if content > self.longest {
            self.longest = content;
            self.of_longest = 0;
        }
        if content == self.longest {
            self.of_longest = self.of_longest.saturating_add(1);
        }
    }

    /// Something behind it that is no part of an answer by its length; `reset`: it may be RST_STREAM.
    pub(super) fn followed_by(&mut self, content: u16, speech: Speech, reset: bool) {
        if self.is_none() {
            return;
        }
        let empty = content == EMPTY_FRAME && speech == Speech::Http2;
        self.ended |= self.may_end_with(content, speech) || self.rest && empty;
        self.rest = empty && !self.followed && self.latest == FULL_RECORD;
        self.perhaps_reset |= reset;
        self.followed = true;
    }

    /// It came in so many pieces that it took its time: whoever stops a program stops it in the middle of such a one.
    pub(super) const fn is_long(self) -> bool {
        self.records >= MANY_PIECES
    }

    /// Its length, where it is one record.
    pub(super) fn single(self) -> Option<u16> {
        (self.records == 1).then_some(self.longest)
    }

    /// Its longest record has this length.
    pub(super) const fn is_as_long_as(self, len: u16) -> bool {
        self.longest == len
    }

    /// Its records are all of one length, and could be longer.
    pub(super) const fn is_alike(self) -> bool {
        self.records == self.of_longest && self.longest < FULL_RECORD
    }

    /// Something that is too short for anything but an end came behind it.
    pub(super) const fn has_ended(self) -> bool {
        self.ended
    }

    /// Something as short as a frame of HTTP/2 came behind it.
    pub(super) const fn is_followed(self) -> bool {
        self.followed
    }

    /// What the sizes tell of its end.
    pub(super) fn end(self) -> AnswerEnd {
        match self.is_under_way() {
            _ if self.ended => AnswerEnd::Marked,
            _ if self.perhaps_reset => AnswerEnd::PerhapsReset,
            Some(false) => AnswerEnd::Shorter,
            Some(true) => AnswerEnd::Full,
            None if self.records >= PIECES => AnswerEnd::InPieces,
            _ => AnswerEnd::Untold,
        }
    }

    /// The last chunk of HTTP/1 takes 5 bytes, HTTP/2's empty DATA with END_STREAM nine; but the header of a DATA frame
    /// may stand alone behind a full record as well.
    const fn may_end_with(self, content: u16, speech: Speech) -> bool {
        let end = match speech {
            Speech::Http2 => content == EMPTY_FRAME,
            Speech::Unknown => content <= 9,
            Speech::Other | Speech::Database => content <= 7,
        };
        end && self.latest != FULL_RECORD
    }

    /// Servers cut a long body into records of one length: a last one that is as long as those was not the end, a
    /// shorter one was. And one that is as long as a record can be was filled by something longer.
    pub(super) const fn is_under_way(self) -> Option<bool> {
        if self.ended {
            return Some(false);
        }
        if self.has_round_body() {
            return None;
        }
        if self.latest == FULL_RECORD && !self.followed {
            return Some(true);
        }
        if self.longest < 1_024 || self.records < 3 {
            return None;
        }
        let regular = self.of_longest.saturating_mul(4) >= self.records.saturating_mul(3);
        match self.latest == self.longest {
            true if self.of_longest >= 2 => Some(true),
            // A sender that is held to a rate fills its buffer again and again: the last piece of a body has a length of its own.
            false if self.uneven && self.run_ends_alike && self.is_in_runs() => Some(true),
            false if self.uneven => None,
            false if self.of_longest >= 2 && (regular || self.records <= self.of_longest + 2) => {
                Some(false)
            }
            _ => None,
        }
    }

    /// Runs of several records each that are as long as records can be.
    const fn is_in_runs(self) -> bool {
        self.longest == FULL_RECORD
            && self.of_longest.saturating_mul(3) >= self.records.saturating_mul(2)
    }

    /// A head in a record of its own, and records of 2ⁿ bytes that make 2ⁿ KiB, or whole MiB: files and ranges of such sizes are common, and
    /// fill their last record.
    const fn has_round_body(self) -> bool {
        let whole = self.of_longest as u64 * self.longest as u64;
        let pieces = self.longest.is_power_of_two() && self.longest >= 1_024;
        let head_apart = self.latest == self.longest && self.records == self.of_longest + 1;
        head_apart && pieces && (whole.is_power_of_two() || whole.is_multiple_of(1 << 20))
    }
}
