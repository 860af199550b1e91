//! Silences: how long nothing moved, by the capture's clock and by the clock of the side that broke it, and who owed the next move.
//!
//! The breaker's own clock (TSval, RFC 7323) leaves the way out of the measurement: a timer of 4.000 s shows as 4000 ticks,
//! whatever the round trip.

use whyreset_capture::{Span, Timestamp};
use whyreset_segments::{Known, TcpFlags};

use crate::calm_run::CalmRun;
use crate::orderly::{Behind, PassedPause};
use crate::pairs::{ByEnd, End};
use crate::so_far::SoFar;
use crate::{BySide, Flow, Moment, Packet, Side, Silence};

/// So many of the longest are kept.
pub(crate) const KEPT: usize = 4;
/// Shorter ones are none.
pub(crate) const SHORTEST: Span = Span::from_millis(5);
/// Tick rates that stacks use; an estimate near one of them is that one.
const NOMINAL_RATES: [f64; 5] = [1_000.0, 250.0, 100.0, 10.0, 1_000_000.0];

/// Watches the pauses of a connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct SilenceLog {
    last: Option<(Moment, Side)>,
    last_data_by: Option<Side>,
    own_last: BySide<Option<Spoken>>,
    longest: Vec<Pause>,
    before_end: Option<Pause>,
    ended: bool,
}

/// A side's last packet.
#[derive(Clone, Copy, Debug)]
struct Spoken {
    at: Moment,
    ts_value: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Pause {
    silence: Silence,
    breaker_before: Option<Spoken>,
    breaker_ts: Option<u32>,
}

impl SilenceLog {
    /// The next packet, before it is added to `so_far`.
    pub(crate) fn packet(&mut self, packet: &Packet, so_far: &BySide<SoFar>) {
        if !packet.known.has(Known::TIME) {
            return;
        }
        let ends = packet.flags.intersects(TcpFlags::FIN | TcpFlags::RST);
        if ends
            && !self.ended
            && let Some(last) = self.last
        {
            self.before_end = Some(self.pause(packet, last, so_far));
        }
        self.ended |= ends;
        self.calm(packet, so_far);
    }

    /// The same of a packet with a time, and without FIN or RST.
    #[inline]
    pub(crate) fn calm(&mut self, packet: &Packet, so_far: &BySide<SoFar>) {
        if let Some((after, after_by)) = self.last {
            let length = packet.time - after.time;
            if self.keeps(length) {
                let packet = *packet;
                let pause = self.pause(&packet, (after, after_by), so_far);
                self.keep(pause);
            }
        }
        self.last = Some((packet.moment(), packet.side));
        if packet.payload_len > 0 {
            self.last_data_by = Some(packet.side);
        }
        *self.own_last.of_mut(packet.side) = Some(Spoken {
            at: packet.moment(),
            ts_value: packet.timestamps.map(|ts| ts.value),
        });
    }

    /// When the last packet passed.
    pub(crate) fn last(&self) -> Option<Timestamp> {
        self.last.map(|(at, _)| at.time)
    }

    /// Whether a pause is a silence, and long enough to be kept.
    pub(crate) fn keeps(&self, length: Span) -> bool {
        length >= SHORTEST && self.is_long(length)
    }

    /// What the calm packets of a run come to, between no two of which there is a silence, nor before them.
    pub(crate) fn calm_run(&mut self, run: &CalmRun<'_>) {
        let has_timestamps = run.shared.look.has_timestamps();
        *self.own_last.of_mut(run.shared.side) = Some(Spoken {
            at: run.last.moment(),
            ts_value: has_timestamps.then_some(run.last.timestamps.value),
        });
    }

    /// Who sent the last of the packets in such runs, and the last data, where there is any.
    pub(crate) const fn calm_end(&mut self, last: (Moment, Side), data_by: Option<Side>) {
        self.last = Some(last);
        if data_by.is_some() {
            self.last_data_by = data_by;
        }
    }

    fn is_long(&self, length: Span) -> bool {
        self.longest.len() < KEPT
            || self
                .longest
                .iter()
                .any(|pause| pause.silence.length < length)
    }

    fn pause(
        &self,
        packet: &Packet,
        (after, after_by): (Moment, Side),
        so_far: &BySide<SoFar>,
    ) -> Pause {
        // Of packets that were recorded out of order an acknowledgement may stand before what it acknowledges.
        let acked = |side: Side| so_far.of(side.peer()).acked_to >= so_far.of(side).sent_to;
        let waiting = |side: Side| so_far.of(side).unacked_since.is_some() && !acked(side);
        let unacknowledged_of = [after_by, after_by.peer()]
            .into_iter()
            .find(|side| waiting(*side));
        Pause {
            silence: Silence {
                after,
                after_by,
                until: packet.moment(),
                broken_by: packet.side,
                length: packet.time - after.time,
                on_breakers_clock: None,
                unacknowledged_of,
                owed_by: self.owed_by(unacknowledged_of, so_far),
            },
            breaker_before: *self.own_last.of(packet.side),
            breaker_ts: packet.timestamps.map(|ts| ts.value),
        }
    }

    fn owed_by(&self, unacknowledged_of: Option<Side>, so_far: &BySide<SoFar>) -> Option<Side> {
        let closed = |side: &Side| so_far.of(*side).window == Some(0);
        if let Some(side) = [Side::Client, Side::Server].into_iter().find(closed) {
            return Some(side);
        }
        if let Some(side) = unacknowledged_of {
            return Some(side.peer());
        }
        (self.last_data_by == Some(Side::Client)).then_some(Side::Server)
    }

    fn keep(&mut self, pause: Pause) {
        self.longest.push(pause);
        self.longest
            .sort_by_key(|pause| std::cmp::Reverse(pause.silence.length));
        self.longest.truncate(KEPT);
    }

    /// Packets were passed over: of their pauses the longest are known.
    pub(crate) fn pass_over(
        &mut self,
        behind: &Behind,
        sides: &ByEnd<Side>,
        so_far: &BySide<SoFar>,
    ) {
        for pause in &behind.pauses {
            if self.is_long(pause.length) {
                let pause = self.passed_pause(pause, sides, so_far);
                self.keep(pause);
            }
        }
        for end in [End::Low, End::High] {
            let (passed, side) = (behind.ends.of(end), *sides.of(end));
            if let Some(at) = passed.last {
                *self.own_last.of_mut(side) = Some(Spoken {
                    at,
                    ts_value: passed.timestamps.map(|ts| ts.value),
                });
            }
        }
        let (last, from) = behind.last;
        self.last = Some((last, *sides.of(from)));
        let data = |end: End| behind.ends.of(end).last_data.map(|at| at.frame);
        match (data(End::Low), data(End::High)) {
            (None, None) => {}
            (low, high) if low > high => self.last_data_by = Some(sides.low),
            _ => self.last_data_by = Some(sides.high),
        }
    }

    fn passed_pause(
        &self,
        pause: &PassedPause,
        sides: &ByEnd<Side>,
        so_far: &BySide<SoFar>,
    ) -> Pause {
        let side = |end: End| *sides.of(end);
        let (at, ts_value) = pause.breaker_before;
        let unacknowledged_of = pause.unacknowledged_of.map(side);
        let before = Self {
            last_data_by: pause.last_data_by.map(side),
            ..Self::default()
        };
        Pause {
            silence: Silence {
                after: pause.after.0,
                after_by: side(pause.after.1),
                until: pause.until.0,
                broken_by: side(pause.until.1),
                length: pause.length,
                on_breakers_clock: None,
                unacknowledged_of,
                owed_by: before.owed_by(unacknowledged_of, so_far),
            },
            breaker_before: Some(Spoken { at, ts_value }),
            breaker_ts: pause.breaker_ts,
        }
    }

    /// Client and server the other way round.
    pub(crate) fn swap_sides(&mut self) {
        self.last = self.last.map(|(at, side)| (at, side.peer()));
        self.last_data_by = self.last_data_by.map(Side::peer);
        self.own_last = self.own_last.swapped();
        for pause in self.longest.iter_mut().chain(&mut self.before_end) {
            let silence = &mut pause.silence;
            silence.after_by = silence.after_by.peer();
            silence.broken_by = silence.broken_by.peer();
            silence.unacknowledged_of = silence.unacknowledged_of.map(Side::peer);
            silence.owed_by = silence.owed_by.map(Side::peer);
        }
    }

    /// The longest silences and the one before the end.
    pub(crate) fn conclude(&self, flows: &BySide<Flow>) -> (Vec<Silence>, Option<Silence>) {
        let finish = |pause: &Pause| {
            let rate = flows
                .of(pause.silence.broken_by)
                .timestamp_clock
                .and_then(|clock| clock.ticks_per_second);
            Silence {
                on_breakers_clock: on_own_clock(pause, rate),
                ..pause.silence
            }
        };
        (
            self.longest.iter().map(finish).collect(),
            self.before_end.as_ref().map(finish),
        )
    }
}

/// From the breaker's previous packet to the one that broke the silence, by its own clock.
fn on_own_clock(pause: &Pause, rate: Option<f64>) -> Option<Span> {
    let before = pause.breaker_before?;
    let ticks = pause.breaker_ts?.wrapping_sub(before.ts_value?) as i32;
    let rate = nominal(rate?);
    let seconds = f64::from(ticks) / rate;
    let seen = (pause.silence.until.time - before.at.time).as_secs_f64();
    let plausible = ticks >= 0 && (seconds - seen).abs() <= 1.0 + seen * 0.1;
    plausible.then(|| Span::from_nanos((seconds * 1e9) as i64))
}

/// The rate that a stack most likely means.
fn nominal(rate: f64) -> f64 {
    NOMINAL_RATES
        .into_iter()
        .find(|nominal| (rate / nominal - 1.0).abs() < 0.05)
        .unwrap_or(rate)
}

#[cfg(test)]
mod tests {
    use whyreset_segments::Timestamps;

    use super::*;
    use crate::TimestampClock;
    use crate::round_trip::tests::packet;

    fn stamped(frame: u64, at: i64, side: Side, flags: TcpFlags, value: u32) -> Packet {
        Packet {
            timestamps: Some(Timestamps { value, echo: 0 }),
            ..packet(frame, at, side, flags, (1, 1, 0))
        }
    }

    #[test]
    fn a_timer_shows_on_its_own_clock() {
        let mut log = SilenceLog::default();
        let so_far = BySide::default();
        let ack = TcpFlags::ACK;
        let packets = [
            stamped(1, 0, Side::Client, ack, 1_000),
            stamped(2, 50, Side::Server, ack, 77),
            stamped(3, 4_050, Side::Client, ack | TcpFlags::FIN, 5_000),
        ];
        for packet in &packets {
            log.packet(packet, &so_far);
        }
        let mut flows = BySide::<Flow>::default();
        flows.client.timestamp_clock = Some(TimestampClock {
            first: (1_000, packets[0].moment()),
            last: (5_000, packets[2].moment()),
            ticks_per_second: Some(990.0),
        });
        let (longest, before_end) = log.conclude(&flows);
        assert_eq!(longest[0].length, Span::from_millis(4_000));
        assert_eq!(longest[0].on_breakers_clock, Some(Span::from_millis(4_000)));
        assert_eq!(longest[0].broken_by, Side::Client);
        assert_eq!(before_end.unwrap().until.frame, 3);
    }

    #[test]
    fn keeps_the_longest_four() {
        let mut log = SilenceLog::default();
        let mut at = 0;
        for (frame, gap) in (1..).zip([0, 10, 90, 20, 80, 30, 70, 40, 1]) {
            at += gap;
            let p = packet(frame, at, Side::Client, TcpFlags::ACK, (1, 1, 0));
            log.packet(&p, &BySide::default());
        }
        let (longest, before_end) = log.conclude(&BySide::default());
        let millis: Vec<_> = longest.iter().map(|s| s.length).collect();
        assert_eq!(millis, [90, 80, 70, 40].map(Span::from_millis));
        assert_eq!(before_end, None);
    }
}
