//! The few colours of the report.

use anstyle::{AnsiColor, Style};
use whyreset_verdicts::{Cause, Verdict};

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(super) const DOUBT: Style = AnsiColor::Yellow.on_default();
pub(super) const FRAME: Style = AnsiColor::Cyan.on_default();

/// `text` in `style`.
pub(super) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Red for a failure, yellow where it is not known, green for the rest.
pub(super) fn of_verdict(verdict: &Verdict) -> Style {
    if verdict.cause == Cause::Unknown {
        DOUBT
    } else if verdict.failed {
        BAD
    } else {
        GOOD
    }
}
