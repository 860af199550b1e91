//! A run: the calm packets of one direction that go through the facts together. What adds up, or depends on the first or the last
//! of them alone, is noted once for all.

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
        let (first, others) = packets.split_first()?;
        let mut run = Self {
            shared,
            packets,
            first,
            last: packets.last()?,
            narrowest: first.window,
            widest: first.window,
            acked_to: first.ack,
            edge: shared.edge(first),
            is_still: true,
            id_repeats: false,
            counts_ids: true,
            data: DataRun::of(packets, shared),
        };
        let mut id = first.ip_id;
        for packet in others {
            run.narrowest = run.narrowest.min(packet.window);
            run.widest = run.widest.max(packet.window);
            run.acked_to = run.acked_to.max(packet.ack);
            run.is_still &= packet.ack == first.ack;
            run.edge = run.edge.max(shared.edge(packet));
            run.id_repeats |= packet.ip_id == id && id != 0;
            run.counts_ids &= packet.ip_id.wrapping_sub(id) == 1 && packet.ip_id != 0;
            id = packet.ip_id;
        }
        Some(run)
    }

    /// The IP identification of the last packet, where one is told.
    pub(crate) fn ip_id(&self) -> Option<u16> {
        self.shared.look.has_ip_id().then_some(self.last.ip_id)
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
    /// Those of `packets` that carry data; `None` where there is none.
    fn of(packets: &'c [Calm], shared: &Shared) -> Option<Self> {
        let first = packets.iter().find(|packet| packet.payload_len > 0)?;
        let mut run = Self {
            packets: 0,
            bytes: 0,
            first,
            last: first,
            largest: 0,
            oversize: 0,
        };
        let largest = shared.largest_fitting();
        for packet in packets {
            let len = packet.payload_len;
            run.packets += u64::from(len > 0);
            run.bytes += u64::from(len);
            run.largest = run.largest.max(len);
            run.oversize += u32::from(len > largest);
            if len > 0 {
                run.last = packet;
            }
        }
        Some(run)
    }
}
