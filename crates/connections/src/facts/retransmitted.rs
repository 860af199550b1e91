//! What a side sends again, and what it is owed an acknowledgement for.

use whyreset_segments::TcpFlags;

use super::Seen;
use crate::outstanding::Outstanding;
use crate::{Flow, Marks};

/// A packet that takes up sequence numbers, of a side that is acknowledged up to `acked_to`.
pub(crate) fn note(
    flow: &mut Flow,
    outstanding: &mut Outstanding,
    acked_to: i64,
    seen: &Seen<'_, '_>,
) {
    let packet = &seen.packet;
    let end = packet.seq_end();
    let len = packet.payload_len;
    if seen.marks().has(Marks::LOST_SEGMENT) {
        flow.lost_segments = flow.lost_segments.saturating_add(1);
    }
    let probes = Marks::KEEP_ALIVE | Marks::PROBE_OF_CLOSED_WINDOW;
    if !seen.marks().has(Marks::RETRANSMISSION) {
        if !seen.marks().intersects(probes) {
            outstanding.sent(packet.seq, end, len, seen.at);
        }
        return;
    }
    if seen.marks().intersects(probes) {
        return;
    }
    if packet.seq >= acked_to {
        outstanding.take_up(packet.seq, end, len, seen.at);
    }
    let again = &mut flow.retransmissions;
    again.segments = again.segments.saturating_add(1);
    again.bytes = again
        .bytes
        .saturating_add(u64::from(len).saturating_sub(seen.fresh_bytes));
    again.by_timeout += u64::from(seen.marks().has(Marks::TIMEOUT_RETRANSMISSION));
    again.spurious += u64::from(seen.marks().has(Marks::SPURIOUS_RETRANSMISSION));
    again.syn += u32::from(packet.flags.contains(TcpFlags::SYN));
}
