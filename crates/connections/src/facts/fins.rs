//! FINs, and when they are acknowledged.

use super::Seen;
use crate::{Fin, Flow, Moment};

pub(crate) fn note(flow: &mut Flow, seen: &Seen<'_, '_>) {
    if !seen.flags().is_fin() || seen.flags().is_rst() {
        return;
    }
    match &mut flow.fin {
        Some(fin) => fin.retransmissions = fin.retransmissions.saturating_add(1),
        None => {
            flow.fin = Some(Fin {
                at: seen.at,
                seq: seen
                    .packet
                    .seq
                    .saturating_add(i64::from(seen.packet.payload_len)),
                acked: None,
                retransmissions: 0,
            });
        }
    }
}

/// A FIN of which a list does not tell the number: it stands behind all that is known to have been sent. `before` is the side's
/// packet before: what came at the same time is a copy.
pub(crate) fn note_unnumbered(flow: &mut Flow, before: Option<Moment>, seen: &Seen<'_, '_>) {
    if !seen.flags().is_fin() || seen.flags().is_rst() {
        return;
    }
    match &mut flow.fin {
        Some(fin) => {
            let is_copy = before.is_some_and(|before| before.time == seen.at.time);
            fin.retransmissions = fin.retransmissions.saturating_add(u32::from(!is_copy));
        }
        None => {
            flow.fin = Some(Fin {
                at: seen.at,
                seq: flow.sent_to,
                acked: None,
                retransmissions: 0,
            });
        }
    }
}

/// The other side's packet acknowledges up to `ack`.
#[inline]
pub(crate) fn acknowledged(flow: &mut Flow, ack: i64, at: Moment) {
    if let Some(fin) = &mut flow.fin
        && fin.acked.is_none()
        && ack > fin.seq
    {
        fin.acked = Some(at);
    }
}
