//! A RST and what can be said about it.

mod acceptance;
mod aftermath;
mod dialect;
mod judge;
mod log;
mod origin;
mod payload;
mod signs;
mod story;
#[cfg(test)]
mod tests;
mod trigger;

use whyreset_capture::Span;
use whyreset_segments::{TcpFlags, Timestamps};

use crate::{Moment, Shown, Side};

pub use aftermath::Aftermath;
pub(crate) use judge::judge;
pub(crate) use log::ResetLog;
pub use origin::Clause;
pub use payload::ResetReason;

/// One RST of a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Reset {
    /// Its frame.
    pub at: Moment,
    /// The side whose address it carries.
    pub by: Side,
    /// Control bits.
    pub flags: TcpFlags,
    /// Relative sequence number.
    pub seq: i64,
    /// Relative acknowledgement number, where the ACK flag is set.
    pub ack: Option<i64>,
    /// Window, unscaled, where known.
    pub window: Option<u32>,
    /// TTL, where known.
    pub ttl: Option<u8>,
    /// IP identification, where known.
    pub ip_id: Option<u16>,
    /// Timestamps option.
    pub timestamps: Option<Timestamps>,
    /// It has options at all; `None` where the source does not tell.
    pub has_options: Option<bool>,
    /// Source MAC address differs from the side's other packets.
    pub other_mac: Option<bool>,
    /// The first bytes of its payload, at most 256.
    pub payload: Vec<u8>,
    /// Its numbers are told; a pasted list may leave them out.
    pub numbered: bool,
    /// What kind of RST it is.
    pub dialect: Dialect,
    /// The packet it answers, if it is an answer.
    pub trigger: Option<Trigger>,
    /// Whether the receiver can have accepted it (RFC 5961 §3.2).
    pub acceptance: Acceptance,
    /// What the sender can have known.
    pub knew: Option<Knowledge>,
    /// Who can have sent it.
    pub origin: Origin,
    /// How many RSTs of this side follow it within the same burst, itself included.
    pub burst: u32,
    /// What both sides did after it.
    pub aftermath: Aftermath,
}

impl Reset {
    /// What its payload says, if it has one: a diagnosis, or text.
    pub fn reason(&self) -> Option<ResetReason> {
        payload::decode(&self.payload)
    }
}

/// What kind of RST (RFC 9293 §3.5.2; Linux `tcp_send_active_reset` and `tcp_v4_send_reset`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// RST+ACK with the numbers of a live connection: a host that knows it aborts it.
    Active,
    /// A bare RST whose number is the acknowledgement number of the packet it answers: a host that does not want it. Or one of several
    /// RST+ACKs that acknowledge a segment each, as other stacks answer.
    Passive,
    /// RST+ACK with sequence number 0 that acknowledges a SYN: nothing listens there.
    Refusal,
    /// None of these, or not enough is known.
    Other,
}

/// The packet that a RST answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trigger {
    /// Its frame.
    pub at: Moment,
    /// Its relative sequence number.
    pub seq: i64,
    /// Bytes of payload.
    pub payload_len: u32,
    /// Time from it to the RST.
    pub delay: Span,
    /// The delay is at least the smallest round trip to the RST's sender: that host can have answered it.
    pub possible: bool,
}

/// Whether the receiver of a RST can have accepted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// The number is exactly what the receiver expected.
    Exact,
    /// Inside its window: a challenge ACK follows.
    InWindow,
    /// Outside: it is dropped.
    Outside,
    /// The capture does not tell what the receiver expected.
    Unknown,
}

/// What the sender of a packet can have known of the other side's data when it sent it (the light cone).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knowledge {
    /// It has certainly received everything below this relative number of the other side: it acknowledged it.
    pub certainly: i64,
    /// The packet in which it acknowledged that.
    pub certainly_by: Option<Moment>,
    /// It can have received at most what was sent below this number: later data was captured less than the
    /// smallest round trip before.
    pub at_most: i64,
    /// The last packet of the other side that it can have received.
    pub last_possible: Option<Moment>,
    /// The first packet of the other side that it cannot have received.
    pub first_impossible: Option<Moment>,
    /// No answer of this side passes here sooner than this after the packet it answers: the bound used, with its safety margin
    /// ([`crate::RoundTrip::certain_floor`]).
    pub round_trip: Span,
    /// The smallest round trip that was measured, without a margin.
    pub smallest_seen: Option<Span>,
}

/// Who can have sent a RST: likelihoods that add up to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// The host whose address it carries.
    pub host: f64,
    /// A device near that host, or anywhere beyond the capture point on that side.
    pub device_there: f64,
    /// A device between the capture point and the other host, or at the capture point.
    pub device_here: f64,
    /// What speaks for which, one short clause each.
    pub reasons: Vec<OriginReason>,
}

/// One reason in the judgement of a RST's origin.
#[derive(Clone, Debug, PartialEq)]
pub struct OriginReason {
    /// A stable name: `ttl`, `ip_id`, `mac`, `time_of_flight`, `timestamps`, `aftermath`, `dialect`, `pairing`, or a detector of
    /// the NDSS 2009 paper: `RST_SEQ_DATA`, `DATA_SEQ_RST`, `RST_SEQ_CHANGE`, `RST_ACK_CHANGE`.
    pub id: &'static str,
    /// One clause for people.
    pub text: Clause,
    /// The frames that show it.
    pub frames: Shown,
    /// Positive speaks for the host itself, negative against (natural logarithm of the likelihood ratio).
    pub weight: f64,
}

impl Default for Origin {
    fn default() -> Self {
        Self {
            host: 1.0,
            device_there: 0.0,
            device_here: 0.0,
            reasons: Vec::new(),
        }
    }
}
