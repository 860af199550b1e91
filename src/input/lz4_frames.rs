//! LZ4 frames one after the other, with an error where the last one has no end.
//!
//! The decoder takes a file that ends between two blocks for a whole one: whether it is shows in the structure of the
//! frames (<https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md>), which is followed here without a look inside.

use std::io::{self, Read};

use super::buffer::Bytes;

/// Decodes frames.
pub(super) struct Lz4Frames {
    decoder: lz4_flex::frame::FrameDecoder<Followed>,
}

impl Lz4Frames {
    pub(super) fn new(from: Bytes) -> Self {
        let frames = FrameEnds::default();
        Self {
            decoder: lz4_flex::frame::FrameDecoder::new(Followed { from, frames }),
        }
    }
}

impl Read for Lz4Frames {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // The decoder says 0 at the end of each frame, and again at the end of the file.
        let count = match self.decoder.read(out)? {
            0 => self.decoder.read(out)?,
            count => count,
        };
        if count == 0 && !out.is_empty() && !self.decoder.get_ref().frames.at_end() {
            let what = "the last frame has no end";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, what));
        }
        Ok(count)
    }
}

/// Bytes on their way to the decoder.
struct Followed {
    from: Bytes,
    frames: FrameEnds,
}

impl Read for Followed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(out)?;
        self.frames.pass(out.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// Follows frames from field to field.
#[derive(Default)]
struct FrameEnds {
    field: Field,
    /// Bytes of the field that have passed, as a little-endian number, and how many.
    value: u32,
    passed: u32,
    /// Bytes to pass over before the next field.
    skip: u64,
    block_checksums: bool,
    content_checksum: bool,
}

/// What is read next.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Field {
    /// The magic number of a frame: a file may end before it.
    #[default]
    Magic,
    /// The length of a frame that is passed over.
    SkippableLen,
    /// Flags and block descriptor.
    Descriptor,
    /// The length of a block; 0 ends the frame.
    BlockLen,
}

impl Field {
    const fn len(self) -> u32 {
        match self {
            Self::Descriptor => 2,
            _ => 4,
        }
    }
}

impl FrameEnds {
    /// Whether a frame ends here.
    fn at_end(&self) -> bool {
        self.field == Field::Magic && self.passed == 0 && self.skip == 0
    }

    fn pass(&mut self, mut bytes: &[u8]) {
        loop {
            let skipped = usize::try_from(self.skip)
                .unwrap_or(usize::MAX)
                .min(bytes.len());
            self.skip = self.skip.saturating_sub(skipped as u64);
            bytes = bytes.get(skipped..).unwrap_or_default();
            let Some((byte, rest)) = bytes.split_first() else {
                return;
            };
            bytes = rest;
            self.value |= u32::from(*byte) << (8 * self.passed.min(3));
            self.passed = self.passed.saturating_add(1);
            if self.passed == self.field.len() {
                let value = std::mem::take(&mut self.value);
                self.passed = 0;
                self.end_field(value);
            }
        }
    }

    fn end_field(&mut self, value: u32) {
        self.field = match self.field {
            Field::Magic if value & 0xffff_fff0 == 0x184d_2a50 => Field::SkippableLen,
            Field::Magic => Field::Descriptor,
            Field::SkippableLen => {
                self.skip = u64::from(value);
                Field::Magic
            }
            Field::Descriptor => {
                let has = |bit: u32| value & (1 << bit) != 0;
                self.block_checksums = has(4);
                self.content_checksum = has(2);
                // Content size, dictionary id, and the header's checksum.
                self.skip = 8 * u64::from(has(3)) + 4 * u64::from(has(0)) + 1;
                Field::BlockLen
            }
            Field::BlockLen if value == 0 => {
                self.skip = 4 * u64::from(self.content_checksum);
                Field::Magic
            }
            Field::BlockLen => {
                // The highest bit says that the block is not compressed.
                let checksum = 4 * u64::from(self.block_checksums);
                self.skip = u64::from(value & 0x7fff_ffff) + checksum;
                Field::BlockLen
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use lz4_flex::frame::{BlockSize, FrameEncoder, FrameInfo};

    use super::*;

    fn frame(info: FrameInfo, bytes: &[u8]) -> Vec<u8> {
        let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(packed: &[u8]) -> (Vec<u8>, bool) {
        let mut out = Vec::new();
        let from = Box::new(io::Cursor::new(packed.to_vec()));
        let whole = Lz4Frames::new(from).read_to_end(&mut out).is_ok();
        (out, whole)
    }

    #[test]
    fn frames_of_every_shape_are_whole_only_with_their_end() {
        let plain = vec![0; 150_000];
        let small = || FrameInfo::new().block_size(BlockSize::Max64KB);
        for info in [
            small(),
            small().content_checksum(true),
            small().block_checksums(true),
            small().content_size(Some(150_000)).block_checksums(true),
        ] {
            let packed = frame(info, &plain);
            assert_eq!(read(&packed), (plain.clone(), true));
            let twice = [&packed[..], &packed[..]].concat();
            assert_eq!(read(&twice).0.len(), 300_000);
            for len in 8..packed.len() {
                assert!(!read(&packed[..len]).1, "{len} of {}", packed.len());
                let end = packed.len() + len;
                assert!(!read(&twice[..end]).1, "{end} of {}", twice.len());
            }
        }
    }
}
