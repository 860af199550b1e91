//! What few of the passed-over packets change, in few bytes: between two times that packets leave the log, nobody needs it unpacked.

use whyreset_capture::Span;

use super::middle::Half;
use super::pauses::ShortPause;
use super::rest::{MAX_PACKED_RUNS, Seldom, ShortRun};
use super::short::At;
use super::waiting::{Queue, Waiting};
use crate::Moment;
use crate::outstanding::MAX_SEGMENTS;
use crate::packing::{Coder, MOMENT, NUMBER, ROOM};
use crate::pairs::{ByEnd, End};
use crate::silence::KEPT as MAX_PAUSES;

/// Bytes of what seldom changes of one end, at most: fewer numbers and moments than these.
const SELDOM: usize = 8 * NUMBER + 5 * MOMENT;
/// Bytes of a pause at most.
const PAUSE: usize = 6 * NUMBER + 2 * MOMENT;
const PAUSES: usize = NUMBER + MAX_PAUSES * (NUMBER + PAUSE);
/// Bytes of an end's lists at most: segments that wait, and runs with the last.
const LISTS: usize =
    MAX_SEGMENTS * (2 * NUMBER + MOMENT) + (MAX_PACKED_RUNS + 1) * (2 * NUMBER + 2 * MOMENT);
// All that there can be finds room.
const _: () = assert!(ROOM >= 2 * (SELDOM + LISTS) + PAUSES);

/// Where the first of some runs begins: behind the last one before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Base {
    pub(super) at: Moment,
    pub(super) sent_to: i64,
}

#[inline]
fn at(coder: &mut impl Coder, at: &mut At, first: u64) {
    let mut moment = at.moment(first);
    coder.moment(&mut moment);
    *at = At::of(moment, first).unwrap_or_default();
}

/// `it`, if there is one.
#[inline]
fn maybe_at(coder: &mut impl Coder, is_there: bool, it: &mut At, first: u64) {
    if is_there {
        at(coder, it, first);
    } else {
        *it = At::default();
    }
}

const fn end(is_high: bool) -> End {
    if is_high { End::High } else { End::Low }
}

/// Two numbers, of which the second is mostly a little larger.
fn behind(coder: &mut impl Coder, (before, behind): &mut (u32, u32)) {
    coder.word(before);
    let mut step = behind.wrapping_sub(*before);
    coder.word(&mut step);
    *behind = before.wrapping_add(step);
}

/// Whether there is one, and whether it is the high one.
fn of_option(end: Option<End>) -> [bool; 2] {
    [end.is_some(), end == Some(End::High)]
}

/// What seldom changes.
pub(super) fn seldom(coder: &mut impl Coder, ends: &mut ByEnd<Seldom>, first: u64) {
    seldom_of(coder, &mut ends.low, first);
    seldom_of(coder, &mut ends.high, first);
}

fn seldom_of(coder: &mut impl Coder, it: &mut Seldom, first: u64) {
    let is_there = |at: At| at != At::default();
    let [clock, handshake, measured, identified, passed, data] = coder.truths([
        it.clock.is_some(),
        it.handshake.is_some(),
        it.minimum_frames.1 > 0,
        is_there(it.identified),
        is_there(it.narrowest),
        is_there(it.first_data),
    ]);
    coder.maybe(clock, &mut it.clock, 0, Coder::word);
    coder.maybe(handshake, &mut it.handshake, Span::ZERO, Coder::span);
    if measured {
        behind(coder, &mut it.minimum_frames);
    } else {
        it.minimum_frames = (0, 0);
    }
    maybe_at(coder, identified, &mut it.identified, first);
    maybe_at(coder, passed, &mut it.narrowest, first);
    if passed {
        coder.signed(&mut it.narrowest_ack);
    }
    maybe_at(coder, data, &mut it.first_data, first);
    maybe_at(coder, data, &mut it.in_flight, first);
    if data {
        coder.signed(&mut it.first_byte);
    }
}

/// A pause, and first how long it was.
pub(super) fn pause(coder: &mut impl Coder, it: &mut ShortPause, first: u64) {
    let mut length = it.length();
    coder.span(&mut length);
    let [waits, waits_high] = of_option(it.unacknowledged_of);
    let [by, by_high] = of_option(it.last_data_by);
    let [after, until] = [it.after.1, it.until.1].map(|end| end == End::High);
    let told = coder.truths([after, until, waits, waits_high, by, by_high, it.has_clock]);
    let [after, until, waits, waits_high, by, by_high, has_clock] = told;
    it.after.1 = end(after);
    it.until.1 = end(until);
    it.unacknowledged_of = waits.then(|| end(waits_high));
    it.last_data_by = by.then(|| end(by_high));
    it.has_clock = has_clock;
    at(coder, &mut it.after.0, first);
    let mut frames = it.until.0.frame().wrapping_sub(it.after.0.frame());
    coder.word(&mut frames);
    let frame = it.after.0.frame().wrapping_add(frames);
    it.until.0 = At::new(frame, it.after.0.time() + length);
    // Who breaks a silence that it began itself sent nothing in between.
    if it.after.1 == it.until.1 {
        it.breaker_before = it.after.0;
    } else {
        at(coder, &mut it.breaker_before, first);
    }
    behind(coder, &mut it.clocks);
}

/// So many runs, the first of which the connection begins with.
pub(super) fn runs(coder: &mut impl Coder, runs: &mut Vec<ShortRun>, count: usize, first: u64) {
    runs.resize(count, ShortRun::default());
    let mut before = 0;
    for it in runs {
        run(coder, it, before, first);
        before = it.sent_to;
    }
}

/// `before`: how far the run before went.
pub(super) fn run(coder: &mut impl Coder, it: &mut ShortRun, before: i64, first: u64) {
    let mut step = it.sent_to.wrapping_sub(before);
    coder.signed(&mut step);
    it.sent_to = before.wrapping_add(step);
    coder.word(&mut it.packets);
    at(coder, &mut it.first, first);
    at(coder, &mut it.last, first);
}

/// So many segments of one end that wait.
pub(super) fn waiting(
    coder: &mut impl Coder,
    (queue, count): (&mut Queue, usize),
    half: &Half,
    first: u64,
) {
    coder.set_before(half.spoken.moment(first));
    let mut before = (half.sent_to & 0xffff_ffff) as u32;
    for it in queue.of_len(count).iter_mut().rev() {
        waiting_one(coder, it, before, first);
        before = it.end.wrapping_sub(it.len);
    }
    queue.count_measuring();
}

/// `below`: where the one behind it begins. Between them lies what did not fit among those that wait.
#[inline]
fn waiting_one(coder: &mut impl Coder, it: &mut Waiting, below: u32, first: u64) {
    let mut gap = below.wrapping_sub(it.end);
    coder.word(&mut gap);
    it.end = below.wrapping_sub(gap);
    let mut number = u64::from(it.len) << 1 | u64::from(it.measures);
    coder.number(&mut number);
    it.len = (number >> 1) as u32;
    it.measures = number & 1 != 0;
    at(coder, &mut it.at, first);
}
