//! `server_timeout`: the server waited for the client and gave up.

use crate::case::Case;
use crate::cause::{CauseRule, Page, any_of, never, on, weights};
use crate::observations::ids::*;
use crate::observations::last_words;
use crate::{Cause, EndedBy, Observations, steps, wording};

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::ServerTimeout,
    page: PAGE,
    prior: 0.2,
    prior_because: "every server limits how long it waits for a request",
    needs: any_of(&[
        SERVER_LEFT_EARLY,
        CLOSED_UNUSED,
        TIMEOUT_STATUS,
        WEBSOCKET_CUT_BY_SERVER,
        PING_OF_SERVER_UNANSWERED,
        TIMED_OUT_IN_WORDS,
        ANSWERED_LATE,
        SESSION_DROPPED,
        SESSION_CUT,
    ]),
    weights: weights(&[
        on(
            STOPPED_TOGETHER,
            0.006,
            "a limit strikes each connection in its own time: these were closed at once, after different waits",
        ),
        on(
            UNSEEN_CLIENT_CLOSED,
            0.1,
            "the server followed a client that had closed",
        ),
        on(
            SENT_NEVER_CAME,
            0.1,
            "what it sent was lost on the way: that is the root",
        ),
        on(
            PING_OF_SERVER_UNANSWERED,
            12.0,
            "it asked whether the other side lives, and waited for that in vain",
        ),
        on(PAUSE_IS_USUAL, 0.3, "it had borne such pauses before"),
        on(
            WORDS_LEFT_OUT,
            0.5,
            "what would speak against it may stand in the rows that were left out",
        ),
        on(UNTIMED, 1.2, "a wait before the close would not show"),
        on(
            SPOKE_AT_LAST,
            0.1,
            "it said something first, and what does not show: that may have been the answer",
        ),
        on(
            TIMED_OUT_IN_WORDS,
            1.2,
            "it says itself that it had waited too long",
        ),
        on(
            ANSWERED_LATE,
            0.4,
            "it did not keep the connection behind a late answer; but others are just slow",
        ),
        on(
            SESSION_DROPPED,
            0.15,
            "servers give sessions up that are idle, or do not answer their probes",
        ),
        on(
            SESSION_CUT,
            0.7,
            "many limit how long a session may idle; others are told to end it, or stop",
        ),
        on(
            REFUSED_IN_WORDS,
            0.1,
            "it says that it does not serve the client, not that it had waited",
        ),
        on(LEFT_IN_WORDS, 0.3, "it gives another reason"),
        on(LEFT_IN_WORDS_ASKED, 0.2, "it gives another reason"),
        on(
            WEBSOCKET_CUT_BY_SERVER,
            0.7,
            "a limit on a silent WebSocket, or tunnel, strikes without a close frame",
        ),
        on(
            KEEP_ALIVE_UNANSWERED,
            0.15,
            "its probes had got no answer: that is the root",
        ),
        on(
            NOTHING_LARGE_CAME,
            0.4,
            "what it waited for may have been sent, and lost for its size",
        ),
        on(
            HALF_ROUND_WAIT,
            1.5,
            "limits are set to half seconds now and then",
        ),
        on(
            ONE_SIDED,
            0.4,
            "the other direction is not in the capture: answers may have been there",
        ),
        on(
            EARLIER_FORGERY,
            0.1,
            "somebody had forged a RST in this connection before",
        ),
        on(
            TLS_ALERT_ENCRYPTED,
            0.1,
            "an alert before the first request is more likely the reason",
        ),
        on(
            UNLIKELY_PORT,
            0.3,
            "it closed because it did not understand what it read",
        ),
        on(
            REQUEST_NEVER_ARRIVED,
            0.3,
            "the client had spoken, but it never reached the server",
        ),
        on(
            LONG_WAIT,
            5.0,
            "the server had been waiting in silence when it closed",
        ),
        on(
            HEAD_TOO_SLOW,
            4.0,
            "servers bear a head that takes its time for some seconds only",
        ),
        on(NO_WAIT, 0.05, "it had not been waiting"),
        on(
            ROUND_WAIT,
            3.0,
            "it closed after a round time, as timers do",
        ),
        on(
            WAIT_NOT_ROUND,
            0.5,
            "limits are set to round numbers; this wait is none",
        ),
        on(TIMER_FITS, 1.5, "the wait is a known default"),
        on(
            TIMEOUT_STATUS,
            20.0,
            "it says so itself: 408, or 504 from a proxy",
        ),
        on(
            REQUEST_UNFINISHED,
            3.0,
            "it was the client's turn: the request was not whole",
        ),
        on(
            CLOSED_UNUSED,
            3.0,
            "it was the client's turn: no request had come",
        ),
        on(
            CLOSED_WITHOUT_GREETING,
            0.005,
            "it was its own turn to speak: it waited for no request",
        ),
        on(
            PERHAPS_UNFINISHED,
            5.0,
            "it is long enough for an upload, of which the rest may not have come",
        ),
        on(
            PERHAPS_HALF_A_HEAD,
            12.0,
            "it is too short for a request: the server may have waited for the rest",
        ),
        on(
            REQUEST_UNANSWERED,
            0.1,
            "it was the server's own turn: it owed the answer",
        ),
        on(TRUNCATED_BY_FIN, 0.15, "it was sending itself"),
        on(RESPONSE_UNFINISHED, 0.4, "it was sending itself"),
        on(REFUSING_STATUS, 0.3, "it refused the request"),
        on(
            REQUEST_CROSSED_CLOSE,
            0.1,
            "idle connections that are closed while a request is under way have a name of their own",
        ),
        on(REQUEST_AFTER_CLOSE, 0.1, "the request came after the close"),
        on(
            CLOSED_BEFORE_SENT,
            10.0,
            "its FIN waited behind what was still to be sent",
        ),
        on(
            RST_PASSIVE,
            0.1,
            "a bare RST without FIN: the host had lost the connection",
        ),
        on(
            WINDOW_SHUT,
            0.1,
            "the client had stopped reading: that is the root",
        ),
        on(
            ACKS_LOST,
            0.05,
            "one direction had failed: that is the root",
        ),
        on(
            OUTAGE,
            0.01,
            "nothing got through while it waited: that is the root",
        ),
        on(
            UNANSWERED_TAIL,
            0.15,
            "packets had stopped getting through: that is the root",
        ),
        on(ORIGIN_DEVICE, 0.05, "the RST is not the server's"),
        on(
            SENDER_WENT_ON,
            0.02,
            "a server that gives up does not go on",
        ),
        on(TLS_ALERT, 0.05, "an alert is the reason"),
        on(
            DIFFERENT_PROTOCOLS,
            0.1,
            "it waited for something that could not come",
        ),
    ]),
    never: &[never(CLIENT_LEFT_EARLY, "the client closed first")],
    suspected_on: any_of(&[LONG_WAIT]),
    ended_by: |_| EndedBy::Server,
    summary,
    would_be: "if the server's limit for the client's next bytes had run out",
    next_steps: |_, found| {
        if let Some(step) = steps::keep_websockets_awake(found) {
            return vec![step];
        }
        let mut steps = vec![
            "Find out why the client sent nothing more: a slow or stuck program, a half-open browser connection, a scanner.".to_owned(),
        ];
        if found.has(TIMER_FITS) || found.has(ROUND_WAIT) {
            steps.push("Compare the wait with the server's settings (header, body and keep-alive time-outs) before raising one.".to_owned());
        }
        steps
    },
};

fn summary(case: &Case<'_>, found: &Observations) -> String {
    if let Some(ping) = found.get(PING_OF_SERVER_UNANSWERED) {
        return format!(
            "The server's WebSocket ping got no pong, and it gave the client up ({}): look at what held the client's program up.",
            wording::frames(ping.frames)
        );
    }
    let waited = case
        .wait
        .map(|wait| format!("after {} ", wording::span(wait.since_data.max(wait.length))))
        .unwrap_or_default();
    let frame = case.close.map_or(0, |close| close.at.frame);
    let what = if found.has(CLOSED_UNUSED) {
        "for a request".to_owned()
    } else if found.has(WEBSOCKET_CUT_BY_SERVER) {
        "for something to be said in the WebSocket".to_owned()
    } else if found.has(ANSWERED_LATE) {
        "for the rest of an upload".to_owned()
    } else if found.has(RESPONSE_UNFINISHED) {
        "for room to send".to_owned()
    } else {
        match &case.accounts.open {
            Some(open) => format!("for the rest of {}", open.name()),
            None => "for the client".to_owned(),
        }
    };
    let said = if found.has(TIMED_OUT_IN_WORDS) {
        format!(", and said why: {}", last_words(case))
    } else {
        String::new()
    };
    format!("The server gave up waiting {waited}{what} and closed (frame {frame}){said}.")
}

const PAGE: Page = Page {
    title: "The server gave up waiting for the client",
    what: "The server waited for the client (a request, the rest of it, or room to send) and its limit ran out: header, body, send or idle time-out. A close for being idle after complete exchanges is no failure, and not meant here, unless the server says that it ends a session for that (FTP, SMTP, IMAP, databases).",
    at_client: "FIN (or 408 and FIN, or RST) from the server after a silence in which it was the client's turn.",
    at_server: "The same; the silence is usually a configured, round number.",
    between: "The same.",
    mistaken_for: "server_abort (no wait, or it was the server's own turn), receiver_stalled (the window was shut), keepalive_race (a request was on its way), path_blackhole (the client did send, but it did not arrive).",
    people_see: &[
        "browsers: usually a silent retry; for uploads Firefox: The connection was reset, Chrome: ERR_TIMED_OUT or ERR_CONNECTION_RESET; curl: exit 52 (empty reply), 55 or 56 (reset while sending), or 408 in the answer; wget: exit 8 for a 408, 4 after No data received",
        "nginx: 408, client timed out (110: Connection timed out); Apache: AH01382 Request header read timeout, 408; HAProxy: cR with 408, cD while sending; Tomcat: SocketTimeoutException",
    ],
    sources: &[
        "nginx ngx_http_core_module (client_header_timeout, client_body_timeout, send_timeout: 60s)",
        "Apache mod_reqtimeout",
        "Node.js server.headersTimeout",
        "RFC 9110 §15.5.9 (408)",
    ],
};
