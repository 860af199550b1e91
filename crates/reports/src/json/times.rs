//! Times and numbers as the document has them.

use whyreset_capture::{Span, Timestamp};

/// RFC 3339 in UTC with nanoseconds: `2014-01-04T17:30:01.000000000Z`.
pub(super) fn rfc3339(time: Timestamp) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(time.nanos()))
        .map(|time| format!("{time:.9}"))
        .unwrap_or_default()
}

/// Seconds with nanosecond digits, without the noise of a binary fraction.
pub(super) fn seconds(span: Span) -> f64 {
    span.as_secs_f64()
}

/// Milliseconds, to a microsecond.
pub(super) fn millis(span: Span) -> f64 {
    (span.nanos() as f64 / 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_digits_and_utc() {
        let time = Timestamp::from_nanos(1_388_856_601_000_000_001);
        assert_eq!(rfc3339(time), "2014-01-04T17:30:01.000000001Z");
    }
}
