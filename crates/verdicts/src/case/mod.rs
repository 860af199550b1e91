//! The case: one connection, read for the question why it ended.
//!
//! Everything here is a fact or a plain count; nothing is weighed.

mod accounts;
mod close;
mod copies;
mod cut_stream;
mod full_segment;
pub(crate) mod goodbye;
mod in_flight;
mod left_out;
mod outage;
mod sizes;
mod turns;
mod uncaptured;
mod unread;
mod unseen;
pub(crate) mod untold;
mod wait;

use whyreset_capture::Span;
use whyreset_connections::{Connection, Neighbours, Packet, Reset, Side};
use whyreset_exchanges::Exchanges;
use whyreset_segments::TcpFlags;

pub(crate) use accounts::{Accounts, Missing, OpenExchange, is_http, is_unread, taken_before};
pub(crate) use close::{Close, Kind, fatal_reset, first_close};
pub(crate) use cut_stream::CutStream;
pub(crate) use full_segment::is_full;
pub(crate) use in_flight::{in_flight, shows_acknowledgements};
pub(crate) use outage::Outage;
use outage::Outages;
pub(crate) use sizes::was_sending;
pub(crate) use turns::{asks, asks_by_rule, was_announced};
pub(crate) use unread::no_to_an_unread_upload;
pub(crate) use wait::{Wait, wait_before};

const SECOND: Span = Span::from_secs(1);
/// Fewer packets may come on the second by chance.
const FEW_TIMES: u64 = 4;

/// One connection with what is known around it.
pub(crate) struct Case<'a> {
    /// The connection.
    pub connection: &'a Connection<Exchanges>,
    /// What the rest of the capture tells.
    pub neighbours: &'a Neighbours,
    /// Asked, promised, delivered.
    pub accounts: Accounts<'a>,
    /// The first FIN or RST that counts.
    pub close: Option<Close>,
    /// The RST that the connection died of.
    pub fatal: Option<&'a Reset>,
    /// A stream that was cut inside the connection.
    pub cut: Option<CutStream<'a>>,
    /// How long the side that closed had waited before it did.
    pub wait: Option<Wait>,
    /// Nothing got through for long, shortly before it ended.
    pub outage: Option<Outage>,
    /// Rows that a list leaves out hold something that was said, and whose turn it was does not show.
    pub turn_hidden: bool,
}

impl<'a> Case<'a> {
    /// Reads a connection.
    pub fn new(connection: &'a Connection<Exchanges>, neighbours: &'a Neighbours) -> Self {
        let fatal = close::fatal_reset(connection);
        let close = close::first_close(connection, fatal)
            .map(|close| goodbye::first_to_leave(connection, close));
        let accounts = Accounts::new(connection, close);
        // How long nobody spoke does not show where nothing that was said does, or of one side only, or without times.
        let flows = &connection.flows;
        let both_captured = flows.client.packets > 0 && flows.server.packets > 0;
        let clocked = !accounts.unseen && both_captured && connection.timed;
        let timed = close.filter(|_| clocked);
        let outages = close.map_or_else(Outages::default, |_| Outages::of(connection));
        Self {
            wait: timed.and_then(|close| wait::before(connection, &accounts, &outages, close)),
            accounts,
            cut: cut_stream::find(connection, close),
            outage: close.and_then(|close| outages.before(connection, close)),
            turn_hidden: left_out::hides_the_turn(connection, close),
            connection,
            neighbours,
            close,
            fatal,
        }
    }

    /// The smallest round trip of the whole path, as far as the capture shows; `None` where it does not.
    pub fn path_round_trip(&self) -> Option<Span> {
        path_round_trip(self.connection)
    }

    /// Twice that, for what one round trip may just miss; nothing where the capture does not show it.
    pub fn two_round_trips(&self) -> Span {
        self.path_round_trip()
            .map_or(Span::ZERO, |trip| trip + trip)
    }

    /// The smallest round trip between the capture point and `side`.
    pub fn round_trip(&self, side: Side) -> Option<Span> {
        self.connection.vantage.round_trip.of(side).minimum
    }

    /// The kept packet with this frame number.
    pub fn packet(&self, frame: u64) -> Option<&'a Packet> {
        self.connection
            .packets
            .iter()
            .find(|packet| packet.frame == frame)
    }

    /// The side whose FIN or RST came first.
    pub fn closer(&self) -> Option<Side> {
        self.close.map(|close| close.side)
    }

    /// Both sides have sent FIN.
    pub fn both_finished(&self) -> bool {
        let flows = &self.connection.flows;
        flows.client.fin.is_some() && flows.server.fin.is_some()
    }

    /// The server took the connection up: it answered the SYN, or it says or acknowledges something behind it, and its SYN/ACK is missing
    /// in the capture.
    pub fn took_up(&self) -> bool {
        let mut resets = self.connection.resets.iter();
        self.connection.handshake.syn_ack.is_some()
            || resets.any(refuses_no_syn)
            || self.connection.packets.iter().any(|p| {
                let told = p.known.tells_flags();
                let lives = p.flags.contains(TcpFlags::ACK) && !p.flags.is_rst();
                p.side == Side::Server && told && lives
            })
    }

    /// How much longer or shorter than told a time may be: lists often tell whole seconds only.
    pub fn coarseness(&self) -> Span {
        let mut packets = self.connection.packets.iter();
        let whole = packets.all(|p| p.time.nanos() % SECOND.nanos() == 0);
        let several = self.connection.frames.count >= FEW_TIMES;
        if whole && several { SECOND } else { Span::ZERO }
    }

    /// Time that the capture ran on behind the connection's last packet.
    pub fn ran_on(&self) -> Span {
        self.connection.capture_end - self.connection.end
    }
}

/// A server's RST that is no answer to a SYN: such an answer acknowledges it, and the client would drop one that does not
/// (RFC 9293 §3.10.7.1 and §3.10.7.3).
fn refuses_no_syn(reset: &Reset) -> bool {
    reset.by == Side::Server && reset.numbered && reset.ack.is_none()
}

/// The smallest round trip of the whole path ([`Case::path_round_trip`]), before there is a case.
fn path_round_trip(connection: &Connection<Exchanges>) -> Option<Span> {
    let trips = &connection.vantage.round_trip;
    match (trips.client.minimum, trips.server.minimum) {
        (Some(a), Some(b)) => Some(a + b),
        (one, other) => one.or(other),
    }
}
