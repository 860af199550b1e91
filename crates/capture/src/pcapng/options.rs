//! The options at the end of a block.

use crate::endian::ByteOrder;
use crate::warning::Damage;

/// One option.
#[derive(Clone, Copy, Debug)]
pub(super) struct OptionField<'a> {
    pub(super) code: u16,
    pub(super) value: &'a [u8],
}

impl OptionField<'_> {
    /// The value, where it has the one length that its code allows.
    pub(super) fn exactly<const N: usize>(&self) -> Result<[u8; N], Damage> {
        self.value.try_into().map_err(|_| Damage::OptionLength {
            code: self.code,
            len: u16::try_from(self.value.len()).unwrap_or(u16::MAX),
        })
    }
}

/// Walks over the options of a block, up to the end mark.
pub(super) struct Options<'a> {
    order: ByteOrder,
    rest: &'a [u8],
}

const END_OF_OPTIONS: u16 = 0;
const HEADER_LEN: usize = 4;

impl<'a> Options<'a> {
    pub(super) fn new(order: ByteOrder, rest: &'a [u8]) -> Self {
        Self { order, rest }
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = Result<OptionField<'a>, Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        let (header, rest) = self.rest.split_at_checked(HEADER_LEN)?;
        let code = self.order.u16(header, 0)?;
        let len = self.order.u16(header, 2)?;
        self.rest = &[];
        let padded = usize::from(len).saturating_add(3) & !3;
        let Some((padded_value, rest)) = rest.split_at_checked(padded) else {
            return Some(Err(Damage::OptionTooLong { len }));
        };
        // Even an end mark is checked for its length first, as in Wireshark.
        if code == END_OF_OPTIONS {
            return None;
        }
        self.rest = rest;
        let value = padded_value.get(..usize::from(len))?;
        Some(Ok(OptionField { code, value }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(bytes: &[u8]) -> Vec<Result<(u16, Vec<u8>), Damage>> {
        Options::new(ByteOrder::Little, bytes)
            .map(|option| option.map(|option| (option.code, option.value.to_vec())))
            .collect()
    }

    #[test]
    fn values_are_padded_and_the_end_mark_ends() {
        let bytes = [
            1, 0, 3, 0, b'a', b'b', b'c', 0, 0, 0, 0, 0, 9, 0, 1, 0, 6, 0, 0, 0,
        ];
        assert_eq!(walk(&bytes), [Ok((1, b"abc".to_vec()))]);
    }

    #[test]
    fn an_overlong_option_is_damage() {
        assert_eq!(
            walk(&[1, 0, 9, 0, 1, 2, 3, 4]),
            [Err(Damage::OptionTooLong { len: 9 })]
        );
        assert_eq!(
            walk(&[0, 0, 9, 0, 1, 2, 3, 4]),
            [Err(Damage::OptionTooLong { len: 9 })]
        );
        assert_eq!(walk(&[1, 0, 9]), []);
    }
}
