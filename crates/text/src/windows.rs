//! Which windows are multiplied by the scale: Wireshark's Info column shows them so where Wireshark knew the scale, tcpdump
//! never does. What a window of a long text tells holds for the rest of the connection.

use whyreset_segments::TcpFlags;

use crate::placed::{Connection, Placed};
use crate::raw_row::Window;

/// Marks the rows of a connection whose windows are scaled.
pub(crate) fn mark_scaled(connection: &mut Connection, rows: &mut [Placed]) {
    let calculated = |row: &Placed| match row.raw.window {
        Window::Calculated(window) => Some(window),
        _ => None,
    };
    connection.scaled |= connection
        .rows
        .iter()
        .filter_map(|index| rows.get(*index))
        .any(|row| {
            // The list begins with the handshake, so Wireshark saw the scale; or a window exceeds what the header can hold.
            calculated(row).is_some_and(|window| is_syn(row) || window > u32::from(u16::MAX))
        });
    for index in &connection.rows {
        let Some(row) = rows.get_mut(*index) else {
            continue;
        };
        row.window_scaled = match row.raw.window {
            Window::Scaled(_) => true,
            Window::Calculated(_) => connection.scaled && !is_syn(row),
            Window::Unscaled(_) | Window::Unsaid => false,
        };
    }
}

fn is_syn(row: &Placed) -> bool {
    row.raw
        .flags
        .is_some_and(|flags| flags.contains(TcpFlags::SYN))
}
