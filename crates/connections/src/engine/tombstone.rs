//! What is left of a connection that was handed on: late packets still find their stream.

use whyreset_segments::{Segment, TcpFlags};

use crate::Marks;
use crate::pairs::{ByEnd, End};
use crate::sequence_analysis::{Arrival, SequenceAnalysis, arrival};

/// As much as it takes to tell a late packet from one that begins a new stream.
#[derive(Debug)]
pub(super) enum Tombstone {
    /// Late packets are marked as if the connection went on.
    Analysis(Box<SequenceAnalysis>),
    /// The initial numbers alone: of one that went by the book, marks are not told.
    Numbers(ByEnd<u32>),
}

impl Tombstone {
    /// What a segment from `end` means for the stream.
    pub(super) fn arrival(&mut self, end: End, seq: u32, flags: TcpFlags) -> Arrival {
        match self {
            Self::Analysis(analysis) => analysis.arrival(end, seq, flags),
            Self::Numbers(initial) => arrival(initial.of_mut(end), seq, flags),
        }
    }

    /// Takes a late packet.
    pub(super) fn segment(&mut self, segment: &Segment<'_>, from: End) -> Marks {
        match self {
            Self::Analysis(analysis) => analysis.segment(segment, from),
            Self::Numbers(_) => Marks::NONE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_segments::{A, B, segment};

    #[test]
    fn the_numbers_tell_late_packets_from_new_streams_as_the_analysis_does() {
        let begun = || {
            let mut analysis = SequenceAnalysis::default();
            analysis.segment(&segment(A, B, TcpFlags::SYN, 7, 0, b""), End::Low);
            let answer = TcpFlags::SYN | TcpFlags::ACK;
            analysis.segment(&segment(B, A, answer, 70, 8, b""), End::High);
            analysis
        };
        for flags in [
            TcpFlags::SYN,
            TcpFlags::ACK,
            TcpFlags::SYN | TcpFlags::ACK,
            TcpFlags::RST,
        ] {
            for end in [End::Low, End::High] {
                for seq in [7, 8, 70, 71] {
                    let mut one = Tombstone::Analysis(Box::new(begun()));
                    let mut other = Tombstone::Numbers(ByEnd { low: 7, high: 70 });
                    let arrivals = [&mut one, &mut other].map(|it| {
                        // A second SYN shows what the first has left behind.
                        [flags, TcpFlags::SYN].map(|flags| it.arrival(end, seq, flags))
                    });
                    assert_eq!(arrivals[0], arrivals[1], "{flags:?} {end:?} {seq}");
                }
            }
        }
    }
}
