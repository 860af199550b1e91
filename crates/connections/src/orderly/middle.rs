//! The packets in the middle of an orderly connection: taken in one by one, kept as sums and bounds.
//!
//! What many of them change stands here as it is, for as long as the connection lasts. What few of them change is packed in
//! the meantime: [`super::rest`].

mod regular;

pub(super) use regular::Leave;

use whyreset_segments::TcpFlags;

use super::log::Taken;
use super::rest::{Lengths, Rest, Until};
use super::short::{At, Short};
use super::waiting::Queue;
use crate::Packet;
use crate::ip_id::IpIdSteps;
use crate::pairs::{ByEnd, End};
use crate::round_trip::{Covered, Trips};

/// What was passed over so far, and what has to see every packet from the first on.
#[derive(Debug, Default)]
pub(super) struct Middle {
    pub(super) ends: ByEnd<Half>,
    /// Nanoseconds that a pause has to be longer than to be one of those that are kept.
    pub(super) long: i64,
    /// Who sent the last packet of all that were taken in.
    pub(super) last_by: End,
    /// Who sent the last data.
    pub(super) last_data_by: Option<End>,
    /// Of what is packed.
    pub(super) lengths: Lengths,
}

/// One end, from its SYN on; but for what stands in [`super::rest`]. Nothing is told but by packets, of data nothing but by packets
/// with data.
#[derive(Debug, Default)]
pub(super) struct Half {
    /// Its next sequence number, relative.
    pub(super) sent_to: i64,
    /// How long the other end took to acknowledge.
    pub(super) trips: Trips,
    /// The number behind its SYN, as the headers have it: 1, relatively.
    start: u32,
    /// The number behind the last that the other end acknowledged, as the headers have it.
    acked: u32,
    /// Its last packet.
    pub(super) spoken: At,
    /// When it last acknowledged something new, of what was passed over; its first frame where it never did.
    progress: At,
    /// The last packet with data that was passed over, and what that tells ([`Short`]).
    pub(super) last_data: At,
    last_bits: u32,
    pub(super) ip_ids: IpIdSteps,
    /// Packets that were passed over, and those with data.
    pub(super) packets: u32,
    pub(super) data_packets: u32,
    /// The largest payload whose end was acknowledged.
    pub(super) largest_acked: u32,
    /// The most bytes in flight.
    pub(super) in_flight: u32,
    /// The largest payload of what was passed over.
    pub(super) largest: u32,
    /// Frames larger than the path can carry, and what it can carry.
    pub(super) oversize: u32,
    path: u32,
    /// The last, the widest and the narrowest window, unscaled.
    pub(super) window: u16,
    pub(super) widest: u16,
    pub(super) narrowest: u16,
    /// What its packets have in common.
    pub(super) common: Common,
    /// Packets with an identification that came before those that were passed over.
    seen: u8,
    /// Its last packet has an identification that is not 0.
    pub(super) is_identified: bool,
    /// It sent more than its SYN before the first packet was passed over.
    went_on: bool,
}

/// What the packets of one end have in common.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Common {
    /// They carry timestamps.
    pub(super) has_timestamps: bool,
    /// They carry an identification.
    pub(super) has_ip_id: bool,
}

/// An acknowledgement of something new.
struct Answer {
    /// As the header has it.
    ack: u32,
    at: At,
    is_bare: bool,
}

impl Middle {
    /// Nothing yet of a connection with these numbers behind SYN and SYN/ACK, and largest segments that each end sends.
    pub(super) fn new(starts: &ByEnd<u32>, mss: &ByEnd<Option<u16>>) -> Self {
        Self {
            ends: ByEnd {
                low: Half::new(starts.low, mss.low),
                high: Half::new(starts.high, mss.high),
            },
            ..Self::default()
        }
    }

    /// What the packets of each end have in common that come next.
    pub(super) const fn set_common(&mut self, common: ByEnd<Common>) {
        self.ends.low.common = common.low;
        self.ends.high.common = common.high;
    }

    /// A packet of the opening.
    pub(super) fn open(&mut self, packet: &Packet, from: End, rest: &mut Rest) {
        let Some(at) = At::of(packet.moment(), rest.first()) else {
            return;
        };
        let (own, peer) = self.ends.both_mut(from);
        let answer = Answer {
            ack: peer.number(packet.ack),
            at,
            is_bare: true,
        };
        if answer.ack != peer.acked {
            peer.acknowledged(&answer, from.other(), rest);
        }
        if packet.known.has(whyreset_segments::Known::IP_ID) {
            own.seen += 1;
            own.identify(packet.ip_id, 0, from, rest);
        }
        own.sent_to = packet.seq_end();
        own.wait_for(1, at, rest.waiting.of_mut(from));
        own.spoken = at;
        rest.seldom().of_mut(from).clock = packet.timestamps.map(|clocks| clocks.value);
        self.last_by = from;
    }

    /// A packet that is kept, ahead of those that are passed over.
    pub(super) fn see(&mut self, short: &Short, rest: &mut Rest) {
        let from = short.from();
        let (own, peer) = self.ends.both_mut(from);
        peer.hear(short, from.other(), rest);
        if own.common.has_ip_id {
            own.seen += 1;
            own.identify(short.ip_id, short.payload_len(), from, rest);
        }
        let len = short.sequence_len();
        if len > 0 {
            own.trips.passed(short.payload_len());
            own.send(len, short.at(), rest.waiting.of_mut(from));
            self.last_data_by = Some(from);
        }
        own.spoken = short.at();
        own.went_on = true;
        self.last_by = from;
    }

    /// A packet that is passed over. It has no FIN.
    fn pass(&mut self, taken: Taken, rest: &mut Rest) {
        if taken.pause > self.long {
            rest.keep_pause(&Until::of(&taken), self);
        }
        let short = &taken.short;
        let (from, at) = (short.from(), short.at());
        let (own, peer) = self.ends.both_mut(from);
        if peer.hear(short, from.other(), rest) {
            own.progress = at;
        }
        if own.common.has_ip_id {
            own.identify(short.ip_id, short.payload_len(), from, rest);
        }
        if short.window != own.window {
            let acked = peer.acked();
            own.note_window(short, acked, rest);
        }
        rest.left.of_mut(from).note(own.packets, at);
        own.packets += 1;
        let len = short.payload_len();
        if len > 0 {
            own.send(len, at, rest.waiting.of_mut(from));
            own.note_data(short, rest);
            self.last_data_by = Some(from);
        }
        own.spoken = at;
        self.last_by = from;
    }

    /// How many packets were passed over.
    pub(super) const fn count(&self) -> u64 {
        self.ends.low.packets as u64 + self.ends.high.packets as u64
    }
}

impl Half {
    fn new(start: u32, mss: Option<u16>) -> Self {
        Self {
            start,
            acked: start.wrapping_sub(1),
            path: match mss {
                Some(0) | None => u32::MAX,
                Some(mss) => mss.into(),
            },
            ..Self::default()
        }
    }

    /// The next number that it sends, as the headers have it.
    #[inline]
    pub(super) const fn next(&self) -> u32 {
        self.number(self.sent_to)
    }

    /// A number that it sends, as the headers have it.
    #[inline]
    pub(super) const fn number(&self, relative: i64) -> u32 {
        self.start
            .wrapping_add((relative & 0xffff_ffff) as u32)
            .wrapping_sub(1)
    }

    /// The number behind the last that the other end acknowledged, as the headers have it.
    pub(super) const fn acked_number(&self) -> u32 {
        self.acked
    }

    /// The same, relative.
    pub(super) fn acked(&self) -> i64 {
        self.sent_to - i64::from(self.in_flight_now())
    }

    /// A relative number, of which this is the lower half: that of something it sent.
    pub(super) fn relative(&self, number: u32) -> i64 {
        let sent_to = (self.sent_to & 0xffff_ffff) as u32;
        self.sent_to - i64::from(sent_to.wrapping_sub(number))
    }

    /// Numbers that the other end has not acknowledged.
    #[inline]
    const fn in_flight_now(&self) -> u32 {
        self.next().wrapping_sub(self.acked)
    }

    /// When it last acknowledged something new.
    pub(super) fn progress(&self) -> Option<At> {
        (self.progress.frame() > 0).then_some(self.progress)
    }

    /// Payload of the last packet with data that was passed over, and whether it was pushed.
    pub(super) fn last_sent(&self) -> (u32, bool) {
        let is_pushed = Short::flags_of(self.last_bits).contains(TcpFlags::PSH);
        (Short::payload_len_of(self.last_bits), is_pushed)
    }

    /// Whether it sent more than its SYN.
    pub(super) const fn went_on(&self) -> bool {
        self.went_on || self.packets > 0
    }

    /// Packets with an identification.
    pub(super) fn identified(&self) -> u32 {
        let passed = if self.common.has_ip_id {
            self.packets
        } else {
            0
        };
        passed.saturating_add(self.seen.into())
    }

    /// It sent what uses up so many numbers.
    #[inline]
    fn send(&mut self, len: u32, at: At, waiting: &mut Queue) {
        self.sent_to += i64::from(len);
        self.wait_for(len, at, waiting);
    }

    #[inline]
    fn wait_for(&self, len: u32, at: At, waiting: &mut Queue) {
        let end = (self.sent_to & 0xffff_ffff) as u32;
        waiting.push(end, len, at);
    }

    /// A packet of it has an identification.
    #[inline]
    fn identify(&mut self, id: u16, payload_len: u32, from: End, rest: &mut Rest) {
        if id == 0 && self.is_identified {
            rest.seldom().of_mut(from).identified = self.spoken;
        }
        self.is_identified = id != 0;
        self.ip_ids.count(id, payload_len);
    }

    /// A packet of the other end; whether it acknowledges anything new. `own`: which end this is.
    #[inline]
    fn hear(&mut self, short: &Short, own: End, rest: &mut Rest) -> bool {
        let is_news = short.ack != self.acked;
        if is_news {
            let answer = Answer {
                ack: short.ack,
                at: short.at(),
                is_bare: short.payload_len() == 0,
            };
            self.acknowledged(&answer, own, rest);
        }
        is_news
    }

    /// The other end acknowledged more than before.
    #[inline]
    fn acknowledged(&mut self, answer: &Answer, own: End, rest: &mut Rest) {
        self.acked = answer.ack;
        let to = answer.ack.wrapping_sub(self.start).wrapping_add(1);
        let (mut full_sized, mut largest_acked) = (0, self.largest_acked);
        let last = rest.waiting.of_mut(own).take_below(to, |oldest| {
            let payload_len = oldest.payload_len();
            largest_acked = largest_acked.max(payload_len);
            if oldest.measures {
                full_sized += self.trips.full_sized_segments(payload_len);
            }
        });
        self.largest_acked = largest_acked;
        let Some(&last) = last else {
            return;
        };
        let covered = Covered {
            time: last.at.time(),
            is_syn: last.is_syn(),
            is_exact: last.end == to,
            full_sized,
            answered: answer.at.time(),
            is_bare: answer.is_bare,
        };
        let sample = self.trips.sample(&covered);
        if sample.is_least {
            let frames = (last.at.frame(), answer.at.frame());
            rest.seldom().of_mut(own).minimum_frames = frames;
        }
        if last.is_syn() && covered.is_exact {
            let handshake = &mut rest.seldom().of_mut(own).handshake;
            handshake.get_or_insert(sample.span);
        }
    }

    /// It advertises another window than before. `acked`: what it acknowledges with it.
    fn note_window(&mut self, short: &Short, acked: i64, rest: &mut Rest) {
        let window = short.window;
        self.window = window;
        self.widest = self.widest.max(window);
        if self.packets == 0 || window < self.narrowest {
            self.narrowest = window;
            let seldom = rest.seldom().of_mut(short.from());
            seldom.narrowest = short.at();
            seldom.narrowest_ack = acked;
        }
    }

    /// So much is in flight now. `own`: which end this is.
    #[inline(always)]
    fn note_in_flight(&mut self, at: At, own: End, rest: &mut Rest) {
        let in_flight = self.in_flight_now();
        if in_flight > self.in_flight {
            self.in_flight = in_flight;
            rest.seldom().of_mut(own).in_flight = at;
        }
    }

    #[inline]
    fn note_data(&mut self, short: &Short, rest: &mut Rest) {
        let (at, len) = (short.at(), short.payload_len());
        if self.data_packets == 0 {
            let seldom = rest.seldom().of_mut(short.from());
            seldom.first_byte = self.sent_to - i64::from(len);
            seldom.first_data = at;
        }
        self.data_packets += 1;
        self.last_data = at;
        self.last_bits = short.bits;
        self.note_in_flight(at, short.from(), rest);
        if len > self.largest {
            self.largest = len;
            self.trips.passed(len);
        }
        if len > self.path {
            self.oversize = self.oversize.saturating_add(1);
        }
    }
}
