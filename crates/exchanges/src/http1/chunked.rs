//! The chunked transfer coding (RFC 9112 §7.1), counted and not kept.

/// A chunk's size line, and a trailer section, may be this long.
const MAX_LINE: u32 = 16_384;

/// Where in a chunked body the stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chunked {
    /// In a size line: the size so far, whether digits are over, bytes of the line so far.
    Size {
        size: u64,
        digits: u8,
        over: bool,
        len: u32,
    },
    /// In a chunk's data: bytes left.
    Data(u64),
    /// Behind a chunk's data, before the line's end.
    DataEnd,
    /// In the trailer section: bytes so far, and bytes of the current line without its end.
    Trailer { len: u32, line: u32 },
}

/// What one step through a chunked body found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChunkStep {
    /// So many bytes of the coding itself.
    Coding(usize),
    /// So many bytes of the body.
    Body(usize),
    /// The body is whole after so many more bytes.
    End(usize),
    /// This is no chunked body: the byte behind so many is wrong.
    Bad(usize),
}

impl Chunked {
    /// The start of a chunked body.
    pub(crate) const START: Self = Self::Size {
        size: 0,
        digits: 0,
        over: false,
        len: 0,
    };

    /// Goes on through `bytes` (not empty).
    pub(crate) fn step(&mut self, bytes: &[u8]) -> ChunkStep {
        if let Self::Data(left) = self {
            let here = u64::try_from(bytes.len()).unwrap_or(u64::MAX).min(*left);
            *left = left.saturating_sub(here);
            if *left == 0 {
                *self = Self::DataEnd;
            }
            return ChunkStep::Body(usize::try_from(here).unwrap_or(bytes.len()));
        }
        for (index, byte) in bytes.iter().enumerate() {
            let used = index.saturating_add(1);
            match self.coding_byte(*byte) {
                CodingByte::More => {}
                CodingByte::Data => return ChunkStep::Coding(used),
                CodingByte::End => return ChunkStep::End(used),
                CodingByte::Bad => return ChunkStep::Bad(index),
            }
        }
        ChunkStep::Coding(bytes.len())
    }

    /// Passes `len` bytes that were not captured: how many of them are body; `None` where that loses the way.
    pub(crate) fn skip(&mut self, len: u64) -> Option<u64> {
        let Self::Data(left) = self else {
            return None;
        };
        let behind = len.checked_sub(*left);
        let body = len.min(*left);
        match behind {
            None => *left = left.saturating_sub(len),
            Some(0) => *self = Self::DataEnd,
            // The chunk's own line end.
            Some(2) => *self = Self::START,
            Some(_) => return None,
        }
        Some(body)
    }

    fn coding_byte(&mut self, byte: u8) -> CodingByte {
        match self {
            Self::Size {
                size,
                digits,
                over,
                len,
            } => {
                *len = len.saturating_add(1);
                if *len > MAX_LINE {
                    return CodingByte::Bad;
                }
                if byte == b'\n' {
                    return self.size_line_ends();
                }
                match (byte as char).to_digit(16) {
                    Some(value) if !*over => {
                        let Some(shifted) = size.checked_mul(16) else {
                            return CodingByte::Bad;
                        };
                        *size = shifted.saturating_add(u64::from(value));
                        *digits = digits.saturating_add(1);
                    }
                    _ if *digits == 0 => return CodingByte::Bad,
                    _ if *over || matches!(byte, b';' | b'\r' | b' ' | b'\t') => *over = true,
                    _ => return CodingByte::Bad,
                }
                CodingByte::More
            }
            Self::Data(_) => CodingByte::Bad,
            Self::DataEnd => match byte {
                b'\r' => CodingByte::More,
                b'\n' => {
                    *self = Self::START;
                    CodingByte::More
                }
                _ => CodingByte::Bad,
            },
            Self::Trailer { len, line } => {
                *len = len.saturating_add(1);
                match byte {
                    _ if *len > MAX_LINE => return CodingByte::Bad,
                    b'\n' if *line == 0 => return CodingByte::End,
                    b'\n' => *line = 0,
                    b'\r' => {}
                    _ => *line = line.saturating_add(1),
                }
                CodingByte::More
            }
        }
    }

    fn size_line_ends(&mut self) -> CodingByte {
        match self {
            Self::Size { digits: 0, .. } => CodingByte::Bad,
            Self::Size { size: 0, .. } => {
                *self = Self::Trailer { len: 0, line: 0 };
                CodingByte::More
            }
            Self::Size { size, .. } => {
                *self = Self::Data(*size);
                CodingByte::Data
            }
            _ => CodingByte::Bad,
        }
    }
}

enum CodingByte {
    More,
    Data,
    End,
    Bad,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(pieces: &[&[u8]]) -> (u64, bool, bool) {
        let (mut state, mut body, mut ended) = (Chunked::START, 0u64, false);
        for piece in pieces {
            let mut rest = *piece;
            while !rest.is_empty() && !ended {
                let used = match state.step(rest) {
                    ChunkStep::Coding(used) => used,
                    ChunkStep::Body(used) => {
                        body += used as u64;
                        used
                    }
                    ChunkStep::End(used) => {
                        ended = true;
                        used
                    }
                    ChunkStep::Bad(_) => return (body, ended, true),
                };
                rest = &rest[used..];
            }
        }
        (body, ended, false)
    }

    #[test]
    fn counts_the_body_and_not_the_coding() {
        let whole = b"5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n";
        assert_eq!(count(&[whole]), (15, true, false));
        let bytes: Vec<&[u8]> = whole.chunks(1).collect();
        assert_eq!(count(&bytes), (15, true, false));
    }

    #[test]
    fn nonsense_is_bad() {
        assert!(count(&[b"xyz\r\n"]).2);
        assert!(count(&[b"\r\n"]).2);
        assert!(count(&[b"fffffffffffffffff\r\n"]).2);
        assert!(count(&[b"3\r\nabcd"]).2);
    }

    #[test]
    fn a_gap_inside_a_chunk_keeps_the_way() {
        let mut state = Chunked::Data(10);
        assert_eq!(state.skip(9), Some(9));
        assert_eq!(state.skip(1), Some(1));
        assert_eq!(state, Chunked::DataEnd);
        assert_eq!(state.skip(1), None);
        let mut state = Chunked::Data(10);
        assert_eq!(state.skip(12), Some(10));
        assert_eq!(state, Chunked::START);
        assert_eq!(state.skip(1), None);
        assert_eq!(Chunked::Data(10).skip(11), None);
    }
}
