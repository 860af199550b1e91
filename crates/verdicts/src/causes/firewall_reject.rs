//! `firewall_reject`: a firewall refused the SYN.

use crate::case::Case;
use crate::cause::{CauseRule, Page, any_of, on, weights};
use crate::observations::ids::*;
use crate::{Cause, EndedBy, Observations, wording};

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::FirewallReject,
    page: PAGE,
    prior: 0.1,
    prior_because: "most firewalls drop in silence; those that answer mostly do so by ICMP",
    needs: any_of(&[SYN_REFUSED, ICMP_PROHIBITED]),
    weights: weights(&[
        on(
            REFUSAL_LIKE_A_ROUTERS,
            15.0,
            "it began with a TTL of routers and firewalls",
        ),
        on(
            ICMP_PROHIBITED,
            30.0,
            "ICMP says so in as many words: hosts themselves refuse TCP with RST",
        ),
        on(
            REFUSAL_MISNUMBERED,
            60.0,
            "no host's TCP writes such a number: a device made it",
        ),
        on(REFUSAL_NOT_THE_HOSTS, 15.0, "the RST is not the host's own"),
        on(
            REFUSAL_IS_THE_HOSTS,
            0.3,
            "the RST arrives like the host's other packets (a firewall on the host itself would look the same)",
        ),
        on(
            LISTENER_ANSWERED_OTHERS,
            4.0,
            "the same port answered others: this client is not wanted",
        ),
        on(ORIGIN_DEVICE, 8.0, "the RST is not the host's own"),
        on(SYN_UNANSWERED, 1.0, "nobody else answered"),
    ]),
    never: &[],
    suspected_on: any_of(&[]),
    ended_by: |_| EndedBy::Middlebox,
    summary,
    would_be: "if a packet filter, on the host or before it, refused the SYN",
    next_steps: |_, _| {
        vec![
            "Look at the rules of the filter that answered (nft list ruleset, iptables -L -v; security groups), for this source address and port.".to_owned(),
        ]
    },
};

fn summary(case: &Case<'_>, found: &Observations) -> String {
    let port = wording::server_port(case.connection);
    let notice = case.connection.notices.first();
    let opened = case.connection.handshake.ack;
    if let Some(notice) = notice.filter(|it| opened.is_some_and(|ack| ack.frame < it.at.frame)) {
        return format!(
            "A packet filter at {} refused packets of the open connection with ICMP (from frame {} on): its rules have changed, or it has forgotten the connection.",
            wording::reporter(notice.reporter),
            notice.at.frame
        );
    }
    match case
        .connection
        .notices
        .first()
        .filter(|_| found.has(ICMP_PROHIBITED))
    {
        Some(notice) if notice.reporter == case.connection.ends.server.host => {
            format!(
                "A packet filter on the server refused the SYN to {port} with ICMP (frame {}).",
                notice.at.frame
            )
        }
        Some(notice) => format!(
            "A firewall at {} refused the SYN to {port} with ICMP (frame {}).",
            wording::reporter(notice.reporter),
            notice.at.frame
        ),
        None => format!(
            "A firewall refused the SYN to {port} in the server's name: the RST is not the server's own."
        ),
    }
}

const PAGE: Page = Page {
    title: "A firewall refused the connection",
    what: "A packet filter, on the host or before it, refused the SYN: with ICMP (administratively prohibited, port unreachable) or with a RST in the host's name.",
    at_client: "SYN, then ICMP type 3 code 13, 10, 9 or 3 (ICMPv6 type 1 code 1, 4, 5, 6) that quotes it; the sender of the ICMP error tells which filter. Linux clients retry once. Or a RST whose TTL or delay is not the host's.",
    at_server: "Where the filter is on the host: the SYN comes in, the refusal leaves, and the kernel's tcp_send_reset tracepoint stays silent. Where it is before it: nothing.",
    between: "The filter is on the side from which the refusal comes.",
    mistaken_for: "port_closed (a RST of the host's own), no_answer (a filter that drops).",
    people_see: &[
        "curl: exit 7 (No route to host, Permission denied or Connection refused); wget: exit 4, failed: No route to host; Firefox: Unable to connect; Chrome: ERR_ADDRESS_UNREACHABLE or ERR_CONNECTION_REFUSED; Java: NoRouteToHostException",
        "server's log: nothing, the SYN never came; filter's log: a line for the rejected packet",
    ],
    sources: &[
        "RFC 1812 §5.2.7.1, RFC 4443 §3.1",
        "nftables: reject with icmpx admin-prohibited, reject with tcp reset",
        "measured: Linux 6.18",
    ],
};
