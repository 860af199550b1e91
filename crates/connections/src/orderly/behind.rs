//! What was passed over of an orderly connection, as the full analysis takes it in.

use whyreset_capture::Span;
use whyreset_segments::Timestamps;

use super::middle::{Half, Middle};
use super::narrow::Before;
use super::pauses::ShortPause;
use super::rest::{Rest, Seldom, ShortRun};
use super::short::At;
use crate::Moment;
use crate::ip_id::IpIdTracker;
use crate::outstanding::Outstanding;
use crate::pairs::{ByEnd, End};
use crate::round_trip::{FirstTrips, Pending, RoundTripMeter};

/// What was passed over.
#[derive(Debug)]
pub(crate) struct Behind {
    /// Packets passed over, of both ends.
    pub(crate) count: u64,
    /// The last packet of all, and its sender.
    pub(crate) last: (Moment, End),
    /// The longest pauses among them, as many as a connection tells in the end, the longest first.
    pub(crate) pauses: Vec<Pause>,
    pub(crate) ends: ByEnd<Passed>,
}

/// A pause between two packets that were passed over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause {
    pub(crate) length: Span,
    pub(crate) after: (Moment, End),
    pub(crate) until: (Moment, End),
    /// Whose data waited for an acknowledgement.
    pub(crate) unacknowledged_of: Option<End>,
    /// Who had sent the last data.
    pub(crate) last_data_by: Option<End>,
    /// The previous packet of the end that broke it, and the clocks of both packets.
    pub(crate) breaker_before: (Moment, Option<u32>),
    pub(crate) breaker_ts: Option<u32>,
}

/// What was passed over of one end.
#[derive(Debug)]
pub(crate) struct Passed {
    pub(crate) packets: u64,
    pub(crate) data_packets: u64,
    /// The last packet.
    pub(crate) last: Option<Moment>,
    pub(crate) last_data: Option<Moment>,
    pub(crate) first_data: Option<Moment>,
    pub(crate) pushed: bool,
    pub(crate) last_sent: u32,
    /// When this end last acknowledged something new.
    pub(crate) progress: Option<Moment>,
    /// The numbers behind the last one sent and acknowledged: relative, and as the headers have them.
    pub(crate) sent_to: i64,
    pub(crate) acked_to: i64,
    pub(crate) next: u32,
    pub(crate) ack: u32,
    pub(crate) window: Windows,
    /// Bytes of payload, and the number of the first.
    pub(crate) bytes: u64,
    pub(crate) first_byte: u32,
    /// Frames larger than the path can carry.
    pub(crate) oversize: u32,
    /// The largest IP datagram.
    pub(crate) largest_datagram: u32,
    /// The largest payload, and the largest whose end was acknowledged.
    pub(crate) largest: u32,
    pub(crate) largest_acked: u32,
    pub(crate) ip_id: u16,
    pub(crate) timestamps: Option<Timestamps>,
    /// The most bytes in flight, and when.
    pub(crate) in_flight: Option<(i64, Moment)>,
    /// How the end sent: one entry for each time that packets left together.
    pub(crate) runs: Vec<Run>,
    /// From the first packet of the connection on, as these watch it.
    pub(crate) outstanding: Outstanding,
    pub(crate) meter: RoundTripMeter,
    pub(crate) ip_ids: IpIdTracker,
}

/// The windows that one end advertised, unscaled.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Windows {
    pub(crate) last: u16,
    pub(crate) widest: u16,
    pub(crate) narrowest: Option<Narrowest>,
}

/// The narrowest window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Narrowest {
    pub(crate) window: u16,
    pub(crate) at: Moment,
    pub(crate) ack: i64,
}

/// Packets of one end that left together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) packets: u32,
    pub(crate) sent_to: i64,
    pub(crate) first: Moment,
    pub(crate) last: Moment,
}

/// What was passed over, as it was kept.
pub(super) struct Kept<'k> {
    pub(super) middle: &'k Middle,
    pub(super) rest: &'k mut Rest,
    /// The last packets of it.
    pub(super) last: &'k Before,
    /// A datagram of either end is so much larger than its payload.
    pub(super) overheads: ByEnd<u32>,
}

impl Behind {
    /// What was kept.
    pub(super) fn of(kept: &mut Kept<'_>) -> Self {
        let first = kept.rest.first();
        let (middle, last_by) = (kept.middle, kept.middle.last_by);
        let last = middle.ends.of(last_by).spoken.moment(first);
        let pauses = kept.rest.pauses();
        Self {
            count: middle.count(),
            last: (last, last_by),
            pauses: pauses.iter().map(|it| pause(it, first)).collect(),
            ends: ByEnd {
                low: Passed::of(kept, End::Low),
                high: Passed::of(kept, End::High),
            },
        }
    }
}

impl Passed {
    fn of(kept: &mut Kept<'_>, end: End) -> Self {
        let (half, peer) = kept.middle.ends.both(end);
        let first = kept.rest.first();
        let moment = |at: At| at.moment(first);
        let seldom = *kept.rest.seldom().of(end);
        let (timestamps, ip_id) = kept.last.last_of(end);
        let has_data = half.data_packets > 0;
        let data = has_data.then(|| (moment(seldom.first_data), moment(half.last_data)));
        let any = half.packets > 0;
        let (last_sent, pushed) = half.last_sent();
        Self {
            packets: half.packets.into(),
            data_packets: half.data_packets.into(),
            last: any.then(|| moment(half.spoken)),
            first_data: data.map(|(at, _)| at),
            last_data: data.map(|(_, at)| at),
            pushed,
            last_sent,
            progress: half.progress().map(moment),
            sent_to: half.sent_to,
            acked_to: peer.acked(),
            next: half.next(),
            ack: peer.number(peer.acked()),
            window: windows(half, &seldom, first),
            // A FIN is not passed over.
            bytes: if has_data {
                (half.sent_to - seldom.first_byte).cast_unsigned()
            } else {
                0
            },
            first_byte: half.number(seldom.first_byte),
            oversize: half.oversize,
            largest_datagram: if any {
                kept.overheads.of(end).wrapping_add(half.largest)
            } else {
                0
            },
            largest: half.largest,
            largest_acked: half.largest_acked,
            ip_id,
            timestamps: (any && half.common.has_timestamps).then_some(timestamps),
            in_flight: has_data.then(|| (half.in_flight.into(), moment(seldom.in_flight))),
            runs: runs(kept.rest.runs(end), first),
            outstanding: outstanding(half, kept.rest, end),
            meter: meter(peer, kept.rest, end.other()),
            ip_ids: ip_ids(half, &seldom, first),
        }
    }
}

/// The meter of the other end.
fn meter(half: &Half, rest: &mut Rest, end: End) -> RoundTripMeter {
    let first = rest.first();
    let seldom = rest.seldom().of(end);
    let (sent, answered) = seldom.minimum_frames;
    let frame = |frame: u32| first.saturating_add(frame.into());
    let first_trips = FirstTrips {
        handshake: seldom.handshake,
        minimum_frames: half.trips.minimum().map(|_| (frame(sent), frame(answered))),
    };
    let pending = rest.measuring(end).map(|it| Pending {
        seq_end: half.relative(it.end),
        at: it.at.moment(first),
        is_syn: it.is_syn(),
        payload_len: it.payload_len(),
    });
    RoundTripMeter::resumed((half.trips, first_trips), half.sent_to, pending)
}

fn ip_ids(half: &Half, seldom: &Seldom, first: u64) -> IpIdTracker {
    let last = if half.is_identified {
        half.spoken
    } else {
        seldom.identified
    };
    let packets = half.identified();
    IpIdTracker::resumed(half.ip_ids, packets, last.moment(first), half.sent_to)
}

fn pause(short: &ShortPause, first: u64) -> Pause {
    let moment = |(at, end): (At, End)| (at.moment(first), end);
    let clock = |clock: u32| short.has_clock.then_some(clock);
    let (before, until) = short.clocks;
    Pause {
        length: short.length(),
        after: moment(short.after),
        until: moment(short.until),
        unacknowledged_of: short.unacknowledged_of,
        last_data_by: short.last_data_by,
        breaker_before: (short.breaker_before.moment(first), clock(before)),
        breaker_ts: clock(until),
    }
}

fn windows(half: &Half, seldom: &Seldom, first: u64) -> Windows {
    Windows {
        last: half.window,
        widest: half.widest,
        narrowest: (half.packets > 0).then(|| Narrowest {
            window: half.narrowest,
            at: seldom.narrowest.moment(first),
            ack: seldom.narrowest_ack,
        }),
    }
}

fn runs(runs: &[ShortRun], first: u64) -> Vec<Run> {
    let run = |run: &ShortRun| Run {
        packets: run.packets,
        sent_to: run.sent_to,
        first: run.first.moment(first),
        last: run.last.moment(first),
    };
    runs.iter().map(run).collect()
}

fn outstanding(half: &Half, rest: &Rest, end: End) -> Outstanding {
    let mut outstanding = Outstanding::default();
    for waiting in rest.waiting.of(end).iter() {
        let behind = half.relative(waiting.end);
        let seq = behind - i64::from(waiting.len);
        let at = waiting.at.moment(rest.first());
        outstanding.sent(seq, behind, waiting.payload_len(), at);
    }
    outstanding
}
