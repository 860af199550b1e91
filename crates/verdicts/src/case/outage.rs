//! An outage: one side repeated a segment for long and heard nothing, until packets came through again.
//!
//! What is never answered is a tail (`observations::loss`). Here somebody was heard again at last, and most often too late: the
//! other side, or the same one, had given up meanwhile.

use whyreset_capture::Span;
use whyreset_connections::{Connection, Marks, Moment, Packet, Side, Silence};
use whyreset_exchanges::Exchanges;
use whyreset_segments::{Known, TcpFlags};

use super::{Close, Kind, is_full, path_round_trip};

/// So many transmissions of one segment without an answer are no passing loss.
const COPIES: u32 = 3;
/// And they are spread over so long: some doubled timeouts.
const SHORTEST: Span = Span::from_secs(1);
/// Or over so many round trips.
const ROUND_TRIPS: i64 = 4;
/// What waits behind it, the FIN for example, goes out within so many.
const ROUNDS: i64 = 10;
/// So much waits in a socket, mostly: Linux lets it grow with what is on its way.
const SEND_BUFFER: i64 = 1 << 20;
/// What waits there goes on sooner.
const REST: Span = Span::from_millis(200);
/// A rest inside an upload that is worth a question.
const LONG_REST: Span = Span::from_secs(2);
/// In shorter round trips a pause between two segments tells nothing.
const LEAST_TRIP: Span = Span::from_millis(3);

/// One segment that was sent again and again, and what ended that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Outage {
    /// Whose packets did not get through, or got no answer.
    pub side: Side,
    /// The first transmission that is known; or the last packet before a silence.
    pub first: Moment,
    /// The last one; or the first packet behind the silence.
    pub last: Moment,
    /// How many transmissions are known; none where it shows from the other end.
    pub copies: u32,
    /// The first packet that came through again.
    pub ended: Moment,
}

/// The copies of one segment so far.
#[derive(Clone, Copy)]
struct Repeated {
    seq: i64,
    end: i64,
    first: Moment,
    last: Moment,
    copies: u32,
}

/// The last outages of a connection: of either side, and of an upload that shows from the other end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outages {
    found: [Option<Outage>; 3],
    trip: Span,
}

impl Outages {
    /// Those of this connection.
    pub(super) fn of(connection: &Connection<Exchanges>) -> Self {
        // Rows that were left out may hold the answers.
        if connection.elided || !connection.timed {
            return Self::default();
        }
        let trip = path_round_trip(connection).unwrap_or(Span::ZERO);
        let long = SHORTEST.max(Span::from_nanos(trip.nanos().saturating_mul(ROUND_TRIPS)));
        let found = |side| of_side(connection, side, trip, long);
        Self {
            found: [
                found(Side::Client),
                found(Side::Server),
                upload_restarted(connection, long),
            ],
            trip,
        }
    }

    /// The one in which, or right behind which, the connection was closed.
    pub(super) fn before(
        &self,
        connection: &Connection<Exchanges>,
        close: Close,
    ) -> Option<Outage> {
        // A FIN that waits behind what is still to be sent leaves some round trips later.
        let until = SHORTEST + Span::from_nanos(self.trip.nanos().saturating_mul(ROUNDS));
        let around = |o: &Outage| {
            let soon = close.at.time <= o.ended.time + until;
            close.at.time >= o.first.time && (soon || drained(connection, close, o, self.trip))
        };
        let found = self.found.into_iter().flatten();
        found.filter(around).max_by_key(|o| o.ended.frame)
    }
}

/// From the outage's end to its FIN the side that closed sent no more than a socket holds, and never rested: all that may have waited in
/// its socket when the program closed, the FIN behind it.
fn drained(connection: &Connection<Exchanges>, close: Close, outage: &Outage, trip: Span) -> bool {
    if close.kind != Kind::Fin || close.side != outage.side {
        return false;
    }
    let own = || {
        let packets = connection.packets.iter();
        packets.filter(|p| p.side == close.side && p.payload_len > 0 && p.known.has(Known::SEQ))
    };
    let behind = || own().filter(|p| p.frame >= outage.ended.frame && p.frame <= close.at.frame);
    let (Some(first), Some(last)) = (behind().next(), behind().next_back()) else {
        return false;
    };
    let rest = REST.max(trip + trip);
    // Of packets that were not kept the times do not show.
    let unkept = rest + SHORTEST;
    let goes_on = |(a, b): (&Packet, &Packet)| {
        let limit = if b.seq > a.seq_end() { unkept } else { rest };
        b.time - a.time <= limit
    };
    let flows = behind().zip(behind().skip(1)).all(goes_on);
    let leaves = close.at.time - last.time <= rest;
    // What is to be sent again waits for its timer, and what stands behind it as well.
    let mut told = connection.packets.iter();
    let told = told.find(|p| p.frame == outage.ended.frame && p.side != close.side);
    let owed = told.is_none_or(|p| first.seq > p.ack || first.marks.has(Marks::RETRANSMISSION));
    let began = owed || first.time - outage.ended.time <= rest;
    flows && leaves && began && last.seq_end() - first.seq <= SEND_BUFFER
}

/// The same from the other end: the upload rests for long, and goes on with a single segment, the next a round trip later. So does TCP
/// after a timeout (RFC 5681 §3.1); a program that paused comes back with more (RFC 2861).
fn upload_restarted(connection: &Connection<Exchanges>, long: Span) -> Option<Outage> {
    let trip = connection.vantage.round_trip.client.minimum?;
    let far = Span::from_nanos(trip.nanos().saturating_mul(3) / 4);
    if far < LEAST_TRIP {
        return None;
    }
    let data = || {
        let packets = connection.packets.iter();
        packets.filter(|p| p.side == Side::Client && p.payload_len > 0)
    };
    // A frame of several segments (offload) is no single one.
    let segment = connection
        .flows
        .client
        .largest_segment(&connection.flows.server);
    let is_one = |p: &Packet| p.payload_len <= segment && is_full(connection, p);
    let alone = |s: &&Silence| {
        let mut behind = data().filter(|p| p.frame >= s.until.frame);
        let first = behind.next().filter(|p| p.frame == s.until.frame);
        let next = behind.next();
        let rest = first.zip(next).map(|(first, next)| next.time - first.time);
        first.is_some_and(is_one) && rest.is_some_and(|rest| rest >= far)
    };
    let silences = connection.silences.iter();
    let rested =
        silences.filter(|s| s.broken_by == Side::Client && s.length >= LONG_REST.max(long));
    let last = rested.filter(alone).max_by_key(|s| s.until.frame)?;
    Some(Outage {
        side: Side::Client,
        first: last.after,
        last: last.until,
        copies: 0,
        ended: last.until,
    })
}

fn of_side(
    connection: &Connection<Exchanges>,
    side: Side,
    trip: Span,
    long: Span,
) -> Option<Outage> {
    let mut repeated: Option<Repeated> = None;
    let mut outage = None;
    for packet in &connection.packets {
        if packet.side == side {
            repeated = sent(repeated, packet, &connection.packets);
            continue;
        }
        let Some(r) = repeated.filter(|r| is_heard(packet, r, trip)) else {
            continue;
        };
        if r.copies >= COPIES && r.last.time - r.first.time >= long {
            outage = Some(Outage {
                side,
                first: r.first,
                last: r.last,
                copies: r.copies,
                ended: packet.moment(),
            });
        }
        repeated = None;
    }
    outage
}

/// Adds what the side sends: a copy counts, new data behind one that was repeated already does not matter.
fn sent(repeated: Option<Repeated>, packet: &Packet, all: &[Packet]) -> Option<Repeated> {
    let probes = Marks::KEEP_ALIVE | Marks::PROBE_OF_CLOSED_WINDOW | Marks::ZERO_WINDOW_PROBE;
    let opens = packet
        .flags
        .intersects(TcpFlags(TcpFlags::SYN.0 | TcpFlags::RST.0));
    let carries = packet.seq_end() > packet.seq && packet.known.has(Known::SEQ);
    if !carries || opens || packet.marks.intersects(probes) {
        return repeated;
    }
    match repeated {
        Some(r) if r.seq == packet.seq => Some(Repeated {
            last: packet.moment(),
            copies: r.copies.saturating_add(1),
            ..r
        }),
        Some(r) if r.copies > 1 && packet.seq > r.seq => Some(r),
        Some(r) if packet.seq > r.seq && packet.seq < r.end => Some(r),
        _ => Some(first_of(packet, all)),
    }
}

/// The segment's first transmission, where it was kept, and this one.
fn first_of(packet: &Packet, all: &[Packet]) -> Repeated {
    let same = |p: &&Packet| p.side == packet.side && p.seq == packet.seq && p.seq_end() > p.seq;
    let repeats = packet.marks.has(Marks::RETRANSMISSION);
    let first = all.iter().find(same).filter(|_| repeats);
    let copies = first.is_some_and(|first| first.frame < packet.frame);
    Repeated {
        seq: packet.seq,
        end: packet.seq_end(),
        first: first.unwrap_or(packet).moment(),
        last: packet.moment(),
        copies: 1 + u32::from(copies),
    }
}

/// The other side acknowledges it, or says anything at all later than what was on its way when it was first sent.
fn is_heard(packet: &Packet, repeated: &Repeated, trip: Span) -> bool {
    let acknowledges = packet.known.has(Known::ACK) && packet.ack > repeated.seq;
    acknowledges || packet.time > repeated.first.time + trip
}
