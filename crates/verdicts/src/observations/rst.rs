//! The deciding RST: its kind, what it answers, and whose it is.

use whyreset_capture::Span;
use whyreset_connections::{Acceptance, Dialect, Moment, Place, Reset, Side};
use whyreset_segments::TcpFlags;

use super::ids;
use crate::case::Case;
use crate::{Observations, wording};

/// Below this probability of the host itself somebody else is meant.
pub(super) const DEVICE_BELOW: f64 = 0.35;
/// No host restarts, and no address moves, in less time.
const ALIVE: Span = Span::from_millis(500);
/// A host answers in less where the capture is taken on it.
const ON_THE_HOST: Span = Span::from_millis(1);
/// From this probability on the fields fit the host.
const HOST_FROM: f64 = 0.8;

/// Below this the host is as likely as not.
const UNLIKELY_BELOW: f64 = 0.5;

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
        origin(case, reset, found);
        unprompted(case, reset, found);
    } else {
        after_fin(case, reset, found);
    }
    if reset.acceptance == Acceptance::Outside && !case.both_finished() {
        found.add(
            ids::RST_NOT_ACCEPTABLE,
            [reset.at.frame],
            format!(
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
                format!(
                    "The RST (frame {frame}) is RST+ACK with exactly the next sequence number ({}){}{}: a live connection is aborted{}. A host that had lost the connection would answer with a bare RST, a dead one not at all.",
                    reset.seq,
                    reset.ack.map(|ack| format!(" and the expected acknowledgement ({ack})")).unwrap_or_default(),
                    reset.window.map(|window| format!(", window {window}")).unwrap_or_default(),
                    if windows { ", in the manner of a Windows stack" } else { "" }
                ),
            );
            if windows {
                found.add(ids::WINDOWS_STACK, [frame], format!("The stack of {who} looks like Windows'."));
            }
        }
        Dialect::Passive if reset.ack.is_some() => found.tell(
            ids::RST_PASSIVE,
            [frame],
            format!(
                "The RST+ACK (frame {frame}) is one of several that acknowledge a segment each: a host that aborts a connection sends one, one that does not know it (any more) refuses every packet, and so does a filter (lwIP and pf set ACK in such answers)."
            ),
        ),
        Dialect::Passive => found.tell(
            ids::RST_PASSIVE,
            [frame],
            format!(
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
            format!("The RST (frame {frame}) looks neither like an abort of a live connection nor like an answer to a stray packet."),
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
        format!(
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
            format!(
                "It came {} after frame {cause}, which it answers; {} itself has never answered in less than {}: somebody nearer answered.",
                wording::span(trigger.delay),
                wording::side(reset.by),
                case.round_trip(reset.by).map(wording::span).unwrap_or_default()
            ),
        );
    } else if trigger.possible {
        found.add(
            ids::RST_ANSWERS,
            [cause, frame],
            match case.connection.timed {
                true => format!(
                    "It answers frame {cause}, {} later: that host can have seen it.",
                    wording::span(trigger.delay)
                ),
                false => format!("It answers frame {cause}."),
            },
        );
    } else {
        found.tell(
            ids::RST_TOO_SOON,
            [cause, frame],
            format!(
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
            format!("{} RSTs came in a row: one for each segment that was on its way, as a closed socket answers.", reset.burst),
        );
    }
}

/// A program gets a connection, and can abort it, once its host has the ACK that finishes the handshake. The round trip is that of the
/// SYN, so this holds for one that was sent once and answered by a host.
fn before_open(case: &Case<'_>, reset: &Reset, found: &mut Observations) {
    let h = &case.connection.handshake;
    let answered = h.syn_count == 1 && h.syn_ack_count == 1 && !answered_by_no_host(case);
    let (Some(ack), Some(knew)) = (h.ack.filter(|_| answered), reset.knew.as_ref()) else {
        return;
    };
    let impossible = knew.first_impossible;
    let early = impossible.is_some_and(|at| at.frame <= ack.frame && at.frame < reset.at.frame);
    if early && reset.by == Side::Server && reset.dialect == Dialect::Active {
        found.tell(
            ids::RST_BEFORE_OPEN,
            [ack.frame, reset.at.frame],
            format!(
                "The RST (frame {}) came {} behind the ACK that opens the connection (frame {}): too soon for the server to have received that, and before it no program has the connection.",
                reset.at.frame,
                wording::span(reset.at.time - ack.time),
                ack.frame
            ),
        );
    }
}

/// A host that answers a packet as a stranger had spoken in the connection a moment before that packet.
fn alive_before(case: &Case<'_>, reset: &Reset, trigger: Moment, found: &mut Observations) {
    let opening =
        case.connection.handshake.syn.is_some() && case.connection.handshake.ack.is_none();
    if reset.dialect != Dialect::Passive || opening {
        return;
    }
    // Behind many RSTs its last packet may not be kept any more.
    let sent = case.connection.flows.of(reset.by).last_new_data;
    let mut packets = case.connection.packets.iter();
    let kept =
        packets.rfind(|p| p.side == reset.by && p.frame < reset.at.frame && !p.flags.is_rst());
    let last = kept
        .map(|p| p.moment())
        .into_iter()
        .chain(sent.filter(|sent| sent.frame < reset.at.frame))
        .max_by_key(|last| last.frame);
    let trips = case.two_round_trips();
    // Packets may stand out of order; a clock that went back by more tells nothing.
    let near = ALIVE + trips;
    let lately = |last: &Moment| {
        let since = reset.at.time - last.time;
        since < near && Span::ZERO - since < near
    };
    let Some(last) = last.filter(lately) else {
        return;
    };
    if let Some((first, trigger)) = refused_data_in_flight(case, reset) {
        return closed_before_sent(case, first, trigger, found);
    }
    found.tell(
        match reset.by {
            Side::Client if reset.ttl.is_none() => ids::CLIENT_WAS_ALIVE_IN_ROWS,
            Side::Client => ids::CLIENT_WAS_ALIVE,
            Side::Server => ids::SERVER_WAS_ALIVE,
        },
        [last.frame, trigger.frame, reset.at.frame],
        format!(
            "{} had still spoken in the connection (frame {}) {} before it refused it as a stranger (frame {}): too short for a restart.",
            wording::the_side(reset.by),
            last.frame,
            wording::span((reset.at.time - last.time).max(Span::ZERO)),
            reset.at.frame
        ),
    );
}

/// The first bare RST of the side that died of one, and the data that it refuses, where more of the side's own data had been sent than
/// that acknowledges. A host that does not know the connection refuses whatever comes; one whose program has closed it goes on sending
/// what it has, takes acknowledgements, and refuses data alone (Linux: `TCP_ABORT_ON_DATA`).
fn refused_data_in_flight<'a>(case: &Case<'a>, reset: &Reset) -> Option<(&'a Reset, Moment)> {
    let mut resets = case.connection.resets.iter();
    let first = resets.find(|first| first.by == reset.by)?;
    let flow = case.connection.flows.of(first.by);
    let under_way = flow.fin.is_none() && flow.sent_to > first.seq;
    let refused = match first.trigger {
        Some(trigger) => (trigger.possible && trigger.payload_len > 0).then_some(trigger.at),
        None => data_a_round_trip_before(case, first),
    }?;
    (first.dialect == Dialect::Passive && under_way).then_some((first, refused))
}

/// Which packet the RST answers is not kept, but the other side's last data passed here one round trip before it.
fn data_a_round_trip_before(case: &Case<'_>, reset: &Reset) -> Option<Moment> {
    let data = case.connection.flows.of(reset.by.peer()).last_new_data?;
    let trip = case.round_trip(reset.by)?;
    let delay = reset.at.time - data.time;
    let quarter = Span::from_nanos(trip.nanos() / 4);
    (delay >= trip && delay <= trip + quarter).then_some(data)
}

fn closed_before_sent(case: &Case<'_>, first: &Reset, refused: Moment, found: &mut Observations) {
    let sent = case.connection.flows.of(first.by).last_new_data;
    found.tell(
        ids::CLOSED_BEFORE_SENT,
        [sent.map_or(0, |sent| sent.frame), refused.frame, first.at.frame],
        format!(
            "The first bare RST (frame {}) refuses data (frame {}) while {} of {} were on their way: so does a host whose program has closed the connection, as the FIN waits behind what is still to be sent.",
            first.at.frame,
            refused.frame,
            wording::signed_bytes(case.connection.flows.of(first.by).sent_to - first.seq),
            wording::side(first.by),
        ),
    );
}

/// What hosts begin with, or are set to: any other TTL has come over a router, and so may have what killed the host's end.
const INITIAL_TTLS: [u8; 7] = [30, 32, 60, 64, 100, 128, 255];

fn captured_at_sender(case: &Case<'_>, reset: &Reset, found: &mut Observations) {
    let there = match case.connection.vantage.place {
        Place::Client => Some(Side::Client),
        Place::Server => Some(Side::Server),
        Place::Path | Place::Unknown => None,
    };
    // A device may stand between that host and a capture point next to it.
    let trip = case.connection.vantage.round_trip.of(reset.by).minimum;
    if trip.is_some_and(|trip| trip > ON_THE_HOST) {
        return;
    }
    let flows = &case.connection.flows;
    let behind_router = |ttl: u8| !INITIAL_TTLS.contains(&ttl);
    if flows
        .of(reset.by)
        .network
        .ttl_max
        .is_some_and(behind_router)
    {
        return;
    }
    let lossy = flows.client.acks_of_unseen + flows.server.acks_of_unseen > 0;
    // Where its fields, or its haste, are not the host's, it did not begin at the host.
    let own = reset.origin.host >= HOST_FROM;
    let closed = found.has(ids::CLOSED_BEFORE_SENT);
    if there == Some(reset.by) && reset.dialect == Dialect::Passive && !lossy && own && !closed {
        found.add(
            ids::CAPTURED_AT_SENDER,
            [reset.at.frame],
            format!(
                "The capture was taken at {}, which sent the RST: whatever killed its end of the connection did not come over the network.",
                wording::side(reset.by)
            ),
        );
        thrown_away(reset, found);
    }
}

/// A client that was alive a moment before, and whose own capture shows nothing that could have killed its end: its host, or a filter
/// on it, has thrown the connection away.
fn thrown_away(reset: &Reset, found: &mut Observations) {
    if found.has(ids::CLIENT_WAS_ALIVE_IN_ROWS) {
        found.add(
            ids::THROWN_AWAY_HERE,
            [reset.at.frame],
            "Its host was alive, and nothing of its end shows before the RST: the host itself, or a filter on it, has thrown the connection away.",
        );
    }
}

fn origin(case: &Case<'_>, reset: &Reset, found: &mut Observations) {
    let origin = &reset.origin;
    let mut frames = vec![reset.at.frame];
    for reason in &origin.reasons {
        frames.extend(reason.frames.iter().copied());
    }
    frames.sort_unstable();
    frames.dedup();
    let clauses = |wanted: fn(f64) -> bool| {
        origin
            .reasons
            .iter()
            .filter(|reason| wanted(reason.weight))
            .map(|reason| reason.text.as_str())
            .collect::<Vec<_>>()
            .join("; ")
    };
    let who = wording::side(reset.by);
    let fields_told = reset.ttl.is_some() || reset.ip_id.is_some();
    let doubts = origin.reasons.iter().any(|reason| reason.weight < 0.0);
    if origin.host < DEVICE_BELOW {
        found.tell(
            ids::ORIGIN_DEVICE,
            frames,
            format!("The RST did not come from {who}: {}.", clauses(|w| w < 0.0)),
        );
    } else if !fields_told
        && !doubts
        && !origin
            .reasons
            .iter()
            .any(|r| r.id == "ttl" || r.id == "ip_id")
    {
        found.add(
            ids::ORIGIN_UNTOLD,
            frames,
            format!("Whether {who} itself sent the RST cannot be checked: TTL and IP identification are not told."),
        );
    } else if origin.host >= HOST_FROM && (fields_told || !doubts) {
        let why = clauses(|w| w > 0.0);
        if !why.is_empty() {
            found.tell(
                ids::ORIGIN_HOST,
                frames,
                format!("The RST fits {who}'s own packets: {why}."),
            );
        }
        if !why.is_empty() && !carries_more_than_ttl(reset) {
            found.add(
                ids::ORIGIN_TTL_ALONE,
                [reset.at.frame],
                "Of its fields only the TTL tells: a bare RST has neither timestamps nor a counting identification, so a device that keeps the TTL sends the same.",
            );
        }
    } else {
        found.tell(
            ids::ORIGIN_DOUBTFUL,
            frames,
            format!(
                "It is not certain that {who} itself sent the RST: {}.",
                clauses(|w| w < 0.0)
            ),
        );
        if origin.host < UNLIKELY_BELOW {
            found.add(
                ids::ORIGIN_UNLIKELY,
                [reset.at.frame],
                format!("By these signs it is as likely a device's as {who}'s own."),
            );
        }
    }
    let _ = case;
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
            format!(
                "The RST (frame {}) is bare, as one that answers a packet, and the capture holds none that it can answer.",
                reset.at.frame
            ),
        );
    }
}

/// A clock, or a counter that only the host itself keeps.
fn carries_more_than_ttl(reset: &Reset) -> bool {
    reset.origin.reasons.iter().any(|reason| {
        let counts = reason.id == "ip_id" && reset.ip_id.is_some_and(|id| id != 0);
        reason.weight > 0.0 && (counts || reason.id == "timestamps")
    })
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
            format!(
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
