//! Calm packets ([`crate::calm`]): each is taken as it comes, and then they are looked at together.

mod acknowledgements;
mod smooth;
#[cfg(test)]
mod tests;

use whyreset_segments::Usual;

use super::{Arriving, Live, TELLING_PAUSE};
use crate::calm::{Calm, Shared};
use crate::calm_queue::{CalmQueue, Oddities};
use crate::calm_run::CalmRun;
use crate::captured_twice::Way;
use crate::facts::handshakes;
use crate::pairs::{ByEnd, End};
use crate::reassembly::Payload;
use crate::silence::SHORTEST;
use crate::{EngineConfig, Marks, StreamSink, own_marks};

impl<X: StreamSink> Live<X> {
    /// Takes a packet if it is calm: its payload and its acknowledgement go on, the rest waits. `false`: it is not, and nothing has
    /// changed. `holder` holds its bytes.
    #[inline(always)]
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
        let calm = self.arrived(usual, pause, from);
        self.wait(calm, usual.payload(holder), from, config);
        true
    }

    /// The same of a segment in full, `usual` where it is a usual one: gives Wireshark's marks, if it was taken.
    pub(super) fn calm_arriving(
        &mut self,
        arriving: &Arriving<'_, '_>,
        usual: Option<&Usual>,
        config: &EngineConfig,
    ) -> Option<Marks> {
        let Arriving { segment, from, .. } = *arriving;
        if let Some(usual) = usual
            && self.calm(usual, Usual::holder(segment), from, config)
        {
            return Some(Marks::NONE);
        }
        if arriving.told.is_some() {
            return None;
        }
        self.calm_ack(segment, usual, from, config)
    }

    /// A calm packet has come, behind a pause.
    #[inline(always)]
    fn arrived(&mut self, usual: &Usual, pause: i64, from: End) -> Calm {
        self.course.oddities.pauses |= pause >= SHORTEST.nanos();
        self.count_frame(usual.frame, usual.time);
        let numbering = &mut self.course.numbering;
        let seq = numbering.of(from).relative(usual.seq);
        let ack = numbering.of(from.other()).relative(usual.ack);
        let (own, peer) = numbering.both(from);
        let goes_on = seq == own.top() && ack <= peer.top();
        let end = seq.saturating_add(i64::from(usual.payload_len));
        numbering.of_mut(from).sent(end);
        self.course.oddities.strays |= !goes_on;
        Calm::of(usual, seq, ack)
    }

    /// Hands on what a calm packet carries. The rest waits.
    #[inline(always)]
    fn wait(&mut self, calm: Calm, payload: &[u8], from: End, config: &EngineConfig) {
        let payload = Payload {
            offset: calm.seq.saturating_sub(1),
            len: calm.payload_len,
            bytes: payload,
        };
        self.hand_on(&payload, calm.moment(), from, calm.ack);
        self.course.waiting.push(calm, from);
        if self.course.waiting.is_full() {
            self.catch_up(config);
        }
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
        let run = |end: End| CalmRun::of(waiting.of(end), shared.of(end).as_ref()?);
        let runs = ByEnd {
            low: run(End::Low),
            high: run(End::High),
        };
        if self.are_smooth(&waiting, &runs) {
            self.take_smoothly(&waiting, &runs, &shared, config);
        } else {
            self.take_one_by_one(&waiting, &shared, config);
        }
        for end in [End::Low, End::High] {
            if let Some(run) = runs.of(end) {
                let direction = self.directions.of_mut(end);
                direction.recent.calm(run);
                direction.calm_run(run);
                self.observers.calm_run(run);
            }
        }
        waiting.clear();
        self.course.oddities = Oddities::default();
        self.course.waiting = waiting;
    }

    /// Takes in calm packets whatever their order means.
    fn take_one_by_one(
        &mut self,
        waiting: &CalmQueue,
        shared: &ByEnd<Option<Shared>>,
        config: &EngineConfig,
    ) {
        let passing = self.packets.make_way(waiting.len(), config);
        for (n, (from, calm)) in waiting.in_order().enumerate() {
            let Some(shared) = shared.of(from) else {
                continue;
            };
            let marks = self.look_at_calm(calm, from, shared) | calm.marks;
            if n >= passing {
                self.packets.push_calm(calm, shared, marks, config);
            } else if marks.is_empty() {
                self.packets.pass(1);
            } else {
                let packet = calm.packet(shared, marks);
                self.packets.pass_telling(&packet, config);
            }
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
            origins: (
                self.course.numbering.of(end).origin(),
                self.course.numbering.of(end.other()).origin(),
            ),
        })
    }

    /// Gives our own marks of the packet.
    #[inline]
    fn look_at_calm(&mut self, calm: &Calm, from: End, shared: &Shared) -> Marks {
        let packet = calm.packet(shared, Marks::NONE);
        let (own, peer) = self.directions.both_mut(from);
        let marks = own_marks::of_calm(&packet, own, peer);
        own.calm_sent(&packet);
        if packet.ack >= 1 {
            handshakes::acknowledged(&mut self.handshake, packet.side, packet.moment());
        }
        peer.calm_received(&packet);
        self.observers.calm(&packet);
        marks
    }
}
