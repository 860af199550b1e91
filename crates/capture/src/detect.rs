//! What a file is, by its first bytes and never by its name.

use crate::foreign::{self, ForeignKind};
use crate::{pcap, pcapng, snoop, text};

/// How many bytes [`detect`] looks at, at most.
pub const DETECT_LEN: usize = 16 * 1024;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// No bytes.
    Empty,
    /// pcap, in any of its variants.
    Pcap,
    /// pcapng.
    Pcapng,
    /// snoop.
    Snoop,
    /// Compressed, whatever is inside.
    Compressed(Compression),
    /// Something that is not read, recognised.
    Foreign(&'static ForeignKind),
    /// Text: perhaps a packet list.
    Text,
    /// Nothing that is known.
    Unknown,
}

/// A compression that is recognised by its magic number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    Zstd,
    /// LZ4 frames.
    Lz4,
}

impl Compression {
    /// Its usual name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
        }
    }
}

/// What [`detect`] found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detected {
    /// The kind is known.
    Kind(Kind),
    /// Call again with at least so many bytes, or at the end of the file.
    NeedMore(usize),
}

/// Bytes that the kinds with a magic number need.
const MAGIC_LEN: usize = 12;

/// Tells what a file is from its beginning. `at_end` says that `buffer` is the whole file.
pub fn detect(buffer: &[u8], at_end: bool) -> Detected {
    if buffer.is_empty() && at_end {
        return Detected::Kind(Kind::Empty);
    }
    if buffer.len() < MAGIC_LEN && !at_end {
        return Detected::NeedMore(MAGIC_LEN);
    }
    if let Some(kind) = by_magic(buffer) {
        return Detected::Kind(kind);
    }
    if buffer.len() < DETECT_LEN && !at_end {
        return Detected::NeedMore(DETECT_LEN);
    }
    let head = buffer.get(..DETECT_LEN).unwrap_or(buffer);
    Detected::Kind(match foreign::recognise(head) {
        Some(foreign) => Kind::Foreign(foreign),
        None if text::looks_like_text(head) => Kind::Text,
        None => Kind::Unknown,
    })
}

/// The kinds that are read, and the compressions.
fn by_magic(buffer: &[u8]) -> Option<Kind> {
    if pcap::is_pcap(buffer) {
        return Some(Kind::Pcap);
    }
    if pcapng::is_pcapng(buffer) {
        return Some(Kind::Pcapng);
    }
    if buffer.starts_with(snoop::MAGIC) {
        return Some(Kind::Snoop);
    }
    compression(buffer).map(Kind::Compressed)
}

fn compression(buffer: &[u8]) -> Option<Compression> {
    match buffer {
        [0x1f, 0x8b, 8, ..] => Some(Compression::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Compression::Zstd),
        // A skippable frame may come first.
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Compression::Zstd),
        [0x04, 0x22, 0x4d, 0x18, ..] => Some(Compression::Lz4),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(bytes: &[u8]) -> Kind {
        match detect(bytes, true) {
            Detected::Kind(kind) => kind,
            Detected::NeedMore(_) => panic!("needs more at the end"),
        }
    }

    fn foreign(bytes: &[u8]) -> &'static str {
        match kind(bytes) {
            Kind::Foreign(kind) => kind.name,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn captures_and_compressions() {
        assert_eq!(kind(b""), Kind::Empty);
        assert_eq!(kind(&[0xd4, 0xc3, 0xb2, 0xa1]), Kind::Pcap);
        assert_eq!(kind(&[0xa1, 0xb2, 0x3c, 0x4d]), Kind::Pcap);
        assert_eq!(
            kind(&[10, 13, 13, 10, 0, 0, 0, 28, 0x1a, 0x2b, 0x3c, 0x4d]),
            Kind::Pcapng
        );
        assert_eq!(kind(b"snoop\0\0\0\0\0\0\x02"), Kind::Snoop);
        assert_eq!(
            kind(&[0x1f, 0x8b, 8, 0]),
            Kind::Compressed(Compression::Gzip)
        );
        assert_eq!(
            kind(&[0x28, 0xb5, 0x2f, 0xfd]),
            Kind::Compressed(Compression::Zstd)
        );
        assert_eq!(
            kind(&[0x04, 0x22, 0x4d, 0x18]),
            Kind::Compressed(Compression::Lz4)
        );
    }

    #[test]
    fn foreign_captures_are_named_with_the_way_to_convert_them() {
        assert_eq!(
            foreign(b"GMBU\0\x02........"),
            "a Microsoft Network Monitor 2 capture"
        );
        assert_eq!(foreign(b"\x7fELF\x02\x01\x01\0\0\0"), "a program (ELF)");
        assert_eq!(foreign(b"PK\x03\x04\x14\0\0\0"), "a zip archive");
        assert_eq!(foreign(b"%PDF-1.7\n"), "a PDF document");
        let Kind::Foreign(kind) = kind(b"RTSS\x01\x01..") else {
            panic!()
        };
        assert!(kind.advice.contains("editcap -F pcapng IN OUT.pcapng"));
    }

    #[test]
    fn text_and_noise() {
        assert_eq!(
            kind(b"1 0.000 10.0.0.1 -> 10.0.0.2 TCP 80 > 4000 [RST]\n"),
            Kind::Text
        );
        assert_eq!(kind(&[0, 1, 2, 3, 4, 5, 6, 250, 0, 0]), Kind::Unknown);
        assert_eq!(detect(b"ab", false), Detected::NeedMore(MAGIC_LEN));
        assert_eq!(
            detect(b"abcdefghijklmn", false),
            Detected::NeedMore(DETECT_LEN)
        );
    }
}
