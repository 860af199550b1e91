//! An upload of which not all records were captured (a short snapshot length): whether the server answered in the middle of it.
//!
//! Two things tell: what begins the client's next packet, the head of a record or bytes from the middle of one; and how much of what the
//! client had sent by then the answer acknowledges.

use super::turns::TICKET;

/// A request that is as long may be an upload.
const UPLOAD: u64 = 8_192;

/// More than that is on its way: a part of a body, no goodbye.
const SEGMENT: u64 = 1_000;

/// An answer whose body is sent for itself, behind its head, meets no more of the client's bytes between the two than this.
const BETWEEN_PARTS: u64 = 16_384;

/// Of an upload that was refused no more is on its way than a path holds: where more follows, something else was answered meanwhile.
const ON_ITS_WAY: u64 = 1 << 20;

/// Whether HTTP/2 is spoken does not show either: its SETTINGS, with what may go with them, make no longer record than this.
const SHORTEST_ANSWER: u16 = 9 + 8 * 6 + 13 + 9 + 24;

/// Behind its part of the handshake, which may look alike, a server sends its tickets first.
const LATEST_TICKET: u32 = 4;

/// What the client has sent since the server's last word, packet by packet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct UnreadUpload {
    bytes: u64,
    frame: u64,
    sent_to: u64,
    /// What the server has acknowledged, and what it had with its latest answer.
    acknowledged: u64,
    had: u64,
    answered_in: u64,
    answer: Answered,
    /// Answers in the middle of a record. In a conversation where both speak when they like there are many.
    early: u32,
    in_parts: bool,
    /// The server's records, and the length of the latest.
    records: u32,
    length: u16,
    /// How things stood before the latest: two of one length are two session tickets.
    before_it: Standing,
}

/// What an answer changes.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    bytes: u64,
    answer: Answered,
    early: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Answered {
    #[default]
    NotYet,
    /// Behind no more than a head: an upload that comes on without having heard of it was answered early.
    BehindHead,
    /// The client's next packet tells.
    Perhaps,
    Within,
}

impl UnreadUpload {
    /// The client's bytes in a packet, up to `end` of its stream; `begins` a record, as far as that can be told.
    pub(super) fn sent(&mut self, frame: u64, len: u64, end: u64, begins: bool) {
        let new = frame != self.frame;
        self.frame = frame;
        if new && self.answer == Answered::Perhaps {
            self.settle(!begins || self.is_on_its_way());
        }
        self.sent_to = self.sent_to.max(end);
        self.bytes = self.bytes.saturating_add(len);
    }

    fn settle(&mut self, within: bool) {
        self.bytes = 0;
        self.answer = match within {
            true => Answered::Within,
            false => Answered::NotYet,
        };
        self.early = self.early.saturating_add(u32::from(within));
    }

    /// The server acknowledges the client's stream up to here.
    pub(super) fn acknowledged(&mut self, frame: u64, offset: u64) {
        self.acknowledged = self.acknowledged.max(offset);
        if frame == self.answered_in {
            self.had = self.acknowledged;
        }
    }

    /// The answer did not acknowledge all that was sent by then: who answers what it has in full does.
    const fn is_on_its_way(&self) -> bool {
        self.sent_to.saturating_sub(self.had) > SEGMENT
    }

    /// The server's answer, or a part of one, or a session ticket of TLS 1.3 that looks like one.
    pub(super) fn answered(&mut self, frame: u64, len: u16, perhaps_ticket: bool) {
        if len < SHORTEST_ANSWER {
            return;
        }
        self.records = self.records.saturating_add(1);
        let again = len == self.length && TICKET.contains(&len);
        if again && self.records <= LATEST_TICKET {
            let sent = self.bytes;
            self.bytes = self.before_it.bytes.saturating_add(sent);
            self.answer = self.before_it.answer;
            self.early = self.before_it.early;
            return;
        }
        self.length = len;
        self.before_it = Standing {
            bytes: self.bytes,
            answer: self.answer,
            early: self.early,
        };
        if perhaps_ticket && self.records == 1 && TICKET.contains(&len) {
            return;
        }
        self.answered_in = frame;
        self.had = self.acknowledged;
        match self.answer {
            Answered::NotYet if self.bytes >= UPLOAD => {
                self.bytes = 0;
                self.answer = Answered::Perhaps;
            }
            Answered::NotYet | Answered::BehindHead => {
                self.bytes = 0;
                self.answer = Answered::BehindHead;
            }
            Answered::Perhaps => {}
            Answered::Within if self.bytes == 0 => {}
            Answered::Within if self.bytes <= BETWEEN_PARTS && !self.in_parts => {
                self.in_parts = true;
            }
            Answered::Within => {
                self.answer = Answered::Perhaps;
            }
        }
    }

    /// The client has acknowledged the answer: what it sends from now on may be another request.
    pub(super) fn heard(&mut self) {
        if self.answer == Answered::BehindHead {
            self.settle(self.bytes >= UPLOAD);
        }
    }

    /// The server's latest answer, to what was an upload, does not know of its end.
    pub(super) fn is_answered_unheard(self) -> bool {
        self.answer == Answered::Perhaps && self.is_on_its_way()
    }

    /// The server answered once in the middle of a record, and what came behind its answer can have been on the way.
    pub(super) fn was_answered_within(self) -> bool {
        let unheard = match self.answer {
            Answered::BehindHead => self.bytes >= UPLOAD,
            Answered::Perhaps => self.is_on_its_way(),
            Answered::NotYet | Answered::Within => false,
        };
        let early = self.early + u32::from(unheard);
        let within = unheard || self.answer == Answered::Within;
        within && early == 1 && self.bytes <= ON_ITS_WAY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEN: u64 = 1_448;

    /// So many segments behind those of the frames before, the first of which begins a record or not.
    fn send(it: &mut UnreadUpload, first: u64, count: u64, begins: bool) {
        for frame in first..first + count {
            it.sent(frame, LEN, frame * LEN, begins && frame == first);
        }
    }

    /// An upload of `before` segments, an answer to all of it, and `behind` more.
    fn upload(before: u64, behind: u64, begins: bool) -> UnreadUpload {
        let mut it = UnreadUpload::default();
        send(&mut it, 1, before, true);
        it.answered(before + 1, 372, false);
        it.acknowledged(before + 1, before * LEN);
        send(&mut it, before + 2, behind, begins);
        it
    }

    #[test]
    fn what_goes_on_in_the_middle_of_a_record_was_answered_within() {
        assert!(upload(8, 3, false).was_answered_within());
        assert!(!upload(8, 3, true).was_answered_within());
        assert!(!upload(8, 0, false).was_answered_within());
        assert!(!upload(2, 3, false).was_answered_within());
        assert!(!upload(8, 800, false).was_answered_within());
    }

    #[test]
    fn an_answer_that_does_not_acknowledge_all_that_was_sent_came_early() {
        let answered = |acknowledged: u64| {
            let mut it = UnreadUpload::default();
            send(&mut it, 1, 9, true);
            it.answered(20, 372, false);
            it.acknowledged(20, acknowledged * LEN);
            it.was_answered_within()
        };
        assert!(answered(7));
        assert!(!answered(9));
    }

    #[test]
    fn an_answer_may_come_in_two_parts() {
        let mut it = upload(8, 3, false);
        it.answered(30, 900, false);
        assert!(it.was_answered_within());
        send(&mut it, 50, 1, false);
        assert!(it.was_answered_within());
    }

    #[test]
    fn where_both_speak_when_they_like_it_tells_nothing() {
        let mut it = upload(8, 20, false);
        it.answered(40, 900, false);
        send(&mut it, 50, 1, false);
        assert!(!it.was_answered_within());
    }

    #[test]
    fn tickets_are_no_answers() {
        let mut it = UnreadUpload::default();
        send(&mut it, 1, 9, true);
        for frame in [20, 21] {
            it.answered(frame, 250, true);
            it.acknowledged(frame, LEN);
        }
        assert!(!it.was_answered_within());
        it.answered(22, 1_128, true);
        it.acknowledged(22, LEN);
        assert!(it.was_answered_within());
    }

    #[test]
    fn an_upload_behind_an_answer_of_which_it_has_not_heard_was_answered_early() {
        let behind = |heard_after: u64, segments: u64| {
            let mut it = UnreadUpload::default();
            send(&mut it, 1, 1, true);
            it.answered(2, 372, false);
            send(&mut it, 3, heard_after, true);
            it.heard();
            send(&mut it, 3 + heard_after, segments - heard_after, true);
            it.was_answered_within()
        };
        assert!(behind(8, 9));
        assert!(!behind(2, 20));
        let mut ticket = UnreadUpload::default();
        ticket.answered(2, 250, true);
        send(&mut ticket, 3, 20, true);
        assert!(!ticket.was_answered_within());
    }

    #[test]
    fn settings_are_no_answer() {
        let mut it = UnreadUpload::default();
        send(&mut it, 1, 9, true);
        it.answered(20, 64, false);
        send(&mut it, 21, 9, false);
        assert!(!it.was_answered_within());
    }
}
