//! Section header blocks: a new byte order, and interfaces counted anew.

use crate::endian::ByteOrder;
use crate::pcapng::options::Options;
use crate::pcapng::{Block, PcapngReader};
use crate::warning::Damage;

/// Type, length, byte order mark, version, section length, length.
pub(super) const LEAST_LEN: u32 = 28;

const BYTE_ORDER_MARK: u32 = 0x1a2b_3c4d;

/// The byte order, from the mark read as if it were little-endian.
pub(super) fn byte_order(mark: u32) -> Result<ByteOrder, Damage> {
    match mark {
        BYTE_ORDER_MARK => Ok(ByteOrder::Little),
        mark if mark.swap_bytes() == BYTE_ORDER_MARK => Ok(ByteOrder::Big),
        mark => Err(Damage::ByteOrderMark(mark)),
    }
}

/// Begins a section. Its length is not used: what follows is read block by block anyway.
pub(super) fn read(reader: &mut PcapngReader, block: &Block<'_>) -> Result<(), Damage> {
    block.check_least(LEAST_LEN)?;
    let (major, minor) = (block.u16(4), block.u16(6));
    // Some programs write 1.2; it is read like 1.0, as Wireshark does.
    if major != 1 || !matches!(minor, 0 | 2) {
        return Err(Damage::SectionVersion(major, minor));
    }
    Options::new(block.order, block.body_from(16)).try_for_each(|option| option.map(drop))?;
    let described = u32::try_from(reader.interfaces.len()).unwrap_or(u32::MAX);
    reader.interfaces_before = reader.interfaces_before.saturating_add(described);
    reader.interfaces.clear();
    Ok(())
}
