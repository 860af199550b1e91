//! `mtu_blackhole`: only large packets stopped getting through.

use crate::case::Case;
use crate::cause::{CauseRule, Page, any_of, never, on, weights};
use crate::observations::ids::*;
use crate::{Cause, EndedBy, Observations, wording};

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::MtuBlackhole,
    page: PAGE,
    prior: 0.2,
    prior_because: "tunnels, PPPoE and filtered ICMP make such holes; they are rarer than plain outages",
    needs: any_of(&[
        ONLY_LARGE_LOST,
        LARGE_LOST,
        HOLE_NEVER_FILLED,
        NOTHING_LARGE_CAME,
        HOLE_AT_END,
        SENT_NEVER_CAME,
    ]),
    weights: weights(&[
        on(
            SENT_NEVER_CAME,
            20.0,
            "the packet that tells of them is small, and got through at once",
        ),
        on(HOLE_STAYS, 2.0, "what was sent again did not come either"),
        on(
            LARGE_PASSED_BEFORE,
            0.4,
            "segments as large had got through before: the hole would have opened in between, by a change of route",
        ),
        on(
            HOLE_AT_END,
            0.5,
            "what is missing may have been too large for the path",
        ),
        on(
            FIN_UNANSWERED,
            0.15,
            "not even a FIN got through, or its acknowledgement",
        ),
        on(KEEP_ALIVE_UNANSWERED, 0.15, "not even probes got through"),
        on(
            NOTHING_LARGE_CAME,
            3.0,
            "a small head came through, the large segments behind it did not",
        ),
        on(
            ONE_SIDED,
            0.1,
            "the other direction is not in the capture: answers may have been there",
        ),
        on(
            SMALL_PASSED_JUST_BEFORE,
            6.0,
            "a small one got through at the very moment at which the large ones began to vanish",
        ),
        on(
            LARGE_LOST,
            1.5,
            "what was lost was large, and nothing smaller was tried",
        ),
        on(
            ONLY_LARGE_LOST,
            4.0,
            "no large segment ever got through, smaller ones did",
        ),
        on(
            SMALL_PASSED,
            10.0,
            "small packets got through at the same time",
        ),
        on(PEER_STILL_TALKS, 3.0, "the connection itself was alive"),
        on(
            PEER_FELL_SILENT,
            0.7,
            "nothing came from the other side any more; it may simply have had nothing to say",
        ),
        on(
            HOLE_NEVER_FILLED,
            15.0,
            "later, smaller segments came through; the hole was never filled",
        ),
        on(ICMP_TOO_BIG, 12.0, "a router says so"),
        on(IDLE_BEFORE_FAILURE, 0.3, "it began after a silence"),
        on(CAPTURE_LOSS, 0.3, "the capture itself lost packets"),
        on(ENDED_WELL, 0.1, "everything was delivered"),
        on(WINDOW_SHUT, 0.2, "the receiver was not reading"),
    ]),
    never: &[never(
        LARGE_PASSED,
        "segments as large had got through before",
    )],
    suspected_on: any_of(&[UNANSWERED_TAIL]),
    ended_by: |_| EndedBy::Network,
    summary,
    would_be: "if a link on the path takes only smaller packets, and nobody says so",
    next_steps: |case, _| {
        let largest = [
            case.connection.flows.client.sizes.largest_datagram,
            case.connection.flows.server.sizes.largest_datagram,
        ];
        let largest = largest.into_iter().max().unwrap_or(1500).clamp(576, 1500);
        vec![
            format!("Try the path: ping -M do -s {} (and smaller) towards the other side; tracepath shows where it ends.", largest.saturating_sub(28)),
            "Let ICMP \"fragmentation needed\" / \"packet too big\" through, clamp the MSS on the tunnel (iptables --clamp-mss-to-pmtu), or set net.ipv4.tcp_mtu_probing=1.".to_owned(),
        ]
    },
};

fn summary(case: &Case<'_>, found: &Observations) -> String {
    let client = case.connection.flows.client.sizes;
    let server = case.connection.flows.server.sizes;
    let sizes = if server.smallest_unanswered.is_some() {
        server
    } else {
        client
    };
    if !found.has_any(&[ONLY_LARGE_LOST, HOLE_NEVER_FILLED]) {
        let passed = match found.has_any(&[SMALL_PASSED, SMALL_PASSED_JUST_BEFORE]) {
            true => ", and small ones got through",
            false => "",
        };
        return format!(
            "Only large packets seem to be lost on the way (an MTU hole): what was sent again and again is large{passed}."
        );
    }
    if !found.has(ONLY_LARGE_LOST) {
        return "Only large packets are lost on the way (an MTU hole): later, smaller segments arrived, the large ones before them never did.".to_owned();
    }
    let lost = sizes.smallest_unanswered.unwrap_or(sizes.largest_sent);
    let large = wording::bytes(u64::from(lost));
    if sizes.largest_acked >= lost {
        return format!(
            "Only large packets are lost on the way (an MTU hole that opened later): in the end segments of {large} no longer got through, as they had before; smaller ones still did."
        );
    }
    format!(
        "Only large packets are lost on the way (an MTU hole): segments of {large} or more never got through, smaller ones ({}) did.",
        wording::bytes(u64::from(sizes.largest_acked))
    )
}

const PAGE: Page = Page {
    title: "Large packets vanish",
    what: "A link on the path (tunnel, PPPoE, VPN, cloud overlay) takes only smaller packets, and the ICMP message that would say so is filtered. The handshake and small requests work, the first large segment hangs.",
    at_client: "A download: the request is acknowledged, then nothing, or only the short last segment arrives with a hole before it (duplicate ACKs with SACK). An upload: its full-size segments are repeated.",
    at_server: "Full-size segments are sent again at 0.2, 0.4, 0.8 s …; small ones (the last part of a response, an ACK of the FIN) get through.",
    between: "Before the narrow link large packets are seen, behind it they are not.",
    mistaken_for: "path_blackhole (large ones had passed before, or small ones are lost too), client_timeout.",
    people_see: &[
        "Firefox and Chrome: a page that loads for ever, TLS that hangs after the ClientHello, in the end The connection has timed out or ERR_TIMED_OUT; curl: exit 28, or it hangs; wget: HTTP request sent, awaiting response... for its 900 s; ssh: hangs at expecting SSH2_MSG_KEX_ECDH_REPLY; scp and git stall",
        "nginx: 499 or 408 after the client gave up, client timed out (110: Connection timed out) while sending to client",
    ],
    sources: &[
        "RFC 2923 §2.1 (black hole detection), RFC 4821, RFC 1191",
        "measured: Linux 6.18",
    ],
};
