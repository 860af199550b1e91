//! Packets that were kept in short come again ([`crate::orderly`]).

use whyreset_segments::Segment;

use super::Live;
use crate::pairs::{ByEnd, End};
use crate::reassembly::HandedOn;
use crate::{EngineConfig, StreamSink};

impl<X: StreamSink> Live<X> {
    /// A connection whose packets come again, beginning with its SYN; `app` has heard of them already.
    pub(crate) fn begin_replay(syn: &Segment<'_>, from: End, app: X) -> Box<Self> {
        let mut live = Box::new(Self::new(syn, from, app));
        live.replaying = true;
        live
    }

    /// So many packets come again, the SYN among them.
    pub(crate) fn expect(&mut self, packets: usize, config: &EngineConfig) {
        self.packets.expect(packets, config);
    }

    /// From here on packets are new.
    pub(crate) fn end_replay(&mut self, streams: &ByEnd<HandedOn>) {
        self.replaying = false;
        for end in [End::Low, End::High] {
            self.course.streams.of_mut(end).resume(streams.of(end));
        }
    }
}
