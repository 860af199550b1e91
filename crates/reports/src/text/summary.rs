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
    by_cause: BTreeMap<Cause, (u64, u64)>,
}

impl Summary {
    /// Counts one connection. `stream` is remembered as the cause's example if it is the first.
    pub fn add(&mut self, verdict: &Verdict, stream: u64) {
        self.failed += u64::from(verdict.failed);
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
        let head = match (self.failed, self.connections) {
            (_, 0) => return "There is no TCP connection in it.\n".to_owned(),
            (0, 1) => "The only connection did not fail.".to_owned(),
            (1, 1) => "The only connection failed.".to_owned(),
            (0, all) => format!("None of {} connections failed.", count(all)),
            (failed, all) => format!("{} of {} connections failed.", count(failed), count(all)),
        };
        let style = if self.failed == 0 {
            style::GOOD
        } else {
            style::BAD
        };
        format!("{}\n\n{}\n", paint(style, &head), self.table())
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
