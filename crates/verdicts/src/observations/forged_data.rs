//! Data that two different senders sent in one side's name: a forged answer races the real one (Fox-IT, "Deep dive into
//! QUANTUM INSERT", 2015). The client takes whichever comes first, and drops the other as a duplicate.

use whyreset_connections::{Packet, Side};
use whyreset_segments::Known;

use super::ids;
use crate::Observations;
use crate::case::Case;
use crate::wording;

/// Routes change, and a hop more or less comes with them.
const ROUTE_CHANGE: u8 = 1;

/// Records two packets of one side with the same number, but of different size and from different distances.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    for side in [Side::Server, Side::Client] {
        let Some((first, second)) = two_senders(case, side) else {
            continue;
        };
        found.tell(
            ids::FORGED_DATA,
            [first.frame, second.frame],
            format_args!(
                "Frames {} and {} carry different data for the same place in the stream of {} ({} and {}), and come from different distances (TTL {} and {}): one of them was forged, and the receiver took the first.",
                first.frame,
                second.frame,
                wording::side(side),
                wording::bytes(u64::from(first.payload_len)),
                wording::bytes(u64::from(second.payload_len)),
                first.ttl,
                second.ttl
            ),
        );
        return;
    }
}

/// The first packet with data, and the packet of another origin that begins at the same number. A host that sends again
/// sends from where it was.
fn two_senders<'a>(case: &'a Case<'_>, side: Side) -> Option<(&'a Packet, &'a Packet)> {
    let told = |p: &&Packet| {
        p.side == side
            && p.payload_len > 0
            && !p.flags.is_rst()
            && p.known.has(Known::SEQ.with(Known::TTL).with(Known::LEN))
    };
    let data: Vec<&Packet> = case.connection.packets.iter().filter(told).collect();
    data.iter().enumerate().find_map(|(index, first)| {
        let rest = data.get(index.saturating_add(1)..)?;
        let second = rest
            .iter()
            .find(|p| p.seq == first.seq && another_sender(first, p))?;
        Some((*first, *second))
    })
}

fn another_sender(a: &Packet, b: &Packet) -> bool {
    let distance = a.ttl.abs_diff(b.ttl) > ROUTE_CHANGE;
    // A side either uses timestamps or it does not (RFC 7323 §3.2); without them the identification must jump as well.
    let stack = a.timestamps.is_some() != b.timestamps.is_some()
        || (a.known.has(Known::IP_ID) && a.ip_id.abs_diff(b.ip_id) > 1_000);
    distance && stack && a.payload_len != b.payload_len
}
