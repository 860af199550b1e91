//! One direction of a TLS session.

use whyreset_connections::Moment;

use super::hello::MessageReader;
use super::record::{RecordHeader, RecordReader};

/// One direction.
#[derive(Debug, Default)]
pub(super) struct Flow {
    pub(super) reader: RecordReader,
    pub(super) messages: MessageReader,
    pub(super) current: Option<RecordHeader>,
    /// The first bytes of a plain alert.
    pub(super) alert: Vec<u8>,
    /// ChangeCipherSpec was sent: in TLS 1.2 all that follows is encrypted.
    pub(super) ciphered: bool,
    /// Its first encrypted record of the handshake.
    pub(super) first_hidden: Option<u16>,
    /// The side's Finished was sent, as far as sizes tell.
    pub(super) finished: bool,
    /// A record as long as a Finished was sent; what the server sends behind it before it has the client's is a ticket, or answers early data.
    pub(super) perhaps_finished: bool,
    /// Zeros that the side adds to each record of TLS 1.3 (RFC 8446 §5.4), as its Finished tells: [`super::close_notify::JAVA_PADDING`] or none.
    pub(super) padding: u16,
    pub(super) application_bytes: u64,
    pub(super) last_record: Option<LastRecord>,
    /// Bytes were missing, or made no sense.
    pub(super) incomplete: bool,
    /// The current record's body, while it is to be decrypted.
    pub(super) body: Vec<u8>,
    /// Bytes of the current record's body were not captured.
    pub(super) body_cut: bool,
    /// Handshake messages inside encrypted records.
    pub(super) inner_messages: MessageReader,
    /// Where the last record that was read ended in the stream.
    pub(super) read_to: u64,
    /// The side sent more than an alert behind the handshake.
    pub(super) spoke_after: bool,
    /// Its longest record that looks like application data.
    pub(super) longest_data: u16,
    /// The side sent a heartbeat, or answered one.
    pub(super) beats: bool,
    /// The side said what is no TLS.
    pub(super) foreign: bool,
    /// Records were lost since.
    pub(super) lossy: bool,
    /// Searches for a record's number that found none.
    pub(super) searches_failed: u8,
    /// Records of the side were opened.
    pub(super) opened: bool,
}

/// The last record of a side, and the packet that brought its header.
#[derive(Clone, Copy, Debug)]
pub(super) struct LastRecord {
    pub(super) header: RecordHeader,
    pub(super) at: Moment,
}
