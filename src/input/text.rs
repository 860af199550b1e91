//! Inputs that are text: read whole, within a bound.

use super::buffer::ReadBuffer;

/// The bytes of a text, and whether they were more than `limit`.
pub(super) fn read_whole(buffer: &mut ReadBuffer, limit: usize) -> (Vec<u8>, bool) {
    let mut text = Vec::new();
    loop {
        let unread = buffer.unread();
        let room = limit.saturating_sub(text.len());
        if unread.len() > room {
            text.extend(unread.iter().take(room));
            return (to_utf8(text), true);
        }
        text.extend_from_slice(unread);
        let count = unread.len() as u64;
        if buffer.at_end() {
            return (to_utf8(text), false);
        }
        buffer.consume(count);
        buffer.fill(1);
    }
}

/// UTF-16 (what PowerShell's `>` writes) becomes UTF-8, byte order marks go; all else stays as it is.
fn to_utf8(text: Vec<u8>) -> Vec<u8> {
    match text.as_slice() {
        [0xff, 0xfe, rest @ ..] => from_utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => from_utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => rest.to_vec(),
        unmarked
            if unmarked
                .iter()
                .skip(1)
                .step_by(2)
                .take(64)
                .filter(|byte| **byte == 0)
                .count()
                >= 16 =>
        {
            from_utf16(unmarked, u16::from_le_bytes)
        }
        _ => text,
    }
}

fn from_utf16(bytes: &[u8], order: fn([u8; 2]) -> u16) -> Vec<u8> {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| order(*pair));
    char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect::<String>()
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], limit: usize) -> (Vec<u8>, bool) {
        let from = std::io::Cursor::new(bytes.to_vec());
        read_whole(&mut ReadBuffer::new(Box::new(from), 5), limit)
    }

    #[test]
    fn whole_or_cut() {
        assert_eq!(read(b"hello world", 100), (b"hello world".to_vec(), false));
        assert_eq!(read(b"hello world", 11), (b"hello world".to_vec(), false));
        assert_eq!(read(b"hello world", 7), (b"hello w".to_vec(), true));
    }

    #[test]
    fn utf_16_and_marks() {
        assert_eq!(
            read(&[0xff, 0xfe, b'a', 0, 0x92, 0x21], 100).0,
            "a→".as_bytes()
        );
        assert_eq!(read(&[0xfe, 0xff, 0, b'a'], 100).0, b"a");
        assert_eq!(read(b"\xef\xbb\xbfa", 100).0, b"a");
        let text = "10.0.0.1 10.0.0.2 TCP [SYN]";
        let unmarked: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&unmarked, 100).0, text.as_bytes());
    }
}
