//! The deciding RST: its kind, what it answers, and whose it is.

mod alive;
mod answered_here;
mod origin;

use whyreset_connections::{Acceptance, Dialect, Reset, Side};
use whyreset_segments::TcpFlags;

use super::ids;
use crate::case::Case;
use crate::{Observations, wording};
use alive::alive_before;
use origin::captured_at_sender;

pub(super) use origin::DEVICE_BELOW;

/// Records the deciding RST.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let Some(reset) = case.fatal else {
        return;
    };
    if case
        .close
        .is_some_and(|close| close.at.frame == reset.at.frame)
    {
        kind(case, reset, found);
        answer(case, reset, found);
        before_open(case, reset, found);
        origin::observe(case, reset, found);
        unprompted(case, reset, found);
    } else {
        after_fin(case, reset, found);
    }
    if reset.acceptance == Acceptance::Outside && !case.both_finished() {
        found.add(
            ids::RST_NOT_ACCEPTABLE,
            [reset.at.frame],
            format_args!(
                "The number of the RST (frame {}) lies outside of what its receiver accepts.",
                reset.at.frame
            ),
        );
    }
    both_ways(case, found);
}

fn kind(case: &Case<'_>, reset: &Reset, found: &mut Observations) {
    let frame = reset.at.frame;
    let who = wording::side(reset.by);
    match reset.dialect {
        Dialect::Active => {
            let windows = windows_like(case, reset);
            found.tell(
                ids::RST_ACTIVE,
                [frame],
                format_args!(
                    "The RST (frame {frame}) is RST+ACK with exactly the next sequence number ({}){}{}: a live connection is aborted{}. A host that had lost the connection would answer with a bare RST, a dead one not at all.",
                    reset.seq,
                    wording::if_known(" and the expected acknowledgement (", reset.ack, ")"),
                    wording::if_known(", window ", reset.window, ""),
                    if windows { ", in the manner of a Windows stack" } else { "" }
                ),
            );
            if windows {
                found.add(ids::WINDOWS_STACK, [frame], format_args!("The stack of {who} looks like Windows'."));
            }
        }
        Dialect::Passive if reset.ack.is_some() => found.tell(
            ids::RST_PASSIVE,
            [frame],
            format_args!(
                "The RST+ACK (frame {frame}) is one of several that acknowledge a segment each: a host that aborts a connection sends one, one that does not know it (any more) refuses every packet, and so does a filter (lwIP and pf set ACK in such answers)."
            ),
        ),
        Dialect::Passive => found.tell(
            ids::RST_PASSIVE,
            [frame],
            format_args!(
                "The RST (frame {frame}) is bare, and its number ({}) repeats what the other side had acknowledged: {who} no longer has (or no longer wants) this connection and refuses a packet of it.",
                reset.seq
            ),
        ),
        Dialect::Refusal => {}
        // Of a RST without numbers, or without anything to compare it with, nothing can be said.
        Dialect::Other if !reset.numbered || is_alone(case) => {}
        Dialect::Other => found.add(
            ids::RST_ODD,
            [frame],
            format_args!("The RST (frame {frame}) looks neither like an abort of a live connection nor like an answer to a stray packet."),
        ),
    }
}

/// Nothing but RSTs was captured.
pub(super) fn is_alone(case: &Case<'_>) -> bool {
    let resets = &case.connection.reset_count;
    case.connection.frames.count <= resets.client + resets.server
}

fn after_fin(case: &Case<'_>, reset: &Reset, found: &mut Observations) {
    let fin = case.close.map_or(0, |close| close.at.frame);
    let own = case.closer() == Some(reset.by);
    found.add(
        ids::RST_AFTER_FIN,
        [fin, reset.at.frame],
        format_args!(
            "The RST (frame {}) is only the end of it: {} had closed with FIN before (frame {fin}){}.",
            reset.at.frame,
            case.closer().map_or("one side", wording::side),
            if own { ", and its host refuses what still comes" } else { "" }
        ),
    );
}

/// Window 0 in RST+ACK, no timestamps, a scale of 2 or 8, and a SYN window of 8192 or 64240/65535.
fn windows_like(case: &Case<'_>, reset: &Reset) -> bool {
    let flow = case.connection.flows.of(reset.by);
    let Some(options) = flow.syn_options.as_ref() else {
        return false;
    };
    reset.window == Some(0)
        && options.timestamps.is_none()
        && matches!(options.window_scale, Some(2 | 8))
        && matches!(flow.syn_window, Some(8192 | 64240 | 65535))
}

/// Every host states its MSS: a SYN/ACK without is some program's, and how long that took tells nothing of the host.
pub(super) fn answered_by_no_host(case: &Case<'_>) -> bool {
    let c = case.connection;
    let options = c.flows.server.syn_options;
    c.handshake.syn_ack.is_some() && options.is_some_and(|options| options.mss.is_none())
}

fn answer(case: &Case<'_>, reset: &Reset, found: &mut Observations) {
    let Some(trigger) = reset.trigger else {
        // Which packet it answers is not kept; that its host had been alive still counts.
        return alive_before(case, reset, reset.at, found);
    };
    let (frame, cause) = (reset.at.frame, trigger.at.frame);
    alive_before(case, reset, trigger.at, found);
    captured_at_sender(case, reset, found);
    let usual = case
        .connection
        .vantage
        .round_trip
        .of(reset.by)
        .likely_floor();
    let sooner = usual.is_some_and(|usual| trigger.delay < usual);
    if trigger.possible && sooner && !answered_by_no_host(case) {
        found.tell(
            ids::RST_SOONER_THAN_USUAL,
            [cause, frame],
            format_args!(
                "It came {} after frame {cause}, which it answers; {} itself has never answered in less than {}: somebody nearer answered.",
                wording::span(trigger.delay),
                wording::side(reset.by),
                wording::if_known("", case.round_trip(reset.by).map(wording::span), "")
            ),
        );
    } else if trigger.possible {
        found.add(
            ids::RST_ANSWERS,
            [cause, frame],
            format_args!(
                "It answers frame {cause}{}.",
                wording::if_known(
                    ", ",
                    case.connection.timed.then(|| wording::span(trigger.delay)),
                    " later: that host can have seen it"
                )
            ),
        );
    } else {
        found.tell(
            ids::RST_TOO_SOON,
            [cause, frame],
            format_args!(
                "It came {} after frame {cause}: too soon for {} to have seen that frame.",
                wording::span(trigger.delay),
                wording::side(reset.by)
            ),
        );
    }
    if reset.burst > 2 {
        found.add(
            ids::RST_ONE_PER_SEGMENT,
            [frame],
            format_args!("{} RSTs came in a row: one for each segment that was on its way, as a closed socket answers.", reset.burst),
        );
    }
}

/// A program gets a connection, and can abort it, once its host has the ACK that finishes the handshake. The round trip is that of the
/// SYN, so this holds for one that was sent once and answered by a host. Data that it accepts in the SYN opens the connection to its program
/// at once (RFC 7413 §3).
fn before_open(case: &Case<'_>, reset: &Reset, found: &mut Observations) {
    let h = &case.connection.handshake;
    let once = h.syn_count == 1 && h.syn_ack_count == 1 && !h.fast_open;
    let answered = once && !answered_by_no_host(case);
    let (Some(ack), Some(knew)) = (h.ack.filter(|_| answered), reset.knew.as_ref()) else {
        return;
    };
    let impossible = knew.first_impossible;
    let early = impossible.is_some_and(|at| at.frame <= ack.frame && at.frame < reset.at.frame);
    if early && reset.by == Side::Server && reset.dialect == Dialect::Active {
        found.tell(
            ids::RST_BEFORE_OPEN,
            [ack.frame, reset.at.frame],
            format_args!(
                "The RST (frame {}) came {} behind the ACK that opens the connection (frame {}): too soon for the server to have received that, and before it no program has the connection.",
                reset.at.frame,
                wording::span(reset.at.time - ack.time),
                ack.frame
            ),
        );
    }
}

/// A bare RST answers a packet. Rows of a list that show none leave out what it answers, or a device sent it of its own accord.
fn unprompted(case: &Case<'_>, reset: &Reset, found: &mut Observations) {
    let bare = !reset.flags.contains(TcpFlags::ACK);
    let from_list = found.has(ids::ORIGIN_UNTOLD);
    let answers = reset.trigger.is_some() && found.has(ids::RST_ANSWERS);
    if bare && from_list && !answers && !is_alone(case) {
        found.add(
            ids::RST_UNPROMPTED,
            [reset.at.frame],
            match reset.numbered {
                true => "The RST is bare, as one that answers a packet, and no row shows a packet that it can answer.",
                false => "The RST is bare, as one that answers a packet; which one does not show, as the rows do not tell its number.",
            },
        );
    }
    let nothing_to_answer = reset.trigger.is_none() && reset.dialect == Dialect::Other;
    if bare && !from_list && nothing_to_answer && reset.numbered && !is_alone(case) {
        found.add(
            ids::TRIGGER_LOST,
            [reset.at.frame],
            format_args!(
                "The RST (frame {}) is bare, as one that answers a packet, and the capture holds none that it can answer.",
                reset.at.frame
            ),
        );
    }
}

/// RSTs in both names within a moment, before either can have travelled across.
fn both_ways(case: &Case<'_>, found: &mut Observations) {
    let resets = &case.connection.resets;
    let first = |side: Side| resets.iter().find(|reset| reset.by == side);
    let (Some(a), Some(b)) = (first(Side::Client), first(Side::Server)) else {
        return;
    };
    let apart = (a.at.time - b.at.time).max(b.at.time - a.at.time);
    let (earlier, later) = if a.at.time > b.at.time {
        (b, a)
    } else {
        (a, b)
    };
    let refuses = later.dialect == Dialect::Passive && closed_before(case, later);
    if earlier.trigger.is_some() && closed_before(case, earlier) || refuses {
        return;
    }
    let travel = case.round_trip(later.by);
    let independent = travel.is_some_and(|trip| apart.nanos() < trip.nanos() / 2);
    if independent && !case.both_finished() {
        found.tell(
            ids::RST_BOTH_WAYS,
            [a.at.frame, b.at.frame],
            format_args!(
                "RSTs came in the names of both sides within {}: neither can be an answer to the other.",
                wording::span(apart)
            ),
        );
    }
}

/// Its host had said FIN: to what comes then it answers with RST by itself, and the other side may close at the same time.
fn closed_before(case: &Case<'_>, reset: &Reset) -> bool {
    let fin = case.connection.flows.of(reset.by).fin;
    fin.is_some_and(|fin| fin.at.frame < reset.at.frame)
}
