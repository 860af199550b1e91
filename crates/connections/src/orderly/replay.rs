//! An orderly connection becomes one that is followed in full: its packets go through the analysis in their order.

use whyreset_segments::{Checksum, Segment};

use super::short::{Looks, Short};
use super::{FIRST, Orderly};
use crate::live::{Arriving, Live};
use crate::pairs::{ByEnd, End};
use crate::reassembly::HandedOn;
use crate::sequence_analysis::Scale;
use crate::{EngineConfig, Marks, Moment, Packet, Side, StreamSink};

impl<X: StreamSink> Orderly<X> {
    /// The SYN and the SYN/ACK, and who sent them.
    pub(super) fn opening(&self) -> [(Packet, End); 2] {
        let packet = |segment: &Segment<'_>, side: Side, ack: i64| Packet {
            frame: segment.frame,
            time: segment.time,
            side,
            flags: segment.flags,
            seq: 0,
            ack,
            window: segment.window,
            payload_len: 0,
            ttl: segment.ip.ttl,
            ip_id: segment.ip.id,
            timestamps: segment.options.timestamps,
            sacked_to: None,
            marks: Marks::NONE,
            known: segment.known,
        };
        [
            (packet(&self.syn_again(), Side::Client, 0), self.client),
            (
                packet(&self.syn_ack.segment, Side::Server, 1),
                self.server(),
            ),
        ]
    }

    /// The connection as if it had been followed in full from the start.
    pub(crate) fn into_live(mut self, looks: &Looks, config: &EngineConfig) -> Live<X> {
        self.tell_passed(Moment {
            frame: self.frames.last,
            time: self.last,
        });
        let app = std::mem::take(&mut self.app);
        let syn = self.syn_again();
        let mut live = Live::begin_replay(&syn, self.client, app);
        live.packet(&again(&syn, self.client, None), config);
        let syn_ack = &*self.syn_ack;
        live.packet(
            &again(&syn_ack.segment, self.server(), syn_ack.checksum),
            config,
        );
        let (first, last) = self.log.split_at(FIRST.min(self.log.len()));
        self.replay(first, &mut live, looks, config);
        if let Some(behind) = &self.behind {
            let scales = ByEnd {
                low: Scale::Shift(self.ends.low.scale),
                high: Scale::Shift(self.ends.high.scale),
            };
            live.pass_over(behind, &scales, config);
        }
        self.replay(last, &mut live, looks, config);
        live.end_replay(&self.streams());
        live
    }

    fn replay(&self, packets: &[Short], live: &mut Live<X>, looks: &Looks, config: &EngineConfig) {
        for short in packets {
            if let Some(segment) = self.segment_again(short, looks) {
                live.packet(&again(&segment, short.from(), short.checksum()), config);
            }
        }
    }

    fn syn_again(&self) -> Segment<'static> {
        let answer = &self.syn_ack.segment;
        self.syn.expand(answer.destination, answer.source)
    }

    fn segment_again(&self, short: &Short, looks: &Looks) -> Option<Segment<'static>> {
        let own = self.ends.of(short.from());
        let look = looks.get(own.look?)?;
        let answer = &self.syn_ack.segment;
        let (source, destination) = if short.from() == self.client {
            (answer.destination, answer.source)
        } else {
            (answer.source, answer.destination)
        };
        Some(short.segment(look, own.flow_label, source, destination))
    }

    fn streams(&self) -> ByEnd<HandedOn> {
        let of = |end: End| {
            let own = self.ends.of(end);
            HandedOn {
                bytes: own.sent,
                acknowledged: self.numbers_below(end, self.ends.of(end.other()).acked),
                acknowledged_told: own.acknowledged_told,
            }
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
