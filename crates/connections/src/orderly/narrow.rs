//! A packet by what differs from the ones before it: 16 bytes for nearly all, 32 for the rest.

use whyreset_capture::Timestamp;
use whyreset_segments::{Timestamps, Usual};

use super::short::{At, Short};
use crate::pairs::{ByEnd, End};

/// The numbers of the packets before, which the next one is told by.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Before {
    time: Timestamp,
    frame: u32,
    ends: ByEnd<Numbers>,
}

/// The numbers of an end's last packet.
#[derive(Clone, Copy, Debug)]
struct Numbers {
    ack: u32,
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

/// A packet that is read again.
#[derive(Clone, Copy)]
pub(super) struct Taken {
    pub(super) short: Short,
    /// How long before it the last one came, in nanoseconds.
    pub(super) pause: i64,
    /// The clock of its sender's packet before.
    pub(super) clock_before: u32,
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

    /// A value in its place, where it fits.
    #[inline(always)]
    const fn place(&self, value: u64) -> Option<u64> {
        if value < 1 << self.bits {
            Some(value << self.at)
        } else {
            None
        }
    }
}

// The first word of a narrow packet.
const LENGTH: Field = Field { bits: 16, at: 0 };
const FRAMES: Field = Field { bits: 20, at: 16 };
const TICKS: Field = Field { bits: 28, at: 36 };
// The second one.
const NEWS: Field = Field { bits: 20, at: 0 };
const IP_IDS: Field = Field { bits: 8, at: 20 };
const VALUES: Field = Field { bits: 10, at: 28 };
const ECHOES: Field = Field { bits: 10, at: 38 };
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

impl Before {
    /// This was the last frame, and nothing is known of it.
    pub(super) fn new(time: Timestamp, frame: u32) -> Self {
        Self {
            time,
            frame,
            ends: ByEnd::default(),
        }
    }

    /// When the last packet came.
    pub(super) const fn time(&self) -> Timestamp {
        self.time
    }

    /// Both.
    pub(super) const fn at(&self) -> At {
        At::new(self.frame, self.time)
    }

    /// Its frame, counted from the connection's first.
    pub(super) const fn frame(&self) -> u32 {
        self.frame
    }

    /// The next packet in one slot, where it fits; then it is the last one from now on. Where not, [`wide`] has it, and it has to be
    /// [passed](Before::pass). Frames count from `first`.
    ///
    /// Each number takes the place of the one before as soon as they were compared: nothing is held longer than needed.
    #[inline(always)]
    pub(super) fn take(&mut self, usual: &Usual, from: End, first: u64) -> Option<Slot> {
        let frame = usual.frame.wrapping_sub(first) as u32;
        let nanos = usual.time.nanos().wrapping_sub(self.time.nanos());
        let (ticks, unit) = in_ticks(nanos.cast_unsigned());
        let mut at = TICKS.place(ticks)? | LENGTH.place(usual.payload_len.into())?;
        let mut told = unit | TOLD.place(Short::told_of(usual.flags, from).into())?;
        let last = self.ends.of_mut(from);
        told |= NEWS.place(moved(&mut last.ack, usual.ack))?;
        told |= VALUES.place(moved(&mut last.timestamps.value, usual.timestamps.value))?;
        told |= ECHOES.place(moved(&mut last.timestamps.echo, usual.timestamps.echo))?;
        let least = last.window.wrapping_sub(WINDOW_BELOW);
        told |= WINDOWS.place(usual.window.wrapping_sub(least).into())?;
        told |= IP_IDS.place(usual.ip_id.wrapping_sub(last.ip_id).into())?;
        (last.window, last.ip_id) = (usual.window, usual.ip_id);
        at |= FRAMES.place(moved(&mut self.frame, frame))?;
        self.time = usual.time;
        Some([at, told])
    }

    /// The last packet is this one.
    #[inline]
    pub(super) const fn pass(&mut self, short: &Short) {
        self.time = short.time;
        self.frame = short.frame;
        *self.ends.of_mut(short.from()) = Numbers {
            ack: short.ack,
            timestamps: short.timestamps,
            window: short.window,
            ip_id: short.ip_id,
        };
    }

    /// The next packet, of which this is the first slot; where it is wide, `second` is the second. It is the last one from now on.
    pub(super) fn next(&mut self, first: Slot, second: impl FnOnce() -> Slot) -> Taken {
        if is_wide(first) {
            self.next_wide(first, second())
        } else {
            self.next_narrow(first)
        }
    }

    /// The same of one that takes one slot.
    #[inline(always)]
    pub(super) fn next_narrow(&mut self, [first, told]: Slot) -> Taken {
        let bits = Short::bits_of(LENGTH.get(first) as u32, TOLD.get(told) as u32);
        let pause = pause([first, told]).cast_signed();
        self.time = Timestamp::from_nanos(self.time.nanos().wrapping_add(pause));
        self.frame = self.frame.wrapping_add(FRAMES.get(first) as u32);
        let last = self.ends.of_mut(Short::sender(bits));
        let clock_before = last.timestamps.value;
        let window = last.window.wrapping_sub(WINDOW_BELOW);
        last.window = window.wrapping_add(WINDOWS.get(told) as u16);
        last.ack = last.ack.wrapping_add(NEWS.get(told) as u32);
        let clocks = &mut last.timestamps;
        clocks.value = clocks.value.wrapping_add(VALUES.get(told) as u32);
        clocks.echo = clocks.echo.wrapping_add(ECHOES.get(told) as u32);
        last.ip_id = last.ip_id.wrapping_add(IP_IDS.get(told) as u16);
        let short = Short {
            time: self.time,
            ack: last.ack,
            timestamps: last.timestamps,
            frame: self.frame,
            window: last.window,
            ip_id: last.ip_id,
            bits,
        };
        Taken {
            short,
            pause,
            clock_before,
        }
    }

    fn next_wide(&mut self, first: Slot, second: Slot) -> Taken {
        let short = read_wide(first, second);
        let taken = Taken {
            short,
            pause: short.time.nanos().wrapping_sub(self.time.nanos()),
            clock_before: self.ends.of(short.from()).timestamps.value,
        };
        self.pass(&short);
        taken
    }

    /// The clocks, and the identification, of an end's last packet.
    pub(super) const fn last_of(&self, end: End) -> (Timestamps, u16) {
        let last = self.ends.of(end);
        (last.timestamps, last.ip_id)
    }
}

/// Nanoseconds since the packet before a narrow one.
#[inline]
const fn pause([first, told]: Slot) -> u64 {
    let ticks = TICKS.get(first);
    if told & IN_MICROS == 0 {
        ticks
    } else {
        ticks * NANOS_PER_MICRO
    }
}

/// Who sent a narrow packet.
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

/// A pause in nanoseconds, where it is short, else in microseconds, where it is a whole number of them; and the bit that says which.
#[inline(always)]
const fn in_ticks(nanos: u64) -> (u64, u64) {
    if nanos < 1 << TICKS.bits {
        (nanos, 0)
    } else {
        in_micros(nanos)
    }
}

#[cold]
const fn in_micros(nanos: u64) -> (u64, u64) {
    let micros = nanos / NANOS_PER_MICRO;
    if micros * NANOS_PER_MICRO == nanos {
        (micros, IN_MICROS)
    } else {
        (nanos, 0)
    }
}

/// How far a number moved on, which is `now`.
#[inline(always)]
fn moved(number: &mut u32, now: u32) -> u64 {
    let before = std::mem::replace(number, now);
    u64::from(now.wrapping_sub(before))
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
            let mut writer = Before::new(Timestamp::from_nanos(1_700_000_000_123_456_000), 1);
            let mut reader = writer;
            for (time, [frame, ack, value, echo, ip_id, window], (len, told)) in packets {
                let from = Short::sender(Short::bits_of(len, told));
                let bit = |bit: u32, flag: TcpFlags| if told & bit == 0 { 0 } else { flag.0 };
                let last = *writer.ends.of(from);
                let usual = Usual {
                    time: Timestamp::from_nanos(writer.time.nanos().wrapping_add(time.cast_signed())),
                    ack: last.ack.wrapping_add(ack),
                    timestamps: Timestamps {
                        value: last.timestamps.value.wrapping_add(value),
                        echo: last.timestamps.echo.wrapping_add(echo),
                    },
                    frame: 70 + u64::from(writer.frame.wrapping_add(frame)),
                    window: last.window.wrapping_add(window as u16).wrapping_sub(200),
                    ip_id: last.ip_id.wrapping_add(ip_id as u16),
                    payload_len: len,
                    flags: TcpFlags(TcpFlags::ACK.0 | bit(2, TcpFlags::PSH) | bit(4, TcpFlags::FIN)),
                    ..Usual::BLANK
                };
                let short = Short::of(&usual, from, 70);
                let read = match writer.take(&usual, from, 70) {
                    Some(slot) => {
                        prop_assert!(!is_wide(slot));
                        reader.next(slot, Slot::default).short
                    }
                    None => {
                        writer.pass(&short);
                        let [slot, second] = wide(&short);
                        prop_assert!(is_wide(slot));
                        reader.next(slot, || second).short
                    }
                };
                prop_assert_eq!(format!("{read:?}"), format!("{short:?}"));
                prop_assert_eq!(format!("{writer:?}"), format!("{reader:?}"));
            }
        }
    }

    #[test]
    fn what_follows_closely_is_narrow() {
        let mut before = Before::new(Timestamp::from_nanos(1_000_000), 1);
        let mut usual = Usual {
            time: Timestamp::from_nanos(90_001_000),
            ack: 7,
            frame: 70_000,
            window: 501,
            ip_id: 99,
            payload_len: 1_448,
            ..Usual::BLANK
        };
        assert!(before.take(&usual, End::Low, 0).is_some());
        usual.payload_len = 1 << 16;
        assert!(before.take(&usual, End::Low, 0).is_none());
    }
}
