//! What is found of connections that are alike, as the document has it, with holes where the number of a frame stands.

use super::connection::write_findings;
use super::digits;
use super::pen::Pen;
use super::writer::ToJson;
use crate::Judged;

/// A text with holes, all for the same number.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    text: Vec<u8>,
    /// Where in `text` the number is missing.
    holes: Vec<usize>,
}

impl Template {
    /// What is found, with a hole wherever this number stands.
    pub(crate) fn of(judged: &Judged, number: u64) -> Self {
        let mut text = Vec::new();
        write_findings(&mut text, judged);
        Self::cut(&text, number)
    }

    /// Whether it becomes, with this number, what is found here.
    pub(crate) fn fits(&self, judged: &Judged, number: u64) -> bool {
        let (mut found, mut filled) = (Vec::new(), Vec::new());
        write_findings(&mut found, judged);
        self.write(&mut filled, number);
        found == filled
    }

    pub(super) fn cut(text: &[u8], number: u64) -> Self {
        let mut digits = Vec::new();
        number.write(&mut digits);
        let (mut kept, mut holes) = (Vec::with_capacity(text.len()), Vec::new());
        let mut rest = text;
        while let Some((byte, next)) = rest.split_first() {
            match rest.strip_prefix(digits.as_slice()) {
                Some(behind) => {
                    holes.push(kept.len());
                    rest = behind;
                }
                None => {
                    kept.push(*byte);
                    rest = next;
                }
            }
        }
        Self { text: kept, holes }
    }

    /// Appends the text with this number in its holes.
    pub(super) fn write(&self, out: &mut Vec<u8>, number: u64) {
        if number < u64::from(digits::EIGHT_DIGITS) {
            let (digits, len) = digits::of(number as u32);
            self.fill(out, |out| digits::append(digits.to_le_bytes(), len, out));
        } else {
            self.fill(out, |out| number.write(out));
        }
    }

    /// Bytes that it takes with a number of eight digits at most.
    #[inline]
    pub(super) fn most(&self) -> usize {
        self.text.len() + (self.holes.len() + 1) * size_of::<u64>()
    }

    /// Puts it down with a number of eight digits at most.
    #[inline(never)]
    pub(super) fn put<'r>(&self, mut pen: Pen<'r>, number: u64) -> Option<Pen<'r>> {
        if number >= digits::EIGHT_DIGITS.into() {
            return None;
        }
        let digits = digits::of(number as u32);
        let (mut rest, mut behind) = (self.text.as_slice(), 0);
        for hole in &self.holes {
            let (piece, after) = rest.split_at_checked(hole - behind)?;
            pen.bytes(piece)?;
            pen.digits(digits)?;
            (rest, behind) = (after, *hole);
        }
        pen.bytes(rest)?;
        Some(pen)
    }

    #[inline(always)]
    fn fill(&self, out: &mut Vec<u8>, put_in: impl Fn(&mut Vec<u8>)) {
        let (mut rest, mut behind) = (self.text.as_slice(), 0);
        for hole in &self.holes {
            let (piece, after) = rest.split_at_checked(hole - behind).unwrap_or((rest, &[]));
            out.extend_from_slice(piece);
            put_in(out);
            (rest, behind) = (after, *hole);
        }
        out.extend_from_slice(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_cut_out_and_another_put_in() {
        let template = Template::cut(b"[77,177],frame 77", 77);
        assert_eq!(template.holes, [1, 3, 11]);
        let mut out = Vec::new();
        template.write(&mut out, 1_234);
        assert_eq!(out, b"[1234,11234],frame 1234");
    }
}
