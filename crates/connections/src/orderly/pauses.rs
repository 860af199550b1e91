//! The longest pauses among the packets that were passed over. Once one is packed, nothing of it is looked at but how long it was, until
//! it is told.

use std::cmp::Reverse;

use whyreset_capture::Span;

use super::packed;
use super::short::At;
use crate::Moment;
use crate::packing::{Coder, Reader, Room, Writer};
use crate::pairs::End;
use crate::silence::{KEPT, SHORTEST};

/// A pause between two packets that were passed over.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ShortPause {
    pub(super) after: (At, End),
    pub(super) until: (At, End),
    /// Whose data waited for an acknowledgement.
    pub(super) unacknowledged_of: Option<End>,
    /// Who had sent the last data.
    pub(super) last_data_by: Option<End>,
    /// Both packets of the end that broke it have clocks.
    pub(super) has_clock: bool,
    /// The previous packet of the end that broke it, and the clocks of both packets.
    pub(super) breaker_before: At,
    pub(super) clocks: (u32, u32),
}

impl ShortPause {
    /// How long it was.
    pub(super) fn length(&self) -> Span {
        self.until.0.time() - self.after.0.time()
    }
}

/// As many as a connection tells in the end, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    kept: Vec<Kept>,
    /// Room to pack one in.
    one: Room,
}

/// How long a pause was, and the rest of it.
#[derive(Clone, Copy, Debug)]
struct Kept {
    length: Span,
    pause: Pause,
}

#[derive(Clone, Copy, Debug)]
enum Pause {
    /// Packed: where it begins, and so many bytes.
    Packed(usize, usize),
    /// It was met since the others were packed.
    New(ShortPause),
}

impl Pauses {
    /// There are none.
    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }

    /// Finds those that were packed, at the beginning of `old`.
    pub(super) fn find(&mut self, old: &Room, start: Moment) {
        self.kept.clear();
        let mut reader = Reader::new(old, 0, start);
        let mut count = 0;
        reader.len(&mut count);
        for _ in 0..count.min(KEPT) {
            let (mut len, mut length) = (0, Span::ZERO);
            reader.len(&mut len);
            let at = reader.end();
            reader.span(&mut length);
            let pause = Pause::Packed(at, len);
            self.kept.push(Kept { length, pause });
            reader = Reader::new(old, at + len, start);
        }
    }

    /// Packs them all again: those of `old` as they are.
    pub(super) fn put_down(&mut self, writer: &mut Writer<'_>, old: &Room, start: Moment) {
        writer.len(&mut self.kept.len());
        for kept in &mut self.kept {
            let packed = match &mut kept.pause {
                Pause::Packed(at, len) => old.get(*at, *len),
                Pause::New(pause) => {
                    let mut one = Writer::new(&mut self.one, start);
                    packed::pause(&mut one, pause, start.frame);
                    one.finish()
                }
            };
            writer.len(&mut { packed.len() });
            writer.copy(packed);
        }
    }

    /// Keeps one that is longer than [it has to be](Pauses::long), in the place of the shortest.
    pub(super) fn keep(&mut self, pause: ShortPause) {
        if self.kept.len() == KEPT {
            self.kept.remove(self.shortest().0);
        }
        self.kept.push(Kept {
            length: pause.length(),
            pause: Pause::New(pause),
        });
    }

    /// How long a pause has to be, but for a nanosecond at least.
    pub(super) fn long(&self) -> i64 {
        if self.kept.len() < KEPT {
            SHORTEST.nanos() - 1
        } else {
            self.shortest().1.nanos()
        }
    }

    /// Which is the shortest, and how long it is: of several that are, the last.
    fn shortest(&self) -> (usize, Span) {
        let mut shortest = (0, Span::from_nanos(i64::MAX));
        for (at, kept) in self.kept.iter().enumerate() {
            if kept.length <= shortest.1 {
                shortest = (at, kept.length);
            }
        }
        shortest
    }

    /// The pauses, the longest first.
    pub(super) fn unpacked(&self, old: &Room, start: Moment) -> Vec<ShortPause> {
        let unpacked = self.kept.iter().map(|kept| match kept.pause {
            Pause::New(pause) => pause,
            Pause::Packed(at, _) => {
                let mut pause = ShortPause::default();
                packed::pause(&mut Reader::new(old, at, start), &mut pause, start.frame);
                pause
            }
        });
        let mut pauses: Vec<_> = unpacked.collect();
        pauses.sort_by_key(|pause| Reverse(pause.length()));
        pauses
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use whyreset_capture::Timestamp;

    use super::*;

    proptest! {
        #[test]
        fn the_longest_are_kept(millis in proptest::collection::vec((6_i64..20, any::<bool>()), 0..20)) {
            let start = Moment { frame: 7, time: Timestamp::from_nanos(1_700_000_000_123_456_789) };
            let (mut pauses, mut met, mut now) = (Pauses::default(), Vec::new(), start.time.nanos());
            let (mut old, mut new) = (Room::default(), Room::default());
            for (frame, (millis, is_packed)) in (1_u32..).zip(millis) {
                let after = At::new(frame, Timestamp::from_nanos(now));
                now += millis * 1_000_000;
                let pause = ShortPause {
                    after: (after, End::High),
                    until: (At::new(frame + 1, Timestamp::from_nanos(now)), End::Low),
                    clocks: (frame, 70),
                    ..ShortPause::default()
                };
                met.push(pause);
                if pause.length().nanos() > pauses.long() {
                    pauses.keep(pause);
                }
                if is_packed {
                    let mut writer = Writer::new(&mut new, start);
                    pauses.put_down(&mut writer, &old, start);
                    old.hold(writer.finish());
                    pauses.find(&old, start);
                }
            }
            met.sort_by_key(|pause| Reverse(pause.length()));
            met.truncate(KEPT);
            prop_assert_eq!(format!("{:?}", pauses.unpacked(&old, start)), format!("{met:?}"));
        }
    }
}
