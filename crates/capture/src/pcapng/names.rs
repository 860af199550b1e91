//! Name resolution blocks: only checked, names are not used.

use crate::endian::ByteOrder;
use crate::pcapng::Block;
use crate::warning::Damage;

const END_OF_RECORDS: u16 = 0;
const IPV4: u16 = 1;
const IPV6: u16 = 2;

/// Ends the file where Wireshark does: at a record that is longer than the block, or shorter than its address.
pub(super) fn check(block: &Block<'_>) -> Result<(), Damage> {
    let mut rest = block.body();
    while let Some((kind, len, after)) = record(block.order, rest) {
        if kind == END_OF_RECORDS {
            return Ok(());
        }
        let least = match kind {
            IPV4 => 4,
            IPV6 => 16,
            _ => 0,
        };
        let padded = usize::from(len).saturating_add(3) & !3;
        match after.get(padded..) {
            Some(next) if len >= least => rest = next,
            _ => return Err(Damage::OptionTooLong { len }),
        }
    }
    Ok(())
}

/// Kind and length of the record that `bytes` begins with, and what follows these two.
fn record(order: ByteOrder, bytes: &[u8]) -> Option<(u16, u16, &[u8])> {
    Some((order.u16(bytes, 0)?, order.u16(bytes, 2)?, bytes.get(4..)?))
}
