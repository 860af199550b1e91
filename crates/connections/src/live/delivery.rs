//! What a connection's sink is told: payload in order, acknowledgements, lines of a list, ends.

use whyreset_segments::{Known, Segment, TcpFlags};

use super::{Live, moment};
use crate::pairs::End;
use crate::reassembly::{Outlet, Payload};
use crate::{Moment, Packet, StreamSink};

impl<X: StreamSink> Live<X> {
    /// Hands what a segment carries to the sink.
    pub(super) fn deliver_segment(&mut self, segment: &Segment<'_>, packet: &Packet, from: End) {
        let has_ack = packet.flags.contains(TcpFlags::ACK) && !packet.flags.is_rst();
        let ack = (has_ack && segment.known.has(Known::ACK)).then_some(packet.ack);
        let numbered = segment.known.has(Known::SEQ.with(Known::LEN));
        let has_data = numbered && segment.payload_len > 0 && !segment.flags.is_rst();
        self.skip_what_came_before(segment, packet, from);
        let syn = i64::from(segment.flags.contains(TcpFlags::SYN));
        let data = has_data.then(|| Payload {
            offset: packet.seq.saturating_add(syn).saturating_sub(1),
            len: segment.payload_len,
            bytes: segment.payload,
        });
        self.deliver(moment(segment), from, data, ack);
    }

    /// A list that begins in the middle counts from numbers that it does not show: what a side sent before its first row, and what the other
    /// acknowledges before it, was said before anything that follows.
    fn skip_what_came_before(&mut self, segment: &Segment<'_>, packet: &Packet, from: End) {
        let begun = self.handshake.syn.is_some() || self.handshake.syn_ack.is_some();
        let relative = segment.known.has(Known::RELATIVE) && !segment.flags.is_rst();
        if begun || !relative || self.replaying {
            return;
        }
        let has_ack = packet.flags.contains(TcpFlags::ACK) && segment.known.has(Known::ACK);
        let acknowledged = has_ack.then_some((from.other(), packet.ack, 0));
        let sent = segment
            .known
            .has(Known::SEQ)
            .then_some((from, packet.seq, 1));
        for (end, to, rows) in [acknowledged, sent].into_iter().flatten() {
            let stream = self.course.streams.of(end);
            let untouched = stream.next_offset() == 0 && !stream.is_holding();
            let before = u64::try_from(to.saturating_sub(1)).unwrap_or(0);
            if untouched && before > 0 && self.directions.of(end).flow.packets == rows {
                let side = self.side(end);
                let mut outlet = Outlet {
                    sink: &mut self.app,
                    side,
                    at: moment(segment),
                };
                self.course.streams.of_mut(end).flush(before, &mut outlet);
            }
        }
    }

    /// Hands payload and acknowledgement to the sink.
    pub(super) fn deliver(
        &mut self,
        at: Moment,
        from: End,
        data: Option<Payload<'_>>,
        ack: Option<i64>,
    ) {
        if self.replaying {
            return;
        }
        self.sparing.forget_needs();
        let side = self.side(from);
        let (own, peer) = self.course.streams.both_mut(from);
        let mut outlet = Outlet {
            sink: &mut self.app,
            side,
            at,
        };
        if let Some(data) = data {
            own.push(&data, &mut outlet);
        }
        if let Some(ack) = ack {
            peer.answered(ack);
        }
        self.tell_acknowledged(at, from);
        let (own, peer) = self.course.streams.both_mut(from);
        if own.is_holding() || peer.is_holding() {
            let mut outlet = Outlet {
                sink: &mut self.app,
                side,
                at,
            };
            let mut waiting = [(own, side), (peer, side.peer())];
            waiting.sort_by_key(|(stream, _)| stream.held_since());
            for (stream, side) in waiting.into_iter().filter(|(it, _)| it.is_holding()) {
                outlet.side = side;
                stream.wait(&mut outlet);
            }
        }
    }

    /// Tells the sink what is newly acknowledged, of the stream of `first` first.
    pub(super) fn tell_acknowledged(&mut self, at: Moment, first: End) {
        for end in [first, first.other()] {
            let by = self.side(end.other());
            let stream = self.course.streams.of_mut(end);
            if !stream.has_news() {
                continue;
            }
            // Of a list with rows left out, what was acknowledged was sent, whether its row is shown or not.
            let shown = || match self.elided {
                true => u64::MAX,
                false => {
                    let sent_to = self.course.numbering.of(end).top();
                    self.directions.of(end).stream_end_below(sent_to)
                }
            };
            if let Some(offset) = stream.acknowledgement(shown) {
                self.app.acknowledged(by, at, offset);
            }
        }
    }

    /// Tells the sink what a list says of the packet, and the end of a direction.
    pub(super) fn tell(&mut self, packet: &Packet, from: End, told: Option<&str>) {
        if self.replaying {
            return;
        }
        let at = packet.moment();
        if let Some(line) = told {
            self.app.told(packet.side, at, line);
        }
        let fin = self.directions.of(from).flow.fin;
        let first_fin = packet.flags.is_fin() && fin.is_some_and(|fin| fin.at == at);
        if packet.flags.is_rst() || first_fin {
            self.app.closed(packet.side, at, packet.flags.is_rst());
        }
    }
}
