//! What looks like a segment that is sent again and again, in the rows of a list that shows no sequence numbers.

use whyreset_capture::Span;
use whyreset_connections::{Packet, Side, Unanswered};
use whyreset_segments::Known;

use crate::case::Case;

/// Retransmission timers wait for at least so long (Linux: 200 ms, less where the host measures in finer steps).
const SHORTEST_TIMER: Span = Span::from_millis(100);
/// So many packets of one size, at growing intervals, are no stream of data.
const LEAST: usize = 4;

/// The last packets of all, where these are one side's, of one size, and each waited longer for the next than the one before: timers
/// that nobody stops double (RFC 6298 §5.5).
pub(super) fn tail(case: &Case<'_>, side: Side) -> Option<Unanswered> {
    let c = case.connection;
    let last = c.packets.last().filter(|p| is_unnumbered_data(p, side))?;
    let alike = |p: &&Packet| is_unnumbered_data(p, side) && p.payload_len == last.payload_len;
    let mut transmissions = vec![last];
    let mut interval = None;
    let earlier = c.packets.iter().rev().skip(1);
    for packet in earlier.take_while(alike) {
        let next = *transmissions.last()?;
        let length = next.time - packet.time;
        if next.known.has(Known::GAP_BEFORE)
            || length < SHORTEST_TIMER
            || interval.is_some_and(|later| !has_grown(length, later))
        {
            break;
        }
        interval = Some(length);
        transmissions.push(packet);
    }
    let [last, before, ..] = transmissions.as_slice() else {
        return None;
    };
    let first = transmissions.last()?;
    (transmissions.len() >= LEAST).then(|| Unanswered {
        seq: 1,
        payload_len: last.payload_len,
        first: first.moment(),
        last: last.moment(),
        transmissions: u32::try_from(transmissions.len()).unwrap_or(u32::MAX),
        last_interval: last.time - before.time,
    })
}

/// It carries data, or may do so where the row does not tell.
fn is_unnumbered_data(packet: &Packet, side: Side) -> bool {
    packet.side == side
        && (packet.payload_len > 0 || !packet.known.has(Known::LEN))
        && packet.known.has(Known::TIME)
        && !packet.known.has(Known::SEQ)
        && !packet.flags.opens_or_ends()
}

/// The first interval may be shorter than the timer (a tail loss probe, RFC 8985 §7), and clocks are coarse.
fn has_grown(before: Span, later: Span) -> bool {
    later.nanos() > before.nanos().saturating_mul(5) / 4
}
