//! What was passed over, in few bytes: between two times that packets leave the log, nobody needs it unpacked.

use whyreset_segments::Timestamps;

use super::middle::{Half, MAX_RUNS, Middle, ShortPause, ShortRun, Sums};
use super::short::At;
use super::waiting::Waiting;
use crate::Moment;
use crate::outstanding::MAX_SEGMENTS;
use crate::packing::{Coder, MOMENT, NUMBER, ROOM, Reader, Room, Writer};
use crate::pairs::End;
use crate::silence::KEPT as MAX_PAUSES;

/// What was passed over of a connection; nothing yet where it is empty.
#[derive(Debug, Default)]
pub(super) struct Packed {
    bytes: Vec<u8>,
}

/// Bytes that one end takes at most, its lists apart: fewer numbers and moments than these.
const HALF: usize = 56 * NUMBER + 12 * MOMENT;
/// Bytes of its lists at most: segments that wait, and runs with the last.
const LISTS: usize =
    MAX_SEGMENTS * (2 * NUMBER + MOMENT) + (MAX_RUNS + 1) * (2 * NUMBER + 2 * MOMENT);
const PAUSES: usize = MAX_PAUSES * (3 * NUMBER + 3 * MOMENT);
// All that a [`Middle`] can hold finds room.
const _: () = assert!(ROOM >= 2 * (HALF + LISTS) + PAUSES + 2 * NUMBER);

/// Room is taken in steps of so many bytes: it is seldom moved, and seldom more than is needed.
const STEP: usize = 32;

impl Packed {
    /// Nothing was passed over.
    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Takes in what `middle` says. `start`: the connection's first packet.
    pub(super) fn pack(&mut self, middle: &mut Middle, start: Moment, room: &mut Room) {
        let mut writer = Writer::new(room, start);
        pass(&mut writer, middle);
        let written = writer.finish();
        self.bytes.clear();
        if self.bytes.capacity() < written.len() {
            // Not grown but made anew: nothing needs to be copied.
            self.bytes = Vec::with_capacity(written.len().next_multiple_of(STEP));
        }
        self.bytes.extend_from_slice(written);
    }

    /// Fills `middle` with what it was; `start` as it was packed.
    pub(super) fn unpack(&self, middle: &mut Middle, start: Moment, room: &mut Room) {
        pass(&mut Reader::new(&self.bytes, room, start), middle);
    }

    /// Bytes that it holds.
    pub(super) const fn size(&self) -> usize {
        self.bytes.capacity()
    }

    /// Asks for all of it.
    pub(super) fn fetch(&self) {
        whyreset_prefetch::fetch_bytes(&self.bytes);
    }
}

/// Passes all of it, but for where the connection begins.
fn pass(coder: &mut impl Coder, middle: &mut Middle) {
    let first = middle.first;
    let [by, by_high] = of_option(middle.last_data_by);
    let [is_high, by, by_high] = coder.truths([middle.last_by == End::High, by, by_high]);
    middle.last_by = end(is_high);
    middle.last_data_by = by.then(|| end(by_high));
    half(coder, &mut middle.ends.low, first);
    half(coder, &mut middle.ends.high, first);
    let mut len = middle.pauses.len();
    coder.len(&mut len);
    middle.pauses.resize(len, ShortPause::default());
    for it in &mut middle.pauses {
        pause(coder, it, first);
    }
    middle.note_long();
}

#[inline]
fn at(coder: &mut impl Coder, at: &mut At, first: u64) {
    let mut moment = at.moment(first);
    coder.moment(&mut moment);
    *at = At::of(moment, first).unwrap_or_default();
}

const fn end(is_high: bool) -> End {
    if is_high { End::High } else { End::Low }
}

/// Whether there is one, and whether it is the high one.
fn of_option(end: Option<End>) -> [bool; 2] {
    [end.is_some(), end == Some(End::High)]
}

/// `it`, which is often the `usual` one.
#[inline]
fn at_or(coder: &mut impl Coder, is_usual: bool, it: &mut At, usual: At, first: u64) {
    if is_usual {
        *it = usual;
    } else {
        at(coder, it, first);
    }
}

fn half(coder: &mut impl Coder, half: &mut Half, first: u64) {
    let [has_mss, has_clock, has_sent] = coder.truths([
        half.peers_mss.is_some(),
        half.timestamps.is_some(),
        half.passed.packets > 0,
    ]);
    at(coder, &mut half.spoken, first);
    coder.signed(&mut half.sent_to);
    let mut unacknowledged = half.sent_to.wrapping_sub(half.acked);
    coder.signed(&mut unacknowledged);
    half.note_acked(half.sent_to.wrapping_sub(unacknowledged));
    coder.half_word(&mut half.ip_id);
    coder.maybe(has_mss, &mut half.peers_mss, 0, Coder::half_word);
    let none = Timestamps { value: 0, echo: 0 };
    coder.maybe(has_clock, &mut half.timestamps, none, |coder, it| {
        coder.word(&mut it.value);
        coder.word(&mut it.echo);
    });
    let mut len = half.waiting.len();
    coder.len(&mut len);
    let mut before = (half.sent_to & 0xffff_ffff) as u32;
    for it in half.waiting.of_len(len).iter_mut().rev() {
        waiting(coder, it, before, first);
        before = it.end.wrapping_sub(it.len);
    }
    half.waiting.count_measuring();
    half.trips.pass(coder);
    coder.word(&mut half.largest_acked);
    let last = half.spoken.moment(first);
    half.ip_ids.pass(coder, (half.ip_id, last), half.sent_to);
    if has_sent {
        sums(coder, half, first);
    }
}

/// `below`: where the one behind it begins. Between them lies what did not fit among those that wait.
#[inline]
fn waiting(coder: &mut impl Coder, it: &mut Waiting, below: u32, first: u64) {
    let mut gap = below.wrapping_sub(it.end);
    coder.word(&mut gap);
    it.end = below.wrapping_sub(gap);
    let mut number = u64::from(it.len) << 1 | u64::from(it.measures);
    coder.number(&mut number);
    it.len = (number >> 1) as u32;
    it.measures = number & 1 != 0;
    at(coder, &mut it.at, first);
}

/// Of an end of which packets were passed over.
fn sums(coder: &mut impl Coder, half: &mut Half, first: u64) {
    let (sums, spoken) = (&mut half.passed, half.spoken);
    coder.number(&mut sums.packets);
    sums.begin_run();
    let [has_progress, is_progress, pushed] = coder.truths([
        sums.progress.is_some(),
        sums.progress == Some(spoken),
        sums.pushed,
    ]);
    sums.pushed = pushed;
    let none = At::default();
    coder.maybe(has_progress, &mut sums.progress, none, |coder, it| {
        at_or(coder, is_progress, it, spoken, first);
    });
    coder.half_word(&mut sums.window);
    coder.half_word(&mut sums.widest);
    coder.word(&mut sums.narrowest.window);
    at(coder, &mut sums.narrowest.at, first);
    coder.signed(&mut sums.narrowest.ack);
    coder.number(&mut sums.data_packets);
    if sums.data_packets > 0 {
        data(coder, sums, spoken, first);
    }
    let mut len = sums.runs.len();
    coder.len(&mut len);
    sums.runs.resize(len, ShortRun::default());
    let mut before = 0;
    for it in &mut sums.runs {
        run(coder, it, before, first);
        before = it.sent_to;
    }
}

fn data(coder: &mut impl Coder, sums: &mut Sums, spoken: At, first: u64) {
    let [is_last] = coder.truths([sums.data.1 == spoken]);
    at(coder, &mut sums.data.0, first);
    at_or(coder, is_last, &mut sums.data.1, spoken, first);
    coder.signed(&mut sums.first_byte);
    coder.signed(&mut sums.in_flight.0);
    at(coder, &mut sums.in_flight.1, first);
    coder.word(&mut sums.last_sent);
    coder.word(&mut sums.largest);
    coder.word(&mut sums.oversize);
}

/// `before`: how far the run before went.
#[inline]
fn run(coder: &mut impl Coder, it: &mut ShortRun, before: i64, first: u64) {
    let mut step = it.sent_to.wrapping_sub(before);
    coder.signed(&mut step);
    it.sent_to = before.wrapping_add(step);
    coder.word(&mut it.packets);
    at(coder, &mut it.first, first);
    at(coder, &mut it.last, first);
}

fn pause(coder: &mut impl Coder, it: &mut ShortPause, first: u64) {
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
    at(coder, &mut it.until.0, first);
    at(coder, &mut it.breaker_before, first);
    coder.word(&mut it.clocks.0);
    coder.word(&mut it.clocks.1);
}
