//! `accept_queue_overflow`: the server's listener had no room.

use crate::cause::{CauseRule, Page, any_of, on, weights};
use crate::observations::ids::*;
use crate::{Cause, EndedBy, wording};

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::AcceptQueueOverflow,
    page: PAGE,
    prior: 0.06,
    prior_because: "rarer than filters and dead hosts, unless the listener is known to be alive",
    needs: any_of(&[
        SYN_UNANSWERED,
        SYN_ACK_REPEATED,
        HANDSHAKE_REFUSED,
        FIRST_WORD_IGNORED,
    ]),
    weights: weights(&[
        on(
            ONE_SIDED,
            0.05,
            "the other direction is not in the capture: answers may have been there",
        ),
        on(SYN_JUST_SENT, 0.2, "an answer may still have come"),
        on(
            SYN_NOT_REPEATED,
            0.2,
            "a host whose SYN was dropped sends it again; this one gave up at once, or had an answer",
        ),
        on(
            LISTENER_ANSWERED_OTHERS,
            12.0,
            "the same listener answered others about then: it was alive, and chose",
        ),
        on(
            ALL_OTHERS_ANSWERED,
            0.5,
            "a full queue drops whoever comes, not one of them again and again",
        ),
        on(
            LISTENER_ANSWERED_LATER,
            4.0,
            "the listener was there a while later; an outage that passed looks the same",
        ),
        on(
            SYN_ACK_REPEATED,
            20.0,
            "it repeats its SYN/ACK in spite of the client's ACK: the ACK was dropped for want of room",
        ),
        on(
            FIRST_WORD_IGNORED,
            1.5,
            "Linux with SYN cookies drops so, and without another SYN/ACK, what the queue has no room for",
        ),
        on(
            SYN_ACK_UNHEARD,
            0.02,
            "the repeated SYN/ACK did not reach the client: the path had failed, not the queue",
        ),
        on(
            HANDSHAKE_REFUSED,
            8.0,
            "BSD hosts, and Linux with tcp_abort_on_overflow, refuse so what the queue has no room for",
        ),
        on(
            ANSWERED_TWICE,
            0.1,
            "a SYN/ACK with another number is no repetition",
        ),
        on(
            FOREIGN_ECHO,
            0.1,
            "it refuses a timestamp that it had not sent, be there room or not",
        ),
        on(
            LISTENER_SERVED_ON,
            3.0,
            "the same listener answered others about then: it had not closed",
        ),
        on(
            CAPTURED_AT_SENDER,
            3.0,
            "nothing came over the network that could have killed that host's end",
        ),
        on(ORIGIN_DEVICE, 0.04, "the RST is not the host's"),
        on(ORIGIN_DOUBTFUL, 0.25, "the RST may not be the host's"),
        on(SYN_UNANSWERED, 1.0, "a full queue drops SYNs in silence"),
        on(ICMP_EXPIRED, 0.02, "the SYN did not get as far"),
        on(
            ICMP_UNREACHABLE,
            0.05,
            "a router says that the host cannot be reached",
        ),
    ]),
    never: &[],
    suspected_on: any_of(&[]),
    ended_by: |_| EndedBy::Server,
    summary: |case, found| {
        let port = wording::server_port(case.connection);
        if found.has(HANDSHAKE_REFUSED) {
            format!(
                "The server's host refused the connection on {port} at the last ACK of the handshake: probably its accept queue was full."
            )
        } else if found.has(SYN_ACK_REPEATED) {
            format!(
                "The server's accept queue on {port} was full: its host dropped the ACK that finishes the handshake and repeated its SYN/ACK."
            )
        } else if found.has(FIRST_WORD_IGNORED) {
            format!(
                "The server's accept queue on {port} was probably full: its host answered the SYN, then dropped the client's ACK and all behind it, while the listener was heard elsewhere."
            )
        } else {
            format!(
                "The server's accept queue on {port} was probably full: the listener answered others about then, but dropped this SYN."
            )
        }
    },
    would_be: "if the listener was alive, but its backlog was full",
    next_steps: |_, _| {
        vec![
            "On the server: ss -ltn (Recv-Q at Send-Q means full), nstat -az TcpExtListenOverflows TcpExtListenDrops.".to_owned(),
            "Find out why the program accepts too slowly (all workers busy?), then raise the backlog and net.core.somaxconn.".to_owned(),
        ]
    },
};

const PAGE: Page = Page {
    title: "The listener's queue was full",
    what: "The server's program accepted too slowly and its listen backlog was full: the host drops new SYNs in silence, drops the client's ACK and repeats its SYN/ACK (with SYN cookies, which keep nothing, it does not), or refuses that ACK with a bare RST (BSD; Linux with tcp_abort_on_overflow).",
    at_client: "SYNs without an answer to a port that answered seconds before and after; or a handshake that seems finished while the server repeats its SYN/ACK and never acknowledges data.",
    at_server: "The same; the counters ListenOverflows and ListenDrops rise.",
    between: "The same.",
    mistaken_for: "no_answer (nobody else is answered either), handshake_incomplete (the client's ACK never passed), path_blackhole.",
    people_see: &[
        "connecting takes 1, 3 or 7 s, or is given up: Firefox: The connection has timed out; Chrome: ERR_CONNECTION_TIMED_OUT; curl: exit 28 (Connection timed out); wget: exit 4, failed: Connection timed out, retrying",
        "nginx as a proxy: upstream timed out (110) while connecting, or connect() failed (11: Resource temporarily unavailable) on unix sockets; kernel: possible SYN flooding on port",
    ],
    sources: &[
        "Linux net/ipv4/tcp_ipv4.c: tcp_conn_request, tcp_v4_syn_recv_sock; ip-sysctl: tcp_abort_on_overflow",
        "FreeBSD sys/netinet/tcp_input.c and tcp_syncache.c: rst_on_sock_fail, on by default",
        "listen(2)",
        "measured: Linux 6.18",
    ],
};
