//! Times and numbers as the document has them.

use whyreset_capture::{Span, Timestamp};

use super::digits::{append, put_decimals, put_three_decimals};
use super::writer::ToJson;

/// RFC 3339 in UTC with nanoseconds: `2014-01-04T17:30:01.000000000Z`.
pub(super) fn rfc3339(time: Timestamp) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(time.nanos()))
        .map(|time| format!("{time:.9}"))
        .unwrap_or_default()
}

/// A span in seconds, with all its digits and no others: the shortest decimals of the floating-point number.
#[derive(Clone, Copy)]
pub(super) struct Seconds(pub Span);

/// From here on small numbers are written with an exponent.
const WITHOUT_EXPONENT: i64 = 10_000;
/// Up to here fifteen digits hold every nanosecond, so that no two spans are the same floating-point number, and none has
/// shorter decimals than its own.
const FIFTEEN_DIGITS: i64 = 1_000_000_000_000_000;
const NANOS: u64 = 1_000_000_000;

impl ToJson for Seconds {
    fn write(&self, out: &mut Vec<u8>) {
        let Some((whole, billionths)) = self.in_decimals() else {
            return self.0.as_secs_f64().write(out);
        };
        whole.write(out);
        out.push(b'.');
        append(out, |room| put_decimals(room, billionths));
    }
}

impl Seconds {
    /// Whole seconds, and the billionths behind the point; `None` where they are more than the number needs.
    #[inline(always)]
    pub(super) fn in_decimals(&self) -> Option<(u64, u32)> {
        let nanos = self.0.nanos();
        if !(WITHOUT_EXPONENT..FIFTEEN_DIGITS).contains(&nanos) {
            return None;
        }
        let nanos = nanos.unsigned_abs();
        Some((nanos / NANOS, (nanos % NANOS) as u32))
    }
}

/// A span in milliseconds, rounded to a microsecond.
pub(super) struct Millis(pub Span);

impl ToJson for Millis {
    fn write(&self, out: &mut Vec<u8>) {
        let Some((whole, thousandths)) = self.in_decimals() else {
            return ((self.0.nanos() as f64 / 1e3).round() / 1e3).write(out);
        };
        whole.write(out);
        out.push(b'.');
        append(out, |room| put_three_decimals(room, thousandths));
    }
}

impl Millis {
    /// Whole milliseconds and the three digits behind the point; `None` where they are more than the number needs.
    #[inline(always)]
    pub(super) fn in_decimals(&self) -> Option<(u64, u32)> {
        let nanos = self.0.nanos();
        if !(0..FIFTEEN_DIGITS).contains(&nanos) {
            return None;
        }
        let micros = (nanos.unsigned_abs() + 500) / 1_000;
        Some((micros / 1_000, (micros % 1_000) as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nine_digits_and_utc() {
        let time = Timestamp::from_nanos(1_388_856_601_000_000_001);
        assert_eq!(rfc3339(time), "2014-01-04T17:30:01.000000001Z");
    }

    fn as_floating_point(nanos: i64) {
        let mut out = Vec::new();
        let span = Span::from_nanos(nanos);
        Seconds(span).write(&mut out);
        let told = String::from_utf8(out).unwrap();
        assert_eq!(told, serde_json::to_string(&span.as_secs_f64()).unwrap());
    }

    fn in_milliseconds(nanos: i64) {
        let mut out = Vec::new();
        Millis(Span::from_nanos(nanos)).write(&mut out);
        let told = String::from_utf8(out).unwrap();
        let rounded = (nanos as f64 / 1e3).round() / 1e3;
        assert_eq!(told, serde_json::to_string(&rounded).unwrap());
    }

    #[test]
    fn round_spans_are_written_like_floating_point_numbers() {
        let mut unit = 1_i64;
        for _ in 0..18 {
            for number in -1..120 {
                as_floating_point(number * unit);
                as_floating_point(number * unit - 1);
                as_floating_point(number * unit + 1);
                in_milliseconds(number * unit);
                in_milliseconds(number * unit + unit / 2);
            }
            unit *= 10;
            if unit > i64::MAX / 200 {
                break;
            }
        }
    }

    proptest! {
        #[test]
        fn spans_are_written_like_floating_point_numbers(nanos in any::<i64>(), shift in 0_u32..63) {
            as_floating_point(nanos >> shift);
            in_milliseconds(nanos >> shift);
        }
    }
}
