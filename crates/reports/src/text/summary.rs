//! The overview of a capture with many connections.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, presets};
use whyreset_verdicts::{Cause, Verdict};

use super::format::count;
use super::style::{self, paint};

/// Counts connections by cause as they come; bounded by the number of causes.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    connections: u64,
    failed: u64,
    /// Those of which the capture does not show whether they failed.
    untold: u64,
    by_cause: BTreeMap<Cause, (u64, u64)>,
}

impl Summary {
    /// Counts one connection. `stream` is remembered as the cause's example if it is the first.
    pub fn add(&mut self, verdict: &Verdict, stream: u64) {
        self.failed += u64::from(verdict.failed);
        self.untold += u64::from(verdict.cause == Cause::Unknown && !verdict.failed);
        self.count(verdict.cause, stream);
    }

    /// Counts one that ended well.
    pub fn add_well(&mut self, stream: u64) {
        self.count(Cause::None, stream);
    }

    fn count(&mut self, cause: Cause, stream: u64) {
        self.connections += 1;
        let entry = self.by_cause.entry(cause).or_insert((0, stream));
        entry.0 += 1;
    }

    /// Connections counted.
    pub const fn connections(&self) -> u64 {
        self.connections
    }

    /// Of these, how many failed.
    pub const fn failed(&self) -> u64 {
        self.failed
    }

    /// The first line and the table by cause, most frequent first.
    pub fn render(&self) -> String {
        if self.connections == 0 {
            return "There is no TCP connection in it.\n".to_owned();
        }
        let head = self.head();
        let head = match (self.failed, self.untold) {
            (0, 0) => paint(style::GOOD, &head),
            (0, _) => paint(style::DOUBT, &head),
            _ => paint(style::BAD, &head),
        };
        format!("{head}\n\n{}\n", self.table())
    }

    fn head(&self) -> String {
        let all = count(self.connections);
        match (self.failed, self.untold, self.connections) {
            (0, 0, 1) => "The only connection did not fail.".to_owned(),
            (0, _, 1) => {
                "Whether the only connection failed, the capture does not show.".to_owned()
            }
            (_, _, 1) => "The only connection failed.".to_owned(),
            (0, 0, _) => format!("None of {all} connections failed."),
            (0, untold, many) if untold == many => {
                format!("Whether any of {all} connections failed, the capture does not show.")
            }
            (0, untold, _) => format!(
                "None of {all} connections failed, as far as the capture shows: of {} it shows too little.",
                count(untold)
            ),
            (failed, ..) => format!("{} of {all} connections failed.", count(failed)),
        }
    }

    fn table(&self) -> String {
        let mut rows: Vec<_> = self.by_cause.iter().collect();
        rows.sort_by_key(|(cause, (number, _))| (std::cmp::Reverse(*number), **cause));
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_header(["connections", "cause", "first stream"]);
        for (cause, (number, stream)) in rows {
            table.add_row([count(*number), cause.to_string(), stream.to_string()]);
        }
        for index in [0, 2] {
            if let Some(column) = table.column_mut(index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.trim_fmt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(failed: u64, untold: u64, connections: u64) -> String {
        let summary = Summary {
            connections,
            failed,
            untold,
            by_cause: BTreeMap::new(),
        };
        summary.head()
    }

    #[test]
    fn what_the_capture_does_not_show_is_not_said() {
        assert_eq!(head(0, 0, 1), "The only connection did not fail.");
        assert_eq!(
            head(0, 1, 1),
            "Whether the only connection failed, the capture does not show."
        );
        assert_eq!(head(0, 0, 9), "None of 9 connections failed.");
        assert_eq!(
            head(0, 2, 9),
            "None of 9 connections failed, as far as the capture shows: of 2 it shows too little."
        );
        assert_eq!(head(1, 2, 9), "1 of 9 connections failed.");
    }
}
