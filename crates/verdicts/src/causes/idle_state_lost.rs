//! `idle_state_lost`: a device on the path forgot the idle connection.

use crate::case::Case;
use crate::cause::{CauseRule, Page, any_of, on, weights};
use crate::observations::ids::*;
use crate::{Cause, EndedBy, Observations, wording};

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::IdleStateLost,
    page: PAGE,
    prior: 0.3,
    prior_because: "NATs, firewalls and balancers all forget idle connections; a failure right after a silence points at them",
    needs: any_of(&[IDLE_BEFORE_FAILURE, REST_BEFORE_PROBES, FIN_REFUSED_NEARBY]),
    weights: weights(&[
        on(
            RST_FROM_NEXT_HOP,
            3.0,
            "it began at a device that is nearer than the host",
        ),
        on(
            FIN_REFUSED_NEARBY,
            2.0,
            "only a device between them can have answered so soon",
        ),
        on(
            WORDS_REFUSED_AFTER_REST,
            0.08,
            "devices remember for longer, and answer what they do not know without ACK",
        ),
        on(
            GAP_BEFORE_FAILURE,
            0.7,
            "how long nobody spoke does not show: rows of that time are left out",
        ),
        on(
            WORDS_LEFT_OUT,
            0.5,
            "what would speak against it may stand in the rows that were left out",
        ),
        on(
            FIN_UNSEEN,
            0.05,
            "the host itself had closed, and refuses what still comes",
        ),
        on(
            RST_PASSIVE,
            3.0,
            "a device that no longer knows the connection refuses a packet of it just as a host does",
        ),
        on(
            ORIGIN_TTL_ALONE,
            6.0,
            "devices that keep the host's TTL are not to be told from it",
        ),
        on(
            CAPTURED_AT_SENDER,
            0.2,
            "the capture was taken where the RST began: at the host, not at a device",
        ),
        on(
            ONE_SIDED,
            0.1,
            "the other direction is not in the capture: answers may have been there",
        ),
        on(LARGE_LOST, 0.7, "what was lost was large"),
        on(
            HOLE_NEVER_FILLED,
            0.05,
            "later bytes got through: size decided, not time",
        ),
        on(
            RST_NOT_ACCEPTABLE,
            3.0,
            "its number is a miss: hosts know theirs",
        ),
        on(INJECTION_DETECTOR, 4.0, "a detector for forged RSTs fires"),
        on(RST_ODD, 3.0, "it is of no kind that hosts send"),
        on(
            SENDER_WENT_ON,
            60.0,
            "the host in whose name it came went on: it knew nothing of it",
        ),
        on(
            RST_BOTH_WAYS,
            12.0,
            "both sides were reset at once, as only somebody in between can",
        ),
        on(
            REQUEST_NEVER_ARRIVED,
            2.0,
            "the request never reached the server",
        ),
        on(
            OUTAGE,
            4.0,
            "from the first packet after the silence on, nothing got through for long",
        ),
        on(
            UNANSWERED_TAIL,
            4.0,
            "from the first packet after the silence on, nothing gets through",
        ),
        on(
            GOODBYE_UNHEARD,
            0.15,
            "the silence was a wait: who leaves at its end need not have rested",
        ),
        on(KEEP_ALIVE_UNANSWERED, 1.5, "probes vanish too"),
        on(
            REST_BEFORE_PROBES,
            0.7,
            "a host that vanishes in the rest looks the same",
        ),
        on(
            IDLE_TIMER_FITS,
            3.0,
            "the silence is just past a known idle limit",
        ),
        on(
            ORIGIN_DEVICE,
            30.0,
            "a device answered the first packet after the silence in the host's name",
        ),
        on(
            ORIGIN_DOUBTFUL,
            4.0,
            "a device may have answered in the host's name",
        ),
        on(ORIGIN_HOST, 0.12, "the host itself answered"),
        on(
            RST_SOONER_THAN_USUAL,
            5.0,
            "somebody nearer than the host answered",
        ),
        on(RST_TOO_SOON, 5.0, "somebody nearer than the host answered"),
        on(
            RST_ACTIVE,
            0.4,
            "devices that forget seldom know the exact numbers of a live connection",
        ),
        on(RST_NOTHING_MISSING, 0.5, "nothing was owed at that moment"),
        on(
            LISTENER_ANSWERED_OTHERS,
            2.0,
            "the server was reachable for others",
        ),
        on(ONLY_LARGE_LOST, 0.3, "only large packets were lost"),
        on(SMALL_PASSED, 0.05, "small packets got through"),
        on(PEER_STILL_TALKS, 0.5, "the other side still got through"),
        on(
            CLOSE_UNHEARD,
            60.0,
            "the server's close behind the silence did not get through either",
        ),
        on(
            REQUEST_CROSSED_CLOSE,
            0.05,
            "the server had closed in order",
        ),
        on(REQUEST_AFTER_CLOSE, 0.05, "the server had closed in order"),
        on(WINDOW_SHUT, 0.2, "the receiver was not reading"),
        on(
            SECOND_FIN_UNHEARD,
            0.5,
            "what was lost is the goodbye of who closed second",
        ),
        on(ENDED_WELL, 0.3, "nothing was owed"),
    ]),
    never: &[],
    suspected_on: any_of(&[]),
    ended_by: |_| EndedBy::Middlebox,
    summary,
    would_be: "if a NAT, firewall or balancer had dropped the idle connection from its table",
    next_steps: |_, _| {
        vec![
            "Find the devices on the path and their idle limits (NAT, firewall, balancer); capture on both sides of the suspect.".to_owned(),
            "Send keep-alives more often than the shortest limit (TCP keep-alive: SO_KEEPALIVE with TCP_KEEPIDLE; SSH ServerAliveInterval; HTTP/2 PING), or close idle connections earlier.".to_owned(),
        ]
    },
};

fn summary(case: &Case<'_>, found: &Observations) -> String {
    let idle = case
        .connection
        .silences
        .first()
        .map(|silence| wording::span(silence.length).to_string())
        .unwrap_or_default();
    if found.has_any(&[UNANSWERED_TAIL, OUTAGE]) {
        return format!(
            "After {idle} of silence nothing got through any more: a device on the path (NAT, firewall, balancer) has forgotten the idle connection."
        );
    }
    if found.has(REST_BEFORE_PROBES) {
        return format!(
            "After {idle} of silence not even keep-alive probes got an answer: a device on the path (NAT, firewall, balancer) has forgotten the idle connection, or the other host has vanished."
        );
    }
    format!(
        "After {idle} of silence the first packet was answered with RST: a device on the path has forgotten the idle connection."
    )
}

const PAGE: Page = Page {
    title: "A device forgot the idle connection",
    what: "NATs, firewalls and load balancers keep a table of connections and drop those that were silent for too long. Afterwards packets of the connection vanish, or the device refuses them with a RST.",
    at_client: "A long silence with everything acknowledged; then the next request is sent again and again without an answer, or is reset at once from nearer than the server.",
    at_server: "The same silence; the server's own packets after it vanish; of the client's attempts nothing arrives.",
    between: "Before the device the packets are there, behind it they are not.",
    mistaken_for: "path_blackhole (without the silence before), peer_state_lost (the host itself answers with RST: compare TTL and delay), keepalive_race (a FIN came).",
    people_see: &[
        "Firefox and Chrome: a page that hangs on an old connection and works when loaded anew, then The connection has timed out or ERR_TIMED_OUT, where the device resets ERR_CONNECTION_RESET; curl: exit 28 or 56; wget: Read error (Connection timed out, or reset by peer), Retrying",
        "ssh: a frozen terminal, later Broken pipe or Connection timed out; databases: the first query after a pause hangs for minutes; Java pools: Communications link failure",
        "AWS NLB: the target sees nothing, the client gets RST after 350 s idle; Azure: silent after 4 min, RST where TCP reset is on",
        "server: nothing until its own keep-alive or write fails: nginx: client timed out (110: Connection timed out); PostgreSQL: could not receive data from client: Connection timed out",
    ],
    sources: &[
        "AWS NLB documentation (350 s)",
        "Azure Load Balancer: TCP reset and idle timeout",
        "RFC 5382 REQ-5",
        "Linux nf_conntrack sysctl documentation",
    ],
};
