//! Numbers and moments in few bytes: what many connections hold for long is kept so.
//!
//! One function passes a value's parts through a [`Coder`], which either writes them or reads them back: so both agree.

use whyreset_capture::{Span, Timestamp};

use crate::Moment;

/// Writes the parts of a value, or fills them in from what was written.
pub(crate) trait Coder: Sized {
    /// A number: seven bits a byte, the lowest first (LEB128).
    fn number(&mut self, value: &mut u64);

    /// A number with a sign: small ones of either take few bytes.
    fn signed(&mut self, value: &mut i64);

    /// A span of time. Most are whole microseconds.
    fn span(&mut self, value: &mut Span);

    /// A frame and its time, told by how far they are from those of the last moment that passed.
    fn moment(&mut self, value: &mut Moment);

    /// A number of 32 bits.
    #[inline]
    fn word(&mut self, value: &mut u32) {
        let mut wide = u64::from(*value);
        self.number(&mut wide);
        *value = wide as u32;
    }

    /// A number of 16 bits.
    #[inline]
    fn half_word(&mut self, value: &mut u16) {
        let mut wide = u64::from(*value);
        self.number(&mut wide);
        *value = wide as u16;
    }

    /// Yes or no.
    #[inline]
    fn truth(&mut self, value: &mut bool) {
        let mut number = u64::from(*value);
        self.number(&mut number);
        *value = number != 0;
    }

    /// What may be missing; `blank` is what is filled in where it is there.
    #[inline]
    fn option<T>(&mut self, value: &mut Option<T>, blank: T, pass: impl FnOnce(&mut Self, &mut T)) {
        let mut is_there = value.is_some();
        self.truth(&mut is_there);
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

const fn fold(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

const fn unfold(folded: u64) -> i64 {
    (folded >> 1).cast_signed() ^ -((folded & 1).cast_signed())
}

/// Writes what passes.
pub(crate) struct Writer<'o> {
    out: &'o mut Vec<u8>,
    before: Moment,
}

impl<'o> Writer<'o> {
    /// Writes behind what `out` holds. The first moment is told by how far it is from `before`.
    pub(crate) const fn new(out: &'o mut Vec<u8>, before: Moment) -> Self {
        Self { out, before }
    }

    #[inline]
    fn put(&mut self, value: u64) {
        let mut rest = value;
        while rest >= 0x80 {
            self.out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.out.push(rest as u8);
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
        self.put(fold(frames.cast_signed()));
        let before = self.before.time.nanos();
        self.put_span(value.time.nanos().wrapping_sub(before));
        self.before = *value;
    }
}

/// Fills in what was written. Behind its end there is nothing but zeros.
pub(crate) struct Reader<'b> {
    rest: &'b [u8],
    before: Moment,
}

impl<'b> Reader<'b> {
    /// Reads what a [`Writer`] wrote that had the same `before`.
    pub(crate) const fn new(bytes: &'b [u8], before: Moment) -> Self {
        Self {
            rest: bytes,
            before,
        }
    }

    #[inline]
    fn take(&mut self) -> u64 {
        match self.rest {
            [byte @ ..0x80, rest @ ..] => {
                self.rest = rest;
                u64::from(*byte)
            }
            _ => self.take_long(),
        }
    }

    fn take_long(&mut self) -> u64 {
        let mut number = 0;
        let mut shift = 0;
        while let [byte, rest @ ..] = self.rest {
            self.rest = rest;
            number |= u64::from(byte & 0x7f).wrapping_shl(shift);
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        number
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
        let frames = unfold(self.take()).cast_unsigned();
        let nanos = self.take_span();
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
            coder.option(other, 0, |coder, other| {
                let mut number = other.cast_unsigned();
                coder.number(&mut number);
                *other = number.cast_signed();
                coder.signed(other);
                let mut span = Span::from_nanos(*other);
                coder.span(&mut span);
                *other = span.nanos();
            });
            coder.truth(truth);
        }
    }

    proptest! {
        #[test]
        fn everything_comes_back(
            values in proptest::collection::vec((number(), number(), proptest::option::of(number()), any::<bool>()), 0..20)
        ) {
            let before = Moment { frame: 7, time: Timestamp::from_nanos(1_700_000_000_000_000_000) };
            let mut bytes = Vec::new();
            let mut written = values.clone();
            pass(&mut Writer::new(&mut bytes, before), &mut written);
            prop_assert_eq!(&written, &values);
            let mut read = vec![(1, 2, Some(3), true); values.len()];
            pass(&mut Reader::new(&bytes, before), &mut read);
            prop_assert_eq!(read, values);
        }
    }

    #[test]
    fn what_is_near_takes_few_bytes() {
        let before = Moment {
            frame: 1_000,
            time: Timestamp::from_nanos(5_000_000),
        };
        let mut bytes = Vec::new();
        let mut near = Moment {
            frame: 1_050,
            time: Timestamp::from_nanos(9_000_000),
        };
        Writer::new(&mut bytes, before).moment(&mut near);
        assert_eq!(bytes.len(), 4);
    }
}
