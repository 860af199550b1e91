//! Writes short pieces side by side into room that was made for all of them at once.
//!
//! What is appended to a buffer asks each time whether it has room, and notes its new length. Of pieces of known lengths, a pen in
//! registers does with one comparison each. It is for what most connections have; [`super::writer`] writes everything.

use std::net::Ipv4Addr;

use whyreset_capture::Span;
use whyreset_segments::Host;

use super::digits::{self, EIGHT_DIGITS};
use super::times::{Millis, Seconds};
use super::writer;

/// Where the next piece is written. Each piece gives `None` where it does not fit, or where the pen is not made for it: then what was
/// written is of no use.
pub(super) struct Pen<'r> {
    room: &'r mut [u8],
}

/// What a pen can write, where it is usual.
pub(super) trait Usual {
    /// Bytes that it takes at most, where it is usual.
    fn most(&self) -> usize;

    /// Writes it, and gives the pen behind it: handed on by value, it stays in registers.
    fn put<'r>(&self, pen: Pen<'r>) -> Option<Pen<'r>>;
}

/// Appends it. `None`, and nothing is appended, where it is unusual.
#[inline(always)]
pub(super) fn append(out: &mut Vec<u8>, usual: &impl Usual) -> Option<()> {
    let (begin, most) = (out.len(), usual.most());
    out.resize(begin + most, 0);
    let pen = Pen {
        room: out.get_mut(begin..)?,
    };
    let left = usual.put(pen).map(|behind| behind.room.len());
    out.truncate(begin + most - left.unwrap_or(most));
    left.map(|_| ())
}

impl Pen<'_> {
    /// These bytes, of which it is known beforehand how many they are.
    #[inline(always)]
    pub(super) fn text<const N: usize>(&mut self, text: &[u8; N]) -> Option<()> {
        self.begin_of(*text, N)
    }

    /// The first `len` of these bytes.
    #[inline(always)]
    fn begin_of<const N: usize>(&mut self, bytes: [u8; N], len: usize) -> Option<()> {
        let room = std::mem::take(&mut self.room);
        *room.first_chunk_mut()? = bytes;
        self.room = room.get_mut(len..)?;
        Some(())
    }

    /// These bytes.
    #[inline(always)]
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Option<()> {
        let room = std::mem::take(&mut self.room);
        let (place, room) = room.split_at_mut_checked(bytes.len())?;
        place.copy_from_slice(bytes);
        self.room = room;
        Some(())
    }

    /// The digits of a number, as [`digits::of`] gives them.
    #[inline(always)]
    pub(super) fn digits(&mut self, (digits, len): (u64, usize)) -> Option<()> {
        self.begin_of(digits.to_le_bytes(), len)
    }

    /// A number of at most eight digits.
    #[inline(always)]
    pub(super) fn number(&mut self, number: u64) -> Option<()> {
        match number {
            small @ 0..10 => self.text(&[b'0' + small as u8]),
            eight if eight < u64::from(EIGHT_DIGITS) => self.digits(digits::of(eight as u32)),
            _ => None,
        }
    }

    /// A number, or `null`.
    #[inline(always)]
    pub(super) fn number_if_known(&mut self, number: Option<u64>) -> Option<()> {
        match number {
            Some(number) => self.number(number),
            None => self.text(b"null"),
        }
    }

    /// `"text"`, in which nothing is to be escaped; `null` where there is none.
    #[inline(always)]
    pub(super) fn string_if_known(&mut self, text: Option<&str>) -> Option<()> {
        match text {
            Some(text) => {
                let room = std::mem::take(&mut self.room);
                self.room = behind_string(room, text.as_bytes())?;
                Some(())
            }
            None => self.text(b"null"),
        }
    }

    /// `"192.0.2.1"`, or an address of IPv6.
    #[inline(always)]
    pub(super) fn address(&mut self, host: &Host) -> Option<()> {
        let room = std::mem::take(&mut self.room);
        self.room = match host {
            Host::V4(address) => behind_v4(room, *address)?,
            Host::V6(address) => behind_string(room, address.to_string().as_bytes())?,
            Host::Name(_) => return None,
        };
        Some(())
    }

    /// A span in seconds.
    #[inline(always)]
    pub(super) fn seconds(&mut self, span: Span) -> Option<()> {
        let (whole, [tenths, behind]) = Seconds(span).in_decimals()?;
        self.number(whole)?;
        self.text(&[b'.', b'0' + tenths as u8])?;
        self.digits(digits::of_decimals(behind))
    }

    /// A span in milliseconds, or `null`.
    #[inline(always)]
    pub(super) fn millis_if_known(&mut self, span: Option<Span>) -> Option<()> {
        let Some(span) = span else {
            return self.text(b"null");
        };
        let (whole, decimals) = Millis(span).in_decimals()?;
        self.number(whole)?;
        self.text(b".")?;
        let (digits, len) = digits::of_three_decimals(decimals);
        self.begin_of(digits, len.max(1))
    }
}

/// Writes `"192.0.2.1"` and gives the room behind it.
#[inline(never)]
fn behind_v4(room: &mut [u8], address: Ipv4Addr) -> Option<&mut [u8]> {
    let mut pen = Pen { room };
    pen.text(b"\"")?;
    let [first, second, third, last] = address.octets();
    for part in [first, second, third] {
        let (text, len) = writer::address_part(part);
        pen.begin_of(text, len)?;
    }
    let (text, len) = writer::address_part(last);
    pen.begin_of(text, len - 1)?;
    pen.text(b"\"")?;
    Some(pen.room)
}

/// Writes `"text"` and gives the room behind it.
#[inline(never)]
fn behind_string<'r>(room: &'r mut [u8], text: &[u8]) -> Option<&'r mut [u8]> {
    let (place, behind) = room.split_at_mut_checked(text.len() + 2)?;
    let [before, inside @ .., after] = place else {
        return None;
    };
    (*before, *after) = (b'"', b'"');
    if let (8..=16, Some(first), Some(last)) = (text.len(), text.first_chunk(), text.last_chunk()) {
        // The last eight overlap the first.
        *inside.first_chunk_mut()? = *first;
        *inside.last_chunk_mut()? = *last;
        return writer::are_plain(*first, *last).then_some(behind);
    }
    inside.copy_from_slice(text);
    writer::is_plain(text).then_some(behind)
}
