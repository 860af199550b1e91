//! What each packet adds to the facts about its direction ([`crate::Flow`]). One subject, one file.

pub(crate) mod fins;
pub(crate) mod handshakes;
pub(crate) mod network;
pub(crate) mod probes;
pub(crate) mod retransmitted;
pub(crate) mod timestamp_clock;
pub(crate) mod windows;

use whyreset_segments::{Checksum, Known, Segment, TcpFlags};

use crate::{Marks, Moment, Packet};

/// A packet that was placed in its connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'s, 'a> {
    pub(crate) segment: &'s Segment<'a>,
    pub(crate) packet: Packet,
    pub(crate) at: Moment,
    /// Payload bytes that were not captured before.
    pub(crate) fresh_bytes: u64,
    /// What its checksum turned out to be, where that was looked at before.
    pub(crate) checksum: Option<Checksum>,
}

impl Seen<'_, '_> {
    pub(crate) const fn has(&self, known: Known) -> bool {
        self.segment.known.has(known)
    }

    pub(crate) const fn flags(&self) -> TcpFlags {
        self.packet.flags
    }

    pub(crate) const fn marks(&self) -> Marks {
        self.packet.marks
    }

    /// Its sequence number and length are known.
    pub(crate) const fn is_numbered(&self) -> bool {
        self.segment.known.has(Known::SEQ) && self.segment.known.has(Known::LEN)
    }

    /// Its acknowledgement number, where it says one.
    pub(crate) const fn ack(&self) -> Option<i64> {
        if self.packet.flags.contains(TcpFlags::ACK) && self.segment.known.has(Known::ACK) {
            Some(self.packet.ack)
        } else {
            None
        }
    }
}
