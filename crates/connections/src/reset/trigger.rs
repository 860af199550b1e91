//! Which packet a RST answers. A host that does not know a connection answers every segment with a RST of its own
//! (RFC 9293 §3.5.2), so a burst of RSTs is paired one to one with the segments in flight before anything is called odd.

use whyreset_capture::{Span, Timestamp};
use whyreset_segments::TcpFlags;

use super::log::{RawReset, ResetLog};
use crate::{Packet, RoundTrip, SendHistory, Sent, Side, Trigger};

/// An answer that takes longer than this and many round trips is none.
const SLOWEST_ANSWER: Span = Span::from_millis(1_500);
/// Payload above which a frame stands for several segments on the wire.
const ONE_SEGMENT: u32 = 1_460;

/// A RST and the packet it can answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pairing {
    /// Frame of the RST.
    pub(crate) reset: u64,
    /// The packet that it can answer.
    pub(crate) answers: Sent,
}

/// Pairs the bare RSTs of `side` with what the other side sent, the last with the last: once a host is dead to a
/// connection it answers all that still comes.
pub(crate) fn pair(log: &ResetLog, side: Side, trip: &RoundTrip) -> Vec<Pairing> {
    let resets: Vec<_> = log
        .brief_of(side)
        .filter(|packet| !packet.flags.contains(TcpFlags::ACK))
        .collect();
    let candidates = log.candidates.of(side.peer());
    let floor = trip.likely_floor().unwrap_or(Span::ZERO);
    let slowest = slowest_answer(trip);
    let mut pairings = Vec::with_capacity(resets.len());
    let mut upper = candidates.len();
    let mut uses = 0;
    for reset in resets.iter().rev() {
        let fits = |sent: &Sent| sent.ack == Some(reset.seq) && sent.at.frame < reset.frame;
        let free = |index: usize, sent: &Sent| {
            index < upper || (index == upper && uses < wire_segments(sent))
        };
        let found = |least: Span| {
            candidates.iter().enumerate().rev().find(|(index, sent)| {
                let delay = reset.time - sent.at.time;
                fits(sent) && free(*index, sent) && delay >= least && delay <= slowest
            })
        };
        let Some((index, sent)) = found(floor).or_else(|| found(Span::ZERO)) else {
            continue;
        };
        uses = if index == upper { uses + 1 } else { 1 };
        upper = index;
        pairings.push(Pairing {
            reset: reset.frame,
            answers: *sent,
        });
    }
    pairings.reverse();
    pairings
}

/// It is an answer by its number, though the packet that it answers was not kept: too many were in flight. Its number is
/// one that the other side has acknowledged in the time that an answer takes.
pub(crate) fn answers_unkept(
    raw: &RawReset,
    log: &ResetLog,
    sent: &SendHistory,
    trip: &RoundTrip,
) -> bool {
    let reset = &raw.packet;
    if answers_nothing(raw, log) {
        return false;
    }
    let slowest = slowest_answer(trip);
    let in_time = |time: Timestamp| reset.time - time <= slowest;
    let Some(acked) = raw.peer().acked_to else {
        return false;
    };
    if !raw.peer().last.is_some_and(|last| in_time(last.time)) || reset.seq > acked {
        return false;
    }
    let before = |candidate: &Sent| candidate.at.frame < reset.frame;
    let same = |candidate: &Sent| candidate.ack == Some(reset.seq) && in_time(candidate.at.time);
    reset.seq == acked
        || log
            .candidates
            .of(reset.side.peer())
            .iter()
            .any(|candidate| before(candidate) && same(candidate))
        || (raw.own().packets > 0 && sent.sent_by(reset.time - slowest).sent_to <= reset.seq)
}

/// The other side's last packet is data, and was acknowledged before the RST: that comes of its own accord (older Windows stacks abort
/// with a bare RST), or from somebody else.
pub(crate) fn answers_nothing(raw: &RawReset, log: &ResetLog) -> bool {
    let own = raw.own();
    let mut sent = log.candidates.of(raw.packet.side.peer()).iter();
    let last = sent.rfind(|sent| sent.at.frame < raw.packet.frame);
    let acknowledged = |sent: &Sent| {
        let end = sent.seq.saturating_add(i64::from(sent.payload_len));
        sent.payload_len > 0 && own.acked_to.is_some_and(|acked| acked >= end)
    };
    let behind = |sent: &Sent| own.last.is_some_and(|own| own.frame > sent.at.frame);
    let taken = last.is_some_and(|sent| sent.numbered && acknowledged(sent) && behind(sent));
    taken && !raw.elided && own.fin.is_none()
}

/// The packet that a RST+ACK answers, where it is one of several of one sequence number that acknowledge a segment each: lwIP and pf
/// answer strangers so (`tcp_rst`, `return-rst`). A host that aborts a connection sends one.
pub(crate) fn acknowledged(raw: &RawReset, log: &ResetLog, trip: &RoundTrip) -> Option<Sent> {
    let reset = &raw.packet;
    raw.ack()?;
    let with_ack = |p: &&Packet| p.flags.contains(TcpFlags::ACK) && p.seq == reset.seq;
    let burst = || log.brief_of(reset.side).filter(with_ack);
    let sent = log.candidates.of(reset.side.peer());
    let answered = |p: &Packet| {
        sent.iter().rev().find(|sent| {
            let length = sent.payload_len.saturating_add(sent.flags.sequence_len());
            let end = sent.seq.saturating_add(i64::from(length));
            let in_time = sent.at.frame < p.frame && p.time - sent.at.time <= slowest_answer(trip);
            sent.numbered && in_time && sent.payload_len > 0 && end == p.ack
        })
    };
    let each = burst().count() > 1 && burst().all(|p| answered(p).is_some());
    let others = burst().zip(burst().skip(1)).all(|(a, b)| a.ack != b.ack);
    answered(reset).filter(|_| each && others).copied()
}

/// How long an answer can take: many round trips, and the time a busy host may need.
fn slowest_answer(trip: &RoundTrip) -> Span {
    let typical = trip.typical.or(trip.minimum).unwrap_or(Span::ZERO);
    SLOWEST_ANSWER.max(Span::from_nanos(typical.nanos().saturating_mul(4)))
}

/// How many segments a captured frame stands for: more than one with segmentation offload.
fn wire_segments(sent: &Sent) -> u32 {
    sent.payload_len.div_ceil(ONE_SEGMENT).max(1)
}

/// The trigger of a RST that answers this packet.
pub(crate) fn of_answer(raw: &RawReset, answers: &Sent, trip: &RoundTrip) -> Trigger {
    let delay = raw.packet.time - answers.at.time;
    Trigger {
        at: answers.at,
        seq: answers.seq,
        payload_len: answers.payload_len,
        delay,
        possible: trip.likely_floor().is_none_or(|floor| delay >= floor),
    }
}

/// The SYN that a refusal answers: the last one before it.
pub(crate) fn of_refusal(raw: &RawReset, log: &ResetLog) -> Option<Trigger> {
    let syn = log
        .candidates
        .of(raw.packet.side.peer())
        .iter()
        .rev()
        .find(|sent| sent.flags.contains(TcpFlags::SYN) && sent.at.frame < raw.packet.frame)?;
    Some(Trigger {
        at: syn.at,
        seq: syn.seq,
        payload_len: syn.payload_len,
        delay: raw.packet.time - syn.at.time,
        possible: true,
    })
}
