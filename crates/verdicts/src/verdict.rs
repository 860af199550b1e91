//! The answer about one connection.

use std::fmt;

use whyreset_connections::Shown;

use crate::{Observation, Observations, causes, observations::Id};

/// Why a connection ended: the vocabulary of the JSON contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// Nothing went wrong.
    None,
    /// A RST, but only after everything had been delivered.
    BenignReset,
    /// The client's program closed the connection, or died, before it had what it asked for or had sent what it promised.
    ClientAbort,
    /// The server's program closed the connection, or died, before it had answered in full.
    ServerAbort,
    /// The server answered before it had read the whole request and wants no more of it.
    RequestRejectedEarly,
    /// The client waited for an answer, got none in time, and gave up.
    ClientTimeout,
    /// The server waited for the client and gave up.
    ServerTimeout,
    /// A request crossed the server's idle close.
    KeepaliveRace,
    /// The server, or a proxy, closed in order before the promised bytes were sent.
    ResponseTruncated,
    /// The receiver's program stopped reading.
    ReceiverStalled,
    /// The host no longer knew the connection.
    PeerStateLost,
    /// A device on the path forgot the idle connection.
    IdleStateLost,
    /// A third party forged the RST.
    InjectedReset,
    /// Packets stopped getting through, whatever their size.
    PathBlackhole,
    /// Only large packets stopped getting through.
    MtuBlackhole,
    /// The host answered the SYN with RST.
    PortClosed,
    /// A firewall refused the SYN.
    FirewallReject,
    /// The SYN vanished.
    NoAnswer,
    /// The SYN was answered, but the opening side never finished the handshake.
    HandshakeIncomplete,
    /// The server's listener had no room.
    AcceptQueueOverflow,
    /// The TLS handshake failed.
    TlsFailure,
    /// The two sides speak different protocols.
    ProtocolMismatch,
    /// The capture does not allow an answer.
    Unknown,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// Both sides closed in order and nothing promised is missing.
    Completed,
    /// A RST ended it.
    Aborted,
    /// Closed in order, but something asked for or promised had not arrived.
    Truncated,
    /// One side gave up after silence or unanswered retransmissions.
    TimedOut,
    /// The capture ends while data waits and nothing moves.
    Stalled,
    /// The opening SYN was answered with a RST or an ICMP error.
    Refused,
    /// The opening SYN was never answered.
    Unanswered,
    /// The capture ends while the connection is alive and well.
    Open,
    /// Too little was captured to say.
    Partial,
}

/// Who ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EndedBy {
    /// The client.
    Client,
    /// The server.
    Server,
    /// A device between them.
    Middlebox,
    /// Nobody decided it: packets were lost.
    Network,
    /// It did not end.
    None,
    /// It cannot be told.
    Unknown,
}

/// The answer about one connection, with its reasons.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What happened.
    pub outcome: Outcome,
    /// Why.
    pub cause: Cause,
    /// Who.
    pub ended_by: EndedBy,
    /// Probability that `cause` is right.
    pub confidence: f64,
    /// The connection failed: somebody did not get what was asked for or promised.
    pub failed: bool,
    /// One sentence in plain words that a hurried person can act on.
    pub summary: String,
    /// What it cannot be, and by which frames.
    pub ruled_out: Vec<RuledOut>,
    /// What else it can be; with `confidence` these add up to at most 1.
    pub alternatives: Vec<Alternative>,
    /// What to look at, or capture, to settle the rest.
    pub next_steps: Vec<String>,
    /// The whole weighing, for a second expert: what counted for or against each cause is in [`Verdict::weights`].
    pub weighing: Vec<Weighed>,
    /// All that was observed and weighed, told or not.
    pub observed: Observations,
}

impl Verdict {
    /// What the frames show, in the order of an argument: what is told whatever the verdict, and what speaks for this one.
    pub fn evidence(&self) -> impl Iterator<Item = Observation<'_>> {
        self.observed.told(causes::rule(self.cause).speaks_for())
    }

    /// Each observation's likelihood ratio for a cause that was weighed, and why.
    pub fn weights(&self, cause: Cause) -> impl Iterator<Item = Weight> {
        let observed = causes::rule(cause).observed(&self.observed);
        observed.map(|on| Weight {
            observation: on.observation,
            likelihood_ratio: on.ratio,
            because: on.because,
        })
    }
}

/// A cause, or another suspicion, that the frames exclude.
#[derive(Clone, Debug, PartialEq)]
pub struct RuledOut {
    /// A cause's name, or a stable name of the suspicion (`segment_length`, `loss`).
    pub cause: &'static str,
    /// The frames that exclude it.
    pub frames: Shown,
    /// Why it cannot be this.
    pub text: String,
}

/// Another cause that remains possible.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// Which.
    pub cause: Cause,
    /// Its probability.
    pub confidence: f64,
    /// What would make it this.
    pub text: String,
}

/// How one cause was weighed.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighed {
    /// Which.
    pub cause: Cause,
    /// Its prior probability among the causes considered.
    pub prior: f64,
    /// Why that prior.
    pub prior_because: &'static str,
    /// Its probability in the end.
    pub posterior: f64,
}

/// One weight in the judgement of a cause.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    /// The observation: its frames are in [`Verdict::observed`].
    pub observation: Id,
    /// How much more likely the observation is under this cause than without it.
    pub likelihood_ratio: f64,
    /// Why.
    pub because: &'static str,
}

impl Cause {
    /// Every cause, in the order of the contract.
    pub const ALL: [Self; 23] = [
        Self::None,
        Self::BenignReset,
        Self::ClientAbort,
        Self::ServerAbort,
        Self::RequestRejectedEarly,
        Self::ClientTimeout,
        Self::ServerTimeout,
        Self::KeepaliveRace,
        Self::ResponseTruncated,
        Self::ReceiverStalled,
        Self::PeerStateLost,
        Self::IdleStateLost,
        Self::InjectedReset,
        Self::PathBlackhole,
        Self::MtuBlackhole,
        Self::PortClosed,
        Self::FirewallReject,
        Self::NoAnswer,
        Self::HandshakeIncomplete,
        Self::AcceptQueueOverflow,
        Self::TlsFailure,
        Self::ProtocolMismatch,
        Self::Unknown,
    ];

    /// Its identifier in the JSON document.
    pub const fn id(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::BenignReset => "benign_reset",
            Self::ClientAbort => "client_abort",
            Self::ServerAbort => "server_abort",
            Self::RequestRejectedEarly => "request_rejected_early",
            Self::ClientTimeout => "client_timeout",
            Self::ServerTimeout => "server_timeout",
            Self::KeepaliveRace => "keepalive_race",
            Self::ResponseTruncated => "response_truncated",
            Self::ReceiverStalled => "receiver_stalled",
            Self::PeerStateLost => "peer_state_lost",
            Self::IdleStateLost => "idle_state_lost",
            Self::InjectedReset => "injected_reset",
            Self::PathBlackhole => "path_blackhole",
            Self::MtuBlackhole => "mtu_blackhole",
            Self::PortClosed => "port_closed",
            Self::FirewallReject => "firewall_reject",
            Self::NoAnswer => "no_answer",
            Self::HandshakeIncomplete => "handshake_incomplete",
            Self::AcceptQueueOverflow => "accept_queue_overflow",
            Self::TlsFailure => "tls_failure",
            Self::ProtocolMismatch => "protocol_mismatch",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl Outcome {
    /// Its identifier in the JSON document.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Aborted => "aborted",
            Self::Truncated => "truncated",
            Self::TimedOut => "timed_out",
            Self::Stalled => "stalled",
            Self::Refused => "refused",
            Self::Unanswered => "unanswered",
            Self::Open => "open",
            Self::Partial => "partial",
        }
    }
}

impl EndedBy {
    /// Its identifier in the JSON document.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Middlebox => "middlebox",
            Self::Network => "network",
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }
}
