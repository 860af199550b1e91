//! snoop files: Solaris' capture format (RFC 1761), and Shomiti's versions of it.

use crate::endian::ByteOrder;
use crate::limits::MAX_FRAME_LEN;
use crate::reader::{Odd, OpenError, Position, RecordAt, Step, need_header};
use crate::warning::{Damage, Refusal};
use crate::{LinkType, Timestamp};

/// What every snoop file begins with.
pub(crate) const MAGIC: &[u8; 8] = b"snoop\0\0\0";

const HEADER_LEN: usize = 16;
const RECORD_HEADER_LEN: u32 = 24;
/// Programs pad a record to a few bytes; more than this is damage.
const MAX_PADDING: u32 = 1024;

/// Reads the records of a snoop file.
#[derive(Debug)]
pub(crate) struct SnoopReader {
    link: LinkType,
    /// The cumulative count of the latest record.
    dropped: u32,
}

impl SnoopReader {
    /// Reads the file header; returns the bytes that it takes.
    pub(crate) fn open(buffer: &[u8], at_end: bool) -> Result<(Self, u64), OpenError> {
        let Some(header) = buffer.get(..HEADER_LEN) else {
            return Err(need_header(buffer, HEADER_LEN, at_end));
        };
        let version = ByteOrder::Big.u32(header, 8).unwrap_or_default();
        let network = ByteOrder::Big.u32(header, 12).unwrap_or_default();
        if !(2..=5).contains(&version) {
            return Err(OpenError::Refused(Refusal::SnoopVersion(version)));
        }
        let link = link_type(network).ok_or(OpenError::Refused(Refusal::SnoopLink(network)))?;
        Ok((Self { link, dropped: 0 }, HEADER_LEN as u64))
    }

    /// The next record.
    pub(crate) fn next(&mut self, buffer: &[u8], at_end: bool, position: &mut Position) -> Step {
        match self.record(buffer) {
            Ok(record) => position.record(record),
            Err(odd) => position.odd(odd, buffer, at_end),
        }
    }

    /// The record that the buffer begins with, not numbered yet.
    pub(crate) fn record(&mut self, buffer: &[u8]) -> Result<RecordAt, Odd> {
        let Some(header) = buffer.get(..RECORD_HEADER_LEN as usize) else {
            return Err(Odd::Cut(RECORD_HEADER_LEN as usize));
        };
        let field = |at| ByteOrder::Big.u32(header, at).unwrap_or_default();
        let (wire_len, len, record_len) = (field(0), field(4), field(8));
        // Both lengths are checked, as in Wireshark.
        let longest = len.max(wire_len);
        if longest > MAX_FRAME_LEN {
            return Err(Odd::TooLong {
                len: longest,
                limit: MAX_FRAME_LEN,
            });
        }
        let least = len.saturating_add(RECORD_HEADER_LEN);
        if record_len < least || record_len.saturating_sub(least) > MAX_PADDING {
            return Err(Odd::Damaged(Damage::TooShort {
                len: record_len,
                least,
            }));
        }
        if buffer.len() < record_len as usize {
            return Err(Odd::Cut(record_len as usize));
        }
        self.dropped = field(12);
        let nanos = i64::from(field(16))
            .wrapping_mul(1_000_000_000)
            .wrapping_add(i64::from(field(20)).wrapping_mul(1_000));
        Ok(RecordAt {
            frame: 0,
            time: Some(Timestamp::from_nanos(nanos)),
            link: self.link,
            interface: 0,
            fcs_len: 0,
            wire_len,
            start: RECORD_HEADER_LEN,
            len,
            consumed: record_len,
        })
    }

    /// Packets that were dropped up to the latest record.
    pub(crate) fn dropped(&self) -> Option<u64> {
        Some(u64::from(self.dropped))
    }
}

/// The link type of a data link number (RFC 1761, and what Solaris added).
fn link_type(network: u32) -> Option<LinkType> {
    match network {
        0 | 4 | 24 => Some(LinkType::ETHERNET),
        2 => Some(LinkType::TOKEN_RING),
        8 => Some(LinkType::FDDI),
        9 | 14 => Some(LinkType::NULL),
        26 => Some(LinkType::IPOIB),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CaptureReader, Step, Warning};

    fn file(records: &[(u32, u32, &[u8], u32)]) -> Vec<u8> {
        let mut file = MAGIC.to_vec();
        file.extend(2_u32.to_be_bytes());
        file.extend(4_u32.to_be_bytes());
        for &(seconds, micros, bytes, padding) in records {
            let len = bytes.len() as u32;
            for field in [len + 10, len, len + 24 + padding, 3, seconds, micros] {
                file.extend(field.to_be_bytes());
            }
            file.extend(bytes);
            file.extend(vec![0; padding as usize]);
        }
        file
    }

    #[test]
    fn records_with_padding() {
        let file = file(&[(1, 2, b"abc", 1), (3, 4, b"defg", 0)]);
        let mut reader = CaptureReader::new();
        let Step::Skip { consumed: 16 } = reader.step(&file, true) else {
            panic!()
        };
        let Step::Record(first) = reader.step(&file[16..], true) else {
            panic!()
        };
        assert_eq!(first.record(&file[16..]).bytes, b"abc");
        assert_eq!((first.wire_len, first.consumed), (13, 28));
        assert_eq!(first.time, Some(Timestamp::from_nanos(1_000_002_000)));
        let Step::Record(second) = reader.step(&file[44..], true) else {
            panic!()
        };
        assert_eq!(second.record(&file[44..]).bytes, b"defg");
        assert_eq!(reader.dropped(), Some(3));
        assert_eq!(reader.step(&file[72..], true), Step::End(None));
    }

    #[test]
    fn a_record_shorter_than_its_frame_is_damage() {
        let mut file = file(&[(1, 2, b"abc", 0)]);
        file[16 + 11] = 20;
        let mut reader = CaptureReader::new();
        reader.step(&file, true);
        assert!(matches!(
            reader.step(&file[16..], true),
            Step::End(Some(Warning::Damaged { offset: 16, .. }))
        ));
    }
}
