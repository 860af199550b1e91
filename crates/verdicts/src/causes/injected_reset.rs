//! `injected_reset`: a third party forged the RST.

use crate::case::Case;
use crate::cause::{CauseRule, Page, any_of, on, weights};
use crate::observations::ids::*;
use crate::{Cause, EndedBy, Observations, steps, wording};

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::InjectedReset,
    page: PAGE,
    prior: 0.04,
    prior_because: "firewalls, censors and intrusion prevention forge RSTs, but far more often a host means it",
    needs: any_of(&[CLOSED_WITH_RST, FIN_REFUSED]),
    weights: weights(&[
        on(
            OLDER_LIVES_ON,
            4.0,
            "a RST that was forged for the server alone makes its host a stranger to this connection, and to no other",
        ),
        on(
            FIN_REFUSED,
            4.0,
            "its end may have been killed by a RST that did not pass here",
        ),
        on(
            RST_FROM_NEXT_HOP,
            5.0,
            "it began at a device that is nearer than the host",
        ),
        on(
            OTHER_ANSWER_REFUSED,
            0.3,
            "the number of the RST is wrong for one of the two that answered: its host sends the same",
        ),
        on(
            WORDS_LEFT_OUT,
            0.2,
            "a bare RST answers a packet: the rows that were left out may hold those that the RSTs answer",
        ),
        on(
            SYN_PROXIED,
            0.02,
            "behind a SYN proxy the server answers later: its RST does not look like the proxy's SYN/ACK, and need not be forged for that",
        ),
        on(
            FOREIGN_ECHO,
            0.2,
            "the host itself had reason to refuse: a timestamp that it had not sent",
        ),
        on(
            RST_BEFORE_OPEN,
            8.0,
            "no program of the server had the connection yet",
        ),
        on(
            JUST_OPENED,
            3.0,
            "devices that dislike a destination strike right behind the handshake",
        ),
        on(
            TALK_UNSEEN,
            0.4,
            "whether both ends were still talking is not in the capture",
        ),
        on(
            SYN_ACK_REFUSED_UNTOLD,
            0.1,
            "nothing had been said that anybody could dislike",
        ),
        on(
            SYN_ACK_REFUSED,
            0.1,
            "nothing had been said that anybody could dislike",
        ),
        on(
            CONNECT_CANCELLED,
            0.1,
            "nothing had been said that anybody could dislike",
        ),
        on(
            EARLIER_FORGERY,
            60.0,
            "somebody had tried before in this connection",
        ),
        on(
            CLOSED_BEFORE_SENT,
            0.5,
            "a socket that its program has closed explains it as well",
        ),
        on(
            CAPTURED_AT_SENDER,
            0.2,
            "a forged RST that killed that host would be in this capture",
        ),
        on(
            SERVER_WAS_ALIVE,
            3.0,
            "the server's end was killed a moment before: by a failover, or by a forged RST that did not pass here",
        ),
        on(
            CLIENT_WAS_ALIVE_IN_ROWS,
            12.0,
            "clients do not fail over in a moment: its end was killed by a forged RST that did not pass here, as like as not",
        ),
        on(
            CLIENT_WAS_ALIVE,
            40.0,
            "clients do not fail over in a moment: its end was killed by a forged RST that did not pass here, as like as not",
        ),
        on(
            RST_SOONER_THAN_USUAL,
            5.0,
            "somebody nearer than the host answered",
        ),
        on(
            ORIGIN_DEVICE,
            40.0,
            "TTL, identification, distance or link address are not the host's",
        ),
        on(
            ORIGIN_DOUBTFUL,
            4.0,
            "some field is not as the host's own packets have it",
        ),
        on(
            ORIGIN_UNLIKELY,
            4.0,
            "its fields fit a device at least as well as the host",
        ),
        on(
            ORIGIN_HOST,
            0.12,
            "every field is as the host's own packets have it",
        ),
        on(
            ORIGIN_UNTOLD,
            1.8,
            "nothing tells whose it is: a device near the host could send the same",
        ),
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
        on(RST_TOO_SOON, 5.0, "the host cannot have answered so soon"),
        on(INJECTION_DETECTOR, 4.0, "a detector for forged RSTs fires"),
        on(RST_ODD, 3.0, "it is of no kind that hosts send"),
        on(
            RST_NOT_ACCEPTABLE,
            3.0,
            "its number is a miss: hosts know theirs",
        ),
        on(
            IDLE_BEFORE_FAILURE,
            0.05,
            "after a silence it is a device that forgot, not one that forges",
        ),
        on(
            WORDS_REFUSED_AFTER_REST,
            12.0,
            "a device that dislikes what is said strikes when it is said, however long nobody spoke before",
        ),
        on(RST_NOTHING_MISSING, 0.2, "there was nothing left to cut"),
        on(
            RST_WITHOUT_DATA,
            0.3,
            "nothing had been said that a censor could dislike",
        ),
        on(
            RST_ONE_PER_SEGMENT,
            0.5,
            "one RST for each segment in flight is a closed socket",
        ),
        on(
            ALL_READ,
            0.8,
            "the program was alive and reading, so it could close itself",
        ),
    ]),
    never: &[],
    suspected_on: any_of(&[]),
    ended_by: |_| EndedBy::Middlebox,
    summary,
    would_be: "if a device near that side forged the RST with exact numbers",
    next_steps: |case, found| {
        let by = case
            .fatal
            .map_or(whyreset_connections::Side::Server, |reset| reset.by);
        steps::list([
            (!found.has(ORIGIN_DEVICE))
                .then(|| steps::compare_fields(case))
                .flatten(),
            steps::capture_at(case, by),
            steps::step(
                "Look into the logs of firewalls, intrusion prevention and proxies on the path (FortiGate: client-rst, server-rst; PAN-OS: tcp-rst-from-client, policy-deny).",
            ),
        ])
    },
};

fn summary(case: &Case<'_>, found: &Observations) -> String {
    let Some(reset) = case.fatal else {
        return "A third party reset the connection.".to_owned();
    };
    let earlier = found.get(EARLIER_FORGERY).and_then(|o| o.frames.first());
    if earlier == Some(&reset.at.frame) {
        return format!(
            "A device refused it in the server's name: its RST (frame {}) came before the server's own SYN/ACK.",
            reset.at.frame
        );
    }
    if let Some(forged) = earlier.filter(|_| !found.has(ORIGIN_DEVICE)) {
        return format!(
            "A device wants this connection dead: its forged RST (frame {forged}) failed, and the RST that ended it later (frame {}) is most likely its work as well.",
            reset.at.frame
        );
    }
    format!(
        "A device between them cut it: the RST in {}'s name (frame {}) was not sent by {}.",
        wording::side(reset.by),
        reset.at.frame,
        wording::side(reset.by)
    )
}

const PAGE: Page = Page {
    title: "Somebody else forged the RST",
    what: "A device on the path (a firewall, intrusion prevention, a censor, an injecting proxy) sent a RST in the name of one side, or of both, while both were still talking.",
    at_client: "A RST \"from the server\" whose TTL, IP identification, options or distance differ from the server's packets; often several; the server's data still arrives behind it.",
    at_server: "The same in the client's name; afterwards the client's packets are answered with bare RSTs by the server's own host.",
    between: "RSTs in both directions that nobody at the ends sent.",
    mistaken_for: "client_abort and server_abort (a device with exact numbers and a good TTL cannot be told apart from here: capture at the side), a burst of bare RSTs (one per segment in flight is a closed socket, not an injection).",
    people_see: &[
        "Firefox: The connection was reset; Chrome: ERR_CONNECTION_RESET; curl: exit 35 (during the TLS handshake) or 56; wget: Unable to establish SSL connection, or Read error (Connection reset by peer) in headers, exit 4; ssh: Connection reset by peer",
        "both sides' logs blame the other (nginx: recv() failed (104: Connection reset by peer)); a firewall's log has a line of its own (deny, reset-both, client-rst)",
    ],
    sources: &[
        "Weaver, Sommer, Paxson: Detecting Forged TCP Reset Packets (NDSS 2009)",
        "Sundara Raman et al.: Global, Passive Detection of Connection Tampering (SIGCOMM 2023)",
        "gfw.report 2025-08-20; RFC 5961; measured on Linux 6.18 (the aftermath)",
    ],
};
