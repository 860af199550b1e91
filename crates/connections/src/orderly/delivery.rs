//! What the sink of an orderly connection is told, and what it is spared.

use whyreset_segments::Usual;

use super::{Ends, Expected, NEXT_START, Orderly};
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
    #[inline(always)]
    pub(super) fn hand_on(&mut self, usual: &Usual, holder: &[u8], from: End) {
        let at = Moment {
            frame: usual.frame,
            time: usual.time,
        };
        if usual.payload_len > 0 && (usual.flags.is_fin() || !self.spare(usual, holder, from)) {
            self.tell_payload(usual, usual.payload(holder), from, at);
        }
        if !self.untold.any() && usual.ack != self.acked(from) {
            self.tell_news(usual.ack, from.other(), at);
        }
        if usual.flags.is_fin() {
            self.tell_closed(from, at);
        }
    }

    /// This much of `sender`'s stream is acknowledged now.
    #[inline(never)]
    fn tell_news(&mut self, ack: u32, sender: End, at: Moment) {
        let acknowledged = self.acknowledged(sender, ack);
        self.tell_acknowledged(sender, acknowledged, at);
    }

    #[cold]
    fn tell_closed(&mut self, from: End, at: Moment) {
        self.tell_passed(at);
        let side = self.side(from);
        self.app.closed(side, at, false);
    }

    /// Whether the payload can be passed over: then it is counted.
    fn spare(&mut self, usual: &Usual, holder: &[u8], from: End) -> bool {
        let own = self.ends.of_mut(from);
        if !own.is_spared::<X>(usual, holder) {
            return false;
        }
        own.pass_payload(usual);
        self.untold.add(from);
        true
    }

    #[inline(never)]
    fn tell_payload(&mut self, usual: &Usual, payload: &[u8], from: End, at: Moment) {
        self.tell_passed(at);
        let side = self.side(from);
        let own = self.ends.of_mut(from);
        let len = u64::from(usual.payload_len);
        let captured = usize::try_from(len).unwrap_or(usize::MAX);
        let bytes = payload.get(..captured).unwrap_or(payload);
        let behind = own.sent.saturating_add(bytes.len() as u64);
        let (offset, cut) = (own.sent, len.saturating_sub(bytes.len() as u64));
        own.sent = own.sent.saturating_add(len);
        self.told.of_mut(from).bytes = own.sent;
        if !bytes.is_empty() {
            self.app.data(side, at, offset, bytes);
        }
        if cut > 0 {
            self.app.gap(side, at, behind, cut);
        }
        for end in [End::Low, End::High] {
            let side = self.side(end);
            let own = self.ends.of_mut(end);
            own.spared_to = match self.app.needs(side) {
                Needs::Everything => 0,
                Needs::Nothing(len) => own.sent.saturating_add(len).min(NEXT_START - 1),
                Needs::NextStart => NEXT_START,
            };
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
        let numbers = sender
            .sent
            .saturating_add(u64::from(self.finished.has(end)));
        numbers.saturating_sub(in_flight)
    }

    fn tell_acknowledged(&mut self, sender: End, offset: u64, at: Moment) {
        let by = self.side(sender.other());
        let told = &mut self.told.of_mut(sender).acknowledged;
        if offset > *told {
            *told = offset;
            self.app.acknowledged(by, at, offset);
        }
    }

    /// Tells what was passed over. `at` is the last packet.
    pub(super) fn tell_passed(&mut self, at: Moment) {
        if !self.untold.any() {
            return;
        }
        for end in [End::Low, End::High] {
            if !self.untold.has(end) {
                continue;
            }
            let last = self.last_data(end).unwrap_or(at);
            let side = self.side(end);
            let own = self.ends.of_mut(end);
            let offset = self.told.of(end).bytes;
            let passed = PassedBytes {
                offset,
                len: own.sent.saturating_sub(offset),
                captured: own.untold_captured,
            };
            own.untold_captured = 0;
            self.told.of_mut(end).bytes = own.sent;
            self.app.passed(side, last, passed);
        }
        self.untold = Ends::default();
        for end in [End::Low, End::High] {
            let acknowledged = self.acknowledged(end, self.acked(end.other()));
            self.tell_acknowledged(end, acknowledged, at);
        }
    }

    /// The last data of an end.
    pub(super) fn last_data(&self, end: End) -> Option<Moment> {
        let has_sent = self.ends.of(end).sent > 0;
        has_sent.then(|| self.ends.of(end).last_data.moment(self.first_frame))
    }
}

impl Expected {
    /// Whether the sink does not need this payload.
    #[inline(always)]
    pub(super) fn is_spared<X: StreamSink>(&self, usual: &Usual, holder: &[u8]) -> bool {
        let behind = self.sent.saturating_add(usual.payload_len.into());
        behind <= self.spared_to
            && (self.spared_to != NEXT_START || !X::may_begin(usual.payload(holder)))
    }

    /// Counts payload that the sink does not need.
    #[inline(always)]
    pub(super) fn pass_payload(&mut self, usual: &Usual) {
        let captured = usual.captured_len().min(usual.payload_len);
        self.untold_captured += u64::from(captured);
        self.sent += u64::from(usual.payload_len);
    }
}
