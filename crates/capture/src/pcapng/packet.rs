//! Blocks that hold a frame: enhanced, simple and obsolete packet blocks.

use crate::endian::ByteOrder;
use crate::pcapng::interface::Interface;
use crate::pcapng::options::Options;
use crate::pcapng::{Block, OPENING_LEN, PcapngReader, block_type, padded_len};
use crate::reader::RecordAt;
use crate::warning::Damage;

/// Opening, interface (and drops, in an obsolete packet block), time, captured length, length, closing.
const LEAST_TIMED_LEN: u32 = 32;
/// Opening, length, closing.
const LEAST_SIMPLE_LEN: u32 = 16;

/// Where the frame begins in the body of an enhanced or obsolete packet block.
const FRAME_AT: usize = 20;

/// Options of the packet blocks (section 4.3).
mod option {
    pub(super) const COMMENT: u16 = 1;
    pub(super) const FLAGS: u16 = 2;
    pub(super) const HASH: u16 = 3;
    pub(super) const DROP_COUNT: u16 = 4;
}

/// Reads an enhanced packet block (section 4.3). Where it is damaged, nothing has changed.
#[inline]
pub(super) fn enhanced(reader: &mut PcapngReader, block: &Block<'_>) -> Result<RecordAt, Damage> {
    let fields = fields(block)?;
    let [interface, ..] = fields;
    let record = timed(reader, block, interface, fields)?;
    with_options(reader, block, record)
}

/// The frame of an enhanced packet block without options that the buffer begins with, as most are. `None` of everything else, and
/// of what is damaged.
#[inline]
pub(super) fn bare(reader: &PcapngReader, buffer: &[u8]) -> Option<RecordAt> {
    let order = reader.order;
    let [kind, block_len, index, high, low, len, wire_len] = order.u32s(buffer)?;
    let interface = reader.interfaces.get(index as usize)?;
    if kind != block_type::ENHANCED_PACKET || len > interface.max_len {
        return None;
    }
    // No frame is so long that this overflows.
    let closing_at = padded_len(len).wrapping_add((OPENING_LEN + FRAME_AT) as u32);
    let closing = order.u32(buffer, closing_at as usize)?;
    if closing != block_len || block_len != closing_at.wrapping_add(4) {
        return None;
    }
    let ticks = (u64::from(high) << 32) | u64::from(low);
    Some(RecordAt {
        frame: 0,
        time: Some(interface.clock.time(ticks)),
        link: interface.link,
        interface: reader.interfaces_before.saturating_add(index),
        fcs_len: interface.fcs_len,
        wire_len,
        start: (OPENING_LEN + FRAME_AT) as u32,
        len,
        consumed: block_len,
    })
}

/// Reads an obsolete packet block (appendix A).
pub(super) fn obsolete(reader: &mut PcapngReader, block: &Block<'_>) -> Result<RecordAt, Damage> {
    let interface = u32::from(block.u16(0));
    let record = timed(reader, block, interface, fields(block)?)?;
    let drops = block.u16(2);
    // All ones: not known.
    if drops != u16::MAX {
        reader.drops.add_before_packet(u64::from(drops));
    }
    with_options(reader, block, record)
}

/// Reads a simple packet block (section 4.4): the first interface, no time.
pub(super) fn simple(reader: &mut PcapngReader, block: &Block<'_>) -> Result<RecordAt, Damage> {
    block.check_least(LEAST_SIMPLE_LEN)?;
    let wire_len = block.u32(0);
    let interface = described(reader, 0)?;
    let len = match interface.snaplen {
        0 => wire_len,
        snaplen => wire_len.min(snaplen),
    };
    check_frame(block, interface, len, LEAST_SIMPLE_LEN)?;
    let record = record_at(reader, interface, block, 0, len, wire_len, 4);
    check_simple_end(block, len)?;
    Ok(record)
}

/// Nothing can follow the frame of a simple packet block but its closing length: Wireshark reads that there.
fn check_simple_end(block: &Block<'_>, len: u32) -> Result<(), Damage> {
    let closing_at = (len as usize).saturating_add(3) & !3;
    let last = block
        .order
        .u32(block.bytes, closing_at.saturating_add(12))
        .unwrap_or_default();
    if padded_len(last) != block.len {
        return Err(Damage::LengthsDiffer {
            first: block.len,
            last,
        });
    }
    Ok(())
}

/// What stands before the frame in an enhanced or obsolete packet block: interface, time (upper half, lower half),
/// captured length, length.
#[inline]
fn fields(block: &Block<'_>) -> Result<[u32; 5], Damage> {
    block.order.u32s(block.body()).ok_or(Damage::TooShort {
        len: block.len,
        least: LEAST_TIMED_LEN,
    })
}

/// The frame of an enhanced or obsolete packet block.
#[inline]
fn timed(
    reader: &PcapngReader,
    block: &Block<'_>,
    index: u32,
    [_, high, low, len, wire_len]: [u32; 5],
) -> Result<RecordAt, Damage> {
    let interface = described(reader, index)?;
    let ticks = (u64::from(high) << 32) | u64::from(low);
    check_frame(block, interface, len, LEAST_TIMED_LEN)?;
    let mut record = record_at(reader, interface, block, index, len, wire_len, FRAME_AT);
    record.time = Some(interface.clock.time(ticks));
    Ok(record)
}

fn described(reader: &PcapngReader, index: u32) -> Result<&Interface, Damage> {
    reader
        .interfaces
        .get(index as usize)
        .ok_or_else(|| Damage::UnknownInterface {
            interface: index,
            described: u32::try_from(reader.interfaces.len()).unwrap_or(u32::MAX),
        })
}

/// Refuses a frame that is longer than its block, or than its link type can be.
#[inline]
fn check_frame(
    block: &Block<'_>,
    interface: &Interface,
    len: u32,
    least: u32,
) -> Result<(), Damage> {
    if len > interface.max_len {
        return Err(Damage::FrameTooLong {
            len,
            limit: interface.max_len,
        });
    }
    let needed = (u64::from(len).saturating_add(3) & !3).saturating_add(u64::from(least));
    if needed > block.bytes.len() as u64 {
        return Err(Damage::TooShort {
            len: block.len,
            least: u32::try_from(needed).unwrap_or(u32::MAX),
        });
    }
    Ok(())
}

#[inline]
fn record_at(
    reader: &PcapngReader,
    interface: &Interface,
    block: &Block<'_>,
    index: u32,
    len: u32,
    wire_len: u32,
    frame_at: usize,
) -> RecordAt {
    RecordAt {
        frame: 0,
        time: None,
        link: interface.link,
        interface: reader.interfaces_before.saturating_add(index),
        fcs_len: interface.fcs_len,
        wire_len,
        start: OPENING_LEN.saturating_add(frame_at) as u32,
        len,
        consumed: block.bytes.len() as u32,
    }
}

/// Adds what the options behind the frame say.
#[inline]
fn with_options(
    reader: &mut PcapngReader,
    block: &Block<'_>,
    mut record: RecordAt,
) -> Result<RecordAt, Damage> {
    let options_at = FRAME_AT.saturating_add((record.len as usize).saturating_add(3) & !3);
    let mut dropped: Option<u64> = None;
    for option in Options::new(block.order, block.body_from(options_at)) {
        let option = option?;
        match option.code {
            option::FLAGS => {
                let flags = block.order.u32_from(option.exactly()?);
                let fcs_len = ((flags >> 5) & 0xf) as u8;
                if fcs_len != 0 {
                    record.fcs_len = fcs_len;
                }
            }
            option::DROP_COUNT => {
                option.exactly::<8>()?;
                let count = block.order.u64(option.value, 0).unwrap_or_default();
                dropped = Some(dropped.unwrap_or_default().saturating_add(count));
            }
            option::HASH if option.value.is_empty() => {
                return Err(Damage::OptionLength {
                    code: option.code,
                    len: 0,
                });
            }
            _ => {}
        }
    }
    if let Some(count) = dropped {
        reader.drops.add_before_packet(count);
    }
    Ok(record)
}

/// The comments in the enhanced or obsolete packet block whose frame begins at `frame_at` (`opt_comment`, section 3.5).
pub(super) fn comments(order: ByteOrder, buffer: &[u8], frame_at: usize) -> Vec<&[u8]> {
    let block_at = frame_at.checked_sub(OPENING_LEN + FRAME_AT);
    let Some(buffer) = block_at.and_then(|at| buffer.get(at..)) else {
        return Vec::new();
    };
    let Some([kind, len]) = order.u32s(buffer) else {
        return Vec::new();
    };
    if !matches!(
        kind,
        block_type::ENHANCED_PACKET | block_type::OBSOLETE_PACKET
    ) {
        return Vec::new();
    }
    let body_end = (padded_len(len) as usize).saturating_sub(4);
    let body = buffer.get(OPENING_LEN..body_end).unwrap_or_default();
    // The captured length, where both kinds of block have it.
    let frame_len = order.u32(body, 12).unwrap_or_default();
    let options_at = FRAME_AT.saturating_add(padded_len(frame_len) as usize);
    Options::new(order, body.get(options_at..).unwrap_or_default())
        .map_while(Result::ok)
        .filter(|option| option.code == option::COMMENT)
        .map(|option| option.value)
        .collect()
}
