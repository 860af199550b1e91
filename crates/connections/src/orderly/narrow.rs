//! A packet by what differs from the ones before it: 16 bytes for nearly all, 32 for the rest.

mod again;

pub(super) use again::{Before, Glancing, Glimpse, Taken};

use whyreset_capture::Timestamp;
use whyreset_segments::{Timestamps, Usual};

use super::short::{At, Short};
use crate::pairs::End;

/// When the last packet of either end came.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    pub(super) time: Timestamp,
    pub(super) frame: u64,
}

/// The numbers of an end's last packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    pub(super) ack: u32,
    timestamps: Timestamps,
    window: u16,
    ip_id: u16,
}

impl Default for Numbers {
    fn default() -> Self {
        Self {
            ack: 0,
            timestamps: Usual::NO_TIMESTAMPS,
            window: 0,
            ip_id: 0,
        }
    }
}

/// A packet, or half of one.
pub(super) type Slot = [u64; 2];

/// A field of a word: how many bits, and where they begin.
struct Field {
    bits: u32,
    at: u32,
}

impl Field {
    const fn get(&self, word: u64) -> u64 {
        (word >> self.at) & ((1 << self.bits) - 1)
    }

    /// The bits that it takes up.
    const fn mask(&self) -> u64 {
        ((1 << self.bits) - 1) << self.at
    }

    /// What of a value does not fit: 0 where all does.
    #[inline(always)]
    const fn beyond(&self, value: u32) -> u32 {
        value >> self.bits
    }

    /// A value in its place.
    #[inline(always)]
    const fn place(&self, value: u32) -> u64 {
        (value as u64) << self.at
    }
}

// The first word of a narrow packet.
const LENGTH: Field = Field { bits: 16, at: 0 };
const FRAMES: Field = Field {
    bits: NEWS.bits,
    at: 16,
};
const TICKS: Field = Field { bits: 28, at: 36 };
// The second one.
const NEWS: Field = Field { bits: 20, at: 0 };
const IP_IDS: Field = Field { bits: 8, at: 20 };
const VALUES: Field = Field { bits: 10, at: 28 };
const ECHOES: Field = Field {
    bits: VALUES.bits,
    at: 38,
};
const WINDOWS: Field = Field { bits: 11, at: 48 };
const TOLD: Field = Field { bits: 3, at: 59 };
/// Ticks are microseconds, else nanoseconds.
const IN_MICROS: u64 = 1 << 62;
/// A wide packet begins.
const IS_WIDE: u64 = 1 << 63;
// The second word of a wide packet.
const ACK: Field = Field { bits: 32, at: 0 };
const BITS: Field = Field { bits: 31, at: 32 };

/// Windows grow and shrink: steps count from so far below.
const WINDOW_BELOW: u16 = 1 << 10;

const NANOS_PER_MICRO: u64 = 1_000;

impl Numbers {
    /// Those of a SYN: what it acknowledges, and its window.
    pub(super) fn of_syn(ack: u32, window: u16) -> Self {
        Self {
            ack,
            window,
            ..Self::default()
        }
    }

    /// The number behind the last that the end takes whose window is scaled like this.
    #[inline(always)]
    pub(super) const fn edge(&self, scale: u8) -> u32 {
        let window = (self.window as u32).wrapping_shl(scale as u32);
        self.ack.wrapping_add(window)
    }

    /// Those of this packet.
    pub(super) const fn of(short: &Short) -> Self {
        Self {
            ack: short.ack,
            timestamps: short.timestamps,
            window: short.window,
            ip_id: short.ip_id,
        }
    }
}

impl Clock {
    /// Its frame, counted from `first`, and its time.
    pub(super) const fn at(&self, first: u64) -> At {
        At::new(self.frame.wrapping_sub(first) as u32, self.time)
    }

    /// Whether this packet comes behind the last one: in a later frame, but not much later, and the clock did not step back.
    #[inline(always)]
    pub(super) const fn is_ahead_of(&self, usual: &Usual) -> bool {
        let frames = usual.frame.wrapping_sub(self.frame);
        // None is one less than nothing.
        frames.wrapping_sub(1) < u32::MAX as u64
            && usual.time.nanos().wrapping_sub(self.time.nanos()) >= 0
    }

    /// Puts the next packet, which is the last one from now on, into one slot, where it fits; `false` where not: then [`wide`] has it.
    /// `last`: its sender's numbers.
    ///
    /// Each number takes the place of the one before, and its own in the slot, as soon as they were compared, and all are tested
    /// together, when that is done: nothing is held longer than needed, else the processor runs out of registers.
    #[inline(always)]
    pub(super) fn take(
        &mut self,
        last: &mut Numbers,
        usual: &Usual,
        from: End,
        slot: &mut Slot,
    ) -> bool {
        let news = moved(&mut last.ack, usual.ack);
        let values = moved(&mut last.timestamps.value, usual.timestamps.value);
        let echoes = moved(&mut last.timestamps.echo, usual.timestamps.echo);
        let windows = usual
            .window
            .wrapping_sub(last.window.wrapping_sub(WINDOW_BELOW));
        let ip_ids = usual.ip_id.wrapping_sub(last.ip_id);
        (last.window, last.ip_id) = (usual.window, usual.ip_id);
        let frames = usual.frame.wrapping_sub(self.frame);
        self.frame = usual.frame;
        let nanos = usual.time.nanos().wrapping_sub(self.time.nanos());
        let nanos = nanos.cast_unsigned();
        self.time = usual.time;
        *slot = [
            LENGTH.place(usual.payload_len) | frames << FRAMES.at | nanos << TICKS.at,
            NEWS.place(news)
                | IP_IDS.place(ip_ids.into())
                | VALUES.place(values)
                | ECHOES.place(echoes)
                | WINDOWS.place(windows.into())
                | TOLD.place(Short::told_of(usual.flags, from)),
        ];
        let too_large = LENGTH.beyond(usual.payload_len)
            | NEWS.beyond(news)
            | VALUES.beyond(values | echoes)
            | WINDOWS.beyond(windows.into())
            | IP_IDS.beyond(ip_ids.into());
        let too_large = u64::from(too_large) | frames >> FRAMES.bits;
        if too_large | nanos >> TICKS.bits == 0 {
            return true;
        }
        too_large == 0 && set_in_micros(slot, nanos)
    }
}

/// What is the same in packets that go on as the one before.
const ALIKE: u64 = WINDOWS.mask() | IP_IDS.mask() | IS_WIDE;

/// What narrow packets are like that go on as the one before: same window, and an identification that is the same, or `counts` on by
/// one.
pub(super) const fn alike(counts: bool) -> u64 {
    WINDOWS.place(WINDOW_BELOW as u32) | IP_IDS.place(counts as u32)
}

/// Whether the packet that begins in a slot is not like those that go on.
#[inline(always)]
pub(super) const fn changes([_, told]: Slot, alike: u64) -> bool {
    (told ^ alike) & ALIKE != 0
}

/// Payload of a narrow packet.
#[inline(always)]
pub(super) const fn payload_len([first, _]: Slot) -> u32 {
    LENGTH.get(first) as u32
}

/// Numbers that a narrow packet acknowledges, and its sender's one before did not.
#[inline(always)]
pub(super) const fn news([_, told]: Slot) -> u32 {
    NEWS.get(told) as u32
}

/// Length, sender and flags of a narrow packet ([`Short`]).
#[inline(always)]
pub(super) const fn bits([first, told]: Slot) -> u32 {
    Short::bits_of(LENGTH.get(first) as u32, TOLD.get(told) as u32)
}

/// How far an end's timestamps went on, over some narrow packets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clocks {
    values: u64,
    echoes: u64,
}

impl Clocks {
    pub(super) const NONE: Self = Self {
        values: 0,
        echoes: 0,
    };

    /// They go on with one more packet. They stay where they are in a slot: so many packets are not taken together that a sum would
    /// not fit there.
    #[inline(always)]
    pub(super) const fn go_on(&mut self, [_, told]: Slot) {
        self.values += told & VALUES.mask();
        self.echoes += told & ECHOES.mask();
    }

    /// Where they are then, which were here before.
    const fn behind(&self, before: Timestamps) -> Timestamps {
        Timestamps {
            value: before.value.wrapping_add((self.values >> VALUES.at) as u32),
            echo: before.echo.wrapping_add((self.echoes >> ECHOES.at) as u32),
        }
    }
}

/// Nanoseconds since the packet before a narrow one.
#[inline]
pub(super) const fn pause([first, told]: Slot) -> u64 {
    let ticks = TICKS.get(first);
    if told & IN_MICROS == 0 {
        ticks
    } else {
        ticks * NANOS_PER_MICRO
    }
}

/// Frames since the packet before a narrow one.
#[inline(always)]
const fn frames([first, _]: Slot) -> u32 {
    FRAMES.get(first) as u32
}

/// Who sent a narrow packet.
#[inline(always)]
pub(super) const fn sender([_, told]: Slot) -> End {
    Short::sender(Short::bits_of(0, TOLD.get(told) as u32))
}

/// The moment of the packet before a narrow one, whose moment is `at`.
pub(super) fn before(slot: Slot, at: At) -> At {
    let [first, _] = slot;
    let nanos = at.time().nanos().wrapping_sub(pause(slot).cast_signed());
    let frame = at.frame().wrapping_sub(FRAMES.get(first) as u32);
    At::new(frame, Timestamp::from_nanos(nanos))
}

/// Tells a long pause in microseconds, where it is a whole number of them and not too long for that; `false` where not.
#[cold]
const fn set_in_micros([first, told]: &mut Slot, nanos: u64) -> bool {
    let micros = nanos / NANOS_PER_MICRO;
    *first = *first & !(u64::MAX << TICKS.at) | micros << TICKS.at;
    *told |= IN_MICROS;
    micros * NANOS_PER_MICRO == nanos && micros >> TICKS.bits == 0
}

/// How far a number moved on, which is `now`.
#[inline(always)]
fn moved(number: &mut u32, now: u32) -> u32 {
    now.wrapping_sub(std::mem::replace(number, now))
}

/// Whether a packet that begins with this slot takes two.
pub(super) const fn is_wide(slot: Slot) -> bool {
    slot[1] & IS_WIDE != 0
}

/// A packet in two slots.
pub(super) fn wide(short: &Short) -> [Slot; 2] {
    let Timestamps { value, echo } = short.timestamps;
    let numbers = u64::from(short.window) << 16 | u64::from(short.ip_id);
    [
        [
            short.time.nanos().cast_unsigned(),
            u64::from(short.ack) << ACK.at | u64::from(short.bits) << BITS.at | IS_WIDE,
        ],
        [
            u64::from(value) << 32 | u64::from(echo),
            u64::from(short.frame) << 32 | numbers,
        ],
    ]
}

const fn read_wide([time, told]: Slot, [clocks, numbers]: Slot) -> Short {
    Short {
        time: Timestamp::from_nanos(time.cast_signed()),
        ack: ACK.get(told) as u32,
        timestamps: Timestamps {
            value: (clocks >> 32) as u32,
            echo: clocks as u32,
        },
        frame: (numbers >> 32) as u32,
        window: (numbers >> 16) as u16,
        ip_id: numbers as u16,
        bits: BITS.get(told) as u32,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use whyreset_segments::TcpFlags;

    use super::*;
    use crate::pairs::ByEnd;

    /// A number that is often near the one before.
    fn step(near: u32) -> impl Strategy<Value = u32> {
        prop_oneof![4 => 0..=near, 1 => any::<u32>()]
    }

    fn packet() -> impl Strategy<Value = (u64, [u32; 6], (u32, u32))> {
        let time = prop_oneof![
            4 => (0_u64..1 << 27).prop_map(|micros| micros * 1_000),
            2 => 0_u64..1 << 29,
            1 => any::<u64>()
        ];
        let numbers = (
            step(1 << 20),
            step(1 << 20),
            step(1 << 10),
            step(1 << 10),
            step(1 << 8),
            step(1 << 9),
        );
        let len = prop_oneof![4 => 0_u32..1 << 16, 1 => 0_u32..1 << 20];
        (time, numbers, (len, 0_u32..8))
            .prop_map(|(time, (a, b, c, d, e, f), bits)| (time, [a, b, c, d, e, f], bits))
    }

    proptest! {
        #[test]
        fn packets_come_back_as_they_were(packets in proptest::collection::vec(packet(), 1..40)) {
            let mut clock = Clock { time: Timestamp::from_nanos(1_700_000_000_123_456_000), frame: 71 };
            let mut ends = ByEnd::<Numbers>::default();
            let mut reader = Before::new(&clock, 70, ends);
            for (time, [frame, ack, value, echo, ip_id, window], (len, told)) in packets {
                let from = Short::sender(Short::bits_of(len, told));
                let bit = |bit: u32, flag: TcpFlags| if told & bit == 0 { 0 } else { flag.0 };
                let last = *ends.of(from);
                let usual = Usual {
                    time: Timestamp::from_nanos(clock.time.nanos().wrapping_add(time.cast_signed())),
                    ack: last.ack.wrapping_add(ack),
                    timestamps: Timestamps {
                        value: last.timestamps.value.wrapping_add(value),
                        echo: last.timestamps.echo.wrapping_add(echo),
                    },
                    frame: clock.frame + u64::from(frame),
                    window: last.window.wrapping_add(window as u16).wrapping_sub(200),
                    ip_id: last.ip_id.wrapping_add(ip_id as u16),
                    payload_len: len,
                    flags: TcpFlags(TcpFlags::ACK.0 | bit(2, TcpFlags::PSH) | bit(4, TcpFlags::FIN)),
                    ..Usual::BLANK
                };
                let short = Short::of(&usual, from, 70);
                let mut slot = Slot::default();
                let read = if clock.take(ends.of_mut(from), &usual, from, &mut slot) {
                    prop_assert!(!is_wide(slot));
                    reader.next(slot, Slot::default).short
                } else {
                    let [slot, second] = wide(&short);
                    prop_assert!(is_wide(slot));
                    reader.next(slot, || second).short
                };
                prop_assert_eq!(format!("{read:?}"), format!("{short:?}"));
                let writer = Before::new(&clock, 70, ends);
                prop_assert_eq!(format!("{writer:?}"), format!("{reader:?}"));
            }
        }
    }

    #[test]
    fn what_follows_closely_is_narrow() {
        let mut clock = Clock {
            time: Timestamp::from_nanos(1_000_000),
            frame: 1,
        };
        let mut last = Numbers::default();
        let mut usual = Usual {
            time: Timestamp::from_nanos(90_001_000),
            ack: 7,
            frame: 70_000,
            window: 501,
            ip_id: 99,
            payload_len: 1_448,
            ..Usual::BLANK
        };
        let mut slot = Slot::default();
        assert!(clock.take(&mut last, &usual, End::Low, &mut slot));
        usual.payload_len = 1 << 16;
        assert!(!clock.take(&mut last, &usual, End::Low, &mut slot));
    }
}
