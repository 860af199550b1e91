//! `request_rejected_early`: the server answered before it had the whole request, and wants no more of it.

use crate::case::Case;
use crate::cause::{CauseRule, Page, any_of, on, weights};
use crate::observations::ids::*;
use crate::{Cause, EndedBy, Observations, wording};

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::RequestRejectedEarly,
    page: PAGE,
    prior: 0.5,
    prior_because: "an answer in the middle of an upload hardly ever means anything else",
    needs: any_of(&[
        ANSWERED_EARLY,
        CLIENT_RESET_BEHIND_IT,
        PERHAPS_REJECTED,
        UPLOAD_BEGUN_UNSEEN,
    ]),
    weights: weights(&[
        on(
            WORDS_LEFT_OUT,
            0.7,
            "what would speak against it may stand in the rows that were left out",
        ),
        on(
            REFUSING_STATUS,
            4.0,
            "the status refuses the request (413, 401, 403 and the like)",
        ),
        on(
            EARLY_YES,
            0.25,
            "a yes refuses nothing, and the client left by itself",
        ),
        on(
            CLIENT_RESET_BEHIND_IT,
            0.6,
            "RST_STREAM behind a whole answer says that the rest of the request is not wanted (RFC 9113 §8.1), and the client left at that",
        ),
        on(
            PERHAPS_REJECTED,
            0.5,
            "servers that read the whole request refuse it as well",
        ),
        on(
            UPLOAD_ENDED_BY_SIZE,
            0.4,
            "by the size of its last record the request was whole",
        ),
        on(
            TIMEOUT_STATUS,
            0.03,
            "408 (or a proxy's 504) says that the server had waited too long, not that it did not want it",
        ),
        on(
            LONG_WAIT,
            0.6,
            "a refusal comes at once, a time-out after a wait",
        ),
        on(
            CLOSED_BEFORE_SENT,
            3.0,
            "the client left at the answer, with the rest of its request still to be sent",
        ),
        on(
            RST_PASSIVE,
            1.2,
            "the rest of the upload meets a closed socket",
        ),
        on(WINDOW_SHUT, 0.4, "the upload was not being read"),
        on(
            ESTIMATED,
            0.8,
            "what the server answered does not show: by the order of the words alone it came early",
        ),
        on(
            RST_ACTIVE,
            1.5,
            "a program that closes with the rest unread sends RST+ACK",
        ),
        on(ORIGIN_DEVICE, 0.2, "the RST is not the server's"),
    ]),
    never: &[],
    suspected_on: any_of(&[REQUEST_UNFINISHED]),
    ended_by: |_| EndedBy::Server,
    summary,
    would_be: "if the server refused the request before it was whole",
    next_steps: |case, _| {
        let status = case
            .accounts
            .open
            .as_ref()
            .and_then(|o| o.exchange)
            .and_then(|e| e.status);
        let limit = match status {
            Some(413) => {
                "Raise the limit, if the upload is wanted: nginx client_max_body_size, Tomcat maxPostSize and maxSwallowSize, Apache LimitRequestBody."
            }
            Some(401 | 403 | 407) => {
                "Let the client authenticate before it uploads, or send Expect: 100-continue and wait for the answer."
            }
            _ => {
                "Look in the server's log why it refused the request; let the client send Expect: 100-continue, so that it learns before it uploads."
            }
        };
        vec![
            limit.to_owned(),
            "The client may never have seen the answer: a RST makes its host discard what it had not read yet. Let the server read the rest (lingering close).".to_owned(),
        ]
    },
};

fn summary(case: &Case<'_>, found: &Observations) -> String {
    let open = case.accounts.open.as_ref();
    if let Some(open) = open.filter(|open| open.estimated && found.has(ESTIMATED)) {
        let hidden = match (
            open.exchange.and_then(|e| e.status),
            case.accounts.encrypted,
        ) {
            (Some(status), _) => format!("its status is {status}"),
            (None, true) => "inside TLS the status does not show".to_owned(),
            (None, false) => "what it said does not show".to_owned(),
        };
        return format!(
            "The server answered {} while the client was still sending, and the upload ended with that: a refusal (413, 401, 403), most likely; {hidden}.",
            open.name()
        );
    }
    if let Some(left) = found.get(CLIENT_RESET_BEHIND_IT) {
        return format!(
            "The server answered, said something as long as HTTP/2's RST_STREAM, and the client left at that ({}): an upload of which the server wanted no more (413, 401, 403), most likely; inside TLS neither shows.",
            wording::frames(left.frames)
        );
    }
    if let Some(left) = found
        .get(PERHAPS_REJECTED)
        .filter(|_| open.is_none() && case.accounts.encrypted)
    {
        return format!(
            "The server answered while the client was still sending, and the client left behind that ({}): an upload of which the server wanted no more (413, 401, 403), most likely; inside TLS neither shows.",
            wording::frames(left.frames)
        );
    }
    let exchange = open.and_then(|open| open.exchange);
    let name = open.map_or_else(|| "the request".to_owned(), |open| open.name());
    let status = exchange
        .and_then(|e| e.status)
        .map(|s| format!(" with {s}"))
        .unwrap_or_default();
    let said_yes = exchange.is_some_and(|e| e.status.is_some_and(|s| (200..300).contains(&s)));
    let refused = if said_yes { "answered" } else { "refused" };
    let expected = exchange.and_then(|e| e.request_body_expected);
    let withheld = exchange.is_some_and(|e| e.request_body_delivered == Some(0));
    if let Some(all) = expected.filter(|_| withheld) {
        return format!(
            "The server {refused} {name}{status} before any of its {} had been sent, and wanted none of it.",
            wording::bytes(all)
        );
    }
    let progress = match (
        exchange.and_then(|e| e.request_body_delivered),
        exchange.and_then(|e| e.request_body_expected),
    ) {
        (Some(sent), Some(all)) => format!(
            " after {} of {}",
            wording::number(sent),
            wording::bytes(all)
        ),
        _ => String::new(),
    };
    format!(
        "The server {refused} {name}{status}{progress} and wanted no more of it; the client was still sending."
    )
}

const PAGE: Page = Page {
    title: "The server refused the request while it was still being sent",
    what: "The server answered before it had read the whole request and closes: an upload that is too large (413), not allowed (401, 403), or sent to a handler that does not read it. The unread rest makes the close a reset; the client may lose the answer with it. Or the client sees the answer and stops sending by itself.",
    at_client: "In the middle of the upload a response arrives, then FIN and RSTs, one for each segment in flight.",
    at_server: "The response leaves while data still comes in; then RST+ACK (unread data), or FIN and then bare RSTs.",
    between: "The same.",
    mistaken_for: "server_abort (no answer came), server_timeout with 408 (the server had waited), client_abort (the client stopped without an answer).",
    people_see: &[
        "Firefox: The connection was reset; Chrome: ERR_CONNECTION_RESET instead of the 413 page; curl: exit 55 or 56 (send failure: Broken pipe, recv failure: Connection reset by peer), sometimes the answer itself; wget: exit 8 where the answer was read, 4 after Read error (Connection reset by peer) in headers",
        "nginx: client intended to send too large body, 413; Tomcat: SizeLimitExceededException, maxSwallowSize reached; Apache: AH01587 request body exceeds LimitRequestBody",
    ],
    sources: &[
        "RFC 9110 §10.1.1 (Expect), §15.5.14 (413)",
        "RFC 9112 §9.6 (lingering close)",
        "measured: nginx, Tomcat on Linux 6.18",
    ],
};
