//! Rows with their two ends and the connection they belong to.

use whyreset_segments::{Endpoint, Known};

use crate::raw_row::RawRow;

/// A row whose ends are known.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub raw: RawRow,
    /// Its place among all rows that were read.
    pub at: usize,
    /// Index of its connection.
    pub connection: usize,
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
    /// It opens another connection between ends that had one before.
    pub opens_again: bool,
    /// The window is multiplied by the scale.
    pub window_scaled: bool,
}

impl Placed {
    /// A row as it was read, with its ends.
    pub fn new(raw: RawRow, at: usize, connection: usize, ends: (Endpoint, Endpoint)) -> Self {
        let (source, destination) = ends;
        Self {
            ports_known: source.port != 0 && destination.port != 0,
            inferred: Known::default(),
            gaps_before: 0,
            relative: false,
            opens_again: false,
            window_scaled: false,
            raw,
            at,
            connection,
            source,
            destination,
        }
    }

    /// Wireshark says that the row does not simply continue the one before it.
    pub fn is_disturbed(&self) -> bool {
        is_disturbed(&self.raw)
    }
    /// From the side whose endpoint is the smaller one.
    pub fn is_from_first(&self) -> bool {
        self.source <= self.destination
    }

    /// A row of TCP, not an ICMP error about it.
    pub fn is_tcp(&self) -> bool {
        self.raw.icmp.is_none()
    }
}

/// Wireshark says that the row does not simply continue the one before it.
pub(crate) fn is_disturbed(row: &RawRow) -> bool {
    const WORDS: [&str; 7] = [
        "Retransmission",
        "Out-Of-Order",
        "Previous segment",
        "Keep-Alive",
        "ZeroWindowProbe",
        "Port numbers reused",
        "lost segment",
    ];
    row.marks.iter().any(|mark| {
        WORDS.iter().any(|word| mark.contains(word)) && !mark.contains("Keep-Alive ACK")
    })
}

/// The rows of one connection, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connection {
    /// As indices.
    pub rows: Vec<usize>,
    /// A FIN or RST was among them.
    ended: bool,
    /// The number of its SYN.
    syn: Option<u32>,
}

impl Connection {
    /// Whether `row` opens another connection between the same ends: its number differs, or this one has ended.
    pub fn is_followed_by(&self, row: &RawRow) -> bool {
        let opens = row.icmp.is_none() && row.flags.unwrap_or_default().is_opening_syn();
        opens && (self.ended || self.is_surely_followed_by(row))
    }

    /// The same where the row itself says it: a SYN that is sent again after a refusal is no other connection.
    pub fn is_surely_followed_by(&self, row: &RawRow) -> bool {
        if row.icmp.is_some() || !row.flags.unwrap_or_default().is_opening_syn() {
            return false;
        }
        // Wireshark's relative numbers are 0 for every SYN.
        let differs = match (self.syn, row.seq) {
            (Some(before), Some(now)) => before != now,
            _ => false,
        };
        differs
            || row
                .marks
                .iter()
                .any(|mark| mark.contains("Port numbers reused"))
    }

    /// Adds a row.
    pub fn push(&mut self, index: usize, row: &RawRow) {
        let flags = row.flags.unwrap_or_default();
        if flags.is_opening_syn() {
            self.syn = row.seq;
        }
        self.ended |= flags.is_fin() || flags.is_rst();
        self.rows.push(index);
    }
}
