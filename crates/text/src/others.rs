//! Packets of other protocols between the rows: nothing is kept of them but how they move the list's clock.
//!
//! A list that shows ARP or DNS minutes behind a connection's last row shows that nothing more came of the connection.

use crate::raw_row::RawRow;
use crate::times::WrittenTime;

/// A packet of another protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Other {
    /// Its frame number.
    pub frame: Option<u64>,
    pub time: Option<WrittenTime>,
}

/// Those that follow a row, up to the next one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Others {
    /// The time of the last.
    pub last: WrittenTime,
    /// The sum of their times, in nanoseconds, where those are differences. `None` where one tells none.
    pub sum: Option<i64>,
}

impl Others {
    /// Those so far and one more.
    pub fn and(before: Option<Self>, time: Option<WrittenTime>) -> Option<Self> {
        let Some(last) = time else {
            return before.map(|before| Self {
                sum: None,
                ..before
            });
        };
        let sum = before.map_or(Some(0), |before| before.sum);
        Some(Self {
            last,
            sum: sum.and_then(|sum| sum.checked_add(last.nanos())),
        })
    }

    /// Those so far, and a row that turned out to be of another protocol, with those behind it.
    pub fn and_row(before: Option<Self>, row: &RawRow) -> Option<Self> {
        let until = Self::and(before, row.time);
        let Some(behind) = row.others else {
            return until;
        };
        let sum = until.map_or(Some(0), |until| until.sum);
        Some(Self {
            last: behind.last,
            sum: sum.zip(behind.sum).and_then(|(a, b)| a.checked_add(b)),
        })
    }
}
