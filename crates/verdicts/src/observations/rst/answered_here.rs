//! A RST that the capturing machine made itself: a router or bridge that is captured on several of its interfaces shows each packet as it
//! comes and as it goes. One that it refuses only comes, and its refusal only goes.

use whyreset_connections::{Marks, Packet, Reset};

use super::ids;
use crate::case::Case;
use crate::{Observations, wording};

/// So many packets of either side must have been shown twice before, to be sure that each is.
const ENOUGH: usize = 2;
/// So many are looked at.
const LOOKED_AT: usize = 32;

/// Records that the capturing machine refused the packet itself, where that shows.
pub(super) fn observe(case: &Case<'_>, reset: &Reset, found: &mut Observations) -> bool {
    let Some([last, copy, refused, answer]) = frames(case, reset) else {
        return false;
    };
    found.tell(
        ids::ORIGIN_DEVICE,
        [last, copy, refused, answer],
        format_args!(
            "The RST did not come from {}: the capturing machine passes packets on and shows each twice (frames {last} and {copy}), but frame {refused} only came, and the RST only left (frame {answer}): that machine refused it itself.",
            wording::side(reset.by)
        ),
    );
    true
}

/// The frames that show it: the last packet that was passed on, its copy, the packet that was refused, and the RST.
pub(super) fn frames(case: &Case<'_>, reset: &Reset) -> Option<[u64; 4]> {
    let c = case.connection;
    let trigger = reset.trigger.filter(|_| c.captured_twice > 0)?;
    let find = |frame: u64| c.packets.iter().find(|p| p.frame == frame);
    let (refused, answer) = (find(trigger.at.frame)?, find(reset.at.frame)?);
    let copy_of = |one: &Packet| c.packets.iter().find(|p| is_copy(p, one));
    if copy_of(refused).is_some() || copy_of(answer).is_some() {
        return None;
    }
    // Without an identification only packets with data are known again: like is compared with like.
    let alike = |p: &&Packet| {
        let carries = (p.payload_len > 0) == (refused.payload_len > 0);
        let copied = p.marks.has(Marks::CAPTURED_TWICE);
        carries && !copied && !p.flags.opens_or_ends() && p.frame < refused.frame
    };
    let before: Vec<&Packet> = c
        .packets
        .iter()
        .rev()
        .filter(alike)
        .take(LOOKED_AT)
        .collect();
    let opened = |side| {
        let mut syns = c.packets.iter();
        syns.any(|p| {
            p.side == side
                && (p.flags.is_opening_syn() || p.flags.is_syn_ack())
                && copy_of(p).is_some()
        })
    };
    let of_either = |side| {
        let data = before.iter().filter(|p| p.side == side).count();
        data + usize::from(data > 0 && opened(side)) >= ENOUGH
    };
    let passed_on = before.iter().all(|p| copy_of(p).is_some());
    if !passed_on || !of_either(reset.by) || !of_either(reset.by.peer()) {
        return None;
    }
    let last = before.iter().find(|p| p.side == reset.by.peer())?;
    Some([
        last.frame,
        copy_of(last)?.frame,
        refused.frame,
        answer.frame,
    ])
}

/// The same packet, shown a second time.
fn is_copy(copy: &Packet, one: &Packet) -> bool {
    copy.marks.has(Marks::CAPTURED_TWICE)
        && copy.frame > one.frame
        && (copy.side, copy.flags, copy.payload_len) == (one.side, one.flags, one.payload_len)
        && (copy.seq, copy.ack, copy.ip_id) == (one.seq, one.ack, one.ip_id)
}
