//! pcapng files: sections, interfaces, packets and everything else in blocks (draft-ietf-opsawg-pcapng).
//!
//! Where a file contradicts itself, reading ends where Wireshark's ends, so that frame numbers agree.

mod interface;
mod names;
mod options;
mod packet;
mod secrets;
mod section;
mod statistics;

use crate::endian::ByteOrder;
use crate::limits::{MAX_BLOCK_LEN, MAX_BUFFER_LEN, MAX_SKIPPED_LEN};
use crate::reader::{Position, RecordAt, Step};
use crate::warning::{Damage, Warning};

use interface::Interface;

/// Reads the blocks of a pcapng file.
#[derive(Debug)]
pub(crate) struct PcapngReader {
    order: ByteOrder,
    /// The interfaces of this section.
    interfaces: Vec<Interface>,
    /// How many interfaces the sections before this one had.
    interfaces_before: u32,
    drops: statistics::Drops,
    /// A block that is too large to look into is being left out.
    skipping: Option<Skipping>,
}

impl Default for PcapngReader {
    fn default() -> Self {
        Self {
            order: ByteOrder::Little,
            interfaces: Vec::new(),
            interfaces_before: 0,
            drops: statistics::Drops::default(),
            skipping: None,
        }
    }
}

/// A block that is left out, piece by piece.
#[derive(Clone, Copy, Debug)]
struct Skipping {
    kind: u32,
    /// All of it.
    len: u32,
    /// What is still to come, the closing length included.
    left: u32,
}

/// Block types that are looked at (draft-ietf-opsawg-pcapng, section 11.1).
mod block_type {
    pub(super) const SECTION: u32 = 0x0a0d_0d0a;
    pub(super) const INTERFACE: u32 = 1;
    pub(super) const OBSOLETE_PACKET: u32 = 2;
    pub(super) const SIMPLE_PACKET: u32 = 3;
    pub(super) const NAMES: u32 = 4;
    pub(super) const STATISTICS: u32 = 5;
    pub(super) const ENHANCED_PACKET: u32 = 6;
    pub(super) const JOURNAL: u32 = 9;
    pub(super) const SECRETS: u32 = 10;
    pub(super) const SYSTEM_EVENT: u32 = 0x204;
    pub(super) const SYSTEM_EVENT_2: u32 = 0x216;
    pub(super) const SYSTEM_EVENT_2_LARGE: u32 = 0x221;
    pub(super) const CUSTOM: u32 = 0xbad;
    pub(super) const CUSTOM_NO_COPY: u32 = 0x4000_0bad;
}

/// Type and length, before every body.
const OPENING_LEN: usize = 8;
/// Type, length, and the length again.
const LEAST_BLOCK_LEN: u32 = 12;

/// A block in the buffer.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a> {
    kind: u32,
    order: ByteOrder,
    /// The length, padded to four bytes.
    len: u32,
    /// All of it, opening and closing included.
    bytes: &'a [u8],
}

impl<'a> Block<'a> {
    /// What is between the opening and the closing length.
    fn body(&self) -> &'a [u8] {
        let end = self.bytes.len().saturating_sub(4);
        self.bytes.get(OPENING_LEN..end).unwrap_or_default()
    }

    /// The length at the end.
    fn closing(&self) -> u32 {
        let at = self.bytes.len().saturating_sub(4);
        padded_len(self.order.u32(self.bytes, at).unwrap_or_default())
    }

    /// The body from `at` on.
    fn body_from(&self, at: usize) -> &'a [u8] {
        self.body().get(at..).unwrap_or_default()
    }

    fn u32(&self, at: usize) -> u32 {
        self.order.u32(self.body(), at).unwrap_or_default()
    }

    fn u16(&self, at: usize) -> u16 {
        self.order.u16(self.body(), at).unwrap_or_default()
    }

    /// Refuses a block that is shorter than its kind can be.
    fn check_least(&self, least: u32) -> Result<(), Damage> {
        if self.len < least {
            return Err(Damage::TooShort {
                len: self.len,
                least,
            });
        }
        Ok(())
    }
}

impl PcapngReader {
    /// The next block.
    #[inline]
    pub(crate) fn next(&mut self, buffer: &[u8], at_end: bool, position: &mut Position) -> Step {
        let offset = position.offset();
        match self.try_next(buffer, at_end, position) {
            Ok(step) => step,
            Err(what) => Step::End(Some(Warning::Damaged { what, offset })),
        }
    }

    /// The frame of the enhanced packet block that the buffer begins with, not numbered yet. `None` of everything else and of
    /// what is damaged: then nothing has changed, and [`next`](Self::next) takes it.
    #[inline]
    pub(crate) fn record(&mut self, buffer: &[u8]) -> Option<RecordAt> {
        if self.skipping.is_some() {
            return None;
        }
        packet::bare(self, buffer).or_else(|| self.enhanced(buffer))
    }

    /// The same, by way of the block.
    #[inline(never)]
    fn enhanced(&mut self, buffer: &[u8]) -> Option<RecordAt> {
        let [kind, len] = self.order.u32s(buffer)?;
        let is_whole = len % 4 == 0 && (LEAST_BLOCK_LEN..=MAX_BLOCK_LEN).contains(&len);
        if kind != block_type::ENHANCED_PACKET || !is_whole {
            return None;
        }
        let block = Block {
            kind,
            order: self.order,
            len,
            bytes: buffer.get(..len as usize)?,
        };
        if block.closing() != len {
            return None;
        }
        packet::enhanced(self, &block).ok()
    }

    fn try_next(
        &mut self,
        buffer: &[u8],
        at_end: bool,
        position: &mut Position,
    ) -> Result<Step, Damage> {
        if let Some(skipping) = self.skipping {
            return self.go_on_skipping(skipping, buffer, at_end, position);
        }
        let Some([kind, mut len]) = self.order.u32s(buffer) else {
            return Ok(position.need(buffer, OPENING_LEN, at_end));
        };
        if kind == block_type::SECTION {
            // The byte order mark follows the length whose byte order it tells.
            let Some(mark) = ByteOrder::Little.u32(buffer, OPENING_LEN) else {
                return Ok(position.need(buffer, section::LEAST_LEN as usize, at_end));
            };
            self.order = section::byte_order(mark)?;
            len = self.order.u32(buffer, 4).unwrap_or_default();
        }
        if len < LEAST_BLOCK_LEN {
            return Err(Damage::TooShort {
                len,
                least: LEAST_BLOCK_LEN,
            });
        }
        // A length that is no multiple of four means the next one, as in Wireshark.
        let len = padded_len(len);
        if len > MAX_BLOCK_LEN && len as usize > self.longest(kind) {
            return self.skip_unread(kind, len, buffer, position);
        }
        let Some(bytes) = buffer.get(..len as usize) else {
            return Ok(position.need(buffer, len as usize, at_end));
        };
        let block = Block {
            kind,
            order: self.order,
            len,
            bytes,
        };
        let last = block.closing();
        if last == len {
            return self.read(&block, position);
        }
        // What is wrong inside comes first, as in Wireshark.
        self.read(&block, &mut Position::default())?;
        Err(Damage::LengthsDiffer { first: len, last })
    }

    /// Packets that were dropped, as far as was read.
    pub(crate) fn dropped(&self) -> Option<u64> {
        self.drops.total()
    }

    /// The name and description of the interface with this number in the file; empty where they were not told.
    pub(crate) fn interface_names(&self, interface: u32) -> (&str, &str) {
        interface
            .checked_sub(self.interfaces_before)
            .and_then(|index| self.interfaces.get(index as usize))
            .map_or(("", ""), |it| (&it.name, &it.description))
    }

    /// The comments in the packet block whose frame begins at `frame_at`.
    pub(crate) fn comments<'a>(&self, buffer: &'a [u8], frame_at: usize) -> Vec<&'a [u8]> {
        packet::comments(self.order, buffer, frame_at)
    }

    /// The longest block of this kind that has to be in the buffer.
    fn longest(&self, kind: u32) -> usize {
        match kind {
            block_type::ENHANCED_PACKET
            | block_type::SIMPLE_PACKET
            | block_type::OBSOLETE_PACKET
                if self.interfaces.iter().any(Interface::has_large_frames) =>
            {
                MAX_BUFFER_LEN
            }
            _ => MAX_BLOCK_LEN as usize,
        }
    }

    #[inline]
    fn read(&mut self, block: &Block<'_>, position: &mut Position) -> Result<Step, Damage> {
        if block.kind == block_type::ENHANCED_PACKET {
            let record = packet::enhanced(self, block)?;
            return Ok(position.record(record));
        }
        self.read_other(block, position)
    }

    fn read_other(&mut self, block: &Block<'_>, position: &mut Position) -> Result<Step, Damage> {
        let whole = u64::from(block.len);
        match block.kind {
            block_type::SIMPLE_PACKET => {
                return packet::simple(self, block).map(|record| position.record(record));
            }
            block_type::OBSOLETE_PACKET => {
                return packet::obsolete(self, block).map(|record| position.record(record));
            }
            block_type::SECRETS => return secrets::read(block, position),
            block_type::SECTION => section::read(self, block)?,
            block_type::INTERFACE => interface::read(self, block)?,
            block_type::STATISTICS => statistics::read(self, block)?,
            block_type::NAMES => names::check(block)?,
            kind => {
                if let Some(least) = least_counted_len(kind) {
                    block.check_least(least)?;
                    return Ok(position.counted(whole));
                }
            }
        }
        Ok(position.skip(whole))
    }

    /// Begins to leave out a block too large to look into; only its closing length will be read.
    fn skip_unread(
        &mut self,
        kind: u32,
        len: u32,
        buffer: &[u8],
        position: &mut Position,
    ) -> Result<Step, Damage> {
        let has_content = kind <= block_type::SECRETS || kind == block_type::SECTION;
        if len > MAX_SKIPPED_LEN || (has_content && least_counted_len(kind).is_none()) {
            return Err(Damage::TooLong { len });
        }
        let skipping = Skipping {
            kind,
            len,
            left: len,
        };
        self.go_on_skipping(skipping, buffer, false, position)
    }

    fn go_on_skipping(
        &mut self,
        mut skipping: Skipping,
        buffer: &[u8],
        at_end: bool,
        position: &mut Position,
    ) -> Result<Step, Damage> {
        let before_closing = skipping.left.saturating_sub(4);
        let here = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        let skipped = before_closing.min(here);
        if skipped > 0 {
            skipping.left = skipping.left.saturating_sub(skipped);
            self.skipping = Some(skipping);
            return Ok(position.skip(u64::from(skipped)));
        }
        let needed = if before_closing > 0 { 1 } else { 4 };
        if buffer.len() < needed {
            return Ok(skipping.need(needed, buffer, at_end, position));
        }
        let last = padded_len(self.order.u32(buffer, 0).unwrap_or_default());
        if last != skipping.len {
            let first = skipping.len;
            return Err(Damage::LengthsDiffer { first, last });
        }
        self.skipping = None;
        Ok(match least_counted_len(skipping.kind) {
            Some(_) => position.counted(4),
            None => position.skip(4),
        })
    }
}

impl Skipping {
    fn need(&self, needed: usize, buffer: &[u8], at_end: bool, position: &Position) -> Step {
        if !at_end {
            return Step::NeedMore { at_least: needed };
        }
        let skipped = u64::from(self.len.saturating_sub(self.left));
        Step::End(Some(Warning::CutRecord {
            have: skipped.saturating_add(buffer.len() as u64),
            need: u64::from(self.len),
            offset: position.offset().saturating_sub(skipped),
        }))
    }
}

/// The least length of the blocks that take a frame number without link data; `None` for all others.
///
/// The lengths are Wireshark's: a number for the vendor, a journal entry's time stamp, an event's head.
fn least_counted_len(kind: u32) -> Option<u32> {
    match kind {
        block_type::CUSTOM | block_type::CUSTOM_NO_COPY => Some(16),
        block_type::JOURNAL => Some(35),
        block_type::SYSTEM_EVENT => Some(36),
        block_type::SYSTEM_EVENT_2 | block_type::SYSTEM_EVENT_2_LARGE => Some(40),
        _ => None,
    }
}

/// The next multiple of four.
fn padded_len(len: u32) -> u32 {
    len.saturating_add(3) & !3
}

/// Whether a file that begins so is a pcapng file.
pub(crate) fn is_pcapng(buffer: &[u8]) -> bool {
    ByteOrder::Little.u32(buffer, 0) == Some(block_type::SECTION)
        && ByteOrder::Little
            .u32(buffer, 8)
            .is_some_and(|mark| section::byte_order(mark).is_ok())
}

#[cfg(test)]
mod tests;
