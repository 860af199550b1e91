//! Loss that decided: segments that were sent again and again, and which sizes got through.

mod bodies;
mod holes;
mod never_came;
mod sizes;
mod unnumbered;

use whyreset_capture::Span;
use whyreset_connections::{Dialect, Moment, Packet, Reset, Side, Unanswered};
use whyreset_segments::Known;
use whyreset_segments::TcpFlags;

pub(super) use bodies::unread_flow;

use super::{acks_lost, ids};
use crate::case::{Case, Kind, shows_acknowledgements};
use crate::{Observations, wording};

/// So many transmissions of one segment without an answer are no passing loss: at 1 % loss that is one in a million.
const TRANSMISSIONS: u32 = 3;
/// Two transmissions tell as much when they lie this far apart from the last sign of life.
const LONG_ENOUGH: Span = Span::from_secs(2);
/// Links often come back within so long: a cell is changed, a route is found, an access point answers again.
const OUTAGE: Span = Span::from_secs(5);
/// Segments of at least this payload fill an Ethernet frame nearly, whatever the options.
const LARGE: u32 = 1_200;
/// Below this payload a segment passes every hole that IP allows: 576-byte datagrams must pass (RFC 791).
const SMALLEST_LARGE: u32 = 500;

/// The segment that was repeated up to the end and never acknowledged, and whose it was. Where both sides repeat, the
/// one that began first.
pub(super) fn tail(case: &Case<'_>) -> Option<(Side, Unanswered)> {
    [Side::Client, Side::Server]
        .into_iter()
        .filter_map(|side| Some((side, tail_of(case, side)?)))
        .min_by_key(|(_, tail)| tail.first.time)
}

fn tail_of(case: &Case<'_>, side: Side) -> Option<Unanswered> {
    let c = case.connection;
    let tail = c.flows.of(side).unanswered;
    let tail = tail.or_else(|| unnumbered::tail(case, side))?;
    if c.handshake.syn.is_some() && !c.handshake.is_complete() && tail.seq <= 0 {
        return None;
    }
    // A RST or FIN of the other side that came soon after is the answer.
    if let Some(reset) = case.fatal
        && reset.by != side
        && reset.at.time >= tail.first.time
        && reset.trigger.is_some()
    {
        return None;
    }
    if refused(case, side, tail) || received_in_the_end(case, side, tail) {
        return None;
    }
    let lasted = (tail.last.time - tail.first.time) + case.ran_on().max(Span::ZERO);
    let enough =
        tail.transmissions >= TRANSMISSIONS || (tail.transmissions >= 2 && lasted >= LONG_ENOUGH);
    enough.then_some(tail)
}

/// The RST with which the other host aborts the connection acknowledges it (Linux: seq = SND.NXT, ack = RCV.NXT).
fn received_in_the_end(case: &Case<'_>, side: Side, tail: Unanswered) -> bool {
    let aborts = |reset: &&Reset| reset.by != side && reset.dialect == Dialect::Active;
    let acknowledged = case.fatal.filter(aborts).and_then(|reset| reset.ack);
    acknowledged.is_some_and(|ack| ack > tail.seq)
}

/// The other host answered them as a stranger, again and again: what it no longer acknowledges it has received.
fn refused(case: &Case<'_>, side: Side, tail: Unanswered) -> bool {
    let later = case.connection.packets.iter().rev();
    let later = later.take_while(|p| p.frame > tail.first.frame);
    let refuses =
        |p: &&Packet| p.side != side && p.flags.is_rst() && !p.flags.contains(TcpFlags::ACK);
    later.filter(refuses).count() > 1
}

/// Records unanswered tails, the sizes that passed, and other signs that the path, or a host, was gone.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    if let Some((side, tail)) = tail(case) {
        unanswered(case, side, tail, found);
        just_begun(case, tail, found);
        if case.connection.flows.of(side).unanswered.is_some() {
            sizes::observe(case, side, tail, found);
        }
    }
    holes::observe(case, found);
    never_came::observe(case, Side::Client, found);
    never_came::observe(case, Side::Server, found);
    fins_and_probes(case, found);
    path_alive(case, found);
    bodies::full_flow(case, found);
    bodies::nothing_large(case, found);
}

fn unanswered(case: &Case<'_>, side: Side, tail: Unanswered, found: &mut Observations) {
    let c = case.connection;
    let frames = [tail.first.frame, tail.last.frame];
    let who = wording::the_side(side);
    let over = match c.timed {
        true => format!(", over {}", wording::span(tail.last.time - tail.first.time)),
        false => String::new(),
    };
    let sent = format!(
        "{} times (frame {} to frame {}{over})",
        tail.transmissions, tail.first.frame, tail.last.frame
    );
    let numbered = c.flows.of(side).unanswered.is_some();
    let text = match numbered {
        true => {
            format!("{who} sent the same segment {sent} and never got an acknowledgement of it.")
        }
        false => format!("{who} sent as much {sent}, at growing intervals and without an answer."),
    };
    found.tell(ids::UNANSWERED_TAIL, frames, text);
    if !numbered {
        found.add(
            ids::TAIL_UNNUMBERED,
            frames,
            "The rows show no numbers: that it was one segment, sent again, is told by its size and its times alone.",
        );
    }
    if !c.timed {
        found.tell(
            ids::UNTIMED,
            [tail.first.frame],
            "The rows tell no times: whether the connection had rested before, for long enough to be forgotten, does not show.",
        );
    }
    if let Some(other) = tail_of(case, side.peer()) {
        found.add(
            ids::UNANSWERED_BOTH,
            [tail.last.frame, other.last.frame],
            "Both sides repeated segments that the other never acknowledged.",
        );
    }
    let heard = c.flows.of(side.peer()).last;
    let trip = case.path_round_trip().unwrap_or(Span::ZERO);
    match heard.filter(|last| last.time > tail.first.time + trip) {
        Some(last) => found.add(
            ids::PEER_STILL_TALKS,
            [tail.first.frame, last.frame],
            format_args!(
                "{} still sent packets meanwhile (frame {}).",
                wording::the_side(side.peer()),
                last.frame
            ),
        ),
        None => found.add(
            ids::PEER_FELL_SILENT,
            [heard.map_or(0, |m| m.frame), tail.first.frame],
            format_args!(
                "From {} nothing at all came any more.",
                wording::side(side.peer())
            ),
        ),
    }
}

/// The sender has not given up yet as far as the capture goes, and has not tried for long.
fn just_begun(case: &Case<'_>, tail: Unanswered, found: &mut Observations) {
    let c = case.connection;
    let next = Span::from_nanos(tail.last_interval.nanos().saturating_mul(2));
    let lasted = c.capture_end - tail.first.time;
    let open = case.close.is_none();
    if open && lasted < OUTAGE && c.capture_end - tail.last.time < next {
        found.add(
            ids::TAIL_JUST_BEGUN,
            [tail.first.frame, tail.last.frame],
            format_args!(
                "The capture ends {} after the first of them, before the next one is due: what came of it does not show.",
                wording::span(lasted)
            ),
        );
    }
}

/// The other side had closed long before, and all that was said had arrived: its host keeps a socket without a program for a minute or so
/// (Linux `tcp_fin_timeout`), filters as long, and what is lost then nobody misses.
fn goodbye_of_the_second(case: &Case<'_>, side: Side, at: Moment, found: &mut Observations) {
    let first = case
        .close
        .filter(|close| close.side == side.peer() && close.kind == Kind::Fin);
    let alone = tail_of(case, side).is_none_or(|tail| tail.payload_len == 0);
    let owed = case.accounts.missing().is_some() || case.accounts.untold;
    if let Some(first) = first.filter(|_| alone && !owed) {
        found.tell(
            ids::SECOND_FIN_UNHEARD,
            [first.at.frame, at.frame],
            format_args!(
                "Only the goodbye of {} (frame {}) got no answer, {} behind the other side's (frame {}).",
                wording::side(side),
                at.frame,
                wording::span(at.time - first.at.time),
                first.at.frame
            ),
        );
    }
}

fn fins_and_probes(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    for side in [Side::Client, Side::Server] {
        let flow = c.flows.of(side);
        let peer = case.connection.flows.of(side.peer()).last;
        if let Some(fin) = flow.fin.filter(|fin| {
            let heard = peer.is_some_and(|last| last.frame > fin.at.frame);
            let shown = !heard || shows_acknowledgements(case.connection, side);
            // One that is lost and sent again is nothing yet.
            shown && fin.acked.is_none() && (fin.retransmissions >= 2 || long_ago(case, fin.at))
        }) {
            found.add(
                ids::FIN_UNANSWERED,
                [fin.at.frame, flow.last.map_or(0, |m| m.frame)],
                format_args!(
                    "{} sent its FIN {} (first in frame {}) and it was never acknowledged.",
                    wording::the_side(side),
                    wording::count(
                        u64::from(fin.retransmissions.saturating_add(1)),
                        "time",
                        "times"
                    ),
                    fin.at.frame
                ),
            );
            goodbye_of_the_second(case, side, fin.at, found);
        }
        keep_alives(case, side, found);
    }
}

fn keep_alives(case: &Case<'_>, side: Side, found: &mut Observations) {
    let probes = &case.connection.flows.of(side).keep_alives;
    if probes.unanswered < 2 {
        return;
    }
    let frames = [probes.first, probes.last].map(|at| at.map_or(0, |m| m.frame));
    let who = wording::the_side(side);
    if between_gaps(case, side) {
        return found.tell(
            ids::PROBES_BETWEEN_GAPS,
            frames,
            format_args!("{who} sent {} keep-alive probes, and rows are left out between them: their answers may stand there.", probes.unanswered),
        );
    }
    found.tell(
        ids::KEEP_ALIVE_UNANSWERED,
        frames,
        format_args!(
            "{who} sent {} keep-alive probes that nobody answered.",
            probes.unanswered
        ),
    );
}

/// The list leaves rows out before each probe but the first, and nobody gave up: a display filter hides the answers so.
fn between_gaps(case: &Case<'_>, side: Side) -> bool {
    let c = case.connection;
    let first = c.flows.of(side).keep_alives.first.map_or(0, |m| m.frame);
    let mut later = c.packets.iter().filter(|p| p.frame > first);
    c.elided && case.close.is_none() && later.all(|p| p.known.has(Known::GAP_BEFORE))
}

/// A FIN behind a wait was acknowledged, as seen from where the waiting side is: nothing had failed between here and
/// there.
fn path_alive(case: &Case<'_>, found: &mut Observations) {
    let Some(close) = case.close.filter(|_| !found.has(ids::UNANSWERED_TAIL)) else {
        return;
    };
    // Behind an outage it tells nothing of the time before.
    let fin = case.connection.flows.of(close.side).fin;
    let fin = fin.filter(|_| case.outage.is_none());
    let fin = fin.filter(|_| !acks_lost::hears_nothing(case, close.side));
    if let Some((fin, acked)) = fin.and_then(|fin| Some((fin, fin.acked?))) {
        found.add(
            ids::PATH_ALIVE,
            [fin.at.frame, acked.frame],
            format_args!(
                "Its FIN (frame {}) was acknowledged (frame {}): packets got through in both directions.",
                fin.at.frame, acked.frame
            ),
        );
    }
}

/// Longer ago than any acknowledgement takes, with the capture still running and no RST either.
fn long_ago(case: &Case<'_>, at: Moment) -> bool {
    let trips = case.path_round_trip().map_or(Span::ZERO, |trip| {
        Span::from_nanos(trip.nanos().saturating_mul(4))
    });
    let reset = case.connection.reset_count;
    reset.client + reset.server == 0
        && case.connection.capture_end - at.time > LONG_ENOUGH.max(trips)
}
