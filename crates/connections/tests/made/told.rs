//! What is told of a connection, in full and in brief, and what of it has to be the same.

use proptest::prelude::*;
use whyreset_connections::{
    Brief, BySide, Connection, Ending, Moment, Needs, Opener, PassedBytes, PassedFin, Side,
    StreamSink, first_of_crossing_fins,
};

/// Counts each side's bytes; of the server's it needs none but the first hundred.
#[derive(Debug, Default, PartialEq)]
pub struct Counter {
    bytes: BySide<u64>,
    acknowledged: BySide<u64>,
    closed: BySide<u32>,
}

impl Counter {
    fn take(&mut self, side: Side, offset: u64, len: u64) {
        let bytes = self.bytes.of_mut(side);
        assert_eq!(*bytes, offset);
        *bytes += len;
    }
}

impl StreamSink for Counter {
    fn data(&mut self, side: Side, _: Moment, offset: u64, bytes: &[u8]) {
        self.take(side, offset, bytes.len() as u64);
    }

    fn gap(&mut self, side: Side, _: Moment, offset: u64, len: u64) {
        self.take(side, offset, len);
    }

    fn needs(&self, side: Side) -> Needs {
        match side {
            Side::Server if self.bytes.server >= 100 => Needs::Nothing(70_000),
            _ => Needs::Everything,
        }
    }

    fn passed(&mut self, side: Side, _: Moment, passed: PassedBytes) {
        assert!(passed.captured <= passed.len);
        self.take(side, passed.offset, passed.len);
    }

    fn acknowledged(&mut self, side: Side, _: Moment, offset: u64) {
        let known = self.acknowledged.of_mut(side);
        assert!(offset >= *known);
        *known = offset;
    }

    fn closed(&mut self, side: Side, _: Moment, _: bool) {
        *self.closed.of_mut(side) += 1;
    }

    fn ending(&mut self) -> Ending {
        Ending::Well
    }
}

/// What is told in brief.
pub fn brief(brief: &Brief<Counter>) -> String {
    format!(
        "{:?}",
        (
            (brief.stream, brief.ends, brief.frames),
            (brief.start, brief.end, brief.bytes),
            (brief.fins, brief.closed_first),
            (brief.place, brief.trips, &brief.app)
        )
    )
}

/// The same of a connection that was looked at in full.
pub fn in_brief(it: &Connection<Counter>) -> String {
    let flows = &it.flows;
    let fins = BySide {
        client: flows.client.fin.unwrap(),
        server: flows.server.fin.unwrap(),
    };
    let passed = |side| PassedFin {
        at: fins.of(side).at,
        seq: fins.of(side).seq,
        ack: it
            .packets
            .iter()
            .find(|p| p.frame == fins.of(side).at.frame)
            .unwrap()
            .ack,
    };
    let trips = BySide {
        client: it.vantage.round_trip.client.minimum,
        server: it.vantage.round_trip.server.minimum,
    };
    let crossing = BySide {
        client: passed(Side::Client),
        server: passed(Side::Server),
    };
    let first = if fins.client.at.frame < fins.server.at.frame {
        Side::Client
    } else {
        Side::Server
    };
    format!(
        "{:?}",
        (
            (it.stream, it.ends, it.frames),
            (
                it.start,
                it.end,
                BySide {
                    client: flows.client.bytes,
                    server: flows.server.bytes,
                }
            ),
            (
                BySide {
                    client: fins.client.at,
                    server: fins.server.at,
                },
                first_of_crossing_fins(&crossing, &trips).unwrap_or(first)
            ),
            (it.vantage.place, trips, &it.app)
        )
    )
}

/// What must hold of a connection that is told in brief.
pub fn ended_well(it: &Connection<Counter>) -> bool {
    let flows = &it.flows;
    it.handshake.is_complete()
        && it.handshake.syn_acks_after_ack == 0
        && it.opener == Opener::Syn
        && it.resets.is_empty()
        && it.notices.is_empty()
        && flows.client.unanswered.is_none()
        && flows.server.unanswered.is_none()
        && flows.server.acked_to >= flows.server.fin.unwrap().seq
        && (flows.client.bytes > 0 || flows.server.bytes == 0)
        && (it.timed, it.ports_told, it.elided) == (true, true, false)
}

/// All of a connection, but what an opening SYN that is kept in short does not hold.
pub fn all(connection: &Connection<Counter>) -> String {
    format!("{connection:?}")
}

/// What holds however long it is.
pub fn sums(connection: &Connection<Counter>) -> String {
    let flows = [&connection.flows.client, &connection.flows.server].map(|flow| {
        format!(
            "{:?}",
            (
                (flow.packets, flow.data_packets, flow.bytes),
                (flow.sent_to, flow.acked_to, flow.missing_bytes),
                (
                    flow.first,
                    flow.last,
                    flow.first_data,
                    flow.last_new_data,
                    flow.last_data
                ),
                (
                    flow.last_progress,
                    flow.fin,
                    flow.window,
                    flow.retransmissions
                ),
                (flow.duplicate_acks, flow.lost_segments, flow.network),
                (
                    flow.sizes.largest_sent,
                    flow.sizes.largest_acked,
                    flow.sizes.largest_datagram
                ),
                (flow.timestamp_clock, flow.last_data_pushed),
            )
        )
    });
    format!(
        "{:?}",
        (
            flows,
            (&connection.frames, connection.start, connection.end),
            (&connection.handshake, connection.reset_count),
            connection.silence_before_end,
            &connection.silences,
            (connection.vantage.place, connection.vantage.round_trip),
            &connection.sendings,
            &connection.app,
        )
    )
}

/// Fails with the place where the two differ.
pub fn same(short: &str, full: &str) -> Result<(), TestCaseError> {
    let at = short
        .bytes()
        .zip(full.bytes())
        .take_while(|(one, other)| one == other)
        .count();
    let around = |text: &str| {
        let from = text.get(at.saturating_sub(300)..).unwrap_or_default();
        from.chars().take(420).collect::<String>()
    };
    prop_assert!(
        short == full,
        "kept in short: …{}…\nin full: …{}…",
        around(short),
        around(full)
    );
    Ok(())
}
