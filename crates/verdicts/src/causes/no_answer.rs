//! `no_answer`: the SYN vanished.

use crate::cause::{CauseRule, Page, any_of, on, weights};
use crate::observations::ids::*;
use crate::{Cause, EndedBy, wording};

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::NoAnswer,
    page: PAGE,
    prior: 0.6,
    prior_because: "filters that drop, hosts that are down and wrong addresses are the usual reasons for silence",
    needs: any_of(&[SYN_UNANSWERED, ICMP_UNREACHABLE]),
    weights: weights(&[
        on(
            ONE_SIDED,
            0.05,
            "the other direction is not in the capture: answers may have been there",
        ),
        on(
            LISTENER_ANSWERED_OTHERS,
            0.2,
            "the same listener answered others about then",
        ),
        on(
            ALL_OTHERS_ANSWERED,
            1.2,
            "filters and routes know single clients",
        ),
        on(
            LISTENER_ANSWERED_LATER,
            0.7,
            "the same listener answered later: the filter, or the outage, was gone by then",
        ),
        on(
            ANSWERS_NOT_PICKED,
            0.4,
            "answers may have been left out of the capture",
        ),
        on(SYN_REPEATED, 1.2, "several SYNs in a row got no answer"),
        on(
            ICMP_UNREACHABLE,
            3.0,
            "a router says that it cannot reach the host",
        ),
        on(
            ICMP_EXPIRED,
            60.0,
            "a router says that the SYN went no further: a route goes in circles, or somebody traces it",
        ),
        on(ICMP_PROHIBITED, 0.05, "a filter says that it refused it"),
    ]),
    never: &[],
    suspected_on: any_of(&[]),
    ended_by: |_| EndedBy::Network,
    summary: |case, found| {
        let server = case.connection.ends.server;
        let n = case.connection.handshake.syn_count;
        if found.has(ICMP_UNREACHABLE) {
            return format!(
                "A router could not reach the server ({}): ICMP says host or network unreachable.",
                server.host
            );
        }
        if found.has(ICMP_EXPIRED) {
            return format!(
                "The SYN to {} never got there: its time to live ran out at a router on the way, as in a routing loop, or when the route is traced (traceroute).",
                wording::server_port(case.connection)
            );
        }
        format!(
            "Nobody answered the {} to {}: a firewall drops it in silence, or no such host is up.",
            if n > 1 {
                format!("{n} SYNs")
            } else {
                "SYN".to_owned()
            },
            wording::server_port(case.connection)
        )
    },
    would_be: "if a filter on the way, or at the host, dropped the SYN",
    next_steps: |_, found| {
        let mut steps = vec![
            "Capture at the server: does the SYN arrive there? If it does, look at the host's filter and listener; if not, at the path (traceroute -T -p PORT).".to_owned(),
        ];
        if found.has_any(&[SYN_STILL_TRIED, SYN_JUST_SENT]) {
            steps.insert(
                0,
                "Let the capture run on: a later SYN may be answered.".to_owned(),
            );
        }
        if found.has(ANSWERS_NOT_PICKED) {
            steps.insert(
                0,
                "Capture without a filter on TCP flags: one for SYNs alone (tcp[13] == 2) leaves out the answers.".to_owned(),
            );
        }
        if found.has(HOST_ANSWERS_ELSEWHERE) {
            steps.push(
                "The host answers on another port: suspect a filter for this port.".to_owned(),
            );
        }
        steps
    },
};

const PAGE: Page = Page {
    title: "Nobody answered",
    what: "The SYN vanished: a filter drops it in silence, no host has the address, or a route is missing. A router's ICMP host or net unreachable belongs here too.",
    at_client: "SYNs at 0, 1, 3, 7, 15 s … (newer Linux: 0, 1, 2, 3, 4, 5, 7, 11 s), no answer.",
    at_server: "Either nothing at all, or SYNs that come in and that the host does not answer (a local filter, a full queue).",
    between: "SYNs in one direction only.",
    mistaken_for: "accept_queue_overflow (the same listener answered others about then), port_closed (a RST), firewall_reject (ICMP prohibited).",
    people_see: &[
        "Firefox: The connection has timed out; Chrome: ERR_CONNECTION_TIMED_OUT; curl: exit 28 (Connection timed out) or 7 (No route to host); wget: exit 4; Java: ConnectException: Connection timed out, SocketTimeoutException: connect timed out",
        "nginx as a proxy: upstream timed out (110) while connecting to upstream, 504; HAProxy: sC with 503",
    ],
    sources: &[
        "RFC 9293 §3.8.3",
        "Linux ip-sysctl: tcp_syn_retries, tcp_syn_linear_timeouts",
        "measured: Linux 6.18",
    ],
};
