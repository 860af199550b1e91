//! The watchers of one connection: small state machines that see every packet and tell at the end what it meant.
//!
//! The engine calls [`Observers::packet`] for each packet it has placed (copies that were captured twice left out), in
//! the order of the capture, and [`Observers::conclude`] when the connection is over.

mod smooth;

use whyreset_segments::{Known, Segment, TcpFlags};

use crate::calm_run::CalmRun;
use crate::ip_id::IpIdTracker;
use crate::orderly::Behind;
use crate::pairs::{ByEnd, End};
use crate::reading::ReadingTracker;
use crate::reset::ResetLog;
use crate::round_trip::{Answer, RoundTripMeter};
use crate::sending::SendingTracker;
use crate::sequence_analysis::Scale;
use crate::silence::SilenceLog;
use crate::so_far::SoFar;
use crate::{BySide, Connection, Packet, SendHistory, Side, StackFamily, place, reset, stack};

/// All watchers of one connection.
#[derive(Clone, Debug, Default)]
pub struct Observers {
    meters: BySide<RoundTripMeter>,
    sent: BySide<SendHistory>,
    ip_ids: BySide<IpIdTracker>,
    readings: BySide<ReadingTracker>,
    so_far: BySide<SoFar>,
    sendings: BySide<SendingTracker>,
    silences: SilenceLog,
    order_known: BySide<bool>,
    elided: bool,
    resets: Option<Box<ResetLog>>,
}

impl Observers {
    /// The next packet: numbers relative, marks set.
    pub fn packet(&mut self, packet: &Packet, segment: &Segment<'_>) {
        let side = packet.side;
        self.silences.packet(packet, &self.so_far);
        self.elided |= packet.known.has(Known::GAP_BEFORE);
        if packet.flags.is_rst() {
            self.reset(packet, segment);
            return;
        }
        self.meters.of_mut(side).answered(packet);
        self.meters.of_mut(side.peer()).towards(packet);
        self.sent.of_mut(side).push(packet);
        self.ip_ids.of_mut(side).packet(packet);
        self.readings.of_mut(side).packet(packet);
        self.so_far.of_mut(side).packet(packet, segment);
        self.sendings.of_mut(side).packet(
            packet,
            self.so_far.of(side),
            self.so_far.of(side.peer()),
        );
        if packet.flags.contains(TcpFlags::ACK) && packet.known.has(Known::ACK) {
            self.acknowledged(packet);
        }
        if packet.flags.contains(TcpFlags::SYN) {
            *self.order_known.of_mut(side) = packet.known.has(Known::OPTIONS);
        }
        self.tell_resets(packet);
    }

    /// The same of a calm packet, of a run that [`Observers::calm_run`] gets. No connection that was reset has any.
    #[inline]
    pub(crate) fn calm(&mut self, packet: &Packet) {
        let (side, peer) = (packet.side, packet.side.peer());
        self.silences.calm(packet, &self.so_far);
        self.meters.of_mut(side).acknowledged(&Answer {
            ack: packet.ack,
            at: packet.moment(),
            is_bare: packet.payload_len == 0,
        });
        self.sent.of_mut(side).calm(packet);
        self.so_far.of_mut(side).calm(packet);
        if packet.payload_len > 0 {
            self.meters.of_mut(peer).calm(packet);
            let (own, other) = (self.so_far.of(side), self.so_far.of(peer));
            self.sendings.of_mut(side).calm(packet, own, other);
        }
        self.acknowledged(packet);
    }

    /// What the calm packets of a run come to, behind the last of them: for the watchers that look at one side alone.
    pub(crate) fn calm_run(&mut self, run: &CalmRun<'_>) {
        let side = run.shared.side;
        self.so_far.of_mut(side).calm_run(run);
        if run.shared.look.has_ip_id() {
            self.ip_ids.of_mut(side).calm_run(run);
        }
        self.readings.of_mut(side).calm_run(run);
    }

    /// The packet acknowledges what the other side sent.
    #[inline]
    fn acknowledged(&mut self, packet: &Packet) {
        let peer = packet.side.peer();
        self.so_far
            .of_mut(peer)
            .acked_by_peer(packet.ack, packet.time);
        self.sent.of_mut(peer).proven(packet.ack);
    }

    #[inline]
    fn tell_resets(&mut self, packet: &Packet) {
        if let Some(log) = &mut self.resets
            && let Some(sent) = self.sent.of(packet.side).newest()
        {
            let packet = *packet;
            log.packet(&sent, &packet);
        }
    }

    fn reset(&mut self, packet: &Packet, segment: &Segment<'_>) {
        let log = self.resets.get_or_insert_default();
        log.elided = self.elided;
        log.reset(packet, segment, &self.so_far, &self.sent);
        self.sent.of_mut(packet.side).push(packet);
    }

    /// Packets were passed over, between the last packet and the next.
    pub(crate) fn pass_over(
        &mut self,
        behind: &Behind,
        sides: &ByEnd<Side>,
        scales: &ByEnd<Scale>,
    ) {
        self.silences.pass_over(behind, sides, &self.so_far);
        for end in [End::Low, End::High] {
            let (passed, peer) = (behind.ends.of(end), behind.ends.of(end.other()));
            let (side, shift) = (*sides.of(end), scales.of(end).shift());
            *self.meters.of_mut(side) = passed.meter.clone();
            *self.ip_ids.of_mut(side) = passed.ip_ids;
            self.sent.of_mut(side).pass_over(passed);
            self.readings.of_mut(side).pass_over(passed, shift);
            self.so_far.of_mut(side).pass_over(passed, peer, shift);
            self.sendings.of_mut(side).pass_over(passed);
        }
    }

    /// It turned out that client and server are the other way round.
    pub fn swap_sides(&mut self) {
        self.meters = std::mem::take(&mut self.meters).swapped();
        self.sent = std::mem::take(&mut self.sent).swapped();
        self.ip_ids = std::mem::take(&mut self.ip_ids).swapped();
        self.readings = std::mem::take(&mut self.readings).swapped();
        self.so_far = self.so_far.swapped();
        self.sendings = std::mem::take(&mut self.sendings).swapped();
        self.silences.swap_sides();
        self.order_known = self.order_known.swapped();
        if let Some(log) = &mut self.resets {
            log.swap_sides();
        }
    }

    /// The connection is over: the engine has filled in `flows`, `handshake`, `packets` and the like, and the watchers add
    /// `vantage`, `sent`, `readings`, `sendings`, `stacks`, `silences`, `resets`, `elided` and the IP ID fields of the flows.
    pub fn conclude<X>(&mut self, connection: &mut Connection<X>) {
        let trips = BySide {
            client: self.meters.client.result(),
            server: self.meters.server.result(),
        };
        for side in [Side::Client, Side::Server] {
            let flow = connection.flows.of_mut(side);
            self.ip_ids.of(side).conclude(&mut flow.network);
            let guess = stack::guess(flow, side == Side::Server, *self.order_known.of(side));
            let has_timestamps = flow
                .syn_options
                .is_some_and(|options| options.timestamps.is_some());
            let held_down = guess.family == StackFamily::Linux
                || (guess.family == StackFamily::Unknown && has_timestamps);
            *connection.readings.of_mut(side) = self
                .readings
                .of(side)
                .conclude(flow.window.scale_known, held_down);
            *connection.stacks.of_mut(side) = guess;
            *connection.sendings.of_mut(side) =
                self.sendings
                    .of(side)
                    .conclude(side, &connection.flows, &self.so_far);
        }
        connection.vantage = place::judge(trips, &connection.flows, &connection.handshake);
        connection.elided |= self.elided;
        connection.sent = std::mem::take(&mut self.sent);
        (connection.silences, connection.silence_before_end) =
            self.silences.conclude(&connection.flows);
        if let Some(log) = &self.resets {
            connection.resets = reset::judge(log, connection);
        }
    }
}
