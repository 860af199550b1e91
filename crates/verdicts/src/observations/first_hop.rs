//! A RST that has come over no router, in the name of a host that is behind some.

use whyreset_connections::{Dialect, Marks};

use super::ids;
use crate::case::Case;
use crate::{Observations, wording};

/// TTLs that stacks and devices begin with.
const INITIAL: [u8; 3] = [64, 128, 255];
/// Paths have fewer hops.
const HOPS: u8 = 32;

/// Records that the RST began next to the capture point, and the host's packets further away.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let passive = case.fatal.filter(|reset| reset.dialect == Dialect::Passive);
    let Some((reset, ttl)) = passive.and_then(|reset| Some((reset, reset.ttl?))) else {
        return;
    };
    let mut own = c.packets.iter();
    let own = own.rfind(|p| {
        let arrived = !p.flags.is_rst() && !p.marks.has(Marks::CAPTURED_TWICE);
        p.side == reset.by && arrived && p.ttl > 0 && p.frame < reset.at.frame
    });
    let Some(own) = own.filter(|p| p.ttl < ttl && ttl - p.ttl < HOPS) else {
        return;
    };
    if INITIAL.contains(&ttl) {
        found.tell(
            ids::RST_FROM_NEXT_HOP,
            [own.frame, reset.at.frame],
            format_args!(
                "The RST (frame {}) has come over no router (TTL {ttl}), the packets of {} over some (TTL {} in frame {}): a device this side of it sent the RST.",
                reset.at.frame,
                wording::side(reset.by),
                own.ttl,
                own.frame
            ),
        );
    }
}
