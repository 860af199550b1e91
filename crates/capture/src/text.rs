//! Whether bytes look like text.

/// One control character in so many bytes is still text (a bell, an escape sequence, a form feed).
const BYTES_PER_CONTROL: usize = 32;

/// Whether the beginning of a file looks like text: UTF-8, an 8-bit code page, or UTF-16 with a byte order mark.
pub(crate) fn looks_like_text(head: &[u8]) -> bool {
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return head.len() >= 4;
    }
    if is_utf16_without_mark(head) {
        return true;
    }
    if head.contains(&0) {
        return false;
    }
    let controls = head.iter().filter(|byte| is_control(**byte)).count();
    let high = head.iter().filter(|byte| **byte >= 0x80).count();
    let mostly_ascii = high.saturating_mul(4) <= head.len();
    controls.saturating_mul(BYTES_PER_CONTROL) <= head.len() && (mostly_ascii || is_utf8(head))
}

/// ASCII in UTF-16LE: every second byte is 0. (What Windows writes without a mark is little-endian.)
pub(crate) fn is_utf16_without_mark(head: &[u8]) -> bool {
    let (pairs, _) = head.as_chunks::<2>();
    let ascii = |pair: &&[u8; 2]| pair[1] == 0 && pair[0] != 0 && !is_control(pair[0]);
    // Arrows and letters of other alphabets stand in between.
    pairs.len() >= 16
        && pairs.iter().filter(ascii).count().saturating_mul(8) >= pairs.len().saturating_mul(7)
}

fn is_control(byte: u8) -> bool {
    byte == 0x7f || (byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b))
}

/// Valid UTF-8, but for a character that the end of the window cuts.
fn is_utf8(head: &[u8]) -> bool {
    match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_several_encodings() {
        assert!(looks_like_text(
            b"12:00:01 IP 10.0.0.1.80 > 10.0.0.2.4000: Flags [R.]\r\n"
        ));
        assert!(looks_like_text("80 \u{2192} 4000 [RST]".as_bytes()));
        assert!(looks_like_text("Пакет потерян".as_bytes()));
        assert!(looks_like_text(b"Gr\xf6\xdfe 1500"));
        assert!(looks_like_text(&[0xff, 0xfe, b'N', 0, b'o', 0]));
        let unmarked: Vec<u8> = "10.0.0.1 → 10.0.0.2 TCP"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert!(looks_like_text(&unmarked));
    }

    #[test]
    fn no_text() {
        assert!(!looks_like_text(&[0; 20]));
        assert!(!looks_like_text(&[1, 2, 3, 4, 5, 6]));
        assert!(!looks_like_text(&[0xe5, 0xc3, 0xb2, 0xa1, 0x99, 0x88]));
    }
}
