//! Whose turn it was in an encrypted session: estimates from the sizes and the order of records.
//!
//! Where a size allows two readings the estimate is `None`: a wrong one would become a wrong verdict.

use whyreset_connections::{Moment, Side};

use super::answer::{Answer, FULL_RECORD};
use super::upload::{Rest, Upload};
use crate::AnswerEnd;

/// What is likely spoken inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Speech {
    /// HTTP/2, by its negotiation: frames of its own, of known sizes, come between requests and responses.
    Http2,
    /// The negotiation was not captured: what HTTP/2 may have between requests and responses is neither.
    Unknown,
    /// Anything else: mostly HTTP/1.
    #[default]
    Other,
}

/// Whose turn it was.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    speech: Speech,
    /// Session tickets of TLS 1.3 look like application data: the server's first records may be some.
    hides_tickets: bool,
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
}

#[derive(Clone, Copy, Debug)]
struct PerhapsRest {
    records: u32,
    answer: Answer,
    upload: Upload,
}

/// What one record is, by its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// Flow control, settings, keys, keep-alive.
    Control,
    /// A request, a response, or part of one.
    Speech,
    /// Either.
    Unsure,
}

/// No request is as short: `GET / HTTP/1.0` and two line ends are 18 bytes.
const SHORTEST_REQUEST: u16 = 16;

/// Heads of requests are seldom longer, once HPACK has seen their like.
const SHORT_REQUEST: u64 = 1_400;

/// A frame of PING, or of its acknowledgement (RFC 9113 §6.7).
const PING: u16 = 17;

/// A `QUIT`, the end of an XML stream, a GOAWAY: hardly a longer one.
const FAREWELL: u64 = 64;

/// A frame of RST_STREAM (RFC 9113 §6.4), or of WINDOW_UPDATE.
const RST_STREAM: u16 = 13;

/// A stream's first window (RFC 9113 §6.9.2). Who sends more was granted more, so the stream was neither answered nor reset.
const FIRST_WINDOW: u64 = 65_535;

/// Tickets of TLS 1.3 have between so many bytes: OpenSSL's about 240, those of Java up to two thousand.
pub(super) const TICKET: std::ops::RangeInclusive<u16> = 60..=2_048;

impl Turns {
    pub(crate) fn new(speech: Speech, hides_tickets: bool) -> Self {
        Self {
            speech,
            hides_tickets,
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

    fn asked(&mut self, content: u16) -> bool {
        let first = self.client_records == 0;
        let asked_before = self.requests > 0 || self.unsure;
        self.client_records = self.client_records.saturating_add(1);
        let reading = match self.speech {
            Speech::Http2 if first => opening_of_client(content),
            Speech::Unknown if first && opening_of_client(content) == Reading::Unsure => {
                Reading::Unsure
            }
            Speech::Http2 | Speech::Unknown => later_frames(content),
            Speech::Other if content >= SHORTEST_REQUEST => Reading::Speech,
            Speech::Other => Reading::Control,
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
        if reading != Reading::Speech {
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
            Speech::Other => self.upload.sent(content) == Rest::OfAnswered,
            Speech::Unknown => false,
        };
        if of_answered {
            return true;
        }
        self.perhaps_rest = rest;
        if self.last != Some(Side::Client) {
            self.answer = Answer::default();
            self.burst = 0;
            self.burst_bytes = 0;
            self.maybe_answered = None;
        }
        self.requests = self.requests.saturating_add(1);
        self.burst = self.burst.saturating_add(1);
        self.burst_bytes = self.burst_bytes.saturating_add(u64::from(content));
        let went_on = |before: &u64| self.burst_bytes.saturating_sub(*before) > FIRST_WINDOW;
        self.maybe_answered = self.maybe_answered.filter(|before| !went_on(before));
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
        if !rest.upload.go_on_with(content) {
            return None;
        }
        rest.records = rest.records.saturating_add(1);
        Some(rest).filter(|_| self.speech != Speech::Unknown)
    }

    fn answered(&mut self, content: u16) -> bool {
        let number = self.server_records;
        self.server_records = self.server_records.saturating_add(1);
        if self.hides_tickets && number == 0 && TICKET.contains(&content) {
            self.held = Some(content);
            return false;
        }
        if let Some(held) = self.held.take() {
            // Two of one length are two tickets, and HTTP/2 begins with SETTINGS. Else it is taken for what it looks like.
            if held == content {
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
            Speech::Http2 if acknowledges => Reading::Control,
            Speech::Http2 | Speech::Unknown => later_frames(content),
            Speech::Other if content < SHORTEST_REQUEST => Reading::Control,
            Speech::Other => Reading::Speech,
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
            }
            let reset = reset && self.asked_in_brief();
            self.answer.followed_by(content, self.speech, reset);
            return false;
        }
        self.answer.add(content);
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

    /// What the sizes of the server's last records tell of the end of its last answer.
    pub(crate) fn answer_end(&self) -> AnswerEnd {
        match self.last {
            Some(Side::Server) if self.dialogue => AnswerEnd::Marked,
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
            _ => self.answer.is_under_way(),
        }
    }
}

/// SETTINGS' acknowledgement, alone and with one or two of WINDOW_UPDATE.
const ACKNOWLEDGEMENT: [u16; 3] = [9, 22, 35];

/// A server's first frames, SETTINGS and perhaps WINDOW_UPDATE, with an acknowledgement among them.
fn may_acknowledge(len: u16) -> bool {
    let mut with = [9, 22].into_iter();
    with.any(|more| holds_settings(len, more))
}

/// Bytes of SETTINGS with up to eight entries, with or without WINDOW_UPDATE and an acknowledgement behind it, and Java's
/// padding.
fn is_settings(len: u16) -> bool {
    [0, 13, 9, 22, 16, 29, 25, 38]
        .into_iter()
        .any(|more| holds_settings(len, more))
}

/// The client's first record holds the preface of 24 bytes, SETTINGS, some WINDOW_UPDATEs, of some browsers five or six
/// PRIORITY frames; and with some clients the first request as well.
fn opening_of_client(content: u16) -> Reading {
    let Some(frames) = content.checked_sub(24).filter(|frames| *frames >= 9) else {
        return Reading::Control;
    };
    let windows = [0, 13, 26].into_iter();
    let mut others = windows.flat_map(|windows| [0, 70, 84].map(|priorities| windows + priorities));
    if others.any(|more| holds_settings(frames, more)) {
        Reading::Unsure
    } else {
        Reading::Speech
    }
}

/// Whether some of PING and WINDOW_UPDATE are as long.
fn are_frames_of_control(len: u16) -> bool {
    let mut pings = (0..=3_u16).map(|count| count * PING);
    pings.any(|pings| {
        len.checked_sub(pings)
            .is_some_and(|rest| rest.is_multiple_of(RST_STREAM))
    })
}

/// Whether SETTINGS with up to eight entries and `more` bytes of other frames are as long.
fn holds_settings(len: u16, more: u16) -> bool {
    let entries = len.checked_sub(more.saturating_add(9));
    entries.is_some_and(|entries| entries <= 48 && entries.is_multiple_of(6))
}

/// SETTINGS' acknowledgement takes 9 bytes, WINDOW_UPDATE and RST_STREAM 13, PING and GOAWAY 17; a HEADERS frame is hardly
/// as short, but as long as two or three of them, or as one with the 16 bytes of padding that Java adds; an alert with these leaves 18.
const fn later_frames(content: u16) -> Reading {
    match content {
        0..=17 => Reading::Control,
        18 | 22 | 25 | 26 | 29 | 30 | 33 | 35 | 39 => Reading::Unsure,
        _ => Reading::Speech,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Side::{Client, Server};

    fn heard(mut turns: Turns, records: &[(Side, u16)]) -> Turns {
        for (frame, (side, content)) in (1..).zip(records) {
            turns.add(*side, frame, *content);
        }
        turns
    }

    fn after(turns: Turns, records: &[(Side, u16)]) -> (Option<bool>, Option<bool>) {
        let turns = heard(turns, records);
        (
            turns.request_outstanding(),
            turns.response_under_way(None, false),
        )
    }

    #[test]
    fn an_opening_of_http2_that_only_tickets_follow_is_unanswered() {
        let turns = || Turns::new(Speech::Http2, true);
        let tickets = [(Client, 88), (Server, 233), (Server, 233)];
        assert_eq!(after(turns(), &tickets).0, Some(true));
        let settings = [tickets.as_slice(), &[(Server, 27)]].concat();
        assert_eq!(after(turns(), &settings).0, None);
        assert_eq!(after(turns(), &tickets[..2]).0, None);
    }

    #[test]
    fn a_window_behind_the_servers_settings_resets_nothing() {
        let asked = [(Client, 69), (Client, 64), (Server, 33), (Server, 13)];
        let turns = || Turns::new(Speech::Http2, false);
        let opened = [asked.as_slice(), &[(Client, 9), (Server, 9)]].concat();
        assert_eq!(after(turns(), &opened).0, Some(true));
        let reset = [opened.as_slice(), &[(Server, 13)]].concat();
        assert_eq!(after(turns(), &reset).0, None);
    }

    #[test]
    fn what_comes_before_any_request_is_a_ticket() {
        let turns = || Turns::new(Speech::Other, true);
        let late = [(Server, 1_040), (Client, 80)];
        assert_eq!(after(turns(), &late), (Some(true), Some(false)));
        let answered = [late.as_slice(), &[(Server, 300)]].concat();
        assert_eq!(after(turns(), &answered), (Some(false), None));
        // Behind a request it may be either.
        assert_eq!(after(turns(), &[(Client, 80), (Server, 1_040)]).0, None);
    }

    #[test]
    fn a_reset_behind_a_silence_gives_up_the_last_request() {
        let at = Moment::default();
        let mut turns = heard(
            Turns::new(Speech::Http2, false),
            &[(Client, 69), (Server, 40), (Client, 50), (Client, 9)],
        );
        turns.after_silence(at, 9);
        assert_eq!(turns.given_up(), None);
        turns.after_silence(at, 13);
        assert_eq!(turns.given_up(), Some(at));
        turns.add(Client, 5, 13);
        assert_eq!(turns.request_outstanding(), None);
        // An answer after all: it was slow.
        turns.add(Server, 6, 300);
        assert_eq!(turns.given_up(), None);
        assert_eq!(turns.request_outstanding(), Some(false));
        // Where the server spoke since, it may open a window.
        turns.after_silence(at, 13);
        assert_eq!(turns.given_up(), None);
    }

    #[test]
    fn requests_and_responses_of_http1() {
        let turns = || Turns::new(Speech::Other, false);
        assert_eq!(after(turns(), &[]), (None, None));
        let asked = [(Client, 80)];
        assert_eq!(after(turns(), &asked), (Some(true), Some(false)));
        let short = [(Client, 80), (Server, 300)];
        assert_eq!(after(turns(), &short), (Some(false), None));
        let head = [(Client, 80), (Server, 300)];
        let full = [(Server, 16_384); 3];
        let long = [head, [full[0]; 2]].concat();
        // 32 KiB may be all that there is.
        assert_eq!(after(turns(), &long), (Some(false), None));
        let long = [head.as_slice(), &full].concat();
        assert_eq!(after(turns(), &long), (Some(false), Some(true)));
        let with_head = [(Client, 80), full[0]];
        assert_eq!(after(turns(), &with_head), (Some(false), Some(true)));
        let mebibyte = [head.as_slice(), &[full[0]; 64]].concat();
        assert_eq!(after(turns(), &mebibyte), (Some(false), None));
        let ended = [long.as_slice(), &[(Server, 77)]].concat();
        assert_eq!(after(turns(), &ended), (Some(false), Some(false)));
        // Pieces of any length: whether more was to come cannot be told.
        let streamed = [
            (Client, 80),
            (Server, 2_000),
            (Server, 1_100),
            (Server, 1_900),
        ];
        assert_eq!(after(turns(), &streamed), (Some(false), None));
        let last_chunk = [streamed.as_slice(), &[(Server, 5)]].concat();
        assert_eq!(after(turns(), &last_chunk), (Some(false), Some(false)));
    }

    #[test]
    fn without_the_negotiation_small_records_are_neither() {
        let turns = || Turns::new(Speech::Unknown, false);
        let answered = [(Client, 91), (Server, 300), (Server, 16_384)];
        assert_eq!(after(turns(), &answered).0, Some(false));
        let window = [answered.as_slice(), &[(Client, 13), (Client, 17)]].concat();
        assert_eq!(after(turns(), &window).0, Some(false));
        let unsure = [answered.as_slice(), &[(Client, 26)]].concat();
        assert_eq!(after(turns(), &unsure).0, None);
        assert_eq!(after(turns(), &[(Client, 91)]).0, Some(true));
    }

    #[test]
    fn the_end_of_an_answer_by_its_sizes() {
        let end = |speech, records: &[u16]| {
            let mut turns = Turns::new(speech, false);
            turns.add(Client, 1, 80);
            for (frame, content) in (2..).zip(records) {
                turns.add(Server, frame, *content);
            }
            turns.answer_end()
        };
        assert_eq!(end(Speech::Other, &[300]), AnswerEnd::Untold);
        let pieces = [300, 1_100, 1_900, 700];
        assert_eq!(end(Speech::Other, &pieces), AnswerEnd::InPieces);
        let chunked = [300, 1_100, 1_900, 5];
        assert_eq!(end(Speech::Other, &chunked), AnswerEnd::Marked);
        let file = [300, 16_384, 16_384, 77];
        assert_eq!(end(Speech::Other, &file), AnswerEnd::Shorter);
        let reset = [300, 1_100, 1_900, 700, 13];
        assert_eq!(end(Speech::Http2, &reset), AnswerEnd::PerhapsReset);
        assert_eq!(end(Speech::Other, &reset), AnswerEnd::InPieces);
        let mut mail = Turns::new(Speech::Other, false);
        for (frame, (side, content)) in
            (1..).zip([(Client, 80), (Server, 60), (Client, 6), (Server, 59)])
        {
            mail.add(side, frame, content);
        }
        assert_eq!(mail.answer_end(), AnswerEnd::Marked);
        let mut upload = Turns::new(Speech::Http2, false);
        let records = [(Client, 80), (Client, 900), (Server, 300), (Server, 13)];
        for (frame, (side, content)) in (1..).zip(records) {
            upload.add(side, frame, content);
        }
        assert_eq!(upload.answer_end(), AnswerEnd::Untold);
        let went_on = [300, 1_100, 13, 1_900, 700];
        assert_eq!(end(Speech::Http2, &went_on), AnswerEnd::InPieces);
    }

    #[test]
    fn runs_that_end_alike_have_no_end_among_them() {
        let run = |end: u16| [[(Server, 16_384); 3].as_slice(), &[(Server, end)]].concat();
        let answer = |ends: &[u16]| {
            let runs = ends.iter().flat_map(|end| run(*end));
            [(Client, 80)].into_iter().chain(runs).collect::<Vec<_>>()
        };
        let turns = || Turns::new(Speech::Http2, false);
        assert_eq!(after(turns(), &answer(&[170, 72, 72])).1, Some(true));
        assert_eq!(after(turns(), &answer(&[170, 72, 73])).1, None);
        // Several answers at once may well end alike.
        let small = [
            (Client, 80),
            (Server, 900),
            (Server, 72),
            (Server, 900),
            (Server, 72),
        ];
        assert_eq!(after(turns(), &small).1, None);
    }

    #[test]
    fn a_request_that_is_read_late_is_not_the_last_word() {
        let mut turns = Turns::new(Speech::Other, false);
        assert!(turns.add(Server, 67, 1_400));
        assert!(turns.add(Client, 63, 1_100));
        assert_eq!(turns.request_outstanding(), Some(false));
        assert!(turns.add(Client, 68, 1_100));
        assert_eq!(turns.request_outstanding(), Some(true));
    }

    #[test]
    fn tickets_are_no_answer() {
        let turns = || Turns::new(Speech::Other, true);
        let two = [(Client, 80), (Server, 238), (Server, 238)];
        assert_eq!(after(turns(), &two).0, Some(true));
        let one = [(Client, 80), (Server, 238)];
        assert_eq!(after(turns(), &one), (None, None));
        let answered = [two.as_slice(), &[(Server, 700)]].concat();
        assert_eq!(after(turns(), &answered).0, Some(false));
        let one_and_answer = [(Client, 80), (Server, 1_200), (Server, 700)];
        assert_eq!(after(turns(), &one_and_answer).0, Some(false));
    }

    #[test]
    fn a_short_answer_behind_the_settings_is_one() {
        // `curl -I` of nginx: SETTINGS and WINDOW_UPDATE, the acknowledgement of the client's, and a HEADERS frame.
        let head = [
            (Client, 64),
            (Client, 44),
            (Server, 49),
            (Client, 9),
            (Server, 74),
        ];
        assert_eq!(
            after(Turns::new(Speech::Http2, false), &head).0,
            Some(false)
        );
    }

    /// nginx with HTTP/2: the opening, the request's head, a WINDOW_UPDATE at once, and pieces of an upload with the rest of their frames.
    fn upload_in_http2(pieces: u32) -> Vec<(Side, u16)> {
        let mut records = vec![
            (Client, 64),
            (Server, 40),
            (Server, 9),
            (Client, 58),
            (Server, 13),
        ];
        for _ in 0..pieces {
            records.extend([(Client, 16_384), (Client, 9)]);
        }
        records
    }

    fn in_http2(records: &[(Side, u16)]) -> Turns {
        heard(Turns::new(Speech::Http2, false), records)
    }

    #[test]
    fn an_upload_that_goes_on_was_granted_more_and_not_reset() {
        let turns = || Turns::new(Speech::Http2, false);
        assert_eq!(after(turns(), &upload_in_http2(20)).0, Some(true));
        assert_eq!(after(turns(), &upload_in_http2(1)).0, None);
    }

    #[test]
    fn who_owes_an_acknowledgement_of_settings_sends_it_with_a_window() {
        let outstanding = |settings: u16| {
            let records = [
                (Client, 64),
                (Server, settings),
                (Client, 58),
                (Client, 9),
                (Client, 16_384),
                (Server, 22),
                (Client, 9),
                (Client, 16_384),
            ];
            in_http2(&records).request_outstanding()
        };
        // SETTINGS of three entries and WINDOW_UPDATE; the same with the acknowledgement behind it.
        assert_eq!(outstanding(40), Some(true));
        assert_eq!(outstanding(49), None);
    }

    #[test]
    fn an_upload_in_http2_may_be_answered_early() {
        let early = |records: &[(Side, u16)]| in_http2(records).answered_early();
        let refused = [(Server, 256), (Server, 13), (Client, 9), (Client, 16_384)];
        let records = [upload_in_http2(20).as_slice(), &refused].concat();
        assert_eq!(early(&records), Some(false));
        // By its head alone; and in the middle of a record, in two records.
        let head = [&upload_in_http2(0)[..4], &refused, &[(Client, 16_384)]].concat();
        assert_eq!(early(&head), Some(false));
        let mut within = in_http2(&upload_in_http2(2));
        for content in [72, 192, 13] {
            within.within_record();
            within.add(Server, 99, content);
        }
        assert_eq!(within.answered_early(), Some(false));
        // What goes on for long, or is followed by another request, was not what was answered.
        let went_on = [records.as_slice(), &[(Client, 16_384); 70]].concat();
        assert_eq!(early(&went_on), None);
        let another = [records.as_slice(), &[(Client, 60)]].concat();
        assert_eq!(early(&another), None);
        let whole = [
            upload_in_http2(20).as_slice(),
            &[(Client, 700), (Server, 256)],
        ]
        .concat();
        assert_eq!(early(&whole), None);
    }

    #[test]
    fn an_early_answer_in_http2_may_come_in_two_parts() {
        let parts = [
            (Client, 16_384),
            (Server, 72),
            (Client, 9),
            (Client, 16_384),
            (Server, 192),
            (Server, 13),
        ];
        let mut turns = in_http2(&upload_in_http2(0)[..4]);
        for (frame, (side, content)) in (20..).zip(parts) {
            if side == Server {
                turns.within_record();
            }
            turns.add(side, frame, content);
        }
        assert_eq!(turns.answered_early(), Some(false));
    }

    #[test]
    fn a_body_that_meets_its_answer_may_be_given_up_in_the_middle_of_a_record() {
        let early = |records: &[(Side, u16)]| {
            let opening = &upload_in_http2(0)[..4];
            in_http2(&[opening, &[(Server, 255)], records].concat()).answered_early()
        };
        assert_eq!(early(&[(Client, 16_384), (Server, 13)]), Some(false));
        let more = [(Client, 16_384), (Client, 16_384), (Server, 13)];
        assert_eq!(early(&more), Some(false));
        assert_eq!(early(&more[..2]), None);
        let another = [(Client, 60), (Client, 16_384), (Server, 13)];
        assert_eq!(early(&another), None);
        let answered = [(Client, 16_384), (Server, 300), (Server, 13)];
        assert_eq!(early(&answered), None);
    }

    #[test]
    fn what_is_answered_beside_an_upload_is_another_request() {
        let beside = [
            (Client, 60),
            (Server, 256),
            (Client, 16_384),
            (Server, 13),
            (Client, 16_384),
        ];
        let records = [upload_in_http2(3).as_slice(), &beside].concat();
        assert_eq!(in_http2(&records).answered_early(), None);
        assert_eq!(
            in_http2(&records[..records.len() - 1]).answered_early(),
            None
        );
    }

    #[test]
    fn an_upload_that_stops_at_its_answer_was_perhaps_refused() {
        let refused = |records: &[(Side, u16)]| in_http2(records).perhaps_refused();
        let answer = [(Server, 72), (Server, 192), (Server, 13)];
        let stopped = [upload_in_http2(5).as_slice(), &answer].concat();
        assert!(refused(&stopped));
        assert!(!refused(&stopped[..stopped.len() - 1]));
        let whole = [upload_in_http2(5).as_slice(), &[(Client, 700)], &answer].concat();
        assert!(!refused(&whole));
    }

    #[test]
    fn frames_of_http2_are_neither() {
        let turns = || Turns::new(Speech::Http2, false);
        // Preface, SETTINGS of three entries and WINDOW_UPDATE; a request; the server's own SETTINGS; its acknowledgement.
        let opening = [
            (Client, 64),
            (Client, 46),
            (Server, 49),
            (Server, 9),
            (Client, 9),
        ];
        assert_eq!(after(turns(), &opening).0, Some(true));
        let answered = [opening.as_slice(), &[(Server, 119)]].concat();
        assert_eq!(after(turns(), &answered).0, Some(false));
        let pinged = [
            answered.as_slice(),
            &[(Client, 17), (Server, 17), (Client, 13)],
        ]
        .concat();
        assert_eq!(after(turns(), &pinged).0, Some(false));
        // A preface alone may be a connection that was opened to be ready; with a request in the same record it is not.
        assert_eq!(after(turns(), &[(Client, 64)]).0, None);
        assert_eq!(after(turns(), &[(Client, 110)]).0, Some(true));
        let again = [answered.as_slice(), &[(Client, 55)]].concat();
        assert_eq!(after(turns(), &again).0, Some(true));
        let unsure = [answered.as_slice(), &[(Client, 26)]].concat();
        assert_eq!(after(turns(), &unsure).0, None);
    }
}
