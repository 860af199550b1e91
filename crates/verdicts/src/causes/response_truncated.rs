//! `response_truncated`: closed in order before the promised bytes were sent.

use crate::case::Case;
use crate::cause::{CauseRule, Page, any_of, never, on, weights};
use crate::observations::ids::*;
use crate::{Cause, EndedBy, Observations, steps, wording};

use whyreset_connections::Side;

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::ResponseTruncated,
    page: PAGE,
    prior: 0.5,
    prior_because: "an orderly close in the middle of a body is nearly always this",
    needs: any_of(&[TRUNCATED_BY_FIN, PERHAPS_TRUNCATED, ANSWER_REFUSED]),
    weights: weights(&[
        on(
            UNSEEN_CLIENT_CLOSED,
            0.03,
            "the server followed a client that had closed",
        ),
        on(
            ANSWER_REFUSED,
            0.8,
            "RST_STREAM behind an end says that the answer is not as it was promised to be (RFC 9113 §8.1.1)",
        ),
        on(
            SENT_NEVER_CAME,
            0.1,
            "the answer went on, and was lost on the way",
        ),
        on(
            WORDS_LEFT_OUT,
            0.15,
            "what would speak against it may stand in the rows that were left out",
        ),
        on(
            PERHAPS_TRUNCATED,
            0.13,
            "what was promised does not show: most servers that close in order have sent it all",
        ),
        on(
            RECORDS_NOT_READ,
            3.5,
            "servers seldom leave right behind an answer that is whole, and whether this one was does not show",
        ),
        on(
            ANSWER_ENDED_BY_SIZE,
            0.5,
            "by the size of its last record the answer was whole",
        ),
        on(
            SILENT_BEFORE_END,
            3.0,
            "who has said all closes at once: a proxy, or a program, that waits for the rest of an answer closes later",
        ),
        on(
            ANSWER_STOPPED_FULL,
            20.0,
            "the last piece of a body is seldom as long as those before it: more was to come",
        ),
        on(
            ANSWER_IN_PIECES,
            3.0,
            "programs that send what they make stop, or are stopped, between any two pieces",
        ),
        on(
            GOODBYE_SAID,
            0.7,
            "a program that dies says no goodbye; a proxy that lost the server behind it does",
        ),
        on(
            GOODBYE_OMITTED,
            2.0,
            "who means to close says so before (RFC 8446 §6.1), though not every program does",
        ),
        on(
            NOT_KEPT,
            2.2,
            "servers of HTTP/1.1 keep the connection for the next request, unless they are told, or mean, to close it",
        ),
        on(
            NO_GOAWAY,
            6.0,
            "servers of HTTP/2 keep the connection for the next request, and say GOAWAY when they mean to leave",
        ),
        on(
            TRUNCATED_BY_FIN,
            3.0,
            "FIN from the server, and promised bytes missing",
        ),
        on(ESTIMATED, 0.5, "what was promised is an estimate"),
        on(
            CAPTURE_LOSS,
            0.4,
            "the capture lost packets: the bytes may have been there",
        ),
        on(
            WINDOW_SHUT,
            0.1,
            "the client had stopped reading: that is the root",
        ),
        on(ACKS_LOST, 0.3, "one direction had failed: that is the root"),
        on(OUTAGE, 0.2, "nothing had got through for long before"),
        on(UNANSWERED_TAIL, 0.2, "packets had stopped getting through"),
        on(TLS_ALERT, 0.2, "an alert is the reason"),
        on(
            ODD_ANSWER,
            0.15,
            "what came is no answer in HTTP, so nothing was promised",
        ),
        on(
            DIFFERENT_PROTOCOLS,
            0.1,
            "the two do not understand each other",
        ),
    ]),
    never: &[never(CLIENT_LEFT_EARLY, "the client closed first")],
    suspected_on: any_of(&[RESPONSE_UNFINISHED]),
    ended_by: |_| EndedBy::Server,
    summary,
    would_be: "if the server ended a response before its promised length",
    next_steps: |case, found| {
        steps::list([
            steps::step(
                "Compare the promised length with the file: did it change while it was sent, or did a script stop (error, memory or time limit)?",
            ),
            steps::step(
                "Behind a proxy: look for its upstream's end (upstream prematurely closed connection, SD in HAProxy).",
            ),
            steps::read_its_log(case, found),
            steps::capture_at(case, Side::Server),
        ])
    },
};

fn summary(case: &Case<'_>, found: &Observations) -> String {
    let frame = case.close.map_or(0, |close| close.at.frame);
    let Some(open) = case.accounts.open.as_ref() else {
        if found.has(ANSWER_REFUSED) {
            return format!(
                "The server probably ended its answer short of what it had promised: by the size of its last record the client refused it, and left (frame {frame})."
            );
        }
        if case.accounts.unpromised.is_some() {
            return format!(
                "The server closed in order (frame {frame}), and probably before its answer was whole: that has no length, and ends where the connection does."
            );
        }
        return format!(
            "The server left (frame {frame}) right behind its last data, and probably before its answer was whole: nothing of what it sent last is an end."
        );
    };
    let name = open.name();
    let exchange = open.exchange;
    match (
        exchange.and_then(|e| e.body_delivered),
        exchange.and_then(|e| e.body_expected),
    ) {
        (Some(delivered), Some(expected)) => format!(
            "The server closed in order (frame {frame}) after {} of the {} that it had promised for {name}.",
            wording::number(delivered),
            wording::bytes(expected)
        ),
        _ => format!(
            "The server closed in order (frame {frame}) before its answer to {name} was whole."
        ),
    }
}

const PAGE: Page = Page {
    title: "The response is shorter than promised",
    what: "The server, or a proxy before it, closed in order before the bytes it had promised (Content-Length, the last chunk, END_STREAM) were sent. A process that dies with nothing left to read looks the same.",
    at_client: "Data, FIN from the server, fewer bytes than promised; the client's side closes in order too.",
    at_server: "The same.",
    between: "The same.",
    mistaken_for: "none (where nobody counts the bytes), server_abort (a RST), client_abort (the client's FIN or RST came first).",
    people_see: &[
        "Firefox: Failed, NS_ERROR_NET_PARTIAL_TRANSFER; Chrome: ERR_CONTENT_LENGTH_MISMATCH or ERR_INCOMPLETE_CHUNKED_ENCODING; curl: exit 18 (transfer closed with bytes remaining to read); wget: exit 4, Connection closed at byte N, retrying",
        "nginx as a proxy: upstream prematurely closed connection while reading upstream; HAProxy: SD; Apache: AH01110 or a short %O",
    ],
    sources: &[
        "RFC 9112 §8 (incomplete messages)",
        "measured: nginx, HAProxy, curl on Linux 6.18",
    ],
};
