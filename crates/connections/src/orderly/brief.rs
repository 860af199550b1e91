//! An orderly connection that is over, in brief: of one that ended well, the full analysis would tell no more.

use whyreset_capture::Span;
use whyreset_segments::{Checksum, Endpoint, Look};

use super::Orderly;
use super::middle::Half;
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
            client: self.ends.of(client).sent,
            server: self.ends.of(server).sent,
        };
        let arrived = self.numbers_below(server, self.ends.of(client).acked) >= bytes.server;
        let served = bytes.client > 0 || bytes.server == 0;
        if !self.ended() || !arrived || !served {
            return None;
        }
        let looks = BySide {
            client: stock.looks.get(self.ends.of(client).look?)?,
            server: stock.looks.get(self.ends.of(server).look?)?,
        };
        self.tell_passed(self.last());
        let ending = self.app.ending();
        if ending == Ending::InDoubt {
            return None;
        }
        let mut watch = Watch::of(&self.syn, &self.syn_ack, &looks);
        let outgoing = self.syn.link(links).outgoing;
        watch.client.signs.outgoing = outgoing.or(watch.client.signs.outgoing);
        let first_frame = self.first_frame;
        for short in self.log.first() {
            let side = self.side(short.from());
            watch.packet(short, side, first_frame);
        }
        let mut passed_over = 0;
        let rest = &mut stock.rest;
        if let Some(middle) = self.passed.take_up(rest, self.syn.moment()) {
            let trip = |of: End| least_trip(middle.ends.of(of), rest.measuring(of));
            let (of_client, of_server) = (middle.ends.of(client), middle.ends.of(server));
            watch.client.go_on(of_client, trip(server));
            watch.server.go_on(of_server, trip(client));
            passed_over = middle.count();
        }
        self.log.pass_last(|short| {
            let side = self.side(short.from());
            watch.packet(short, side, first_frame);
        });
        let fins = watch.fins()?;
        let trips = BySide {
            client: watch.client.trip.minimum(),
            server: watch.server.trip.minimum(),
        };
        let closed_first = closed_first(&fins, &trips);
        let at_once = closed_first == Side::Server && self.pause_before_fin.is_none();
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
                first: self.first_frame,
                last: self.last_frame(),
                count: 2 + self.log.len() as u64 + passed_over,
            },
            start: self.syn.moment().time,
            end: self.log.before().time(),
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
                    client: watch.client.signs,
                    server: watch.server.signs,
                },
            ),
            trips,
            app: std::mem::take(&mut self.app),
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

/// The smallest round trip to the other end of the one that sent `passed`, of which `measuring` waits.
fn least_trip<'w>(passed: &Half, measuring: impl Iterator<Item = &'w Waiting>) -> LeastTrip {
    let mut least = LeastTrip::of(passed.trips.minimum());
    for it in measuring {
        least.passed(passed.relative(it.end), it.at.time());
    }
    least
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

/// What has to see every packet.
struct Watch {
    client: OfSide,
    server: OfSide,
}

/// One side of it.
struct OfSide {
    trip: LeastTrip,
    signs: Signs,
    /// The number behind the last one sent, as the header has it and relative.
    next: u32,
    sent_to: i64,
    fin: Option<PassedFin>,
}

impl Watch {
    /// Begins with the opening.
    fn of(syn: &HalfOpen, syn_ack: &SynAck, looks: &BySide<Look>) -> Self {
        let asked = syn.moment();
        let mut client = OfSide::new(syn.seq(), asked.frame, syn.ttl(), looks.client);
        let mut server = OfSide::new(syn_ack.seq, syn_ack.at.frame, syn_ack.ttl(), looks.server);
        server.signs.outgoing = syn_ack.outgoing().or(server.signs.outgoing);
        server.note_checksum(syn_ack.checksum);
        let answered = syn_ack.at.time;
        server.trip.passed(1, asked.time);
        server.trip.acknowledged(1, answered);
        client.trip.passed(1, answered);
        Self { client, server }
    }

    fn packet(&mut self, short: &Short, side: Side, first: u64) {
        let (own, peer) = match side {
            Side::Client => (&mut self.client, &mut self.server),
            Side::Server => (&mut self.server, &mut self.client),
        };
        let at = short.moment(first);
        let (len, payload_len) = (short.sequence_len(), short.payload_len());
        let ahead = peer.next.wrapping_sub(short.ack);
        let ack = peer.sent_to.saturating_sub(i64::from(ahead));
        let seq = own.sent_to;
        own.next = own.next.wrapping_add(len);
        own.sent_to = seq.saturating_add(i64::from(len));
        own.trip.acknowledged(ack, at.time);
        if len > 0 {
            peer.trip.passed(own.sent_to, at.time);
        }
        own.note_checksum(short.checksum());
        if short.flags().is_fin() {
            own.fin = Some(PassedFin {
                at,
                seq: seq.saturating_add(i64::from(payload_len)),
                ack,
            });
        }
    }

    fn fins(&self) -> Option<BySide<PassedFin>> {
        Some(BySide {
            client: self.client.fin?,
            server: self.server.fin?,
        })
    }
}

impl OfSide {
    /// A side whose SYN or SYN/ACK has this number, frame and TTL.
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
            fin: None,
        }
    }

    /// Goes on behind what was passed over.
    fn go_on(&mut self, passed: &Half, trip: LeastTrip) {
        self.trip = trip;
        self.next = passed.next();
        self.sent_to = passed.sent_to;
    }

    fn note_checksum(&mut self, checksum: Option<Checksum>) {
        match checksum {
            Some(Checksum::Good) => self.signs.checksum_checked += 1,
            Some(Checksum::Bad | Checksum::Offloaded) => {
                self.signs.checksum_checked += 1;
                self.signs.checksum_unfinished += 1;
            }
            Some(Checksum::Unverifiable) | None => {}
        }
    }
}
