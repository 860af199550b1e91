//! What came of reading a line.

use std::fmt;

use crate::others::Other;
use crate::raw_row::RawRow;

/// What came of reading a line.
#[derive(Debug)]
pub(crate) enum Read {
    /// A packet of TCP, or an ICMP error.
    Row(Box<RawRow>),
    /// The packet of a row before it, seen at another point of its way.
    Again(Box<RawRow>),
    /// A packet of another protocol.
    Foreign(Other),
    /// It looks like a packet, but cannot be read.
    Unread(Reason),
    /// No packet.
    No,
}

impl Read {
    /// A row.
    pub fn row(row: RawRow) -> Self {
        Self::Row(Box::new(row))
    }

    /// A packet of another protocol, with what this row tells of it.
    pub fn foreign(row: &RawRow) -> Self {
        Self::Foreign(Other {
            frame: row.frame,
            time: row.time,
        })
    }

    /// A line that belongs to a packet which other lines show.
    pub fn beside() -> Self {
        Self::Foreign(Other::default())
    }

    /// The row that a test expects.
    #[cfg(test)]
    pub fn into_row(self) -> RawRow {
        match self {
            Self::Row(row) => *row,
            other => panic!("no row: {other:?}"),
        }
    }
}

/// Why a line that looks like a packet could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The columns before the Info column cannot be told apart.
    Addresses,
    /// The row says neither which hosts nor which ports it is about.
    NoEnds,
    /// Several connections of the list fit a row without ports.
    SeveralConnections,
    /// Both ends have the same name, and no port tells the direction.
    Direction,
    /// JSON or XML that breaks off or is not well formed.
    Malformed,
    /// It begins like a packet but its numbers cannot be read.
    Numbers,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Addresses => "the columns before the ports cannot be told apart",
            Self::NoEnds => "it names neither hosts nor ports",
            Self::SeveralConnections => "it names no ports, and several connections fit",
            Self::Direction => "nothing tells in which direction it went",
            Self::Malformed => "the document breaks off or is not well formed",
            Self::Numbers => "it begins like a packet, but the rest cannot be read",
        })
    }
}
