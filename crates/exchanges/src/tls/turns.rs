//! Whose turn it was in an encrypted session: estimates from the sizes and the order of records.
//!
//! Where a size allows two readings the estimate is `None`: a wrong one would become a wrong verdict.

mod frames;

use whyreset_connections::{Moment, Side};

use self::frames::{
    ACKNOWLEDGEMENT, PING, RST_STREAM, Reading, are_frames_of_control, are_windows, is_settings,
    later_frames, may_acknowledge, opening_of_client,
};

use super::answer::{Answer, FULL_RECORD};
use super::upload::{FIRST_WINDOW, PIECE, Rest, Upload};
use crate::AnswerEnd;

/// What is likely spoken inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Speech {
    /// HTTP/2, by its negotiation: frames of its own, of known sizes, come between requests and responses.
    Http2,
    /// The negotiation was not captured: what HTTP/2 may have between requests and responses is neither.
    Unknown,
    /// The sessions of MySQL and PostgreSQL, which say in clear before what they are: a message may be as short as it likes.
    Database,
    /// Anything else: mostly HTTP/1.
    #[default]
    Other,
}

/// Whether the server's first records may be session tickets of TLS 1.3, which look like application data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tickets {
    /// They are none.
    #[default]
    None,
    /// The client has no use for any, but OpenSSL sends it two all the same, which are of one length.
    Two,
    /// One, or more.
    Any,
}

/// Whose turn it was.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turns {
    speech: Speech,
    /// What the server's first records may be.
    hidden: Tickets,
    /// How things stood before its first record, where that is taken for an answer, and may be the first of two tickets.
    before_first: Option<(u16, Box<Turns>)>,
    last: Option<Side>,
    /// The latest frame.
    latest: u64,
    requests: u32,
    /// Requests since the server last said anything, and their bytes.
    burst: u32,
    burst_bytes: u64,
    /// A record of the client since then may have been a request.
    unsure: bool,
    /// A record of the server since the last request may have been its answer: how much of the request had come before it.
    maybe_answered: Option<u64>,
    /// The length of that record, and of one that was no answer, as the client went on behind it: it grants windows.
    doubtful: u16,
    grant: Option<u16>,
    /// The client has sent something as long as WINDOW_UPDATE.
    opens_windows: bool,
    /// Its last record may be RST_STREAM, behind an answer.
    refused: bool,
    /// The client gave up what it had asked for in HTTP/2, after a silence: when, and how many requests it had sent by then.
    given_up: Option<(Moment, u32)>,
    client_records: u32,
    server_records: u32,
    /// The server said something that is no ticket.
    server_spoke: bool,
    /// The server's first frames of HTTP/2 have come.
    server_opened: bool,
    /// They were the server's last record.
    opening: bool,
    /// By their length these hold no acknowledgement of the client's SETTINGS (RFC 9113 §6.5.3), nor has one come since.
    owes_acknowledgement: bool,
    /// The client said something behind an answer that is too short for HTTP.
    dialogue: bool,
    /// The server's first record, while it may be a ticket.
    held: Option<u16>,
    /// The length of the tickets that came first.
    tickets: Option<u16>,
    upload: Upload,
    /// The client's latest record, or several of HTTP/2, which may be the rest of a request that the server has answered: how things
    /// stand if so.
    perhaps_rest: Option<PerhapsRest>,
    answer: Answer,
    /// The length of the answer before it, where that was one record.
    answer_before: Option<u16>,
}

#[derive(Clone, Copy, Debug)]
struct PerhapsRest {
    records: u32,
    answer: Answer,
    upload: Upload,
}

/// What is as long as so many windows is told by its length alone ([`later_frames`]).
const MOST_TOLD: u16 = 3;

/// No request is as short: `GET / HTTP/1.0` and two line ends are 18 bytes.
const SHORTEST_REQUEST: u16 = 16;

/// Heads of requests are seldom longer, once HPACK has seen their like.
const SHORT_REQUEST: u64 = 1_400;

/// A `QUIT`, the end of an XML stream, a GOAWAY: hardly a longer one.
pub(super) const FAREWELL: u64 = 64;

/// Tickets of TLS 1.3 have between so many bytes: OpenSSL's about 240, or 57 where the server keeps the sessions (`SSL_OP_NO_TICKET`: a
/// ticket is a session's number of 32 bytes then), those of Java up to two thousand.
pub(super) const TICKET: std::ops::RangeInclusive<u16> = 57..=2_048;

/// OpenSSL's tickets are whole blocks of a cipher, and numbers in them have the bytes that they need: two that belong together may differ
/// by one block (`i2d_SSL_SESSION`).
const BLOCK: u16 = 16;

/// Two records of the server behind the handshake are two tickets.
fn are_tickets(first: u16, second: u16) -> bool {
    let by_a_block = first.abs_diff(second) == BLOCK && TICKET.contains(&second);
    first == second || by_a_block
}

impl Turns {
    pub(crate) fn new(speech: Speech, hidden: Tickets) -> Self {
        Self {
            speech,
            hidden,
            ..Self::default()
        }
    }

    /// The side that said anything last.
    pub(crate) const fn last(&self) -> Option<Side> {
        self.last
    }

    /// A record of the client has begun, and its rest is still to come: what the server says now it says without that.
    pub(crate) const fn within_record(&mut self) {
        self.upload.within_record();
    }

    /// The client said no more than its first record, though the server spoke.
    pub(crate) const fn was_answered_at_once(&self) -> bool {
        self.client_records == 1 && self.server_spoke
    }

    /// A record with so many bytes of content, that came in `frame`. Gives whether it is a request, a response, or part of
    /// one.
    pub(crate) fn add(&mut self, side: Side, frame: u64, content: u16) -> bool {
        let before = self.last;
        let spoke = match side {
            Side::Client if frame < self.latest => self.asked_before(content),
            Side::Client => self.asked(content),
            Side::Server => self.answered(content),
        };
        // What stood behind missing bytes is read late: it is not what was said last.
        if frame < self.latest {
            self.last = before;
        }
        self.latest = self.latest.max(frame);
        spoke
    }

    /// The client's next record, with so much content, follows a silence behind its request. Where the server has said nothing since, one
    /// as long as WINDOW_UPDATE opens no window: it is RST_STREAM.
    pub(crate) fn after_silence(&mut self, at: Moment, content: u16) {
        let waits = self.last == Some(Side::Client) && self.answer.is_none();
        let told = self.maybe_answered.is_none() && self.held.is_none();
        if waits && told && self.may_be_reset(content) {
            self.given_up = Some((at, self.requests));
        }
    }

    /// When the client gave up its last request, or one before it.
    pub(crate) fn given_up(&self) -> Option<Moment> {
        self.given_up.map(|(at, _)| at)
    }

    /// The server had answered before the client's last request, which was short.
    pub(crate) fn has_talked(&self) -> bool {
        let short = self.burst <= 1 && self.burst_bytes <= FAREWELL;
        short && (self.requests > 1 || self.dialogue)
    }

    /// Many windows for an upload, in one record: Go collects them.
    fn may_grant_windows(&self, content: u16) -> bool {
        let windows = content / RST_STREAM;
        are_windows(content) && windows > MOST_TOLD && self.upload.may_be_granted(windows)
    }

    /// The client's record is as long as RST_STREAM, and behind an answer; one that opens its windows has done so before.
    fn note_refusal(&mut self, content: u16) {
        let behind = self.last == Some(Side::Server) && self.speech == Speech::Http2;
        self.refused = behind && content == RST_STREAM && !self.opens_windows;
        self.opens_windows |= are_windows(content);
    }

    /// By the length of its last record the client refused the answer behind its end.
    pub(crate) fn perhaps_refused_answer(&self) -> bool {
        self.refused && self.answer.has_ended()
    }

    /// The client gave up the last request.
    fn gave_up_the_last(&self) -> bool {
        self.given_up
            .is_some_and(|(_, requests)| requests == self.requests)
    }

    /// A request that was read after what the server said behind it.
    fn asked_before(&mut self, content: u16) -> bool {
        let answer = self.answer;
        let spoke = self.asked(content);
        self.answer = answer;
        spoke
    }

    /// All that the server has said by now is tickets.
    pub(crate) const fn tickets_alone(&self) -> bool {
        self.tickets.is_some() && !self.server_spoke
    }

    fn asked(&mut self, content: u16) -> bool {
        self.before_first = None;
        let first = self.client_records == 0;
        let asked_before = self.requests > 0 || self.unsure;
        self.client_records = self.client_records.saturating_add(1);
        let reading = match self.speech {
            Speech::Http2 if first => opening_of_client(content),
            Speech::Unknown if first && opening_of_client(content) == Reading::Unsure => {
                Reading::Unsure
            }
            Speech::Http2 | Speech::Unknown => later_frames(content),
            Speech::Other if content < SHORTEST_REQUEST => Reading::Control,
            Speech::Other | Speech::Database => Reading::Speech,
        };
        self.unsure |= reading == Reading::Unsure;
        // Nothing has come for which a waiting client could open its window: it may have given the stream up.
        if self.last == Some(Side::Client) && self.may_be_reset(content) && !self.gave_up_the_last()
        {
            self.doubt();
        }
        // No request of HTTP is as short: a `QUIT` is, and an answer to it goes before the close.
        let short = self.speech == Speech::Other && reading == Reading::Control;
        self.dialogue |= short && self.last == Some(Side::Server);
        self.refused = false;
        if reading != Reading::Speech {
            self.note_refusal(content);
            return false;
        }
        // What came before anything was asked is no answer.
        if !asked_before {
            self.tickets = self.held.take().or(self.tickets);
        }
        let rest = self.perhaps_rest_with(content);
        self.perhaps_rest = None;
        let of_answered = match self.speech {
            Speech::Http2 => self.upload.sent_in_http2(content) == Rest::OfAnswered,
            Speech::Other | Speech::Database => self.upload.sent(content) == Rest::OfAnswered,
            Speech::Unknown => false,
        };
        if of_answered {
            return true;
        }
        self.perhaps_rest = rest;
        if self.last != Some(Side::Client) {
            self.answer_before = self.answer.single();
            self.answer = Answer::default();
            self.burst = 0;
            self.burst_bytes = 0;
            self.maybe_answered = None;
        }
        self.requests = self.requests.saturating_add(1);
        self.burst = self.burst.saturating_add(1);
        self.burst_bytes = self.burst_bytes.saturating_add(u64::from(content));
        // Who sends more than that was granted more, so the stream was neither answered nor reset.
        let went_on = |before: &u64| self.burst_bytes.saturating_sub(*before) > FIRST_WINDOW;
        if self.maybe_answered.as_ref().is_some_and(went_on) {
            self.maybe_answered = None;
            self.grant = Some(self.doubtful).filter(|len| *len > RST_STREAM);
        }
        self.unsure = false;
        self.last = Some(Side::Client);
        true
    }

    /// The client sends a record that may be the rest of a request which was answered.
    fn perhaps_rest_with(&self, content: u16) -> Option<PerhapsRest> {
        let fresh = PerhapsRest {
            records: 0,
            answer: self.answer,
            upload: self.upload,
        };
        let several = self.perhaps_rest.filter(|_| self.speech == Speech::Http2);
        let mut rest = several.unwrap_or(fresh);
        // Of HTTP/1 it is asked whether the client knew of the answer: then a short one is no head either.
        let head = match self.speech {
            Speech::Other | Speech::Database => SHORTEST_REQUEST,
            Speech::Http2 | Speech::Unknown => PIECE,
        };
        if !rest.upload.go_on_with(content, head) {
            return None;
        }
        rest.records = rest.records.saturating_add(1);
        Some(rest).filter(|_| self.speech != Speech::Unknown)
    }

    fn answered(&mut self, content: u16) -> bool {
        let number = self.server_records;
        if let Some((first, before)) = self.before_first.take()
            && are_tickets(first, content)
        {
            *self = *before;
            self.server_records = 2;
            self.tickets = Some(content);
            return false;
        }
        let may_be_first = number == 0 && TICKET.contains(&content);
        if may_be_first && self.hidden == Tickets::Two {
            self.before_first = Some((content, Box::new(self.clone())));
        }
        self.server_records = self.server_records.saturating_add(1);
        if may_be_first && self.hidden == Tickets::Any {
            self.held = Some(content);
            return false;
        }
        if let Some(held) = self.held.take() {
            // HTTP/2 begins with SETTINGS. Else it is taken for what it looks like.
            if are_tickets(held, content) {
                self.tickets = Some(content);
                return false;
            }
            if self.speech != Speech::Http2 || !is_settings(content) {
                self.take_answer(held);
            }
        }
        // Some send more than two.
        if self.tickets == Some(content) && !self.server_spoke {
            return false;
        }
        self.take_answer(content)
    }

    fn take_answer(&mut self, content: u16) -> bool {
        self.server_spoke = true;
        let rest = self.perhaps_rest.take();
        // A server sends its SETTINGS once, at the beginning: what is as long behind them is an answer.
        let opens = self.speech == Speech::Http2 && !self.server_opened;
        self.server_opened |= opens;
        // Right behind them WINDOW_UPDATE opens the connection's window: nothing is reset yet.
        let opening = std::mem::replace(&mut self.opening, opens && is_settings(content));
        if opening && content == RST_STREAM {
            return false;
        }
        let acknowledges = self.owes_acknowledgement && ACKNOWLEDGEMENT.contains(&content);
        self.owes_acknowledgement &= !acknowledges;
        let reading = match self.speech {
            Speech::Http2 if opens && is_settings(content) => {
                self.owes_acknowledgement = !may_acknowledge(content);
                Reading::Control
            }
            Speech::Http2 if acknowledges || self.grant == Some(content) => Reading::Control,
            Speech::Http2 if self.may_grant_windows(content) => Reading::Unsure,
            Speech::Http2 | Speech::Unknown => later_frames(content),
            Speech::Other if content < SHORTEST_REQUEST => Reading::Control,
            Speech::Other | Speech::Database => Reading::Speech,
        };
        if reading != Reading::Speech {
            let in_http2 = self.speech == Speech::Http2;
            self.perhaps_rest = rest.filter(|_| in_http2);
            if in_http2 && content == RST_STREAM {
                // It gives up what it has answered: what came behind the answer was the rest of that.
                self.was_rest();
                self.upload.perhaps_given_up();
            }
            let reset = self.may_be_reset(content);
            if content == PING && self.last_were_pings() {
                self.doubt();
            }
            if reading == Reading::Unsure || reset {
                self.doubt();
                self.doubtful = content;
            }
            let reset = reset && self.asked_in_brief();
            self.answer.followed_by(content, self.speech, reset);
            return false;
        }
        // What the client said behind the answer so far may have been the next request: then this begins another answer.
        if self.unsure && self.last == Some(Side::Server) {
            self.answer = Answer::default();
        }
        self.answer.add(content);
        self.refused = false;
        // What a server says behind its first frames answers a request: then the client's opening held one.
        if self.unsure && self.requests == 0 && !opens {
            self.upload.begins_in_the_opening();
        }
        if self.speech != Speech::Unknown {
            self.upload.answered(content);
        }
        self.unsure = false;
        // It was slow, and the client waited for it.
        self.given_up = self.given_up.filter(|_| !self.gave_up_the_last());
        self.last = Some(Side::Server);
        true
    }

    /// All that the server has said since the first request may be a ticket.
    pub(crate) fn holds_a_ticket(&self) -> bool {
        let opened = self.unsure && self.last.is_none();
        self.held.is_some() && (opened || self.last == Some(Side::Client))
    }

    /// The last request may have been answered, or given up.
    const fn doubt(&mut self) {
        self.maybe_answered = Some(self.burst_bytes);
    }

    /// RST_STREAM is as long as WINDOW_UPDATE; but who has sent no body needs no window.
    fn may_be_reset(&self, content: u16) -> bool {
        let no_upload = self.burst_bytes < u64::from(FULL_RECORD);
        self.speech == Speech::Http2 && content == RST_STREAM && no_upload
    }

    /// The client's last word may be PING with some frames of flow control: gRPC measures so how fast the path is.
    fn last_were_pings(&self) -> bool {
        let content = u16::try_from(self.burst_bytes).unwrap_or(u16::MAX);
        let frames = content.checked_sub(PING).filter(|rest| *rest <= 3 * PING);
        let asked = self.last == Some(Side::Client) && self.burst == 1 && self.answer.is_none();
        asked && self.speech != Speech::Other && frames.is_some_and(are_frames_of_control)
    }

    /// One request without a body, by its size: servers grant window for what was uploaded, be it little.
    const fn asked_in_brief(&self) -> bool {
        self.burst <= 1 && self.burst_bytes < SHORT_REQUEST
    }

    /// The server's only answer came before the end of what the client sent: whether the client sent all of its request does not show.
    pub(crate) fn leaves_rest_in_doubt(&self) -> bool {
        let one_by_one = self.speech == Speech::Other && self.upload.went_on_unanswered();
        let early = self.upload.answered_early().is_some() || one_by_one;
        self.last == Some(Side::Server) && (early || self.perhaps_refused())
    }

    /// The last record of the client's upload is shorter than the others, which are as long as records can be.
    pub(crate) const fn upload_ends_short(&self) -> bool {
        self.upload.ends_short()
    }

    /// The client's latest record may be the rest of a request that the server has answered. In HTTP/2, where several requests run at
    /// once, it tells nothing that the client had sent it before it can have known of the answer.
    pub(crate) fn is_perhaps_rest(&self) -> bool {
        self.perhaps_rest.is_some() && self.speech != Speech::Http2
    }

    /// It is.
    pub(crate) fn was_rest(&mut self) {
        let Some(rest) = self.perhaps_rest.take() else {
            return;
        };
        self.upload = rest.upload;
        self.answer = rest.answer;
        self.requests = self.requests.saturating_sub(rest.records);
        self.last = Some(Side::Server);
    }

    /// The server's last answer came while the client was still sending its request: whether all of that was sent, as far as sizes
    /// tell.
    pub(crate) fn answered_early(&self) -> Option<bool> {
        (self.last == Some(Side::Server)).then(|| self.upload.answered_early())?
    }

    /// In HTTP/2 the server answered an upload, and perhaps reset its stream, where the last piece of it does not look like the last.
    pub(crate) fn perhaps_refused(&self) -> bool {
        self.perhaps_given_up() && self.upload.stops_at_full_record()
    }

    /// The same, whatever its last piece looks like.
    pub(crate) fn perhaps_given_up(&self) -> bool {
        self.last == Some(Side::Server) && self.upload.is_perhaps_given_up()
    }

    /// The server answered an upload of HTTP/1 of which the last piece does not look like the last.
    pub(crate) fn perhaps_left_unread(&self) -> bool {
        let behind_it = self.last == Some(Side::Server) && self.speech == Speech::Other;
        behind_it && self.upload.stops_at_full_record()
    }

    /// Whether a request was outstanding: an estimate.
    pub(crate) fn request_outstanding(&self) -> Option<bool> {
        // HTTP/2 servers begin with SETTINGS (RFC 9113 §3.4): where only tickets came, the client's opening is unanswered, be there a
        // request in it or not; and in HTTP/1, which a server may have chosen, it is a request.
        let opened = self.unsure && self.last.is_none();
        let tickets_alone = self.server_records > 0 && !self.server_spoke && self.held.is_none();
        if opened && tickets_alone {
            return Some(true);
        }
        match self.last? {
            // A lone first record may be a ticket, or the answer.
            Side::Client if self.gave_up_the_last() => None,
            Side::Client if self.held.is_some() || self.maybe_answered.is_some() => None,
            Side::Client => Some(true),
            Side::Server if self.requests == 0 || self.unsure => None,
            // Of several that were asked for at once, nobody can tell how many were answered.
            Side::Server if self.speech == Speech::Http2 && self.burst > 1 => None,
            Side::Server => Some(false),
        }
    }

    /// The client alone has spoken, in records that end with a shorter one: a file, whole, of which nothing is to be answered.
    pub(crate) fn delivered_alone(&self) -> bool {
        self.last == Some(Side::Client) && !self.server_spoke && self.upload.ends_short()
    }

    /// What the sizes of the server's last records tell of the end of its last answer.
    pub(crate) fn answer_end(&self) -> AnswerEnd {
        match self.last {
            Some(Side::Server) if self.dialogue => AnswerEnd::Marked,
            Some(Side::Server) if self.are_answers_alike() => AnswerEnd::Untold,
            Some(Side::Server) => self.answer.end(),
            _ => AnswerEnd::Untold,
        }
    }

    /// Something that is too short for an answer came behind the server's last one.
    pub(crate) const fn answer_followed(&self) -> bool {
        self.answer.is_followed()
    }

    /// The server's last answer came in many pieces.
    pub(crate) const fn answer_is_long(&self) -> bool {
        self.answer.is_long()
    }

    /// Something that is too short for anything but an end came behind the server's last answer.
    pub(crate) const fn answer_has_ended(&self) -> bool {
        self.answer.has_ended()
    }

    /// Whether a response was under way: an estimate. `cut` is a record that was not finished, `goodbye` the server's
    /// close_notify.
    pub(crate) fn response_under_way(
        &self,
        cut: Option<(Side, u64)>,
        goodbye: bool,
    ) -> Option<bool> {
        match (self.last?, cut) {
            (_, Some((Side::Server, _))) => Some(true),
            (Side::Client, _) if self.held.is_some() => None,
            (Side::Client, _) if self.speech == Speech::Http2 && self.requests > 1 => None,
            (Side::Client, _) => Some(false),
            _ if goodbye => Some(false),
            _ if self.are_answers_alike() => None,
            _ => self.answer.is_under_way(),
        }
    }

    /// Answers to requests that went out together may be as long as each other. In HTTP/2 they are taken for so where the one before was one
    /// record of that length: more than one request is mostly under way then.
    fn are_answers_alike(&self) -> bool {
        let together = match self.speech {
            Speech::Other => self.burst > 1,
            Speech::Http2 => self
                .answer_before
                .is_some_and(|len| self.answer.is_as_long_as(len)),
            Speech::Unknown | Speech::Database => false,
        };
        together && self.answer.is_alike()
    }
}

#[cfg(test)]
mod tests;
