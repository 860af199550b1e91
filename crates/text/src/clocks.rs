//! One clock per list: times of day that pass midnight, and lists that show the time since the row before.
//!
//! Which of the two a list shows is decided where it begins: by the whole list, or by what the first window of a long text
//! holds of it.

use whyreset_capture::Timestamp;

use crate::placed::Placed;
use crate::times::WrittenTime;

/// The clock of the list that is being read.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    list: Option<u32>,
    kind: Option<WrittenTime>,
    reading: Reading,
    /// The last time that a row told.
    last: Timestamp,
}

/// When a row was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clocked {
    /// As the row tells it.
    pub told: Option<Timestamp>,
    /// The same; of a row that tells none, the time of the nearest row before it that does, or of the first behind it.
    pub about: Timestamp,
    /// When the last packet of another protocol between it and the next row was captured.
    pub others: Option<Timestamp>,
}

/// How its times are to be understood.
#[derive(Clone, Copy, Debug)]
enum Reading {
    /// A clock, the time before, and how often it began anew.
    Clock { before: Option<i64>, turns: i64 },
    /// Differences: their sum, as far as no row is missing, and the gaps before the row.
    Differences { now: Option<i64>, gaps: u32 },
}

impl Default for Reading {
    fn default() -> Self {
        Self::Clock {
            before: None,
            turns: 0,
        }
    }
}

impl Clock {
    /// The times of the first `count` rows. Rows of one list stand together; a list that begins among them is judged by
    /// all of `rows` that belong to it.
    pub fn times(&mut self, rows: &[&Placed], count: usize) -> Vec<Clocked> {
        let mut all = Vec::with_capacity(count);
        let mut at = 0_usize;
        let same_list = |a: &&Placed, b: &&Placed| a.raw.list == b.raw.list;
        for list in rows.chunk_by(same_list) {
            let Some(here) = count.checked_sub(at).filter(|here| *here > 0) else {
                break;
            };
            at = at.saturating_add(list.len());
            self.begin(list);
            let read = list.iter().take(here);
            all.extend(read.map(|row| self.time(row)));
        }
        all
    }

    /// Whether the clock of this list has been judged.
    pub fn knows(&self, list: u32) -> bool {
        self.list == Some(list)
    }

    /// The time of the next row of a list that is known.
    pub fn time(&mut self, row: &Placed) -> Clocked {
        let told = self.next(row).map(Timestamp::from_nanos);
        self.last = told.unwrap_or(self.last);
        Clocked {
            told,
            about: self.last,
            others: self.pass_others(row),
        }
    }

    fn begin(&mut self, rows: &[&Placed]) {
        let list = rows.first().map(|row| row.raw.list);
        if self.list == list {
            return;
        }
        let first = rows.iter().find_map(|row| row.raw.time);
        let first = first.filter(|time| !matches!(time, WrittenTime::SinceLast(_)));
        *self = Self {
            list,
            last: Timestamp::from_nanos(first.map_or(0, WrittenTime::nanos)),
            ..Self::default()
        };
        if shows_differences(rows) {
            let gaps = rows.first().map_or(0, |row| row.gaps_before);
            self.reading = Reading::Differences { now: Some(0), gaps };
        }
    }

    fn next(&mut self, row: &Placed) -> Option<i64> {
        self.kind = self.kind.or(row.raw.time);
        match &mut self.reading {
            Reading::Clock { .. } => self.tick(row.raw.time?),
            Reading::Differences { now, gaps } => {
                if row.gaps_before != *gaps {
                    *now = None;
                    *gaps = row.gaps_before;
                }
                *now = now.and_then(|now| Some(now.saturating_add(row.raw.time?.nanos())));
                *now
            }
        }
    }

    /// The packets of other protocols behind a row: when the last was captured.
    fn pass_others(&mut self, row: &Placed) -> Option<Timestamp> {
        let others = row.raw.others?;
        let nanos = match &mut self.reading {
            Reading::Clock { .. } => self.tick(others.last),
            Reading::Differences { now, .. } => {
                *now = now.and_then(|now| Some(now.saturating_add(others.sum?)));
                *now
            }
        };
        nanos.map(Timestamp::from_nanos)
    }

    /// The clock shows a time. What another clock shows is unknown.
    fn tick(&mut self, time: WrittenTime) -> Option<i64> {
        let Reading::Clock { before, turns } = &mut self.reading else {
            return None;
        };
        if !self.kind.is_some_and(|kind| kind.is_like(time)) {
            return None;
        }
        let nanos = time.nanos();
        if let (Some(period), Some(before)) = (time.period(), *before) {
            // Past midnight (or the full hour) the clock begins anew.
            if before.saturating_sub(nanos) > period / 2 {
                *turns = turns.saturating_add(1);
            }
        }
        *before = Some(nanos);
        let period = time.period().unwrap_or(0);
        Some(nanos.saturating_add(period.saturating_mul(*turns)))
    }
}

/// Times that fall again and again are no clock: they count from the row before.
fn shows_differences(list: &[&Placed]) -> bool {
    let mut written = list.iter().filter_map(|row| row.raw.time);
    if written.any(|time| matches!(time, WrittenTime::SinceLast(_))) {
        return true;
    }
    let times: Vec<i64> = list
        .iter()
        .flat_map(|row| [row.raw.time, row.raw.others.map(|others| others.last)])
        .flatten()
        .filter(|time| matches!(time, WrittenTime::Seconds(_) | WrittenTime::OfDay(_)))
        .map(WrittenTime::nanos)
        .collect();
    let falls = times
        .windows(2)
        .filter(|pair| pair.first() > pair.last())
        .count();
    let hour = 3_600_000_000_000;
    let in_order = list.windows(2).all(|pair| match pair {
        [a, b] => a.raw.frame.is_none() || b.raw.frame.is_none() || a.raw.frame < b.raw.frame,
        _ => true,
    });
    // `tcpdump -ttt` begins with midnight: a single fall tells it from a clock.
    let first = list.first().and_then(|row| row.raw.time);
    let from_midnight = first == Some(WrittenTime::OfDay(0)) && falls >= 1;
    let often = falls >= 2 && falls.saturating_mul(4) >= times.len();
    times.len() >= 4
        && (often || from_midnight)
        && in_order
        && times.iter().all(|time| *time < hour)
}
