//! An upload in an encrypted session, by the sizes of its records: whether the server answered it before it was whole.

use super::answer::FULL_RECORD;

/// A request that is as long may be an upload.
const UPLOAD: u64 = 8_192;

/// Heads are shorter: two records of one such length in a row are pieces of one body.
pub(super) const PIECE: u16 = 1_024;

/// Of an upload that was refused no more is on its way than a path holds: where more follows, something else was answered meanwhile.
const ON_ITS_WAY: u64 = 1 << 20;

/// What the client has sent since the server's last word.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Upload {
    bytes: u64,
    /// Its latest record, and the longest.
    latest: u16,
    longest: u16,
    /// It has sent something since the server's last word.
    spoke: bool,
    /// It is in the middle of a record.
    within: bool,
    answer: Answered,
    /// Behind the answer came what may have reset the stream.
    given_up: bool,
    /// What followed an answer that came early.
    behind: u64,
    /// Answers that came early. In a conversation where both speak when they like there are many.
    early: u32,
    /// Records since the server's last word.
    since: u32,
    /// An answer that came early came in two parts: its head and its body, with a record of the client between them.
    in_parts: bool,
    /// In HTTP/2 something short came in the middle of it: a request of its own, of which an answer may be as well.
    beside: bool,
    /// In HTTP/2 it stopped where its first window was full.
    fills_window: bool,
}

/// A stream's first window (RFC 9113 §6.9.2).
pub(super) const FIRST_WINDOW: u64 = 65_535;

/// Heads of frames and of the request come to that.
const HEADS: u64 = 1_024;

/// When the server answered it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Answered {
    #[default]
    NotYet,
    /// At the end of a record: the next one tells whether there is more.
    BehindRecord,
    /// The same, behind so little that it was a request of its own, unless its rest was on the way already.
    BehindHead,
    Early,
}

/// What a record of the client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// A piece of a request that the server has answered already.
    OfAnswered,
    /// A request, or a piece of one.
    Request,
}

impl Upload {
    pub(super) const fn within_record(&mut self) {
        self.within = true;
    }

    /// The server may have granted so many windows by now: for each frame of DATA one of the stream and one of the connection.
    pub(super) fn may_be_granted(self, windows: u16) -> bool {
        let frames = self.bytes / u64::from(FULL_RECORD);
        u64::from(windows) <= frames.saturating_mul(2)
    }

    /// The client's first record held the head of a request.
    pub(super) const fn begins_in_the_opening(&mut self) {
        self.spoke = true;
    }

    /// A record of a request, or the rest of one.
    pub(super) fn sent(&mut self, content: u16) -> Rest {
        let goes_on = match self.answer {
            Answered::Early => true,
            _ if self.beside => false,
            Answered::BehindRecord => content == self.latest && content >= PIECE,
            // Another request would begin with a head, and that one was answered and given up.
            Answered::BehindHead => self.given_up && content >= PIECE,
            Answered::NotYet => false,
        };
        if goes_on && self.answer != Answered::Early {
            self.early = self.early.saturating_add(1);
            self.answer = Answered::Early;
        }
        if !goes_on && self.answer != Answered::NotYet {
            *self = Self {
                early: self.early,
                ..Self::default()
            };
        }
        self.within = false;
        self.spoke = true;
        self.since = self.since.saturating_add(1);
        if goes_on {
            self.behind = self.behind.saturating_add(u64::from(content));
        }
        self.bytes = self.bytes.saturating_add(u64::from(content));
        self.latest = content;
        self.longest = self.longest.max(content);
        match goes_on {
            true => Rest::OfAnswered,
            false => Rest::Request,
        }
    }

    /// A record of HTTP/2: several requests run at once there, and what is short may be another one.
    pub(super) fn sent_in_http2(&mut self, content: u16) -> Rest {
        self.fills_window = self.reaches_first_window(content) && self.answer == Answered::Early;
        if content < PIECE && !self.fills_window {
            *self = Self {
                early: self.early,
                beside: self.answer == Answered::NotYet && self.bytes >= u64::from(PIECE),
                ..Self::default()
            };
        }
        self.sent(content)
    }

    /// It may be a piece that is short because it is the last for which there is room in the stream's first window.
    fn reaches_first_window(self, content: u16) -> bool {
        let sent = self.bytes.saturating_add(u64::from(content));
        let full = (FIRST_WINDOW..=FIRST_WINDOW + HEADS).contains(&sent);
        content < PIECE && full && !self.fills_window
    }

    /// A record of an answer.
    pub(super) fn answered(&mut self, content: u16) {
        let within = std::mem::take(&mut self.within);
        let first = std::mem::take(&mut self.spoke) || within && self.answer != Answered::Early;
        let long = self.bytes >= UPLOAD && content < FULL_RECORD;
        let since = std::mem::take(&mut self.since);
        if !first {
            return;
        }
        if self.answer == Answered::Early && since <= 1 && !self.in_parts {
            self.in_parts = true;
            return;
        }
        self.answer = match (long, within) {
            (true, true) => {
                self.early = self.early.saturating_add(1);
                Answered::Early
            }
            (true, false) => Answered::BehindRecord,
            (false, _) => Answered::BehindHead,
        };
    }

    /// It was answered once, before what followed: be it ever so much, nothing else was answered meanwhile.
    pub(super) const fn went_on_unanswered(self) -> bool {
        matches!(self.answer, Answered::Early) && self.early == 1
    }

    /// The server sent a frame as short as one that resets a stream: behind its answer it asks for no more of the upload (RFC 9113 §8.1).
    pub(super) fn perhaps_given_up(&mut self) {
        self.given_up |= matches!(self.answer, Answered::BehindRecord | Answered::BehindHead);
    }

    /// It was answered behind a record of it, and then perhaps given up.
    pub(super) fn is_perhaps_given_up(self) -> bool {
        self.given_up && self.answer == Answered::BehindRecord
    }

    /// It was answered where its last record was as full as can be: more was to come.
    pub(super) fn stops_at_full_record(self) -> bool {
        self.answer == Answered::BehindRecord && self.latest == FULL_RECORD
    }

    /// A record of this length may be the rest of what was answered, where no head is as long as `head`: then it was sent without knowing of
    /// the answer. Gives whether it may.
    pub(super) fn go_on_with(&mut self, content: u16, head: u16) -> bool {
        let fills_window = self.reaches_first_window(content);
        if self.answer == Answered::NotYet || self.beside || content < head && !fills_window {
            return false;
        }
        if self.answer != Answered::Early {
            self.early = self.early.saturating_add(1);
            self.answer = Answered::Early;
        }
        self.spoke = true;
        self.fills_window = fills_window;
        self.bytes = self.bytes.saturating_add(u64::from(content));
        self.behind = self.behind.saturating_add(u64::from(content));
        self.latest = content;
        self.longest = self.longest.max(content);
        true
    }

    /// It is one, and its last record is shorter than the others.
    pub(super) const fn ends_short(self) -> bool {
        self.bytes >= UPLOAD && self.longest == FULL_RECORD && self.latest < self.longest
    }

    /// It was answered before it was whole: whether the rest of it came, by the last record, which is shorter than the others.
    pub(super) fn answered_early(self) -> Option<bool> {
        let early = self.answer == Answered::Early && self.early == 1 && self.behind <= ON_ITS_WAY;
        early.then_some(self.latest < self.longest && !self.fills_window)
    }
}
