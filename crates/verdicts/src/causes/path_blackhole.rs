//! `path_blackhole`: packets stopped getting through, whatever their size.

use crate::case::{Case, Outage};
use crate::cause::{CauseRule, Page, any_of, on, weights};
use crate::observations::ids::*;
use crate::{Cause, EndedBy, Observation, Observations, steps, wording};
use whyreset_connections::Side;

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::PathBlackhole,
    page: PAGE,
    prior: 0.3,
    prior_because: "links fail, laptops sleep, phones lose their network, hosts lose power",
    needs: any_of(&[
        UNANSWERED_TAIL,
        OUTAGE,
        ACKS_LOST,
        KEEP_ALIVE_UNANSWERED,
        PROBES_BETWEEN_GAPS,
        FIN_UNANSWERED,
        OPEN_AND_WAITING,
        STOPPED_IN_FULL_FLOW,
        SYN_ACK_REPEATED,
        SYN_ACK_UNHEARD,
        ICMP_GONE,
        HOLE_AT_END,
        HOLE_STAYS,
        SENT_NEVER_CAME,
        FELL_SILENT_FOR_ALL,
    ]),
    weights: weights(&[
        on(
            SENDER_WENT_ON,
            0.05,
            "a RST had killed the other side's end before: nothing was to be heard from there any more",
        ),
        on(
            GAP_BEFORE_FAILURE,
            0.6,
            "a silence, after which a device had forgotten the connection, may stand in the rows that were left out",
        ),
        on(
            TAIL_UNNUMBERED,
            0.4,
            "whether larger segments alone were lost does not show",
        ),
        on(
            UNTIMED,
            0.1,
            "a rest, after which a device had forgotten the connection, would not show",
        ),
        on(
            ACKS_LOST,
            6.0,
            "acknowledgements vanish behind this point, again and again",
        ),
        on(
            SENT_NEVER_CAME,
            3.0,
            "what was sent again meanwhile did not come either",
        ),
        on(HOLE_STAYS, 3.0, "what was sent again did not come either"),
        on(
            LARGE_PASSED_BEFORE,
            1.5,
            "segments as large had got through before",
        ),
        on(
            FELL_SILENT_FOR_ALL,
            20.0,
            "others lost the same host at the same moment, and nobody heard of it again",
        ),
        on(
            HOLE_AT_END,
            0.5,
            "bytes were lost, and not sent again as far as the capture goes",
        ),
        on(
            ICMP_GONE,
            10.0,
            "a router says that the host cannot be reached any more",
        ),
        on(
            TAIL_JUST_BEGUN,
            0.6,
            "so far it is an outage of seconds, from which many connections recover",
        ),
        on(PATH_ALIVE, 0.1, "a FIN was acknowledged: the path worked"),
        on(
            SCAN_PROBE,
            0.01,
            "it is no connection: open and filtered ports answer such probes with nothing",
        ),
        on(
            LEFT_UNSETTLED,
            0.05,
            "on a dead path as well it would be acknowledged, or sent again",
        ),
        on(
            ONE_SIDED,
            0.03,
            "the other direction is not in the capture: answers may have been there",
        ),
        on(
            FIRST_WORD_IGNORED,
            0.1,
            "the same listener was heard meanwhile: path and host were there",
        ),
        on(
            FIRST_WORD_IGNORED_AT_HOST,
            0.15,
            "what was not acknowledged had come as far as the host",
        ),
        on(
            SYN_ACK_REPEATED,
            0.5,
            "the client's ACK may have been lost behind this point",
        ),
        on(
            SYN_ACK_UNHEARD,
            6.0,
            "what either says passes here and does not reach the other",
        ),
        on(NO_WAIT, 0.02, "data was flowing until the close"),
        on(
            SMALL_PASSED_JUST_BEFORE,
            0.3,
            "the path would have failed exactly between a small and a large segment",
        ),
        on(
            LARGE_LOST,
            0.9,
            "what was lost was large, and nothing smaller was tried",
        ),
        on(
            REQUEST_NEVER_ARRIVED,
            3.0,
            "the request never reached the server",
        ),
        on(
            OUTAGE,
            5.0,
            "nothing got through for long, and somebody gave up meanwhile",
        ),
        on(
            CLIENT_LEFT_IN_OUTAGE,
            6.0,
            "the client had given up before the path came back",
        ),
        on(
            UNANSWERED_TAIL,
            4.0,
            "a segment sent again and again without an answer",
        ),
        on(
            PEER_FELL_SILENT,
            2.0,
            "nothing at all came from the other side any more",
        ),
        on(PEER_STILL_TALKS, 0.5, "the other direction still worked"),
        on(UNANSWERED_BOTH, 1.5, "neither side reached the other"),
        on(
            LARGE_PASSED,
            2.0,
            "segments as large had passed before: size is not the reason",
        ),
        on(ONLY_LARGE_LOST, 0.4, "only large ones were lost"),
        on(SMALL_PASSED, 0.05, "small packets got through"),
        on(HOLE_NEVER_FILLED, 0.5, "later bytes got through"),
        on(
            ICMP_TOO_BIG,
            0.05,
            "a router says that the packet is too big",
        ),
        on(
            IDLE_BEFORE_FAILURE,
            0.15,
            "it began with the first packet after a long silence",
        ),
        on(
            GOODBYE_UNHEARD,
            3.0,
            "it may have begun at any moment of that silence: only a goodbye was sent behind it",
        ),
        on(FIN_UNANSWERED, 3.0, "not even a FIN is acknowledged"),
        on(KEEP_ALIVE_UNANSWERED, 3.0, "not even probes are answered"),
        on(
            REST_BEFORE_PROBES,
            0.5,
            "a device may have forgotten the connection in its rest",
        ),
        on(
            PROBES_BETWEEN_GAPS,
            0.7,
            "probes without an answer in the rows that are shown",
        ),
        on(STOPPED_IN_FULL_FLOW, 8.0, "the data stopped in full flow"),
        on(
            SECOND_FIN_UNHEARD,
            0.5,
            "what was lost is the goodbye of who closed second",
        ),
        on(ENDED_WELL, 0.15, "everything had been delivered and closed"),
        on(RST_NOTHING_MISSING, 0.5, "nothing was owed any more"),
        on(WINDOW_SHUT, 0.15, "the receiver was not reading"),
        on(
            OPEN_AND_WAITING,
            0.5,
            "a slow program looks the same while nobody sends",
        ),
    ]),
    never: &[],
    suspected_on: any_of(&[]),
    ended_by: |_| EndedBy::Network,
    summary,
    would_be: "if the path, or the host at its other end, failed",
    next_steps: |_, found| {
        steps::list([
            found.has(TAIL_JUST_BEGUN).then(|| {
                "Let the capture run on: the next copy may have been answered.".to_owned()
            }),
            steps::step(
                "Check the path and the other host at that time: link, Wi-Fi, VPN, route changes, power, sleep; capture on the other side to see where packets end.",
            ),
        ])
    },
};

fn summary(case: &Case<'_>, found: &Observations) -> String {
    let c = case.connection;
    if let Some(lost) = found.get(ACKS_LOST).filter(|_| !found.has(UNANSWERED_TAIL)) {
        return acks_lost(lost);
    }
    let Some(tail) = found.get(UNANSWERED_TAIL) else {
        let outage = case.outage.filter(|_| found.has(OUTAGE));
        return outage.map_or_else(|| without_a_tail(case), |outage| passing(case, outage));
    };
    let first = tail.frames.first().copied().unwrap_or(c.frames.last);
    let when = case
        .packet(first)
        .map(|p| wording::at(c, p.time))
        .unwrap_or_else(|| wording::at(c, c.end));
    format!(
        "From {when} on (frame {first}) packets no longer got through: the path failed, or the host at its other end vanished."
    )
}

/// The frames are the acknowledgement's, and those of the first and the last copy behind it.
fn acks_lost(lost: Observation<'_>) -> String {
    let acknowledged = lost.frames.first().copied().unwrap_or_default();
    format!(
        "One direction no longer got through: what is acknowledged from frame {acknowledged} on is sent again all the same, so the acknowledgements are lost on the way."
    )
}

/// The path came back, too late.
fn passing(case: &Case<'_>, outage: Outage) -> String {
    let c = case.connection;
    format!(
        "From {} on (frame {}) packets did not get through, until frame {} at {}: somebody gave up meanwhile.",
        wording::at(c, outage.first.time),
        outage.first.frame,
        outage.ended.frame,
        wording::at(c, outage.ended.time)
    )
}

/// Nothing was sent again and again: the moment is that of the last packet that came across.
fn without_a_tail(case: &Case<'_>) -> String {
    let c = case.connection;
    let silent = [Side::Client, Side::Server]
        .into_iter()
        .filter_map(|side| Some((side, c.flows.of(side).last?)))
        .min_by_key(|(_, last)| last.time);
    let Some((side, last)) = silent else {
        return "Packets no longer got through: the path failed, or the host at its other end vanished.".to_owned();
    };
    format!(
        "After {} (frame {}) nothing came from {} any more: the path failed, or the host at its other end vanished.",
        wording::at(c, last.time),
        last.frame,
        wording::side(side)
    )
}

const PAGE: Page = Page {
    title: "Packets stopped getting through",
    what: "From a moment on nothing gets through any more, whatever its size, until a side gives up: a broken link, a lost route, a VPN that went down, a laptop that was closed, a host without power.",
    at_client: "Its own request or data is sent again at doubling intervals; or, while it receives, data simply stops in full flow, and its own FIN or probes are not acknowledged.",
    at_server: "The last segments are sent again at 0.2, 0.4, 0.8 s … and never acknowledged. Giving up sends nothing on Linux: silence is the signature. Where the path comes back, the FIN or RST of who gave up meanwhile follows.",
    between: "One direction may still be seen: it tells on which side the hole is.",
    mistaken_for: "mtu_blackhole (small packets still pass), idle_state_lost (it began after a silence), client_timeout (the host still acknowledged), receiver_stalled (probes are answered).",
    people_see: &[
        "Firefox: The connection has timed out; Chrome: ERR_TIMED_OUT, ERR_NETWORK_CHANGED; curl: exit 28 or 56 (Connection timed out); wget: Read error (Connection timed out) after its --read-timeout of 900 s, exit 4; ssh: a frozen terminal",
        "nginx: client timed out (110: Connection timed out) while sending; Java: SocketException: Connection timed out (Write failed)",
    ],
    sources: &[
        "RFC 9293 §3.8.3 (R1, R2), RFC 6298",
        "Linux ip-sysctl: tcp_retries2 (about 924.6 s)",
        "measured: Linux 6.18",
    ],
};
