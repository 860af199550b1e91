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
        let least: u16 = match kind {
            IPV4 => 4,
            IPV6 => 16,
            _ => 0,
        };
        let padded = usize::from(len).saturating_add(3) & !3;
        match after.get(padded..) {
            Some(_) if kind == END_OF_RECORDS => return Ok(()),
            Some(next) if len >= least => rest = next,
            _ => return Err(Damage::OptionTooLong { len }),
        }
        if matches!(kind, IPV4 | IPV6) && !ends_with_nul(after.get(least.into()..len.into())) {
            return Err(Damage::NameWithoutEnd);
        }
    }
    Ok(())
}

/// Names end with a zero byte each; an address without a name is fine.
fn ends_with_nul(names: Option<&[u8]>) -> bool {
    names.and_then(<[u8]>::last).is_none_or(|last| *last == 0)
}

/// Kind and length of the record that `bytes` begins with, and what follows these two.
fn record(order: ByteOrder, bytes: &[u8]) -> Option<(u16, u16, &[u8])> {
    Some((order.u16(bytes, 0)?, order.u16(bytes, 2)?, bytes.get(4..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_body(body: &[u8]) -> Result<(), Damage> {
        let bytes = [&[0; 8], body, &[0; 4]].concat();
        check(&Block {
            kind: 4,
            order: ByteOrder::Little,
            len: bytes.len() as u32,
            bytes: &bytes,
        })
    }

    #[test]
    fn sound_and_damaged_names() {
        assert_eq!(check_body(&[]), Ok(()));
        assert_eq!(
            check_body(&[1, 0, 6, 0, 10, 0, 0, 1, b'a', 0, 0, 0, 0, 0, 0, 0]),
            Ok(())
        );
        assert_eq!(
            check_body(&[1, 0, 6, 0, 10, 0, 0, 1, b'a', b'b', 0, 0]),
            Err(Damage::NameWithoutEnd)
        );
        assert_eq!(
            check_body(&[1, 0, 2, 0, 10, 0, 0, 1]),
            Err(Damage::OptionTooLong { len: 2 })
        );
        assert_eq!(
            check_body(&[1, 0, 9, 0, 10, 0, 0, 1]),
            Err(Damage::OptionTooLong { len: 9 })
        );
    }
}
