//! What is written out together.

use std::io::{self, Write};

use super::pen::{Pen, Usual};

/// Text that waits to be written out, and room behind it. The room is cleared once, and not again for each piece.
#[derive(Debug)]
pub(super) struct Page {
    room: Vec<u8>,
    /// So much of it is written on.
    len: usize,
    /// For a piece that is not usual.
    piece: Vec<u8>,
}

impl Page {
    /// An empty one, with room for usual pieces behind so many bytes.
    pub(super) fn new(before: usize) -> Self {
        Self {
            room: vec![0; before + Pen::ROOM],
            len: 0,
            piece: Vec::new(),
        }
    }

    /// What stands on a page with nothing but this.
    #[cfg(test)]
    pub(super) fn with(usual: &impl Usual) -> Option<Vec<u8>> {
        let mut page = Self::new(0);
        page.put(usual)?;
        let mut out = Vec::new();
        page.write_out(&mut out).ok()?;
        Some(out)
    }

    /// How many bytes stand on it.
    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Puts a piece down. `None`, and nothing is put down, where it is not usual.
    #[inline(always)]
    pub(super) fn put(&mut self, usual: &impl Usual) -> Option<()> {
        let room = self.room.get_mut(self.len..)?.first_chunk_mut()?;
        self.len += usual.put(Pen::new(room))?.written();
        Some(())
    }

    /// Puts down whatever `write` appends.
    #[inline(never)]
    pub(super) fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut piece = std::mem::take(&mut self.piece);
        write(&mut piece);
        self.bytes(&piece);
        piece.clear();
        self.piece = piece;
    }

    /// Puts these bytes down, of which it is known beforehand how many they are.
    #[inline(always)]
    pub(super) fn text<const N: usize>(&mut self, text: &[u8; N]) {
        match self
            .room
            .get_mut(self.len..)
            .and_then(<[u8]>::first_chunk_mut)
        {
            Some(place) => {
                *place = *text;
                self.len += N;
            }
            None => self.bytes(text),
        }
    }

    /// Puts these bytes down.
    #[inline(never)]
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        let end = self.len + bytes.len();
        if self.room.len() < end {
            self.room.resize(end, 0);
        }
        if let Some(place) = self.room.get_mut(self.len..end) {
            place.copy_from_slice(bytes);
            self.len = end;
        }
    }

    /// Writes everything out.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub(super) fn write_out(&mut self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(self.room.get(..self.len).unwrap_or_default())?;
        self.len = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Piece<const N: usize>;

    impl<const N: usize> Usual for Piece<N> {
        fn put<'r>(&self, mut pen: Pen<'r>) -> Option<Pen<'r>> {
            pen.bytes(&[b'a'; N])?;
            Some(pen)
        }
    }

    #[test]
    fn what_does_not_fit_is_not_usual_and_leaves_nothing() {
        const MOST: usize = Pen::ROOM;
        const MORE: usize = MOST + 1;
        let mut page = Page::new(1);
        assert!(page.put(&Piece::<MORE>).is_none());
        page.bytes(b"1");
        page.put(&Piece::<MOST>).unwrap();
        assert!(page.put(&Piece::<1>).is_none());
        page.append(|out| out.extend_from_slice(b"23"));
        let mut out = Vec::new();
        page.write_out(&mut out).unwrap();
        page.write_out(&mut out).unwrap();
        assert_eq!(out, [b"1", &[b'a'; MOST][..], b"23"].concat());
        page.put(&Piece::<7>).unwrap();
        assert_eq!(page.len(), 7);
    }
}
