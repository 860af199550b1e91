//! Whether a segment is as full as its sender can fill it: who has more to say fills all but the last one.
//!
//! A captured frame may hold several segments (segmentation offload on the sending host, receive offload on the other): then the last of
//! them counts.

use whyreset_connections::{Connection, Packet};
use whyreset_exchanges::Exchanges;
use whyreset_segments::TcpFlags;

/// Segments of at least this payload were cut by the MSS, not by the end of what was to be said.
pub(super) const FULL_SEGMENT: u32 = 1_000;
/// What options take of a segment at most (RFC 9293 §3.1).
const MOST_OPTIONS: u32 = 40;
/// What timestamps take, with two NOPs before them (RFC 7323, appendix A).
const TIMESTAMPS: u32 = 12;

/// The packet fills its segment, or the last of those that it holds: whoever sent it had more to say.
pub(crate) fn is_full(connection: &Connection<Exchanges>, packet: &Packet) -> bool {
    let len = packet.payload_len;
    if len < FULL_SEGMENT {
        return false;
    }
    let flows = &connection.flows;
    let largest = flows.of(packet.side).sizes.largest_sent;
    let taken = flows.of(packet.side.peer()).syn_options.and_then(|o| o.mss);
    match taken.map(u32::from) {
        Some(mss) if len <= mss => len >= largest.min(mss.saturating_sub(MOST_OPTIONS)),
        Some(_) => ends_full(connection, packet),
        None => len >= largest || ends_full(connection, packet),
    }
}

/// Several segments, all of one length. How long they are is told by both MSS, and by the other frames that end in the middle of what
/// was written: they hold full ones alone.
fn ends_full(connection: &Connection<Exchanges>, packet: &Packet) -> bool {
    let flows = &connection.flows;
    let mss = [packet.side, packet.side.peer()]
        .into_iter()
        .filter_map(|side| flows.of(side).syn_options.and_then(|options| options.mss));
    let options = packet.timestamps.map_or(0, |_| TIMESTAMPS);
    let allowed = mss
        .min()
        .map_or(0, |mss| u32::from(mss).saturating_sub(options));
    let others = connection.packets.iter().filter(|p| {
        let other = p.side == packet.side && p.frame != packet.frame;
        other && p.payload_len >= FULL_SEGMENT && !p.flags.contains(TcpFlags::PSH)
    });
    let common = others.fold(0, |common, p| {
        greatest_common_measure(common, p.payload_len)
    });
    [allowed, common].into_iter().any(|segments| {
        segments > 0 && greatest_common_measure(segments, packet.payload_len) >= FULL_SEGMENT
    })
}

/// The largest length of which both are multiples; of one and 0 that one.
const fn greatest_common_measure(mut one: u32, mut other: u32) -> u32 {
    while other > 0 {
        (one, other) = (other, one % other);
    }
    one
}
