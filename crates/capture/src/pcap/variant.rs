//! Which record header a pcap file has, where its magic number does not say.
//!
//! Red Hat 6.1, SuSE 6.3 and Nokia wrote longer record headers under magic numbers that others use as well. As in Wireshark,
//! the first records are read as each variant in turn, what looks wrong is counted, and the variant with the fewest oddities wins.
//! Which fields are looked at follows Wireshark 4.0; later versions also look at those that only some variants have, which
//! tells a damaged second or third record of a plain file better from another variant.

use crate::pcap::header::FileHeader;

/// A kind of record header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variant {
    /// Time, captured length, length on the wire.
    Plain,
    /// The same, with nanoseconds.
    Aix,
    /// Plus interface, protocol and packet type (patches of 1999-04-17 and 1999-10-29; Red Hat 6.1).
    Modified,
    /// Plus five bytes of debugging and padding (patch of 1999-09-15; SuSE 6.3).
    ModifiedLong,
    /// Plus four bytes (Nokia).
    Nokia,
}

impl Variant {
    /// Bytes of a record header.
    pub(super) const fn record_header_len(self) -> usize {
        match self {
            Self::Plain | Self::Aix => 16,
            Self::Nokia => 20,
            Self::Modified => 24,
            Self::ModifiedLong => 28,
        }
    }
}

/// Records that are looked at.
const RECORDS_TO_TRY: usize = 3;
/// No frame on any wire was ever longer.
const PLAUSIBLE_WIRE_LEN: u32 = 128 * 1024 * 1024;

/// The variant that fits best, or how many bytes of records it takes to tell.
pub(super) fn guess(
    header: &FileHeader,
    max_len: u32,
    records: &[u8],
    at_end: bool,
) -> Result<Variant, usize> {
    let candidates: &[Variant] = if header.modified {
        &[Variant::Modified, Variant::ModifiedLong]
    } else {
        &[Variant::Plain, Variant::Modified, Variant::Nokia]
    };
    let mut best = (Variant::Plain, u32::MAX);
    for &variant in candidates {
        let trial = Trial {
            header,
            max_len,
            variant,
            at_end,
            cut_counts: u32::from(Some(&variant) != candidates.first()),
        };
        let oddities = trial.oddities(records)?;
        if oddities < best.1 {
            best = (variant, oddities);
        }
        if oddities == 0 {
            break;
        }
    }
    Ok(best.0)
}

/// One variant on trial.
struct Trial<'a> {
    header: &'a FileHeader,
    max_len: u32,
    variant: Variant,
    at_end: bool,
    /// What it counts that the file ends inside a record. A file of the usual variant that was cut is common; one of
    /// another variant is so rare that it has to fit. (Wireshark prefers the rare one.)
    cut_counts: u32,
}

impl Trial<'_> {
    /// How many things look wrong in the first record that is odd, or how many bytes it takes to tell.
    fn oddities(&self, records: &[u8]) -> Result<u32, usize> {
        let mut at = 0_usize;
        let header_len = self.variant.record_header_len();
        for _ in 0..RECORDS_TO_TRY {
            let rest = records.get(at..).unwrap_or_default();
            if rest.is_empty() && self.at_end {
                break;
            }
            let Some(header) = rest.get(..header_len) else {
                return self.cut(at.saturating_add(header_len));
            };
            let oddities = self.oddities_of(header);
            if oddities > 0 {
                return Ok(oddities);
            }
            let len = self.number(header, 8) as usize;
            at = at.saturating_add(header_len).saturating_add(len);
            if records.len() < at {
                return self.cut(at);
            }
        }
        Ok(0)
    }

    /// A record that is not whole is odd, but only where the file ends there.
    const fn cut(&self, needed: usize) -> Result<u32, usize> {
        if self.at_end {
            Ok(self.cut_counts)
        } else {
            Err(needed)
        }
    }

    fn oddities_of(&self, header: &[u8]) -> u32 {
        let (len, wire_len) = (self.number(header, 8), self.number(header, 12));
        u32::from(self.number(header, 4) >= 1_000_000)
            .saturating_add(u32::from(len > self.max_len))
            .saturating_add(u32::from(len > self.header.snaplen))
            .saturating_add(u32::from(wire_len > PLAUSIBLE_WIRE_LEN))
            .saturating_add(u32::from(len > wire_len))
    }

    fn number(&self, header: &[u8], at: usize) -> u32 {
        self.header.order.u32(header, at).unwrap_or_default()
    }
}
