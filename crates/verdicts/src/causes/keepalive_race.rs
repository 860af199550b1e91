//! `keepalive_race`: a request on a kept-alive connection met the server's idle close.

use whyreset_capture::Span;

use crate::case::Case;
use crate::cause::{CauseRule, Page, any_of, never, on, weights};
use crate::observations::SHORTEST_IDLE;
use crate::observations::ids::*;
use crate::{Cause, EndedBy, Observations, wording};

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::KeepaliveRace,
    page: PAGE,
    prior: 0.4,
    prior_because: "with pooled connections and short idle limits it happens daily",
    needs: any_of(&[
        REQUEST_CROSSED_CLOSE,
        REQUEST_AFTER_CLOSE,
        ASKED_BEHIND_LAST,
    ]),
    weights: weights(&[
        on(
            WORDS_LEFT_OUT,
            0.5,
            "what would speak against it may stand in the rows that were left out",
        ),
        on(
            ASKED_BEHIND_LAST,
            6.0,
            "the server had announced its close, and does nothing of what was asked behind that",
        ),
        on(
            RST_BEFORE_OPEN,
            0.3,
            "its program cannot have had the connection yet",
        ),
        on(
            JUST_OPENED,
            0.1,
            "it had not been idle: it was closed a moment after it was opened",
        ),
        on(NO_REST, 0.1, "it had not been idle"),
        on(
            LEFT_IN_WORDS_ASKED,
            0.1,
            "it says why it closes, in answer to the client: it had not been idle",
        ),
        on(
            DECLINED_IN_WORDS,
            0.3,
            "it had just answered with a no: it had not been idle",
        ),
        on(
            KEPT_ALIVE,
            4.0,
            "earlier exchanges were whole: the connection had been kept alive",
        ),
        on(
            FIRST_REQUEST,
            0.08,
            "it is the connection's first request: idle limits strike there only on connections opened in advance",
        ),
        on(
            REQUEST_CROSSED_CLOSE,
            4.0,
            "the close cannot have known of the request, nor the request of the close",
        ),
        on(
            CLOSE_UNHEARD,
            0.1,
            "what crosses is on its way for a round trip at most: this close was lost again and again",
        ),
        on(
            REQUEST_AFTER_CLOSE,
            3.0,
            "the client used a connection that the server had already closed",
        ),
        on(
            SAME_IDLE_CLOSE,
            2.0,
            "the server closes others after the same idle time",
        ),
        on(TIMER_FITS, 1.5, "the idle time is a known default"),
        on(ORIGIN_DEVICE, 0.3, "the RST is not the server's"),
        on(
            CLOSE_ANNOUNCED,
            0.6,
            "the server had announced its close; the client should have known",
        ),
    ]),
    never: &[never(
        CLOSE_KNEW_REQUEST,
        "the server had received the request when it closed",
    )],
    suspected_on: any_of(&[]),
    ended_by: |_| EndedBy::Server,
    summary,
    would_be: "if the server had closed the idle connection before the request reached it",
    next_steps: |_, _| {
        vec![
            "Let the client (or the proxy before the server) close idle connections earlier than the server does, by at least a round trip and some seconds.".to_owned(),
            "Let the client repeat such requests: nothing of it was processed (safe for GET; for POST only with the application's consent).".to_owned(),
        ]
    },
};

fn summary(case: &Case<'_>, found: &Observations) -> String {
    let name = case
        .accounts
        .open
        .as_ref()
        .map_or_else(|| "the request".to_owned(), |open| open.name());
    let idle = idled(case)
        .map(|length| format!(" after {} of idling", wording::span(length)))
        .unwrap_or_default();
    if let Some(announced) = found.get(ASKED_BEHIND_LAST) {
        return format!(
            "The server had announced its close with the answer before, and did nothing about {name}, which the client had sent all the same ({}): repeat it on a new one.",
            wording::frames(announced.frames)
        );
    }
    if found.has(REQUEST_AFTER_CLOSE) {
        return format!(
            "The client sent {name} on a kept-alive connection that the server had already closed{idle}: repeat it on a new one."
        );
    }
    format!(
        "The server's idle close{idle} crossed {name}: a keep-alive race; the request was never processed."
    )
}

/// How long the connection had rested: the silence that the request or the close broke, where it was one.
fn idled(case: &Case<'_>) -> Option<Span> {
    let c = case.connection;
    let asked = case.accounts.open.as_ref().and_then(|open| open.started);
    let close = case.close.map(|close| close.at.frame);
    let broken = c.silence_before_end.iter().chain(&c.silences);
    let at_the_end = broken.filter(|silence| {
        let until = Some(silence.until.frame);
        until == close || until == asked.map(|at| at.frame)
    });
    let longest = at_the_end.map(|silence| silence.length).max();
    longest
        .or_else(|| c.silences.first().map(|silence| silence.length))
        .filter(|length| *length >= SHORTEST_IDLE)
}

const PAGE: Page = Page {
    title: "A request met the server's idle close",
    what: "The client sent a request on a kept-alive connection while the server was closing it for being idle. The server's host answers with RST (the socket is closed), or swallows it. Nobody did anything wrong; the two idle limits do not fit together.",
    at_client: "The request leaves; less than a round trip later the server's FIN arrives, which does not acknowledge it; then a bare RST.",
    at_server: "FIN leaves after an idle time (often 5, 60, 65 or 75 s); within a round trip the request arrives, without acknowledging the FIN; a bare RST answers.",
    between: "FIN and request pass each other.",
    mistaken_for: "server_abort (there the server's close acknowledges the request), peer_state_lost (no FIN before the RST), idle_state_lost (a device answers, or nobody).",
    people_see: &[
        "Firefox and Chrome repeat a GET silently; for a POST: ERR_CONNECTION_RESET, ERR_EMPTY_RESPONSE; curl: exit 52 or 56, or Connection died, retrying a fresh connect; wget: Read error (Connection reset by peer) in headers, Retrying; Java: NoHttpResponseException; Node.js: ECONNRESET, socket hang up",
        "nginx as a proxy: upstream prematurely closed connection while reading response header, 502 now and then; HAProxy: SH 502 with retries; AWS ALB: 502 with target_status -",
    ],
    sources: &[
        "RFC 9112 §9.3.1, §9.5",
        "Node.js issue 17749 (keepAliveTimeout 5 s)",
        "AWS ALB troubleshooting: HTTP 502",
    ],
};
