//! How wide the terminal is.

use whyreset::reports::text::Layout;

/// The terminal's width, or the usual one where the output is no terminal.
pub fn of_terminal() -> Layout {
    terminal_size::terminal_size().map_or_else(Layout::default, |(width, _)| {
        Layout::for_columns(usize::from(width.0))
    })
}
