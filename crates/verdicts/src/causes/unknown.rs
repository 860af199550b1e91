//! `unknown`: the capture does not allow an answer.

use crate::case::Case;
use crate::cause::{CauseRule, Page, any_of, on, weights};
use crate::observations::ids::*;
use crate::steps::TWO_ANSWERS;
use crate::{Cause, EndedBy, Observations, wording};

use super::side;

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::Unknown,
    page: PAGE,
    prior: 0.03,
    prior_because: "something that nobody thought of is always possible",
    needs: any_of(&[]),
    weights: weights(&[
        on(
            NO_REST,
            3.0,
            "how it was opened, and why it was closed, lies before the capture",
        ),
        on(
            ENDS_HALF_CLOSED,
            3.0,
            "the capture ends while the server may still answer",
        ),
        on(
            GAP_BEFORE_FAILURE,
            2.5,
            "what preceded the first packet that failed is left out",
        ),
        on(
            WORDS_LEFT_OUT,
            2.5,
            "what was said in the rows that were left out does not show",
        ),
        on(
            GAP_BEFORE_CLOSE,
            6.0,
            "what was said before the close is left out",
        ),
        on(
            TAIL_UNNUMBERED,
            3.0,
            "that a segment was sent again is told by its size and its times alone",
        ),
        on(UNTIMED, 2.5, "how long anybody waited does not show"),
        on(
            REQUEST_UNREAD,
            4.0,
            "what the client sent last is not in the capture",
        ),
        on(
            SYN_ACK_REFUSED_UNTOLD,
            6.0,
            "what the client's host did not know of, or no longer wanted, does not show",
        ),
        on(
            THROWN_AWAY_HERE,
            2.0,
            "why the client's host threw the connection away does not show",
        ),
        on(
            LACKED_BEFORE_RST,
            2.0,
            "what the missing bytes were does not show",
        ),
        on(SCAN_PROBE, 10.0, "it is no connection"),
        on(
            PROBES_BETWEEN_GAPS,
            10.0,
            "the rows in which the answers would stand are left out",
        ),
        on(
            OTHER_ANSWER_REFUSED,
            2.5,
            "who the two are that answered, and which of them refused, does not show",
        ),
        on(
            SYN_PROXIED,
            6.0,
            "what passed between the SYN proxy and the server does not show",
        ),
        on(
            FOREIGN_ECHO,
            6.0,
            "who answers in the server's name, and spoils the timestamps, does not show",
        ),
        on(
            HOLE_AT_END,
            4.0,
            "whether the missing bytes came later does not show",
        ),
        on(
            PERHAPS_ABORTED,
            8.0,
            "whether the server had more to say does not show",
        ),
        on(
            BEGUN_UNHEARD,
            1.2,
            "what was said first is not in the capture",
        ),
        on(
            HEARD_IN_PART,
            1.5,
            "what was said is not in the capture in full",
        ),
        on(
            ANSWER_REFUSED,
            4.0,
            "what the client did not like does not show",
        ),
        on(
            ANSWER_END_UNTOLD,
            4.0,
            "whether the answer was whole does not show",
        ),
        on(
            PROMISE_UNREAD,
            2.0,
            "how long the answer was to be is not in the capture",
        ),
        on(UNREAD_TALK, 1.5, "nothing of what was said can be read"),
        on(
            OLDER_LIVES_ON,
            2.0,
            "what a host that forgets one connection alone has met is not on record",
        ),
        on(
            UNREAD_STOPPED,
            2.0,
            "a program ended, and what it was about cannot be read",
        ),
        on(SYN_ACK_ONCE, 4.0, "the ACK may be missing in the capture"),
        on(
            SYN_ACK_NOT_DUE_AGAIN,
            2.0,
            "the ACK may be missing in the capture",
        ),
        on(
            PICKED_BY_FLAGS,
            6.0,
            "what passes between SYN and FIN is not in the capture",
        ),
        on(
            ACKS_NOT_PICKED,
            3.0,
            "whether the client acknowledged is not in the capture",
        ),
        on(
            ANSWERS_NOT_PICKED,
            4.0,
            "an answer need not be in the capture",
        ),
        on(UNSEEN_BEFORE_CLOSE, 6.0, "who closed first does not show"),
        on(
            TURN_UNTOLD,
            5.0,
            "whether the last request was answered does not show",
        ),
        on(
            OPEN_UNUSED,
            4.0,
            "a first request that was lost on the way would look the same",
        ),
        on(
            UNUSED_FOR_LONG,
            3.0,
            "most clients that open a connection ask at once",
        ),
        on(
            FORGED_DATA,
            4.0,
            "data was forged in this connection: what the end means is open",
        ),
        on(
            SYN_JUST_SENT,
            10.0,
            "the capture ends too soon to see an answer",
        ),
        on(
            SYN_STILL_TRIED,
            6.0,
            "the capture ends while the client still tries",
        ),
        on(
            TAIL_JUST_BEGUN,
            6.0,
            "the capture ends before it shows whether anybody gave up",
        ),
        on(
            REFUSER_UNSEEN,
            1.5,
            "whether its sender had closed before is not in the capture",
        ),
        on(
            REFUSING_CLIENT_UNSEEN,
            2.5,
            "whether its sender had closed before is not in the capture",
        ),
        on(
            TALK_UNSEEN,
            10.0,
            "nothing that was said is in the capture: what was owed does not show",
        ),
        on(
            CLOSE_ALONE,
            10.0,
            "nothing that was said is in the capture: what was owed does not show",
        ),
        on(
            TRIGGER_LOST,
            2.0,
            "what the RST answers is not in the capture",
        ),
        on(
            RST_UNPROMPTED,
            1.5,
            "a packet that it answers may be missing in the list",
        ),
        on(
            OPEN_IN_EXCHANGE,
            7.0,
            "what came of it lies behind the capture's end",
        ),
        on(
            STARTS_MID_STREAM,
            1.5,
            "what went before is not in the capture",
        ),
        on(ONE_SIDED, 6.0, "one direction is not in the capture"),
        on(CAPTURE_LOSS, 1.5, "the capture lost packets"),
        on(TOO_LITTLE, 100.0, "there are too few packets to judge"),
        on(
            LEFT_UNSETTLED,
            30.0,
            "what the hosts did next is not in the capture",
        ),
        on(
            OPEN_AND_WAITING,
            6.0,
            "whether a slow program or a lost packet holds it up does not show",
        ),
        on(RST_ODD, 1.5, "the RST is of no usual kind"),
        on(
            SYN_NOT_REPEATED,
            2.0,
            "an answer may have been there, and not in the capture",
        ),
        on(ESTIMATED, 3.0, "what was asked and promised is an estimate"),
        on(
            PROTOCOL_UNKNOWN,
            2.0,
            "what was asked and promised cannot be read",
        ),
    ]),
    never: &[],
    suspected_on: any_of(&[]),
    ended_by: |case| case.closer().map_or(EndedBy::Unknown, side),
    summary,
    would_be: "if it is something that these packets do not show",
    next_steps: |case, found| {
        if found.has(SCAN_PROBE) {
            return vec!["Nothing to repair: see who scans (nmap -sF, -sX, -sN), and whether the host should be reachable for them.".to_owned()];
        }
        let mut steps = Vec::new();
        if found.has(OTHER_ANSWER_REFUSED) {
            steps.push(TWO_ANSWERS.to_owned());
        }
        if found.has(SYN_PROXIED) {
            steps.push("Capture between the SYN proxy and the server: there the server's own SYN/ACK shows, and what it refused.".to_owned());
        }
        if found.has(FOREIGN_ECHO) {
            steps.push("Look for a device that answers SYNs in the server's name (iptables SYNPROXY, a firewall's SYN proxy), and switch it, or TCP timestamps, off for a test.".to_owned());
        }
        if found.has(PROBES_BETWEEN_GAPS) {
            steps.push("Show the rows between the probes: a display filter that hides the answers makes a connection that is well look dead.".to_owned());
        }
        if found.has(STARTS_MID_STREAM) {
            steps.push("Start the capture before the connection is opened: the handshake tells vantage, windows and options.".to_owned());
        }
        if found.has_any(&[PICKED_BY_FLAGS, ACKS_NOT_PICKED, ANSWERS_NOT_PICKED])
            || case.accounts.unseen
        {
            steps.push("Capture without a filter on TCP flags: what was asked, and what was answered, is in the packets that it leaves out (tcpdump -s 128 keeps them small).".to_owned());
        }
        if found.has(WORDS_LEFT_OUT) {
            steps.push("Show the rows that were left out, or give the capture itself.".to_owned());
        }
        if found.has(ONE_SIDED) {
            steps.push(
                "Capture both directions (mirror both, or capture on the host itself).".to_owned(),
            );
        }
        if found.has(CAPTURE_LOSS) {
            steps.push("Avoid losses of the capture: a larger buffer (tcpdump -B 8192), a snapshot length (-s 128), a filter.".to_owned());
        }
        if case.close.is_none() {
            steps.push("Let the capture run until the connection ends.".to_owned());
        }
        if steps.is_empty() {
            steps.push(
                "Capture at both ends at once, and compare with the programs' logs of that moment."
                    .to_owned(),
            );
        }
        steps
    },
};

fn summary(case: &Case<'_>, found: &Observations) -> String {
    if let Some(probe) = found.get(SCAN_PROBE) {
        return format!(
            "This is no connection: no TCP sends what {} holds, port scans do; {}.",
            wording::frames(probe.frames),
            match case.connection.reset_count.server {
                0 => "nobody answered, as an open or a filtered port does",
                _ => "the RST says that the port is closed",
            }
        );
    }
    if let Some(refused) = found.get(OTHER_ANSWER_REFUSED) {
        return format!(
            "The client's SYN was answered twice, with different numbers, and its acknowledgement of one was refused ({}): two hosts answer at the server's address, or one has opened the connection twice.",
            wording::frames(refused.frames)
        );
    }
    if let Some(refused) = found.get(FOREIGN_ECHO) {
        return format!(
            "The server refused the ACK that finishes the handshake, which echoes a timestamp that it had not sent ({}): a device before it answers SYNs in its name, and does not translate the timestamps.",
            wording::frames(refused.frames)
        );
    }
    if found.has(OPEN_AND_WAITING) {
        return "Something was still to come when the capture ended, and nothing shows why it did not: a slow program, or a path that failed.".to_owned();
    }
    match case.close {
        Some(close) => format!(
            "The capture does not allow an answer; the last that shows is the close in frame {}.",
            close.at.frame
        ),
        None => "The capture does not allow an answer.".to_owned(),
    }
}

const PAGE: Page = Page {
    title: "The capture does not allow an answer",
    what: "Too little was captured, or what was captured fits several causes equally well. The report says what would settle it.",
    at_client: "Captures that begin late, end early, hold one direction, or lost packets.",
    at_server: "The same.",
    between: "The same, and both ends out of sight.",
    mistaken_for: "Whatever one expects to see: an honest \"unknown\" beats a confident guess.",
    people_see: &["depends on the real cause"],
    sources: &["none needed"],
};
