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

/// A FIN of which a list does not tell the number: it stands behind all that is known to have been sent.
pub(crate) fn note_unnumbered(flow: &mut Flow, seen: &Seen<'_, '_>) {
    if !seen.flags().is_fin() || seen.flags().is_rst() || flow.fin.is_some() {
        return;
    }
    flow.fin = Some(Fin {
        at: seen.at,
        seq: flow.sent_to,
        acked: None,
        retransmissions: 0,
    });
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
