//! Calm packets ([`crate::calm`]): each is taken as it comes, and then they are looked at together.

#[cfg(test)]
mod tests;

use whyreset_segments::Usual;

use super::{Live, TELLING_PAUSE};
use crate::calm::{Calm, Shared};
use crate::calm_run::CalmRun;
use crate::captured_twice::Way;
use crate::facts::handshakes;
use crate::pairs::{ByEnd, End};
use crate::reassembly::Payload;
use crate::{EngineConfig, Marks, Moment, StreamSink, own_marks};

impl<X: StreamSink> Live<X> {
    /// Takes a packet if it is calm: its payload and its acknowledgement go on, the rest waits. `false`: it is not, and nothing has
    /// changed. `holder` holds its bytes.
    pub(crate) fn calm(
        &mut self,
        usual: &Usual,
        holder: &[u8],
        from: End,
        config: &EngineConfig,
    ) -> bool {
        let pause = self.pause_before(usual.time);
        let course = &mut self.course;
        let looks_calm = !self.ended
            && pause < TELLING_PAUSE
            && course.habits.of(from).is_calm(usual)
            && course.numbering.of(from.other()).is_set();
        if !looks_calm || !course.analysis.pass(&usual.into(), from) {
            return false;
        }
        self.count_frame(usual.frame, usual.time);
        self.wait(usual, usual.payload(holder), from);
        if self.course.waiting.is_full() {
            self.catch_up(config);
        }
        true
    }

    fn wait(&mut self, usual: &Usual, payload: &[u8], from: End) {
        let numbering = &mut self.course.numbering;
        let seq = numbering.of(from).relative(usual.seq);
        let ack = numbering.of(from.other()).relative(usual.ack);
        let end = seq.saturating_add(i64::from(usual.payload_len));
        numbering.of_mut(from).sent(end);
        let at = Moment {
            frame: usual.frame,
            time: usual.time,
        };
        let payload = Payload {
            offset: seq.saturating_sub(1),
            len: usual.payload_len,
            bytes: payload,
        };
        self.hand_on(&payload, at, from, ack);
        let calm = Calm::of(usual, seq, ack);
        self.course.waiting.push(calm, from);
    }

    /// The calm packets that wait go through the facts and the watchers.
    pub(crate) fn catch_up(&mut self, config: &EngineConfig) {
        if self.course.waiting.is_empty() {
            return;
        }
        let mut waiting = std::mem::take(&mut self.course.waiting);
        let shared = ByEnd {
            low: self.shared(End::Low),
            high: self.shared(End::High),
        };
        let passing = self.packets.make_way(waiting.len(), config);
        for (n, (from, calm)) in waiting.in_order().enumerate() {
            let Some(shared) = shared.of(from) else {
                continue;
            };
            let marks = self.look_at_calm(calm, from, shared);
            if n >= passing {
                let packet = calm.packet(shared, marks);
                self.packets.push(&packet, false, config);
            } else if marks.is_empty() {
                self.packets.pass();
            } else {
                self.packets
                    .pass_telling(&calm.packet(shared, marks), config);
            }
        }
        for end in [End::Low, End::High] {
            if let Some(shared) = shared.of(end) {
                self.look_at_run(waiting.of(end), end, shared);
            }
        }
        waiting.clear();
        self.course.waiting = waiting;
    }

    /// What the `packets` of an end come to.
    fn look_at_run(&mut self, packets: &[Calm], end: End, shared: &Shared) {
        if let Some(run) = CalmRun::of(packets, shared) {
            let direction = self.directions.of_mut(end);
            direction.recent.calm(&run, packets);
            direction.calm_run(&run);
            self.observers.calm_run(&run, packets);
        }
    }

    /// What the calm packets of an end share; `None` where it has none.
    fn shared(&self, end: End) -> Option<Shared> {
        let look = self.course.habits.of(end).look()?;
        let (own, peer) = self.directions.both(end);
        Some(Shared {
            side: self.side(end),
            shift: own.scale.shift(),
            look,
            known: look.known(),
            way: Way::of(&look.link(), look.ttl()),
            mss: peer.largest_allowed(),
        })
    }

    /// Gives our own marks of the packet.
    #[inline]
    fn look_at_calm(&mut self, calm: &Calm, from: End, shared: &Shared) -> Marks {
        let packet = calm.packet(shared, Marks::NONE);
        let (own, peer) = self.directions.both_mut(from);
        let marks = own_marks::of_calm(&packet, own, peer);
        let datagram_len = shared.look.datagram_len(packet.payload_len);
        own.calm_sent(&packet, shared.mss, datagram_len);
        if packet.ack >= 1 {
            handshakes::acknowledged(&mut self.handshake, packet.side, packet.moment());
        }
        peer.calm_received(&packet);
        self.observers.calm(&packet);
        marks
    }
}
