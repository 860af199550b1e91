//! What was passed over of an orderly connection, as the full analysis takes it in.

use whyreset_capture::Span;
use whyreset_segments::Timestamps;

use super::middle::{Half, Middle, ShortPause, Sums};
use super::short::At;
use crate::Moment;
use crate::ip_id::IpIdTracker;
use crate::outstanding::Outstanding;
use crate::pairs::{ByEnd, End};
use crate::round_trip::RoundTripMeter;

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

impl Behind {
    /// What `middle` took in; a datagram of either end is so much larger than its payload.
    pub(super) fn of(middle: &Middle, overheads: &ByEnd<u32>) -> Self {
        let first = middle.first;
        let passed = |end: End| Passed::of(middle, end, *overheads.of(end));
        Self {
            count: middle.count(),
            last: (middle.last_of(middle.last_by), middle.last_by),
            pauses: middle.pauses.iter().map(|it| pause(it, first)).collect(),
            ends: ByEnd {
                low: passed(End::Low),
                high: passed(End::High),
            },
        }
    }
}

impl Passed {
    fn of(middle: &Middle, end: End, overhead: u32) -> Self {
        let (half, peer) = (middle.ends.of(end), middle.ends.of(end.other()));
        let first = middle.first;
        let outstanding = outstanding(half, first);
        let sums = &half.passed;
        let moment = |at: At| at.moment(first);
        let any = sums.packets > 0;
        let has_data = sums.data_packets > 0;
        let data = has_data.then(|| (moment(sums.data.0), moment(sums.data.1)));
        Self {
            packets: sums.packets,
            data_packets: sums.data_packets,
            last: any.then(|| moment(half.spoken)),
            first_data: data.map(|(at, _)| at),
            last_data: data.map(|(_, at)| at),
            pushed: sums.pushed,
            last_sent: sums.last_sent,
            progress: sums.progress.map(moment),
            sent_to: half.sent_to,
            acked_to: peer.acked,
            next: half.next(),
            ack: peer.number(peer.acked),
            window: windows(sums, first),
            // A FIN is not passed over.
            bytes: if has_data {
                (half.sent_to - sums.first_byte).cast_unsigned()
            } else {
                0
            },
            first_byte: half.number(sums.first_byte),
            oversize: sums.oversize,
            largest_datagram: if any {
                overhead.wrapping_add(sums.largest)
            } else {
                0
            },
            largest: sums.largest,
            largest_acked: half.largest_acked,
            ip_id: half.ip_id,
            timestamps: half.timestamps.filter(|_| any),
            in_flight: has_data.then(|| (sums.in_flight.0, moment(sums.in_flight.1))),
            runs: runs(sums, first),
            outstanding,
            meter: peer.meter(),
            ip_ids: half.ip_ids,
        }
    }
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

fn windows(sums: &Sums, first: u64) -> Windows {
    Windows {
        last: sums.window,
        widest: sums.widest,
        narrowest: (sums.packets > 0).then(|| Narrowest {
            window: sums.narrowest.window as u16,
            at: sums.narrowest.at.moment(first),
            ack: sums.narrowest.ack,
        }),
    }
}

fn runs(sums: &Sums, first: u64) -> Vec<Run> {
    let run = |run: &super::middle::ShortRun| Run {
        packets: run.packets,
        sent_to: run.sent_to,
        first: run.first.moment(first),
        last: run.last.moment(first),
    };
    sums.runs.iter().map(run).collect()
}

fn outstanding(half: &Half, first: u64) -> Outstanding {
    let mut outstanding = Outstanding::default();
    for (end, waiting) in half.outstanding() {
        let seq = end - i64::from(waiting.len);
        let payload_len = waiting.payload_len();
        outstanding.sent(seq, end, payload_len, waiting.at.moment(first));
    }
    outstanding
}
