//! Who left a session, when, and whether with a goodbye.

use whyreset_capture::Span;
use whyreset_connections::{Moment, Side};

use super::alpn::is_http2;
use super::close_notify::{CloseNotifyNotes, PADDED_ALERT_LEN};
use super::record::{ALERT, APPLICATION_DATA};
use super::session::TlsSession;
use super::turns::Turns;
use crate::{AnswerEnd, CloseNotify, TlsHandshake};

/// A client that closes sooner behind an answer has not waited for the rest of it.
pub(super) const SILENCE: Span = Span::from_millis(900);

/// Nor one that closes sooner behind pieces of any length.
const PAUSE: Span = Span::from_millis(300);

/// Event loops fire their timers so much too late.
const LATE: Span = Span::from_millis(150);

impl TlsSession {
    /// Who said goodbye, as far as can be told.
    pub(super) fn close_notify(&self) -> CloseNotify {
        let mut notes = CloseNotifyNotes::default();
        let mut told = false;
        for side in [Side::Client, Side::Server] {
            if self.said_goodbye(side) {
                notes.add(side);
                told = true;
            }
        }
        let ended = self.closed.client.is_some() || self.closed.server.is_some();
        let whole = !self.flows.client.incomplete && !self.flows.server.incomplete;
        let established = self.handshake == TlsHandshake::Complete;
        if told || (ended && whole && established) {
            notes.known()
        } else {
            CloseNotify::Unknown
        }
    }

    pub(super) fn said_goodbye(&self, side: Side) -> bool {
        let flow = self.flows.of(side);
        if flow.opened {
            return self.goodbyes.has(side);
        }
        let Some(last) = flow.last_record else {
            return false;
        };
        if self
            .alert
            .as_ref()
            .is_some_and(|alert| alert.by == side && alert.at == last.at)
        {
            return false;
        }
        match last.header.kind {
            ALERT if self.is_encrypted(side) || self.visible_overhead.is_some() => true,
            ALERT => matches!(*flow.alert.as_slice(), [_, 0]),
            APPLICATION_DATA if self.may_be_13() => {
                // At the very end a record as long is hardly anything else, where HTTP/2 does not have frames of that length.
                let padded =
                    last.header.len == PADDED_ALERT_LEN && !self.alpn().is_some_and(is_http2);
                padded || self.is_alert_in_disguise(side, last.header)
            }
            _ => false,
        }
    }

    /// When a side said goodbye.
    fn goodbye(&self, side: Side) -> Option<Moment> {
        let last = self.flows.of(side).last_record?;
        self.said_goodbye(side).then_some(last.at)
    }

    /// Who said goodbye first, of those who did, and when.
    pub(super) fn first_goodbye(&self) -> Option<(Side, Moment)> {
        let sides = [Side::Client, Side::Server].into_iter();
        let said = sides.filter_map(|side| Some((side, self.goodbye(side)?)));
        said.min_by_key(|(_, at)| at.frame)
    }

    /// The server said goodbye before the client had left. Who does so in return says nothing of its answer with it: libraries answer a
    /// goodbye by themselves, whatever their program was about to send (RFC 8446 §6.1 does not ask for it, RFC 5246 §7.2.1 did).
    pub(super) fn server_took_leave(&self) -> bool {
        let said = self.goodbye(Side::Server);
        let left = self.left(Side::Client);
        said.is_some_and(|said| left.is_none_or(|left| left.frame > said.frame))
    }

    /// The client closed first, long after the server's last answer, which neither an end that can be told nor a goodbye followed.
    pub(super) fn left_in_silence(&self) -> bool {
        let server = &self.flows.server;
        let held = server.last_record.filter(|_| self.holds_a_ticket());
        let answer = self.last_answer().or(held.map(|it| it.at));
        let (Some(answer), Some(left)) = (answer, self.closed.client) else {
            return false;
        };
        let goodbye = self.server_took_leave();
        let first = self.closed.server.is_none_or(|at| at.frame > left.frame);
        let ended = self.turns.as_ref().is_some_and(Turns::answer_has_ended);
        let pause = if self.is_in_pieces() { PAUSE } else { SILENCE };
        // Nor has who was still sending waited.
        let sent = self
            .last_request
            .filter(|_| self.answered_early().is_some());
        let since = sent.map_or(answer.time, |sent| sent.time.max(answer.time));
        first && !goodbye && !ended && !server.opened && left.time - since > pause
    }

    /// All that the server has said since the first request may be a ticket.
    pub(super) fn holds_a_ticket(&self) -> bool {
        self.turns.as_ref().is_some_and(Turns::holds_a_ticket)
    }

    /// The client closed first, right behind one of the many pieces of an answer, and nobody said goodbye.
    pub(super) fn left_amid_pieces(&self) -> bool {
        let (Some(answer), Some(left)) = (self.last_answer(), self.closed.client) else {
            return false;
        };
        let first = self.closed.server.is_none_or(|at| at.frame > left.frame);
        let last_word = self.turns.as_ref().and_then(Turns::last) == Some(Side::Server);
        let goodbye = self.said_goodbye(Side::Client) || self.server_took_leave();
        let readable = self.flows.client.opened || self.flows.server.opened;
        let soon = left.time - answer.time <= PAUSE;
        let long = self.turns.as_ref().is_some_and(Turns::answer_is_long);
        first && last_word && !goodbye && !readable && soon && long && self.is_in_pieces()
    }

    /// The server left before the client did, sooner behind its last answer than one that closes what is idle, or behind a stream
    /// of pieces at a time that no limit on idling explains.
    pub(super) fn left_behind_answer(&self) -> bool {
        let (Some(answer), Some(left)) = (self.last_answer(), self.left(Side::Server)) else {
            return false;
        };
        let first = self
            .left(Side::Client)
            .is_none_or(|at| at.frame > left.frame);
        let last_word = self.turns.as_ref().and_then(Turns::last) == Some(Side::Server);
        let silence = left.time - answer.time;
        let soon = silence <= SILENCE || self.is_in_pieces() && !is_limit(silence);
        let early = self.answered_early().is_some();
        first && last_word && !early && !self.flows.server.opened && soon
    }

    fn is_in_pieces(&self) -> bool {
        let end = self.turns.as_ref().map(Turns::answer_end);
        end == Some(AnswerEnd::InPieces)
    }

    /// When a side said goodbye, or closed without.
    pub(super) fn left(&self, side: Side) -> Option<Moment> {
        self.goodbye(side).or(*self.closed.of(side))
    }

    /// The answer before a GOAWAY, where the server's last word was one, by its length: it broke a rest, nobody had asked, and the server
    /// left right behind it.
    pub(super) fn goaway(&self) -> Option<Moment> {
        let (before, word) = (self.before_goaway?, self.last_answer?);
        let left = self.left(Side::Server)?;
        (left.time - word.time <= LATE).then_some(before)
    }

    pub(super) fn last_answer(&self) -> Option<Moment> {
        self.goaway().or(self.last_answer)
    }
}

/// A whole number of seconds, or a little more: limits on idling are set so, and fire late.
fn is_limit(silence: Span) -> bool {
    silence.nanos().rem_euclid(1_000_000_000) <= LATE.nanos()
}
