//! The segment that opens a connection, and the one that answers it.

use crate::checksum;
use crate::{AddressSum, Checksum, Endpoint, Segment, SeqNumber, TcpFlags, TcpOptions, Usual};

/// A SYN or a SYN/ACK, seen whole in a frame, with nothing behind its header and nothing urgent. Its ends stand elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// Its numbers and its look: they stand where those of a [usual](Usual) segment do. Timestamps are not among them.
    pub numbers: &'a Usual,
    /// Its options.
    pub options: TcpOptions,
    /// Its header.
    bytes: &'a [u8],
}

/// Length of a header without options.
const HEADER: usize = 20;

impl<'a> Opening<'a> {
    /// Whether these are the control bits of such a segment.
    #[inline]
    pub const fn has_flags(flags: TcpFlags) -> bool {
        let telling = TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0;
        flags.0 & telling == TcpFlags::SYN.0
    }

    /// The segment with these numbers, whose bytes `holder` holds.
    #[inline]
    pub fn new(numbers: &'a Usual, holder: &'a [u8]) -> Self {
        let (from, behind) = (numbers.at.tcp as usize, numbers.at.end as usize);
        let bytes = holder.get(from..behind).unwrap_or_default();
        let options = bytes.get(HEADER..).unwrap_or_default();
        Self {
            numbers,
            options: TcpOptions::parse(options),
            bytes,
        }
    }

    /// Verifies the TCP checksum, where the header was captured, between ends whose `addresses` add this to it.
    #[inline]
    pub fn checksum(&self, addresses: Option<AddressSum>) -> Option<Checksum> {
        let verify = |addresses| checksum::verify_bytes(addresses, self.bytes);
        let found = || addresses.map_or(Checksum::Unverifiable, verify);
        (!self.bytes.is_empty()).then(found)
    }

    /// The same in full, between these ends.
    #[inline]
    pub fn segment(&self, source: Endpoint, destination: Endpoint) -> Segment<'a> {
        let Self { numbers, bytes, .. } = *self;
        let Usual { look, .. } = *numbers;
        Segment {
            frame: numbers.frame,
            time: numbers.time,
            source,
            destination,
            seq: SeqNumber(numbers.seq),
            ack: SeqNumber(numbers.ack),
            flags: numbers.flags,
            window: numbers.window.into(),
            urgent: 0,
            payload_len: 0,
            payload: &[],
            tcp_bytes: bytes,
            options: self.options,
            ip: look.ip(numbers.ip_id, numbers.flow_label, 0),
            link: look.link(),
            known: look.known(),
            bad_offset: false,
        }
    }
}
