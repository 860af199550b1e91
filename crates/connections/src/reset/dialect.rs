//! Which dialect a RST speaks: an abort of a live connection, an answer to a stranger, or a refusal.
//!
//! RFC 9293 §3.5.2 gives the numbers of answers; Linux aborts with `tcp_send_active_reset` (RST+ACK, seq = SND.NXT,
//! ack = RCV.NXT) and answers strangers with `tcp_v4_send_reset` (bare, seq = the trigger's acknowledgement number).

use super::log::RawReset;
use crate::Dialect;

/// Classifies one RST. `answers` says that there is a packet which it can answer, if it is bare.
pub(crate) fn classify(raw: &RawReset, answers: bool) -> Dialect {
    if !raw.is_numbered() {
        return Dialect::Other;
    }
    let has_ack = raw.packet.flags.contains(whyreset_segments::TcpFlags::ACK);
    if !has_ack {
        return if answers {
            Dialect::Passive
        } else {
            Dialect::Other
        };
    }
    if is_refusal(raw) {
        Dialect::Refusal
    } else if has_live_numbers(raw) {
        Dialect::Active
    } else {
        Dialect::Other
    }
}

/// It acknowledges a SYN, and its side has sent nothing else.
fn is_refusal(raw: &RawReset) -> bool {
    let own = raw.own();
    let peer = raw.peer();
    own.packets == 0 && peer.syn && peer.acked_to.is_none() && covers_syn(raw)
}

fn covers_syn(raw: &RawReset) -> bool {
    raw.ack()
        .is_some_and(|ack| ack >= 1 && raw.peer().sent_to.is_some_and(|sent_to| ack <= sent_to))
}

/// Sequence number between what is acknowledged and what was sent; acknowledgement between what was acknowledged before
/// and what the other side has sent. What the capture does not show of either side contradicts nothing.
fn has_live_numbers(raw: &RawReset) -> bool {
    let own = raw.own();
    let peer = raw.peer();
    let seq = raw.packet.seq;
    let seq_fits = match (own.sent_to, peer.acked_to) {
        (_, Some(acked)) if own.packets == 0 => seq >= acked,
        (Some(sent_to), Some(acked)) => {
            (raw.elided || seq <= sent_to.max(acked)) && seq >= acked.min(sent_to)
        }
        (Some(sent_to), None) => seq == sent_to,
        (None, Some(acked)) => seq >= acked,
        (None, None) => return false,
    };
    let ack_fits = raw.ack().is_none_or(|ack| {
        // Where it acknowledged more than was captured, the capture (or the list) left that out.
        own.acked_to.is_none_or(|own_ack| ack >= own_ack)
            && peer
                .sent_to
                .max(own.acked_to)
                .is_none_or(|most| ack <= most || raw.elided)
    });
    seq_fits && ack_fits
}
