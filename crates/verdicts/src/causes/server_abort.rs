//! `server_abort`: the server's program closed, or died, before it had answered in full.

use crate::case::{Case, Kind, Missing};
use crate::cause::{CauseRule, Page, any_of, never, on, weights};
use crate::observations::ids::*;
use crate::observations::{cut_name, cut_progress, last_words, with_others};
use crate::{Cause, EndedBy, Observations, steps, wording};

use whyreset_connections::Side;

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::ServerAbort,
    page: PAGE,
    prior: 0.3,
    prior_because: "crashes, kills, restarts and worker limits are common",
    needs: any_of(&[
        SERVER_LEFT_EARLY,
        PERHAPS_ABORTED,
        CLOSED_UNUSED,
        STREAM_GIVEN_UP,
        STREAM_PERHAPS_GIVEN_UP,
        WEBSOCKET_CUT_BY_SERVER,
        REFUSED_IN_WORDS,
        LEFT_IN_WORDS,
        LEFT_IN_WORDS_ASKED,
        DECLINED_IN_WORDS,
        SESSION_DROPPED,
        SESSION_CUT,
    ]),
    weights: weights(&[
        on(
            STOPPED_TOGETHER,
            6.0,
            "a process that ends, or is told to stop, closes all that it has at once",
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
            WORDS_LEFT_OUT,
            0.5,
            "what would speak against it may stand in the rows that were left out",
        ),
        on(UNTIMED, 0.8, "a wait before the close would not show"),
        on(
            HEARD_IN_PART,
            0.85,
            "what was asked and promised is not in the capture",
        ),
        on(
            REFUSED_IN_WORDS,
            1.6,
            "it says itself that it does not serve the client",
        ),
        on(
            LEFT_IN_WORDS,
            2.0,
            "it says itself that it ends the session",
        ),
        on(
            LEFT_IN_WORDS_ASKED,
            2.0,
            "it says that it ends the session, instead of an answer",
        ),
        on(
            DECLINED_IN_WORDS,
            0.3,
            "it answered, though with a no, and went",
        ),
        on(
            TIMED_OUT_IN_WORDS,
            0.1,
            "it says that it had waited too long",
        ),
        on(
            WEBSOCKET_CUT_BY_SERVER,
            2.0,
            "it ended a WebSocket without a close frame, as a program does that dies, or a proxy that closes a tunnel",
        ),
        on(
            ANSWER_TAKEN,
            0.5,
            "a server that is still answering goes on sooner",
        ),
        on(
            REFUSER_UNSEEN,
            2.0,
            "it may have closed before the capture begins: then its host refuses with a bare RST what comes afterwards",
        ),
        on(
            JUST_OPENED,
            6.0,
            "a server without room, or that does not want this client, accepts and drops at once",
        ),
        on(
            DROPPED_UNHEARD,
            10.0,
            "it was not for anything that was said: it drops connections as they come",
        ),
        on(
            SESSION_DROPPED,
            0.3,
            "a process that is stopped says nothing of it",
        ),
        on(
            LISTENER_TALKS,
            3.0,
            "the same listener answers others: this one it left without a word",
        ),
        on(ONLY_DELIVERED, 0.15, "the client expected no answers"),
        on(
            FIRST_WORD_UNANSWERED,
            0.6,
            "a client that only delivers expects no answer",
        ),
        on(
            KEEP_ALIVE_UNANSWERED,
            0.05,
            "its probes had got no answer: its host gave up, not its program",
        ),
        on(
            STREAM_GIVEN_UP,
            5.0,
            "it reset the one request, and let the connection live",
        ),
        on(STREAM_RETRIED, 0.15, "it was asked for again, and answered"),
        on(
            STREAM_PERHAPS_GIVEN_UP,
            2.0,
            "a server has little else to say behind an answer that is as long as RST_STREAM",
        ),
        on(
            CLIENT_RESET_BEHIND_IT,
            0.06,
            "the RST is the client's, and RST_STREAM behind a whole answer only says that the rest of the request is not wanted (RFC 9113 §8.1)",
        ),
        on(
            EARLIER_FORGERY,
            0.03,
            "somebody had forged a RST in this connection before: it would be a rare chance that its end is not their work",
        ),
        on(
            TLS_ALERT_ENCRYPTED,
            0.1,
            "an alert before the first request is more likely the reason",
        ),
        on(
            CAPTURED_AT_SENDER,
            0.1,
            "its own closing packet would be in this capture",
        ),
        on(
            UNLIKELY_PORT,
            0.15,
            "it closed because it did not understand what it read",
        ),
        on(
            SERVER_WAS_ALIVE,
            1.5,
            "its own closing packet may have been lost on the way",
        ),
        on(
            REQUEST_NEVER_ARRIVED,
            0.1,
            "the request never reached the server",
        ),
        on(
            RST_ACTIVE,
            2.5,
            "RST+ACK with exact numbers: a live connection is aborted by its host",
        ),
        on(
            CLOSED_BEFORE_SENT,
            40.0,
            "it refuses data while its own is on its way: its program had closed, and the FIN waited its turn",
        ),
        on(
            RST_PASSIVE,
            0.08,
            "a bare RST without FIN before: the host had lost the connection",
        ),
        on(
            RST_ODD,
            0.5,
            "ordinary stacks send one of the two usual kinds",
        ),
        on(
            TRUNCATED_BY_FIN,
            0.04,
            "an orderly close in the middle of a response has a name of its own",
        ),
        on(
            CLOSE_KNEW_REQUEST,
            2.0,
            "it had the request, and closed without answering it",
        ),
        on(
            REQUEST_CROSSED_CLOSE,
            0.05,
            "it closed before it had seen the request",
        ),
        on(
            REQUEST_AFTER_CLOSE,
            0.05,
            "it had closed before the request was sent",
        ),
        on(
            ASKED_BEHIND_LAST,
            0.03,
            "it had announced its close with the answer before",
        ),
        on(
            PERHAPS_HALF_A_HEAD,
            0.5,
            "what came was hardly a request, and owed no answer",
        ),
        on(
            REQUEST_UNFINISHED,
            0.8,
            "it left while the client was still sending",
        ),
        on(
            LONG_WAIT,
            0.6,
            "it had been silent for long: it may have been waiting",
        ),
        on(
            UPLOAD_BEGUN_UNSEEN,
            0.4,
            "servers that have refused an upload before the capture begins abort the rest of it just so",
        ),
        on(
            HEAD_TOO_SLOW,
            0.2,
            "a limit on how long a head may take explains it",
        ),
        on(NO_WAIT, 1.3, "it left in the middle of the work"),
        on(CLOSED_UNUSED, 0.3, "nobody had asked anything yet"),
        on(
            CLOSED_WITHOUT_GREETING,
            8.0,
            "a server that turns the client away (an access list, a limit), or fails, closes without its greeting",
        ),
        on(
            ANSWERED_EARLY,
            0.08,
            "it had answered: it refused the rest of the request",
        ),
        on(
            ORIGIN_HOST,
            2.0,
            "TTL, identification and kind of the RST are the server's own",
        ),
        on(ORIGIN_DEVICE, 0.03, "the RST is not the server's"),
        on(
            ORIGIN_UNLIKELY,
            0.4,
            "its fields fit a device at least as well as the host",
        ),
        on(ORIGIN_DOUBTFUL, 0.5, "the RST may not be the server's"),
        on(SENDER_WENT_ON, 0.02, "a server that aborts does not go on"),
        on(
            RST_SOONER_THAN_USUAL,
            0.2,
            "the server itself takes longer to answer",
        ),
        on(RST_BOTH_WAYS, 0.1, "a server resets one side only"),
        on(
            RST_BEFORE_OPEN,
            0.01,
            "its program cannot have had the connection yet",
        ),
        on(
            RST_TOO_SOON,
            0.3,
            "it came sooner than the server can have reacted",
        ),
        on(INJECTION_DETECTOR, 0.3, "the numbers are those of a forger"),
        on(IDLE_BEFORE_FAILURE, 0.4, "it came after a long silence"),
        on(ACKS_LOST, 0.2, "one direction had failed: that is the root"),
        on(OUTAGE, 0.1, "nothing had got through for long before"),
        on(
            UNANSWERED_TAIL,
            0.15,
            "packets had stopped getting through before",
        ),
        on(WINDOW_SHUT, 0.1, "the receiver had stopped reading before"),
        on(TLS_ALERT, 0.05, "an alert is the reason"),
        on(
            TLS_BROKEN_OFF,
            0.5,
            "servers break handshakes off for a reason",
        ),
        on(ODD_ANSWER, 0.15, "it did answer, though not in HTTP"),
        on(
            DIFFERENT_PROTOCOLS,
            0.04,
            "it left because it did not understand what it read",
        ),
    ]),
    never: &[never(CLIENT_LEFT_EARLY, "the client closed first")],
    suspected_on: any_of(&[CLOSED_WITH_RST]),
    ended_by: |_| EndedBy::Server,
    summary,
    would_be: "if the server's process closed or died",
    next_steps,
};

fn summary(case: &Case<'_>, found: &Observations) -> String {
    if let Some(cut) = case.cut.filter(|_| found.has(STREAM_GIVEN_UP)) {
        return format!(
            "The server gave up {} inside a connection that lived on ({}, frame {}): {}; {}.",
            cut_name(&cut),
            cut.code,
            cut.at.frame,
            cut_progress(&cut),
            match cut.code {
                "REFUSED_STREAM" | "GOAWAY" =>
                    "it had not begun with it, so the client may repeat it",
                "ENHANCE_YOUR_CALM" => "it asks for fewer requests at a time",
                _ => "look at its process, and at the server behind it",
            }
        );
    }
    if let Some(reset) = found.get(STREAM_PERHAPS_GIVEN_UP) {
        return format!(
            "The server probably gave up an encrypted answer inside the connection ({}): look at its process, and at the server behind it.",
            wording::frames(reset.frames)
        );
    }
    if found.has(REFUSED_IN_WORDS) {
        return format!(
            "The server refused to serve the client, and said why: {}.",
            last_words(case)
        );
    }
    if found.has_any(&[LEFT_IN_WORDS, LEFT_IN_WORDS_ASKED]) {
        return format!(
            "The server ended the session, and said why: {}.",
            last_words(case)
        );
    }
    let frame = case.close.map_or(0, |close| close.at.frame);
    if found.has(CLOSED_WITHOUT_GREETING) {
        return format!(
            "The server took the connection and closed it (frame {frame}) without the greeting with which its protocol begins: it turned the client away, or failed."
        );
    }
    let how = match case.close.map(|close| close.kind) {
        Some(Kind::Rst) => "reset the connection",
        _ => "closed the connection in order",
    };
    let doing = match &case.accounts.open {
        Some(open) if open.missing == Missing::RequestUnfinished => {
            format!("while the client was still sending {}", open.name())
        }
        Some(open) if open.response_started.is_some() && open.missing != Missing::Unanswered => {
            format!("in the middle of its answer to {}", open.name())
        }
        Some(open) => format!("without answering {}", open.name()),
        None if found.has(SESSION_CUT) => {
            "and with it a session that the client had not ended".to_owned()
        }
        None if found.has(SESSION_DROPPED) => "out of a silence, without a word".to_owned(),
        None if found.has(WEBSOCKET_CUT_BY_SERVER) => "without a WebSocket close frame".to_owned(),
        None if found.has(PERHAPS_ABORTED) => format!(
            "behind {} of what it had to say, and how much that was to be does not show",
            wording::bytes(case.connection.flows.server.bytes)
        ),
        None => "before it was asked anything".to_owned(),
    };
    let others = found.get(STOPPED_TOGETHER).and_then(|_| with_others(case));
    if let Some(others) = others {
        return format!(
            "The server {how} (frame {frame}) {doing}, {others}: its process ended, or was told to stop."
        );
    }
    let open = case.accounts.open.as_ref().and_then(|open| open.exchange);
    let left_out = open.and_then(|e| e.http2.as_ref()?.left_out);
    if let Some(goaway) = left_out.filter(|_| case.closer() == Some(Side::Server)) {
        return format!(
            "The server {how} (frame {frame}) {doing}: its GOAWAY (frame {}) had left that out, as servers do that shut down or limit the requests of a connection; the client may repeat it.",
            goaway.frame
        );
    }
    format!("The server {how} (frame {frame}) {doing}: look at its process, not at the network.")
}

fn next_steps(case: &Case<'_>, found: &Observations) -> Vec<String> {
    if found.has(REFUSED_IN_WORDS) {
        return vec![
            "Look for the limit or the rule that its words name (MaxStartups, max_connections, maxclients, an access list, a service that is starting), in its settings and its log.".to_owned(),
        ];
    }
    let told = found.has(ORIGIN_HOST);
    if found.has(CLOSED_WITHOUT_GREETING) {
        return vec![
            "Look at what may turn a client away before a word is said: access lists (tcpwrappers: hosts.allow and hosts.deny, with the name that the client's address resolves to), limits (MaxStartups), a proxy whose server behind it is down.".to_owned(),
        ];
    }
    steps::list([
        steps::keep_websockets_awake(found),
        steps::step(
            "Look at the server's process at that time: crash, out-of-memory kill, restart, deployment, worker time limit; behind a proxy, at the server behind it.",
        ),
        (!told && case.fatal.is_some())
            .then(|| steps::compare_fields(case))
            .flatten(),
        steps::capture_at(case, Side::Server),
    ])
}

const PAGE: Page = Page {
    title: "The server left without answering in full",
    what: "The server's program closed the connection, or died: with a RST before it had answered in full, or in order without any answer. A process that is killed while bytes lie unread in its buffer, or that closes with SO_LINGER 0, sends RST; one that had read everything sends FIN.",
    at_client: "A request that was acknowledged, then RST+ACK or FIN from the server, no answer or a part of one.",
    at_server: "The same; on Linux the tracepoint tcp:tcp_send_reset names the reason (TCP_ABORT_ON_CLOSE for unread data).",
    between: "The same. Behind a proxy the proxy is the server: its own log tells which backend left.",
    mistaken_for: "response_truncated (an orderly close in the middle of a body), keepalive_race (the close cannot have known of the request), peer_state_lost (a bare RST without FIN), request_rejected_early (an answer came first).",
    people_see: &[
        "Firefox: The connection was reset (PR_CONNECT_RESET_ERROR), Chrome: ERR_CONNECTION_RESET or ERR_EMPTY_RESPONSE; curl: exit 56 (recv failure) or 52 (empty reply); wget: exit 4, Read error or No data received",
        "nginx as a proxy: recv() failed (104: Connection reset by peer) while reading response header from upstream, or upstream prematurely closed connection; 502",
        "HAProxy: SH with 502, SD during data; Apache: AH01102 error reading status line from remote server",
        "kernel log: Out of memory: Killed process; systemd: Main process exited, code=killed",
    ],
    sources: &[
        "RFC 9293 §3.10.4-5",
        "Linux net/ipv4/tcp.c: __tcp_close, tcp_send_active_reset",
        "measured: nginx, Tomcat on Linux 6.18",
    ],
};
