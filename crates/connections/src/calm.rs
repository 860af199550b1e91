//! Calm packets: data in order and plain acknowledgements of an open connection, of which nothing is to be said.
//!
//! Nearly all packets are calm. What every packet must do at once (find its stream, pass sequence analysis, hand its
//! payload on) touches little memory; the facts and the watchers of a connection are spread over much more. So calm packets
//! wait in short form ([`crate::calm_queue`]), and when no more find room, or a packet comes that is not calm, they go through the
//! rest together.
//!
//! Of a calm packet all fields are told, it carries ACK and neither SYN, FIN nor RST, and sequence analysis has no mark for it. While
//! something is missing, duplicate ACKs are as common, and acknowledgements with SACK blocks: where nothing else is to be said of these, they
//! are calm as well. So the facts and the watchers need not ask: what they do with any packet that is so stands in a function `calm`
//! beside the one for all packets, which ends in it. Where they go on smoothly (`live/calm_packets/smooth.rs`), the packets of each side are
//! taken in as a run ([`crate::calm_run`]), and one by one only for what depends on which came first ([`crate::flight`]).

use whyreset_capture::Timestamp;
use whyreset_segments::{Known, Look, TcpFlags, Timestamps, Usual};

use crate::captured_twice::{Print, Way};
use crate::facts::network;
use crate::ip_id::Identified;
use crate::{Marks, Moment, Packet, Side};

/// So many packets of a direction must have come the same way before any is calm: by then checksums were looked at.
const SETTLED: u8 = 4;

/// How the packets of one direction usually look.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Habit {
    look: Option<Look>,
    settled: u8,
}

impl Habit {
    /// Whether a packet is calm as far as its header says: the sequence numbers are another question.
    #[inline]
    pub(crate) fn is_calm(&self, usual: &Usual) -> bool {
        self.settled >= SETTLED && !usual.flags.is_fin() && self.fits(usual.look)
    }

    /// The same of an acknowledgement alone, whose options may be other ones.
    pub(crate) fn is_calm_ack(&self, usual: &Usual) -> bool {
        let look = self.look.filter(|_| self.settled >= SETTLED);
        look.is_some_and(|look| look.is_alike_but_for_options(usual.look))
    }

    #[inline]
    fn fits(&self, look: Look) -> bool {
        self.look.is_some_and(|usual| usual.is_alike(look))
    }

    /// Learns from a packet that was looked at in full.
    pub(crate) fn learn(&mut self, usual: &Usual) {
        if self.fits(usual.look) {
            self.settled = self.settled.saturating_add(1);
            return;
        }
        *self = Self {
            look: Some(usual.look),
            settled: 1,
        };
    }

    /// What the direction's packets look like, once one was learned from.
    pub(crate) const fn look(&self) -> Option<Look> {
        self.look
    }
}

/// A calm packet in short.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Calm {
    pub(crate) time: Timestamp,
    pub(crate) frame: u64,
    /// Relative numbers.
    pub(crate) seq: i64,
    pub(crate) ack: i64,
    pub(crate) payload_len: u32,
    pub(crate) timestamps: Timestamps,
    /// [`Marks::DUPLICATE_ACK`] and [`Marks::DUPLICATE_SACK`], where it is one.
    pub(crate) marks: Marks,
    pub(crate) window: u16,
    pub(crate) ip_id: u16,
    /// How much longer its header is than its direction's usual one, in bytes: by its SACK blocks, where it has any.
    pub(crate) longer: u8,
    pub(crate) pushed: bool,
    /// How far its SACK blocks go beyond what it acknowledges.
    pub(crate) sacked: i32,
}

/// What the calm packets of one direction share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shared {
    pub(crate) side: Side,
    /// Window scale.
    pub(crate) shift: u8,
    pub(crate) look: Look,
    pub(crate) known: Known,
    pub(crate) way: Way,
    /// What the other side's SYN allows.
    pub(crate) mss: Option<u16>,
    /// The initial numbers of the side and of the other one.
    pub(crate) origins: (u32, u32),
}

impl Shared {
    /// A window in bytes.
    #[inline]
    pub(crate) const fn scaled(&self, window: u16) -> u32 {
        (window as u32) << self.shift
    }

    /// Up to where a window lets the other side send that comes with this acknowledgement.
    #[inline]
    pub(crate) const fn edge(&self, ack: i64, window: u16) -> i64 {
        ack.saturating_add(self.scaled(window) as i64)
    }

    /// The most payload that is not too large.
    pub(crate) fn largest_fitting(&self) -> u32 {
        network::largest_fitting(self.mss, self.look.datagram_len(0))
    }
}

impl Calm {
    /// The numbers relative to the initial ones are `seq` and `ack`.
    #[inline]
    pub(crate) const fn of(usual: &Usual, seq: i64, ack: i64) -> Self {
        Self {
            time: usual.time,
            frame: usual.frame,
            seq,
            ack,
            payload_len: usual.payload_len,
            timestamps: usual.timestamps,
            marks: Marks::NONE,
            window: usual.window,
            ip_id: usual.ip_id,
            longer: 0,
            pushed: usual.flags.contains(TcpFlags::PSH),
            sacked: 0,
        }
    }

    /// The relative number behind it. No stream is so long that it would overflow.
    #[inline]
    pub(crate) const fn end(&self) -> i64 {
        self.seq.wrapping_add(self.payload_len as i64)
    }

    /// The highest relative number of its SACK blocks.
    #[inline]
    pub(crate) const fn sacked_to(&self) -> Option<i64> {
        if self.longer == 0 {
            return None;
        }
        Some(self.ack.saturating_add(self.sacked as i64))
    }

    /// Its frame and time.
    #[inline]
    pub(crate) const fn moment(&self) -> Moment {
        Moment {
            frame: self.frame,
            time: self.time,
        }
    }

    /// What its IP identification is told with.
    #[inline]
    pub(crate) fn identified(&self) -> Identified {
        Identified {
            id: self.ip_id,
            at: self.moment(),
            payload_len: self.payload_len,
            seq: Some(self.seq),
            seq_end: self.end(),
        }
    }

    /// Its control bits.
    #[inline]
    pub(crate) const fn flags(&self) -> TcpFlags {
        if self.pushed {
            TcpFlags(TcpFlags::ACK.0 | TcpFlags::PSH.0)
        } else {
            TcpFlags::ACK
        }
    }

    /// The packet with `marks` besides its own.
    #[inline]
    pub(crate) const fn packet(&self, shared: &Shared, marks: Marks) -> Packet {
        Packet {
            frame: self.frame,
            time: self.time,
            side: shared.side,
            flags: self.flags(),
            seq: self.seq,
            ack: self.ack,
            window: shared.scaled(self.window),
            payload_len: self.payload_len,
            ttl: shared.look.ttl(),
            ip_id: self.ip_id,
            timestamps: if shared.look.has_timestamps() {
                Some(self.timestamps)
            } else {
                None
            },
            sacked_to: self.sacked_to(),
            marks: Marks(self.marks.0 | marks.0),
            known: shared.known,
        }
    }

    /// What its copy would be told by.
    #[inline]
    pub(crate) fn print(&self, shared: &Shared) -> Print {
        let (seq, ack) = shared.origins;
        Print {
            time: self.time.nanos(),
            seq: seq.wrapping_add(self.seq as u32),
            ack: ack.wrapping_add(self.ack as u32),
            len: self.payload_len,
            ts_value: self.timestamps.value,
            window: u32::from(self.window),
            flags: self.flags().0,
            id: self.ip_id,
            seen: true,
            way: shared.way,
        }
    }
}
