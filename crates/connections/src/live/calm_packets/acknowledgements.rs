//! Acknowledgements while something is missing: duplicate ones, and those with SACK blocks. Where that is all that is to be said of them,
//! they are calm as well.

use whyreset_segments::{Segment, TcpFlags, Usual};

use crate::live::{Live, TELLING_PAUSE};
use crate::pairs::End;
use crate::{EngineConfig, Marks, StreamSink, own_marks};

/// So many packets of a direction are compared with its next one, to tell a copy.
const COMPARED: usize = 4;

impl<X: StreamSink> Live<X> {
    /// Takes a segment if it is a calm acknowledgement: `usual`, where it is a usual segment, or one with SACK blocks. Gives
    /// Wireshark's marks. `None`: it is not, and nothing has changed.
    pub(crate) fn calm_ack(
        &mut self,
        segment: &Segment<'_>,
        usual: Option<&Usual>,
        from: End,
        config: &EngineConfig,
    ) -> Option<Marks> {
        let is_bare = segment.flags == TcpFlags::ACK && segment.payload_len == 0;
        if self.ended || !is_bare {
            return None;
        }
        let usual = usual.copied().or_else(|| Usual::without_sack(segment))?;
        let pause = self.pause_before(usual.time);
        let course = &self.course;
        let looks_calm = pause < TELLING_PAUSE
            && course.habits.of(from).is_calm_ack(&usual)
            && course.numbering.of(from.other()).is_set();
        if !looks_calm || self.may_be_copy(segment, from) {
            return None;
        }
        let (longer, sacked) = self.sacked(segment, from)?;
        let found = self.course.analysis.pass_ack(&(&usual).into(), from)?;
        let mut calm = self.arrived(&usual, pause, from);
        calm.marks = found;
        calm.longer = longer;
        calm.sacked = sacked;
        if own_marks::has_duplicate_sack(segment) {
            calm.marks |= Marks::DUPLICATE_SACK;
        }
        self.wait(calm, &[], from, config);
        Some(found)
    }

    /// Whether it may be a copy of another packet: it has the same numbers as one before.
    fn may_be_copy(&self, segment: &Segment<'_>, from: End) -> bool {
        let id = segment.ip.id;
        let mut waiting = self.course.waiting.of(from).iter().rev().take(COMPARED);
        id != 0 && waiting.any(|calm| calm.ip_id == id)
            || self.directions.of(from).recent.may_be_copy(segment)
    }

    /// By how much its SACK blocks make the header longer than usual, and how far they go beyond what it acknowledges. `None` where
    /// that is too much.
    fn sacked(&self, segment: &Segment<'_>, from: End) -> Option<(u8, i32)> {
        let look = self.course.habits.of(from).look()?;
        let longer = segment.ip.total_len.checked_sub(look.datagram_len(0))?;
        let longer = u8::try_from(longer).ok()?;
        let peer = self.course.numbering.of(from.other());
        let blocks = segment.options.sack_blocks().iter();
        let to = blocks.map(|block| peer.relative(block.right.0)).max();
        let beyond = match to {
            Some(to) => to.checked_sub(peer.relative(segment.ack.0))?,
            None => 0,
        };
        let is_told = to.is_some() == (longer > 0);
        is_told.then_some((longer, i32::try_from(beyond).ok()?))
    }
}
