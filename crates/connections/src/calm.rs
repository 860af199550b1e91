//! Calm packets: data in order and plain acknowledgements of an open connection, of which nothing is to be said.
//!
//! Nearly all packets are calm. What every packet must do at once (find its stream, pass sequence analysis, hand its
//! payload on) touches little memory; the facts and the watchers of a connection are spread over much more. So calm packets
//! wait in short form, and [`MAX_WAITING`] of them, or the ones before a packet that is not calm, go through the rest together.

use whyreset_capture::Timestamp;
use whyreset_segments::{Known, LinkFields, Segment, SeqNumber, TcpFlags, TcpOptions, Timestamps};

use crate::pairs::End;

/// Calm packets that wait at most.
pub(crate) const MAX_WAITING: usize = 16;
/// So many packets of a direction must have come the same way before any is calm: by then checksums were looked at.
const SETTLED: u8 = 4;

/// How the packets of one direction usually look.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usual {
    link: LinkFields,
    known: Known,
    /// Bytes of headers in a datagram.
    overhead: u32,
    ttl: u8,
    kinds_len: u8,
    has_timestamps: bool,
    settled: u8,
}

impl Usual {
    /// Whether a packet is calm as far as its header says: the sequence numbers are another question.
    pub(crate) fn is_calm(&self, segment: &Segment<'_>) -> bool {
        self.settled >= SETTLED && is_plain(segment) && self.fits(segment)
    }

    fn fits(&self, segment: &Segment<'_>) -> bool {
        self.known == segment.known
            && self.overhead.wrapping_add(segment.payload_len) == segment.ip.total_len
            && self.ttl == segment.ip.ttl
            && self.kinds_len == segment.options.kinds_len
            && self.has_timestamps == segment.options.timestamps.is_some()
            && self.link == segment.link
    }

    /// Learns from a packet that was looked at in full.
    pub(crate) fn learn(&mut self, segment: &Segment<'_>) {
        if !is_plain(segment) {
            return;
        }
        if self.settled > 0 && self.fits(segment) {
            self.settled = self.settled.saturating_add(1);
            return;
        }
        *self = Self {
            link: segment.link,
            known: segment.known,
            overhead: segment.ip.total_len.wrapping_sub(segment.payload_len),
            ttl: segment.ip.ttl,
            kinds_len: segment.options.kinds_len,
            has_timestamps: segment.options.timestamps.is_some(),
            settled: 1,
        };
    }
}

/// A whole frame with ACK, or PSH and ACK, an open window, and no options but timestamps.
fn is_plain(segment: &Segment<'_>) -> bool {
    let options = &segment.options;
    let known = segment.known.without(Known::MAC);
    segment.flags.0 & !TcpFlags::PSH.0 == TcpFlags::ACK.0
        && options.sack_len == 0
        && !options.malformed
        && matches!(options.kinds(), [] | [1, 1, 8])
        && (known == Known::FRAME_V4 || known == Known::FRAME_V6)
        && !segment.bad_offset
        && segment.window != 0
        && segment.urgent == 0
}

/// A calm packet in short.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Calm {
    time: Timestamp,
    frame: u64,
    seq: u32,
    ack: u32,
    payload_len: u32,
    window: u32,
    timestamps: Timestamps,
    ip_id: u16,
    pushed: bool,
    pub(crate) from: End,
}

impl Calm {
    pub(crate) fn of(segment: &Segment<'_>, from: End) -> Self {
        let none = Timestamps { value: 0, echo: 0 };
        Self {
            time: segment.time,
            frame: segment.frame,
            seq: segment.seq.0,
            ack: segment.ack.0,
            payload_len: segment.payload_len,
            window: segment.window,
            timestamps: segment.options.timestamps.unwrap_or(none),
            ip_id: segment.ip.id,
            pushed: segment.flags.contains(TcpFlags::PSH),
            from,
        }
    }

    /// The packet as a segment again, but for its bytes; `template` is another one of the same direction.
    pub(crate) fn segment(&self, template: &Segment<'static>, usual: &Usual) -> Segment<'static> {
        let mut segment = *template;
        segment.time = self.time;
        segment.frame = self.frame;
        segment.seq = SeqNumber(self.seq);
        segment.ack = SeqNumber(self.ack);
        segment.payload_len = self.payload_len;
        segment.window = self.window;
        segment.ip.id = self.ip_id;
        segment.ip.total_len = usual.overhead.wrapping_add(self.payload_len);
        segment.flags = if self.pushed {
            TcpFlags::ACK | TcpFlags::PSH
        } else {
            TcpFlags::ACK
        };
        segment.options.timestamps = usual.has_timestamps.then_some(self.timestamps);
        segment
    }
}

/// A segment without its bytes, for [`Calm::segment`] to fill in.
pub(crate) const fn template(segment: &Segment<'_>) -> Segment<'static> {
    Segment {
        frame: segment.frame,
        time: segment.time,
        source: segment.source,
        destination: segment.destination,
        seq: segment.seq,
        ack: segment.ack,
        flags: segment.flags,
        window: segment.window,
        urgent: segment.urgent,
        payload_len: segment.payload_len,
        payload: &[],
        tcp_bytes: &[],
        options: TcpOptions {
            sack_len: 0,
            ..segment.options
        },
        ip: segment.ip,
        link: segment.link,
        known: segment.known,
        bad_offset: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_segments::{A, B, data, frame_at};

    #[test]
    fn a_calm_packet_comes_back_as_it_was() {
        let mut usual = Usual::default();
        let first = data(A, B, 1, 1, b"abc");
        for _ in 0..SETTLED {
            assert!(!usual.is_calm(&first));
            usual.learn(&first);
        }
        let mut next = frame_at(data(A, B, 4, 9, b"defgh"), 7, 99);
        next.ip.id = 12;
        assert!(usual.is_calm(&next));
        let back = Calm::of(&next, End::Low).segment(&template(&first), &usual);
        next.payload = &[];
        assert_eq!(format!("{back:?}"), format!("{next:?}"));
        next.ip.ttl -= 1;
        assert!(!usual.is_calm(&next));
    }
}
