//! Calm packets that go on smoothly: of these sums and bounds tell nearly all, and what came before what matters to few watchers
//! ([`crate::flight`]).
//!
//! Each side goes on from where it was, within the other's window, and acknowledges only what was sent; nothing is asked that the
//! next packet would answer (a RST, the SYN/ACK, a FIN), and no silence between them is worth keeping. All others are looked at one by
//! one.

use crate::calm::{Calm, Shared};
use crate::calm_queue::{CalmQueue, Oddities};
use crate::calm_run::CalmRun;
use crate::live::Live;
use crate::pairs::{ByEnd, End};
use crate::{EngineConfig, Marks, StreamSink};

/// The runs of both ends.
pub(super) type Runs<'c> = ByEnd<Option<CalmRun<'c>>>;

impl<X: StreamSink> Live<X> {
    /// Whether the packets that wait go on smoothly.
    pub(super) fn are_smooth(&self, waiting: &CalmQueue, runs: &Runs<'_>) -> bool {
        let Oddities { strays, pauses } = self.course.oddities;
        !strays
            && (self.handshake.ack.is_some() || self.handshake.syn_ack.is_none())
            && !self
                .observers
                .keeps_pause_of(waiting, if pauses { waiting.len() } else { 1 })
            && [End::Low, End::High].into_iter().all(|end| {
                let (own, peer) = runs.both(end);
                own.as_ref()
                    .is_none_or(|own| self.goes_on(own, end, waiting, peer.as_ref()))
                    && peer
                        .as_ref()
                        .is_none_or(|peer| self.is_answered(end, peer, own.is_some()))
                    && self.directions.of(end).provocation.is_none()
            })
    }

    /// Whether the packets of an end go on from where it was, and lie within the window of its peer.
    fn goes_on(
        &self,
        run: &CalmRun<'_>,
        end: End,
        waiting: &CalmQueue,
        peer: Option<&CalmRun<'_>>,
    ) -> bool {
        let (own, other) = self.directions.both(end);
        own.flow.acked_to <= run.first.seq
            && self.observers.ends_at(run.shared.side, run.first.seq)
            && (!other.scale_is_known()
                || run.last.seq <= own.edge
                || stay_inside(waiting, end, own.edge, peer))
    }

    /// Whether the packets of its peer acknowledge what an end has sent, and not for the first time; `sends` says that it goes on to
    /// send meanwhile.
    fn is_answered(&self, end: End, by: &CalmRun<'_>, sends: bool) -> bool {
        let flow = &self.directions.of(end).flow;
        flow.acked_to > 0
            && flow.fin.is_none_or(|fin| fin.acked.is_some())
            && self.observers.has_acked(by.shared.side, flow.acked_to)
            && (sends || self.observers.reaches(by.shared.side.peer(), by.acked_to))
    }

    /// Takes in packets that go on smoothly.
    pub(super) fn take_smoothly(
        &mut self,
        waiting: &CalmQueue,
        runs: &Runs<'_>,
        shared: &ByEnd<Option<Shared>>,
        config: &EngineConfig,
    ) {
        for end in [End::Low, End::High] {
            let (own, peer) = runs.both(end);
            self.take_flight(end, waiting, own.as_ref(), peer.as_ref());
        }
        for end in [End::Low, End::High] {
            if let Some(run) = runs.of(end) {
                let (own, other) = self.directions.both_mut(end);
                own.calm_on(run);
                other.calm_answered(run);
                self.observers.calm_on(run);
            }
        }
        if let Some((from, last)) = waiting.last() {
            let data_by = last_data(waiting, runs).map(|end| self.side(end));
            let last = (last.moment(), self.side(from));
            self.observers.calm_end(last, data_by);
        }
        self.keep_smooth(waiting, runs, shared, config);
    }

    fn keep_smooth(
        &mut self,
        waiting: &CalmQueue,
        runs: &Runs<'_>,
        shared: &ByEnd<Option<Shared>>,
        config: &EngineConfig,
    ) {
        let is_marked = |end: End| runs.of(end).as_ref().is_some_and(|run| run.is_marked);
        let passing = self.packets.make_way(waiting.len(), config);
        if is_marked(End::Low) || is_marked(End::High) {
            for (from, calm) in waiting.in_order().take(passing) {
                self.pass_calm(calm, shared.of(from).as_ref(), config);
            }
        } else {
            self.packets.pass(passing as u64);
        }
        for (from, calm) in waiting.in_order_behind(passing) {
            if let Some(shared) = shared.of(from) {
                self.packets.push_calm(calm, shared, Marks::NONE, config);
            }
        }
    }

    fn pass_calm(&mut self, calm: &Calm, shared: Option<&Shared>, config: &EngineConfig) {
        match shared {
            Some(shared) if !calm.marks.is_empty() => {
                let packet = calm.packet(shared, Marks::NONE);
                self.packets.pass_telling(&packet, config);
            }
            _ => self.packets.pass(1),
        }
    }

    /// What an end sent, and its peer acknowledged.
    fn take_flight(
        &mut self,
        end: End,
        waiting: &CalmQueue,
        own: Option<&CalmRun<'_>>,
        by: Option<&CalmRun<'_>>,
    ) {
        let side = self.side(end);
        let direction = self.directions.of_mut(end);
        let has_data = own.is_some_and(|own| own.data.is_some());
        let moves = by.is_some_and(|by| {
            by.acked_to > direction.flow.acked_to || self.observers.waits_for(by)
        });
        if has_data || moves {
            let mut flight = self.observers.flight(direction, side);
            flight.take(waiting.in_order(), end);
        } else if let Some(by) = by {
            self.observers.settle(side, by);
        }
    }
}

/// Who sent the last data.
fn last_data(waiting: &CalmQueue, runs: &Runs<'_>) -> Option<End> {
    let has_data = |end: End| runs.of(end).as_ref().is_some_and(|run| run.data.is_some());
    match (has_data(End::Low), has_data(End::High)) {
        (false, false) => None,
        (true, false) => Some(End::Low),
        (false, true) => Some(End::High),
        (true, true) => {
            let data = waiting.in_order().filter(|(_, calm)| calm.payload_len > 0);
            data.last().map(|(from, _)| from)
        }
    }
}

/// Whether none of the packets of `end` lies beyond what its peer's windows let it send: up to `edge` at first.
fn stay_inside(waiting: &CalmQueue, end: End, mut edge: i64, peer: Option<&CalmRun<'_>>) -> bool {
    let Some(peer) = peer else {
        return false;
    };
    waiting.in_order().all(|(from, calm)| {
        if from != end {
            edge = edge.max(peer.shared.edge(calm.ack, calm.window));
        }
        from != end || calm.seq <= edge
    })
}
