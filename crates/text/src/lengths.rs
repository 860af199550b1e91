//! Payload lengths of rows that hide them.
//!
//! A SYN and a RST carry no payload (but for TCP Fast Open and diagnoses, which lists hardly show), and what tcpdump prints
//! without a sequence number is empty. Else the Length column tells.
//!
//! The Length column counts the whole frame. How many bytes of headers that includes follows, in this order,
//! 1. from rows of the same direction that show both (Length 66, Len=0), SYNs, resets, rows with SACK blocks and frames
//!    that may be padded to Ethernet's 60 bytes (64 with a VLAN tag) left aside;
//! 2. from a row that hides its length, alone between two numbers of its side: their distance is its length;
//! 3. from such rows of the other direction and from the options of this direction's SYN, if they do not contradict
//!    each other;
//! 4. where some row shows all its options and none hints at a tag or a checksum, from Ethernet, IP and TCP, with 12 bytes for timestamps if the connection
//!    uses them.
//!
//! Lengths found so are marked as inferred; else they stay unknown.

use whyreset_segments::{Endpoint, Host, Known, TcpFlags, TcpOptions};

use crate::format::Format;
use crate::placed::{Connection, Placed};

/// Fills the lengths of a connection's rows.
pub(crate) fn infer(connection: &mut Connection, rows: &mut [Placed]) {
    let mut headers = headers_of(connection, rows);
    headers.learn_from_lone_rows(connection, rows);
    connection.headers = headers;
    for index in &connection.rows {
        let Some(row) = rows.get_mut(*index) else {
            continue;
        };
        if row.raw.len.is_some() || !row.is_tcp() {
            continue;
        }
        if is_empty(row) {
            row.raw.len = Some(0);
            row.inferred = row.inferred.with(Known::LEN_INFERRED);
            continue;
        }
        let Some(frame_len) = row.raw.frame_len else {
            continue;
        };
        row.raw.len = headers.payload_len(frame_len, row.source, row.destination);
        if row.raw.len.is_some() {
            row.inferred = row.inferred.with(Known::LEN_INFERRED);
        }
    }
}

/// Of a row without a length.
fn is_empty(row: &Placed) -> bool {
    let tcpdump = row.raw.format == Format::Tcpdump && row.raw.seq.is_none();
    has(row, TcpFlags::SYN)
        || has(row, TcpFlags::RST)
        || (tcpdump && row.raw.flags == Some(TcpFlags::ACK) && row.raw.ack.is_some())
}

/// Ethernet frames are padded to 60 bytes without their checksum, to 64 with a VLAN tag.
const PADDED: [u32; 2] = [60, 64];
const ETHERNET: u32 = 14;
const TCP: u32 = 20;
const TIMESTAMPS: u32 = 12;

/// Link headers in use: none, loopback, Ethernet, Linux cooked, one VLAN tag, Linux cooked 2.
const LINKS: [u32; 6] = [0, 4, 14, 16, 18, 20];

/// What is known of a connection's headers; per direction where there are two.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Headers {
    /// Bytes of headers of ordinary segments.
    learned: [Option<u32>; 2],
    /// Bytes of link header, by the SYN.
    link: [Option<u32>; 2],
    timestamps: bool,
    /// Some row shows all its options, so that timestamps would have shown.
    options_shown: bool,
    /// Frames of one direction have headers of different lengths (labels, attributes): nothing follows from them.
    varying: bool,
    /// Some empty frame has 64 bytes: a VLAN tag, or Ethernet's checksum, stands in frames.
    longer: bool,
}

impl Headers {
    /// Bytes of payload in a frame of this length; `None` where the headers are not known, or the frame may be padded.
    pub fn payload_len(
        &self,
        frame_len: u32,
        source: Endpoint,
        destination: Endpoint,
    ) -> Option<u32> {
        if self.varying || PADDED.contains(&frame_len) {
            return None;
        }
        frame_len.checked_sub(self.of(source, destination)?)
    }

    fn of(&self, source: Endpoint, destination: Endpoint) -> Option<u32> {
        let side = usize::from(source > destination);
        let own = self.learned.get(side).copied().flatten();
        if own.is_some() {
            return own;
        }
        let other = self.learned.get(1 - side).copied().flatten();
        let link = self.link.get(side).copied().flatten();
        let by_syn = link.map(|link| self.with_link(source.host, link));
        match (other, by_syn) {
            (Some(other), Some(by_syn)) => (other == by_syn).then_some(other),
            (Some(headers), None) | (None, Some(headers)) => Some(headers),
            (None, None) => {
                (self.options_shown && !self.longer).then(|| self.with_link(source.host, ETHERNET))
            }
        }
    }

    /// The length of a hidden row that stands alone between two numbers of its side, with nothing missing in between.
    fn learn_from_lone_rows(&mut self, connection: &Connection, rows: &[Placed]) {
        // Per side: where it was, the gaps before that, and the frame length of the only hidden row since.
        let mut sides: [Option<(u32, u32, Option<u32>)>; 2] = [None, None];
        for row in connection.rows.iter().filter_map(|index| rows.get(*index)) {
            let side = usize::from(!row.is_from_first());
            let Some(reached) = sides.get_mut(side).filter(|_| row.is_tcp()) else {
                continue;
            };
            let Some(seq) = row.raw.seq else {
                *reached = match *reached {
                    Some((next, gaps, None)) if gaps == row.gaps_before && !row.is_disturbed() => {
                        Some((next, gaps, row.raw.frame_len))
                    }
                    _ => None,
                };
                continue;
            };
            let lone =
                reached.filter(|(_, gaps, _)| *gaps == row.gaps_before && !row.is_disturbed());
            if let Some((next, _, Some(frame_len))) = lone
                && let Some(headers) = frame_len.checked_sub(seq.wrapping_sub(next))
                && self.is_usual(row.source.host, headers)
                && let Some(slot @ None) = self.learned.get_mut(side)
            {
                *slot = Some(headers);
            }
            let used = row.raw.flags.unwrap_or_default().sequence_len();
            let end = row
                .raw
                .len
                .map(|len| seq.wrapping_add(len).wrapping_add(used));
            *reached = end.map(|end| (end, row.gaps_before, None));
        }
    }

    /// Whether headers of this length exist: a FIN in the hidden row would make them one too short.
    fn is_usual(&self, host: Host, headers: u32) -> bool {
        LINKS
            .iter()
            .any(|link| self.with_link(host, *link) == headers)
    }

    fn with_link(&self, host: Host, link: u32) -> u32 {
        link + ip_header(host) + TCP + if self.timestamps { TIMESTAMPS } else { 0 }
    }
}

fn ip_header(host: Host) -> u32 {
    match host {
        Host::V6(_) => 40,
        Host::V4(_) | Host::Name(_) => 20,
    }
}

/// What the rows of a connection show of its headers, those of earlier windows included.
pub(crate) fn headers_of(connection: &Connection, rows: &[Placed]) -> Headers {
    let mut headers = connection.headers;
    for row in connection.all_rows().filter_map(|index| rows.get(*index)) {
        let is_syn = has(row, TcpFlags::SYN);
        headers.options_shown |= row.raw.all_options;
        headers.timestamps |= row.raw.options.timestamps.is_some() && !is_syn;
        let side = usize::from(!row.is_from_first());
        let (Some(frame_len), Some(len)) = (row.raw.frame_len, row.raw.len) else {
            continue;
        };
        headers.longer |= frame_len == 64 && len == 0;
        if is_syn {
            let link = frame_len
                .checked_sub(ip_header(row.source.host) + TCP + options_len(&row.raw.options));
            let link = link.filter(|link| {
                len == 0
                    && row.raw.all_options
                    && LINKS.contains(link)
                    && !PADDED.contains(&frame_len)
            });
            if let Some(slot) = headers.link.get_mut(side) {
                *slot = link.or(*slot);
            }
            continue;
        }
        let ordinary =
            row.raw.options.sack_len == 0 && row.raw.flags.is_some() && !has(row, TcpFlags::RST);
        if ordinary
            && !PADDED.contains(&frame_len)
            && let Some(slot) = headers.learned.get_mut(side)
            && let Some(learned) = frame_len
                .checked_sub(len)
                .filter(|bytes| (40..200).contains(bytes))
        {
            headers.varying |= slot.is_some_and(|known| known != learned);
            *slot = Some(learned);
        }
    }
    headers
}

/// Bytes of the options that a SYN shows, with the usual padding.
fn options_len(options: &TcpOptions) -> u32 {
    let bytes = [
        (options.mss.is_some(), 4),
        (options.window_scale.is_some(), 3),
        (options.sack_permitted, 2),
        (options.timestamps.is_some(), 10),
    ];
    let sum: u32 = bytes
        .iter()
        .filter(|(there, _)| *there)
        .map(|(_, len)| len)
        .sum();
    sum.next_multiple_of(4)
}

fn has(row: &Placed, flag: TcpFlags) -> bool {
    row.raw.flags.is_some_and(|flags| flags.contains(flag))
}
