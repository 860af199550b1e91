//! Numbers and moments in few bytes: what many connections hold for long is kept so.
//!
//! One function passes a value's parts through a [`Coder`], which either writes them or reads them back: so both agree.

use whyreset_capture::{Span, Timestamp};

use crate::Moment;

/// Writes the parts of a value, or fills them in from what was written.
pub(crate) trait Coder: Sized {
    /// A number: seven bits a byte. The lowest bits of its first byte say how many bytes it takes, so that it is written and
    /// read in one step.
    fn number(&mut self, value: &mut u64);

    /// A number with a sign: small ones of either take few bytes.
    fn signed(&mut self, value: &mut i64);

    /// A span of time. Most are whole microseconds.
    fn span(&mut self, value: &mut Span);

    /// A frame and its time, told by how far they are from those of the last moment that passed.
    fn moment(&mut self, value: &mut Moment);

    /// The next moment is told by how far it is from this one.
    fn set_before(&mut self, before: Moment);

    /// A number of 32 bits.
    #[inline]
    fn word(&mut self, value: &mut u32) {
        let mut wide = u64::from(*value);
        self.number(&mut wide);
        *value = wide as u32;
    }

    /// Yes or no so many times, in one number. Gives what was passed.
    #[inline]
    fn truths<const N: usize>(&mut self, values: [bool; N]) -> [bool; N] {
        let mut bits = 0;
        for (at, value) in values.iter().enumerate() {
            bits |= u64::from(*value) << at;
        }
        self.number(&mut bits);
        std::array::from_fn(|at| bits >> at & 1 != 0)
    }

    /// How many there are.
    #[inline]
    fn len(&mut self, value: &mut usize) {
        let mut number = *value as u64;
        self.number(&mut number);
        *value = number as usize;
    }

    /// What may be missing, where it was told whether it is there; `blank` is what is filled in then.
    #[inline]
    fn maybe<T>(
        &mut self,
        is_there: bool,
        value: &mut Option<T>,
        blank: T,
        pass: impl FnOnce(&mut Self, &mut T),
    ) {
        if is_there {
            pass(self, value.get_or_insert(blank));
        } else {
            *value = None;
        }
    }
}

// The unit of a span stands in the lowest bits before its ticks; what leaves no room for it follows as it is.
const IN_MICROS: u64 = 0;
const IN_NANOS: u64 = 1;
const AS_IT_IS: u64 = 3;
const NANOS_PER_MICRO: i64 = 1_000;

// A moment that is near the one before takes one number: from below a bit that says so, frames, and microseconds. Both are small
// enough for the number to be a short one.
const IS_NEAR: u64 = 1;
const NEAR_FRAMES_BITS: u32 = 24;
const NEAR_FRAMES: u64 = 1 << NEAR_FRAMES_BITS;
const NEAR_TICKS: u64 = 1 << (MAX_SHORT_BITS - 1 - NEAR_FRAMES_BITS);

const fn fold(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

const fn unfold(folded: u64) -> i64 {
    (folded >> 1).cast_signed() ^ -((folded & 1).cast_signed())
}

/// Bytes that are read or written at a time, whatever a number needs.
const STRIDE: usize = 8;
/// More bits do not fit into [`STRIDE`] bytes with their length: they follow a byte that is zero.
const MAX_SHORT_BITS: u32 = 56;
/// Bytes that a number takes at most.
pub(crate) const NUMBER: usize = 1 + STRIDE;
/// Bytes that a moment takes at most: a mark, its frame, and its time as it is, behind a mark as well.
pub(crate) const MOMENT: usize = 1 + NUMBER + 1 + NUMBER;
/// The bit behind the first byte.
const BEHIND_FIRST: u64 = 1 << 8;
/// Bytes that can be written, a power of two; places beyond are counted from the first again.
pub(crate) const ROOM: usize = 8 << 10;

/// Room to write in, and to read from.
#[derive(Debug)]
pub(crate) struct Room(Box<[u8; ROOM + STRIDE]>);

impl Default for Room {
    fn default() -> Self {
        Self(Box::new([0; ROOM + STRIDE]))
    }
}

impl Room {
    /// Holds these bytes, over what it held.
    pub(crate) fn hold(&mut self, bytes: &[u8]) {
        if let Some(room) = self.0.get_mut(..bytes.len()) {
            room.copy_from_slice(bytes);
        }
    }

    /// So many bytes from a place on.
    pub(crate) fn get(&self, at: usize, len: usize) -> &[u8] {
        self.0.get(at..at + len).unwrap_or_default()
    }

    /// The bytes from a place on.
    #[inline]
    fn chunk(&self, at: usize) -> [u8; STRIDE] {
        let at = at % ROOM;
        let bytes = self.0.get(at..at + STRIDE);
        bytes
            .and_then(|bytes| bytes.try_into().ok())
            .unwrap_or_default()
    }

    #[inline]
    fn set(&mut self, at: usize, bytes: [u8; STRIDE]) {
        let at = at % ROOM;
        if let Some(room) = self.0.get_mut(at..at + STRIDE) {
            room.copy_from_slice(&bytes);
        }
    }
}

/// Writes what passes.
pub(crate) struct Writer<'o> {
    out: &'o mut Room,
    /// Written up to here.
    end: usize,
    before: Moment,
}

impl<'o> Writer<'o> {
    /// Writes into `out`, over what it held, and no more than [`ROOM`] bytes. The first moment is told by how far it is from `before`.
    pub(crate) const fn new(out: &'o mut Room, before: Moment) -> Self {
        Self {
            out,
            end: 0,
            before,
        }
    }

    /// It wrote up to here.
    pub(crate) const fn end(&self) -> usize {
        self.end
    }

    /// Writes what was written before.
    pub(crate) fn copy(&mut self, written: &[u8]) {
        if let Some(room) = self.out.0.get_mut(self.end..self.end + written.len()) {
            room.copy_from_slice(written);
            self.end += written.len();
        }
    }

    /// What was written.
    pub(crate) fn finish(self) -> &'o [u8] {
        self.out.0.get(..self.end).unwrap_or_default()
    }

    #[inline]
    fn put(&mut self, value: u64) {
        let bits = (value | 1).ilog2() + 1;
        // A seventh of the bits, rounded up: 9/64 is a little less than a seventh, up to nine of them.
        let bytes = (9 * bits + 64) / 64;
        if bytes > STRIDE as u32 {
            self.put_long(value);
            return;
        }
        self.put_bytes((value << 1 | 1) << (bytes - 1), bytes as usize);
    }

    #[cold]
    fn put_long(&mut self, value: u64) {
        self.put_bytes(0, 1);
        self.put_bytes(value, STRIDE);
    }

    /// The lowest bytes of a word.
    #[inline]
    fn put_bytes(&mut self, word: u64, bytes: usize) {
        self.out.set(self.end, word.to_le_bytes());
        self.end += bytes;
    }

    #[cold]
    fn put_far(&mut self, frames: u64, nanos: i64) {
        self.put(0);
        self.put(frames);
        self.put_span(nanos);
    }

    #[inline]
    fn put_span(&mut self, nanos: i64) {
        let micros = nanos / NANOS_PER_MICRO;
        let (ticks, unit) = if micros * NANOS_PER_MICRO == nanos {
            (fold(micros), IN_MICROS)
        } else {
            (fold(nanos), IN_NANOS)
        };
        if ticks >> 62 == 0 {
            self.put(ticks << 2 | unit);
        } else {
            self.put(AS_IT_IS);
            self.put(nanos.cast_unsigned());
        }
    }
}

impl Coder for Writer<'_> {
    #[inline]
    fn set_before(&mut self, before: Moment) {
        self.before = before;
    }

    #[inline]
    fn number(&mut self, value: &mut u64) {
        self.put(*value);
    }

    #[inline]
    fn signed(&mut self, value: &mut i64) {
        self.put(fold(*value));
    }

    fn span(&mut self, value: &mut Span) {
        self.put_span(value.nanos());
    }

    fn moment(&mut self, value: &mut Moment) {
        let frames = value.frame.wrapping_sub(self.before.frame);
        let frames = fold(frames.cast_signed());
        let nanos = value.time.nanos().wrapping_sub(self.before.time.nanos());
        self.before = *value;
        let micros = nanos / NANOS_PER_MICRO;
        let ticks = fold(micros);
        if micros * NANOS_PER_MICRO == nanos && ticks < NEAR_TICKS && frames < NEAR_FRAMES {
            self.put(ticks << NEAR_FRAMES_BITS << 1 | frames << 1 | IS_NEAR);
        } else {
            self.put_far(frames, nanos);
        }
    }
}

/// Fills in what was written.
pub(crate) struct Reader<'b> {
    bytes: &'b Room,
    /// Read up to here.
    end: usize,
    before: Moment,
}

impl<'b> Reader<'b> {
    /// Reads what a [`Writer`] wrote that had the same `before`, from a place on.
    pub(crate) const fn new(written: &'b Room, at: usize, before: Moment) -> Self {
        Self {
            bytes: written,
            end: at,
            before,
        }
    }

    /// It read up to here.
    pub(crate) const fn end(&self) -> usize {
        self.end
    }

    #[inline]
    fn take(&mut self) -> u64 {
        let word = u64::from_le_bytes(self.bytes.chunk(self.end));
        let bytes = (word | BEHIND_FIRST).trailing_zeros() + 1;
        if bytes > STRIDE as u32 {
            return self.take_long();
        }
        self.end += bytes as usize;
        let above = u64::BITS - 8 * bytes;
        (word << above) >> (above + bytes)
    }

    #[cold]
    fn take_long(&mut self) -> u64 {
        let word = u64::from_le_bytes(self.bytes.chunk(self.end + 1));
        self.end += 1 + STRIDE;
        word
    }

    #[cold]
    fn take_far(&mut self) -> (u64, i64) {
        (self.take(), self.take_span())
    }

    #[inline]
    fn take_span(&mut self) -> i64 {
        let number = self.take();
        let ticks = unfold(number >> 2);
        match number & 3 {
            IN_MICROS => ticks.wrapping_mul(NANOS_PER_MICRO),
            IN_NANOS => ticks,
            _ => self.take().cast_signed(),
        }
    }
}

impl Coder for Reader<'_> {
    #[inline]
    fn set_before(&mut self, before: Moment) {
        self.before = before;
    }

    #[inline]
    fn number(&mut self, value: &mut u64) {
        *value = self.take();
    }

    #[inline]
    fn signed(&mut self, value: &mut i64) {
        *value = unfold(self.take());
    }

    fn span(&mut self, value: &mut Span) {
        *value = Span::from_nanos(self.take_span());
    }

    fn moment(&mut self, value: &mut Moment) {
        let word = self.take();
        let (frames, nanos) = if word & IS_NEAR == 0 {
            self.take_far()
        } else {
            let micros = unfold(word >> 1 >> NEAR_FRAMES_BITS);
            let frames = word >> 1 & (NEAR_FRAMES - 1);
            (frames, micros.wrapping_mul(NANOS_PER_MICRO))
        };
        let frames = unfold(frames).cast_unsigned();
        let time = self.before.time.nanos().wrapping_add(nanos);
        self.before = Moment {
            frame: self.before.frame.wrapping_add(frames),
            time: Timestamp::from_nanos(time),
        };
        *value = self.before;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number() -> impl Strategy<Value = i64> {
        let extreme = prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(0)];
        prop_oneof![
            -200_i64..200,
            any::<i64>(),
            (-1_i64 << 40..1 << 40).prop_map(|it| it * 1_000),
            extreme
        ]
    }

    fn pass(coder: &mut impl Coder, values: &mut [(i64, i64, Option<i64>, bool)]) {
        for (frame, time, other, truth) in values {
            let mut moment = Moment {
                frame: frame.cast_unsigned(),
                time: Timestamp::from_nanos(*time),
            };
            coder.moment(&mut moment);
            (*frame, *time) = (moment.frame.cast_signed(), moment.time.nanos());
            let [is_there, again] = coder.truths([other.is_some(), *truth]);
            *truth = again;
            coder.maybe(is_there, other, 0, |coder, other| {
                let mut number = other.cast_unsigned();
                coder.number(&mut number);
                *other = number.cast_signed();
                coder.signed(other);
                let mut span = Span::from_nanos(*other);
                coder.span(&mut span);
                *other = span.nanos();
            });
        }
    }

    proptest! {
        #[test]
        fn everything_comes_back(
            values in proptest::collection::vec((number(), number(), proptest::option::of(number()), any::<bool>()), 0..20)
        ) {
            let before = Moment { frame: 7, time: Timestamp::from_nanos(1_700_000_000_000_000_000) };
            let (mut room, mut other) = (Room::default(), Room::default());
            let mut written = values.clone();
            let mut writer = Writer::new(&mut room, before);
            pass(&mut writer, &mut written);
            let bytes = writer.finish();
            prop_assert_eq!(&written, &values);
            let mut read = vec![(1, 2, Some(3), true); values.len()];
            other.hold(bytes);
            pass(&mut Reader::new(&other, 0, before), &mut read);
            prop_assert_eq!(read, values);
        }
    }

    #[test]
    fn every_length_comes_back() {
        let before = Moment::default();
        for bits in 0..64 {
            let mut room = Room::default();
            let mut writer = Writer::new(&mut room, before);
            let mut numbers = [1 << bits, u64::MAX >> bits, u64::MAX << bits];
            let written = numbers;
            for number in &mut numbers {
                writer.number(number);
            }
            let bytes = writer.finish().to_vec();
            room.hold(&bytes);
            let mut reader = Reader::new(&room, 0, before);
            for (number, written) in numbers.iter_mut().zip(written) {
                *number = 0;
                reader.number(number);
                assert_eq!(*number, written);
            }
        }
    }

    #[test]
    fn what_is_near_takes_few_bytes() {
        let before = Moment {
            frame: 1_000,
            time: Timestamp::from_nanos(5_000_000),
        };
        let mut room = Room::default();
        let mut near = Moment {
            frame: 1_050,
            time: Timestamp::from_nanos(9_000_000),
        };
        let mut writer = Writer::new(&mut room, before);
        writer.moment(&mut near);
        assert_eq!(writer.finish().len(), 6);
    }
}
