//! Collects what is needed to judge RSTs later: each RST with the state at that moment, and what came after.

use whyreset_segments::{Known, Segment};

use crate::so_far::SoFar;
use crate::{BySide, Packet, SendHistory, Sent, Side};

/// RSTs that are kept whole.
const KEPT: usize = 16;
/// RSTs of which time and numbers are kept, for pairing.
const PAIRED: usize = 128;
/// Packets that are kept from the time after the first RST.
const AFTER: usize = 32;
/// Packets that a RST of one side may answer.
const CANDIDATES: usize = 192;

/// The RSTs of one connection. Allocated with the first one.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResetLog {
    /// The first RSTs with their circumstances.
    pub(crate) kept: Vec<RawReset>,
    /// The last RST of either side behind these.
    pub(crate) latest: BySide<Option<RawReset>>,
    /// Time and numbers of every RST, up to a bound.
    pub(crate) brief: Vec<Brief>,
    /// Packets other than RSTs after the first RST.
    after: Vec<Packet>,
    /// The same after the last RST.
    after_latest: Vec<Packet>,
    /// What each side sent before and among the RSTs of the other side, oldest first.
    pub(crate) candidates: BySide<Vec<Sent>>,
    /// Rows of a list were left out so far.
    pub(crate) elided: bool,
}

/// A RST as it was captured, with the state of both sides at that moment.
#[derive(Clone, Debug)]
pub(crate) struct RawReset {
    pub(crate) packet: Packet,
    pub(crate) window: Option<u32>,
    pub(crate) has_options: Option<bool>,
    pub(crate) mac: Option<[u8; 6]>,
    pub(crate) payload: Vec<u8>,
    pub(crate) so_far: BySide<SoFar>,
    /// Rows before it were left out of the list: either side may have sent more than shows.
    pub(crate) elided: bool,
}

/// A RST in short.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Brief {
    pub(crate) packet: Packet,
}

impl ResetLog {
    /// A RST.
    pub(crate) fn reset(
        &mut self,
        packet: &Packet,
        segment: &Segment<'_>,
        so_far: &BySide<SoFar>,
        sent: &BySide<SendHistory>,
    ) {
        let peer = packet.side.peer();
        let candidates = self.candidates.of_mut(peer);
        if candidates.is_empty() {
            candidates.extend(sent.of(peer).recent());
        }
        if self.brief.len() < PAIRED {
            if self.brief.is_empty() {
                self.brief.reserve_exact(1);
            }
            self.brief.push(Brief { packet: *packet });
        }
        self.after_latest.clear();
        let raw = RawReset {
            elided: self.elided,
            ..RawReset::new(packet, segment, so_far)
        };
        if self.kept.len() < KEPT {
            // Most connections see one RST.
            if self.kept.is_empty() {
                self.kept.reserve_exact(1);
            }
            self.kept.push(raw);
        } else {
            *self.latest.of_mut(packet.side) = Some(raw);
        }
    }

    /// A packet that is no RST, after at least one RST.
    pub(crate) fn packet(&mut self, sent: &Sent, packet: &Packet) {
        if self.after.len() < AFTER {
            self.after.push(*packet);
        } else if self.after_latest.len() < AFTER {
            self.after_latest.push(*packet);
        }
        let candidates = self.candidates.of_mut(packet.side);
        if !candidates.is_empty() && candidates.len() < CANDIDATES {
            candidates.push(*sent);
        }
    }

    /// Client and server the other way round.
    pub(crate) fn swap_sides(&mut self) {
        self.latest = std::mem::take(&mut self.latest).swapped();
        let latest = [&mut self.latest.client, &mut self.latest.server];
        for raw in self.kept.iter_mut().chain(latest.into_iter().flatten()) {
            raw.packet.side = raw.packet.side.peer();
            raw.so_far = raw.so_far.swapped();
        }
        for brief in &mut self.brief {
            brief.packet.side = brief.packet.side.peer();
        }
        for packet in self.after.iter_mut().chain(&mut self.after_latest) {
            packet.side = packet.side.peer();
        }
        self.candidates = std::mem::take(&mut self.candidates).swapped();
    }

    /// All that are kept with their circumstances, in their order.
    pub(crate) fn in_full(&self) -> Vec<&RawReset> {
        let latest = [&self.latest.client, &self.latest.server];
        let mut all: Vec<_> = self.kept.iter().collect();
        all.extend(latest.into_iter().flatten());
        all.sort_by_key(|raw| raw.packet.frame);
        all
    }

    /// Packets other than RSTs behind this frame, as far as they are kept.
    pub(crate) fn after(&self, frame: u64) -> impl Iterator<Item = &Packet> {
        let kept = self.after.iter().chain(&self.after_latest);
        kept.filter(move |packet| packet.frame > frame)
    }

    /// All RSTs that carry the address of `side`, in short.
    pub(crate) fn brief_of(&self, side: Side) -> impl Iterator<Item = &Packet> {
        self.brief
            .iter()
            .map(|brief| &brief.packet)
            .filter(move |packet| packet.side == side)
    }
}

impl RawReset {
    fn new(packet: &Packet, segment: &Segment<'_>, so_far: &BySide<SoFar>) -> Self {
        let known = packet.known;
        Self {
            packet: *packet,
            window: known.has(Known::WINDOW).then_some(segment.window),
            has_options: known
                .has(Known::OPTIONS)
                .then_some(segment.options.kinds_len > 0),
            mac: known.has(Known::MAC).then_some(segment.link.source_mac),
            payload: segment.payload.iter().take(256).copied().collect(),
            so_far: *so_far,
            elided: false,
        }
    }

    /// What the side whose address the RST carries had done.
    pub(crate) const fn own(&self) -> &SoFar {
        self.so_far.of(self.packet.side)
    }

    /// What the other side had done.
    pub(crate) const fn peer(&self) -> &SoFar {
        self.so_far.of(self.packet.side.peer())
    }

    /// Relative acknowledgement number, where it is set and known.
    pub(crate) fn ack(&self) -> Option<i64> {
        let flags = self.packet.flags;
        let is_set = flags.contains(whyreset_segments::TcpFlags::ACK);
        (is_set && self.packet.known.has(Known::ACK)).then_some(self.packet.ack)
    }

    /// Whether sequence number and flags are known.
    pub(crate) const fn is_numbered(&self) -> bool {
        self.packet.known.has(Known::SEQ.with(Known::FLAGS))
    }
}
