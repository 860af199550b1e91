//! Decryption secrets blocks: handed on as they are.

use crate::pcapng::{Block, OPENING_LEN};
use crate::reader::{Position, Step};
use crate::warning::Damage;

/// Opening, kind, length, closing.
const LEAST_LEN: u32 = 20;
/// Where the secrets begin in the body.
const SECRETS_AT: usize = 8;

/// Finds the secrets in the block.
pub(super) fn read(block: &Block<'_>, position: &mut Position) -> Result<Step, Damage> {
    block.check_least(LEAST_LEN)?;
    let len = block.u32(4) as usize;
    if block.body_from(SECRETS_AT).len() < len {
        return Err(Damage::TooShort {
            len: block.len,
            least: u32::try_from(len)
                .unwrap_or(u32::MAX)
                .saturating_add(LEAST_LEN),
        });
    }
    let start = OPENING_LEN.saturating_add(SECRETS_AT);
    let range = start..start.saturating_add(len);
    Ok(position.secrets(block.u32(0), range, block.bytes.len() as u64))
}
