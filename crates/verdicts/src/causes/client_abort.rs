//! `client_abort`: the client's program closed, or died, before it had what it asked for.

use crate::case::{Case, Kind, Missing};
use crate::cause::{CauseRule, Page, any_of, never, on, weights};
use crate::observations::ids::*;
use crate::observations::{cut_name, cut_progress, last_words, with_others};
use crate::{Cause, EndedBy, Observations, steps, wording};

use whyreset_connections::Side;
use whyreset_exchanges::Exchange;

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::ClientAbort,
    page: PAGE,
    prior: 0.35,
    prior_because: "people stop downloads, close tabs and kill programs: the commonest of all early ends",
    needs: any_of(&[
        CLIENT_LEFT_EARLY,
        CONNECT_CANCELLED,
        STREAM_CANCELLED,
        PERHAPS_LEFT_EARLY,
        ANSWER_REFUSED,
        RESET_BEHIND_BULK,
        GREETING_MISSING,
        WEBSOCKET_CUT_BY_CLIENT,
        LEFT_WITHOUT_GOODBYE,
        LEFT_OWING,
        RESET_WHILE_SENT_TO,
    ]),
    weights: weights(&[
        on(
            LEFT_TOGETHER,
            2.5,
            "a program that ends closes all that it has at once",
        ),
        on(
            LEFT_OWING,
            8.0,
            "what it was sending is not taken on before the server says so",
        ),
        on(
            ANSWER_REFUSED,
            0.3,
            "who cancels does so while something still comes",
        ),
        on(
            ENDS_HALF_CLOSED,
            0.5,
            "what the client did with an answer is not in the capture",
        ),
        on(
            RESET_WHILE_SENT_TO,
            0.3,
            "something was still on its way to it",
        ),
        on(
            HEARD_OUT,
            0.3,
            "whether it expected an answer is not known, and the server was not busy with one",
        ),
        on(
            CLOSE_UNHEEDED,
            8.0,
            "a server that is still busy with its answer does not notice that the client has left",
        ),
        on(
            LEFT_WITHOUT_GOODBYE,
            0.3,
            "a program that is stopped takes no leave; nor do some that are done",
        ),
        on(
            RESET_BEHIND_BULK,
            0.3,
            "something of the answer lay unread when it left",
        ),
        on(
            FIN_REFUSED,
            0.3,
            "the other host had no such connection any more",
        ),
        on(
            LEFT_BEFORE_END,
            4.0,
            "it did not wait for the end of the answer",
        ),
        on(
            WORDS_LEFT_OUT,
            0.5,
            "what would speak against it may stand in the rows that were left out",
        ),
        on(UNTIMED, 0.5, "a wait before the close would not show"),
        on(
            HEARD_IN_PART,
            0.85,
            "what was asked and promised is not in the capture",
        ),
        on(
            DEADLINE_MET,
            0.2,
            "it cancelled when the limit ran out that its request had set",
        ),
        on(
            WEBSOCKET_CUT_BY_CLIENT,
            1.0,
            "a tab that is closed, or a program that ends, often leaves a WebSocket without a close frame",
        ),
        on(
            GREETING_MISSING,
            0.6,
            "people interrupt what does not begin; programs have limits",
        ),
        on(
            REFUSER_UNSEEN,
            2.0,
            "it may have closed before the capture begins: then its host refuses with a bare RST what comes afterwards",
        ),
        on(
            REFUSING_CLIENT_UNSEEN,
            3.0,
            "it may have closed before the capture begins: then its host refuses with a bare RST what comes afterwards",
        ),
        on(
            PERHAPS_LEFT_EARLY,
            0.1,
            "whether the answer was whole does not show: most clients that close in order have it all",
        ),
        on(
            LEFT_AMID_PIECES,
            2.0,
            "a program that is stopped says no goodbye; nor do some that have had all",
        ),
        on(
            GOODBYE_UNREAD,
            2.5,
            "a server that waits for the next request reads the goodbye; one that is busy with an answer does not",
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
            UNSEEN_BEFORE_CLOSE,
            0.3,
            "who closed first does not show: what the client had acknowledged by then was not captured",
        ),
        on(
            CLIENT_OWED,
            3.0,
            "it had promised more than it sent, and left",
        ),
        on(ROUND_TOTAL, 0.6, "a person seldom hits a round number"),
        on(
            KEEP_ALIVE_UNANSWERED,
            0.05,
            "its probes had got no answer: its host gave up, not its program",
        ),
        on(
            STREAM_CANCELLED,
            4.0,
            "it cancelled the one request, and let the connection live",
        ),
        on(
            NO_PROMISE,
            0.4,
            "streams that have no end are always cancelled: nobody may have lost anything",
        ),
        on(STREAM_GIVEN_UP, 0.02, "the server cut that request"),
        on(
            FORGED_DATA,
            0.5,
            "it was given forged data: what it did then is the forger's doing",
        ),
        on(
            CONNECT_CANCELLED,
            0.5,
            "it gave up before it had asked for anything",
        ),
        on(
            HALF_ROUND_WAIT,
            0.8,
            "a person hits a half second now and then",
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
            CAPTURED_AT_SENDER,
            0.1,
            "its own closing packet would be in this capture",
        ),
        on(
            CLIENT_WAS_ALIVE_IN_ROWS,
            3.0,
            "its own closing packet may have been lost on the way",
        ),
        on(
            CLIENT_WAS_ALIVE,
            3.0,
            "its own closing packet may have been lost on the way",
        ),
        on(
            SENT_NEVER_CAME,
            0.1,
            "what it waited for was lost on the way before it left",
        ),
        on(
            HOLE_NEVER_FILLED,
            0.2,
            "bytes were lost on the way before it left",
        ),
        on(
            RST_ACTIVE,
            2.0,
            "RST+ACK with exact numbers is what a live stack sends when its program closes with data unread or on its way",
        ),
        on(
            CLOSED_BEFORE_SENT,
            40.0,
            "it refuses data while its own is on its way: its program had closed, and the FIN waited its turn",
        ),
        on(
            RST_PASSIVE,
            0.08,
            "a host that aborts a live connection sends RST+ACK, or FIN first; a bare RST without FIN has lost it",
        ),
        on(
            RST_ODD,
            0.5,
            "ordinary stacks send one of the two usual kinds",
        ),
        on(
            NO_WAIT,
            1.5,
            "data was flowing: it was not patience that ran out",
        ),
        on(
            LONG_WAIT,
            0.5,
            "the client had waited for long before it left: a time-out does the same",
        ),
        on(ROUND_WAIT, 0.35, "a person hits no round number"),
        on(WAIT_NOT_ROUND, 1.6, "a person or a kill comes at any time"),
        on(
            ALL_READ,
            1.3,
            "a program that has read everything is alive and chose to close",
        ),
        on(
            WINDOW_SHUT,
            0.08,
            "it had stopped reading long before: that is the root",
        ),
        on(
            ORIGIN_HOST,
            2.0,
            "TTL, identification and kind of the RST are the client's own",
        ),
        on(ORIGIN_DEVICE, 0.03, "the RST is not the client's"),
        on(
            ORIGIN_UNLIKELY,
            0.4,
            "its fields fit a device at least as well as the host",
        ),
        on(ORIGIN_DOUBTFUL, 0.5, "the RST may not be the client's"),
        on(
            TAKES_ON,
            0.02,
            "a program that has left takes nothing any more: its host would answer with RST",
        ),
        on(SENDER_WENT_ON, 0.02, "a client that aborts does not go on"),
        on(
            RST_SOONER_THAN_USUAL,
            0.2,
            "the client itself takes longer to answer",
        ),
        on(RST_BOTH_WAYS, 0.1, "a client resets one side only"),
        on(
            RST_TOO_SOON,
            0.3,
            "it came sooner than the client can have reacted",
        ),
        on(INJECTION_DETECTOR, 0.3, "the numbers are those of a forger"),
        on(ACKS_LOST, 0.1, "one direction had failed: that is the root"),
        on(
            OUTAGE,
            0.04,
            "nothing had got through for long when it left: that is the root",
        ),
        on(
            UNANSWERED_TAIL,
            0.15,
            "packets had stopped getting through before",
        ),
        on(
            FIN_UNANSWERED,
            0.3,
            "the close itself got no answer: the path had failed",
        ),
        on(
            IDLE_BEFORE_FAILURE,
            0.4,
            "it came after a long silence, not while somebody was stopping something",
        ),
        on(TLS_ALERT, 0.05, "an alert is the reason, the close its end"),
        on(
            TLS_LEFT_UNHEARD,
            3.0,
            "it had seen nothing yet that it could dislike: it did not want the connection any more",
        ),
        on(
            TLS_BROKEN_OFF,
            0.3,
            "clients seldom leave in the middle of a handshake unless they dislike what they see",
        ),
        on(
            ODD_ANSWER,
            0.15,
            "it left because it did not understand what it read",
        ),
        on(
            DIFFERENT_PROTOCOLS,
            0.04,
            "it left because it did not understand what it read",
        ),
        on(
            EARLY_YES,
            4.0,
            "the answer was a yes, and the rest of the request was the client's to send",
        ),
        on(
            ANSWERED_EARLY,
            0.15,
            "the server had already refused the request",
        ),
        on(REQUEST_CROSSED_CLOSE, 0.1, "the server was closing already"),
    ]),
    never: &[never(SERVER_LEFT_EARLY, "the server closed first")],
    suspected_on: any_of(&[CLOSED_WITH_RST]),
    ended_by: |_| EndedBy::Client,
    summary,
    would_be: "if the client's program, or the person in front of it, closed the connection",
    next_steps,
};

fn summary(case: &Case<'_>, found: &Observations) -> String {
    if let Some(cut) = case.cut.filter(|_| found.has(STREAM_CANCELLED)) {
        return format!(
            "The client cancelled {} inside a connection that lived on ({}, frame {}): {}.",
            cut_name(&cut),
            cut.code,
            cut.at.frame,
            cut_progress(&cut)
        );
    }
    let close = case.close;
    let sent = match close.map(|close| close.kind) {
        Some(Kind::Rst) => "RST",
        _ => "FIN",
    };
    let frame = close.map_or(0, |close| close.at.frame);
    if found.has(WEBSOCKET_CUT_BY_CLIENT) && case.accounts.open.is_none() {
        return format!(
            "The client left the WebSocket with {sent} (frame {frame}) without a close frame: a tab that was closed, or a program that ended or dropped it."
        );
    }
    if found.has(LEFT_OWING) && case.accounts.open.is_none() {
        return format!(
            "The client closed with {sent} (frame {frame}) while it was sending what the server waited for ({}): that was never acknowledged as whole.",
            last_words(case)
        );
    }
    if found.has(LEFT_WITHOUT_GOODBYE) && case.accounts.open.is_none() {
        return format!(
            "The client left the session with {sent} (frame {frame}) without a goodbye: a program that was stopped, or one that never says it."
        );
    }
    let server = &case.connection.flows.server;
    let acked_to = server.acked_to.max(acked_by_the_close(case));
    let fin = i64::from(server.fin.is_some_and(|fin| acked_to > fin.seq));
    let had = (acked_to - 1 - fin).max(0);
    let open = case.accounts.open.as_ref();
    let name = open.map_or_else(|| "the transfer".to_owned(), |open| open.name());
    let progress = match open.map(|open| open.missing) {
        Some(Missing::RequestUnfinished) => {
            let e = open.and_then(|open| open.exchange);
            match (
                e.and_then(|e| e.request_body_delivered),
                e.and_then(|e| e.request_body_expected),
            ) {
                (Some(sent), Some(all)) => format!(
                    "it had sent {} of {} of {name}",
                    wording::number(sent),
                    wording::bytes(all)
                ),
                _ => format!("it had not finished sending {name}"),
            }
        }
        Some(Missing::Unanswered) => format!("it was still waiting for an answer to {name}"),
        Some(Missing::TlsHandshake) => "the TLS handshake was not finished".to_owned(),
        _ => match open
            .and_then(|open| open.exchange)
            .and_then(|e| e.body_expected)
        {
            Some(all) => format!(
                "it had {} of {} of {name}",
                wording::number(
                    open.and_then(|o| o.exchange)
                        .map_or(0, |e| body_had(e, acked_to - server.acked_to))
                ),
                wording::bytes(all)
            ),
            None => format!(
                "it had {} of the answer to {name}",
                wording::signed_bytes(had)
            ),
        },
    };
    if let Some(others) = found.get(LEFT_TOGETHER).and_then(|_| with_others(case)) {
        return format!(
            "The client closed it with {sent} (frame {frame}) {others}: {progress}; its program ended, or was told to stop."
        );
    }
    format!(
        "The client closed it on purpose: {progress} when it sent {sent} (frame {frame}); server and network did their part."
    )
}

/// What the client's own RST acknowledges, which is all that its host had taken in (RFC 9293, 3.10.4): of what was captured, but where rows
/// of a list were left out.
fn acked_by_the_close(case: &Case<'_>) -> i64 {
    let c = case.connection;
    let reset = case.fatal.filter(|reset| reset.by == Side::Client);
    let ack = reset.and_then(|reset| reset.ack).unwrap_or(0);
    if c.elided {
        ack
    } else {
        ack.min(c.flows.server.sent_to)
    }
}

/// How much of a body the client had, whose RST acknowledges so much more than its packets before.
fn body_had(exchange: &Exchange, more: i64) -> u64 {
    let delivered = exchange.body_delivered.unwrap_or(0);
    let acknowledged = exchange.body_acknowledged.unwrap_or(delivered);
    let more = u64::try_from(more).unwrap_or(0);
    acknowledged.saturating_add(more).min(delivered)
}

fn next_steps(case: &Case<'_>, found: &Observations) -> Vec<String> {
    let told = found.has(ORIGIN_HOST);
    steps::list([
        (!told && case.fatal.is_some())
            .then(|| steps::compare_fields(case))
            .flatten(),
        steps::keep_websockets_awake(found),
        steps::capture_at(case, Side::Client),
        steps::step(
            "Ask what happened at the client then: did somebody cancel, close the tab, or does a security program look into downloads?",
        ),
        steps::step(
            "A \"Connection reset\" or \"Broken pipe\" in the server's log is the consequence (its next write), not the cause.",
        ),
    ])
}

const PAGE: Page = Page {
    title: "The client closed before it had everything",
    what: "The client's program closed the connection, or died, before it had what it asked for, or before it had sent what it promised: somebody pressed Stop, closed the tab, cancelled the download, a security program objected, a process was killed.",
    at_client: "RST+ACK leaves with exactly the next sequence number and a window that is not zero on Linux (zero on Windows); or FIN, then one bare RST for each segment that still arrives. A client that dies in its upload sends on what its host has, and only bare RSTs for data of the server, as its FIN waits behind the rest.",
    at_server: "The same packets, a round trip later: meanwhile the server went on sending, and what it sent in the last round trip cannot be the reason. Before it, often a window that shrinks, as the program had stopped reading.",
    between: "As at the server, with a shorter light cone. In HTTP/2 the same shows as RST_STREAM(CANCEL) in a connection that lives on (outcome open, or truncated once it is closed in order); one has to read the frames, so TLS must be decrypted.",
    mistaken_for: "client_timeout (the same packets after a wait, often of a round length), injected_reset (compare TTL and IP identification), receiver_stalled (the window was shut for long before), and \"the server sent something odd\" (look at what can have reached the client by then).",
    people_see: &[
        "Firefox: Failed or Cancelled in the download list; Chrome: Failed - Network error, net::ERR_ABORTED; curl: exit 130 (killed), 23 (could not write), 63 (larger than allowed); wget: exit 130 where it was interrupted, 3 where the disk was full",
        "nginx: 200 with fewer bytes, client prematurely closed connection (104: Connection reset by peer); 499 when it left while waiting",
        "Apache: AH00574 or a short %O with %X = X; HAProxy: CD (during data), CH (while waiting), CR (during the request)",
        "Tomcat: ClientAbortException: java.net.SocketException: Connection reset, or java.io.IOException: Broken pipe",
        "Node.js: 'aborted' / ECONNRESET on the request; Java: Connection reset on the first write after the RST, Broken pipe afterwards",
    ],
    sources: &[
        "RFC 9293 §3.10.5 (ABORT), RFC 2525 §2.17",
        "Linux net/ipv4/tcp.c: __tcp_close (unread data: active reset)",
        "measured: curl, wget, node on Linux 6.18",
        "HAProxy manual §8.5 (termination states)",
    ],
};
