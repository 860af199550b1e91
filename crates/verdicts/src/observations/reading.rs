//! What the receiver's program had read: the window arithmetic.
//!
//! The window is what is left of the receive buffer: what lies unread in it is missing from the window.
//! The arithmetic holds where the buffer does not grow meanwhile, so only a window at its largest says "all read".

use whyreset_connections::{Packet, Side};

use super::ids;
use crate::case::Case;
use crate::{Observations, wording};

/// A buffer that is this full (in parts of the largest window) counts as read: some stacks keep a little back.
const NEARLY_ALL: u32 = 50;

/// Tells whether everything that was delivered to the side that closed was acknowledged and read.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let Some(reset) = case.fatal.filter(|_| case.accounts.missing().is_some()) else {
        return;
    };
    let flow = case.connection.flows.of(reset.by);
    if !flow.window.scale_known || case.connection.flows.of(reset.by.peer()).bytes == 0 {
        return;
    }
    let acks = acks_of(case, reset.by, reset.at.frame);
    let Some(last) = acks.last() else {
        return;
    };
    acknowledged(case, found);
    let full = acks
        .iter()
        .map(|p| p.window)
        .max()
        .unwrap_or(0)
        .max(opening_window(case, reset.by));
    let unread = |packet: &Packet| full.saturating_sub(packet.window);
    let steps: Vec<String> = acks
        .iter()
        .filter(|p| p.ack > 1)
        .map(|p| {
            format!(
                "{} at frame {}",
                wording::number(u64::from(unread(p))),
                p.frame
            )
        })
        .collect();
    let frames: Vec<u64> = acks.iter().filter(|p| p.ack > 1).map(|p| p.frame).collect();
    let shown = steps.len().saturating_sub(4);
    let steps = steps.get(shown..).unwrap_or_default().join(", ");
    let frames = frames.get(shown..).unwrap_or_default().to_vec();
    let who = wording::side(reset.by);
    if unread(last) <= full / NEARLY_ALL && last.ack > 1 {
        found.tell(
            ids::ALL_READ,
            frames,
            format!(
                "The program of {who} was reading, and had read everything: with a buffer of {} there were, in bytes unread, {steps}.",
                wording::bytes(u64::from(full))
            ),
        );
    } else if last.ack > 1 {
        found.add(
            ids::UNREAD,
            frames,
            format!("In the buffer of {who} lay, in bytes unread, {steps}."),
        );
    }
}

/// The ACKs of `side` before the frame, in order; no SYN, no RST.
fn acks_of<'a>(case: &Case<'a>, side: Side, before: u64) -> Vec<&'a Packet> {
    case.connection
        .packets
        .iter()
        .filter(|p| p.side == side && p.frame < before)
        .filter(|p| !p.flags.is_rst() && p.flags.sequence_len() == 0)
        .filter(|p| p.known.has(whyreset_segments::Known::WINDOW))
        .collect()
}

/// The window of the client's first ACK counts as a full buffer too; it is among the kept packets, if captured.
fn opening_window(case: &Case<'_>, side: Side) -> u32 {
    let _ = (case, side);
    0
}

fn acknowledged(case: &Case<'_>, found: &mut Observations) {
    let Some(reset) = case.fatal else {
        return;
    };
    let Some(knew) = reset.knew.as_ref() else {
        return;
    };
    let Some(by) = knew.certainly_by else {
        return;
    };
    if knew.certainly <= 1 || knew.certainly < knew.at_most {
        return;
    }
    let again: Vec<u64> = case
        .connection
        .packets
        .iter()
        .filter(|p| p.side == reset.by && p.ack == knew.certainly && p.frame < reset.at.frame)
        .filter(|p| !p.flags.is_rst())
        .map(|p| p.frame)
        .collect();
    let frames = if again.is_empty() {
        vec![by.frame]
    } else {
        again
    };
    found.tell(
        ids::ALL_ACKNOWLEDGED,
        frames.clone(),
        format!(
            "{} acknowledged all {} that can have reached it ({}): nothing was lost.{}",
            wording::the_side(reset.by),
            wording::signed_bytes(knew.certainly - 1),
            wording::frames(&frames),
            if frames.len() > 1 { " That the number is repeated is no confusion: the later ones announce a larger window." } else { "" }
        ),
    );
}
