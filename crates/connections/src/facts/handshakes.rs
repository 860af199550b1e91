//! The opening: SYN, SYN/ACK, ACK.

use whyreset_segments::TcpFlags;

use super::Seen;
use crate::{Flow, Handshake, Moment, Side};

pub(crate) fn note(handshake: &mut Handshake, flow: &mut Flow, seen: &Seen<'_, '_>) {
    let flags = seen.flags();
    if flags.is_rst() {
        return;
    }
    if flags.contains(TcpFlags::SYN) {
        note_syn(handshake, seen);
        if flow.syn_window.is_none() {
            flow.syn_window = Some(seen.segment.window);
            flow.syn_options = Some(seen.segment.options);
        }
        return;
    }
    if flags.contains(TcpFlags::ACK) && seen.ack().is_none_or(|ack| ack >= 1) {
        acknowledged(handshake, seen.packet.side, seen.at);
    }
}

/// A packet of `side` acknowledges a SYN at least, as far as it tells.
#[inline]
pub(crate) fn acknowledged(handshake: &mut Handshake, side: Side, at: Moment) {
    if handshake.ack.is_none() && handshake.syn_ack.is_some() && side == Side::Client {
        handshake.ack = Some(at);
    }
}

fn note_syn(handshake: &mut Handshake, seen: &Seen<'_, '_>) {
    if seen.flags().is_opening_syn() {
        handshake.syn.get_or_insert(seen.at);
        handshake.last_syn = Some(seen.at);
        handshake.syn_count = handshake.syn_count.saturating_add(1);
        return;
    }
    // A SYN/ACK of the side that sent the SYN answers nothing (a probe, a test of a stack).
    if seen.packet.side == Side::Client && handshake.syn.is_some() {
        return;
    }
    handshake.syn_ack.get_or_insert(seen.at);
    handshake.last_syn_ack = Some(seen.at);
    handshake.syn_ack_count = handshake.syn_ack_count.saturating_add(1);
    if handshake.ack.is_some() {
        handshake.syn_acks_after_ack = handshake.syn_acks_after_ack.saturating_add(1);
    }
    if seen.ack().is_some_and(|ack| ack > 1) {
        handshake.fast_open = true;
    }
}
