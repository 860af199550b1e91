//! What sizes tell: whether a run of segments is an upload, and what is short enough for a goodbye.

use whyreset_connections::{Connection, Side};
use whyreset_exchanges::Exchanges;

use super::full_segment::FULL_SEGMENT;

/// What takes fewer segments is a question, not an upload.
pub(super) const FEW_SEGMENTS: u64 = 4;
/// Bytes in flight at the end that need not mean that something was missing: close_notify and alerts of TLS, a `QUIT`.
pub(super) const FAREWELL_BYTES: i64 = 64;

/// The client's last word took many segments, full ones among them: a message, or a file, of which the end may be missing.
pub(crate) fn was_sending(connection: &Connection<Exchanges>) -> bool {
    let server = connection.flows.server.last_new_data;
    let since = server.map_or(0, |at| at.frame);
    let run = || {
        let data = connection.packets.iter();
        data.filter(move |p| p.side == Side::Client && p.payload_len > 0 && p.frame > since)
    };
    // A captured frame may hold several segments (offload): as many as the server's MSS makes of it.
    let mss = connection.flows.server.syn_options.and_then(|o| o.mss);
    let one = mss.map_or(u32::MAX, |mss| u32::from(mss).max(FULL_SEGMENT));
    let segments: u32 = run().map(|p| p.payload_len.div_ceil(one)).sum();
    u64::from(segments) >= FEW_SEGMENTS && run().any(|p| p.payload_len >= FULL_SEGMENT)
}
