//! What is expected of one end of a connection that goes by the book.

use whyreset_segments::Usual;

use super::look::Number;
use super::narrow::Numbers;
use super::short::MAX_LEN;

/// What the next packet of one end is compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    /// The next sequence number.
    pub(super) next: u32,
    /// The numbers of its last packet.
    pub(super) numbers: Numbers,
    /// IPv6's, of its packets.
    pub(super) flow_label: u32,
    /// So many of its next bytes the sink does not need, or [`NEXT_START`].
    pub(super) spare: u32,
    /// Bytes that were passed over since they were counted last ([`super::delivery::Stream::untold`]), and those captured of them.
    pub(super) passed: u32,
    pub(super) passed_captured: u32,
    /// How its packets look, once it sent one.
    pub(super) look: Option<Number>,
    pub(super) scale: u8,
    /// Checksums looked at.
    pub(super) checked: u8,
}

/// The sink needs nothing of an end's bytes but those that may begin something.
pub(super) const NEXT_START: u32 = u32::MAX;

impl Expected {
    /// The next number, and the numbers of its SYN, whose window is not scaled.
    pub(super) const fn new(next: u32, syn: Numbers) -> Self {
        Self {
            next,
            numbers: syn,
            flow_label: 0,
            spare: 0,
            passed: 0,
            passed_captured: 0,
            look: None,
            scale: 0,
            checked: 0,
        }
    }

    /// Whether this has the next number, acknowledges what the peer sent and not less than before, is within the peer's window,
    /// and says something new.
    #[inline(always)]
    pub(super) const fn is_next(&self, usual: &Usual, peer: &Self) -> bool {
        let (acked, len) = (self.numbers.ack, usual.payload_len);
        let news = usual.ack.wrapping_sub(acked);
        let in_flight = peer.next.wrapping_sub(acked);
        if usual.seq != self.next || news > in_flight || len >= MAX_LEN {
            return false;
        }
        if len == 0 {
            return news > 0 || usual.flags.is_fin();
        }
        let behind = usual.seq.wrapping_add(len);
        peer.edge().wrapping_sub(behind).cast_signed() > 0
    }

    /// The number behind the last that it takes: its acknowledgement and its window.
    #[inline(always)]
    const fn edge(&self) -> u32 {
        self.numbers.edge(self.scale)
    }

    /// Counts payload that the sink does not need.
    #[inline(always)]
    pub(super) fn pass_payload(&mut self, usual: &Usual) {
        let captured = usual.captured_len().min(usual.payload_len);
        self.passed_captured = self.passed_captured.wrapping_add(captured);
        self.passed = self.passed.wrapping_add(usual.payload_len);
        if self.spare != NEXT_START {
            self.spare = self.spare.saturating_sub(usual.payload_len);
        }
    }
}
