//! Interface statistics blocks, and how many packets the capturing machine dropped.

use crate::pcapng::options::Options;
use crate::pcapng::{Block, PcapngReader};
use crate::warning::Damage;

/// Drop counts of the whole file.
#[derive(Debug, Default)]
pub(super) struct Drops {
    /// Sum over the interfaces' latest statistics.
    by_interface: Option<u64>,
    /// Sum over the packets' own counts of what was lost before them.
    before_packets: Option<u64>,
}

impl Drops {
    /// What a packet says was lost between it and the one before.
    pub(super) fn add_before_packet(&mut self, count: u64) {
        self.before_packets = Some(
            self.before_packets
                .unwrap_or_default()
                .saturating_add(count),
        );
    }

    /// The same drops can be in both counts: the larger one holds.
    pub(super) fn total(&self) -> Option<u64> {
        self.by_interface.max(self.before_packets)
    }

    /// Statistics count from the start of the capture: a later block replaces an earlier one.
    fn replace(&mut self, before: Option<u64>, now: u64) {
        let others = self
            .by_interface
            .unwrap_or_default()
            .saturating_sub(before.unwrap_or_default());
        self.by_interface = Some(others.saturating_add(now));
    }
}

/// Opening, interface, time, closing.
const LEAST_LEN: u32 = 24;
/// Dropped by the interface, and by the operating system (section 4.6).
const DROPPED_BY_INTERFACE: u16 = 5;
const DROPPED_BY_SYSTEM: u16 = 7;

/// Reads the drop counts of an interface.
pub(super) fn read(reader: &mut PcapngReader, block: &Block<'_>) -> Result<(), Damage> {
    block.check_least(LEAST_LEN)?;
    let mut dropped: Option<u64> = None;
    for option in Options::new(block.order, block.body_from(12)) {
        let option = option?;
        let counts_drops = matches!(option.code, DROPPED_BY_INTERFACE | DROPPED_BY_SYSTEM);
        if counts_drops && option.value.len() == 8 {
            let count = block.order.u64(option.value, 0).unwrap_or_default();
            dropped = Some(dropped.unwrap_or_default().saturating_add(count));
        }
    }
    let index = block.u32(0) as usize;
    // Statistics of an interface that was never described say nothing.
    if let (Some(now), Some(interface)) = (dropped, reader.interfaces.get_mut(index)) {
        reader.drops.replace(interface.dropped, now);
        interface.dropped = Some(now);
    }
    Ok(())
}
