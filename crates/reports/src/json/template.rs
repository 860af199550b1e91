//! What is found of connections that are alike, as the document has it, with holes where the number of a frame stands.

use super::connection::write_findings;
use super::digits::{self, NINE_DIGITS};
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
        let mut begin = 0;
        for hole in &self.holes {
            out.extend_from_slice(self.text.get(begin..*hole).unwrap_or_default());
            number.write(out);
            begin = *hole;
        }
        out.extend_from_slice(self.text.get(begin..).unwrap_or_default());
    }

    /// Puts it down with a number of nine digits at most.
    #[inline(always)]
    pub(super) fn put<'r>(&self, mut pen: Pen<'r>, number: u64) -> Option<Pen<'r>> {
        if number >= NINE_DIGITS.into() {
            return None;
        }
        let mut digits = [0; digits::ROOM];
        let len = digits::put(&mut digits, number as u32);
        let mut begin = 0;
        for hole in &self.holes {
            pen.bytes(self.text.get(begin..*hole)?)?;
            pen.begin_of(&digits, len)?;
            begin = *hole;
        }
        pen.bytes(self.text.get(begin..)?)?;
        Some(pen)
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
