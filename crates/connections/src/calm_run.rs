//! A run: the calm packets of one direction that go through the facts together. What adds up, or depends on the first or the last
//! of them alone, is noted once for all.

use crate::Marks;
use crate::calm::{Calm, Shared};

/// Calm packets of one direction, nothing else of it between them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CalmRun<'c> {
    pub(crate) shared: &'c Shared,
    pub(crate) packets: &'c [Calm],
    pub(crate) first: &'c Calm,
    pub(crate) last: &'c Calm,
    /// The windows, unscaled.
    pub(crate) narrowest: u16,
    pub(crate) widest: u16,
    /// The highest acknowledgement, and the highest number that a window allowed beyond one.
    pub(crate) acked_to: i64,
    pub(crate) edge: i64,
    /// All acknowledge the same.
    pub(crate) is_still: bool,
    /// Two packets, one after the other, have the same IP identification, and it is not zero.
    pub(crate) id_repeats: bool,
    /// Duplicate ACKs.
    pub(crate) duplicate_acks: u64,
    /// Some packet has marks.
    pub(crate) is_marked: bool,
    /// How much longer a header is than usual, at most ([`Calm::longer`]).
    pub(crate) longer: u8,
    /// From each packet to the next it goes up by one, and does not wrap.
    pub(crate) counts_ids: bool,
    /// Those with payload.
    pub(crate) data: Option<DataRun<'c>>,
}

/// Data in order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DataRun<'c> {
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) first: &'c Calm,
    pub(crate) last: &'c Calm,
    /// The most payload in a packet.
    pub(crate) largest: u32,
    /// Packets that are too large for the other side or for any path.
    pub(crate) oversize: u32,
}

impl<'c> CalmRun<'c> {
    /// All of `packets`; `None` where there is none.
    pub(crate) fn of(packets: &'c [Calm], shared: &'c Shared) -> Option<Self> {
        let (first, last) = (packets.first()?, packets.last()?);
        let mut sums = Sums::begin(first);
        for packet in packets {
            sums.add(packet);
        }
        let counts_ids = sums.ids_counted + 1 == packets.len() as u32;
        Some(Self {
            shared,
            packets,
            first,
            last,
            narrowest: sums.narrowest,
            widest: sums.widest,
            acked_to: sums.acked_to,
            is_still: sums.acked_from == sums.acked_to,
            edge: edge(packets, &sums, shared),
            id_repeats: !counts_ids && repeats_id(packets),
            counts_ids,
            duplicate_acks: duplicate_acks(sums.marks, packets),
            is_marked: !sums.marks.is_empty(),
            longer: sums.longer,
            data: DataRun::of(packets, shared, &sums),
        })
    }

    /// The IP identification of the last packet, where one is told.
    pub(crate) fn ip_id(&self) -> Option<u16> {
        self.shared.look.has_ip_id().then_some(self.last.ip_id)
    }

    /// The number of one of its packets, as the header has it.
    pub(crate) const fn wire_seq(&self, packet: &Calm) -> u32 {
        let (seq, _) = self.shared.origins;
        seq.wrapping_add(packet.seq as u32)
    }

    /// The number behind its last packet.
    pub(crate) const fn end(&self) -> i64 {
        self.last.end()
    }

    /// A window in bytes.
    pub(crate) const fn scaled(&self, window: u16) -> u32 {
        self.shared.scaled(window)
    }
}

impl<'c> DataRun<'c> {
    /// Those of `packets` that carry data, of which these are the sums; `None` where there is none.
    fn of(packets: &'c [Calm], shared: &Shared, sums: &Sums) -> Option<Self> {
        let mut data = packets.iter().filter(|packet| packet.payload_len > 0);
        let first = data.next()?;
        Some(Self {
            packets: sums.data_packets,
            bytes: sums.bytes,
            first,
            last: data.next_back().unwrap_or(first),
            largest: sums.largest,
            oversize: oversize(packets, shared.largest_fitting(), sums),
        })
    }
}

/// What adds up.
#[derive(Debug)]
struct Sums {
    narrowest: u16,
    widest: u16,
    acked_from: i64,
    acked_to: i64,
    id: u16,
    /// Packets whose identification counts on from the one before.
    ids_counted: u32,
    marks: Marks,
    longer: u8,
    data_packets: u64,
    bytes: u64,
    largest: u32,
}

impl Sums {
    const fn begin(first: &Calm) -> Self {
        Self {
            narrowest: first.window,
            widest: first.window,
            acked_from: first.ack,
            acked_to: first.ack,
            // Not the one before the first.
            id: first.ip_id,
            ids_counted: 0,
            marks: Marks::NONE,
            longer: 0,
            data_packets: 0,
            bytes: 0,
            largest: 0,
        }
    }

    /// The next packet.
    #[inline(always)]
    fn add(&mut self, packet: &Calm) {
        self.narrowest = self.narrowest.min(packet.window);
        self.widest = self.widest.max(packet.window);
        self.acked_from = self.acked_from.min(packet.ack);
        self.acked_to = self.acked_to.max(packet.ack);
        let id = packet.ip_id;
        self.ids_counted += u32::from(id.wrapping_sub(self.id) == 1 && id != 0);
        self.id = id;
        self.marks |= packet.marks;
        self.longer = self.longer.max(packet.longer);
        let len = packet.payload_len;
        self.data_packets += u64::from(len > 0);
        self.bytes += u64::from(len);
        self.largest = self.largest.max(len);
    }
}

/// Whether two packets, one after the other, have the same IP identification, and it is not zero.
fn repeats_id(packets: &[Calm]) -> bool {
    let mut pairs = packets.windows(2);
    pairs.any(|pair| matches!(pair, [a, b] if a.ip_id == b.ip_id && b.ip_id != 0))
}

/// How many of `packets` carry more than is fitting.
fn oversize(packets: &[Calm], fitting: u32, sums: &Sums) -> u32 {
    if sums.largest <= fitting {
        return 0;
    }
    let oversize = packets.iter().filter(|it| it.payload_len > fitting);
    oversize.count() as u32
}

/// The highest number that a window of `packets` allows.
fn edge(packets: &[Calm], sums: &Sums, shared: &Shared) -> i64 {
    if sums.narrowest == sums.widest {
        return shared.edge(sums.acked_to, sums.widest);
    }
    let edges = packets.iter().map(|it| shared.edge(it.ack, it.window));
    edges.max().unwrap_or(sums.acked_to)
}

/// How many of `packets`, which have these marks together, are duplicate ACKs.
fn duplicate_acks(marks: Marks, packets: &[Calm]) -> u64 {
    if !marks.has(Marks::DUPLICATE_ACK) {
        return 0;
    }
    let duplicate = packets
        .iter()
        .filter(|it| it.marks.has(Marks::DUPLICATE_ACK));
    duplicate.count() as u64
}
