//! A host that had been alive a moment before it refused a packet as a stranger: it forgot the connection, or a program had closed it.

use whyreset_capture::Span;
use whyreset_connections::{Dialect, Moment, Reset, Side};

use super::ids;
use crate::case::Case;
use crate::{Observations, wording};

/// No host restarts, and no address moves, in less time.
const ALIVE: Span = Span::from_millis(500);

/// A host that answers a packet as a stranger had spoken in the connection a moment before that packet.
pub(super) fn alive_before(
    case: &Case<'_>,
    reset: &Reset,
    trigger: Moment,
    found: &mut Observations,
) {
    let handshake = &case.connection.handshake;
    let spoke = case.connection.flows.of(reset.by).bytes > 0;
    let opening = handshake.syn.is_some() && handshake.ack.is_none() && !spoke;
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
        format_args!(
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
        format_args!(
            "The first bare RST (frame {}) refuses data (frame {}) while {} of {} were on their way: so does a host whose program has closed the connection, as the FIN waits behind what is still to be sent.",
            first.at.frame,
            refused.frame,
            wording::signed_bytes(case.connection.flows.of(first.by).sent_to - first.seq),
            wording::side(first.by),
        ),
    );
}
