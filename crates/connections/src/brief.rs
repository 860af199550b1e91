//! A connection in brief: what is to be told of one that ended well.

use whyreset_capture::{Span, Timestamp};
use whyreset_segments::Endpoint;

use crate::{BySide, Ending, FrameSpan, Moment, Place, Side};

/// A connection that went by the book from its SYN to the FINs of both sides, of which its sink misses nothing
/// ([`crate::StreamSink::ending`]). What it tells is what a [`crate::Connection`] made of the same packets would tell.
#[derive(Clone, Debug)]
pub struct Brief<X> {
    /// Wireshark's `tcp.stream`.
    pub stream: u64,
    /// The two ends.
    pub ends: BySide<Endpoint>,
    /// First and last frame, and how many.
    pub frames: FrameSpan,
    /// Time of the first frame.
    pub start: Timestamp,
    /// Time of the last frame.
    pub end: Timestamp,
    /// Bytes that each side sent.
    pub bytes: BySide<u64>,
    /// Each side's FIN.
    pub fins: BySide<Moment>,
    /// Who closed first.
    pub closed_first: Side,
    /// What its sink made of it: [`Ending::Well`] or [`Ending::Unread`].
    pub ending: Ending,
    /// Where the capture was taken.
    pub place: Place,
    /// The smallest round trips on both sides of that place.
    pub trips: BySide<Option<Span>>,
    /// Exchanges.
    pub app: X,
}
