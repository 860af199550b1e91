//! Acknowledgements that do not get through: their receiver goes on repeating what they acknowledge.

use whyreset_capture::Span;
use whyreset_connections::{Marks, Moment, Packet, Side};
use whyreset_segments::{Known, TcpFlags};

use super::ids;
use crate::case::Case;
use crate::{Observations, wording};

/// So many copies of one segment, each long behind its acknowledgement, are no passing loss.
const COPIES: usize = 3;
/// By then an acknowledgement has arrived, or never will.
const TRAVELS: Span = Span::from_millis(200);

/// Records that a side's last packets repeat what the other side had acknowledged before.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    for side in [Side::Client, Side::Server] {
        let Some((acknowledged, copies)) = repeated(case, side) else {
            continue;
        };
        if copies.len() >= COPIES {
            tell(side, acknowledged, &copies, found);
        } else if copies.len() > 1 && case.close.is_none() {
            // The capture ends before there are as many copies.
            perhaps(side, acknowledged, &copies, found);
        }
    }
}

/// This side repeats to the end what had been acknowledged: it heard nothing of the other, whatever passed here.
pub(super) fn hears_nothing(case: &Case<'_>, side: Side) -> bool {
    !case.accounts.unseen && repeated_in_vain(case, side).is_some()
}

fn repeated_in_vain(case: &Case<'_>, side: Side) -> Option<(Moment, Vec<Moment>)> {
    repeated(case, side).filter(|(_, copies)| copies.len() >= COPIES)
}

/// The first acknowledgement of what a side repeats up to the end, and the copies behind it: one at least.
fn repeated(case: &Case<'_>, side: Side) -> Option<(Moment, Vec<Moment>)> {
    let c = case.connection;
    let packets = || c.packets.iter().filter(|p| p.known.has(Known::SEQ));
    let opens = TcpFlags(TcpFlags::SYN.0 | TcpFlags::RST.0);
    let probes = Marks::KEEP_ALIVE | Marks::PROBE_OF_CLOSED_WINDOW;
    let carries = |p: &&Packet| {
        p.side == side
            && p.seq_end() > p.seq
            && !p.flags.intersects(opens)
            && !p.marks.intersects(probes)
    };
    // Behind the last copy there may be a FIN.
    let repeats = |p: &&Packet| carries(p) && p.payload_len > 0;
    let last = packets().rfind(repeats)?;
    let acknowledges = |p: &&Packet| {
        p.side != side && p.known.has(Known::ACK) && !p.flags.is_rst() && p.ack >= last.seq_end()
    };
    let acknowledged = packets().find(acknowledges)?;
    let travelled = acknowledged.time + case.path_round_trip().unwrap_or(Span::ZERO) + TRAVELS;
    if last.time <= travelled {
        return None;
    }
    let later = packets().rev().filter(repeats);
    let copies: Vec<Moment> = later
        .take_while(|p| p.seq == last.seq && p.time > travelled)
        .map(|p| p.moment())
        .collect();
    // What comes behind the RST that ended it, or is refused, meets no connection any more.
    let began = copies.last().map_or(0, |at| at.frame);
    let refused = c
        .packets
        .iter()
        .any(|p| p.side != side && p.frame > began && p.flags.is_rst());
    let over = refused || case.fatal.is_some_and(|reset| reset.at.frame < began);
    (!over).then_some((acknowledged.moment(), copies))
}

fn perhaps(side: Side, acknowledged: Moment, copies: &[Moment], found: &mut Observations) {
    let (Some(last), Some(first)) = (copies.first(), copies.last()) else {
        return;
    };
    found.tell(
        ids::ACKS_PERHAPS_LOST,
        [acknowledged.frame, first.frame, last.frame],
        format_args!(
            "The capture ends while {} repeats what {} had acknowledged before (frame {}): by then it had not heard of it.",
            wording::side(side),
            wording::side(side.peer()),
            acknowledged.frame
        ),
    );
}

fn tell(side: Side, acknowledged: Moment, copies: &[Moment], found: &mut Observations) {
    let (Some(last), Some(first)) = (copies.first(), copies.last()) else {
        return;
    };
    found.tell(
        ids::ACKS_LOST,
        [acknowledged.frame, first.frame, last.frame],
        format_args!(
            "{} had acknowledged it (frame {}), and yet {} sent it again, {} in {} (frame {} to frame {}): the acknowledgements do not get through.",
            wording::the_side(side.peer()),
            acknowledged.frame,
            wording::side(side),
            wording::count(copies.len() as u64, "time", "times"),
            wording::span(last.time - first.time),
            first.frame,
            last.frame
        ),
    );
}
