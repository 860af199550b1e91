//! `client_timeout`: the client waited for an answer, got none in time, and gave up.

use crate::case::Case;
use crate::cause::{CauseRule, Page, any_of, never, on, weights};
use crate::observations::cut_name;
use crate::observations::ids::*;
use crate::{Cause, EndedBy, Observations, steps, wording};

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::ClientTimeout,
    page: PAGE,
    prior: 0.2,
    prior_because: "every client program has a limit, and slow servers are common",
    needs: any_of(&[
        CLIENT_LEFT_EARLY,
        STREAM_CANCELLED,
        ROUND_SINCE_OPENING,
        PERHAPS_LEFT_EARLY,
        GREETING_MISSING,
        CONNECTED_TOO_LATE,
        WEBSOCKET_CUT_BY_CLIENT,
        PING_OF_CLIENT_UNANSWERED,
    ]),
    weights: weights(&[
        on(
            LEFT_TOGETHER,
            0.04,
            "a limit strikes each connection in its own time: these were closed at once, after different waits",
        ),
        on(
            PING_OF_CLIENT_UNANSWERED,
            12.0,
            "it asked whether the other side lives, and waited for that in vain",
        ),
        on(
            CLOSE_UNHEEDED,
            10.0,
            "a server that is still busy with its answer does not notice that the client has left",
        ),
        on(
            HEARD_OUT,
            0.25,
            "whether an answer was due is not known, and the server was not busy with one",
        ),
        on(
            TRANSFER_ANNOUNCED,
            0.3,
            "nobody waits for a word while a file is on its way elsewhere",
        ),
        on(
            FIN_REFUSED,
            0.1,
            "the other host had no such connection any more: that is the root",
        ),
        on(PAUSE_IS_USUAL, 0.3, "it had borne such pauses before"),
        on(
            LEFT_BEFORE_END,
            8.0,
            "it waited for the end of the answer, and did not get it",
        ),
        on(
            WORDS_LEFT_OUT,
            0.4,
            "what would speak against it may stand in the rows that were left out",
        ),
        on(UNTIMED, 1.2, "a wait before the close would not show"),
        on(
            WEBSOCKET_CUT_BY_CLIENT,
            0.7,
            "a limit on a silent WebSocket, a proxy's for example, strikes without a close frame",
        ),
        on(
            GREETING_MISSING,
            2.0,
            "the client had nothing to say before the server's greeting, and left without it",
        ),
        on(
            CONNECTED_TOO_LATE,
            40.0,
            "its program had given up: no socket is left that could send FIN, or RST+ACK",
        ),
        on(
            PERHAPS_GAVE_UP,
            10.0,
            "it left after a long silence: patience ends so, and so does an idle connection",
        ),
        on(
            PERHAPS_LEFT_EARLY,
            0.05,
            "whether the answer was whole does not show: most clients that close in order have it all",
        ),
        on(
            ANSWER_ENDED_BY_SIZE,
            0.5,
            "by the size of its last record the answer was whole",
        ),
        on(
            FELL_SILENT_FOR_ALL,
            0.05,
            "others lost the same host at the same moment: that is the root",
        ),
        on(
            ROUND_SINCE_OPENING,
            0.06,
            "a limit on the whole transfer strikes so; but idle connections are closed far oftener, and one in fifty then by chance",
        ),
        on(
            ROUND_TOTAL,
            9.0,
            "it closed a round time after its request, as a limit on the whole transfer does",
        ),
        on(
            KEEP_ALIVE_UNANSWERED,
            0.15,
            "its probes had got no answer: that is the root",
        ),
        on(
            STREAM_CANCELLED,
            1.0,
            "programs that give up cancel the request alone",
        ),
        on(
            DEADLINE_MET,
            30.0,
            "the request itself says how long its client waits, and that had passed",
        ),
        on(STREAM_GIVEN_UP, 0.02, "the server cut that request"),
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
            0.15,
            "an alert before the first request is more likely the reason",
        ),
        on(
            REQUEST_NEVER_ARRIVED,
            0.3,
            "the request never reached the server: that is the root",
        ),
        on(
            LONG_WAIT,
            3.0,
            "the client had been waiting in silence when it closed",
        ),
        on(NO_WAIT, 0.06, "it had not been waiting"),
        on(
            ROUND_WAIT,
            6.0,
            "it closed after a round time, as timers do",
        ),
        on(
            WAIT_NOT_ROUND,
            0.5,
            "limits are set to round numbers; this wait is none",
        ),
        on(
            CLIENT_OWED,
            0.015,
            "who owes the rest of its request waits for no answer",
        ),
        on(TIMER_FITS, 1.3, "the wait is a known default"),
        on(REQUEST_UNANSWERED, 2.0, "nothing of the answer had come"),
        on(
            CLOSED_BEFORE_SENT,
            10.0,
            "its FIN waited behind what was still to be sent",
        ),
        on(
            RST_PASSIVE,
            0.1,
            "a program that gives up closes: FIN, or RST+ACK",
        ),
        on(
            WINDOW_SHUT,
            0.08,
            "its own program had stopped reading: that is the root",
        ),
        on(ACKS_LOST, 0.1, "one direction had failed: that is the root"),
        on(
            OUTAGE,
            0.06,
            "nothing got through while it waited: that is the root",
        ),
        on(
            UNANSWERED_TAIL,
            0.12,
            "packets had stopped getting through: that is the root",
        ),
        on(
            FIN_UNANSWERED,
            0.2,
            "its FIN got no answer either: the path had failed",
        ),
        on(
            SENT_NEVER_CAME,
            0.05,
            "the answer was on its way, and was lost: that is the root",
        ),
        on(
            HOLE_NEVER_FILLED,
            0.1,
            "bytes were lost on the way: that is the root",
        ),
        on(STOPPED_IN_FULL_FLOW, 0.3, "the answer stopped in full flow"),
        on(ORIGIN_DEVICE, 0.05, "the RST is not the client's"),
        on(
            TAKES_ON,
            0.02,
            "a program that has left takes nothing any more: its host would answer with RST",
        ),
        on(
            SENDER_WENT_ON,
            0.02,
            "a client that gives up does not go on",
        ),
        on(RST_BOTH_WAYS, 0.1, "a client resets one side only"),
        on(ANSWERED_EARLY, 0.15, "the server had answered"),
        on(TLS_ALERT, 0.05, "an alert is the reason"),
        on(
            TLS_BROKEN_OFF,
            1.0,
            "waiting for the rest of a handshake is waiting as well",
        ),
        on(
            DIFFERENT_PROTOCOLS,
            0.1,
            "it waited for something that could not come",
        ),
        on(
            SYN_ACK_UNHEARD,
            0.1,
            "neither heard the other: that is the root",
        ),
        on(
            SYN_ACK_REPEATED,
            0.1,
            "the server's host never took the connection up: that is the root",
        ),
    ]),
    never: &[never(SERVER_LEFT_EARLY, "the server closed first")],
    suspected_on: any_of(&[LONG_WAIT]),
    ended_by: |_| EndedBy::Client,
    summary,
    would_be: "if the client's program had a limit on how long it waits",
    next_steps: |_, found| {
        if let Some(step) = steps::keep_websockets_awake(found) {
            return vec![step];
        }
        vec![
            "Find out what the server did with the request meanwhile: its log (499 in nginx, CH in HAProxy), slow queries, the servers behind it.".to_owned(),
            "Compare the wait with the limits set in the client's program, and in proxies before it.".to_owned(),
        ]
    },
};

fn summary(case: &Case<'_>, found: &Observations) -> String {
    if let Some(cut) = case.cut.filter(|_| found.has(STREAM_CANCELLED)) {
        let waited = cut.waited_since().map(|since| cut.at.time - since.time);
        return format!(
            "The client gave up waiting for an answer to {}{} and cancelled it inside a connection that lived on ({}, frame {}): the server was too slow for it.",
            cut_name(&cut),
            waited
                .map(|w| format!(" after {}", wording::span(w)))
                .unwrap_or_default(),
            cut.code,
            cut.at.frame
        );
    }
    let frame = case.close.map_or(0, |close| close.at.frame);
    let waited = case
        .wait
        .map(|wait| wording::span(wait.since_data.max(wait.length)));
    if let Some(late) = found.get(CONNECTED_TOO_LATE) {
        return format!(
            "The client had given up connecting when the SYN/ACK came: its host refused that (frame {frame}, {}).",
            wording::frames(late.frames)
        );
    }
    if found.has(GREETING_MISSING) {
        return format!(
            "The client left (frame {frame}) without having heard the server's greeting: the port is open, but the server behind it said nothing."
        );
    }
    if let Some(ping) = found.get(PING_OF_CLIENT_UNANSWERED) {
        return format!(
            "The client's WebSocket ping got no pong, and it gave the server up ({}): look at what held the server's program up.",
            wording::frames(ping.frames)
        );
    }
    if found.has(WEBSOCKET_CUT_BY_CLIENT) {
        return format!(
            "The client gave up a silent WebSocket{} (frame {frame}), without a close frame.",
            waited.map(|w| format!(" after {w}")).unwrap_or_default()
        );
    }
    let what = match case.accounts.open.as_ref() {
        Some(open) if found.has(RESPONSE_UNFINISHED) => {
            format!("the rest of the answer to {}", open.name())
        }
        Some(open) => format!("an answer to {}", open.name()),
        None => "an answer, or the rest of one".to_owned(),
    };
    format!(
        "The client gave up waiting for {what}{} (frame {frame}): the server was too slow for it.",
        waited.map(|w| format!(" after {w}")).unwrap_or_default()
    )
}

const PAGE: Page = Page {
    title: "The client gave up waiting",
    what: "The client sent a request, the server's host acknowledged it, but the answer did not come within the time that the client's program (or the proxy that is the client here) allows; it closed the connection.",
    at_client: "Request, its acknowledgement, silence, FIN (or RST+ACK) from the client, often after a whole number of seconds since the request or since the connection was opened.",
    at_server: "The same by the client's clock. When the late answer comes, the client's host refuses it with a bare RST.",
    between: "The same.",
    mistaken_for: "client_abort (a person or a kill: no round number), path_blackhole (the request was never acknowledged, or the client's FIN is not either), receiver_stalled.",
    people_see: &[
        "Firefox: The connection has timed out; Chrome: ERR_TIMED_OUT; curl: exit 28 (operation timed out); wget: exit 4, Read error (Connection timed out); Java: SocketTimeoutException: Read timed out",
        "nginx: 499; as a proxy upstream timed out (110: Connection timed out), 504; HAProxy: CH seen from the server's side, sH with 504 for its own limit",
        "Tomcat, later: ClientAbortException: Broken pipe, when it writes the late answer",
    ],
    sources: &[
        "curl manual: --max-time",
        "nginx ngx_http_proxy_module: proxy_read_timeout",
        "measured: curl, nginx on Linux 6.18",
    ],
};
