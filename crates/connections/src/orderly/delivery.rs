//! What the sink of an orderly connection is told, and what it is spared.

use whyreset_segments::Usual;

use super::expected::NEXT_START;
use super::{Ends, Orderly};
use crate::pairs::End;
use crate::stream_sink::PassedBytes;
use crate::{Moment, Needs, Side, StreamSink};

/// What the sink was told of one end, and what it needs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stream {
    /// Bytes, and of these how many were acknowledged.
    told: u64,
    pub(super) acknowledged: u64,
    /// Bytes that were passed over behind those, as far as they were [counted](Orderly::count_untold), and those captured of them.
    untold: u64,
    untold_captured: u64,
    /// The sink does not need the bytes up to here, or [`ALL`].
    spared_to: u64,
}

/// The sink needs no bytes but those that may begin something.
const ALL: u64 = u64::MAX;

impl Stream {
    /// How many bytes the end sent that were counted.
    const fn sent(&self) -> u64 {
        self.told.saturating_add(self.untold)
    }

    /// So many of the next bytes the sink does not need, as far as that can be said shortly.
    fn spare(&self) -> u32 {
        if self.spared_to == ALL {
            return NEXT_START;
        }
        self.spare_to(self.spared_to)
    }

    /// The same where it does not need the bytes up to here.
    fn spare_to(&self, to: u64) -> u32 {
        let spare = to.saturating_sub(self.sent());
        u32::try_from(spare).unwrap_or(u32::MAX).min(NEXT_START - 1)
    }
}

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
        self.body.app.closed(side, at, false);
    }

    /// Whether the payload can be passed over: then it is counted.
    fn spare(&mut self, usual: &Usual, holder: &[u8], from: End) -> bool {
        if self.untold.any() && usual.payload_len > self.ends.of(from).spare {
            self.count_untold();
        }
        let own = self.ends.of_mut(from);
        let is_spared = if own.spare == NEXT_START {
            !X::may_begin(usual.payload(holder))
        } else {
            usual.payload_len <= own.spare
        };
        if is_spared {
            own.pass_payload(usual);
            self.untold.add(from);
        }
        is_spared
    }

    /// Counts what was passed over since it was done last.
    pub(super) fn count_untold(&mut self) {
        for end in [End::Low, End::High] {
            let own = self.ends.of_mut(end);
            let stream = self.body.streams.of_mut(end);
            stream.untold += u64::from(own.passed);
            stream.untold_captured += u64::from(own.passed_captured);
            (own.passed, own.passed_captured) = (0, 0);
            own.spare = stream.spare();
        }
    }

    /// How many bytes an end sent.
    pub(super) fn sent(&self, end: End) -> u64 {
        let passed = self.ends.of(end).passed;
        self.body
            .streams
            .of(end)
            .sent()
            .saturating_add(passed.into())
    }

    #[inline(never)]
    fn tell_payload(&mut self, usual: &Usual, payload: &[u8], from: End, at: Moment) {
        self.tell_passed(at);
        let side = self.side(from);
        let len = u64::from(usual.payload_len);
        let captured = usize::try_from(len).unwrap_or(usize::MAX);
        let bytes = payload.get(..captured).unwrap_or(payload);
        let body = &mut *self.body;
        let stream = body.streams.of_mut(from);
        let offset = stream.told;
        stream.told = offset.saturating_add(len);
        match len.saturating_sub(bytes.len() as u64) {
            0 => body.app.data(side, at, offset, bytes),
            _ if bytes.is_empty() => body.app.gap(side, at, offset, len),
            cut => body.app.data_cut(side, at, offset, bytes, cut),
        }
        self.ask_for_needs();
    }

    /// Asks the sink what it needs from now on.
    fn ask_for_needs(&mut self) {
        for end in [End::Low, End::High] {
            let side = self.side(end);
            let body = &mut *self.body;
            let stream = body.streams.of_mut(end);
            (stream.spared_to, self.ends.of_mut(end).spare) = match body.app.needs(side) {
                Needs::Everything => (0, 0),
                Needs::Nothing(len) => {
                    let to = stream.sent().saturating_add(len).min(ALL - 1);
                    (to, stream.spare_to(to))
                }
                Needs::NextStart => (ALL, NEXT_START),
            };
        }
    }

    /// How much of `end`'s stream the number `ack` covers.
    fn acknowledged(&self, end: End, ack: u32) -> u64 {
        self.numbers_below(end, ack).min(self.sent(end))
    }

    /// How many numbers of `end` lie between its SYN and `ack`: its bytes, and its FIN.
    pub(super) fn numbers_below(&self, end: End, ack: u32) -> u64 {
        let sender = self.ends.of(end);
        let in_flight = u64::from(sender.next.wrapping_sub(ack));
        let fin = u64::from(self.finished.has(end));
        let numbers = self.sent(end).saturating_add(fin);
        numbers.saturating_sub(in_flight)
    }

    fn tell_acknowledged(&mut self, sender: End, offset: u64, at: Moment) {
        let by = self.side(sender.other());
        let body = &mut *self.body;
        let told = &mut body.streams.of_mut(sender).acknowledged;
        if offset > *told {
            *told = offset;
            body.app.acknowledged(by, at, offset);
        }
    }

    /// Tells what was passed over. `at` is the last packet.
    #[inline]
    pub(super) fn tell_passed(&mut self, at: Moment) {
        if self.untold.any() {
            self.tell_all_passed(at);
        }
    }

    #[inline(never)]
    fn tell_all_passed(&mut self, at: Moment) {
        self.count_untold();
        for end in [End::Low, End::High] {
            if !self.untold.has(end) {
                continue;
            }
            let last = self.last_data(end).unwrap_or(at);
            let side = self.side(end);
            let body = &mut *self.body;
            let stream = body.streams.of_mut(end);
            let passed = PassedBytes {
                offset: stream.told,
                len: stream.untold,
                captured: stream.untold_captured,
            };
            stream.told = stream.sent();
            (stream.untold, stream.untold_captured) = (0, 0);
            body.app.passed(side, last, passed);
        }
        self.untold = Ends::default();
        for end in [End::Low, End::High] {
            let acknowledged = self.acknowledged(end, self.acked(end.other()));
            self.tell_acknowledged(end, acknowledged, at);
        }
    }

    /// The last data of an end.
    pub(super) fn last_data(&self, end: End) -> Option<Moment> {
        if self.sent(end) == 0 {
            return None;
        }
        let body = &*self.body;
        let before = &body.before_ring;
        let in_ring = self.log.last_of(end, 1, before, body.first_frame);
        let last = in_ring.or_else(|| {
            let half = body.passed.middle.as_deref()?.ends.of(end);
            (half.data_packets > 0).then_some(half.last_data)
        });
        let last = last.or_else(|| self.last_of_first(end, 1));
        last.map(|at| at.moment(body.first_frame))
    }
}
