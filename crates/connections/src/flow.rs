//! One direction of a connection: what one side sent, and what became of it.

use whyreset_capture::Span;
use whyreset_segments::TcpOptions;

use crate::Moment;

/// What one side sent. All sequence numbers are relative to that side's initial number, unwrapped.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    /// Packets, retransmissions and pure ACKs included, captured-twice copies not.
    pub packets: u64,
    /// Packets that carried payload.
    pub data_packets: u64,
    /// Packets that may have carried payload, of which a pasted list does not tell how much, or where in the stream it belongs.
    pub unsized_packets: u64,
    /// Unique payload bytes seen (retransmissions once, gaps not, text in a RST not).
    pub bytes: u64,
    /// The number after the last one sent: payload, SYN and FIN (SND.NXT as far as the capture shows).
    pub sent_to: i64,
    /// The highest acknowledgement number that the other side sent for this direction.
    pub acked_to: i64,
    /// Bytes below `sent_to` that were never captured.
    pub missing_bytes: u64,
    /// First packet.
    pub first: Option<Moment>,
    /// Last packet of any kind.
    pub last: Option<Moment>,
    /// First packet with payload.
    pub first_data: Option<Moment>,
    /// Last packet that carried bytes not sent before.
    pub last_new_data: Option<Moment>,
    /// Last packet that carried payload, retransmissions included.
    pub last_data: Option<Moment>,
    /// Last packet of the *other* side that acknowledged something new of this direction.
    pub last_progress: Option<Moment>,
    /// This side's FIN.
    pub fin: Option<Fin>,
    /// The window this side advertised: what its program reads.
    pub window: Window,
    /// Retransmissions of this side.
    pub retransmissions: Retransmissions,
    /// Unanswered repetition at the end: the oldest unacknowledged segment, sent again and again.
    pub unanswered: Option<Unanswered>,
    /// Sizes that got through and that did not.
    pub sizes: Sizes,
    /// Keep-alive probes this side sent (not window probes).
    pub keep_alives: Probes,
    /// Probes of the other side's closed window that this side sent.
    pub window_probes: Probes,
    /// Duplicate ACKs this side sent.
    pub duplicate_acks: u64,
    /// ACKs of this side for data that the capture does not hold: capture loss.
    pub acks_of_unseen: u64,
    /// Segments known to be missing from the capture (sequence jumps), never filled.
    pub lost_segments: u64,
    /// IP and link fields.
    pub network: NetworkFields,
    /// The options of this side's SYN or SYN/ACK.
    pub syn_options: Option<TcpOptions>,
    /// The window field of this side's SYN or SYN/ACK, unscaled.
    pub syn_window: Option<u32>,
    /// This side's timestamp clock, where it sends timestamps.
    pub timestamp_clock: Option<TimestampClock>,
    /// PSH on the last data packet: the program had nothing more to send at that moment.
    pub last_data_pushed: bool,
}

impl Flow {
    /// No payload passed, and none can hide in packets of unknown length or number.
    pub const fn sent_nothing(&self) -> bool {
        self.bytes == 0 && self.unsized_packets == 0
    }

    /// Payload of the largest segment that this direction had on the wire, in bytes, at most: what it sent, and the `peer` takes (its MSS,
    /// or where its SYN was not captured, what Ethernet carries). A captured frame may hold several segments: the sending host cuts it
    /// later, or the receiving one put them together.
    pub fn largest_segment(&self, peer: &Self) -> u32 {
        let taken = peer.syn_options.and_then(|options| options.mss);
        self.sizes
            .largest_sent
            .min(taken.map_or(ETHERNET_SEGMENT, u32::from))
    }
}

/// What a segment holds where each frame of the path is one of Ethernet: 1,500 bytes without the headers of IPv4 and TCP.
const ETHERNET_SEGMENT: u32 = 1_460;

/// A side's FIN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fin {
    /// The first one.
    pub at: Moment,
    /// Its relative sequence number (of the FIN itself, behind any payload it carries).
    pub seq: i64,
    /// When the other side acknowledged it.
    pub acked: Option<Moment>,
    /// How often it was sent again.
    pub retransmissions: u32,
}

/// The window that one side advertised.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Window {
    /// The shift is known: both SYNs were seen (or one without the option), or the list shows scaled windows.
    pub scale_known: bool,
    /// The shift; 0 where not known.
    pub shift: u8,
    /// The last one, in bytes.
    pub last: u32,
    /// The largest, in bytes.
    pub max: u32,
    /// The smallest outside SYN and RST, in bytes.
    pub min: u32,
    /// How often it fell to zero.
    pub zero_times: u32,
    /// The first packet with a zero window.
    pub first_zero: Option<Moment>,
    /// Since when it is zero, if it still is at the end.
    pub zero_since: Option<Moment>,
    /// The longest time it stayed zero.
    pub longest_zero: Span,
    /// The last packet that opened it after zero.
    pub reopened: Option<Moment>,
    /// The other side filled it: bytes in flight reached it.
    pub filled_times: u32,
}

/// Retransmissions of one side.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Retransmissions {
    /// Segments sent again.
    pub segments: u64,
    /// Bytes sent again.
    pub bytes: u64,
    /// Of these, after a timeout.
    pub by_timeout: u64,
    /// Of these, of data that was already acknowledged.
    pub spurious: u64,
    /// SYN or SYN/ACK sent again.
    pub syn: u32,
}

/// The oldest segment that was never acknowledged, sent more than once up to the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unanswered {
    /// Its relative sequence number.
    pub seq: i64,
    /// Its largest payload.
    pub payload_len: u32,
    /// The first transmission.
    pub first: Moment,
    /// The last one.
    pub last: Moment,
    /// How often it was sent in all.
    pub transmissions: u32,
    /// Time between the last two transmissions: the retransmission timer as it stood.
    pub last_interval: Span,
}

/// Which sizes of segments got through. A captured frame may hold several segments: the sending host cuts it later, or the receiving
/// one put them together (segmentation and receive offload). [`Flow::largest_segment`] is one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sizes {
    /// The largest payload sent.
    pub largest_sent: u32,
    /// The payload of the last segment that carried any.
    pub last_sent: u32,
    /// The largest payload that was acknowledged.
    pub largest_acked: u32,
    /// The smallest payload among the segments that were sent again and never acknowledged, as they were sent again; `None` without any.
    pub smallest_unanswered: Option<u32>,
    /// A packet of this side that arrived (was acknowledged, or an ACK of it took effect) after large ones had stopped.
    pub small_passed_later: Option<Moment>,
    /// The largest IP datagram of this side.
    pub largest_datagram: u32,
}

/// Probes that one side sent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Probes {
    /// How many.
    pub count: u32,
    /// The first one.
    pub first: Option<Moment>,
    /// The last one.
    pub last: Option<Moment>,
    /// How many of them at the end were not answered.
    pub unanswered: u32,
}

/// IP and link fields of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NetworkFields {
    /// TTL of the first packet (the SYN or SYN/ACK where it was seen), RSTs left out.
    pub ttl_first: Option<u8>,
    /// The smallest, RSTs left out.
    pub ttl_min: Option<u8>,
    /// The largest, RSTs left out.
    pub ttl_max: Option<u8>,
    /// How the IP identification behaves, RSTs left out.
    pub ip_id: IpIdModel,
    /// The last IP identification before the end, RSTs left out, and its frame.
    pub ip_id_last: Option<(u16, Moment)>,
    /// Source MAC address of the first packet.
    pub mac: Option<[u8; 6]>,
    /// Another source MAC address was seen in the same direction.
    pub mac_changed: bool,
    /// Packets with a wrong or unfinished TCP checksum, among those that were checked.
    pub checksum_unfinished: u32,
    /// Packets whose checksum was checked.
    pub checksum_checked: u32,
    /// Frames larger than the path can carry: segmentation offload, so this is the sending (or receiving, with GRO) host.
    pub oversize: u32,
    /// The link layer says that the capturing host sent this direction.
    pub outgoing: Option<bool>,
    /// Packets jumped over by IP ID and sequence number together: sent, but never seen here.
    pub skipped_ids: u32,
}

/// How a sender fills IPv4's identification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IpIdModel {
    /// Not seen (IPv6, a list), or too few packets.
    #[default]
    Unknown,
    /// Always zero.
    Zero,
    /// Counts up by one, or by the wire segments of offloaded frames.
    Counter,
    /// Grows by small steps: a counter shared with other traffic.
    SharedCounter,
    /// Neither.
    Random,
}

/// A side's timestamp clock (RFC 7323).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimestampClock {
    /// Its first TSval.
    pub first: (u32, Moment),
    /// Its last TSval.
    pub last: (u32, Moment),
    /// Ticks a second, estimated over the connection; `None` while too short.
    pub ticks_per_second: Option<f64>,
}
