//! The shape nearly every frame has, read in one go: Ethernet with one tag at most, a Linux cooked header, a loopback's or none;
//! IPv4 without options or fragments, or IPv6 without extension headers; TCP.
//!
//! Everything else, and everything odd, is left to the layers' own files; what is read here reads the same there. Headers are read by
//! words of four bytes: that takes far fewer steps than byte by byte.

mod carrier;
mod first_sight;
mod tcp_header;
mod v4;
mod v6;

use whyreset_capture::{Record, Timestamp};
use whyreset_segments::{Addresses, Segment, Usual};

use self::carrier::{Carrier, Version};
pub(crate) use self::first_sight::{opening as opens_at_first_sight, usual as at_first_sight};
use crate::packet::Packet;
use crate::transport::tcp::{self, Sighting};
use crate::walk::Datagram;

const PROTOCOL_TCP: u32 = 6;

/// The words of a header without options, as they stand: each is read where it is needed.
#[inline(always)]
fn five_words(header: &[u8; 20]) -> Option<&[[u8; 4]; 5]> {
    header.as_chunks::<4>().0.first_chunk()
}

/// The words that these bytes begin with.
#[inline(always)]
fn words<const N: usize>(bytes: &[u8]) -> Option<[u32; N]> {
    let (words, _) = bytes.as_chunks::<4>();
    let words: &[[u8; 4]; N] = words.first_chunk()?;
    Some(words.map(u32::from_be_bytes))
}

/// Whether all that the length of the datagram says was in the frame. `rest` is what was captured of it.
#[inline(always)]
const fn is_whole(record: &Record<'_>, carrier: Carrier, total_len: u32, rest: &[u8]) -> bool {
    total_len as usize <= rest.len() || total_len + carrier.len as u32 <= record.wire_len
}

/// The segment of a frame of that shape.
#[inline]
pub(crate) fn segment<'a>(record: &Record<'a>, time: Timestamp) -> Option<Segment<'a>> {
    let (carrier, datagram, tcp) = below(record)?;
    let sighting = Sighting {
        frame: record.frame,
        time,
        time_known: record.time.is_some(),
        mac_known: carrier.link.has_mac(),
        link: carrier.link.fields(record.interface),
    };
    tcp::segment(&sighting, &datagram, tcp)
}

/// What lies below TCP, and the datagram's payload.
#[inline(always)]
fn below<'a>(record: &Record<'a>) -> Option<(Carrier, Datagram, Packet<'a>)> {
    let (carrier, datagram) = match carrier::untagged(record) {
        Some((carrier, rest)) => (carrier, v4::datagram(record, carrier, rest)),
        None => {
            let (carrier, version, rest) = carrier::other(record)?;
            match version {
                Version::V4 => (carrier, v4::datagram(record, carrier, rest)),
                Version::V6 => (carrier, v6::datagram(record, carrier, rest)),
            }
        }
    };
    let (datagram, tcp) = datagram?;
    Some((carrier, datagram, tcp))
}

/// What is told of a frame of that shape at second sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// It holds a usual segment.
    Usual,
    /// It holds a segment that opens a connection ([`whyreset_segments::Opening`]). Its numbers were written as those of a usual segment.
    Opening,
    /// It holds another one.
    Other,
}

/// Looks at a frame, which the capture tells the time of. `None` where it is odd. A usual segment is written where there is room for
/// it, and so are the numbers of one that opens a connection: it is large, and so it need not be moved. What is written where there is
/// neither, is not looked at. The frame begins `at` this place in what holds the segment's bytes. `ends` hears who sent a segment to whom.
#[inline(always)]
pub(crate) fn at_second_sight(
    record: &Record<'_>,
    at: u32,
    usual: &mut Usual,
    ends: impl FnOnce(&Addresses),
) -> Option<Sight> {
    let (carrier, version, rest) = match carrier::untagged(record) {
        Some((carrier, rest)) => (carrier, Version::V4, rest),
        None => carrier::other(record)?,
    };
    match version {
        Version::V4 => v4::look_at(record, carrier, rest, at, usual, ends),
        Version::V6 => v6::look_at(record, carrier, rest, at, usual, ends),
    }
}

#[cfg(test)]
mod tests;
