//! An orderly connection that is over, in brief: of one that ended well, the full analysis would tell no more.

use whyreset_capture::Span;
use whyreset_segments::{Checksum, Endpoint, Look};

use super::Orderly;
use super::middle::Half;
use super::narrow::Glimpse;
use super::short::Short;
use super::stock::Stock;
use super::syn_ack::SynAck;
use super::waiting::Waiting;
use crate::closing::{PassedFin, first_of_crossing_fins};
use crate::half_open::HalfOpen;
use crate::links::Links;
use crate::pairs::{ByEnd, End};
use crate::place::{self, Signs};
use crate::round_trip::LeastTrip;
use crate::{Brief, BySide, Ending, FrameSpan, Side, StreamSink};

impl<X: StreamSink> Orderly<X> {
    /// What is told of the connection `stream` between `ends`, where it ended well: everything that was sent is acknowledged,
    /// both sides have closed, and its sink misses nothing. `None` where it did not.
    pub(crate) fn in_brief(
        &mut self,
        stream: u64,
        ends: &ByEnd<Endpoint>,
        stock: &mut Stock,
        links: &Links,
    ) -> Option<Brief<X>> {
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
        let mut ends_seen = watch(&self.body.syn, &self.body.syn_ack, &looks, client);
        let signs = &mut ends_seen.of_mut(client).signs;
        signs.outgoing = self.body.syn.link(links).outgoing.or(signs.outgoing);
        let first_frame = self.body.first_frame;
        for short in self.first() {
            note(&mut ends_seen, &Glimpse::of(short), first_frame);
        }
        let mut passed_over = 0;
        let rest = &mut stock.rest;
        let body = &mut *self.body;
        if let Some(middle) = body.passed.take_up(rest, body.syn.moment()) {
            for end in [End::Low, End::High] {
                let seen = ends_seen.of_mut(end);
                seen.go_on(middle.ends.of(end), rest.measuring(end));
            }
            passed_over = middle.count();
        }
        self.log.glance_at_last(&body.before_ring, |it| {
            note(&mut ends_seen, it, first_frame);
        });
        let (of_client, of_server) = (ends_seen.of(client), ends_seen.of(server));
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
        let brief = Brief {
            stream,
            ends: BySide {
                client: *ends.of(client),
                server: *ends.of(server),
            },
            frames: FrameSpan {
                first: first_frame,
                last: self.log.clock().frame,
                count: 2 + self.log.len() as u64 + passed_over,
            },
            start: body.syn.moment().time,
            end: self.log.clock().time,
            bytes,
            closed_first,
            ending,
            fins: BySide {
                client: fins.client.at,
                server: fins.server.at,
            },
            place: place::place(
                &trips,
                &BySide {
                    client: of_client.signs,
                    server: of_server.signs,
                },
            ),
            trips,
            app: std::mem::take(&mut body.app),
        };
        stock.take_back(self.log.take_ring());
        Some(brief)
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

/// What watches both ends, from the opening on.
fn watch(syn: &HalfOpen, syn_ack: &SynAck, looks: &BySide<Look>, client: End) -> ByEnd<OfEnd> {
    let (asked, answered) = (syn.moment(), syn_ack.at);
    let mut of_client = OfEnd::new(syn.seq(), asked.frame, syn.ttl(), looks.client);
    let mut of_server = OfEnd::new(syn_ack.seq, answered.frame, syn_ack.ttl(), looks.server);
    of_server.signs.outgoing = syn_ack.outgoing().or(of_server.signs.outgoing);
    if let Some(checksum) = syn_ack.checksum {
        of_server.note_checksum(checksum);
    }
    of_client.trip.passed(of_client.next, asked.time);
    of_client.acked = of_client.next;
    of_client.trip.acknowledged(of_client.next, answered.time);
    of_server.trip.passed(of_server.next, answered.time);
    ByEnd::of_sides(client, of_client, of_server)
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
        peer.acked = it.ack;
        peer.trip.acknowledged(it.ack, it.time);
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
    /// An end whose SYN or SYN/ACK has this number, frame and TTL.
    fn new(seq: u32, frame: u64, ttl: u8, look: Look) -> Self {
        Self {
            trip: LeastTrip::default(),
            signs: Signs {
                first: Some(frame),
                ttl: Some(ttl),
                outgoing: look.link().outgoing,
                ..Signs::default()
            },
            next: seq.wrapping_add(1),
            sent_to: 1,
            acked: seq,
            fin: None,
        }
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
