//! A connection of which the whole capture shows one SYN and nothing else: floods and scans consist of them.

use whyreset_capture::{Span, Timestamp};
use whyreset_segments::{Endpoint, LinkFields, Segment};

use crate::half_open::HalfOpen;
use crate::{BySide, Moment};

/// The one SYN of a connection, in little memory. [`crate::Engine::in_full`] makes a whole connection of it.
#[derive(Clone, Copy, Debug)]
pub struct LoneSyn {
    pub(crate) stream: u64,
    pub(crate) ends: BySide<Endpoint>,
    pub(crate) capture_end: Timestamp,
    pub(crate) syn: HalfOpen,
    pub(crate) link: LinkFields,
}

impl LoneSyn {
    /// A frame number that no capture reaches.
    pub const NO_FRAME: u64 = HalfOpen::LARGEST_FRAME;

    /// Wireshark's `tcp.stream`.
    pub const fn stream(&self) -> u64 {
        self.stream
    }

    /// The two ends: the client sent the SYN.
    pub const fn ends(&self) -> BySide<Endpoint> {
        self.ends
    }

    /// When it was captured.
    pub fn at(&self) -> Moment {
        self.syn.moment()
    }

    /// The TTL, or hop limit, with which it was captured.
    pub const fn ttl(&self) -> u8 {
        self.syn.ttl()
    }

    /// Whether the capturing host sent it; `None` where the link does not say.
    pub const fn outgoing(&self) -> Option<bool> {
        self.link.outgoing
    }

    /// How long the capture runs on behind it.
    pub fn ran_on(&self) -> Span {
        self.capture_end - self.at().time
    }

    /// The same SYN in a frame with another number, at most [`LoneSyn::NO_FRAME`].
    #[must_use]
    pub fn in_frame(mut self, frame: u64) -> Self {
        self.syn.set_frame(frame);
        self
    }

    /// The SYN as a segment.
    pub(crate) fn segment(&self) -> Segment<'static> {
        let BySide { client, server } = self.ends;
        self.syn.expand(client, server, self.link)
    }
}
