//! What the capture does not hold: such gaps lower confidence, they never count as evidence.

use whyreset_connections::{Dialect, Moment, Opener, Packet, Side};
use whyreset_segments::Known;

use super::{ids, loss};
use crate::Observations;
use crate::case::{Case, Close, Kind};
use crate::wording;

/// Frames between the last data and the close that acknowledges it.
const RECENT: u64 = 16;
/// Fewer packets than an exchange and its acknowledgements take.
const FEW: u64 = 10;

/// Records the limits of the capture.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let first = c.frames.first;
    if c.opener == Opener::Guess && c.handshake.syn.is_none() {
        found.add(
            ids::STARTS_MID_STREAM,
            [first],
            format_args!("The capture begins in the middle of this connection (frame {first} is the first of it): how it was opened, and what was asked before, is not in it."),
        );
    }
    too_little(case, found);
    reset_in_the_middle(case, found);
    fin_unseen(case, found);
    request_unseen(case, found);
    close_alone(case, found);
    one_sided(case, found);
    let unseen = acknowledged_unseen(case);
    if unseen > 0 {
        found.add(
            ids::CAPTURE_LOSS,
            [first],
            format_args!(
                "The capture itself lost packets: {} for data that it does not hold. What is missing here may have been there.",
                wording::count(unseen, "acknowledgement came", "acknowledgements came")
            ),
        );
    }
    unseen_before_close(case, found);
    gap_before_close(case, found);
    if case.turn_hidden {
        found.tell(
            ids::WORDS_LEFT_OUT,
            [first],
            "The list leaves rows out in which, by the numbers around them, something was said, or a side closed: whose turn it was does not show.",
        );
    }
    gap_before_failure(case, found);
    if c.elided {
        found.add(
            ids::ELIDED,
            [first],
            "The list leaves rows out: what they held is inferred from their neighbours, or unknown.",
        );
    }
}

/// A loss of so many in a row is none of chance.
const AGAIN_AND_AGAIN: u32 = 4;

fn too_little(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let h = &c.handshake;
    let only_resets = c.reset_count.client + c.reset_count.server >= c.frames.count;
    let no_end = case.close.is_none() && c.frames.count < FEW;
    // Packets that do not count (a header longer than its packet) leave nothing either.
    let nothing = h.syn.is_none() && h.syn_ack.is_none() && case.accounts.silent;
    let only_syn_acks = h.syn.is_none() && u64::from(h.syn_ack_count) >= c.frames.count;
    let begun_unseen = c.opener == Opener::Guess || nothing || only_syn_acks;
    // A router says what is wrong, however little else is there.
    let told = !c.notices.is_empty() && loss::tail(case).is_some();
    // Nor is anything missing where a host sends the same again and again, and the other, which was heard, does not answer.
    let again = loss::tail(case).is_some_and(|(_, tail)| tail.transmissions >= AGAIN_AND_AGAIN);
    let both = c.flows.client.packets > 0 && c.flows.server.packets > 0;
    let told = told || (again && both);
    // Nor is anything missing where one side hears nothing.
    let told = told
        || [Side::Client, Side::Server]
            .into_iter()
            .any(|side| hears_nothing(case, side));
    if begun_unseen && (no_end || only_resets) && !told {
        let lacks = if only_resets {
            ", no other than RST: what led to it is not there"
        } else {
            ": neither its beginning nor its end"
        };
        found.add(
            ids::TOO_LITTLE,
            [c.frames.first, c.frames.last],
            format_args!(
                "The capture holds only {} of this connection{lacks}.",
                wording::count(c.frames.count, "packet", "packets")
            ),
        );
    }
}

/// How many acknowledgements there are for data that the capture has lost. Rows that a list leaves out were captured: nothing is lost.
fn acknowledged_unseen(case: &Case<'_>) -> u64 {
    let c = case.connection;
    match c.elided {
        true => 0,
        false => c.flows.client.acks_of_unseen + c.flows.server.acks_of_unseen,
    }
}

/// What the capture lost right before the client's close may have held the server's FIN.
fn unseen_before_close(case: &Case<'_>, found: &mut Observations) {
    let client_closed = case.close.filter(|close| close.side == Side::Client);
    if let Some(close) = client_closed
        && case.connection.flows.server.fin.is_none()
        && let Some(beyond) = lost_at_close(case, close).or_else(|| lost_before(case, close))
    {
        found.add(
            ids::UNSEEN_BEFORE_CLOSE,
            [close.at.frame],
            format_args!(
                "The client had acknowledged {} that the capture does not hold when it closed (frame {}): the server's FIN may have been among them.",
                wording::signed_bytes(beyond),
                close.at.frame
            ),
        );
    }
}

/// How much of the server's data was acknowledged beyond all that was captured, where its last data stand right before the close: those
/// packets are kept.
fn lost_before(case: &Case<'_>, close: Close) -> Option<i64> {
    let c = case.connection;
    let data = || {
        let packets = c.packets.iter();
        packets.filter(|p| p.side == Side::Server && p.payload_len > 0)
    };
    let captured = data().map(|p| p.seq_end()).max().unwrap_or(0);
    let before = data()
        .map(|p| p.frame)
        .filter(|frame| *frame < close.at.frame);
    let last = before.max().unwrap_or(c.frames.first);
    let recent = last.saturating_add(RECENT) > close.at.frame;
    let beyond = c.flows.server.acked_to - captured;
    (acknowledged_unseen(case) > 0 && beyond > 0 && recent).then_some(beyond)
}

/// Rows are left out right before the close, and nothing else shows that anything was owed.
fn gap_before_close(case: &Case<'_>, found: &mut Observations) {
    let close = case.close.filter(|_| case.accounts.open.is_none());
    let closing = close.and_then(|close| case.packet(close.at.frame));
    let hidden = |p: &&Packet| p.known.has(Known::GAP_BEFORE) && !p.known.has(Known::SEQ);
    if let Some(closing) = closing.filter(hidden) {
        found.tell(
            ids::GAP_BEFORE_CLOSE,
            [closing.frame],
            format_args!(
                "Rows are left out before frame {}: what was said in them, and was still owed, does not show.",
                closing.frame
            ),
        );
    }
}

/// How much the close acknowledges beyond all that was captured, where the client's acknowledgement before it stands right behind that:
/// the capture lost what came last, and nothing before.
fn lost_at_close(case: &Case<'_>, close: Close) -> Option<i64> {
    let c = case.connection;
    let acks = || {
        let packets = c.packets.iter();
        packets.filter(|p| p.side == close.side && p.known.has(Known::ACK))
    };
    let before = acks().rfind(|p| p.frame < close.at.frame)?.ack;
    let beyond = acks().find(|p| p.frame == close.at.frame)?.ack - before;
    let captured = i64::try_from(c.flows.of(close.side.peer()).bytes).ok()?;
    let numbered = c.handshake.syn_ack.is_some() && !c.elided;
    (numbered && before == captured.saturating_add(1) && beyond > 0).then_some(beyond)
}

/// The first packet that failed is the first behind rows that were left out: a silence before it, a FIN, or the copies of it that
/// were answered, may stand there.
fn gap_before_failure(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let fatal = case.fatal.and_then(|reset| reset.trigger).map(|t| t.at);
    let repeated = [Side::Client, Side::Server].into_iter().filter_map(|side| {
        let tail = c.flows.of(side).unanswered?;
        (tail.transmissions > 1).then_some(tail.first)
    });
    let mut failed = fatal.into_iter().chain(repeated);
    let behind_gap = |at: &Moment| {
        let packet = case.packet(at.frame);
        packet.is_some_and(|p| p.known.has(Known::GAP_BEFORE))
    };
    if let Some(at) = failed.find(behind_gap).filter(|_| c.elided) {
        found.tell(
            ids::GAP_BEFORE_FAILURE,
            [at.frame],
            format_args!(
                "Rows are left out right before frame {}, the first that failed: what went before it does not show.",
                at.frame
            ),
        );
    }
}

/// Of a connection that was closed in order nothing but the close was captured.
fn close_alone(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let begun_before = c.opener == Opener::Guess && c.handshake.syn.is_none();
    let Some(close) = case.close.filter(|close| close.kind == Kind::Fin) else {
        return;
    };
    if (begun_before && case.accounts.silent) || case.accounts.unseen {
        found.tell(
            ids::CLOSE_ALONE,
            [c.frames.first, close.at.frame],
            format_args!(
                "Nothing that either side said before the close (frame {}) was captured: what was still owed does not show.",
                close.at.frame
            ),
        );
    }
}

/// What went before a RST is not in the capture: whether its sender had closed before, and what was owed, does not show.
fn reset_in_the_middle(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let begun_before = c.opener == Opener::Guess && c.handshake.syn.is_none();
    let deciding = case.fatal.filter(|reset| {
        (begun_before || case.accounts.unseen)
            && case
                .close
                .is_some_and(|close| close.at.frame == reset.at.frame)
    });
    let Some(reset) = deciding.filter(|_| !super::rst::is_alone(case)) else {
        return;
    };
    let before = || {
        c.packets
            .iter()
            .filter(|p| p.frame < reset.at.frame && !p.flags.is_rst())
    };
    let frames = [c.frames.first, reset.at.frame];
    let refused = reset.dialect == Dialect::Passive && c.packets_dropped == 0;
    if refused && !before().any(|p| p.side == reset.by) {
        found.add(
            match reset.by {
                Side::Client => ids::REFUSING_CLIENT_UNSEEN,
                Side::Server => ids::REFUSER_UNSEEN,
            },
            frames,
            format_args!(
                "Nothing of {} was captured but its RST (frame {}): whether it had closed before does not show.",
                wording::side(reset.by),
                reset.at.frame
            ),
        );
    }
    if case.accounts.silent || case.accounts.unseen {
        found.tell(
            ids::TALK_UNSEEN,
            frames,
            format_args!(
                "Nothing that either side said before the RST (frame {}) was captured: what was still owed does not show.",
                reset.at.frame
            ),
        );
    }
}

/// One number more than was captured of the side that refused is acknowledged, and it said nothing behind that: the number of its FIN.
fn fin_unseen(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let Some(reset) = case.fatal.filter(|reset| reset.dialect == Dialect::Passive) else {
        return;
    };
    let flow = c.flows.of(reset.by);
    let behind = flow.sent_to.saturating_add(1);
    let numbered = reset.numbered && reset.seq == behind && flow.acked_to == behind;
    let acknowledged = c.packets.iter().find(|p| {
        let earlier = p.side != reset.by && p.frame < reset.at.frame;
        earlier && p.known.has(Known::ACK) && p.ack == behind
    });
    let spoke = c
        .packets
        .iter()
        .any(|p| p.side == reset.by && !p.flags.is_rst());
    if let Some(packet) = acknowledged.filter(|_| numbered && spoke && flow.fin.is_none()) {
        found.tell(
            ids::FIN_UNSEEN,
            [packet.frame, reset.at.frame],
            format_args!(
                "Frame {} acknowledges one number more than was captured of {}: its FIN, which is missing in the capture.",
                packet.frame,
                wording::side(reset.by)
            ),
        );
    }
}

/// By its numbers the client said something last that was not captured, and all that the server said leaves it unacknowledged.
fn request_unseen(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let flow = &c.flows.client;
    let Some(close) = case.close.filter(|_| !c.elided && !case.accounts.silent) else {
        return;
    };
    let said = |side: Side| {
        let packets = c.packets.iter();
        packets.filter(move |p| p.side == side && p.payload_len > 0 && !p.flags.is_rst())
    };
    let fin = flow.fin.filter(|_| flow.missing_bytes > 0);
    let reset = case.fatal.filter(|reset| reset.by == Side::Server);
    let by_fin = fin.map(|fin| (fin.at.frame, fin.seq, "number of its FIN"));
    let by_reset = reset.and_then(|reset| {
        let ack = reset.ack?;
        Some((reset.at.frame, ack, "acknowledgement of the RST"))
    });
    // A FIN uses up a number as well, and may not have been captured.
    let rest = i64::from(by_fin.is_none());
    let captured = said(Side::Client).map(|p| p.seq_end()).max();
    let answered = said(Side::Server).map(|p| p.ack).max().unwrap_or(0);
    if let (Some((frame, reached, number)), Some(captured)) = (by_fin.or(by_reset), captured)
        && reached > captured.saturating_add(rest)
        && answered <= captured
    {
        found.tell(
            ids::REQUEST_UNREAD,
            [frame, close.at.frame],
            format_args!(
                "By the {number} (frame {frame}) the client had said {} more, which were not captured: whether that was answered does not show.",
                wording::signed_bytes(reached.saturating_sub(captured))
            ),
        );
    }
}

fn one_sided(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let (seen, unseen) = match (c.flows.client.packets, c.flows.server.packets) {
        (0, n) if n > 0 => (Side::Server, Side::Client),
        (n, 0) if n > 0 => (Side::Client, Side::Server),
        _ => return,
    };
    // A lone SYN is no one-sided capture: it may simply have got no answer. But its sender's later ACKs betray one.
    let speaks_to_somebody = seen == Side::Server
        || c.flows.client.packets > u64::from(c.handshake.syn_count)
        || c.opener == Opener::Guess;
    let only_resets = c.resets.len() as u64 == c.flows.of(seen).packets;
    if speaks_to_somebody && !only_resets && !hears_nothing(case, seen) {
        found.add(
            ids::ONE_SIDED,
            [c.frames.first],
            format_args!(
                "Only the packets of {} were captured, none of {}.",
                wording::side(seen),
                wording::side(unseen)
            ),
        );
        unseen_close(case, seen, found);
    }
}

/// So often nobody sends the same who hears of its arrival.
const OFTEN: u32 = 4;

/// From the first packet on, in the middle of a connection, the side sends the same again and again, and acknowledges nothing new: there was
/// nothing of the other side to be captured.
fn hears_nothing(case: &Case<'_>, side: Side) -> bool {
    let c = case.connection;
    let tail = c.flows.of(side).unanswered;
    let from_the_start = tail.filter(|tail| tail.first.frame == c.frames.first);
    let mut packets = c.packets.iter();
    let acked = packets.next().map(|p| p.ack);
    c.opener == Opener::Guess
        && from_the_start.is_some_and(|tail| tail.transmissions >= OFTEN)
        && packets.all(|p| Some(p.ack) == acked)
}

/// By the numbers the side that was not captured had closed first: what was acknowledged of it last was one number more than before, as a FIN
/// takes (RFC 9293 §3.4), and that stands in the other side's own FIN, or before it.
fn unseen_close(case: &Case<'_>, seen: Side, found: &mut Observations) {
    let c = case.connection;
    let Some(fin) = c.flows.of(seen).fin.filter(|_| seen == Side::Server) else {
        return;
    };
    let told = |p: &&Packet| p.known.has(Known::ACK) && !p.flags.is_rst() && p.ack > 0;
    let until = c.packets.iter().filter(|p| p.frame <= fin.at.frame);
    let Some(last) = until.clone().rfind(told) else {
        return;
    };
    let before = until.filter(told).rfind(|p| p.ack < last.ack);
    if let Some(before) = before.filter(|p| p.ack + 1 == last.ack && p.payload_len > 0) {
        found.tell(
            ids::UNSEEN_CLIENT_CLOSED,
            [before.frame, last.frame],
            format_args!(
                "Of the client, which was not captured, one number more is acknowledged in frame {} than in frame {}: most likely its FIN, so it had closed first.",
                last.frame, before.frame
            ),
        );
    }
}
