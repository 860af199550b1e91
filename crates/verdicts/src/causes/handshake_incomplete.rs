//! `handshake_incomplete`: the SYN was answered, but the opening side never finished.

use crate::case::Case;
use crate::cause::{CauseRule, Page, any_of, on, weights};
use crate::observations::ids::*;
use crate::{Cause, EndedBy, Observations, steps, wording};

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::HandshakeIncomplete,
    page: PAGE,
    prior: 0.8,
    prior_because: "scans, forged sources and lost answers all look like this",
    needs: any_of(&[
        HANDSHAKE_UNFINISHED,
        SYN_ACK_REFUSED,
        SYN_ACK_REFUSED_UNTOLD,
        CONNECT_CANCELLED,
    ]),
    weights: weights(&[
        on(
            CONNECT_CANCELLED,
            0.3,
            "scanners seldom send the SYN of an ordinary stack",
        ),
        on(HANDSHAKE_UNFINISHED, 2.0, "SYN/ACK without an ACK"),
        on(
            SYN_ACK_REFUSED,
            2.0,
            "the host of the opening side never meant to open it",
        ),
        on(
            SYN_ACK_REFUSED_UNTOLD,
            0.6,
            "the host of the opening side knows of no such connection",
        ),
        on(
            ANSWERED_TWICE,
            0.3,
            "two answer at the server's address: the client may have finished with the other",
        ),
        on(ONE_SIDED, 0.3, "only one direction was captured"),
        on(
            SYN_ACK_ONCE,
            0.15,
            "a host that waits for the ACK sends its SYN/ACK again",
        ),
        on(
            SYN_ACK_NOT_DUE_AGAIN,
            0.15,
            "most hosts that wait for the ACK would have sent their SYN/ACK again",
        ),
        on(ACKS_NOT_PICKED, 0.1, "ACKs were not captured"),
        on(
            PICKED_BY_FLAGS,
            0.02,
            "ACKs were not captured, and the SYN/ACK was not sent again",
        ),
    ]),
    never: &[],
    suspected_on: any_of(&[]),
    ended_by: |case| {
        if case.connection.handshake.last_syn.is_some_and(|last| {
            case.connection
                .handshake
                .syn_ack
                .is_some_and(|answer| last.time > answer.time)
        }) {
            EndedBy::Network
        } else {
            EndedBy::Client
        }
    },
    summary,
    would_be: "if the opening side never meant to finish, or never got the answer",
    next_steps: |_, found| {
        if found.has(ANSWERED_TWICE) {
            return vec![steps::TWO_ANSWERS.to_owned()];
        }
        vec![if found.has(SYN_REPEATED_AFTER_ANSWER) {
            "Capture on the client: does the SYN/ACK arrive there? If not, check the return route, and stateful filters that see only one direction; if it does, the host's own filter, and the SYN/ACK's checksum and numbers.".to_owned()
        } else {
            "One SYN from a source that never finishes is a scan or a forged address; many are a SYN flood (SYN cookies help). Compare with the source's other connections.".to_owned()
        }]
    },
};

fn summary(case: &Case<'_>, found: &Observations) -> String {
    let answered = found
        .get(ANSWERED_TWICE)
        .map(|twice| wording::frames(twice.frames));
    if let Some(frames) = answered {
        return format!(
            "The client was answered twice, with different numbers ({frames}), and finished neither handshake: two hosts answer at the server's address, or one that took it up twice."
        );
    }
    if found.has(SYN_ACK_REFUSED) {
        return "The handshake was never meant to be finished: the client's host answered the SYN/ACK with RST, as after a scan.".to_owned();
    }
    if found.has(SYN_ACK_REFUSED_UNTOLD) {
        return "The client's host refused the SYN/ACK: a scan, a connect that was given up, or an answer that comes from another address than the SYN went to.".to_owned();
    }
    let n = case.connection.handshake.syn_ack_count;
    if found.has(SYN_REPEATED_AFTER_ANSWER) {
        return "The server answers, but the client keeps asking: the SYN/ACK does not get back to it, or its host does not take it.".to_owned();
    }
    format!(
        "The server answered the SYN ({}), but the client never finished the handshake: a scan, a forged address, or an answer that got lost.",
        if n > 1 {
            format!("{n} times")
        } else {
            "once".to_owned()
        }
    )
}

const PAGE: Page = Page {
    title: "The handshake was never finished",
    what: "The server answered the SYN, but the ACK that would finish the handshake never came: a scan that does not finish, a forged source address (SYN flood), or answers that get lost on the way back.",
    at_client: "SYN/ACK arrives and nothing is sent in return (a raw-socket scan), or the capture shows SYNs only while the server's answers take another way.",
    at_server: "SYN/ACK repeated at 1, 3, 7 … s (five times on Linux) without an ACK.",
    between: "The same.",
    mistaken_for: "accept_queue_overflow (the client's ACK did pass), no_answer (no SYN/ACK), benign_reset (a scan that answers with RST).",
    people_see: &[
        "Firefox: The connection has timed out; Chrome: ERR_CONNECTION_TIMED_OUT; curl: exit 28; wget: exit 4, failed: Connection timed out; a scanner: nothing",
        "server's log: nothing, as no program was told; SYN_RECV in ss -n state syn-recv; kernel: possible SYN flooding, sending cookies",
    ],
    sources: &[
        "RFC 4987 (SYN flooding)",
        "Linux ip-sysctl: tcp_synack_retries",
        "measured: Linux 6.18",
    ],
};
