//! Calm packets ([`crate::calm`]): each is taken as it comes, and then they are looked at together.

#[cfg(test)]
mod tests;

use whyreset_segments::Usual;

use super::{Live, TELLING_PAUSE};
use crate::calm::{self, Calm, Shared};
use crate::captured_twice::Way;
use crate::facts::handshakes;
use crate::pairs::{ByEnd, End};
use crate::reassembly::Payload;
use crate::{EngineConfig, Moment, StreamSink, own_marks};

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
        if self.course.waiting.len() >= calm::MAX_WAITING {
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
        let waiting = &mut self.course.waiting;
        if waiting.capacity() == 0 {
            waiting.reserve_exact(calm::MAX_WAITING);
        }
        waiting.push(Calm::of(usual, from, seq, ack));
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
        for calm in &waiting {
            if let Some(shared) = shared.of(calm.from) {
                self.look_at_calm(calm, shared, config);
            }
        }
        waiting.clear();
        self.course.waiting = waiting;
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

    fn look_at_calm(&mut self, calm: &Calm, shared: &Shared, config: &EngineConfig) {
        let mut packet = calm.packet(shared);
        let (own, peer) = self.directions.both_mut(calm.from);
        own.recent.calm(calm.print(shared), shared.look.has_ip_id());
        packet.marks = own_marks::of_calm(&packet, own, peer);
        let fresh = own.count_bytes_at(calm.wire_seq, packet.payload_len);
        let datagram_len = shared.look.datagram_len(packet.payload_len);
        own.calm_sent(&packet, fresh, shared.mss, datagram_len);
        if packet.ack >= 1 {
            handshakes::acknowledged(&mut self.handshake, packet.side, packet.moment());
        }
        peer.calm_received(&packet);
        self.observers.calm(&packet, shared.way.mac);
        self.packets.push(&packet, false, config);
    }
}
