//! The aftermath of a RST: a host that reset a connection does not go on talking in it.

use whyreset_connections::Reset;

use super::ids;
use crate::case::Case;
use crate::{Observations, wording};

/// Records that the side in whose name the RST came went on as if nothing had happened.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    for reset in case.connection.resets.iter().take(4) {
        if let Some(frame) = went_on(case, reset) {
            found.tell(
                ids::SENDER_WENT_ON,
                [reset.at.frame, frame],
                format!(
                    "After the RST in its name (frame {}) {} went on as if nothing had happened (frame {frame}): a host that resets a connection does not go on talking in it.",
                    reset.at.frame,
                    wording::side(reset.by)
                ),
            );
            return;
        }
    }
}

/// The first packet after the RST that shows its supposed sender alive: beyond the RST's own number, or
/// acknowledging what passed here only after the RST. Mere stragglers do neither.
fn went_on(case: &Case<'_>, reset: &Reset) -> Option<u64> {
    let c = case.connection;
    let peer_sent_by_then = c
        .packets
        .iter()
        .filter(|p| p.side != reset.by && p.frame < reset.at.frame && !p.flags.is_rst())
        .map(|p| p.seq_end())
        .max()?;
    c.packets
        .iter()
        .filter(|p| p.side == reset.by && p.frame > reset.at.frame && !p.flags.is_rst())
        .filter(|p| !p.flags.is_opening_syn())
        .find(|p| {
            let new_data = p.payload_len > 0 && p.seq >= reset.seq && reset.seq > 0;
            let acks_later = p.flags.contains(whyreset_segments::TcpFlags::ACK)
                && p.ack > peer_sent_by_then
                && c.packets_dropped == 0;
            new_data || acks_later
        })
        .map(|p| p.frame)
}
