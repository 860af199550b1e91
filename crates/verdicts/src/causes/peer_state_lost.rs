//! `peer_state_lost`: the host no longer knew the connection.

use crate::case::Case;
use crate::cause::{CauseRule, Page, any_of, never, on, weights};
use crate::observations::ids::*;
use crate::{Cause, EndedBy, Observations, steps, wording};

use super::side;

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::PeerStateLost,
    page: PAGE,
    prior: 0.3,
    prior_because: "restarts and failovers are rare, but a bare RST without a FIN before has few other reasons",
    needs: any_of(&[RST_PASSIVE, FIN_REFUSED]),
    weights: weights(&[
        on(
            OLDER_LIVES_ON,
            0.1,
            "a restart, or a failover, takes all connections with it; only where several hosts share the address one alone moves",
        ),
        on(
            FIN_REFUSED,
            4.0,
            "a host that is merely slow acknowledges a FIN",
        ),
        on(RST_FROM_NEXT_HOP, 0.3, "it began nearer than the host is"),
        on(
            GAP_BEFORE_FAILURE,
            0.5,
            "the host may have closed in the rows that were left out",
        ),
        on(
            WORDS_LEFT_OUT,
            0.7,
            "what would speak against it may stand in the rows that were left out",
        ),
        on(FIN_UNSEEN, 0.03, "it had closed, and forgot nothing"),
        on(
            REFUSER_UNSEEN,
            0.4,
            "it may have closed in order before the capture begins",
        ),
        on(
            REFUSING_CLIENT_UNSEEN,
            0.2,
            "it may have closed in order before the capture begins",
        ),
        on(
            TALK_UNSEEN,
            0.5,
            "a connection that was over, or idle, is refused in the same way",
        ),
        on(
            ORIGIN_TTL_ALONE,
            0.6,
            "a device that keeps the TTL sends the same",
        ),
        on(CONNECT_CANCELLED, 0.005, "there was nothing to forget yet"),
        on(
            HANDSHAKE_REFUSED,
            0.2,
            "a moment before it had answered the SYN: only another host behind the same address, or a listener that closed just then, refuses so",
        ),
        on(
            OTHER_ANSWER_REFUSED,
            0.015,
            "who refuses the acknowledgement of another SYN/ACK has forgotten nothing: it never had this connection",
        ),
        on(
            FOREIGN_ECHO,
            0.1,
            "it refuses a timestamp that it had not sent: it need not have forgotten anything",
        ),
        on(
            ONE_SIDED,
            0.3,
            "the other direction is not in the capture: answers may have been there",
        ),
        on(
            CLOSED_UNUSED,
            0.15,
            "nothing had been sent yet: there was little to forget",
        ),
        on(
            SYN_ACK_REPEATED,
            0.05,
            "that host never took the connection up: there was nothing to forget",
        ),
        on(
            EARLIER_FORGERY,
            0.1,
            "somebody had forged a RST in this connection before",
        ),
        on(
            CAPTURED_AT_SENDER,
            3.0,
            "nothing came over the network that could have killed that host's end",
        ),
        on(
            SERVER_WAS_ALIVE,
            0.3,
            "a restart takes longer; only a failover, or a socket killed by hand, is as fast",
        ),
        on(
            CLIENT_WAS_ALIVE_IN_ROWS,
            0.12,
            "a client's host does not restart or fail over so fast",
        ),
        on(
            CLIENT_WAS_ALIVE,
            0.06,
            "a client's host does not restart or fail over so fast",
        ),
        on(SYN_ACK_REFUSED, 0.02, "there was nothing to forget yet"),
        on(
            SYN_REFUSED,
            0.05,
            "the SYN itself had been refused: there was no connection to forget",
        ),
        on(
            SYN_ACK_REFUSED_UNTOLD,
            0.02,
            "there was nothing to forget yet",
        ),
        on(RST_WITHOUT_DATA, 0.03, "there was nothing to forget yet"),
        on(
            RST_SOONER_THAN_USUAL,
            0.15,
            "the host itself takes longer to answer",
        ),
        on(
            CLOSED_BEFORE_SENT,
            0.03,
            "it refuses data alone, while its own is on its way: so does a socket that is closed",
        ),
        on(
            RST_PASSIVE,
            3.0,
            "a bare RST with the trigger's own number: the host has no such connection",
        ),
        on(
            RST_ANSWERS,
            2.0,
            "it answers a packet at the host's own distance",
        ),
        on(ORIGIN_HOST, 3.0, "TTL and fields are the host's own"),
        on(ORIGIN_DEVICE, 0.04, "it is not the host's"),
        on(ORIGIN_DOUBTFUL, 0.25, "it may not be the host's"),
        on(RST_TOO_SOON, 0.04, "it came too soon to be the host's"),
        on(
            SENDER_WENT_ON,
            0.02,
            "a host that has lost a connection does not go on in it",
        ),
        on(RST_BOTH_WAYS, 0.1, "RSTs to both sides are a device's"),
        on(
            THROWN_AWAY_HERE,
            0.25,
            "hosts that have just spoken have not restarted",
        ),
        on(IDLE_BEFORE_FAILURE, 1.3, "it had time to restart unnoticed"),
        on(
            RST_NOTHING_MISSING,
            0.5,
            "nothing was owed: it may have been closed without a trace on purpose",
        ),
        on(REQUEST_CROSSED_CLOSE, 0.05, "it had closed in order before"),
        on(REQUEST_AFTER_CLOSE, 0.05, "it had closed in order before"),
        on(
            REFUSES_AFTER_OUTAGE,
            0.01,
            "it had the connection all the time",
        ),
        on(
            CLIENT_LEFT_IN_OUTAGE,
            0.4,
            "its program may have given up in the outage instead",
        ),
        on(
            UNANSWERED_TAIL,
            1.2,
            "the host was away for a while before it answered",
        ),
    ]),
    never: &[never(
        RST_ACTIVE,
        "the RST is RST+ACK with the exact numbers of a live connection: its host knew it",
    )],
    suspected_on: any_of(&[CLOSED_WITH_RST]),
    ended_by: |case| case.fatal.map_or(EndedBy::Unknown, |reset| side(reset.by)),
    summary,
    would_be: "if the host, or the machine that took over its address, had forgotten the connection",
    next_steps: |case, found| {
        let by = case
            .fatal
            .map_or(whyreset_connections::Side::Server, |reset| reset.by);
        steps::list([
            found.has_any(&[REFUSER_UNSEEN, REFUSING_CLIENT_UNSEEN]).then(|| {
                format!(
                    "Look at what went before (an earlier capture, or the rows above): had {} closed with FIN already?",
                    wording::side(by)
                )
            }),
            Some(format!(
                "Look for a restart or failover of {}'s host before {} (uptime, cluster and balancer logs).",
                wording::side(by),
                wording::at(
                    case.connection,
                    case.fatal.map_or(case.connection.end, |r| r.at.time)
                )
            )),
            steps::compare_fields(case),
            steps::capture_at(case, by),
        ])
    },
};

fn summary(case: &Case<'_>, found: &Observations) -> String {
    let Some(reset) = case.fatal else {
        return "A host no longer knew the connection.".to_owned();
    };
    let trigger = reset
        .trigger
        .map(|trigger| format!(" (frame {})", trigger.at.frame))
        .unwrap_or_default();
    format!(
        "{}'s host no longer knew the connection: it refused a packet of it{trigger} with a {} (frame {}){}.",
        wording::the_side(reset.by),
        if reset.ack.is_some() {
            "RST+ACK"
        } else {
            "bare RST"
        },
        reset.at.frame,
        match found.has_any(&[REFUSER_UNSEEN, REFUSING_CLIENT_UNSEEN]) {
            true => ": a restart, a failover, or a close before the first packet that was captured",
            false => ", without having closed before: a restart, or a failover",
        }
    )
}

const PAGE: Page = Page {
    title: "The host had forgotten the connection",
    what: "A host that restarted, or another machine that took over its address, has no such connection and answers its packets with RST, as the protocol demands.",
    at_client: "After a silence (or at once) a packet of the client is answered with a bare RST: no ACK flag, window 0, its number the client's acknowledgement number. No FIN came before.",
    at_server: "The same, seconds after the boot: ARP or neighbour discovery by the server's own MAC, new initial numbers and timestamps that start low.",
    between: "The same.",
    mistaken_for: "idle_state_lost with a device's RST (compare TTL and delay with the host's own), keepalive_race (a FIN came before), server_abort (RST+ACK).",
    people_see: &[
        "Firefox: The connection was reset; Chrome: ERR_CONNECTION_RESET; curl: exit 56 (Recv failure: Connection reset by peer), 55 while sending; wget: Read error (Connection reset by peer), Retrying, in the end exit 4",
        "ssh: client_loop: send disconnect: Connection reset; databases: server closed the connection unexpectedly",
        "nginx as a proxy: recv() failed (104: Connection reset by peer) while reading response header from upstream, 502; the restarted host logs its boot, its kernel counts TcpOutRsts",
    ],
    sources: &[
        "RFC 9293 §3.5.1 (half-open connections), §3.5.2 group 1",
        "Linux tcp_v4_send_reset",
        "measured: Linux 6.18",
    ],
};
