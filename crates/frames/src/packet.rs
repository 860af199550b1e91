//! The bytes of one layer: what was captured of them, and how many there were on the wire.

/// The bytes end before the layer does: the snapshot length cut it, or a length in it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut;

/// How reading a layer went. After a [`Cut`], whatever follows in the same container is not read either, as in
/// Wireshark, up to the next EtherType above, which takes note and goes on.
pub(crate) type Walked = Result<(), Cut>;

/// One layer's bytes. Never holds more captured bytes than there were on the wire.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packet<'a> {
    bytes: &'a [u8],
    wire_len: usize,
}

impl<'a> Packet<'a> {
    /// A layer of `wire_len` bytes, of which `bytes` were captured.
    pub(crate) fn new(bytes: &'a [u8], wire_len: usize) -> Self {
        let bytes = bytes.get(..wire_len).unwrap_or(bytes);
        Self { bytes, wire_len }
    }

    /// A layer that was captured whole.
    pub(crate) fn whole(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            wire_len: bytes.len(),
        }
    }

    /// What was captured.
    pub(crate) fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// How many bytes there were on the wire.
    pub(crate) fn wire_len(self) -> usize {
        self.wire_len
    }

    /// Whether all bytes were captured.
    pub(crate) fn is_whole(self) -> bool {
        self.bytes.len() == self.wire_len
    }

    /// What follows the first `count` bytes, all of which must have been captured.
    pub(crate) fn skip(self, count: usize) -> Result<Self, Cut> {
        let bytes = self.bytes.get(count..).ok_or(Cut)?;
        Ok(Self {
            bytes,
            wire_len: self.wire_len.saturating_sub(count),
        })
    }

    /// No more than the first `len` bytes.
    pub(crate) fn limit(self, len: usize) -> Self {
        Self::new(self.bytes, self.wire_len.min(len))
    }

    /// The `N` bytes from `at` on.
    pub(crate) fn array<const N: usize>(self, at: usize) -> Result<[u8; N], Cut> {
        self.bytes
            .get(at..)
            .and_then(|rest| rest.first_chunk::<N>())
            .copied()
            .ok_or(Cut)
    }

    /// The byte at `at`.
    pub(crate) fn u8(self, at: usize) -> Result<u8, Cut> {
        self.bytes.get(at).copied().ok_or(Cut)
    }

    /// The big-endian 16-bit number at `at`.
    pub(crate) fn u16(self, at: usize) -> Result<u16, Cut> {
        self.array(at).map(u16::from_be_bytes)
    }

    /// The big-endian 32-bit number at `at`.
    pub(crate) fn u32(self, at: usize) -> Result<u32, Cut> {
        self.array(at).map(u32::from_be_bytes)
    }

    /// The little-endian 16-bit number at `at`.
    pub(crate) fn u16_le(self, at: usize) -> Result<u16, Cut> {
        self.array(at).map(u16::from_le_bytes)
    }

    /// The little-endian 32-bit number at `at`.
    pub(crate) fn u32_le(self, at: usize) -> Result<u32, Cut> {
        self.array(at).map(u32::from_le_bytes)
    }
}
