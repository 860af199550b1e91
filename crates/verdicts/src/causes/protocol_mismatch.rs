//! `protocol_mismatch`: the two sides speak different protocols.

use crate::cause::{CauseRule, Page, any_of, on, weights};
use crate::observations::{Id, ids::*};
use crate::{Cause, EndedBy};

use super::side;

/// Observations that say it in words, the plainest first.
pub(super) const WORDED_BY: [Id; 4] = [
    DIFFERENT_PROTOCOLS,
    ODD_ANSWER,
    UNLIKELY_PORT,
    CLOSED_AT_FIRST_WORD,
];

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::ProtocolMismatch,
    page: PAGE,
    prior: 0.8,
    prior_because: "where the first bytes of both sides show two protocols, that is the reason",
    needs: any_of(&WORDED_BY),
    weights: weights(&[
        on(
            CLOSED_AT_FIRST_WORD,
            0.5,
            "what does not understand its client closes at once; so does a handler that crashes",
        ),
        on(
            UNLIKELY_PORT,
            2.0,
            "servers close at once on what is not their protocol",
        ),
        on(DIFFERENT_PROTOCOLS, 5.0, "the bytes show it"),
        on(
            ODD_ANSWER,
            0.7,
            "browsers and curl refuse what is no answer in HTTP; but some small servers send a bare text, and clients of their own read it",
        ),
        on(
            DROPPED_UNHEARD,
            0.003,
            "the server had not read a word yet when it closed",
        ),
        on(UNANSWERED_TAIL, 0.3, "packets had stopped getting through"),
    ]),
    never: &[],
    suspected_on: any_of(&[]),
    ended_by: |case| case.closer().map_or(EndedBy::None, side),
    summary: |case, found| {
        let mut words = WORDED_BY.into_iter().filter_map(|id| found.get(id));
        let what = words.next().map_or("", |o| o.text);
        format!(
            "The two sides speak different protocols on port {}. {what}",
            case.connection.ends.server.port
        )
    },
    would_be: "if one side speaks a protocol that the other does not expect",
    next_steps: |case, _| {
        vec![format!(
            "Check scheme and port: https:// to a plain port, http:// to a TLS port, or another service on port {}.",
            case.connection.ends.server.port
        )]
    },
};

const PAGE: Page = Page {
    title: "They speak different protocols",
    what: "The client speaks one protocol, the server another: TLS to a plain HTTP port, plain HTTP to a TLS port, HTTP to a mail or SSH port, a PROXY header that is not expected.",
    at_client: "ClientHello answered with HTTP/1.1 400 in clear; GET answered with a TLS alert or with 400 The plain HTTP request was sent to HTTPS port; a banner (SSH-2.0-, 220 ) where none was expected.",
    at_server: "The same.",
    between: "The same.",
    mistaken_for: "tls_failure (both speak TLS), server_abort.",
    people_see: &[
        "Firefox: SSL_ERROR_RX_RECORD_TOO_LONG; Chrome: ERR_SSL_PROTOCOL_ERROR, ERR_INVALID_HTTP_RESPONSE; curl: exit 35 (wrong version number) or 1 (Received HTTP/0.9 when not allowed); wget: exit 4, Unable to establish SSL connection; Java: SSLException: Unsupported or unrecognized SSL message",
        "nginx: client sent plain HTTP request to HTTPS port, or a line of \\x16\\x03\\x01 with 400; Apache: Invalid method in request \\x16\\x03\\x01; HAProxy: SSL handshake failure or PR",
    ],
    sources: &[
        "RFC 8446 §5.1 (record layer)",
        "measured: nginx and curl on Linux 6.18",
    ],
};
