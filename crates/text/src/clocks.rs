//! One clock per list: times of day that pass midnight, and lists that show the time since the row before.

use whyreset_capture::Timestamp;

use crate::placed::Placed;
use crate::times::WrittenTime;

/// The time of every row, in the order of the rows. Rows of one list stand together.
pub(crate) fn times(rows: &[Placed]) -> Vec<Option<Timestamp>> {
    let mut all = Vec::with_capacity(rows.len());
    let same_list = |a: &Placed, b: &Placed| a.raw.list == b.raw.list;
    for list in rows.chunk_by(same_list) {
        match shows_differences(list) {
            true => add_up(list, &mut all),
            false => read_clock(list, &mut all),
        }
    }
    all
}

fn read_clock(list: &[Placed], all: &mut Vec<Option<Timestamp>>) {
    let kind = list.iter().find_map(|row| row.raw.time);
    let mut turns = 0_i64;
    let mut before: Option<i64> = None;
    for row in list {
        let time = row.raw.time.filter(|time| same_kind(Some(*time), kind));
        let now = time.map(|time| {
            let nanos = time.nanos();
            if let (Some(period), Some(before)) = (time.period(), before) {
                // Past midnight (or the full hour) the clock begins anew.
                if before.saturating_sub(nanos) > period / 2 {
                    turns = turns.saturating_add(1);
                }
            }
            before = Some(nanos);
            let period = time.period().unwrap_or(0);
            Timestamp::from_nanos(nanos.saturating_add(period.saturating_mul(turns)))
        });
        all.push(now);
    }
}

fn same_kind(a: Option<WrittenTime>, b: Option<WrittenTime>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => std::mem::discriminant(&a) == std::mem::discriminant(&b),
        _ => false,
    }
}

/// Times that fall again and again are no clock: they count from the row before.
fn shows_differences(list: &[Placed]) -> bool {
    let times: Vec<i64> = list
        .iter()
        .filter_map(|row| row.raw.time)
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
    times.len() >= 4
        && falls >= 2
        && falls.saturating_mul(4) >= times.len()
        && in_order
        && times.iter().all(|time| *time < hour)
}

/// Adds differences up, as far as no row is missing.
fn add_up(list: &[Placed], all: &mut Vec<Option<Timestamp>>) {
    let mut now = Some(0_i64);
    let mut gaps = list.first().map_or(0, |row| row.gaps_before);
    for row in list {
        if row.gaps_before != gaps {
            now = None;
            gaps = row.gaps_before;
        }
        now = now.and_then(|now| Some(now.saturating_add(row.raw.time?.nanos())));
        all.push(now.map(Timestamp::from_nanos));
    }
}
