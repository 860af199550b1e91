//! Reading integers out of bytes in either byte order.

/// The byte order of the machine that wrote a file or section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    /// From four bytes.
    #[inline]
    pub(crate) const fn u32_from(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    /// 32-bit numbers one after the other, if they are all there.
    #[inline]
    pub(crate) fn u32s<const N: usize>(self, bytes: &[u8]) -> Option<[u32; N]> {
        let (words, _) = bytes.as_chunks::<4>();
        let words: &[[u8; 4]; N] = words.first_chunk()?;
        let numbers = words.map(u32::from_le_bytes);
        Some(match self {
            Self::Little => numbers,
            Self::Big => numbers.map(u32::swap_bytes),
        })
    }

    /// From two bytes.
    #[inline]
    pub(crate) const fn u16_from(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    /// The 16-bit number at `at`, if it is all there.
    #[inline]
    pub(crate) fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        bytes
            .get(at..)?
            .first_chunk()
            .map(|bytes| self.u16_from(*bytes))
    }

    /// The 32-bit number at `at`, if it is all there.
    #[inline]
    pub(crate) fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        bytes
            .get(at..)?
            .first_chunk()
            .map(|bytes| self.u32_from(*bytes))
    }

    /// The 64-bit number at `at`, if it is all there.
    pub(crate) fn u64(self, bytes: &[u8], at: usize) -> Option<u64> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u64::from_le_bytes(bytes),
            Self::Big => u64::from_be_bytes(bytes),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_orders_and_refuses_short_input() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(ByteOrder::Little.u16(&bytes, 0), Some(0x0201));
        assert_eq!(ByteOrder::Big.u32(&bytes, 4), Some(0x0506_0708));
        assert_eq!(ByteOrder::Big.u64(&bytes, 0), Some(0x0102_0304_0506_0708));
        assert_eq!(ByteOrder::Big.u32(&bytes, 5), None);
        assert_eq!(ByteOrder::Big.u32(&bytes, usize::MAX), None);
    }
}
