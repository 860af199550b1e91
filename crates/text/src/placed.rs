//! Rows with their two ends and the connection they belong to.

use whyreset_segments::{Endpoint, Known};

use crate::hosts::Side;
use crate::lengths::Headers;
use crate::numbering::Memory;
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

/// A connection between two ends of a list.
pub(crate) type Key = (u32, (Endpoint, Endpoint));

/// The rows of one connection in a window of the text, in their order, and what is known from before.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// List and ends, the smaller one first.
    pub key: Key,
    /// As indices: at first those of the window, with [`crate::endpoints::Placement::finish`] also those before.
    pub rows: Vec<usize>,
    /// Rows that have been handed on, kept for what they tell of those behind them.
    pub context: Vec<usize>,
    pub carried: Carried,
    /// As it is before the rows that are read again with the next window.
    pub carried_on: Option<Carried>,
    pub numbering: Memory,
    /// Index of the one before it between the same ends, if that is in this window.
    pub follows: Option<usize>,
    /// Some window shows that windows are scaled.
    pub scaled: bool,
    pub headers: Headers,
    /// It was there before this window.
    pub resumed: bool,
    /// It may have been there before and be forgotten.
    pub begun_before: bool,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Carried {
    /// A FIN or RST was among its rows.
    ended: bool,
    /// The number of its SYN.
    syn: Option<u32>,
    /// What rows with hosts and ports show.
    pub shown: Option<Shown>,
}

impl Carried {
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
        // Wireshark 3 and 4 call a SYN that is sent again both: only within one conversation is it a retransmission.
        let says = |words: &str| row.marks.iter().any(|mark| mark.contains(words));
        differs || (says("Port numbers reused") && !says("Retransmission"))
    }

    /// What comes behind a connection between the same ends.
    pub fn followed(&self) -> Self {
        Self {
            shown: self.shown,
            ..Self::default()
        }
    }

    /// Moves past a row, from `ends.0` to `ends.1`.
    pub fn pass(&mut self, key: Key, at: usize, row: &RawRow, ends: (Endpoint, Endpoint)) {
        if row.is_whole() {
            self.shown
                .get_or_insert_with(|| Shown::new(at, row, key.1))
                .note(at, row, ends);
        }
        let flags = row.flags.unwrap_or_default();
        if flags.is_opening_syn() {
            self.syn = row.seq;
        }
        self.ended |= flags.is_fin() || flags.is_rst();
    }
}

/// Two ends that rows with hosts and ports show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    /// The smaller one first.
    pub ends: (Endpoint, Endpoint),
    /// As the first row writes them.
    pub sides: (Side, Side),
    /// The first and the last row.
    pub first: usize,
    pub last: usize,
    /// The side that sent the SYN.
    pub opener: Option<Endpoint>,
}

impl Shown {
    /// By its first row.
    pub fn new(at: usize, row: &RawRow, ends: (Endpoint, Endpoint)) -> Self {
        Self {
            ends,
            sides: (row.source, row.destination),
            first: at,
            last: at,
            opener: None,
        }
    }

    /// Another row, from `ends.0` to `ends.1`.
    pub fn note(&mut self, at: usize, row: &RawRow, ends: (Endpoint, Endpoint)) {
        let flags = row.flags.unwrap_or_default();
        self.last = at;
        self.opener = self
            .opener
            .or(match (flags.is_opening_syn(), flags.is_syn_ack()) {
                (true, _) => Some(ends.0),
                (_, true) => Some(ends.1),
                _ => None,
            });
    }
}

impl Connection {
    /// One that begins.
    pub fn new(key: Key) -> Self {
        Self {
            key,
            rows: Vec::new(),
            context: Vec::new(),
            carried: Carried::default(),
            carried_on: None,
            numbering: Memory::default(),
            follows: None,
            scaled: false,
            headers: Headers::default(),
            resumed: false,
            begun_before: false,
        }
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        self.carried.ended
    }

    /// Adds a row, from `ends.0` to `ends.1`.
    pub fn push(&mut self, index: usize, at: usize, row: &RawRow, ends: (Endpoint, Endpoint)) {
        self.carried.pass(self.key, at, row, ends);
        self.rows.push(index);
    }

    /// The rows that follow are read again with the next window.
    pub fn look_ahead(&mut self) {
        self.carried_on.get_or_insert(self.carried);
    }

    /// All rows that are at hand, as indices.
    pub fn all_rows(&self) -> impl Iterator<Item = &usize> {
        self.context.iter().chain(&self.rows)
    }
}
