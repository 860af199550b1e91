//! A connection as the engine hands it on: everything the capture shows of it.

use whyreset_capture::{Span, Timestamp};
use whyreset_segments::{Endpoint, Host, IcmpError};

use crate::{
    BySide, Flow, Moment, Packet, Reading, Reset, SendHistory, Sending, Side, StackGuess, Vantage,
};

/// One TCP connection, with what the program found inside it (`X`, see [`crate::StreamSink`]).
#[derive(Clone, Debug)]
pub struct Connection<X> {
    /// Wireshark's `tcp.stream`.
    pub stream: u64,
    /// The two ends.
    pub ends: BySide<Endpoint>,
    /// How it is known which end is the client.
    pub opener: Opener,
    /// First and last frame, and how many; ICMP errors that quote the connection included.
    pub frames: FrameSpan,
    /// Time of the first frame.
    pub start: Timestamp,
    /// Time of the last frame.
    pub end: Timestamp,
    /// Time of the last frame of the whole capture: how long the capture ran on after the connection fell silent.
    pub capture_end: Timestamp,
    /// The capture may not be complete behind `capture_end` of this connection: it was handed on early to bound memory.
    pub retired_early: bool,
    /// The opening.
    pub handshake: Handshake,
    /// What each side sent.
    pub flows: BySide<Flow>,
    /// RSTs: the first 16.
    pub resets: Vec<Reset>,
    /// How many RSTs there were.
    pub reset_count: BySide<u64>,
    /// ICMP errors that quote the connection: the first 8.
    pub notices: Vec<IcmpNotice>,
    /// The longest silences, longest first: at most 4.
    pub silences: Vec<Silence>,
    /// Silence from the last packet before the end's first RST or FIN to that packet; `None` if there is none.
    pub silence_before_end: Option<Silence>,
    /// Where the capture was taken, and the round trips on both sides of it.
    pub vantage: Vantage,
    /// Kept packets in the order of the capture: the first, the last and the telling ones.
    pub packets: Vec<Packet>,
    /// How many packets were not kept.
    pub packets_dropped: u64,
    /// Packets that were captured more than once.
    pub captured_twice: u64,
    /// Segments whose numbers were inferred from neighbouring rows of a pasted list.
    pub inferred: u64,
    /// The source is a pasted list, with rows known to be missing.
    pub elided: bool,
    /// Some packet has a time; a pasted list may have none at all.
    pub timed: bool,
    /// Some packet tells both ports; else a port of 0 is not known.
    pub ports_told: bool,
    /// How far each side's program read what the other side sent.
    pub readings: BySide<Reading>,
    /// What each side had in flight, and what kept it from sending more.
    pub sendings: BySide<Sending>,
    /// Which stack each side runs, as far as it tells.
    pub stacks: BySide<StackGuess>,
    /// What each side had sent by which time.
    pub sent: BySide<SendHistory>,
    /// Exchanges.
    pub app: X,
}

impl<X> Connection<X> {
    /// The same connection with its exchanges in another form.
    pub fn map_app<Y>(self, map: impl FnOnce(X) -> Y) -> Connection<Y> {
        Connection {
            stream: self.stream,
            ends: self.ends,
            opener: self.opener,
            frames: self.frames,
            start: self.start,
            end: self.end,
            capture_end: self.capture_end,
            retired_early: self.retired_early,
            handshake: self.handshake,
            flows: self.flows,
            resets: self.resets,
            reset_count: self.reset_count,
            notices: self.notices,
            silences: self.silences,
            silence_before_end: self.silence_before_end,
            vantage: self.vantage,
            readings: self.readings,
            sendings: self.sendings,
            stacks: self.stacks,
            sent: self.sent,
            packets: self.packets,
            packets_dropped: self.packets_dropped,
            captured_twice: self.captured_twice,
            inferred: self.inferred,
            elided: self.elided,
            timed: self.timed,
            ports_told: self.ports_told,
            app: map(self.app),
        }
    }
}

/// How the client was told from the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opener {
    /// It sent the SYN.
    Syn,
    /// It received the SYN/ACK; its SYN was not captured.
    SynAck,
    /// No handshake was captured: ports, or who spoke first.
    Guess,
}

/// First and last frame of a connection, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameSpan {
    /// First.
    pub first: u64,
    /// Last.
    pub last: u64,
    /// Count.
    pub count: u64,
}

/// The opening of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Handshake {
    /// First SYN.
    pub syn: Option<Moment>,
    /// Last SYN, where it was sent again.
    pub last_syn: Option<Moment>,
    /// How many SYNs.
    pub syn_count: u32,
    /// First SYN/ACK.
    pub syn_ack: Option<Moment>,
    /// Last SYN/ACK.
    pub last_syn_ack: Option<Moment>,
    /// How many SYN/ACKs.
    pub syn_ack_count: u32,
    /// The last SYN/ACK with another initial number than the one before it: another host's, or of another half-open connection.
    pub other_syn_ack: Option<Moment>,
    /// The ACK (or data) of the client that finishes it.
    pub ack: Option<Moment>,
    /// SYN/ACKs that were sent again after the client's ACK had passed the capture point.
    pub syn_acks_after_ack: u32,
    /// Data in the SYN was accepted (RFC 7413).
    pub fast_open: bool,
}

impl Handshake {
    /// Whether SYN, SYN/ACK and ACK were all captured.
    pub const fn is_complete(&self) -> bool {
        self.syn.is_some() && self.syn_ack.is_some() && self.ack.is_some()
    }
}

/// An ICMP error that quotes the connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IcmpNotice {
    /// Its frame.
    pub at: Moment,
    /// What it says.
    pub error: IcmpError,
    /// Who sent it.
    pub reporter: Host,
    /// TTL it arrived with.
    pub reporter_ttl: u8,
    /// The side whose packet it quotes.
    pub quoted_side: Side,
    /// The quoted relative sequence number, where quoted.
    pub quoted_seq: Option<i64>,
    /// Total length of the quoted datagram, as its header says.
    pub quoted_len: u32,
}

/// A time in which neither side sent anything that was captured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Silence {
    /// The last packet before it.
    pub after: Moment,
    /// Who sent that.
    pub after_by: Side,
    /// The first packet behind it.
    pub until: Moment,
    /// Who broke it.
    pub broken_by: Side,
    /// By the capture's clock.
    pub length: Span,
    /// By the clock of the side that broke it (TSval), where it tells: from its own previous packet.
    pub on_breakers_clock: Option<Span>,
    /// Data waited for an acknowledgement during it: of which side.
    pub unacknowledged_of: Option<Side>,
    /// Who owed the next move: the side whose window was closed, else the one that had data to acknowledge, else the server
    /// where the client spoke last. `None` where either may have been waiting for the other.
    pub owed_by: Option<Side>,
}
