//! What was passed over, in few bytes: between two times that packets leave the log, nobody needs it unpacked.

use whyreset_segments::Timestamps;

use super::middle::{Half, Middle, Narrow, ShortPause, ShortRun, Sums, Waiting};
use super::short::At;
use crate::Moment;
use crate::packing::{Coder, Reader, Writer};
use crate::pairs::End;

/// What was passed over of a connection; nothing yet where it is empty.
#[derive(Debug, Default)]
pub(super) struct Packed {
    bytes: Vec<u8>,
}

/// Room is taken in steps of so many bytes: it is seldom moved, and seldom more than is needed.
const STEP: usize = 64;

impl Packed {
    /// Nothing was passed over.
    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Takes in what `middle` says. `start`: the connection's first packet.
    pub(super) fn pack(&mut self, middle: &mut Middle, start: Moment, room: &mut Vec<u8>) {
        room.clear();
        pass(&mut Writer::new(room, start), middle);
        self.bytes.clear();
        if self.bytes.capacity() < room.len() {
            // Not grown but made anew: nothing needs to be copied.
            self.bytes = Vec::with_capacity(room.len().next_multiple_of(STEP));
        }
        self.bytes.extend_from_slice(room);
    }

    /// Fills `middle` with what it was; `start` as it was packed.
    pub(super) fn unpack(&self, middle: &mut Middle, start: Moment) {
        pass(&mut Reader::new(&self.bytes, start), middle);
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

/// Passes all of it; `first` stays as it is.
fn pass(coder: &mut impl Coder, middle: &mut Middle) {
    let first = middle.first;
    coder.option(&mut middle.last, (At::default(), End::Low), |coder, it| {
        spoken(coder, it, first);
    });
    coder.number(&mut middle.count);
    option_end(coder, &mut middle.last_data_by);
    half(coder, &mut middle.ends.low, first);
    half(coder, &mut middle.ends.high, first);
    let mut len = middle.pauses.len() as u64;
    coder.number(&mut len);
    resize(&mut middle.pauses, len, ShortPause::default());
    for it in &mut middle.pauses {
        pause(coder, it, first);
    }
}

/// `len` is what a [`Writer`] wrote: as many as there were.
fn resize<T: Clone>(list: &mut Vec<T>, len: u64, blank: T) {
    list.resize(usize::try_from(len).unwrap_or(0), blank);
}

fn at(coder: &mut impl Coder, at: &mut At, first: u64) {
    let mut moment = at.moment(first);
    coder.moment(&mut moment);
    *at = At::of(moment, first).unwrap_or_default();
}

fn end(coder: &mut impl Coder, end: &mut End) {
    let mut is_high = *end == End::High;
    coder.truth(&mut is_high);
    *end = if is_high { End::High } else { End::Low };
}

fn option_end(coder: &mut impl Coder, it: &mut Option<End>) {
    coder.option(it, End::Low, end);
}

fn option_at(coder: &mut impl Coder, it: &mut Option<At>, first: u64) {
    coder.option(it, At::default(), |coder, it| at(coder, it, first));
}

fn spoken(coder: &mut impl Coder, (moment, by): &mut (At, End), first: u64) {
    at(coder, moment, first);
    end(coder, by);
}

fn half(coder: &mut impl Coder, half: &mut Half, first: u64) {
    coder.word(&mut half.next);
    coder.signed(&mut half.sent_to);
    coder.signed(&mut half.acked_to);
    coder.option(&mut half.peers_mss, 0, Coder::half_word);
    coder.option(
        &mut half.spoken,
        (At::default(), None),
        |coder, (it, clock)| {
            at(coder, it, first);
            coder.option(clock, 0, Coder::word);
        },
    );
    let mut len = half.waiting.len() as u64;
    coder.number(&mut len);
    half.waiting
        .resize(usize::try_from(len).unwrap_or(0), Waiting::default());
    let mut before = half.next;
    for it in &mut half.waiting {
        waiting(coder, it, before, first);
        before = it.end;
    }
    coder.word(&mut half.largest_acked);
    half.meter.pass(coder);
    half.ip_ids.pass(coder);
    sums(coder, &mut half.passed, first);
}

/// `before`: the number behind the one before.
fn waiting(coder: &mut impl Coder, it: &mut Waiting, before: u32, first: u64) {
    let mut step = i64::from(it.end.wrapping_sub(before).cast_signed());
    coder.signed(&mut step);
    it.end = before.wrapping_add(step as u32);
    coder.word(&mut it.len);
    at(coder, &mut it.at, first);
}

fn sums(coder: &mut impl Coder, sums: &mut Sums, first: u64) {
    coder.number(&mut sums.packets);
    coder.number(&mut sums.data_packets);
    coder.number(&mut sums.bytes);
    coder.word(&mut sums.first_byte);
    coder.word(&mut sums.ack);
    coder.option(
        &mut sums.data,
        (At::default(), At::default()),
        |coder, it| {
            at(coder, &mut it.0, first);
            at(coder, &mut it.1, first);
        },
    );
    option_at(coder, &mut sums.progress, first);
    coder.option(&mut sums.in_flight, (0, At::default()), |coder, it| {
        coder.signed(&mut it.0);
        at(coder, &mut it.1, first);
    });
    coder.word(&mut sums.last_sent);
    coder.word(&mut sums.largest);
    coder.word(&mut sums.oversize);
    let none = Timestamps { value: 0, echo: 0 };
    coder.option(&mut sums.timestamps, none, |coder, it| {
        coder.word(&mut it.value);
        coder.word(&mut it.echo);
    });
    coder.half_word(&mut sums.ip_id);
    coder.half_word(&mut sums.window);
    coder.half_word(&mut sums.widest);
    coder.option(&mut sums.narrowest, Narrow::default(), |coder, it| {
        coder.half_word(&mut it.window);
        at(coder, &mut it.at, first);
        coder.signed(&mut it.ack);
    });
    coder.truth(&mut sums.pushed);
    let mut len = sums.runs.len() as u64;
    coder.number(&mut len);
    resize(&mut sums.runs, len, ShortRun::default());
    let mut before = 0;
    for it in &mut sums.runs {
        run(coder, it, before, first);
        before = it.sent_to;
    }
    coder.truth(&mut sums.run_is_open);
}

/// `before`: how far the run before went.
fn run(coder: &mut impl Coder, it: &mut ShortRun, before: i64, first: u64) {
    let mut step = it.sent_to.wrapping_sub(before);
    coder.signed(&mut step);
    it.sent_to = before.wrapping_add(step);
    coder.word(&mut it.packets);
    at(coder, &mut it.first, first);
    at(coder, &mut it.last, first);
}

fn pause(coder: &mut impl Coder, it: &mut ShortPause, first: u64) {
    spoken(coder, &mut it.after, first);
    spoken(coder, &mut it.until, first);
    option_end(coder, &mut it.unacknowledged_of);
    option_end(coder, &mut it.last_data_by);
    coder.truth(&mut it.has_clock);
    option_at(coder, &mut it.breaker_before, first);
    coder.word(&mut it.clocks.0);
    coder.word(&mut it.clocks.1);
}
