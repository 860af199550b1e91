//! The opening: SYN, SYN/ACK, ACK, and what came instead of them.

use whyreset_capture::Span;
use whyreset_connections::{Opener, Side};

use super::ids;
use crate::Observations;
use crate::case::Case;
use crate::wording;

/// Every host on earth answers within this time (the first retransmission of a SYN comes after it).
const PATIENCE: Span = Span::from_secs(1);

/// Records how the opening went where it did not go well.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let h = &c.handshake;
    let Some(syn) = h.syn else {
        return;
    };
    let refusal = c
        .resets
        .iter()
        .find(|reset| reset.by == Side::Server && h.syn_ack.is_none());
    if h.syn_count > 1 {
        let last = h.last_syn.unwrap_or(syn);
        found.add(
            ids::SYN_REPEATED,
            [syn.frame, last.frame],
            format!(
                "The client sent its SYN {} times, from {} to {}.",
                h.syn_count,
                wording::at(c, syn.time),
                wording::at(c, last.time)
            ),
        );
    }
    if let Some(reset) = refusal {
        found.tell(
            ids::SYN_REFUSED,
            [syn.frame, reset.at.frame],
            format!(
                "The SYN (frame {}) was answered with RST (frame {}) after {}.",
                syn.frame,
                reset.at.frame,
                wording::span(
                    reset.at.time
                        - h.last_syn
                            .filter(|l| l.time < reset.at.time)
                            .unwrap_or(syn)
                            .time
                )
            ),
        );
    } else if h.syn_ack.is_none() && c.flows.server.packets == 0 && c.opener == Opener::Syn {
        let last = h.last_syn.unwrap_or(syn);
        found.tell(
            ids::SYN_UNANSWERED,
            [syn.frame, last.frame],
            format!(
                "{} no answer: neither SYN/ACK nor RST within the {} that the capture runs on.",
                if h.syn_count > 1 {
                    format!(
                        "{} SYNs (frames {} to {}) got",
                        h.syn_count, syn.frame, last.frame
                    )
                } else {
                    format!("The SYN (frame {}) got", syn.frame)
                },
                wording::span(c.capture_end - last.time)
            ),
        );
    }
    if found.has(ids::SYN_UNANSWERED) && h.syn_count == 1 && c.capture_end - syn.time < PATIENCE {
        found.add(
            ids::SYN_JUST_SENT,
            [syn.frame],
            format!(
                "The capture ends {} behind the SYN: an answer may still have come.",
                wording::span(c.capture_end - syn.time)
            ),
        );
    }
    half_open(case, found);
}

fn half_open(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let h = &c.handshake;
    let (Some(syn), Some(syn_ack)) = (h.syn, h.syn_ack) else {
        return;
    };
    let last = h.last_syn_ack.unwrap_or(syn_ack);
    let only_syns = c.flows.client.packets <= u64::from(h.syn_count);
    if h.ack.is_none() && only_syns && c.flows.client.bytes == 0 {
        found.tell(
            ids::HANDSHAKE_UNFINISHED,
            [syn.frame, syn_ack.frame, last.frame],
            format!(
                "The server answered the SYN (frame {}) with SYN/ACK (frame {}{}), but no ACK of the client followed within {}.",
                syn.frame,
                syn_ack.frame,
                if h.syn_ack_count > 1 { format!(", {} times up to frame {}", h.syn_ack_count, last.frame) } else { String::new() },
                wording::span(c.capture_end - syn_ack.time)
            ),
        );
        if let Some(again) = h.last_syn.filter(|again| again.time > syn_ack.time) {
            found.add(
                ids::SYN_REPEATED_AFTER_ANSWER,
                [syn_ack.frame, again.frame],
                format!("The client sent its SYN again (frame {}) after the SYN/ACK (frame {}) had passed here: the answer did not reach it.", again.frame, syn_ack.frame),
            );
        }
    }
    if h.ack.is_some() && h.syn_acks_after_ack > 0 && c.flows.server.bytes == 0 {
        let ack = h.ack.unwrap_or(syn_ack);
        found.tell(
            ids::SYN_ACK_REPEATED,
            [syn_ack.frame, ack.frame, last.frame],
            format!(
                "The server repeated its SYN/ACK {} (last in frame {}) although the client's ACK (frame {}) had passed here: its host does not take the connection up.",
                wording::count(u64::from(h.syn_acks_after_ack), "time", "times"),
                last.frame,
                ack.frame
            ),
        );
    }
}
