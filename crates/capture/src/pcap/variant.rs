//! Which record header a pcap file has, where its magic number does not say.
//!
//! Red Hat 6.1, SuSE 6.3 and Nokia wrote longer record headers under magic numbers that others use as well. As in Wireshark,
//! the first records are read as each variant in turn, what looks wrong is counted, and the variant with the fewest oddities wins.

use crate::endian::ByteOrder;
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
}

impl Trial<'_> {
    /// How many things look wrong in the first records, or how many bytes it takes to tell.
    fn oddities(&self, records: &[u8]) -> Result<u32, usize> {
        let mut at = 0_usize;
        let mut oddities = 0_u32;
        let header_len = self.variant.record_header_len();
        for _ in 0..RECORDS_TO_TRY {
            let rest = records.get(at..).unwrap_or_default();
            if rest.is_empty() && self.at_end {
                break;
            }
            let Some(header) = rest.get(..header_len) else {
                return self.cut(at.saturating_add(header_len), oddities);
            };
            let len = self.number(header, 8);
            oddities = oddities
                .saturating_add(self.common_oddities(header))
                .saturating_add(self.extra_oddities(header));
            if len > self.max_len {
                break;
            }
            at = at.saturating_add(header_len).saturating_add(len as usize);
            if records.len() < at {
                return self.cut(at, oddities);
            }
        }
        Ok(oddities)
    }

    /// A record that is not whole is odd, but only where the file ends there.
    fn cut(&self, needed: usize, oddities: u32) -> Result<u32, usize> {
        if self.at_end {
            Ok(oddities.saturating_add(1))
        } else {
            Err(needed)
        }
    }

    fn common_oddities(&self, header: &[u8]) -> u32 {
        let (len, wire_len) = (self.number(header, 8), self.number(header, 12));
        u32::from(self.number(header, 4) >= 1_000_000)
            .saturating_add(u32::from(len > self.max_len))
            .saturating_add(u32::from(len > self.header.snaplen))
            .saturating_add(u32::from(wire_len > PLAUSIBLE_WIRE_LEN))
            .saturating_add(u32::from(len > wire_len))
    }

    fn extra_oddities(&self, header: &[u8]) -> u32 {
        match self.variant {
            Variant::Plain | Variant::Aix => 0,
            Variant::Nokia => {
                // The file's own order plays no part here, as in Wireshark.
                let stuff = ByteOrder::Little.u32(header, 16).unwrap_or_default();
                u32::from(!is_nokia_stuff(stuff))
            }
            Variant::Modified | Variant::ModifiedLong => {
                let interface = self.number(header, 16);
                let protocol = self.header.order.u16(header, 20).unwrap_or_default();
                let packet_type = header.get(22).copied().unwrap_or_default();
                u32::from(interface > 10_000)
                    .saturating_add(u32::from(!is_packet_protocol(protocol)))
                    .saturating_add(u32::from(packet_type > 4))
            }
        }
    }

    fn number(&self, header: &[u8], at: usize) -> u32 {
        self.header.order.u32(header, at).unwrap_or_default()
    }
}

/// An EtherType, or one of the numbers that Linux uses below them (linux/if_ether.h).
fn is_packet_protocol(protocol: u16) -> bool {
    protocol >= 0x0600 || matches!(protocol, 0x0060 | 0x0200 | 0x0400 | 0..=0x17)
}

/// The field that Nokia adds, as far as it was ever seen.
fn is_nokia_stuff(stuff: u32) -> bool {
    stuff & 0x0fff_00f0 == 0x0fbf_0000
        && matches!(stuff & 0xf000_0000, 0x9000_0000 | 0xb000_0000)
        && matches!(stuff & 0x0000_f000, 0x0000_b000 | 0x0000_d000)
        && matches!(stuff & 0x0000_0f00, 0x0000_0600 | 0x0000_0900)
        && matches!(stuff & 0x0000_000f, 1 | 2)
}
