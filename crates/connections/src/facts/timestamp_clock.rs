//! A side's timestamp clock (RFC 7323).

use whyreset_segments::{Known, Timestamps};

use super::Seen;
use crate::calm_run::CalmRun;
use crate::{Flow, Moment, TimestampClock};

/// Clocks in use tick at these rates, more or less.
const USUAL_RATES: [f64; 6] = [1000.0, 250.0, 100.0, 10.0, 2.0, 1_000_000.0];
/// Nanoseconds that a clock must be watched before its rate is told.
const LONG_ENOUGH: f64 = 0.5e9;

pub(crate) fn note(flow: &mut Flow, seen: &Seen<'_, '_>) {
    let Some(timestamps) = seen.segment.options.timestamps else {
        return;
    };
    if seen.flags().is_rst() || !seen.has(Known::TIME) {
        return;
    }
    tick(flow, timestamps.value, seen.at);
}

/// The clock as a run shows it.
pub(crate) fn calm(flow: &mut Flow, run: &CalmRun<'_>) {
    if run.shared.look.has_timestamps() {
        tick(flow, run.first.timestamps.value, run.first.moment());
        tick(flow, run.last.timestamps.value, run.last.moment());
    }
}

/// The clock's state.
fn tick(flow: &mut Flow, value: u32, at: Moment) {
    let value = (value, at);
    match &mut flow.timestamp_clock {
        Some(clock) => clock.last = value,
        None => {
            flow.timestamp_clock = Some(TimestampClock {
                first: value,
                last: value,
                ticks_per_second: None,
            });
        }
    }
}

/// Packets were passed over, the last of them with these timestamps.
pub(crate) fn pass_over(flow: &mut Flow, timestamps: Option<Timestamps>, last: Moment) {
    if let (Some(clock), Some(timestamps)) = (&mut flow.timestamp_clock, timestamps) {
        clock.last = (timestamps.value, last);
    }
}

/// Estimates the rate over the whole connection.
pub(crate) fn conclude(clock: &mut TimestampClock) {
    let ticks = f64::from(clock.last.0.wrapping_sub(clock.first.0).cast_signed());
    let nanos = (clock.last.1.time - clock.first.1.time).nanos() as f64;
    if nanos < LONG_ENOUGH || ticks <= 0.0 {
        return;
    }
    let rate = ticks / (nanos / 1e9);
    let usual = USUAL_RATES
        .into_iter()
        .find(|usual| (rate / usual - 1.0).abs() < 0.1);
    clock.ticks_per_second = Some(usual.unwrap_or(rate));
}
