//! The sender's side: how much it had in flight, and what kept it from sending more.

use whyreset_segments::Known;

use crate::orderly::Passed;
use crate::so_far::SoFar;
use crate::{BySide, Flow, Moment, Packet, Side};

/// What one side had in flight, and what stopped it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sending {
    /// Bytes sent and not acknowledged when the connection ended.
    pub in_flight_at_end: u64,
    /// The most bytes in flight at any time, as seen here.
    pub in_flight_max: u64,
    /// When that was.
    pub at_max: Option<Moment>,
    /// What kept it from sending more at the end.
    pub stopped_by: StoppedBy,
}

/// What keeps a side from sending more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoppedBy {
    /// It has sent its FIN.
    Closed,
    /// The other side's window has no room for another segment.
    PeerWindow,
    /// All that was sent is acknowledged, and the last segment carried PSH: the program had nothing more to send.
    NothingToSend,
    /// It waits for an acknowledgement: it repeats the oldest segment.
    Unacknowledged,
    /// Itself: several segments are in flight, the window has room, and the last one was full and without PSH, so more was there to be
    /// sent. That is what a congestion window does (RFC 5681 §3.1), or pacing; it cannot be seen directly.
    Congestion,
    /// The capture does not tell.
    #[default]
    Unknown,
}

/// Watches what one side has in flight.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SendingTracker {
    max: i64,
    at_max: Option<Moment>,
}

impl SendingTracker {
    /// A packet of the side, added to `own` already.
    pub(crate) fn packet(&mut self, packet: &Packet, own: &SoFar, peer: &SoFar) {
        if packet.payload_len > 0 && packet.known.has(Known::SEQ.with(Known::LEN)) {
            self.calm(packet, own, peer);
        }
    }

    /// The same of a packet with payload, all of it told.
    #[inline]
    pub(crate) fn calm(&mut self, packet: &Packet, own: &SoFar, peer: &SoFar) {
        self.in_flight(in_flight(own, peer), packet.moment());
    }

    /// So much is in flight behind a packet with payload.
    #[inline]
    pub(crate) fn in_flight(&mut self, in_flight: i64, at: Moment) {
        if in_flight > self.max {
            self.max = in_flight;
            self.at_max = Some(at);
        }
    }

    /// Packets of the side were passed over.
    pub(crate) fn pass_over(&mut self, passed: &Passed) {
        if let Some((most, at)) = passed.in_flight
            && most > self.max
        {
            self.max = most;
            self.at_max = Some(at);
        }
    }

    pub(crate) fn conclude(
        &self,
        side: Side,
        flows: &BySide<Flow>,
        so_far: &BySide<SoFar>,
    ) -> Sending {
        let in_flight = in_flight(so_far.of(side), so_far.of(side.peer()));
        Sending {
            in_flight_at_end: u64::try_from(in_flight).unwrap_or(0),
            in_flight_max: u64::try_from(self.max).unwrap_or(0),
            at_max: self.at_max,
            stopped_by: stopped_by(in_flight, flows.of(side), flows.of(side.peer())),
        }
    }
}

/// Sent and not acknowledged; 0 where the other side has acknowledged nothing that was captured.
fn in_flight(own: &SoFar, peer: &SoFar) -> i64 {
    match (own.sent_to, peer.acked_to) {
        (Some(sent_to), Some(acked)) => sent_to.saturating_sub(acked).max(0),
        _ => 0,
    }
}

fn stopped_by(in_flight: i64, own: &Flow, peer: &Flow) -> StoppedBy {
    let window = i64::from(peer.window.last);
    let segment = i64::from(own.largest_segment(peer).max(1));
    let knows_window = peer.window.scale_known && peer.last.is_some();
    if own.fin.is_some() {
        StoppedBy::Closed
    } else if knows_window && own.data_packets > 0 && window.saturating_sub(in_flight) < segment {
        StoppedBy::PeerWindow
    } else if own.unanswered.is_some() {
        StoppedBy::Unacknowledged
    } else if own.data_packets > 0 && is_held_back(in_flight, own, peer) {
        StoppedBy::Congestion
    } else if in_flight == 0 && (own.data_packets == 0 || own.last_data_pushed) {
        StoppedBy::NothingToSend
    } else {
        StoppedBy::Unknown
    }
}

/// The last segment was as large as any before, as the other side's MSS allows (RFC 9293 §3.7.1), and the end of no write.
fn is_held_back(in_flight: i64, own: &Flow, peer: &Flow) -> bool {
    let mss = peer.syn_options.and_then(|options| options.mss);
    let full = mss.map_or(u32::MAX, |mss| u32::from(mss).saturating_sub(OPTIONS));
    in_flight >= 2 * i64::from(own.sizes.largest_sent)
        && !own.last_data_pushed
        && own.sizes.last_sent == own.sizes.largest_sent
        && own.sizes.last_sent >= full
        && peer.window.scale_known
}

/// What options take of a full segment at most (RFC 9293 §3.1).
const OPTIONS: u32 = 40;

#[cfg(test)]
mod tests {
    use whyreset_segments::TcpOptions;

    use super::*;
    use crate::Window;

    fn flows(window: u32, pushed: bool) -> BySide<Flow> {
        let mut flows = BySide::<Flow>::default();
        flows.server.data_packets = 5;
        flows.server.sizes.largest_sent = 1_448;
        flows.server.sizes.last_sent = 1_448;
        flows.client.syn_options = Some(TcpOptions {
            mss: Some(1_460),
            ..TcpOptions::default()
        });
        flows.server.last_data_pushed = pushed;
        flows.client.last = Some(Moment {
            frame: 9,
            time: whyreset_capture::Timestamp::default(),
        });
        flows.client.window = Window {
            scale_known: true,
            last: window,
            ..Window::default()
        };
        flows
    }

    fn stopped(in_flight: i64, flows: &BySide<Flow>) -> StoppedBy {
        stopped_by(in_flight, &flows.server, &flows.client)
    }

    #[test]
    fn tells_what_stopped_a_sender() {
        assert_eq!(stopped(0, &flows(0, false)), StoppedBy::PeerWindow);
        assert_eq!(stopped(9_000, &flows(10_000, false)), StoppedBy::PeerWindow);
        assert_eq!(stopped(0, &flows(60_000, true)), StoppedBy::NothingToSend);
        assert_eq!(stopped(9_000, &flows(60_000, true)), StoppedBy::Unknown);
        assert_eq!(stopped(9_000, &flows(60_000, false)), StoppedBy::Congestion);
        assert_eq!(stopped(1_448, &flows(60_000, false)), StoppedBy::Unknown);
        let mut short = flows(60_000, false);
        short.server.sizes.last_sent = 700;
        assert_eq!(stopped(9_000, &short), StoppedBy::Unknown);
    }
}
