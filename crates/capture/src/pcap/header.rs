//! The file header of pcap: magic number, version, link type.

use crate::LinkType;
use crate::endian::ByteOrder;
use crate::pcap::variant::Variant;
use crate::warning::Refusal;

/// What the file header says.
#[derive(Debug)]
pub(super) struct FileHeader {
    pub(super) order: ByteOrder,
    pub(super) nanoseconds: bool,
    /// `None`: only the records can tell.
    pub(super) variant: Option<Variant>,
    /// The magic number is the one of Alexey Kuznetzov's later patches.
    pub(super) modified: bool,
    pub(super) lengths: Lengths,
    pub(super) snaplen: u32,
    pub(super) link: LinkType,
    pub(super) fcs_len: u8,
    /// Bytes that the header takes.
    pub(super) len: usize,
}

/// The order of a record's two lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lengths {
    /// Captured, then on the wire (version 2.3 and later).
    CapturedFirst,
    /// On the wire, then captured (before 2.3, and DG/UX).
    WireFirst,
    /// Version 2.3: some programs wrote the old order; the larger one is on the wire.
    Unsure,
}

impl Lengths {
    /// Captured length and length on the wire from the two fields as they stand.
    #[inline]
    pub(super) fn sort(self, first: u32, second: u32) -> (u32, u32) {
        match self {
            Self::CapturedFirst => (first, second),
            Self::WireFirst => (second, first),
            Self::Unsure => (first.min(second), first.max(second)),
        }
    }
}

const HEADER_LEN: usize = 24;
/// Ixia's variants add the size of all records.
const IXIA_HEADER_LEN: usize = 28;

/// What a magic number means, written in the file's own byte order.
struct Magic {
    number: u32,
    nanoseconds: bool,
    ixia: bool,
    modified: bool,
}

const fn magic(number: u32, nanoseconds: bool, ixia: bool, modified: bool) -> Magic {
    Magic {
        number,
        nanoseconds,
        ixia,
        modified,
    }
}

/// The standard magic number; several variants share it.
const STANDARD: u32 = 0xa1b2_c3d4;

const MAGICS: [Magic; 5] = [
    magic(STANDARD, false, false, false),
    magic(0xa1b2_3c4d, true, false, false),
    magic(0xa1b2_cd34, false, false, true),
    magic(0x1c00_01ac, true, true, false),
    magic(0x1c00_01ab, false, true, false),
];

/// Whether a file that begins so is a pcap file.
pub(crate) fn is_pcap(buffer: &[u8]) -> bool {
    find_magic(buffer).is_some()
}

/// Bytes that the header takes, at least.
pub(super) fn least_len(buffer: &[u8]) -> usize {
    match find_magic(buffer) {
        Some((_, magic)) if magic.ixia => IXIA_HEADER_LEN,
        _ => HEADER_LEN,
    }
}

fn find_magic(buffer: &[u8]) -> Option<(ByteOrder, &'static Magic)> {
    [ByteOrder::Little, ByteOrder::Big]
        .into_iter()
        .find_map(|order| {
            let number = order.u32(buffer, 0)?;
            MAGICS
                .iter()
                .find(|magic| magic.number == number)
                .map(|magic| (order, magic))
        })
}

impl FileHeader {
    /// `None` where the buffer holds too little.
    pub(super) fn parse(buffer: &[u8]) -> Result<Option<Self>, Refusal> {
        let Some((order, magic)) = find_magic(buffer) else {
            return Ok(None);
        };
        let len = least_len(buffer);
        let Some(header) = buffer.get(..len) else {
            return Ok(None);
        };
        let number = |at| order.u32(header, at).unwrap_or_default();
        let half = |at| order.u16(header, at).unwrap_or_default();
        let (major, minor) = (half(4), half(6));
        if major < 2 {
            return Err(Refusal::PcapVersion(major, minor));
        }
        let mut network = number(20);
        let aix = aix_link(magic.number, major, minor, network);
        if let Some(link) = aix {
            network = link;
        }
        let reserved = network & 0x03ff_0000;
        if reserved != 0 {
            return Err(Refusal::ReservedLinkBits(reserved));
        }
        let old = (major == 2 && minor <= 3) || major == 543;
        let variant = match aix {
            Some(_) => Some(Variant::Aix),
            None if old || !(magic.modified || magic.number == STANDARD) => Some(Variant::Plain),
            None => None,
        };
        Ok(Some(Self {
            order,
            nanoseconds: magic.nanoseconds && !old,
            variant,
            modified: magic.modified,
            lengths: lengths(major, minor),
            snaplen: number(16),
            link: LinkType(network as u16),
            fcs_len: fcs_len(network),
            len,
        }))
    }
}

/// AIX writes version 2.2 and interface types (RFC 1573) where others write link types.
fn aix_link(magic: u32, major: u16, minor: u16, network: u32) -> Option<u32> {
    if (magic, major, minor) != (STANDARD, 2, 2) {
        return None;
    }
    match network {
        6 => Some(1),
        9 => Some(6),
        15 => Some(10),
        24 => Some(0),
        _ => None,
    }
}

fn lengths(major: u16, minor: u16) -> Lengths {
    match (major, minor) {
        (2, 0..=2) | (543, _) => Lengths::WireFirst,
        (2, 3) => Lengths::Unsure,
        _ => Lengths::CapturedFirst,
    }
}

/// The upper four bits count 16-bit units of frame check sequence, where bit 26 says that they do.
fn fcs_len(network: u32) -> u8 {
    if network & 0x0400_0000 == 0 {
        return 0;
    }
    ((network >> 28) as u8).saturating_mul(2)
}
