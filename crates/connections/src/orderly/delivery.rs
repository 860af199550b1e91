//! What the sink of an orderly connection is told, and what it is spared.

use whyreset_segments::Segment;

use super::Orderly;
use crate::pairs::End;
use crate::stream_sink::PassedBytes;
use crate::{Moment, Needs, Side, StreamSink};

impl<X: StreamSink> Orderly<X> {
    pub(super) fn side(&self, end: End) -> Side {
        if end == self.client {
            Side::Client
        } else {
            Side::Server
        }
    }

    /// Hands payload, acknowledgement and FIN to the sink, or passes over what it does not need.
    pub(super) fn hand_on(&mut self, segment: &Segment<'_>, from: End) {
        let at = Moment {
            frame: segment.frame,
            time: segment.time,
        };
        if segment.payload_len > 0 && !self.spare(segment, from, at) {
            self.tell_passed(at);
            self.tell_payload(segment, from, at);
        }
        let news = segment.ack.0 != self.ends.of(from).acked;
        if news && self.ends.low.untold == 0 && self.ends.high.untold == 0 {
            let acknowledged = self.acknowledged(from.other(), segment.ack.0);
            self.tell_acknowledged(from.other(), acknowledged, at);
        }
        if segment.flags.is_fin() {
            self.tell_passed(at);
            let side = self.side(from);
            self.app.closed(side, at, false);
        }
    }

    /// Whether the payload can be passed over: then it is counted.
    fn spare(&mut self, segment: &Segment<'_>, from: End, at: Moment) -> bool {
        let own = self.ends.of_mut(from);
        let len = u64::from(segment.payload_len);
        match &mut own.needs {
            Needs::Everything => return false,
            Needs::Nothing(left) if *left >= len => *left -= len,
            Needs::Nothing(_) => return false,
            Needs::NextStart if X::may_begin(segment.payload) => return false,
            Needs::NextStart => {}
        }
        own.untold += len;
        own.untold_captured += (segment.payload.len() as u64).min(len);
        own.untold_at = at;
        own.sent += len;
        true
    }

    fn tell_payload(&mut self, segment: &Segment<'_>, from: End, at: Moment) {
        let side = self.side(from);
        let own = self.ends.of_mut(from);
        let len = u64::from(segment.payload_len);
        let captured = usize::try_from(len).unwrap_or(usize::MAX);
        let bytes = segment.payload.get(..captured).unwrap_or(segment.payload);
        let behind = own.sent.saturating_add(bytes.len() as u64);
        let (offset, cut) = (own.sent, len.saturating_sub(bytes.len() as u64));
        own.sent = own.sent.saturating_add(len);
        if !bytes.is_empty() {
            self.app.data(side, at, offset, bytes);
        }
        if cut > 0 {
            self.app.gap(side, at, behind, cut);
        }
        for end in [End::Low, End::High] {
            let side = self.side(end);
            self.ends.of_mut(end).needs = self.app.needs(side);
        }
    }

    /// How much of `end`'s stream the number `ack` covers.
    fn acknowledged(&self, end: End, ack: u32) -> u64 {
        self.numbers_below(end, ack).min(self.ends.of(end).sent)
    }

    /// How many numbers of `end` lie between its SYN and `ack`: its bytes, and its FIN.
    pub(super) fn numbers_below(&self, end: End, ack: u32) -> u64 {
        let sender = self.ends.of(end);
        let in_flight = u64::from(sender.next.wrapping_sub(ack));
        let numbers = sender.sent.saturating_add(u64::from(sender.fin));
        numbers.saturating_sub(in_flight)
    }

    fn tell_acknowledged(&mut self, sender: End, offset: u64, at: Moment) {
        let by = self.side(sender.other());
        let told = &mut self.ends.of_mut(sender).acknowledged_told;
        if offset > *told {
            *told = offset;
            self.app.acknowledged(by, at, offset);
        }
    }

    /// Tells what was passed over.
    pub(super) fn tell_passed(&mut self, at: Moment) {
        if self.ends.low.untold == 0 && self.ends.high.untold == 0 {
            return;
        }
        for end in [End::Low, End::High] {
            let side = self.side(end);
            let own = self.ends.of_mut(end);
            if own.untold == 0 {
                continue;
            }
            let passed = PassedBytes {
                offset: own.sent - own.untold,
                len: own.untold,
                captured: own.untold_captured,
            };
            let last = own.untold_at;
            (own.untold, own.untold_captured) = (0, 0);
            self.app.passed(side, last, passed);
        }
        for end in [End::Low, End::High] {
            let acknowledged = self.acknowledged(end, self.ends.of(end.other()).acked);
            self.tell_acknowledged(end, acknowledged, at);
        }
    }
}
