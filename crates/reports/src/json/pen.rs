//! Writes short pieces side by side into room that was made for all of them at once.
//!
//! What is appended to a buffer asks each time whether it has room, and notes its new length. Of pieces of known lengths, a pen in
//! registers does with one comparison each. It is for what most connections have; [`super::writer`] writes everything.

use std::io::Write;

use whyreset_capture::Span;
use whyreset_segments::Host;

use super::digits::{self, NINE_DIGITS};
use super::times::{Millis, Seconds};
use super::{addresses, writer};

/// Where the next piece is written. Each piece gives `None` where it does not fit, or where the pen is not made for it: then what was
/// written is of no use.
pub(super) struct Pen<'r> {
    room: &'r mut [u8; ROOM],
    at: usize,
}

/// Bytes that a pen writes at most. What takes more is not usual.
const ROOM: usize = 32 << 10;

/// What a pen can write, where it is usual.
pub(super) trait Usual {
    /// Writes it, and gives the pen behind it: handed on by value, it stays in registers.
    fn put<'r>(&self, pen: Pen<'r>) -> Option<Pen<'r>>;
}

impl<'r> Pen<'r> {
    /// Bytes that it writes at most.
    pub(super) const ROOM: usize = ROOM;

    /// One that begins here.
    #[inline(always)]
    pub(super) const fn new(room: &'r mut [u8; ROOM]) -> Self {
        Self { room, at: 0 }
    }

    /// How many bytes it has written.
    #[inline(always)]
    pub(super) const fn written(&self) -> usize {
        self.at
    }

    /// The next `N` bytes.
    #[inline(always)]
    fn place<const N: usize>(&mut self) -> Option<&mut [u8; N]> {
        let at = self.at;
        if at > const { ROOM - N } {
            return None;
        }
        self.room.get_mut(at..at + N)?.first_chunk_mut()
    }

    /// These bytes, of which it is known beforehand how many they are.
    #[inline(always)]
    pub(super) fn text<const N: usize>(&mut self, text: &[u8; N]) -> Option<()> {
        *self.place()? = *text;
        self.at += N;
        Some(())
    }

    /// The first `len` of these bytes.
    #[inline(always)]
    pub(super) fn begin_of<const N: usize>(&mut self, bytes: &[u8; N], len: usize) -> Option<()> {
        self.put(|room| {
            *room = *bytes;
            len
        })
    }

    /// What `put` puts down, and tells the length of, in room of a known size.
    #[inline(always)]
    fn put<const N: usize>(&mut self, put: impl FnOnce(&mut [u8; N]) -> usize) -> Option<()> {
        let len = put(self.place()?);
        self.at += len.min(N);
        Some(())
    }

    /// These bytes.
    #[inline(always)]
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Option<()> {
        let place = self.room.get_mut(self.at..)?.get_mut(..bytes.len())?;
        place.copy_from_slice(bytes);
        self.at += bytes.len();
        Some(())
    }

    /// These bytes, and behind them a number of at most nine digits: one comparison for both.
    #[inline(always)]
    pub(super) fn number_behind<const N: usize>(
        &mut self,
        text: &[u8; N],
        number: u64,
    ) -> Option<()> {
        let at = self.at;
        if at > const { ROOM - N - digits::ROOM } || number >= NINE_DIGITS.into() {
            return None;
        }
        let (before, behind) = self.room.get_mut(at..)?.split_first_chunk_mut()?;
        *before = *text;
        let len = digits::put(behind.first_chunk_mut()?, number as u32);
        self.at = at + N + len;
        Some(())
    }

    /// These bytes, and behind them a number, or `null`.
    #[inline(always)]
    pub(super) fn number_if_known<const N: usize>(
        &mut self,
        text: &[u8; N],
        number: Option<u64>,
    ) -> Option<()> {
        match number {
            Some(number) => self.number_behind(text, number),
            None => {
                self.text(text)?;
                self.text(b"null")
            }
        }
    }

    /// `"text"`, in which nothing is to be escaped; `null` where there is none.
    #[inline(always)]
    pub(super) fn string_if_known(&mut self, text: Option<&str>) -> Option<()> {
        match text {
            Some(text) => {
                let room = self.room.get_mut(self.at..)?;
                put_string(room, text.as_bytes())?;
                self.at += text.len() + 2;
                Some(())
            }
            None => self.text(b"null"),
        }
    }

    /// An address, without quotation marks.
    #[inline(always)]
    pub(super) fn address(&mut self, host: &Host) -> Option<()> {
        match host {
            Host::V4(address) => self.put(|room| addresses::put(room, *address)),
            Host::V6(address) => {
                let mut room = self.room.get_mut(self.at..)?;
                let before = room.len();
                write!(room, "{address}").ok()?;
                self.at += before - room.len();
                Some(())
            }
            Host::Name(_) => None,
        }
    }

    /// These bytes, and behind them a span in seconds.
    #[inline(always)]
    pub(super) fn seconds<const N: usize>(&mut self, text: &[u8; N], span: Span) -> Option<()> {
        let (whole, billionths) = Seconds(span).in_decimals()?;
        self.number_behind(text, whole)?;
        self.text(b".")?;
        self.put(|room| digits::put_decimals(room, billionths))
    }

    /// These bytes, and behind them a span in milliseconds, or `null`.
    #[inline(always)]
    pub(super) fn millis_if_known<const N: usize>(
        &mut self,
        text: &[u8; N],
        span: Option<Span>,
    ) -> Option<()> {
        let Some(span) = span else {
            self.text(text)?;
            return self.text(b"null");
        };
        let (whole, thousandths) = Millis(span).in_decimals()?;
        self.number_behind(text, whole)?;
        self.text(b".")?;
        self.put(|room| digits::put_three_decimals(room, thousandths))
    }
}

/// Writes `"text"` at the beginning of some room.
#[inline(never)]
fn put_string(room: &mut [u8], text: &[u8]) -> Option<()> {
    let [before, inside @ .., after] = room.get_mut(..text.len() + 2)? else {
        return None;
    };
    (*before, *after) = (b'"', b'"');
    if let (8..=16, Some(first), Some(last)) = (text.len(), text.first_chunk(), text.last_chunk()) {
        // The last eight overlap the first.
        *inside.first_chunk_mut()? = *first;
        *inside.last_chunk_mut()? = *last;
        return writer::are_plain(*first, *last).then_some(());
    }
    inside.copy_from_slice(text);
    writer::is_plain(text).then_some(())
}
