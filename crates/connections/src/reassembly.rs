//! Puts each direction's payload in order and hands it to the connection's sink.
//!
//! Bytes that come in order pass through without a copy. What comes ahead is held back, at most [`MAX_HELD`] bytes in
//! [`MAX_PIECES`] pieces a direction; when that is full, or when the other side has acknowledged what is missing and
//! it still does not come, the missing bytes are told as a gap.

use crate::{Moment, Side, StreamSink};

/// Bytes held back for one direction.
const MAX_HELD: usize = 256 * 1024;
/// Pieces held back for one direction.
const MAX_PIECES: usize = 128;
/// Packets of the connection that may pass after a hole was acknowledged, before it is told as a gap: a capture may show an
/// acknowledgement ahead of the data.
const PATIENCE: u8 = 8;

/// One direction's stream on its way to the sink.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reassembly {
    /// The next offset of the stream to be handed on.
    next: u64,
    /// Pieces beyond it, sorted by offset, not overlapping in what they start with.
    held: Vec<Piece>,
    held_bytes: usize,
    /// How far the other side has acknowledged.
    acked: u64,
    acked_told: u64,
    waited: u8,
}

#[derive(Clone, Debug)]
struct Piece {
    offset: u64,
    /// On the wire.
    len: u64,
    /// Captured: at most `len` bytes.
    bytes: Box<[u8]>,
    at: Moment,
}

/// How far a stream came that was handed on by another way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HandedOn {
    /// Bytes that the sink has, or knows to be missing.
    pub(crate) bytes: u64,
    /// Numbers behind the SYN that are acknowledged: the FIN's is one of them.
    pub(crate) acknowledged: u64,
    /// Bytes that the sink knows to be acknowledged.
    pub(crate) acknowledged_told: u64,
}

/// What a packet carries of the stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Payload<'a> {
    /// Where it lies; below 0 is what comes before the first byte of the stream.
    pub(crate) offset: i64,
    /// Bytes on the wire.
    pub(crate) len: u32,
    /// Those that were captured.
    pub(crate) bytes: &'a [u8],
}

/// Where a direction's bytes go.
pub(crate) struct Outlet<'a, X> {
    pub(crate) sink: &'a mut X,
    pub(crate) side: Side,
    pub(crate) at: Moment,
}

impl Reassembly {
    /// The next payload that came.
    pub(crate) fn push<X: StreamSink>(
        &mut self,
        payload: &Payload<'_>,
        outlet: &mut Outlet<'_, X>,
    ) {
        let Payload { offset, len, bytes } = *payload;
        let len = u64::from(len);
        let bytes = bytes
            .get(..usize::try_from(len).unwrap_or(usize::MAX))
            .unwrap_or(bytes);
        // What lies before the first byte of the stream is not part of it.
        let before = offset.min(0).unsigned_abs();
        if before >= len {
            return;
        }
        let skip = usize::try_from(before).unwrap_or(usize::MAX);
        let bytes = bytes.get(skip..).unwrap_or(&[]);
        let (offset, len) = (offset.max(0).unsigned_abs(), len - before);
        if offset <= self.next {
            let at = outlet.at;
            self.hand_on(offset, len, bytes, at, outlet);
            if !self.held.is_empty() {
                self.release(at, outlet);
            }
        } else {
            self.hold(offset, len, bytes, outlet);
        }
    }

    /// Hands on what is new of a piece that begins at or below `next`.
    fn hand_on<X: StreamSink>(
        &mut self,
        offset: u64,
        len: u64,
        bytes: &[u8],
        at: Moment,
        outlet: &mut Outlet<'_, X>,
    ) {
        let end = offset.saturating_add(len);
        if end <= self.next {
            return;
        }
        let skip = usize::try_from(self.next - offset).unwrap_or(usize::MAX);
        let fresh = bytes.get(skip..).unwrap_or(&[]);
        if !fresh.is_empty() {
            outlet.sink.data(outlet.side, at, self.next, fresh);
            self.next = self.next.saturating_add(fresh.len() as u64);
        }
        if self.next < end {
            outlet.sink.gap(outlet.side, at, self.next, end - self.next);
            self.next = end;
        }
        self.waited = 0;
    }

    fn hold<X: StreamSink>(
        &mut self,
        offset: u64,
        len: u64,
        bytes: &[u8],
        outlet: &mut Outlet<'_, X>,
    ) {
        let place = self.held.partition_point(|piece| piece.offset < offset);
        if let Some(same) = self.held.get_mut(place)
            && same.offset == offset
            && same.len >= len
            && same.bytes.len() >= bytes.len()
        {
            return;
        }
        while !self.held.is_empty()
            && (self.held.len() >= MAX_PIECES
                || self.held_bytes.saturating_add(bytes.len()) > MAX_HELD)
        {
            self.give_up_hole(outlet);
        }
        let piece = Piece {
            offset,
            len,
            bytes: bytes.into(),
            at: outlet.at,
        };
        self.held_bytes = self.held_bytes.saturating_add(bytes.len());
        let place = self.held.partition_point(|piece| piece.offset < offset);
        self.held.insert(place, piece);
        if offset <= self.next {
            self.release(outlet.at, outlet);
        }
    }

    /// Hands on every held piece that has come into order, with the packet that brought it, or a later one that had to
    /// come first: at least `since`.
    fn release<X: StreamSink>(&mut self, mut since: Moment, outlet: &mut Outlet<'_, X>) {
        while self
            .held
            .first()
            .is_some_and(|piece| piece.offset <= self.next)
        {
            let piece = self.held.remove(0);
            self.held_bytes = self.held_bytes.saturating_sub(piece.bytes.len());
            since = Moment {
                frame: piece.at.frame.max(since.frame),
                time: piece.at.time.max(since.time),
            };
            self.hand_on(piece.offset, piece.len, &piece.bytes, since, outlet);
        }
    }

    /// Tells the bytes before the first held piece as a gap. The receiver had them when that piece came, or before: it is
    /// only here that they are missing.
    pub(crate) fn give_up_hole<X: StreamSink>(&mut self, outlet: &mut Outlet<'_, X>) {
        let Some(first) = self.held.first() else {
            return;
        };
        let (at, offset) = (first.at, first.offset);
        let len = offset.saturating_sub(self.next);
        if len > 0 {
            outlet.sink.gap(outlet.side, at, self.next, len);
            self.next = offset;
        }
        self.waited = 0;
        self.release(at, outlet);
    }

    /// Whether a payload comes next, and nothing is held back.
    #[inline]
    pub(crate) fn is_next(&self, payload: &Payload<'_>) -> bool {
        self.held.is_empty() && u64::try_from(payload.offset) == Ok(self.next)
    }

    /// The next bytes of the stream reach the sink by another way.
    #[inline]
    pub(crate) const fn pass(&mut self, len: u64) {
        self.next = self.next.saturating_add(len);
        self.waited = 0;
    }

    /// The other side sent the relative number `ack`: it counts the SYN.
    #[inline]
    pub(crate) fn answered(&mut self, ack: i64) {
        self.acknowledged(u64::try_from(ack.saturating_sub(1)).unwrap_or(0));
    }

    /// The other side acknowledged the stream up to `offset`.
    pub(crate) const fn acknowledged(&mut self, offset: u64) {
        if offset > self.acked {
            self.acked = offset;
        }
    }

    /// How far the other side has acknowledged the stream.
    pub(crate) const fn acknowledged_to(&self) -> u64 {
        self.acked
    }

    /// Whether more is acknowledged than the sink was told.
    pub(crate) const fn has_news(&self) -> bool {
        self.acked > self.acked_told
    }

    /// How far the stream is acknowledged, where that is news. More than what was sent (up to `shown`, or what was handed
    /// on) cannot be: it waits until it is seen.
    pub(crate) fn acknowledgement(&mut self, shown: impl FnOnce() -> u64) -> Option<u64> {
        let sure = if self.acked <= self.next {
            self.acked
        } else {
            self.acked.min(shown().max(self.next))
        };
        let is_news = sure > self.acked_told;
        self.acked_told = self.acked_told.max(sure);
        is_news.then_some(sure)
    }

    /// Another packet of the connection has passed: an acknowledged hole that does not get filled is a gap.
    pub(crate) fn wait<X: StreamSink>(&mut self, outlet: &mut Outlet<'_, X>) {
        if self
            .held
            .first()
            .is_none_or(|piece| piece.offset > self.acked)
        {
            return;
        }
        self.waited = self.waited.saturating_add(1);
        if self.waited >= PATIENCE {
            self.give_up_hole(outlet);
        }
    }

    /// Goes on behind what the sink got by another way.
    pub(crate) const fn resume(&mut self, so_far: &HandedOn) {
        self.next = so_far.bytes;
        self.acked = so_far.acknowledged;
        self.acked_told = so_far.acknowledged_told;
    }

    /// The next offset to be handed on.
    pub(crate) const fn next_offset(&self) -> u64 {
        self.next
    }

    /// Whether anything is held back.
    pub(crate) const fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// The frame of what is held back and comes next. Of two directions that wait, the one with the earlier frame goes
    /// first: what one side said next may answer it.
    pub(crate) fn held_since(&self) -> Option<u64> {
        self.held.first().map(|piece| piece.at.frame)
    }

    /// Nothing more will come: hands on everything, gaps told, up to `end` of the stream where the capture shows that more was sent.
    pub(crate) fn flush<X: StreamSink>(&mut self, end: u64, outlet: &mut Outlet<'_, X>) {
        while !self.held.is_empty() {
            self.give_up_hole(outlet);
        }
        if self.next < end {
            outlet
                .sink
                .gap(outlet.side, outlet.at, self.next, end - self.next);
            self.next = end;
        }
    }

    /// Bytes on the heap.
    pub(crate) fn heap_size(&self) -> usize {
        self.held_bytes + self.held.capacity() * size_of::<Piece>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use whyreset_capture::Timestamp;

    #[derive(Debug, Default)]
    struct Tape {
        bytes: Vec<Option<u8>>,
    }

    impl StreamSink for Tape {
        fn data(&mut self, _: Side, _: Moment, offset: u64, bytes: &[u8]) {
            assert_eq!(offset, self.bytes.len() as u64);
            self.bytes.extend(bytes.iter().copied().map(Some));
        }

        fn gap(&mut self, _: Side, _: Moment, offset: u64, len: u64) {
            assert_eq!(offset, self.bytes.len() as u64);
            assert!(len > 0);
            self.bytes.extend((0..len).map(|_| None));
        }
    }

    const fn payload(offset: i64, len: u32, bytes: &[u8]) -> Payload<'_> {
        Payload { offset, len, bytes }
    }

    fn outlet(sink: &mut Tape) -> Outlet<'_, Tape> {
        Outlet {
            sink,
            side: Side::Client,
            at: Moment {
                frame: 1,
                time: Timestamp::from_nanos(0),
            },
        }
    }

    #[test]
    fn what_was_cut_is_a_gap() {
        let mut tape = Tape::default();
        let mut stream = Reassembly::default();
        stream.push(&payload(0, 5, b"abc"), &mut outlet(&mut tape));
        assert_eq!(tape.bytes, [Some(b'a'), Some(b'b'), Some(b'c'), None, None]);
    }

    #[test]
    fn an_acknowledged_hole_becomes_a_gap() {
        let mut tape = Tape::default();
        let mut stream = Reassembly::default();
        stream.push(&payload(2, 1, b"c"), &mut outlet(&mut tape));
        stream.acknowledged(3);
        assert_eq!(stream.acknowledgement(|| 0), None);
        assert_eq!(stream.acknowledgement(|| 3), Some(3));
        for _ in 0..PATIENCE {
            assert!(tape.bytes.is_empty());
            stream.wait(&mut outlet(&mut tape));
        }
        assert_eq!(tape.bytes, [None, None, Some(b'c')]);
    }

    proptest! {
        #[test]
        fn any_order_gives_the_stream(mut pieces in prop::collection::vec((0_u32..200, 0_u32..30), 1..80)) {
            let text: Vec<u8> = (0..=255).collect();
            let mut tape = Tape::default();
            let mut stream = Reassembly::default();
            let end = pieces.iter().map(|(at, len)| at + len).max().unwrap();
            pieces.push((0, 1));
            for (at, len) in &pieces {
                let bytes = &text[*at as usize..(at + len) as usize];
                stream.push(&payload(i64::from(*at), *len, bytes), &mut outlet(&mut tape));
            }
            stream.flush(u64::from(end), &mut outlet(&mut tape));
            for (n, byte) in tape.bytes.iter().enumerate() {
                let was_sent = pieces.iter().any(|(at, len)| (*at..at + len).contains(&(n as u32)));
                prop_assert_eq!(*byte, was_sent.then_some(n as u8));
            }
        }
    }
}
