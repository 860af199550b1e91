//! pcap files: the classic format, its relatives and its descendants.
//!
//! The format is described in draft-ietf-opsawg-pcap; the variants are those that Wireshark knows.

mod header;
mod variant;

use crate::endian::ByteOrder;
use crate::limits::max_frame_len;
use crate::reader::{Odd, OpenError, Position, RecordAt, Step, need_header};
use crate::{LinkType, Timestamp};

pub(crate) use header::is_pcap;
use header::{FileHeader, Lengths};
use variant::Variant;

/// Reads the records of a pcap file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PcapReader {
    order: ByteOrder,
    lengths: Lengths,
    /// Bytes of a record header.
    header_len: usize,
    /// Bytes between the header and the frame that count as captured but are none of it.
    padding: u32,
    nanos_per_unit: u32,
    link: LinkType,
    fcs_len: u8,
    max_len: u32,
}

impl PcapReader {
    /// Reads the file header and finds out the variant; returns the bytes that the header takes.
    pub(crate) fn open(buffer: &[u8], at_end: bool) -> Result<(Self, u64), OpenError> {
        let header = FileHeader::parse(buffer)
            .map_err(OpenError::Refused)?
            .ok_or_else(|| need_header(buffer, header::least_len(buffer), at_end))?;
        let max_len = max_frame_len(header.link);
        let variant = match header.variant {
            Some(variant) => variant,
            None => variant::guess(
                &header,
                max_len,
                buffer.get(header.len..).unwrap_or_default(),
                at_end,
            )
            .map_err(|more| OpenError::NeedMore(header.len.saturating_add(more)))?,
        };
        let reader = Self {
            order: header.order,
            lengths: header.lengths,
            header_len: variant.record_header_len(),
            padding: if variant == Variant::Aix && header.link == LinkType::FDDI {
                3
            } else {
                0
            },
            nanos_per_unit: if header.nanoseconds || variant == Variant::Aix {
                1
            } else {
                1_000
            },
            link: header.link,
            fcs_len: header.fcs_len,
            max_len,
        };
        Ok((reader, header.len as u64))
    }

    /// The same reader, where the file is as most are: little-endian frames of Ethernet, with plain record headers. What the compiler
    /// knows of them then need not be looked up for each record.
    #[inline(always)]
    pub(crate) fn as_most_are(&self) -> Option<Self> {
        let as_most_are = Self {
            order: ByteOrder::Little,
            lengths: Lengths::CapturedFirst,
            header_len: Variant::Plain.record_header_len(),
            padding: 0,
            nanos_per_unit: self.nanos_per_unit,
            link: LinkType::ETHERNET,
            fcs_len: 0,
            max_len: max_frame_len(LinkType::ETHERNET),
        };
        (*self == as_most_are).then_some(as_most_are)
    }

    /// The next record.
    pub(crate) fn next(&mut self, buffer: &[u8], at_end: bool, position: &mut Position) -> Step {
        match self.record(buffer) {
            Ok(record) => position.record(record),
            Err(odd) => position.odd(odd, buffer, at_end),
        }
    }

    /// The record that the buffer begins with, not numbered yet.
    #[inline]
    pub(crate) fn record(&self, buffer: &[u8]) -> Result<RecordAt, Odd> {
        let Some([seconds, fraction, first, second]) = self.order.u32s(buffer) else {
            return Err(Odd::Cut(self.header_len));
        };
        let (len, wire_len) = self.lengths.sort(first, second);
        if len > self.max_len {
            return Err(Odd::TooLong {
                len,
                limit: self.max_len,
            });
        }
        // At most 28 bytes and 128 MiB: no overflow.
        let consumed = self.header_len.wrapping_add(len as usize);
        if buffer.len() < consumed {
            return Err(Odd::Cut(consumed));
        }
        Ok(RecordAt {
            frame: 0,
            time: Some(self.time(seconds, fraction)),
            link: self.link,
            interface: 0,
            fcs_len: self.fcs_len,
            wire_len: wire_len.saturating_sub(self.padding),
            start: (self.header_len as u32).wrapping_add(self.padding.min(len)),
            len: len.saturating_sub(self.padding),
            consumed: consumed as u32,
        })
    }

    /// The seconds are an unsigned 32-bit number: the sum always fits. A fraction of more than a second is damage; what
    /// Wireshark makes of it is a signed number of 32 bits.
    #[inline]
    fn time(&self, seconds: u32, fraction: u32) -> Timestamp {
        let nanos = fraction.wrapping_mul(self.nanos_per_unit) as i32;
        Timestamp::from_nanos(
            i64::from(seconds)
                .wrapping_mul(1_000_000_000)
                .wrapping_add(i64::from(nanos)),
        )
    }
}

#[cfg(test)]
mod tests;
