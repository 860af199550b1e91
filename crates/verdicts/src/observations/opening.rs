//! The opening: SYN, SYN/ACK, ACK, and what came instead of them.

use whyreset_capture::Span;
use whyreset_connections::{Dialect, Moment, Opener, Packet, Reset, Side};
use whyreset_segments::{Known, TcpFlags};

use super::ids;
use crate::Observations;
use crate::case::Case;
use crate::wording;

/// Every host on earth answers within this time (the first retransmission of a SYN comes after it).
pub(crate) const PATIENCE: Span = Span::from_secs(1);
/// No host repeats its answer to a SYN sooner: what comes closer together is a copy that the capture took twice.
const REPEATED: Span = Span::from_millis(200);
/// A SYN that is lost on the way once or twice has its answer by then: others follow after 1 s and 3 s (RFC 6298), or every second.
const SECOND_TRY: Span = Span::from_secs(3);
/// Hosts that wait for the ACK have sent their SYN/ACK again by then: after 1 s (RFC 6298), older ones after 3 s.
pub(crate) const SECOND_ANSWER: Span = Span::from_millis(3_500);

/// Records how the opening went where it did not go well.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    answered_twice(case, found);
    repeated_in_spite(case, found);
    scan_probe(case, found);
    if found.has(ids::SCAN_PROBE) {
        return;
    }
    let Some(syn) = case.connection.handshake.syn else {
        return;
    };
    repeated(case, syn, found);
    if let Some(reset) = refusal(case) {
        refused(case, syn, reset, found);
    } else if is_unanswered(case) {
        unanswered(case, syn, found);
        may_be_answered_yet(case, syn, found);
        not_repeated(case, syn, found);
    }
    answers_not_picked(case, syn, found);
    half_open(case, found);
    syn_proxied(case, found);
}

fn repeated(case: &Case<'_>, syn: Moment, found: &mut Observations) {
    let c = case.connection;
    let count = c.handshake.syn_count;
    if count < 2 {
        return;
    }
    let last = c.handshake.last_syn.unwrap_or(syn);
    found.add(
        ids::SYN_REPEATED,
        [syn.frame, last.frame],
        match c.timed {
            true => format!(
                "The client sent its SYN {count} times, from {} to {}.",
                wording::at(c, syn.time),
                wording::at(c, last.time)
            ),
            false => format!("The client sent its SYN {count} times."),
        },
    );
}

/// The RST that answers the SYN. Between rows of a list the answer may have been left out.
fn refusal<'a>(case: &Case<'a>) -> Option<&'a Reset> {
    let c = case.connection;
    let mut resets = c.resets.iter();
    resets
        .find(|reset| reset.by == Side::Server && !case.took_up())
        .filter(|reset| !c.elided || reset.dialect == Dialect::Refusal)
}

fn refused(case: &Case<'_>, syn: Moment, reset: &Reset, found: &mut Observations) {
    let last = case.connection.handshake.last_syn;
    let answered = last.filter(|last| last.time < reset.at.time).unwrap_or(syn);
    found.tell(
        ids::SYN_REFUSED,
        [syn.frame, reset.at.frame],
        format_args!(
            "The SYN (frame {}) was answered with RST (frame {}){}.",
            syn.frame,
            reset.at.frame,
            after(case, answered, reset.at)
        ),
    );
}

fn is_unanswered(case: &Case<'_>) -> bool {
    let c = case.connection;
    let silent = c.handshake.syn_ack.is_none() && c.flows.server.packets == 0;
    silent && c.opener == Opener::Syn && !acknowledged_unseen(case)
}

fn unanswered(case: &Case<'_>, syn: Moment, found: &mut Observations) {
    let c = case.connection;
    let count = c.handshake.syn_count;
    let last = c.handshake.last_syn.unwrap_or(syn);
    let asked = match count > 1 {
        true => format!("{count} SYNs (frames {} to {}) got", syn.frame, last.frame),
        false => format!("The SYN (frame {}) got", syn.frame),
    };
    let within = match c.timed {
        true => format!(
            " within the {} that the capture runs on",
            wording::span(c.capture_end - syn.time)
        ),
        false => String::new(),
    };
    found.tell(
        ids::SYN_UNANSWERED,
        [syn.frame, last.frame],
        format_args!("{asked} no answer: neither SYN/ACK nor RST{within}."),
    );
}

/// Records that the capture ends before an answer was overdue.
fn may_be_answered_yet(case: &Case<'_>, syn: Moment, found: &mut Observations) {
    let c = case.connection;
    let h = &c.handshake;
    let runs_on = c.capture_end - syn.time;
    if h.syn_count == 1 && runs_on < PATIENCE {
        found.add(
            ids::SYN_JUST_SENT,
            [syn.frame],
            match c.timed {
                true => format!(
                    "The capture ends {} behind the SYN: an answer may still have come.",
                    wording::span(runs_on)
                ),
                false => "How long the capture runs on behind the SYN is not told: an answer may still have come.".to_owned(),
            },
        );
    }
    if h.syn_count > 1 && still_tried(case, syn) {
        found.add(
            ids::SYN_STILL_TRIED,
            [syn.frame, h.last_syn.unwrap_or(syn).frame],
            match c.timed {
                true => format!(
                    "The capture ends {} behind the first SYN, while the client still tries: one that is lost on the way now and then looks the same so far.",
                    wording::span(runs_on)
                ),
                false => "How long the client tried is not told.".to_owned(),
            },
        );
    }
}

/// A host that hears nothing sends its SYN again after 1 s (RFC 6298), older ones after 3 s.
fn not_repeated(case: &Case<'_>, syn: Moment, found: &mut Observations) {
    let c = case.connection;
    let runs_on = c.capture_end - syn.time;
    let once = c.handshake.syn_count == 1 && c.timed && !c.elided;
    if once && runs_on >= SECOND_ANSWER {
        found.add(
            ids::SYN_NOT_REPEATED,
            [syn.frame],
            format_args!(
                "The client did not send its SYN again within the {} that the capture runs on, as hosts do after 1 s, or 3 s: it gave up sooner, asks only once, as scanners do, or had an answer that is not in the capture.",
                wording::span(runs_on)
            ),
        );
    }
}

/// A SYN, sent once, in a capture that holds no answer to anybody. Who filters for `tcp[13] == 2` leaves out all answers; a host that
/// hears none sends its SYN again, unless it is a scanner's.
fn answers_not_picked(case: &Case<'_>, syn: Moment, found: &mut Observations) {
    let c = case.connection;
    let once = found.has(ids::SYN_UNANSWERED) && c.handshake.syn_count == 1 && c.notices.is_empty();
    if !once || found.has(ids::SYN_JUST_SENT) || case.neighbours.has_answers() {
        return;
    }
    found.tell(
        ids::ANSWERS_NOT_PICKED,
        [syn.frame],
        format_args!(
            "The capture holds nothing that follows an answered SYN, of any connection: as if a filter had picked SYNs and RSTs alone. And the client did not send this SYN (frame {}) again within {}, as hosts do that hear nothing.",
            syn.frame,
            wording::span(c.capture_end - syn.time)
        ),
    );
}

/// Every segment but the first SYN and a RST carries ACK (RFC 9293 §3.10.7.4), and no program can close, or mark data as urgent, before
/// its connection is open: what does otherwise begins no connection, and belongs to none. Scanners ask so (nmap's FIN, NULL and Xmas scans,
/// and its SYN with FIN, PSH and URG), for closed ports answer with RST, and systems differ in the rest.
fn scan_probe(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let Some(first) = c.packets.first().filter(|p| is_probe(p)) else {
        return;
    };
    let alone = |p: &Packet| is_probe(p) || p.flags.is_rst();
    if !c.packets.iter().all(alone) || first.payload_len > 0 {
        return;
    }
    found.tell(
        ids::SCAN_PROBE,
        [first.frame],
        match first.flags.contains(TcpFlags::SYN) {
            true => format!(
                "Frame {} opens a connection and has FIN or URG set: no TCP sends that, scanners do.",
                first.frame
            ),
            false => format!(
                "Frame {} carries neither SYN nor ACK nor RST: no TCP sends that, scanners do.",
                first.frame
            ),
        },
    );
}

/// Control bits that no TCP sends together.
fn is_probe(packet: &Packet) -> bool {
    let flags = packet.flags;
    packet.known.tells_flags()
        && !flags.intersects(TcpFlags::ACK | TcpFlags::RST)
        && (!flags.contains(TcpFlags::SYN) || flags.intersects(TcpFlags::FIN | TcpFlags::URG))
}

/// Linux's SYNPROXY answers with a window of 0, opens the connection to the server behind the client's ACK, and then opens the
/// window (`net/netfilter/nf_synproxy_core.c`).
fn syn_proxied(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let refused = case.fatal.filter(|reset| reset.by == Side::Server);
    let unused = c.flows.client.sent_nothing() && c.flows.server.sent_nothing();
    let (Some(syn_ack), Some(reset), true) = (c.handshake.syn_ack, refused, unused) else {
        return;
    };
    let mut packets = c.packets.iter();
    let told = packets.any(|p| p.frame == syn_ack.frame && p.known.has(Known::WINDOW));
    if told && c.flows.server.syn_window == Some(0) {
        found.add(
            ids::SYN_PROXIED,
            [syn_ack.frame, reset.at.frame],
            "The SYN/ACK states a window of 0, as that of a SYN proxy before the server does, which reaches the server only afterwards.",
        );
    }
}

/// Two SYN/ACKs of different numbers, and nothing that the server said behind them. Of one connection a host has one initial number
/// (RFC 9293 §3.4.1), and repeats it.
fn answered_twice(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let (Some(first), Some(other)) = (c.handshake.syn_ack, c.handshake.other_syn_ack) else {
        return;
    };
    let said = c.flows.server.last_new_data;
    if said.is_some_and(|said| said.frame > other.frame) {
        return;
    }
    found.tell(
        ids::ANSWERED_TWICE,
        [first.frame, other.frame],
        format_args!(
            "The SYN was answered twice, with different initial numbers (frames {} and {}): two hosts answer at the server's address, or one has opened the connection twice.",
            first.frame, other.frame
        ),
    );
    let refused = case
        .fatal
        .filter(|reset| reset.by == Side::Server && reset.at.frame > other.frame);
    if let Some(reset) = refused {
        found.add(
            ids::OTHER_ANSWER_REFUSED,
            [first.frame, other.frame, reset.at.frame],
            format_args!(
                "The client can have taken only one of them; the RST (frame {}) refuses what it made of that.",
                reset.at.frame
            ),
        );
    }
}

/// The client acknowledges what was not captured: its SYN had been answered.
fn acknowledged_unseen(case: &Case<'_>) -> bool {
    let c = case.connection;
    let mut packets = c.packets.iter();
    c.flows.client.packets > u64::from(c.handshake.syn_count)
        && packets.any(|p| {
            let flags = p.flags;
            p.side == Side::Client && flags.contains(TcpFlags::ACK) && !flags.is_rst()
        })
}

/// The capture ends too soon to tell a filter from a passing loss.
fn still_tried(case: &Case<'_>, syn: Moment) -> bool {
    let c = case.connection;
    c.handshake.syn_count <= 3 && c.capture_end - syn.time < SECOND_TRY
}

/// ` after 1.00 ms`; nothing where no time is told.
fn after(case: &Case<'_>, from: Moment, to: Moment) -> String {
    match case.connection.timed {
        true => format!(" after {}", wording::span(to.time - from.time)),
        false => String::new(),
    }
}

/// A host whose SYN/ACK is not acknowledged sends it again; one that does not has its ACK, or keeps nothing (SYN cookies).
fn answered_once(case: &Case<'_>, syn_ack: Moment, found: &mut Observations) {
    let c = case.connection;
    let h = &c.handshake;
    if h.syn_ack_count > 1 && h.syn_count == 1 && case.neighbours.is_picked_by_flags() {
        return found.tell(
            ids::ACKS_NOT_PICKED,
            [syn_ack.frame],
            "The capture holds connections that were closed in order, and no packet without SYN, FIN and RST: a filter has picked those. The client's ACK need not be in it; a host whose queue is full repeats its SYN/ACK in spite of that.",
        );
    }
    if h.syn_ack_count > 1 || h.syn_count > 1 || !c.timed {
        return;
    }
    let watched = wording::span(c.capture_end - syn_ack.time);
    if !case.neighbours.has_ordinary() {
        found.tell(
            ids::PICKED_BY_FLAGS,
            [syn_ack.frame],
            format_args!("The capture holds no packet without SYN, FIN and RST: as if a filter had picked those. The client's ACK need not be in it, and the server did not repeat its SYN/ACK (frame {}) within {watched}.", syn_ack.frame),
        );
    } else if c.capture_end - syn_ack.time >= SECOND_ANSWER {
        found.tell(
            ids::SYN_ACK_ONCE,
            [syn_ack.frame],
            format_args!("The server did not repeat its SYN/ACK (frame {}) within {watched}: its host has the ACK, which the capture does not hold, or keeps nothing of connections that are not open yet (SYN cookies).", syn_ack.frame),
        );
    } else {
        found.tell(
            ids::SYN_ACK_NOT_DUE_AGAIN,
            [syn_ack.frame],
            format_args!("The capture ends {watched} behind the SYN/ACK (frame {}), which was not repeated yet: older hosts do so after 3 s, others after 1 s unless they have the ACK.", syn_ack.frame),
        );
    }
}

fn half_open(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let h = &c.handshake;
    let (Some(syn), Some(syn_ack)) = (h.syn, h.syn_ack) else {
        return;
    };
    let last = h.last_syn_ack.unwrap_or(syn_ack);
    let only_syns = c.flows.client.packets <= u64::from(h.syn_count);
    let again = h.last_syn.filter(|again| again.frame > syn_ack.frame);
    // A capture (or a list) that ends just behind the answer leaves the client no time.
    let repeated = h.syn_ack_count > 1 && (!c.timed || last.time - syn_ack.time >= REPEATED);
    let watched = repeated || again.is_some() || c.capture_end - last.time >= PATIENCE;
    let unfinished = h.ack.is_none() && only_syns && c.flows.client.sent_nothing();
    if watched && unfinished && !case.accounts.unseen {
        found.tell(
            ids::HANDSHAKE_UNFINISHED,
            [syn.frame, syn_ack.frame, last.frame],
            format_args!(
                "The server answered the SYN (frame {}) with SYN/ACK (frame {}{}), but no ACK of the client followed{}.",
                syn.frame,
                syn_ack.frame,
                if h.syn_ack_count > 1 { format!(", {} times up to frame {}", h.syn_ack_count, last.frame) } else { String::new() },
                match c.timed {
                    true => format!(" within {}", wording::span(c.capture_end - syn_ack.time)),
                    false => String::new(),
                }
            ),
        );
        answered_once(case, syn_ack, found);
        if let Some(again) = again {
            found.add(
                ids::SYN_REPEATED_AFTER_ANSWER,
                [syn_ack.frame, again.frame],
                format_args!("The client sent its SYN again (frame {}) after the SYN/ACK (frame {}) had passed here: the answer did not reach it.", again.frame, syn_ack.frame),
            );
        }
    }
}

/// The ACK that finishes the handshake passed here, and the host asks for it again, as one does that had no room for the connection.
/// The SYN need not have been captured.
fn repeated_in_spite(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let h = &c.handshake;
    let (Some(syn_ack), Some(ack)) = (h.syn_ack, h.ack) else {
        return;
    };
    if h.syn_acks_after_ack == 0 || !c.flows.server.sent_nothing() {
        return;
    }
    let repeats = repeats_behind(case, ack);
    let (Some(first), Some(last)) = (repeats.first(), repeats.last()) else {
        return;
    };
    if taken_up_late(case, last) || reset_in_vain(case, last) {
        return;
    }
    if never_heard(case, &repeats) {
        return found.tell(
            ids::SYN_ACK_UNHEARD,
            [ack.frame, first.frame, last.frame],
            format_args!(
                "The server repeated its SYN/ACK (frame {}) although the client's ACK (frame {}) had passed here, and the client, which goes on sending, never answered that with another ACK, as a host does: neither hears the other beyond this point.",
                first.frame, ack.frame
            ),
        );
    }
    found.tell(
        ids::SYN_ACK_REPEATED,
        [syn_ack.frame, ack.frame, last.frame],
        format_args!(
            "The server repeated its SYN/ACK {} (last in frame {}) although the client's ACK (frame {}) had passed here: its host does not take the connection up.",
            wording::count(repeats.len() as u64, "time", "times"),
            last.frame,
            ack.frame
        ),
    );
}

/// The server's SYN/ACKs behind the client's ACK, but for those that had left before it can have come: of a second SYN, or doubled on the way.
fn repeats_behind<'a>(case: &Case<'a>, ack: Moment) -> Vec<&'a Packet> {
    let c = case.connection;
    let acknowledges_more = |p: &Packet| p.frame == ack.frame && p.ack > 1;
    if c.packets.iter().any(acknowledges_more) {
        return Vec::new();
    }
    let trip = case.round_trip(Side::Server).unwrap_or(Span::ZERO);
    let mut repeats: Vec<&Packet> = c.packets.iter().collect();
    repeats.retain(|p| {
        let repeated = p.side == Side::Server && p.flags.is_syn_ack() && p.frame > ack.frame;
        repeated && (!c.timed || p.time - ack.time >= trip)
    });
    repeats
}

/// Of a client that says nothing, the ACK may be lost once, or passed over on purpose: a listener that waits for the first word
/// (`TCP_DEFER_ACCEPT` in tcp(7), Apache's `AcceptFilter`) repeats its SYN/ACK until it comes. What the host says behind that tells that it
/// has taken the connection up.
fn taken_up_late(case: &Case<'_>, last: &Packet) -> bool {
    let packets = &case.connection.packets;
    let spoke = |p: &Packet| p.side == Side::Client && p.payload_len > 0 && p.frame < last.frame;
    let lives = |p: &Packet| {
        p.side == Side::Server && p.frame > last.frame && !p.flags.is_syn_ack() && !p.flags.is_rst()
    };
    !packets.iter().any(spoke) && packets.iter().any(lives)
}

/// The client's RST ends a half-open connection as well (RFC 9293 §3.10.7.4), be there room for it or not: a host that repeats its SYN/ACK
/// in spite of that does not hear the client.
fn reset_in_vain(case: &Case<'_>, last: &Packet) -> bool {
    let trip = case.round_trip(Side::Server).unwrap_or(Span::ZERO);
    let mut resets = case.connection.resets.iter();
    resets.any(|r| r.by == Side::Client && last.time - r.at.time > trip)
}

/// A host answers a SYN/ACK that comes again with an ACK at once (RFC 9293 §3.10.7.4, RFC 5961 §4). This one sent something else behind
/// each, when its own timers said so, and no ACK: none of them reached it.
fn never_heard(case: &Case<'_>, repeats: &[&Packet]) -> bool {
    let c = case.connection;
    let client = |after: &&Packet, within: Option<Span>| {
        let (frame, time) = (after.frame, after.time);
        c.packets.iter().any(|p| {
            let soon = within.is_none_or(|span| p.time - time <= span);
            p.side == Side::Client && p.frame > frame && soon
        })
    };
    let unanswered = |p: &&Packet| client(p, None) && !client(p, Some(PATIENCE));
    c.timed && !repeats.is_empty() && repeats.iter().all(unanswered)
}
