//! What the sink is spared: the bytes of calm packets that it does not need are counted, and told by their number before
//! anything else is ([`StreamSink::passed`]).

use super::Live;
use crate::pairs::{ByEnd, End};
use crate::reassembly::Payload;
use crate::stream_sink::PassedBytes;
use crate::{Moment, Needs, StreamSink};

/// What the sink is spared, and was not told yet.
#[derive(Debug, Default)]
pub(super) struct Sparing {
    /// What it needs of each end's next bytes, where that was asked since it was told anything.
    needs: Option<ByEnd<Needs>>,
    untold: ByEnd<Untold>,
    /// The last packet of which something is not told.
    last: Moment,
}

/// Bytes of one end that were counted.
#[derive(Clone, Copy, Debug, Default)]
struct Untold {
    len: u64,
    captured: u64,
    last: Moment,
}

impl Sparing {
    /// What the sink needs may have changed.
    pub(super) const fn forget_needs(&mut self) {
        self.needs = None;
    }

    const fn is_untold(&self) -> bool {
        self.untold.low.len > 0 || self.untold.high.len > 0
    }
}

impl<X: StreamSink> Live<X> {
    /// Hands a calm packet's payload and acknowledgement to the sink, or passes over what it does not need. What is acknowledged
    /// of bytes that were passed over is told with them.
    pub(super) fn hand_on(&mut self, payload: &Payload<'_>, at: Moment, from: End, ack: i64) {
        let has_data = payload.len > 0;
        if has_data && self.spare(payload, at, from) || !has_data && self.sparing.is_untold() {
            self.sparing.last = at;
            self.course.streams.of_mut(from.other()).answered(ack);
            return;
        }
        self.tell_passed();
        self.deliver(at, from, has_data.then_some(*payload), Some(ack));
    }

    /// Whether the payload can be passed over: then it is counted.
    fn spare(&mut self, payload: &Payload<'_>, at: Moment, from: End) -> bool {
        let (own, peer) = self.course.streams.both(from);
        let in_order = own.is_next(payload) && !peer.is_holding();
        if !in_order || self.replaying {
            return false;
        }
        let needs = match &mut self.sparing.needs {
            Some(needs) => needs,
            None => self.sparing.needs.insert(ByEnd {
                low: self.app.needs(self.side(End::Low)),
                high: self.app.needs(self.side(End::High)),
            }),
        };
        let len = u64::from(payload.len);
        match needs.of_mut(from) {
            Needs::Nothing(left) if *left >= len => *left -= len,
            Needs::NextStart if !X::may_begin(payload.bytes) => {}
            _ => return false,
        }
        self.course.streams.of_mut(from).pass(len);
        let untold = self.sparing.untold.of_mut(from);
        untold.len += len;
        untold.captured += len.min(payload.bytes.len() as u64);
        untold.last = at;
        true
    }

    /// Tells what was passed over.
    pub(super) fn tell_passed(&mut self) {
        if !self.sparing.is_untold() {
            return;
        }
        let untold = std::mem::take(&mut self.sparing.untold);
        for end in [End::Low, End::High] {
            let it = untold.of(end);
            if it.len > 0 {
                let passed = PassedBytes {
                    offset: self.course.streams.of(end).next_offset() - it.len,
                    len: it.len,
                    captured: it.captured,
                };
                self.app.passed(self.side(end), it.last, passed);
            }
        }
        self.sparing.forget_needs();
        self.tell_acknowledged(self.sparing.last, End::Low);
    }
}
