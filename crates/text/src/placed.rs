//! Rows with their two ends and the connection they belong to.

use whyreset_segments::{Endpoint, Known};

use crate::raw_row::RawRow;

/// A row whose ends are known.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub raw: RawRow,
    pub source: Endpoint,
    pub destination: Endpoint,
    /// The ports were written in this row or follow from its neighbours.
    pub ports_known: bool,
    /// Which fields were not written in the row but follow from others.
    pub inferred: Known,
    /// How often packets may be missing before this row: between two rows of equal count none are.
    pub gaps_before: u32,
    /// The numbers count from each side's start.
    pub relative: bool,
    /// The window is multiplied by the scale.
    pub window_scaled: bool,
}

impl Placed {
    /// From the side whose endpoint is the smaller one.
    pub fn is_from_first(&self) -> bool {
        self.source <= self.destination
    }

    /// A row of TCP, not an ICMP error about it.
    pub fn is_tcp(&self) -> bool {
        self.raw.icmp.is_none()
    }
}

/// The rows of one connection, in their order, as indices.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connection {
    pub rows: Vec<usize>,
}
