//! Times as people paste them: since the start, of day, with a date, with a decimal comma.

use crate::tokens::{integer, split_digits};

/// A time as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WrittenTime {
    /// `0.000062`: nanoseconds since the first frame, since the epoch, or since the frame before.
    Seconds(i64),
    /// `12:46:08.970006`: nanoseconds since midnight.
    OfDay(i64),
    /// `37:25.6`, as a spreadsheet shows it: nanoseconds since the full hour.
    OfHour(i64),
    /// `2013-09-23 09:49:48.514472000`: nanoseconds since the Unix epoch, the time zone being unknown.
    Dated(i64),
    /// A column that shows the time since the frame before (`frame.time_delta`), in nanoseconds.
    SinceLast(i64),
}

impl WrittenTime {
    /// The nanoseconds, whatever they count from.
    pub fn nanos(self) -> i64 {
        match self {
            Self::Seconds(nanos)
            | Self::OfDay(nanos)
            | Self::OfHour(nanos)
            | Self::Dated(nanos)
            | Self::SinceLast(nanos) => nanos,
        }
    }

    /// After how many nanoseconds the clock starts again from 0.
    pub fn period(self) -> Option<i64> {
        match self {
            Self::OfDay(_) => Some(DAY),
            Self::OfHour(_) => Some(HOUR),
            Self::Seconds(_) | Self::Dated(_) | Self::SinceLast(_) => None,
        }
    }

    /// Whether it is told by the same clock, and no earlier.
    pub fn follows(self, before: Self) -> bool {
        self.is_like(before) && self.nanos() >= before.nanos()
    }

    /// Whether both count from the same.
    pub fn is_like(self, other: Self) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }

    /// Which of several time columns says most: a date before a time of day before mere seconds.
    pub fn rank(self) -> u8 {
        match self {
            Self::Dated(_) => 3,
            Self::OfDay(_) => 2,
            Self::Seconds(_) => 1,
            Self::OfHour(_) | Self::SinceLast(_) => 0,
        }
    }
}

const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Reads a time from the first of `words`, and says how many of them it took.
///
/// A whole number alone is no time here: it would be taken for a frame number.
pub(crate) fn read_time(words: &[&str]) -> Option<(WrittenTime, usize)> {
    let first = words.first()?;
    if let Some(date) = iso_date(first) {
        return dated(date, words, 1);
    }
    if let Some((date, used)) = month_name_date(words) {
        return dated(date, words, used);
    }
    if let Some((date, clock)) = first.split_once(['T', 't'])
        && let Some(days) = iso_date(date)
        && let Some(nanos) = clock_of_day(clock)
    {
        return Some((WrittenTime::Dated(at(days, nanos)), 1));
    }
    if let Some(nanos) = clock_of_day(first) {
        return Some((WrittenTime::OfDay(nanos), 1));
    }
    if let Some(nanos) = minutes(first) {
        return Some((WrittenTime::OfHour(nanos), 1));
    }
    decimal_seconds(first).map(|nanos| (WrittenTime::Seconds(nanos), 1))
}

/// `0.000062`, `1,962132`, `1404823421.123456`, `-0.5`, `21.736.504`: nanoseconds. A fraction is required.
pub(crate) fn decimal_seconds(text: &str) -> Option<i64> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let text = text.strip_suffix('s').unwrap_or(text);
    let (whole, fraction) = text.split_once(['.', ','])?;
    let nanos = integer::<i64>(whole)?
        .checked_mul(SECOND)?
        .checked_add(fraction_nanos(fraction).or_else(|| grouped_nanos(fraction))?)?;
    Some(if negative {
        nanos.saturating_neg()
    } else {
        nanos
    })
}

/// `736.504`: microseconds that a spreadsheet wrote like thousands.
fn grouped_nanos(fraction: &str) -> Option<i64> {
    let (millis, micros) = fraction.split_once('.')?;
    let both = millis.len() == 3 && micros.len() == 3;
    fraction_nanos(&[millis, micros].concat()).filter(|_| both)
}

fn dated(days: i64, words: &[&str], used: usize) -> Option<(WrittenTime, usize)> {
    let nanos = clock_of_day(words.get(used)?)?;
    Some((WrittenTime::Dated(at(days, nanos)), used.saturating_add(1)))
}

fn at(days: i64, nanos: i64) -> i64 {
    days.saturating_mul(DAY).saturating_add(nanos)
}

/// `12:46:08`, `12:46:08.970006000`, `12:55:29,776138`, `10:00:00.5Z`: nanoseconds since midnight.
fn clock_of_day(text: &str) -> Option<i64> {
    let text = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let text = strip_zone_offset(text);
    let mut parts = text.splitn(3, ':');
    let hours = integer::<i64>(parts.next()?).filter(|hours| *hours < 24)?;
    let minutes = two_digits_below_60(parts.next()?)?;
    let seconds = seconds_below_61(parts.next()?)?;
    Some(hours * HOUR + minutes * MINUTE + seconds)
}

/// `+02:00` and `-0700` behind a time of day.
fn strip_zone_offset(text: &str) -> &str {
    match text.find(['+', '-']) {
        Some(sign) if sign >= 8 => text.get(..sign).unwrap_or(text),
        _ => text,
    }
}

/// `37:25.6`: minutes and seconds, nanoseconds since the full hour.
fn minutes(text: &str) -> Option<i64> {
    let (minutes, seconds) = text.split_once(':')?;
    if !seconds.contains(['.', ',']) {
        return None;
    }
    Some(two_digits_below_60(minutes)? * MINUTE + seconds_below_61(seconds)?)
}

fn two_digits_below_60(text: &str) -> Option<i64> {
    integer::<i64>(text).filter(|value| text.len() <= 2 && *value < 60)
}

fn seconds_below_61(text: &str) -> Option<i64> {
    let (whole, rest) = split_digits(text);
    let whole = integer::<i64>(whole).filter(|value| whole.len() <= 2 && *value <= 60)?;
    let nanos = match rest.strip_prefix(['.', ',']) {
        Some(fraction) => fraction_nanos(fraction)?,
        None if rest.is_empty() => 0,
        None => return None,
    };
    Some(whole * SECOND + nanos)
}

fn fraction_nanos(digits: &str) -> Option<i64> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut nanos = 0_i64;
    let mut unit = SECOND / 10;
    for digit in digits.bytes().take(9) {
        nanos += i64::from(digit.wrapping_sub(b'0')) * unit;
        unit /= 10;
    }
    Some(nanos)
}

/// `2013-09-23`, `2013/09/23`, `2019/272` (day of the year): days since the Unix epoch.
fn iso_date(text: &str) -> Option<i64> {
    let separator = if text.contains('-') { '-' } else { '/' };
    let mut parts = text.splitn(3, separator);
    let year_text = parts.next()?;
    let year = integer::<i64>(year_text).filter(|_| year_text.len() == 4)?;
    let second_text = parts.next()?;
    let second = integer::<i64>(second_text)?;
    match parts.next() {
        Some(day) => civil_days(year, second, integer(day)?),
        None if second_text.len() == 3 && (1..=366).contains(&second) => {
            Some(civil_days(year, 1, 1)? + second - 1)
        }
        None => None,
    }
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `Sep 23, 2013` in front of a time of day (`frame.time`): days since the epoch, and the words it took.
fn month_name_date(words: &[&str]) -> Option<(i64, usize)> {
    let [month, day, year, ..] = words else {
        return None;
    };
    let month = MONTHS.iter().position(|name| name == month)?;
    let day = integer(day.strip_suffix(',').unwrap_or(day))?;
    let year = integer(year.strip_suffix(',').unwrap_or(year))?;
    let days = civil_days(year, i64::try_from(month).ok()? + 1, day)?;
    Some((days, 3))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn civil_days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1970..=2200).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years that start in March put the leap day last.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    let days_before_month = (153 * month + 2) / 5;
    Some(365 * year + leap_days + days_before_month + day - 1 - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(WrittenTime, usize)> {
        read_time(&text.split_whitespace().collect::<Vec<_>>())
    }

    #[test]
    fn reads_every_spelling() {
        let date = 1_379_929_788_514_472_000;
        for (text, time, used) in [
            ("0.000062", WrittenTime::Seconds(62_000), 1),
            ("1,962132", WrittenTime::Seconds(1_962_132_000), 1),
            ("-0.5", WrittenTime::Seconds(-500_000_000), 1),
            ("21.736.504", WrittenTime::Seconds(21_736_504_000), 1),
            (
                "12:46:08.970006000",
                WrittenTime::OfDay(45_968_970_006_000),
                1,
            ),
            ("37:25.6", WrittenTime::OfHour(2_245_600_000_000), 1),
            (
                "2013-09-23 09:49:48.514472000 x",
                WrittenTime::Dated(date),
                2,
            ),
            ("2013-09-23 09:49:48,514472 x", WrittenTime::Dated(date), 2),
            ("2013/09/23 09:49:48.514472", WrittenTime::Dated(date), 2),
            ("2013/266 09:49:48.514472", WrittenTime::Dated(date), 2),
            ("2013-09-23T09:49:48.514472Z", WrittenTime::Dated(date), 1),
            (
                "2013-09-23T09:49:48.514472+0000",
                WrittenTime::Dated(date),
                1,
            ),
            (
                "Sep 23, 2013 09:49:48.514472000 CEST",
                WrittenTime::Dated(date),
                4,
            ),
            (
                "2000-02-29 00:00:00",
                WrittenTime::Dated(951_782_400 * SECOND),
                2,
            ),
        ] {
            assert_eq!(read(text), Some((time, used)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "17",
            "10.0.0.1",
            "10.123.456.789",
            "1.22.1",
            "a.b",
            "1.",
            "25:00:00",
            "10:61:00.0",
            "2013-09-23",
            "::1",
            "fe80::1",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
