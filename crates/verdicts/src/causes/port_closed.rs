//! `port_closed`: the host answered the SYN with RST.

use crate::cause::{CauseRule, Page, any_of, on, weights};
use crate::observations::ids::*;
use crate::{Cause, EndedBy, wording};

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::PortClosed,
    page: PAGE,
    prior: 0.7,
    prior_because: "the usual meaning of a RST that answers a SYN",
    needs: any_of(&[SYN_REFUSED]),
    weights: weights(&[
        on(
            REFUSAL_LIKE_A_ROUTERS,
            0.1,
            "few hosts begin with a TTL of 255",
        ),
        on(
            REFUSAL_MISNUMBERED,
            0.05,
            "a host acknowledges the SYN that it refuses",
        ),
        on(REFUSAL_NOT_THE_HOSTS, 0.05, "the RST is not the host's own"),
        on(
            REFUSAL_IS_THE_HOSTS,
            2.0,
            "the RST arrives like the host's other packets",
        ),
        on(
            LISTENER_REFUSED_OTHERS,
            1.3,
            "the port refused others as well",
        ),
        on(
            LISTENER_ANSWERED_OTHERS,
            0.4,
            "the port answered others: the service came or went in between",
        ),
        on(ORIGIN_DEVICE, 0.1, "the RST is not the host's own"),
        on(ICMP_PROHIBITED, 0.3, "a filter spoke as well"),
    ]),
    never: &[],
    suspected_on: any_of(&[]),
    ended_by: |_| EndedBy::Server,
    summary: |case, _| {
        format!(
            "Nothing listens on {} of the server: its host refused the SYN with RST. Start the service, or correct the address.",
            wording::server_port(case.connection)
        )
    },
    would_be: "if the host itself refused the SYN because nothing listens there",
    next_steps: |_, _| {
        vec![
            "On the server: does the service run, and does it listen on this address and port (ss -ltn)?".to_owned(),
        ]
    },
};

const PAGE: Page = Page {
    title: "Nothing listens on the port",
    what: "The host is up and reachable, but no program listens on that address and port: its kernel answers the SYN with RST+ACK, sequence number 0.",
    at_client: "SYN, then RST+ACK one round trip later. Most clients try again a few times (Windows three times half a second apart).",
    at_server: "The same, microseconds after the SYN.",
    between: "The same.",
    mistaken_for: "firewall_reject with a RST (its TTL or distance is not the host's), no_answer (silence).",
    people_see: &[
        "Firefox: Unable to connect; Chrome: ERR_CONNECTION_REFUSED; curl: exit 7 (Failed to connect: Connection refused); wget: exit 4, failed: Connection refused; Java: ConnectException: Connection refused",
        "nginx as a proxy: connect() failed (111: Connection refused) while connecting to upstream, 502; HAProxy: SC with 503",
    ],
    sources: &["RFC 9293 §3.5.2 group 1, §3.10.7.1", "measured: Linux 6.18"],
};
