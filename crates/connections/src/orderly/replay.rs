//! An orderly connection becomes one that is followed in full: its packets go through the analysis in their order.

use whyreset_segments::{Checksum, Endpoint, Segment};

use super::Orderly;
use super::behind::{Behind, Kept};
use super::look::Looks;
use super::short::{Seen, Short};
use super::stock::Stock;
use crate::links::Links;
use crate::live::{Arriving, Live};
use crate::pairs::{ByEnd, End};
use crate::reassembly::HandedOn;
use crate::sequence_analysis::Scale;
use crate::{EngineConfig, Marks, StreamSink};

impl<X: StreamSink> Orderly<X> {
    /// The connection between `ends` as if it had been followed in full from the start.
    pub(crate) fn into_live(
        mut self,
        ends: &ByEnd<Endpoint>,
        stock: &mut Stock,
        links: &Links,
        config: &EngineConfig,
    ) -> Box<Live<X>> {
        self.tell_passed(self.last());
        let app = std::mem::take(&mut self.body.app);
        let (client, server) = (self.client, self.client.other());
        let (client_end, server_end) = (*ends.of(client), *ends.of(server));
        let link = self.body.syn.link(links);
        let syn = self.body.syn.expand(client_end, server_end, link);
        let mut live = Live::begin_replay(&syn, client, app);
        // The handshake's two, and those that are kept whole.
        live.expect(self.first().len().saturating_add(2), config);
        let opening = Arriving {
            marks: self.body.syn.marks(),
            ..again(&syn, client, None)
        };
        live.packet(&opening, config);
        let answer = self.body.syn_ack.segment(server_end, client_end);
        live.packet(&again(&answer, server, self.body.syn_ack.checksum), config);
        let mut next = self.starts();
        self.replay(
            self.first().iter().copied(),
            &mut next,
            &mut live,
            (ends, &stock.looks),
            config,
        );
        let rest = &mut stock.rest;
        if let Some(middle) = self.body.passed.take_up(rest, self.body.syn.moment()) {
            next = ByEnd {
                low: middle.ends.low.next(),
                high: middle.ends.high.next(),
            };
            let behind = Behind::of(&mut Kept {
                middle,
                rest,
                last: self.body.before_ring.last(),
                overheads: self.overheads(&stock.looks),
            });
            live.pass_over(&behind, &self.scales(), config);
        }
        self.replay(
            self.log.last(&self.body.before_ring),
            &mut next,
            &mut live,
            (ends, &stock.looks),
            config,
        );
        live.end_replay(&self.streams());
        stock.take_back(self.log.take_ring());
        live
    }

    /// `next`: each end's next sequence number.
    fn replay(
        &self,
        packets: impl Iterator<Item = Short>,
        next: &mut ByEnd<u32>,
        live: &mut Live<X>,
        (ends, looks): (&ByEnd<Endpoint>, &Looks),
        config: &EngineConfig,
    ) {
        for short in packets {
            let from = short.from();
            let own = self.ends.of(from);
            let next = next.of_mut(from);
            if let Some(look) = own.look.and_then(|look| looks.get(look)) {
                let seen = Seen {
                    first: self.body.first_frame,
                    look,
                    flow_label: own.flow_label,
                    ends,
                };
                let segment = short.segment(*next, &seen);
                live.packet(&again(&segment, from, short.checksum()), config);
            }
            *next = next.wrapping_add(short.sequence_len());
        }
    }

    fn scales(&self) -> ByEnd<Scale> {
        ByEnd {
            low: Scale::Shift(self.body.scales.low),
            high: Scale::Shift(self.body.scales.high),
        }
    }

    /// By how much each end's datagrams are larger than their payload.
    fn overheads(&self, looks: &Looks) -> ByEnd<u32> {
        let of = |end: End| {
            let look = self.ends.of(end).look.and_then(|look| looks.get(look));
            look.map_or(0, |look| look.datagram_len(0))
        };
        ByEnd {
            low: of(End::Low),
            high: of(End::High),
        }
    }

    fn streams(&self) -> ByEnd<HandedOn> {
        let of = |end: End| HandedOn {
            bytes: self.sent(end),
            acknowledged: self.numbers_below(end, self.acked(end.other())),
            acknowledged_told: self.body.streams.of(end).acknowledged,
        };
        ByEnd {
            low: of(End::Low),
            high: of(End::High),
        }
    }
}

const fn again<'s>(
    segment: &'s Segment<'static>,
    from: End,
    checksum: Option<Checksum>,
) -> Arriving<'s, 'static> {
    Arriving {
        segment,
        from,
        told: None,
        marks: Marks::NONE,
        checksum,
    }
}
