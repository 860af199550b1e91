//! `benign_reset`: a RST, but only after everything had been delivered.

use crate::case::Case;
use crate::cause::{CauseRule, Page, any_of, on, weights};
use crate::observations::ending::arrived;
use crate::observations::ids::*;
use crate::{Cause, EndedBy, Observations, steps, wording};

use super::{nothing_missing, side};

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::BenignReset,
    page: PAGE,
    prior: 0.8,
    prior_because: "browsers, load balancers and health checks end finished connections with RST all the time",
    needs: any_of(&[
        RST_NOTHING_MISSING,
        RST_WITHOUT_DATA,
        SYN_ACK_REFUSED,
        SYN_ACK_REFUSED_UNTOLD,
        CONNECT_CANCELLED,
        TALK_UNSEEN,
    ]),
    weights: weights(&[
        nothing_missing::ANSWER_REFUSED,
        on(
            SENT_NEVER_CAME,
            0.02,
            "bytes that were sent did not come, for seconds",
        ),
        on(
            RESET_WHILE_SENT_TO,
            0.3,
            "something was still on its way to the client, and may have been wanted",
        ),
        on(
            LACKED_BEFORE_RST,
            0.2,
            "bytes were missing when the RST came",
        ),
        on(
            RESET_BEHIND_BULK,
            0.3,
            "who has read all of an answer leaves nothing unread",
        ),
        nothing_missing::TICKET_OR_ANSWER,
        on(
            WORDS_LEFT_OUT,
            0.4,
            "what would speak against it may stand in the rows that were left out",
        ),
        on(
            FIN_UNSEEN,
            4.0,
            "a host whose program has closed refuses what still comes",
        ),
        on(
            WORD_BEHIND_CLOSE,
            0.5,
            "what the client said behind the server's close may have been a request",
        ),
        nothing_missing::REQUEST_UNREAD,
        on(
            REFUSED_IN_WORDS,
            0.5,
            "the server said that it does not serve the client: nobody had what they came for",
        ),
        nothing_missing::TIMED_OUT_IN_WORDS,
        nothing_missing::LEFT_IN_WORDS,
        on(
            LEFT_IN_WORDS_ASKED,
            0.3,
            "the server said that it ends the session, where an answer was due",
        ),
        nothing_missing::PING_OF_CLIENT_UNANSWERED,
        nothing_missing::PING_OF_SERVER_UNANSWERED,
        on(
            WEBSOCKET_CUT_BY_CLIENT,
            0.4,
            "programs take leave of a WebSocket with a close frame; many a client just leaves",
        ),
        on(
            WEBSOCKET_CUT_BY_SERVER,
            0.2,
            "programs take leave of a WebSocket with a close frame",
        ),
        on(
            ANSWER_TAKEN,
            3.0,
            "a short answer, and a rest behind it: it was all, most likely",
        ),
        on(
            PERHAPS_ABORTED,
            0.3,
            "servers that have said everything close with FIN, mostly",
        ),
        on(
            ONE_SIDED,
            0.15,
            "the other direction is not in the capture: what it asked, or still sent, does not show",
        ),
        nothing_missing::LEFT_WITHOUT_GOODBYE,
        nothing_missing::SESSION_DROPPED,
        nothing_missing::SESSION_CUT,
        nothing_missing::CLOSED_BEHIND_WORD,
        on(
            FIN_REFUSED_NEARBY,
            0.5,
            "a device had forgotten the connection: nobody lost anything by that yet",
        ),
        on(
            PERHAPS_REJECTED,
            0.3,
            "the server refused an upload, and may have left the rest of it unread",
        ),
        on(
            BEGUN_UNHEARD,
            0.45,
            "what was asked first is not in the capture",
        ),
        nothing_missing::HEARD_IN_PART,
        on(TALK_UNSEEN, 0.35, "what was owed is not in the capture"),
        on(
            REFUSER_UNSEEN,
            0.7,
            "what went before is not in the capture",
        ),
        on(
            REFUSING_CLIENT_UNSEEN,
            0.7,
            "what went before is not in the capture",
        ),
        on(
            TRIGGER_LOST,
            0.3,
            "a bare RST answers a packet: one that the capture has lost may have been a request",
        ),
        on(
            RST_UNPROMPTED,
            0.6,
            "a bare RST answers a packet: one that the list does not show may have been wanted",
        ),
        on(
            ROUND_SINCE_OPENING,
            0.3,
            "limits on idling count from the last word",
        ),
        on(ORIGIN_DOUBTFUL, 0.35, "the RST may not be of the host"),
        on(
            STREAM_CANCELLED,
            0.12,
            "a request inside was cancelled before it was answered in full",
        ),
        nothing_missing::STREAM_GIVEN_UP,
        nothing_missing::STREAM_PERHAPS_GIVEN_UP,
        nothing_missing::NO_PROMISE,
        on(
            FORGED_DATA,
            0.5,
            "somebody forged data in this connection: what was delivered was not what was asked for",
        ),
        nothing_missing::GREETING_MISSING,
        on(
            CONNECTED_TOO_LATE,
            0.3,
            "nobody takes so long to find a faster one",
        ),
        on(
            CONNECT_CANCELLED,
            1.5,
            "browsers open several connections and drop what they do not need",
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
        on(TLS_LEFT_AT_ONCE, 0.5, "it may have refused the certificate"),
        on(
            KEEP_ALIVE_UNANSWERED,
            0.04,
            "the other side had not answered any more: that is why it was reset",
        ),
        on(
            SYN_ACK_REFUSED,
            0.2,
            "a health check's own host knows of the connection",
        ),
        on(
            SYN_ACK_REFUSED_UNTOLD,
            0.3,
            "whether an ordinary program had asked does not show",
        ),
        on(SCAN_PROBE, 0.03, "there was no connection to reset"),
        on(
            PROTOCOL_UNKNOWN,
            0.6,
            "the protocol is not understood, so something may have been missing all the same",
        ),
        on(
            GAP_BEFORE_CLOSE,
            0.35,
            "what was owed at the end may stand in the rows that were left out",
        ),
        nothing_missing::UNTIMED,
        on(
            ORIGIN_DEVICE,
            0.2,
            "the RST is not of the host: somebody cut it",
        ),
        on(
            SENDER_WENT_ON,
            0.03,
            "the side that is said to have reset it went on",
        ),
        on(
            RST_BOTH_WAYS,
            0.2,
            "RSTs to both sides at once are a device's",
        ),
        nothing_missing::NOT_KEPT,
        nothing_missing::LAST_WORD_UNTOLD,
        on(
            RST_PASSIVE,
            0.5,
            "a bare RST without a FIN before: the host had lost the connection, though nothing was owed",
        ),
        on(
            UNANSWERED_TAIL,
            0.1,
            "something was sent and never acknowledged",
        ),
        on(
            TLS_ALERT,
            0.05,
            "an alert is the reason, the RST only its end",
        ),
        on(
            ODD_ANSWER,
            0.3,
            "what came is no answer in the client's protocol",
        ),
        on(
            DIFFERENT_PROTOCOLS,
            0.05,
            "the two never understood each other",
        ),
    ]),
    never: &[],
    suspected_on: any_of(&[]),
    ended_by: |case| case.closer().map_or(EndedBy::Unknown, side),
    summary,
    would_be: "if nothing more was to come when the RST was sent",
    next_steps: |case, found| next_step(case, found).into_iter().collect(),
};

fn summary(case: &Case<'_>, found: &Observations) -> String {
    let who = case.closer().map_or("one side", wording::side);
    if found.has(RST_WITHOUT_DATA) {
        format!(
            "Harmless: {who} opened the connection, or took it, and reset it before any data: a health check or a probe."
        )
    } else if found.has(CONNECT_CANCELLED) {
        format!(
            "Harmless: {who} gave the connection up while it was being opened, as browsers do that try several at once."
        )
    } else if let Some(forged) = found.get(FORGED_DATA) {
        format!(
            "The RST itself cost nothing: it came after a whole answer. But the answer was forged by somebody else ({}), and the server's own came too late.",
            wording::frames(forged.frames)
        )
    } else if found.has(TALK_UNSEEN) {
        format!(
            "Harmless as far as the capture shows: {who} reset the connection, and nothing shows that anything was owed."
        )
    } else {
        how_harmless(case, found).to_owned()
    }
}

/// What shows of whether all had been delivered.
fn how_harmless(case: &Case<'_>, found: &Observations) -> &'static str {
    let perhaps_left = [
        PERHAPS_TRUNCATED,
        PERHAPS_LEFT_EARLY,
        STREAM_PERHAPS_GIVEN_UP,
    ];
    if found.has(RST_UNPROMPTED) {
        "Harmless as far as the rows show: when the RST came, everything that they hold had been delivered."
    } else if case.accounts.unread.is_some() {
        "Harmless as far as the capture shows: when the RST came, all that was sent had been acknowledged; how long the response was to be does not show."
    } else if case.accounts.unpromised.is_some() && found.has(PERHAPS_TRUNCATED) {
        "Harmless as far as the capture shows: when the RST came, the server had closed in order, which is how this answer ends; a program that dies half-way ends it alike."
    } else if case.accounts.encrypted && found.has_any(&perhaps_left) {
        "Harmless as far as an encrypted session shows; whether the last answer was whole does not show inside TLS."
    } else if case.accounts.encrypted {
        "Harmless as far as an encrypted session shows: no answer was under way when the RST came."
    } else if found.has(RESET_WHILE_SENT_TO) {
        "Harmless, if what was still on its way to the client when it sent the RST was not wanted any more."
    } else if found.has_any(&[HEARD_IN_PART, BEGUN_UNHEARD]) {
        "Harmless as far as the capture shows: nothing was under way when the RST came; what was asked and promised is not in it, or only in part."
    } else if !case.accounts.understood && !case.accounts.silent && !arrived(case) {
        "Harmless as far as the capture shows: nothing shows that anything was still wanted when the RST came."
    } else if found.has(LACKED_BEFORE_RST) {
        "Harmless, if the bytes that were missing when the RST came were not wanted any more."
    } else {
        "Harmless: the RST came after everything had been delivered; nobody lost anything."
    }
}

fn next_step(case: &Case<'_>, found: &Observations) -> Option<String> {
    if let Some(unprompted) = found.get(RST_UNPROMPTED) {
        return Some(format!(
            "Look whether rows are missing before the RST ({}), cut out or hidden by a display filter: a bare RST answers a packet, and no row shows one that it can answer.",
            wording::frames(unprompted.frames)
        ));
    }
    let read = steps::read_the_promise(case, found)
        .or_else(|| steps::read_its_log(case, found))
        .or_else(|| steps::read_the_session(case, found));
    let look = if found.has(FORGED_DATA) {
        "Look at both versions of the data (Wireshark: tcp.overlap, or the two frames): somebody on the path injects answers. Use TLS."
    } else if found.has(PROTOCOL_UNKNOWN) {
        "Ask the client's program whether it had what it wanted: the protocol does not show it."
    } else {
        return read;
    };
    read.or_else(|| Some(look.to_owned()))
}

const PAGE: Page = Page {
    title: "A reset after the work was done",
    what: "The connection ended with RST, but everything that was asked for had arrived by then. Programs do this to save TIME_WAIT (SO_LINGER 0), because a close_notify or a last byte lay unread, or as a health check that only wants to see the port open.",
    at_client: "A whole response, then RST from either side, often right behind FIN; or SYN, SYN/ACK, RST of a health check.",
    at_server: "The same; RST+ACK where the client's program closed with something unread, bare RST where data met a closed socket.",
    between: "The same.",
    mistaken_for: "client_abort and server_abort: compare the promised length with what was acknowledged. injected_reset: a forger gains nothing when all is delivered.",
    people_see: &[
        "client: nothing",
        "nginx: recv() failed (104: Connection reset by peer) while keepalive, or no line at all",
        "HAProxy: termination state -- , or a health check's own log",
        "Tomcat: sometimes ClientAbortException after the response's last byte",
    ],
    sources: &[
        "RFC 2525 §2.17 (RST for unread data)",
        "RFC 9293 §3.6.1",
        "measured: Linux 6.18",
    ],
};
