//! From bytes to UTF-8, piece by piece: UTF-8, and UTF-16 (what PowerShell's `>` writes) with a byte order mark or without.
//!
//! What is valid in no encoding is left as it stands; it is replaced when lines are made of it.

/// How a text is encoded.
#[derive(Clone, Copy, Debug)]
enum Encoding {
    Utf8,
    Utf16(fn([u8; 2]) -> u16),
}

/// Turns bytes into UTF-8, whatever pieces they come in.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    encoding: Option<Encoding>,
    /// Bytes that nothing can be said of yet: the beginning of the text, or half a unit.
    held: Vec<u8>,
    /// The first half of a surrogate pair.
    surrogate: Option<u16>,
}

/// Bytes of the beginning that tell the encoding.
const HEAD: usize = 128;

impl Decoder {
    /// Adds what `bytes` say to `text`.
    pub fn push(&mut self, bytes: &[u8], text: &mut Vec<u8>) {
        match self.encoding {
            Some(Encoding::Utf8) => text.extend_from_slice(bytes),
            Some(Encoding::Utf16(unit)) => self.push_units(bytes, unit, text),
            None => {
                self.held.extend_from_slice(bytes);
                if self.held.len() >= HEAD {
                    self.begin(text);
                }
            }
        }
    }

    /// The text has ended.
    pub fn finish(&mut self, text: &mut Vec<u8>) {
        if self.encoding.is_none() {
            self.begin(text);
        }
        if self.surrogate.take().is_some() {
            push_char(char::REPLACEMENT_CHARACTER, text);
        }
    }

    fn begin(&mut self, text: &mut Vec<u8>) {
        let head = std::mem::take(&mut self.held);
        let (encoding, mark) = recognise(&head);
        self.encoding = Some(encoding);
        self.push(head.get(mark..).unwrap_or(&[]), text);
    }

    fn push_units(&mut self, bytes: &[u8], unit: fn([u8; 2]) -> u16, text: &mut Vec<u8>) {
        self.held.extend_from_slice(bytes);
        let held = std::mem::take(&mut self.held);
        let (pairs, half) = held.as_chunks::<2>();
        self.held.extend_from_slice(half);
        let units = self
            .surrogate
            .take()
            .into_iter()
            .chain(pairs.iter().map(|pair| unit(*pair)));
        let mut units: Vec<u16> = units.collect();
        self.surrogate = units.pop_if(|last| (0xd800..0xdc00).contains(last));
        for decoded in char::decode_utf16(units) {
            push_char(decoded.unwrap_or(char::REPLACEMENT_CHARACTER), text);
        }
    }
}

fn push_char(c: char, text: &mut Vec<u8>) {
    text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// The encoding, and how many bytes its mark takes.
fn recognise(head: &[u8]) -> (Encoding, usize) {
    let every_second_is_zero = || {
        let odd = head.iter().skip(1).step_by(2).take(HEAD / 2);
        odd.filter(|byte| **byte == 0).count() >= 16
    };
    match head {
        [0xff, 0xfe, ..] => (Encoding::Utf16(u16::from_le_bytes), 2),
        [0xfe, 0xff, ..] => (Encoding::Utf16(u16::from_be_bytes), 2),
        [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
        _ if every_second_is_zero() => (Encoding::Utf16(u16::from_le_bytes), 0),
        _ => (Encoding::Utf8, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], piece: usize) -> String {
        let mut decoder = Decoder::default();
        let mut text = Vec::new();
        for piece in bytes.chunks(piece) {
            decoder.push(piece, &mut text);
        }
        decoder.finish(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    }

    #[test]
    fn marks_and_pieces() {
        let long = "10.0.0.1 → 10.0.0.2 TCP [SYN] 😀 ".repeat(9);
        for text in ["a→b😀", "", "a", long.as_str()] {
            let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            for piece in [1, 2, 3, 5, 1_000] {
                assert_eq!(decode(text.as_bytes(), piece), text);
                assert_eq!(
                    decode(&[b"\xef\xbb\xbf", text.as_bytes()].concat(), piece),
                    text
                );
                assert_eq!(decode(&[&[0xff, 0xfe], &little[..]].concat(), piece), text);
                assert_eq!(decode(&[&[0xfe, 0xff], &big[..]].concat(), piece), text);
            }
        }
    }

    #[test]
    fn utf_16_without_a_mark_and_broken() {
        let text = "10.0.0.1 10.0.0.2 TCP [SYN]";
        let unmarked: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&unmarked, 7), text);
        assert_eq!(
            decode(&[0xff, 0xfe, 0x00, 0xd8, b'a', 0, 0x3d, 0xd8], 1),
            "\u{fffd}a\u{fffd}"
        );
    }
}
