//! `none`: nothing went wrong.

use whyreset_connections::Side;

use crate::cause::{CauseRule, Page, on};
use crate::observations::ids::*;
use crate::observations::{declined, last_words};
use crate::{Cause, EndedBy, steps, wording};

use super::side;

/// What is said where the capture does not hold how long the response was to be.
pub(crate) fn as_far_as_captured(both_closed: bool, closer: Side) -> String {
    format!(
        "Nothing went wrong as far as the capture shows: all that was sent was acknowledged, and {}, {} first; how long the response was to be does not show.",
        if both_closed {
            "both closed in order"
        } else {
            "the close was in order"
        },
        wording::side(closer)
    )
}

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::None,
    page: PAGE,
    prior: 1.0,
    prior_because: "most connections that look well are well",
    needs: &[ENDED_WELL, OPEN_AND_WELL, FIRST_WORD_UNANSWERED],
    weights: &[
        on(
            ANSWERED_LATE,
            0.8,
            "servers keep the connection behind what they have answered in full",
        ),
        on(
            CLOSED_UNUSED,
            2.0,
            "browsers open sessions in advance, and leave many unused",
        ),
        on(
            LEFT_WITHOUT_GOODBYE,
            0.6,
            "clients take leave with QUIT; many a monitor or robot just leaves",
        ),
        on(
            SESSION_DROPPED,
            0.3,
            "in SSH it is the client that ends the session, or the server says before what its program ended with",
        ),
        on(
            CLOSE_IN_RETURN_UNSEEN,
            0.5,
            "whether the server noticed at once that the client had left, as one that waits does, is not in the capture",
        ),
        on(
            CLOSE_UNHEEDED,
            0.6,
            "a server that waits for the next request closes as soon as the client has",
        ),
        on(
            LEFT_BEFORE_END,
            0.35,
            "who wants all of an answer without a length waits for the server to close",
        ),
        on(
            GAP_BEFORE_FAILURE,
            0.3,
            "who sends again what nobody acknowledges waits for more than a moment",
        ),
        on(ONLY_DELIVERED, 12.0, "the client expects no answers"),
        on(
            TICKET_OR_ANSWER,
            0.15,
            "most servers of TLS 1.3 send a ticket: one that has sent nothing else has not answered",
        ),
        on(
            WORDS_LEFT_OUT,
            0.6,
            "what would speak against it may stand in the rows that were left out",
        ),
        on(
            LAST_WORD_UNTOLD,
            0.3,
            "the client had the last word, and the server had answered before",
        ),
        on(ACKS_LOST, 0.05, "acknowledgements do not get through"),
        on(
            REQUEST_UNREAD,
            0.3,
            "what the client sent last is not in the capture: it may have been cut, or left without an answer",
        ),
        on(
            PERHAPS_REJECTED,
            0.5,
            "the server refused an upload, and may have left the rest of it unread",
        ),
        on(
            BEGUN_UNHEARD,
            0.7,
            "what was asked first is not in the capture",
        ),
        on(
            HEARD_IN_PART,
            0.5,
            "what was asked and promised is not in the capture",
        ),
        on(
            GAP_BEFORE_CLOSE,
            0.6,
            "what was owed at the end may stand in the rows that were left out",
        ),
        on(
            UNTIMED,
            0.3,
            "a client that had asked, and waited in vain, leaves so as well",
        ),
        on(
            HOLE_STAYS,
            0.2,
            "bytes were missing for seconds, and nobody filled them in",
        ),
        on(
            REFUSED_IN_WORDS,
            0.12,
            "the server said that it does not serve the client: nobody had what they came for",
        ),
        on(
            TIMED_OUT_IN_WORDS,
            0.5,
            "the server said that it had waited too long; nothing else is missing",
        ),
        on(
            LEFT_IN_WORDS,
            0.3,
            "the server said that it ends the session; nothing was asked at that moment",
        ),
        on(
            LEFT_IN_WORDS_ASKED,
            0.12,
            "the server said that it ends the session, where an answer was due",
        ),
        on(
            PING_OF_CLIENT_UNANSWERED,
            0.05,
            "the server's program did not answer any more",
        ),
        on(
            PING_OF_SERVER_UNANSWERED,
            0.05,
            "the client's program did not answer any more",
        ),
        on(
            WEBSOCKET_CUT_BY_CLIENT,
            0.25,
            "programs take leave of a WebSocket with a close frame; many a client just leaves, and nobody misses it",
        ),
        on(
            WEBSOCKET_CUT_BY_SERVER,
            0.12,
            "programs take leave of a WebSocket with a close frame",
        ),
        on(
            ROUND_SINCE_OPENING,
            0.6,
            "limits on idling count from the last word",
        ),
        on(
            IDLE_CLOSE_FITS,
            2.5,
            "clients close what they no longer use after so long",
        ),
        on(
            WINDOW_ZERO_AT_END,
            0.4,
            "the receiver's window is shut when the capture ends",
        ),
        on(
            HOLE_AT_END,
            0.25,
            "bytes are missing that nobody has sent again",
        ),
        on(
            NOT_KEPT,
            0.85,
            "the server did not keep the connection behind its answer, which may have been cut",
        ),
        on(
            FIRST_WORD_UNANSWERED,
            0.12,
            "the client's first word got no answer; who only delivers expects none",
        ),
        on(
            GREETING_MISSING,
            0.15,
            "the server had to speak first and did not; a check holds its connection as long, now and then",
        ),
        on(LISTENER_TALKS, 0.15, "the same listener answers others"),
        on(
            STREAM_CANCELLED,
            0.12,
            "a request inside was cancelled before it was answered in full: browsers do so with what they no longer need",
        ),
        on(STREAM_GIVEN_UP, 0.05, "the server gave up a request inside"),
        on(
            STREAM_REFUSED,
            3.0,
            "what the server had not begun with is repeated by most clients",
        ),
        on(
            STREAM_RETRIED,
            10.0,
            "it was asked for again, and answered: nobody lost anything but time",
        ),
        on(
            STREAM_PERHAPS_GIVEN_UP,
            0.3,
            "by its length the server's last record may give up the request",
        ),
        on(NO_PROMISE, 3.0, "what has no end cannot be had in full"),
        on(
            ONE_SIDED,
            0.35,
            "the other direction is not in the capture: answers may have been there",
        ),
        on(
            TLS_ALERT_ENCRYPTED,
            0.1,
            "an alert before the first request is more likely the reason",
        ),
        on(
            UNANSWERED_TAIL,
            0.02,
            "a connection that is well has no segment that nobody acknowledges",
        ),
        on(
            FIN_UNANSWERED,
            0.15,
            "a FIN that is never acknowledged: the other side was gone, though nothing was owed any more",
        ),
        on(
            SECOND_FIN_UNHEARD,
            100.0,
            "who closes second says goodbye to somebody who has left: nobody lost anything",
        ),
        on(SCAN_PROBE, 0.03, "it is no connection"),
        on(
            PROBES_BETWEEN_GAPS,
            0.4,
            "whether the probes were answered does not show",
        ),
        on(
            KEEP_ALIVE_UNANSWERED,
            0.03,
            "probes that nobody answers: the other side, or the path to it, was gone",
        ),
        on(WINDOW_SHUT, 0.05, "a program that has stopped reading"),
        on(
            DIFFERENT_PROTOCOLS,
            0.03,
            "each side speaks a protocol of its own: nothing can come of it",
        ),
        on(TLS_ALERT, 0.03, "a handshake that ends in an alert"),
        on(TLS_BROKEN_OFF, 0.1, "a handshake that is never finished"),
        on(
            TLS_LEFT_AT_ONCE,
            0.5,
            "whoever opens TLS without asking for anything has refused the certificate, or checks it",
        ),
        on(
            HOLE_NEVER_FILLED,
            0.1,
            "bytes that were sent, and never came: somebody had more to say",
        ),
        on(SYN_ACK_UNHEARD, 0.05, "neither heard the other any more"),
        on(
            SYN_ACK_REPEATED,
            0.05,
            "a server's host that does not take the connection up",
        ),
    ],
    never: &[],
    suspected_on: &[],
    ended_by: |case| match case.closer() {
        Some(closer) => side(closer),
        None => EndedBy::None,
    },
    summary: |case, found| {
        if found.has(OPEN_AND_WELL) {
            return "Nothing is wrong: the capture ends while the connection is alive.".to_owned();
        }
        if case.accounts.unread.is_some()
            && let Some(closer) = case.closer()
        {
            return as_far_as_captured(case.both_finished(), closer);
        }
        if case.accounts.unpromised.is_some() && found.has(PERHAPS_LEFT_EARLY) {
            return "Nothing went wrong as far as the capture shows: the client closed in order, behind all that had come; an answer without a length ends with the connection, and the client did not wait for that.".to_owned();
        }
        if case.accounts.unpromised.is_some() && found.has(PERHAPS_TRUNCATED) {
            return "Nothing went wrong as far as the capture shows: all that was sent arrived, and the server closed in order, which is how this answer ends; a program that dies half-way ends it alike.".to_owned();
        }
        if found.has(TLS_LEFT_AT_ONCE) {
            return "Nothing went wrong as far as the capture shows: the client opened a TLS session and left without asking for anything, as those do that check a certificate, or a port.".to_owned();
        }
        if let Some(closer) = case.closer().filter(|_| declined(case)) {
            return format!(
                "Nothing went wrong with the connection: the server's answer was a no, {}, and {} closed in order.",
                last_words(case),
                wording::side(closer)
            );
        }
        if let Some(retried) = found.get(STREAM_RETRIED) {
            return format!(
                "Nothing was lost: the server refused a request that it had not begun with, and the client asked again and had it ({}).",
                wording::frames(&retried.frames)
            );
        }
        if let Some(closer) = case.closer().filter(|_| found.has(REQUEST_UNREAD)) {
            return format!(
                "Nothing went wrong as far as the capture shows: {} closed in order; what the client had sent last was not captured in full.",
                wording::side(closer)
            );
        }
        let left_behind_it = found.has_any(&[PERHAPS_TRUNCATED, STREAM_PERHAPS_GIVEN_UP]);
        if let Some(closer) = case
            .closer()
            .filter(|_| left_behind_it && case.accounts.encrypted)
        {
            return format!(
                "Nothing went wrong as far as the capture shows: {} closed in order; whether the last answer was whole does not show inside TLS.",
                wording::side(closer)
            );
        }
        if let Some(closer) = case.closer().filter(|_| found.has(LEFT_AMID_PIECES)) {
            return format!(
                "Nothing went wrong as far as the capture shows: {} closed in order, right behind an encrypted answer in pieces; whether it was whole does not show inside TLS.",
                wording::side(closer)
            );
        }
        let doubted = found.has_any(&[PERHAPS_LEFT_EARLY, ROUND_SINCE_OPENING]);
        if let Some(closer) = case.closer().filter(|_| doubted && case.accounts.encrypted) {
            return format!(
                "Nothing went wrong as far as the capture shows: {} closed in order, after a silence; whether the last answer was whole does not show inside TLS.",
                wording::side(closer)
            );
        }
        if let Some(closer) = case.closer().filter(|_| found.has(CLOSE_ALONE)) {
            return format!(
                "Nothing shows that anything went wrong: {} closed in order; what was said before was not captured.",
                wording::side(closer)
            );
        }
        if let Some(closer) = case.closer().filter(|_| found.has(HEARD_IN_PART)) {
            return format!(
                "Nothing went wrong as far as the capture shows: {} closed in order; what was asked and promised is not in it.",
                wording::side(closer)
            );
        }
        match (case.closer(), case.accounts.silent) {
            (Some(closer), true) => format!(
                "Nothing went wrong: opened and closed without any data, {} first.",
                wording::side(closer)
            ),
            (Some(closer), false) if !case.both_finished() => format!(
                "Nothing went wrong as far as the capture shows: everything was delivered, and {} closed in order; the other side's close is not in it.",
                wording::side(closer)
            ),
            (Some(closer), false) => format!(
                "Nothing went wrong: everything was delivered, and both closed in order, {} first.",
                wording::side(closer)
            ),
            (None, _) => "Nothing went wrong.".to_owned(),
        }
    },
    would_be: "if what seems to be missing was not expected by anybody",
    next_steps: |case, found| {
        steps::list([
            steps::read_the_promise(case, found),
            steps::read_its_log(case, found),
            steps::read_the_session(case, found),
            steps::look_for_a_lost_request(found),
        ])
    },
};

const PAGE: Page = Page {
    title: "Nothing went wrong",
    what: "The connection was closed in order with nothing missing, or is still open and well. Retransmissions, duplicate ACKs, window updates and keep-alive probes on the way are the ordinary work of TCP.",
    at_client: "FIN from one side, FIN from the other, both acknowledged; every response as long as it was promised to be.",
    at_server: "The same. The last acknowledgement of the client may be missing where its host went to sleep: nobody lost anything.",
    between: "The same.",
    mistaken_for: "A failure, by programs that count retransmissions, or take a half-close (FIN from one side while the other still sends), a HEAD or 304 response without its promised length, or an idle time-out after a complete exchange for one.",
    people_see: &["nothing, or a slow page"],
    sources: &[
        "RFC 9293 §3.6 (closing a connection)",
        "RFC 9112 §9.6 (tear-down)",
    ],
};
