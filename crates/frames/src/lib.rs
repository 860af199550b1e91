//! Link, network and tunnel layers: from the records of a capture to the TCP segments in them.
//!
//! One layer, one file. [`Dissector::dissect`] finds every TCP segment of a frame, however deep it sits, and every TCP
//! segment that an ICMP error quotes. It follows what Wireshark 4.0 shows with its default settings, so that frame and
//! stream numbers agree: see [`Dissector`] for the rules that are not obvious.
//!
//! # Where this differs from Wireshark 4.0
//!
//! | what | Wireshark | here | who is right |
//! | --- | --- | --- | --- |
//! | link types 166, 205, 206, 219 (PPP of pppd, HDLC and frame relay with direction, MPLS) | refuses the file | reads it | here |
//! | NFLOG in big-endian byte order, or cut by the snapshot length | no packet | reads it | here |
//! | NFLOG with two payload attributes | the last one | both | none: nothing writes this |
//! | Ethernet pseudowires under MPLS | tells a control word by a list of vendors' addresses | by the EtherType | here: no list is complete |
//! | fragments of 802.11 frames | put together | the last one is read if it comes alone | Wireshark |
//! | van Jacobson's header compression in PPP | unpacked | not read | Wireshark |
//! | multilink PPP over several fragments, PPP in byte-stuffed HDLC in GRE | put together, partly | not read | Wireshark |
//! | L2TP version 3 | needs the control connection | not read | Wireshark |
//! | IPv6 routing headers | counted to the end of the route, but `ipv6.dst` is the next stop | the end of the route | here |
//! | damage inside an IPv4 option | nothing behind it is read | goes on | Wireshark |
//! | UDP ports of other protocols that decline what is not theirs | asks them first | a table of those that do not decline | Wireshark, in rare cases |
//! | tunnels in TCP (STT, OpenFlow) | read | not read | Wireshark |
//! | more than 100 layers around a segment | reads about as many again | stops | none |

mod link;
mod network;
mod packet;
#[cfg(test)]
mod sample;
mod transport;
mod tunnel;
mod walk;

use whyreset_capture::{Record, Timestamp};
use whyreset_segments::{Addresses, AddressesV4, LinkFields, Quote, Segment, Usual};

use crate::link::{link_type, plain_frame};

pub use crate::link::plain_frame::Sight;
use crate::network::fragments::Fragments;
use crate::packet::Packet;
use crate::walk::{Outer, Walk};

/// Something about TCP that a frame holds.
#[derive(Clone, Copy, Debug)]
pub enum Found<'a> {
    /// A segment.
    Segment(Segment<'a>),
    /// A segment that an ICMP error quotes.
    Quote(Quote<'a>),
}

/// Finds the TCP segments in frames.
///
/// It keeps nothing between frames but the fragments of incomplete IP datagrams, at most 4 MiB in 1,024 datagrams
/// of 8,192 fragments, the oldest giving way. The rules, all Wireshark's:
///
/// - A TCP header counts from its 16th captured byte on.
/// - The frame that completes a fragmented datagram holds its segment. A first fragment that the snapshot length cut
///   is read by itself, and then its payload is not known.
/// - Padding and frame check sequences are never payload; IPv4's total length 0 means "to the end of the frame".
/// - No checksum is asked for.
#[derive(Debug, Default)]
pub struct Dissector {
    fragments: Fragments,
}

impl Dissector {
    /// A dissector that has seen no frame.
    pub fn new() -> Self {
        Self::default()
    }

    /// Finds what `record` holds of TCP, and hands it to `found` in the order of the bytes.
    ///
    /// `time` is the frame's time where the capture tells one ([`Record::time`]), else what stands in for it.
    pub fn dissect<F>(&mut self, record: &Record<'_>, time: Timestamp, found: &mut F)
    where
        F: FnMut(Found<'_>),
    {
        if let Some(segment) = plain_frame::segment(record, time) {
            return found(Found::Segment(segment));
        }
        self.dissect_layers(record, time, found);
    }

    /// Whether the frame that was just dissected holds a fragment of an IP datagram, whole enough to be put together.
    pub const fn holds_fragment(&self, frame: u64) -> bool {
        self.fragments.in_frame(frame)
    }

    /// The frames whose fragments made up the datagrams that were completed in `frame`, the one dissected last.
    pub fn completed_from(&self, frame: u64) -> &[u64] {
        self.fragments.completed_from(frame)
    }

    fn dissect_layers(
        &mut self,
        record: &Record<'_>,
        time: Timestamp,
        found: &mut dyn FnMut(Found<'_>),
    ) {
        let mut walk = Walk {
            frame: record.frame,
            time,
            time_known: record.time.is_some(),
            fragments: &mut self.fragments,
            found,
        };
        let outer = Outer {
            link: LinkFields {
                interface: record.interface,
                ..LinkFields::default()
            },
            ..Outer::default()
        };
        // A frame that ends early has shown what it holds by then.
        let _ = link_type::dissect(&mut walk, record.link, frame_bytes(record), &outer);
    }
}

/// The segment of a frame of the most usual shape (Ethernet, a Linux cooked header, a loopback's or none; IP and TCP, and nothing odd), which holds no
/// other; `None` of all others, and where the capture tells no time.
#[inline]
pub fn plain_segment<'a>(record: &Record<'a>) -> Option<Segment<'a>> {
    plain_frame::segment(record, record.time?)
}

/// Reads the usual segment of a frame that is as most are: IPv4 in Ethernet without a tag. It is written into `usual`, with the frame
/// `at` this place in what holds its bytes; gives who sent it to whom. Of all else nothing is told.
#[inline(always)]
pub fn at_first_sight(record: &Record<'_>, at: u32, usual: &mut Usual) -> Option<AddressesV4> {
    plain_frame::at_first_sight(record, at, usual)
}

/// The same of a segment that opens a connection: its numbers are written into `usual`.
#[inline(always)]
pub fn opens_at_first_sight(
    record: &Record<'_>,
    at: u32,
    usual: &mut Usual,
) -> Option<AddressesV4> {
    plain_frame::opens_at_first_sight(record, at, usual)
}

/// What is told of any frame in which [`plain_segment`] finds something. A usual segment is written into `usual`, and so are the
/// numbers of one that opens a connection; `ends` hears who sent a segment to whom. Most frames are told at first sight: the two are
/// apart so that these have a short way.
#[inline(always)]
pub fn at_second_sight(
    record: &Record<'_>,
    at: u32,
    usual: &mut Usual,
    ends: impl FnOnce(&Addresses),
) -> Option<Sight> {
    plain_frame::at_second_sight(record, at, usual, ends)
}

/// Longer than this no frame is, whatever the file says.
const MAX_LEN: u32 = 0x7fff_ffff;

/// The frame without its check sequence. A frame is at least as long as what was captured of it, whatever the file says.
fn frame_bytes<'a>(record: &Record<'a>) -> Packet<'a> {
    let wire_len = usize::try_from(record.wire_len.min(MAX_LEN)).unwrap_or(usize::MAX);
    let wire_len = wire_len.max(record.bytes.len());
    Packet::new(
        record.bytes,
        wire_len.saturating_sub(usize::from(record.fcs_len)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use whyreset_capture::LinkType;

    const SYN: [u8; 54] = [
        2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, // Ethernet
        0x45, 0, 0, 40, 0, 7, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, // IPv4
        0x9c, 0x40, 0, 80, 0, 0, 3, 0xe8, 0, 0, 0, 0, 0x50, 2, 0x20, 0, 0, 0, 0, 0, // TCP
    ];

    fn record(bytes: &[u8]) -> Record<'_> {
        Record {
            frame: 1,
            time: Some(Timestamp::from_nanos(5)),
            link: LinkType::ETHERNET,
            interface: 0,
            fcs_len: 0,
            wire_len: u32::try_from(bytes.len()).unwrap(),
            bytes,
        }
    }

    fn found(bytes: &[u8]) -> Vec<String> {
        let mut all = Vec::new();
        let time = Timestamp::from_nanos(5);
        Dissector::new().dissect(&record(bytes), time, &mut |found| {
            all.push(match found {
                Found::Segment(s) => format!("{} > {} [{}]", s.source, s.destination, s.flags),
                Found::Quote(q) => format!("quote of {} bytes", q.quoted_bytes),
            });
        });
        all
    }

    #[test]
    fn finds_a_plain_segment() {
        assert_eq!(found(&SYN), ["10.0.0.1:40000 > 10.0.0.2:80 [SYN]"]);
    }

    #[test]
    fn sixteen_bytes_of_tcp_are_enough() {
        let cut = |len| {
            let mut record = record(&SYN[..len]);
            record.wire_len = 54;
            let mut count = 0;
            Dissector::new().dissect(&record, Timestamp::default(), &mut |_| count += 1);
            count
        };
        assert_eq!(cut(50), 1);
        assert_eq!(cut(49), 0);
    }

    #[test]
    fn the_short_way_reads_what_the_long_way_reads() {
        let record = record(&SYN);
        let short = plain_frame::segment(&record, Timestamp::default()).unwrap();
        let mut long = None;
        let mut take = |found: Found<'_>| {
            if let Found::Segment(segment) = found {
                long = Some(format!("{segment:?}"));
            }
        };
        Dissector::new().dissect_layers(&record, Timestamp::default(), &mut take);
        assert_eq!(Some(format!("{short:?}")), long);
        assert_eq!(
            format!("{:?}", plain_segment(&record).unwrap()),
            format!(
                "{:?}",
                plain_frame::segment(&record, record.time.unwrap()).unwrap()
            )
        );
    }
}
