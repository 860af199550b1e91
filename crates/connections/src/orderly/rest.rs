//! What of the passed-over packets few of them change: packed while nobody looks at it, and unpacked only as far as it is needed.
//!
//! Packed, one part follows the other: the pauses; what seldom changes; the runs of either end, to which new ones are added
//! without a look at the others; and what waits for its acknowledgement.

use whyreset_capture::Span;

use super::log::Taken;
use super::middle::{Half, Middle};
use super::packed::{self, Base};
use super::pauses::{Pauses, ShortPause};
use super::short::At;
use super::waiting::{Queue, Waiting};
use crate::Moment;
use crate::packing::{Coder, Reader, Room, Writer};
use crate::pairs::{ByEnd, End};

/// The packet that ends a pause.
pub(super) struct Until {
    at: At,
    from: End,
    /// Its clock, and that of the sender's packet before.
    clock: u32,
    clock_before: u32,
}

impl Until {
    /// What matters of it.
    #[inline(always)]
    pub(super) const fn of(taken: &Taken) -> Self {
        Self {
            at: taken.short.at(),
            from: taken.short.from(),
            clock: taken.short.timestamps.value,
            clock_before: taken.clock_before,
        }
    }
}

/// What seldom changes of one end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seldom {
    /// The clock of its SYN.
    pub(super) clock: Option<u32>,
    pub(super) handshake: Option<Span>,
    /// The frames of the smallest round trip.
    pub(super) minimum_frames: (u32, u32),
    /// Its last packet with an identification that is not 0, where that is not its last packet.
    pub(super) identified: At,
    /// The narrowest window of what was passed over: when, and what was acknowledged with it.
    pub(super) narrowest: At,
    pub(super) narrowest_ack: i64,
    /// The first packet with data that was passed over, and the number of its first byte, relative.
    pub(super) first_data: At,
    pub(super) first_byte: i64,
    /// When the most bytes were in flight.
    pub(super) in_flight: At,
}

/// Packets of one end that left together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ShortRun {
    pub(super) sent_to: i64,
    pub(super) packets: u32,
    pub(super) first: At,
    pub(super) last: At,
}

/// Runs of one end that are kept; the oldest two of like size become one.
const MAX_RUNS: usize = 9;
/// So many are packed at most before they do: that takes a look at all of them.
pub(super) const MAX_PACKED_RUNS: usize = 16;

/// Those packets of an end that leave together now.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Leaving {
    /// How many had left before.
    before: u32,
    first: At,
}

impl Leaving {
    /// A packet leaves, before which so many have.
    #[inline]
    pub(super) const fn note(&mut self, before: u32, at: At) {
        if before == self.before {
            self.first = at;
        }
    }

    /// They are the last that `half` sent, if there are any.
    fn run(&self, half: &Half) -> Option<ShortRun> {
        let packets = half.packets - self.before;
        (packets > 0).then_some(ShortRun {
            packets,
            sent_to: half.sent_to,
            first: self.first,
            last: half.spoken,
        })
    }
}

/// How long the parts are, and how many of each list there are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lengths {
    pauses: u16,
    seldom: u16,
    runs: ByEnd<u16>,
    run_counts: ByEnd<u8>,
    waiting_counts: ByEnd<u8>,
}

impl Lengths {
    /// Where the runs begin.
    const fn before_runs(&self) -> u16 {
        self.pauses + self.seldom
    }
}

/// All of it, of the connection that is looked at.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// The connection's first packet.
    start: Moment,
    /// As it was packed, and how.
    old: Room,
    lengths: Lengths,
    new: Room,
    /// The longest pauses, where they were looked for.
    pauses: Pauses,
    has_pauses: bool,
    /// What seldom changes, where it was unpacked.
    seldom: ByEnd<Seldom>,
    has_seldom: bool,
    pub(super) waiting: ByEnd<Queue>,
    pub(super) left: ByEnd<Leaving>,
    /// Where the runs begin that leave now.
    bases: ByEnd<Base>,
    runs: Vec<ShortRun>,
}

impl Rest {
    /// Nothing yet, of a connection whose first packet is `start`.
    pub(super) fn begin(&mut self, start: Moment, middle: &mut Middle) {
        self.start = start;
        self.lengths = Lengths::default();
        self.has_seldom = true;
        self.seldom = ByEnd::default();
        self.has_pauses = true;
        self.pauses.clear();
        self.waiting.low.clear();
        self.waiting.high.clear();
        middle.long = self.pauses.long();
    }

    /// Takes up what was packed.
    pub(super) fn take_up(&mut self, packed: &[u8], start: Moment, middle: &Middle) {
        self.start = start;
        self.lengths = middle.lengths;
        self.old.hold(packed);
        self.has_pauses = false;
        self.has_seldom = false;
        let lengths = &self.lengths;
        let before = lengths.before_runs() + lengths.runs.low + lengths.runs.high;
        let mut reader = Reader::new(&self.old, before.into(), start);
        for end in [End::Low, End::High] {
            let queue = self.waiting.of_mut(end);
            queue.clear();
            let count = *lengths.waiting_counts.of(end);
            if count > 0 {
                let half = middle.ends.of(end);
                packed::waiting(&mut reader, (queue, count.into()), half, start.frame);
            }
        }
    }

    /// Packs all again, with the runs that left.
    pub(super) fn put_down(&mut self, middle: &mut Middle) -> &[u8] {
        let first = self.start.frame;
        let mut writer = Writer::new(&mut self.new, self.start);
        let mut lengths = self.lengths;
        let pauses = usize::from(lengths.pauses);
        if self.has_pauses {
            self.pauses.put_down(&mut writer, &self.old, self.start);
            lengths.pauses = writer.end() as u16;
        } else {
            writer.copy(self.old.get(0, pauses));
        }
        if self.has_seldom {
            let before = writer.end();
            packed::seldom(&mut writer, &mut self.seldom, first);
            lengths.seldom = (writer.end() - before) as u16;
        } else {
            writer.copy(self.old.get(pauses, lengths.seldom.into()));
        }
        let mut at = usize::from(self.lengths.before_runs());
        for end in [End::Low, End::High] {
            let len = usize::from(*self.lengths.runs.of(end));
            let run = self.left.of(end).run(middle.ends.of(end));
            let count = lengths.run_counts.of_mut(end);
            let before = writer.end();
            if run.is_some() && usize::from(*count) == MAX_PACKED_RUNS {
                let mut reader = Reader::new(&self.old, at, self.start);
                packed::runs(&mut reader, &mut self.runs, (*count).into(), first);
                self.runs.extend(run);
                merge_oldest_runs(&mut self.runs);
                *count = self.runs.len() as u8;
                writer.set_before(self.start);
                packed::runs(&mut writer, &mut self.runs, (*count).into(), first);
            } else {
                writer.copy(self.old.get(at, len));
                if let Some(mut run) = run {
                    let base = self.bases.of(end);
                    writer.set_before(base.at);
                    packed::run(&mut writer, &mut run, base.sent_to, first);
                    *count += 1;
                }
            }
            *lengths.runs.of_mut(end) = (writer.end() - before) as u16;
            at += len;
        }
        for end in [End::Low, End::High] {
            let queue = self.waiting.of_mut(end);
            let count = queue.len();
            *lengths.waiting_counts.of_mut(end) = count as u8;
            if count > 0 {
                packed::waiting(&mut writer, (queue, count), middle.ends.of(end), first);
            }
        }
        middle.lengths = lengths;
        writer.finish()
    }

    /// What leaves from now on leaves together.
    pub(super) fn begin_runs(&mut self, middle: &Middle) {
        for end in [End::Low, End::High] {
            let half = middle.ends.of(end);
            self.left.of_mut(end).before = half.packets;
            *self.bases.of_mut(end) = if *self.lengths.run_counts.of(end) > 0 {
                Base {
                    at: half.spoken.moment(self.start.frame),
                    sent_to: half.sent_to,
                }
            } else {
                Base {
                    at: self.start,
                    sent_to: 0,
                }
            };
        }
    }

    /// The connection's first frame.
    pub(super) const fn first(&self) -> u64 {
        self.start.frame
    }

    /// What seldom changes of each end.
    #[cold]
    pub(super) fn seldom(&mut self) -> &mut ByEnd<Seldom> {
        if !self.has_seldom {
            self.has_seldom = true;
            let at = self.lengths.pauses;
            let mut reader = Reader::new(&self.old, at.into(), self.start);
            packed::seldom(&mut reader, &mut self.seldom, self.start.frame);
        }
        &mut self.seldom
    }

    /// The longest pauses, the longest first.
    pub(super) fn pauses(&mut self) -> Vec<ShortPause> {
        self.find_pauses();
        self.pauses.unpacked(&self.old, self.start)
    }

    #[inline]
    fn find_pauses(&mut self) {
        if !self.has_pauses {
            self.has_pauses = true;
            self.pauses.find(&self.old, self.start);
        }
    }

    /// How an end sent: one entry for each time that packets left together, as far as these are kept.
    pub(super) fn runs(&mut self, end: End) -> &[ShortRun] {
        let lengths = &self.lengths;
        let before = match end {
            End::Low => lengths.before_runs(),
            End::High => lengths.before_runs() + lengths.runs.low,
        };
        let count = usize::from(*lengths.run_counts.of(end));
        let mut reader = Reader::new(&self.old, before.into(), self.start);
        packed::runs(&mut reader, &mut self.runs, count, self.start.frame);
        merge_oldest_runs(&mut self.runs);
        &self.runs
    }

    /// What an end sent that waits and measures the round trip.
    pub(super) fn measuring(&self, end: End) -> impl Iterator<Item = &Waiting> {
        self.waiting.of(end).iter().filter(|it| it.measures)
    }

    /// Keeps a pause that ends with this packet, which comes next.
    #[cold]
    pub(super) fn keep_pause(&mut self, until: &Until, middle: &mut Middle) {
        let (from, last_from) = (until.from, middle.last_by);
        let own = middle.ends.of(from);
        let clock = |value: u32| own.common.has_timestamps.then_some(value);
        let before = if own.went_on() {
            clock(until.clock_before)
        } else {
            self.seldom().of(from).clock
        };
        let clock = clock(until.clock);
        let waits = |end: &End| !self.waiting.of(*end).is_empty();
        let pause = ShortPause {
            after: (middle.ends.of(last_from).spoken, last_from),
            until: (until.at, from),
            unacknowledged_of: [last_from, last_from.other()].into_iter().find(waits),
            last_data_by: middle.last_data_by,
            has_clock: before.is_some() && clock.is_some(),
            breaker_before: own.spoken,
            clocks: (before.unwrap_or(0), clock.unwrap_or(0)),
        };
        self.find_pauses();
        self.pauses.keep(pause);
        middle.long = self.pauses.long();
    }
}

/// Joins the two oldest neighbours of like size as soon as there is one too many: sizes double with age (Datar et al. 2002).
fn merge_oldest_runs(runs: &mut Vec<ShortRun>) {
    while let Some(before) = runs.get(..=MAX_RUNS) {
        let like =
            |pair: &[ShortRun]| matches!(pair, [a, b] if a.packets <= b.packets.saturating_mul(2));
        let at = before.windows(2).position(like).unwrap_or(0);
        let second = runs.remove(at + 1);
        if let Some(first) = runs.get_mut(at) {
            first.packets = first.packets.saturating_add(second.packets);
            first.sent_to = second.sent_to;
            first.last = second.last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_that_are_joined_late_are_joined_alike() {
        let (mut at_once, mut late) = (Vec::new(), Vec::new());
        for n in 0..500_u32 {
            let run = ShortRun {
                sent_to: i64::from(n) * 1_000,
                packets: 1 + n * n % 37,
                ..ShortRun::default()
            };
            at_once.push(run);
            merge_oldest_runs(&mut at_once);
            late.push(run);
            if late.len() > MAX_PACKED_RUNS {
                merge_oldest_runs(&mut late);
            }
        }
        merge_oldest_runs(&mut late);
        assert_eq!(format!("{at_once:?}"), format!("{late:?}"));
        assert_eq!(late.len(), MAX_RUNS);
    }
}
