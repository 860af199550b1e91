//! `none`: nothing went wrong.

use whyreset_connections::Side;

use crate::case::Case;
use crate::cause::{CauseRule, Page, any_of, on, weights};
use crate::observations::{Id, ids::*};
use crate::observations::{declined, last_words};
use crate::{Cause, EndedBy, Observations, steps, wording};

use super::{nothing_missing, side};

const AS_FAR_AS_SHOWN: &str = "Nothing went wrong as far as the capture shows";

/// What is said where the capture does not hold how long the response was to be.
pub(crate) fn as_far_as_captured(both_closed: bool, closer: Side) -> String {
    format!(
        "{AS_FAR_AS_SHOWN}: all that was sent was acknowledged, and {}, {} first; how long the response was to be does not show.",
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
    needs: any_of(&[ENDED_WELL, OPEN_AND_WELL, FIRST_WORD_UNANSWERED, HEARD_OUT]),
    weights: weights(&[
        nothing_missing::ANSWER_REFUSED,
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
            LEFT_OWING,
            0.05,
            "the server never said that it had taken what it waited for",
        ),
        nothing_missing::LEFT_WITHOUT_GOODBYE,
        nothing_missing::SESSION_DROPPED,
        nothing_missing::SESSION_CUT,
        nothing_missing::CLOSED_BEHIND_WORD,
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
        nothing_missing::TICKET_OR_ANSWER,
        on(
            WORDS_LEFT_OUT,
            0.6,
            "what would speak against it may stand in the rows that were left out",
        ),
        nothing_missing::LAST_WORD_UNTOLD,
        on(ACKS_LOST, 0.05, "acknowledgements do not get through"),
        on(
            ACKS_PERHAPS_LOST,
            0.15,
            "acknowledgements have not got through for some time",
        ),
        nothing_missing::REQUEST_UNREAD,
        on(
            PERHAPS_REJECTED,
            0.5,
            "the server refused an upload, and may have left the rest of it unread",
        ),
        on(
            BEGUN_UNHEARD,
            0.45,
            "what was asked first is not in the capture",
        ),
        nothing_missing::HEARD_IN_PART,
        nothing_missing::UNREAD_TALK,
        nothing_missing::UNREAD_STOPPED,
        nothing_missing::UNREAD_LEFT_AFTER_WAIT,
        nothing_missing::UNREAD_UPLOAD_LEFT,
        on(
            GAP_BEFORE_CLOSE,
            0.6,
            "what was owed at the end may stand in the rows that were left out",
        ),
        nothing_missing::UNTIMED,
        on(
            BODY_AT_REST,
            0.35,
            "a body does not rest so long where all is well",
        ),
        on(
            SENT_NEVER_CAME,
            0.02,
            "bytes that were sent did not come, for seconds",
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
        nothing_missing::TIMED_OUT_IN_WORDS,
        nothing_missing::LEFT_IN_WORDS,
        on(
            LEFT_IN_WORDS_ASKED,
            0.12,
            "the server said that it ends the session, where an answer was due",
        ),
        nothing_missing::PING_OF_CLIENT_UNANSWERED,
        nothing_missing::PING_OF_SERVER_UNANSWERED,
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
        nothing_missing::NOT_KEPT,
        on(
            FIRST_WORD_UNANSWERED,
            0.12,
            "the client's first word got no answer; who only delivers expects none",
        ),
        on(
            HEARD_OUT,
            0.4,
            "who only delivers expects no answer; whether one was due is not known",
        ),
        nothing_missing::GREETING_MISSING,
        on(LISTENER_TALKS, 0.15, "the same listener answers others"),
        on(
            STREAM_CANCELLED,
            0.12,
            "a request inside was cancelled before it was answered in full: browsers do so with what they no longer need",
        ),
        nothing_missing::STREAM_GIVEN_UP,
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
        nothing_missing::STREAM_PERHAPS_GIVEN_UP,
        nothing_missing::NO_PROMISE,
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
            ODD_ANSWER,
            0.15,
            "what came is no answer in the client's protocol",
        ),
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
    ]),
    never: &[],
    suspected_on: any_of(&[]),
    ended_by: |case| match case.closer() {
        Some(closer) => side(closer),
        None => EndedBy::None,
    },
    summary,
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

fn summary(case: &Case<'_>, found: &Observations) -> String {
    if found.has(OPEN_AND_WELL) {
        return "Nothing is wrong: the capture ends while the connection is alive.".to_owned();
    }
    without_a_length(case, found)
        .or_else(|| something_else_happened(case, found))
        .or_else(|| in_order_but(case, found, case.closer()?))
        .unwrap_or_else(|| everything_was_delivered(case))
}

/// The response ends with the connection, or how long it was to be was not captured.
fn without_a_length(case: &Case<'_>, found: &Observations) -> Option<String> {
    let unread = case.accounts.unread.is_some();
    if let Some(closer) = case.closer().filter(|_| unread) {
        return Some(as_far_as_captured(case.both_finished(), closer));
    }
    let unpromised = case.accounts.unpromised.is_some();
    let why = if unpromised && found.has(PERHAPS_LEFT_EARLY) {
        "the client closed in order, behind all that had come; an answer without a length ends with the connection, and the client did not wait for that"
    } else if unpromised && found.has(PERHAPS_TRUNCATED) {
        "all that was sent arrived, and the server closed in order, which is how this answer ends; a program that dies half-way ends it alike"
    } else {
        return None;
    };
    Some(format!("{AS_FAR_AS_SHOWN}: {why}."))
}

/// Nothing was asked, the answer was a no, or a request had to be repeated.
fn something_else_happened(case: &Case<'_>, found: &Observations) -> Option<String> {
    if found.has(TLS_LEFT_AT_ONCE) {
        return Some(format!(
            "{AS_FAR_AS_SHOWN}: the client opened a TLS session and left without asking for anything, as those do that check a certificate, or a port."
        ));
    }
    if let Some(closer) = case.closer().filter(|_| declined(case)) {
        return Some(format!(
            "Nothing went wrong with the connection: the server's answer was a no, {}, and {} closed in order.",
            last_words(case),
            wording::side(closer)
        ));
    }
    found.get(STREAM_RETRIED).map(|retried| {
        format!(
            "Nothing was lost: the server refused a request that it had not begun with, and the client asked again and had it ({}).",
            wording::frames(retried.frames)
        )
    })
}

/// Closed in order, but something that matters does not show.
fn in_order_but(case: &Case<'_>, found: &Observations, closer: Side) -> Option<String> {
    let in_tls = |doubts: &[Id]| case.accounts.encrypted && found.has_any(doubts);
    let (begin, but) = if found.has(REQUEST_UNREAD) {
        (
            AS_FAR_AS_SHOWN,
            "; what the client had sent last was not captured in full",
        )
    } else if in_tls(&[PERHAPS_TRUNCATED, STREAM_PERHAPS_GIVEN_UP]) {
        (
            AS_FAR_AS_SHOWN,
            "; whether the last answer was whole does not show inside TLS",
        )
    } else if found.has(LEFT_AMID_PIECES) {
        (
            AS_FAR_AS_SHOWN,
            ", right behind an encrypted answer in pieces; whether it was whole does not show inside TLS",
        )
    } else if in_tls(&[PERHAPS_LEFT_EARLY, ROUND_SINCE_OPENING]) {
        (
            AS_FAR_AS_SHOWN,
            ", after a silence; whether the last answer was whole does not show inside TLS",
        )
    } else if found.has(HEARD_OUT) {
        (
            AS_FAR_AS_SHOWN,
            ", and the server had not said anything; whether it was to is not known",
        )
    } else if found.has(CLOSE_ALONE) {
        (
            "Nothing shows that anything went wrong",
            "; what was said before was not captured",
        )
    } else if found.has_any(&[HEARD_IN_PART, BEGUN_UNHEARD]) {
        (
            AS_FAR_AS_SHOWN,
            "; what was asked and promised is not in it",
        )
    } else {
        return None;
    };
    let closer = wording::side(closer);
    Some(format!("{begin}: {closer} closed in order{but}."))
}

fn everything_was_delivered(case: &Case<'_>) -> String {
    let Some(closer) = case.closer().map(wording::side) else {
        return "Nothing went wrong.".to_owned();
    };
    if case.accounts.silent {
        format!("Nothing went wrong: opened and closed without any data, {closer} first.")
    } else if case.both_finished() {
        format!(
            "Nothing went wrong: everything was delivered, and both closed in order, {closer} first."
        )
    } else {
        format!(
            "{AS_FAR_AS_SHOWN}: everything was delivered, and {closer} closed in order; the other side's close is not in it."
        )
    }
}

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
