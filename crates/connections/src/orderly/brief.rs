//! An orderly connection that is over, in brief: of one that ended well, the full analysis would tell no more.

use whyreset_capture::{Span, Timestamp};
use whyreset_segments::{Checksum, Endpoint};

use super::Orderly;
use super::middle::Half;
use super::narrow::Glimpse;
use super::short::Short;
use super::stock::Stock;
use super::waiting::Waiting;
use crate::closing::{PassedFin, first_of_crossing_fins};
use crate::links::Links;
use crate::pairs::{ByEnd, End};
use crate::place::{self, Signs};
use crate::round_trip::LeastTrip;
use crate::{Brief, BySide, Ending, FrameSpan, Moment, Place, Side, StreamSink};

/// What is told of a connection that ended well, but for its name and what its sink made of it.
pub(crate) struct EndedWell {
    client: End,
    frames: FrameSpan,
    start: Timestamp,
    end: Timestamp,
    bytes: BySide<u64>,
    fins: BySide<Moment>,
    closed_first: Side,
    ending: Ending,
    place: Place,
    trips: BySide<Option<Span>>,
}

impl EndedWell {
    /// The connection `stream` between `ends` in brief, of which its sink made this.
    #[inline(always)]
    pub(crate) fn brief<Y>(self, stream: u64, ends: &ByEnd<Endpoint>, app: Y) -> Brief<Y> {
        Brief {
            stream,
            ends: BySide {
                client: *ends.of(self.client),
                server: *ends.of(self.client.other()),
            },
            frames: self.frames,
            start: self.start,
            end: self.end,
            bytes: self.bytes,
            fins: self.fins,
            closed_first: self.closed_first,
            ending: self.ending,
            place: self.place,
            trips: self.trips,
            app,
        }
    }
}

impl<X: StreamSink> Orderly<X> {
    /// What is told of the connection, where it ended well: everything that was sent is acknowledged, both sides have closed, and its sink
    /// misses nothing. `None` where it did not.
    #[inline]
    pub(crate) fn ended_well(&mut self, stock: &mut Stock, links: &Links) -> Option<EndedWell> {
        let (client, server) = (self.client, self.server());
        let bytes = BySide {
            client: self.sent(client),
            server: self.sent(server),
        };
        let arrived = self.numbers_below(server, self.acked(client)) >= bytes.server;
        let served = bytes.client > 0 || bytes.server == 0;
        if !self.ended() || !arrived || !served {
            return None;
        }
        let looks = BySide {
            client: stock.looks.get(self.ends.of(client).look?)?,
            server: stock.looks.get(self.ends.of(server).look?)?,
        };
        self.tell_passed(self.last());
        let ending = self.body.app.ending();
        if ending == Ending::InDoubt {
            return None;
        }
        let (syn, answer) = (&self.body.syn, &self.body.syn_ack);
        let asked = || OfEnd::begin(syn.seq(), syn.moment(), syn.ttl());
        let answered = || OfEnd::begin(answer.seq, answer.at, answer.ttl());
        // Each is made where it stays.
        let mut seen = match client {
            End::Low => ByEnd {
                low: asked(),
                high: answered(),
            },
            End::High => ByEnd {
                low: answered(),
                high: asked(),
            },
        };
        let (asked, answered) = seen.both_mut(client);
        asked.signs.outgoing = syn.outgoing(links).or_else(|| looks.client.outgoing());
        answered.signs.outgoing = answer.outgoing().or_else(|| looks.server.outgoing());
        if let Some(checksum) = answer.checksum {
            answered.note_checksum(checksum);
        }
        asked.acknowledged(asked.next, answer.at.time);
        let first_frame = self.body.first_frame;
        for short in self.first() {
            note(&mut seen, &Glimpse::of(short), first_frame);
        }
        let mut passed_over = 0;
        let rest = &mut stock.rest;
        let body = &mut *self.body;
        if let Some(middle) = body.passed.take_up(rest, body.syn.moment()) {
            for end in [End::Low, End::High] {
                let seen = seen.of_mut(end);
                seen.go_on(middle.ends.of(end), rest.measuring(end));
            }
            passed_over = middle.count();
        }
        self.log.glance_at_last(&body.before_ring, |it| {
            note(&mut seen, it, first_frame);
        });
        let (of_client, of_server) = seen.both(client);
        let fins = BySide {
            client: of_client.fin?,
            server: of_server.fin?,
        };
        let trips = BySide {
            client: of_server.trip.minimum(),
            server: of_client.trip.minimum(),
        };
        let closed_first = closed_first(&fins, &trips);
        let at_once = closed_first == Side::Server && body.pause_before_fin.is_none();
        if ending == Ending::Unread && !at_once {
            return None;
        }
        let signs = BySide {
            client: of_client.signs,
            server: of_server.signs,
        };
        Some(EndedWell {
            client,
            frames: FrameSpan {
                first: first_frame,
                last: self.log.clock().frame,
                count: 2 + self.log.len() as u64 + passed_over,
            },
            start: body.syn.moment().time,
            end: self.log.clock().time,
            bytes,
            fins: BySide {
                client: fins.client.at,
                server: fins.server.at,
            },
            closed_first,
            ending,
            place: place::place(&trips, &signs),
            trips,
        })
    }

    /// Its sink, which hears nothing more.
    pub(crate) fn take_app(&mut self) -> X {
        std::mem::take(&mut self.body.app)
    }

    /// The initial sequence numbers of both ends.
    pub(crate) fn initial_numbers(&self) -> ByEnd<u32> {
        let starts = self.starts();
        ByEnd {
            low: starts.low.wrapping_sub(1),
            high: starts.high.wrapping_sub(1),
        }
    }
}

fn closed_first(fins: &BySide<PassedFin>, trips: &BySide<Option<Span>>) -> Side {
    let passed = |side: Side| {
        let at = fins.of(side).at;
        (at.time, at.frame)
    };
    first_of_crossing_fins(fins, trips).unwrap_or_else(|| {
        if passed(Side::Client) <= passed(Side::Server) {
            Side::Client
        } else {
            Side::Server
        }
    })
}

/// What has to see every packet of one end.
struct OfEnd {
    /// How soon the other end acknowledged what it sent.
    trip: LeastTrip,
    signs: Signs,
    /// The number behind the last one sent, as the header has it and relative.
    next: u32,
    sent_to: i64,
    /// The number behind the last that the other end acknowledged, as the header has it.
    acked: u32,
    fin: Option<PassedFin>,
}

/// The next packet.
#[inline(always)]
fn note(ends: &mut ByEnd<OfEnd>, it: &Glimpse, first: u64) {
    // Once for each end: where its numbers are need not be found out then.
    match Short::sender(it.bits) {
        End::Low => note_from(&mut ends.low, &mut ends.high, it, first),
        End::High => note_from(&mut ends.high, &mut ends.low, it, first),
    }
}

#[inline(always)]
fn note_from(own: &mut OfEnd, peer: &mut OfEnd, it: &Glimpse, first: u64) {
    if it.ack != peer.acked {
        peer.acknowledged(it.ack, it.time);
    }
    let len = Short::sequence_len_of(it.bits);
    if len > 0 {
        own.next = own.next.wrapping_add(len);
        own.sent_to = own.sent_to.saturating_add(i64::from(len));
        own.trip.passed(own.next, it.time);
    }
    if let Some(checksum) = Short::checksum_of(it.bits) {
        own.note_checksum(checksum);
    }
    if Short::flags_of(it.bits).is_fin() {
        let ahead = peer.next.wrapping_sub(it.ack);
        own.fin = Some(PassedFin {
            at: it.at().moment(first),
            // Its own number is the last.
            seq: own.sent_to.saturating_sub(1),
            ack: peer.sent_to.saturating_sub(i64::from(ahead)),
        });
    }
}

impl OfEnd {
    /// Begins with a SYN or SYN/ACK that has this number and TTL.
    #[inline(always)]
    fn begin(seq: u32, at: Moment, ttl: u8) -> Self {
        let next = seq.wrapping_add(1);
        let mut trip = LeastTrip::default();
        trip.passed(next, at.time);
        Self {
            trip,
            signs: Signs {
                first: Some(at.frame),
                ttl: Some(ttl),
                ..Signs::default()
            },
            next,
            sent_to: 1,
            acked: seq,
            fin: None,
        }
    }

    /// The other end acknowledges more than before.
    #[inline(always)]
    fn acknowledged(&mut self, ack: u32, time: Timestamp) {
        self.acked = ack;
        self.trip.acknowledged(ack, time);
    }

    /// Goes on behind what was passed over, of which `measuring` waits.
    fn go_on<'w>(&mut self, passed: &Half, measuring: impl Iterator<Item = &'w Waiting>) {
        self.trip = LeastTrip::of(passed.trips.minimum());
        for it in measuring {
            self.trip.passed(passed.number(it.end.into()), it.at.time());
        }
        self.next = passed.next();
        self.sent_to = passed.sent_to;
        self.acked = passed.acked_number();
    }

    const fn note_checksum(&mut self, checksum: Checksum) {
        match checksum {
            Checksum::Good => self.signs.checksum_checked += 1,
            Checksum::Bad | Checksum::Offloaded => {
                self.signs.checksum_checked += 1;
                self.signs.checksum_unfinished += 1;
            }
            Checksum::Unverifiable => {}
        }
    }
}
