//! A flight: the data that one side sent in calm packets, and what the other acknowledged meanwhile.
//!
//! Here all that depends on which came first. It holds for packets that go on from where the sender was, and for acknowledgements of
//! what was sent: what the watchers need not ask of these stands in [`crate::live`], where they are told from others.

use whyreset_capture::Timestamp;

use crate::Moment;
use crate::calm::Calm;
use crate::direction::Direction;
use crate::pairs::End;
use crate::round_trip::{Answer, Pending, RoundTripMeter};
use crate::sending::SendingTracker;
use crate::so_far::SoFar;

/// What watches the data of one side.
#[derive(Debug)]
pub(crate) struct Flight<'w> {
    pub(crate) direction: &'w mut Direction,
    /// The one towards which it passes.
    pub(crate) meter: &'w mut RoundTripMeter,
    pub(crate) sending: &'w mut SendingTracker,
    /// Of the side that sends it.
    pub(crate) so_far: &'w mut SoFar,
}

/// How far the data of a flight came.
#[derive(Clone, Copy, Debug)]
struct Reached {
    sent_to: i64,
    acked_to: i64,
    unacked_since: Option<Timestamp>,
    progress: Option<Moment>,
}

impl Flight<'_> {
    /// Takes `packets` in, of which those of `sender` carry the data.
    pub(crate) fn take<'c>(&mut self, packets: impl Iterator<Item = (End, &'c Calm)>, sender: End) {
        let mut reached = Reached {
            sent_to: self.so_far.sent_to.unwrap_or_default(),
            acked_to: self.direction.flow.acked_to,
            unacked_since: self.so_far.unacked_since,
            progress: None,
        };
        for (from, calm) in packets {
            if from != sender {
                self.acknowledged(calm, &mut reached);
            } else if calm.payload_len > 0 {
                self.sent(calm, &mut reached);
            }
        }
        self.so_far.unacked_since = reached.unacked_since;
        if let Some(progress) = reached.progress {
            self.direction.flow.acked_to = reached.acked_to;
            self.direction.flow.last_progress = Some(progress);
        }
    }

    #[inline]
    fn sent(&mut self, calm: &Calm, reached: &mut Reached) {
        let (at, end, len) = (calm.moment(), calm.end(), calm.payload_len);
        reached.sent_to = end;
        if reached.unacked_since.is_none() {
            reached.unacked_since = Some(calm.time);
        }
        self.direction.outstanding.sent(calm.seq, end, len, at);
        self.meter.passed(Pending {
            seq_end: end,
            at,
            is_syn: false,
            payload_len: len,
        });
        self.sending
            .in_flight(end.saturating_sub(reached.acked_to), at);
    }

    #[inline]
    fn acknowledged(&mut self, calm: &Calm, reached: &mut Reached) {
        let (ack, at) = (calm.ack, calm.moment());
        self.meter.acknowledged(&Answer {
            ack,
            at,
            is_bare: calm.payload_len == 0,
        });
        if reached.unacked_since.is_some() {
            reached.unacked_since = (ack < reached.sent_to).then_some(calm.time);
        }
        if let Some(sacked_to) = calm.sacked_to() {
            self.direction.arrived_beyond(sacked_to);
        }
        if ack > reached.acked_to {
            reached.acked_to = ack;
            reached.progress = Some(at);
            self.direction.acknowledge_segments(ack);
        }
    }
}
