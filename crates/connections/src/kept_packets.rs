//! The packets of a connection that are kept: the first, the last, and the telling ones between them.

use whyreset_capture::Timestamp;
use whyreset_segments::{Known, TcpFlags, Timestamps};

use crate::calm::{Calm, Shared};
use crate::{EngineConfig, Marks, Packet, Side};

/// Telling packets that are merely retransmissions, duplicate ACKs and the like may take up this share of their room (one in so many).
const COMMON_SHARE: usize = 2;

/// Room for the first packets begins with so many.
const STEP: usize = 4;

/// Packets so many frames before and behind one that a person asks about are kept.
const AROUND: u64 = 512;

/// SYN, FIN, RST: always telling.
const CONTROL: TcpFlags = TcpFlags(TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0);

/// Marks that change how a connection is judged.
const STRONG: Marks = Marks(
    Marks::ZERO_WINDOW.0
        | Marks::ZERO_WINDOW_PROBE.0
        | Marks::WINDOW_UPDATE.0
        | Marks::WINDOW_FULL.0
        | Marks::KEEP_ALIVE.0
        | Marks::PROBE_OF_CLOSED_WINDOW.0
        | Marks::CHALLENGE_ACK.0
        | Marks::TIMEOUT_RETRANSMISSION.0
        | Marks::OUTSIDE_WINDOW.0
        | Marks::ACK_LOST_SEGMENT.0,
);

/// Packets of one connection, in the order of the capture.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeptPackets {
    first: Vec<Kept>,
    between: Between,
    /// A ring: once it is full, the next packet takes the place of the oldest.
    last: Vec<Kept>,
    oldest: usize,
}

/// What is kept of the packets between the first and the last.
#[derive(Clone, Debug, Default)]
struct Between {
    telling: Vec<Kept>,
    common: usize,
    dropped: u64,
}

impl KeptPackets {
    /// So many packets come at once: the room for them is made in one step, and is what it would become otherwise.
    pub(crate) fn expect(&mut self, packets: usize, config: &EngineConfig) {
        let room = packets.next_multiple_of(STEP).min(config.keep_first);
        self.first.reserve_exact(room);
    }

    pub(crate) fn push(&mut self, packet: &Packet, after_silence: bool, config: &EngineConfig) {
        self.add(Kept::new(packet, after_silence), config);
    }

    /// A calm packet with these marks.
    #[inline]
    pub(crate) fn push_calm(
        &mut self,
        calm: &Calm,
        shared: &Shared,
        marks: Marks,
        config: &EngineConfig,
    ) {
        self.add(Kept::new(&calm.packet(shared, marks), false), config);
    }

    #[inline]
    fn add(&mut self, kept: Kept, config: &EngineConfig) {
        if self.first.len() < config.keep_first {
            if self.first.capacity() == 0 {
                self.first.reserve_exact(config.keep_first.min(STEP));
            }
            self.first.push(kept);
        } else if self.last.len() < config.keep_last {
            self.last.push(kept);
        } else if let Some(place) = self.last.get_mut(self.oldest) {
            self.between.keep_if_telling(place, config);
            *place = kept;
            self.oldest += 1;
            if self.oldest == config.keep_last {
                self.oldest = 0;
            }
        } else {
            self.between.keep_if_telling(&kept, config);
        }
    }

    /// How many of the next `count` packets the others among them will push out again, unless they are telling: these go through
    /// [`KeptPackets::pass`] and [`KeptPackets::pass_telling`], and what they would have pushed out leaves now.
    pub(crate) fn make_way(&mut self, count: usize, config: &EngineConfig) -> usize {
        let passing = count.saturating_sub(config.keep_last);
        if passing == 0 || self.first.len() < config.keep_first || config.keep_around.is_some() {
            return 0;
        }
        self.let_last_go(config);
        passing
    }

    /// So many packets without marks that others push out at once, no silence before them.
    #[inline]
    pub(crate) const fn pass(&mut self, count: u64) {
        self.between.dropped = self.between.dropped.saturating_add(count);
    }

    /// A packet with marks that others push out at once.
    pub(crate) fn pass_telling(&mut self, packet: &Packet, config: &EngineConfig) {
        self.between
            .keep_if_telling(&Kept::new(packet, false), config);
    }

    /// So many packets were passed over: the first ones are known, and none of these.
    pub(crate) fn pass_over(&mut self, count: u64, config: &EngineConfig) {
        self.let_last_go(config);
        self.between.dropped = self.between.dropped.saturating_add(count);
    }

    /// The last packets leave, but for the telling ones.
    fn let_last_go(&mut self, config: &EngineConfig) {
        let (newer, older) = self.last.split_at(self.oldest);
        for leaving in older.iter().chain(newer) {
            self.between.keep_if_telling(leaving, config);
        }
        self.last.clear();
        self.oldest = 0;
    }

    /// Bytes on the heap.
    pub(crate) fn heap_size(&self) -> usize {
        let between = self.between.telling.capacity();
        let kept = self.first.capacity() + between + self.last.capacity();
        kept.saturating_mul(size_of::<Kept>())
    }

    /// How many packets were not kept.
    pub(crate) const fn dropped(&self) -> u64 {
        self.between.dropped
    }

    /// Client and server turned out to be the other way round.
    pub(crate) fn swap_sides(&mut self) {
        let all = self.first.iter_mut().chain(&mut self.between.telling);
        for kept in all.chain(&mut self.last) {
            kept.bits ^= SERVER;
        }
    }

    /// The kept packets.
    pub(crate) fn expand(&self) -> Vec<Packet> {
        let (newer, older) = self.last.split_at(self.oldest);
        self.first
            .iter()
            .chain(&self.between.telling)
            .chain(older)
            .chain(newer)
            .map(Kept::expand)
            .collect()
    }
}

impl Between {
    #[inline]
    fn keep_if_telling(&mut self, kept: &Kept, config: &EngineConfig) {
        if kept.is_plain() && config.keep_around.is_none() {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        let strong = kept.after_silence()
            || kept.flags().intersects(CONTROL)
            || kept.marks.0 & STRONG.0 != 0;
        let common = !strong && !kept.marks.is_empty();
        let room = self.telling.len() < config.keep_telling;
        let near = config
            .keep_around
            .is_some_and(|frame| kept.frame.abs_diff(frame) <= AROUND);
        if near || (strong && room) {
            self.telling.push(*kept);
        } else if common && room && self.common < config.keep_telling / COMMON_SHARE {
            self.telling.push(*kept);
            self.common += 1;
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }
}

/// A packet in 64 bytes.
#[derive(Clone, Copy, Debug)]
struct Kept {
    time: Timestamp,
    frame: u64,
    seq: u32,
    ack: u32,
    window: u32,
    payload_len: u32,
    ts_value: u32,
    ts_echo: u32,
    sacked_to: u32,
    marks: Marks,
    ip_id: u16,
    /// TCP flags in the lower bits, [`SERVER`] and the rest in the upper ones.
    bits: u16,
    known: Known,
    ttl: u8,
    /// The upper halves of the relative numbers: 4 GiB each.
    seq_epoch: i8,
    ack_epoch: i8,
    sack_epoch: i8,
}

const FLAGS: u16 = 0x1ff;
const SERVER: u16 = 1 << 9;
const TIMESTAMPS: u16 = 1 << 10;
const SACKED: u16 = 1 << 11;
const AFTER_SILENCE: u16 = 1 << 12;

impl Kept {
    #[inline]
    fn new(packet: &Packet, after_silence: bool) -> Self {
        let bit = |set: bool, bit: u16| if set { bit } else { 0 };
        let bits = packet.flags.0 & FLAGS
            | bit(packet.side == Side::Server, SERVER)
            | bit(packet.timestamps.is_some(), TIMESTAMPS)
            | bit(packet.sacked_to.is_some(), SACKED)
            | bit(after_silence, AFTER_SILENCE);
        let (seq_epoch, seq) = split(packet.seq);
        let (ack_epoch, ack) = split(packet.ack);
        let (sack_epoch, sacked_to) = split(packet.sacked_to.unwrap_or_default());
        Self {
            time: packet.time,
            frame: packet.frame,
            seq,
            ack,
            window: packet.window,
            payload_len: packet.payload_len,
            ts_value: packet.timestamps.map_or(0, |ts| ts.value),
            ts_echo: packet.timestamps.map_or(0, |ts| ts.echo),
            sacked_to,
            marks: packet.marks,
            ip_id: packet.ip_id,
            bits,
            known: packet.known,
            ttl: packet.ttl,
            seq_epoch,
            ack_epoch,
            sack_epoch,
        }
    }

    const fn flags(&self) -> TcpFlags {
        TcpFlags(self.bits & FLAGS)
    }

    /// Whether it tells nothing.
    const fn is_plain(&self) -> bool {
        self.marks.is_empty() && self.bits & (CONTROL.0 | AFTER_SILENCE) == 0
    }

    const fn after_silence(&self) -> bool {
        self.bits & AFTER_SILENCE != 0
    }

    fn expand(&self) -> Packet {
        let server = self.bits & SERVER != 0;
        Packet {
            frame: self.frame,
            time: self.time,
            side: if server { Side::Server } else { Side::Client },
            flags: self.flags(),
            seq: join(self.seq_epoch, self.seq),
            ack: join(self.ack_epoch, self.ack),
            window: self.window,
            payload_len: self.payload_len,
            ttl: self.ttl,
            ip_id: self.ip_id,
            timestamps: (self.bits & TIMESTAMPS != 0).then_some(Timestamps {
                value: self.ts_value,
                echo: self.ts_echo,
            }),
            sacked_to: (self.bits & SACKED != 0).then(|| join(self.sack_epoch, self.sacked_to)),
            marks: self.marks,
            known: self.known,
        }
    }
}

/// A relative number as its upper part (kept within ±512 GiB) and its lower 32 bits.
fn split(number: i64) -> (i8, u32) {
    let epoch = (number >> 32).clamp(i64::from(i8::MIN), i64::from(i8::MAX));
    (epoch as i8, (number & 0xffff_ffff) as u32)
}

fn join(epoch: i8, low: u32) -> i64 {
    (i64::from(epoch) << 32) | i64::from(low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet(frame: u64, flags: TcpFlags, marks: Marks) -> Packet {
        Packet {
            frame,
            time: Timestamp::from_nanos(5),
            side: Side::Server,
            flags,
            seq: -3,
            ack: 5 << 32,
            window: 70_000,
            payload_len: 3,
            ttl: 64,
            ip_id: 9,
            timestamps: Some(Timestamps { value: 1, echo: 2 }),
            sacked_to: Some(77),
            marks,
            known: Known::FRAME_V4,
        }
    }

    #[test]
    fn a_packet_comes_back_as_it_was() {
        let packet = packet(1 << 40, TcpFlags(0x1ff), Marks::TAIL_LOSS_PROBE);
        let mut kept = KeptPackets::default();
        kept.push(&packet, false, &EngineConfig::default());
        assert_eq!(kept.expand(), [packet]);
    }

    proptest! {
        #[test]
        fn keeps_the_ends_and_what_tells(count in 0_u64..300) {
            let config = EngineConfig { keep_first: 3, keep_last: 5, keep_telling: 7, keep_around: None, pass_over_orderly: false };
            let mut kept = KeptPackets::default();
            for frame in 1..=count {
                let marks = if frame % 10 == 0 { Marks::ZERO_WINDOW } else { Marks::NONE };
                kept.push(&packet(frame, TcpFlags::ACK, marks), false, &config);
            }
            let frames: Vec<u64> = kept.expand().iter().map(|p| p.frame).collect();
            prop_assert!(frames.is_sorted());
            prop_assert!(frames.len() <= 15);
            prop_assert_eq!(frames.len() as u64 + kept.dropped(), count);
            for end in (1..=count.min(3)).chain((1..=count).rev().take(5)) {
                prop_assert!(frames.contains(&end));
            }
            prop_assert!(count < 20 || frames.contains(&10));
        }
    }
}
