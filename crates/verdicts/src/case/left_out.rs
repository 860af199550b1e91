//! Talk in rows that a list leaves out: the numbers around a cut tell how much was said there, not what.

use whyreset_connections::{Connection, Side};
use whyreset_exchanges::Exchanges;
use whyreset_segments::Known;

use super::{Close, Kind};

/// Whether so much is hidden that whose turn it was at the end does not show. Who resets a connection in the middle of what the other
/// side is seen to send has not waited for what the cut hides of that.
pub(super) fn hides_the_turn(connection: &Connection<Exchanges>, close: Option<Close>) -> bool {
    if !connection.elided || (connection.packets_dropped > 0 && shows_the_end(connection, close)) {
        return false;
    }
    let cut_short = |side: Side| {
        let shown = connection.flows.of(side).data_packets > 0;
        close.is_some_and(|close| close.kind == Kind::Rst && close.side != side) && shown
    };
    // One number may be a FIN's: that tells something only where the side's FIN would have come first.
    let told = |side: Side| {
        let closed = connection.flows.of(side).fin.is_some();
        let first = close.is_some_and(|close| close.side == side);
        i64::from(closed || first || !connection.handshake.is_complete())
    };
    let mut sides = [Side::Client, Side::Server].into_iter();
    sides.any(|side| !cut_short(side) && hidden(connection, side) > told(side))
}

/// Rows of a long list before the close: as many as a turn takes.
const RECENT: u64 = 16;

/// Of a long list: whether it shows all rows of the last turn before the close.
fn shows_the_end(connection: &Connection<Exchanges>, close: Option<Close>) -> bool {
    let end = close.map_or(connection.frames.last, |close| close.at.frame);
    let recent = || {
        let packets = connection.packets.iter();
        packets.filter(move |p| p.frame <= end && p.frame.saturating_add(RECENT) > end)
    };
    recent().count() > 1 && !recent().any(|p| p.known.has(Known::GAP_BEFORE))
}

/// Whether the numbers say that nothing was said in the rows that are left out.
pub(super) fn shows_all_words(connection: &Connection<Exchanges>) -> bool {
    let mut sides = [Side::Client, Side::Server].into_iter();
    let sized = |side: Side| connection.flows.of(side).unsized_packets == 0;
    let shown = sides.all(|side| sized(side) && hidden(connection, side) <= 0);
    shown && connection.handshake.is_complete() && connection.packets_dropped == 0
}

/// Bytes of a side that its own numbers and the other side's acknowledgements tell of, and no row shows.
fn hidden(connection: &Connection<Exchanges>, side: Side) -> i64 {
    let flow = connection.flows.of(side);
    if flow.unsized_packets > 0 {
        // What is shown may be all of it.
        return 0;
    }
    let own = || connection.packets.iter().filter(move |p| p.side == side);
    let numbered = own().find(|p| p.known.has(Known::SEQ) && !p.flags.is_rst());
    let resets = connection.resets.iter().filter(|reset| reset.numbered);
    let by_resets = resets.filter_map(|reset| match reset.by == side {
        true => Some(reset.seq),
        false => reset.ack,
    });
    let reached = flow.sent_to.max(flow.acked_to);
    let reached = by_resets.max().map_or(reached, |to| to.max(reached));
    let reached = reached - i64::from(flow.fin.is_some());
    if connection.packets_dropped > 0 {
        // Of a long list not all rows are kept: what was missing between them was counted.
        let missing = i64::try_from(flow.missing_bytes).unwrap_or(i64::MAX);
        let behind = reached - (flow.sent_to - i64::from(flow.fin.is_some()));
        return missing.saturating_add(behind.max(0));
    }
    let begun = numbered.map_or(1, |p| p.seq.max(1));
    let shown: i64 = own().map(|p| i64::from(p.payload_len)).sum();
    reached - begun - shown
}
