//! The verdict on downloads of which the capture does not hold how long they were to be, as the document has it: written once, with
//! holes for the frame in which the server closed, and for how much came. Where heads are cut off, most connections are like that.

use whyreset_exchanges::Exchange;
use whyreset_verdicts::bytes_in_words;

use super::connection::NO_FRAME;
use super::pen::{Pen, Usual};
use super::template::Template;
use super::writer::ToJson;

/// So much never came.
const NO_BYTES: u64 = u64::MAX;

/// The verdict: how much came stands between two pieces.
#[derive(Debug)]
pub(super) struct Unread {
    pieces: Vec<Template>,
}

/// The verdict on one of them.
pub(super) struct Filled<'a> {
    verdict: &'a Unread,
    frame: u64,
    came: String,
}

impl Unread {
    /// The verdict with holes.
    pub(super) fn new() -> Self {
        let exchange = Exchange {
            body_delivered: Some(NO_BYTES),
            ..Exchange::default()
        };
        let mut text = Vec::new();
        whyreset_verdicts::unread(&exchange, NO_FRAME).write(&mut text);
        let text = String::from_utf8_lossy(&text);
        let came = bytes_in_words(NO_BYTES);
        let pieces = text.split(&came);
        let pieces = pieces.map(|piece| Template::cut(piece.as_bytes(), NO_FRAME));
        Self {
            pieces: pieces.collect(),
        }
    }

    /// The verdict where the server closed in this frame behind `exchange`; `None` where it is put in another way.
    pub(super) fn on(&self, exchange: &Exchange, frame: u64) -> Option<Filled<'_>> {
        let came = exchange.body_delivered?;
        let is_all = exchange.body_acknowledged.is_none_or(|it| it == came);
        (is_all && !exchange.from_list).then(|| Filled {
            verdict: self,
            frame,
            came: bytes_in_words(came),
        })
    }
}

impl ToJson for Filled<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        for (index, piece) in self.verdict.pieces.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(self.came.as_bytes());
            }
            piece.write(out, self.frame);
        }
    }
}

impl Usual for Filled<'_> {
    #[inline]
    fn put<'r>(&self, mut pen: Pen<'r>) -> Option<Pen<'r>> {
        for (index, piece) in self.verdict.pieces.iter().enumerate() {
            if index > 0 {
                pen.bytes(self.came.as_bytes())?;
            }
            pen = piece.put(pen, self.frame)?;
        }
        Some(pen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::page::Page;

    #[test]
    fn the_holes_are_filled_with_what_would_stand_there() {
        let verdict = Unread::new();
        for (frame, came, acknowledged) in [
            (7, 0, Some(0)),
            (8, 1, None),
            (1_234_567, 260_640, Some(260_640)),
        ] {
            let exchange = Exchange {
                body_delivered: Some(came),
                body_acknowledged: acknowledged,
                ..Exchange::default()
            };
            let (mut filled, mut written) = (Vec::new(), Vec::new());
            let told = verdict.on(&exchange, frame).unwrap();
            told.write(&mut filled);
            whyreset_verdicts::unread(&exchange, frame).write(&mut written);
            assert_eq!(
                String::from_utf8_lossy(&filled),
                String::from_utf8_lossy(&written)
            );
            assert_eq!(Page::with(&told).unwrap(), written);
        }
        let in_part = Exchange {
            body_delivered: Some(9),
            body_acknowledged: Some(8),
            ..Exchange::default()
        };
        assert!(verdict.on(&in_part, 7).is_none());
    }
}
