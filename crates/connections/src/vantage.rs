//! Where the capture was taken, and the round trips on both sides of it.

use whyreset_capture::Span;

use crate::BySide;

/// The place of the capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// On the client's host or next to it.
    Client,
    /// On the server's host or next to it.
    Server,
    /// In between.
    Path,
    /// It cannot be told.
    #[default]
    Unknown,
}

/// Where the capture was taken, and how that is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vantage {
    /// The place.
    pub place: Place,
    /// How sure, as a probability.
    pub confidence: f64,
    /// Round trip between the capture point and each side.
    pub round_trip: BySide<RoundTrip>,
    /// Why, one clause each, with the frames that show it.
    pub reasons: Vec<VantageReason>,
}

/// A reason for a vantage.
#[derive(Clone, Debug, PartialEq)]
pub struct VantageReason {
    /// One clause for people.
    pub text: String,
    /// The frames that show it.
    pub frames: Vec<u64>,
}

/// The round trip between the capture point and one side: from a packet passing towards it to its answer passing back.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RoundTrip {
    /// From the handshake: SYN to SYN/ACK (server), SYN/ACK to ACK (client).
    pub handshake: Option<Span>,
    /// The smallest seen, from the handshake or from data and its ACK. Without a safety margin: see
    /// [`RoundTrip::certain_floor`] for the light cone's bound.
    pub minimum: Option<Span>,
    /// The frames of the minimum: the packet and its answer.
    pub minimum_frames: Option<(u64, u64)>,
    /// How many measurements.
    pub samples: u32,
    /// Of these, how many no receiver delays: the handshake, and ACKs of two full-sized segments at once.
    pub prompt_samples: u32,
    /// The smallest of those.
    pub prompt_minimum: Option<Span>,
    /// The median or a running estimate of it.
    pub typical: Option<Span>,
    /// The largest.
    pub maximum: Option<Span>,
}
