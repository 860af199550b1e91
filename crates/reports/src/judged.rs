//! What a report is made from.

use whyreset_capture::Timestamp;
use whyreset_connections::Connection;
use whyreset_exchanges::Exchanges;
use whyreset_verdicts::Verdict;

/// A connection with its verdict.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What the capture shows.
    pub connection: Connection<Exchanges>,
    /// What follows from it.
    pub verdict: Verdict,
}

/// What is said about one input as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CaptureFacts {
    /// The path as given; `-` for standard input.
    pub path: String,
    /// `pcap`, `pcapng`, `snoop`, or the kind of list.
    pub format: String,
    /// Packets read.
    pub packets: u64,
    /// Bytes read, before decompression.
    pub bytes: u64,
    /// Time of the first packet.
    pub first_time: Option<Timestamp>,
    /// Time of the last packet.
    pub last_time: Option<Timestamp>,
    /// What was odd, one line each.
    pub warnings: Vec<String>,
}
