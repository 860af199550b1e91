//! Payload lengths of rows that hide them, from the Length column.
//!
//! The Length column counts the whole frame. How many bytes of headers that includes follows from rows of the same
//! connection that show both (Length 54, Len=0), SYNs, rows with SACK blocks and frames padded to Ethernet's 60 bytes left
//! aside; else, where some row shows all its options, from Ethernet, IP and TCP, with 12 bytes for timestamps if the
//! connection uses them. Such lengths are marked as inferred; without either they stay unknown.

use whyreset_segments::{Host, Known, TcpFlags};

use crate::placed::{Connection, Placed};

/// Fills the lengths of a connection's rows.
pub(crate) fn infer(connection: &Connection, rows: &mut [Placed]) {
    let headers = headers_of(connection, rows);
    for index in &connection.rows {
        let Some(row) = rows.get_mut(*index) else {
            continue;
        };
        if row.raw.len.is_some() || !row.is_tcp() {
            continue;
        }
        let Some(frame_len) = row.raw.frame_len.filter(|len| *len != PADDED) else {
            continue;
        };
        let Some(headers) = headers.of(row) else {
            continue;
        };
        row.raw.len = frame_len.checked_sub(headers);
        if row.raw.len.is_some() {
            row.inferred = row.inferred.with(Known::LEN_INFERRED);
        }
    }
}

/// The shortest Ethernet frame, without its checksum: shorter packets are padded to it.
const PADDED: u32 = 60;
const ETHERNET: u32 = 14;
const TCP: u32 = 20;
const TIMESTAMPS: u32 = 12;

/// Bytes of headers of ordinary segments, per direction.
struct Headers {
    learned: [Option<u32>; 2],
    timestamps: bool,
    /// Some row shows all its options, so that timestamps would have shown.
    options_shown: bool,
}

impl Headers {
    fn of(&self, row: &Placed) -> Option<u32> {
        let side = usize::from(!row.is_from_first());
        let own = self.learned.get(side).copied().flatten();
        let other = self.learned.get(1 - side).copied().flatten();
        own.or(other).or_else(|| {
            if !self.options_shown {
                return None;
            }
            let ip = match row.source.host {
                Host::V6(_) => 40,
                Host::V4(_) | Host::Name(_) => 20,
            };
            Some(ETHERNET + ip + TCP + if self.timestamps { TIMESTAMPS } else { 0 })
        })
    }
}

fn headers_of(connection: &Connection, rows: &[Placed]) -> Headers {
    let mut headers = Headers {
        learned: [None, None],
        timestamps: false,
        options_shown: false,
    };
    for row in connection.rows.iter().filter_map(|index| rows.get(*index)) {
        headers.options_shown |= row.raw.all_options;
        headers.timestamps |= row.raw.options.timestamps.is_some() && !is_syn(row);
        let (Some(frame_len), Some(len)) = (row.raw.frame_len, row.raw.len) else {
            continue;
        };
        let ordinary = !is_syn(row)
            && row.raw.options.sack_len == 0
            && row.raw.flags.is_some()
            && frame_len != PADDED;
        if ordinary
            && let Some(slot) = headers.learned.get_mut(usize::from(!row.is_from_first()))
            && let Some(learned) = frame_len
                .checked_sub(len)
                .filter(|bytes| (40..200).contains(bytes))
        {
            *slot = Some(slot.map_or(learned, |known| known.min(learned)));
        }
    }
    headers
}

fn is_syn(row: &Placed) -> bool {
    row.raw
        .flags
        .is_some_and(|flags| flags.intersects(TcpFlags(TcpFlags::SYN.0 | TcpFlags::RST.0)))
}
