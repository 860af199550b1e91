//! A run: the calm packets of one direction that go through the facts together. What adds up, or depends on the first or the last
//! of them alone, is noted once for all.

use crate::calm::{Calm, Shared};

/// Calm packets of one direction, nothing else of it between them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CalmRun<'c> {
    pub(crate) shared: &'c Shared,
    pub(crate) packets: usize,
    pub(crate) first: &'c Calm,
    pub(crate) last: &'c Calm,
    /// The windows, unscaled.
    pub(crate) narrowest: u16,
    pub(crate) widest: u16,
    /// Two packets, one after the other, have the same IP identification, and it is not zero.
    pub(crate) id_repeats: bool,
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
}

impl<'c> CalmRun<'c> {
    /// All of `packets`; `None` where there is none.
    pub(crate) fn of(packets: &'c [Calm], shared: &'c Shared) -> Option<Self> {
        let (first, others) = packets.split_first()?;
        let mut run = Self::begin(first, shared);
        for packet in others {
            run.add(packet);
        }
        Some(run)
    }

    const fn begin(packet: &'c Calm, shared: &'c Shared) -> Self {
        Self {
            shared,
            packets: 1,
            first: packet,
            last: packet,
            narrowest: packet.window,
            widest: packet.window,
            id_repeats: false,
            data: DataRun::begin(packet),
        }
    }

    #[inline]
    fn add(&mut self, packet: &'c Calm) {
        self.packets += 1;
        self.narrowest = self.narrowest.min(packet.window);
        self.widest = self.widest.max(packet.window);
        self.id_repeats |= packet.ip_id == self.last.ip_id && packet.ip_id != 0;
        self.last = packet;
        match &mut self.data {
            Some(data) if packet.payload_len > 0 => data.add(packet),
            Some(_) => {}
            None => self.data = DataRun::begin(packet),
        }
    }

    /// The IP identification of the last packet, where one is told.
    pub(crate) fn ip_id(&self) -> Option<u16> {
        self.shared.look.has_ip_id().then_some(self.last.ip_id)
    }

    /// A window in bytes.
    pub(crate) const fn scaled(&self, window: u16) -> u32 {
        (window as u32) << self.shared.shift
    }
}

impl<'c> DataRun<'c> {
    const fn begin(packet: &'c Calm) -> Option<Self> {
        if packet.payload_len == 0 {
            return None;
        }
        Some(Self {
            packets: 1,
            bytes: packet.payload_len as u64,
            first: packet,
            last: packet,
            largest: packet.payload_len,
        })
    }

    #[inline]
    fn add(&mut self, packet: &'c Calm) {
        self.packets += 1;
        self.bytes += u64::from(packet.payload_len);
        self.largest = self.largest.max(packet.payload_len);
        self.last = packet;
    }
}
