//! Talk in rows that a list leaves out: the numbers around a cut tell how much was said there, not what.

use whyreset_connections::{Connection, Side};
use whyreset_exchanges::Exchanges;
use whyreset_segments::Known;

use super::{Close, Kind};

/// Whether so much is hidden that whose turn it was at the end does not show. Who resets a connection in the middle of what the other
/// side is seen to send has not waited for what the cut hides of that.
pub(super) fn hides_the_turn(connection: &Connection<Exchanges>, close: Option<Close>) -> bool {
    if !connection.elided || connection.packets_dropped > 0 {
        return false;
    }
    let cut_short = |side: Side| {
        let shown = connection.flows.of(side).data_packets > 0;
        close.is_some_and(|close| close.kind == Kind::Rst && close.side != side) && shown
    };
    let mut sides = [Side::Client, Side::Server].into_iter();
    // One number may be a FIN's.
    sides.any(|side| !cut_short(side) && hidden(connection, side) > 1)
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
    let begun = numbered.map_or(1, |p| p.seq.max(1));
    let shown: i64 = own().map(|p| i64::from(p.payload_len)).sum();
    reached - begun - shown
}
