//! The end of a connection: everything that was seen of it.

use whyreset_capture::Timestamp;
use whyreset_segments::Endpoint;

use super::Live;
use crate::neighbours::{UNHEARD_FOR, Visit};
use crate::pairs::{ByEnd, End};
use crate::reassembly::Outlet;
use crate::{BySide, Closing, Connection, EngineConfig, Flow, Moment, StreamSink, Vantage};

impl<X: StreamSink> Live<X> {
    /// What it tells of its listener, the server's end.
    pub(crate) fn visit(&self, ends: impl Fn(End) -> Endpoint) -> Visit {
        let (asking, server) = (self.course.client, self.course.client.other());
        let flow = &self.directions.of(server).flow;
        let asker = self.directions.of(self.course.client);
        let client = &asker.flow;
        let first_to_close = match (flow.fin, client.fin) {
            (Some(own), Some(other)) => own.at.frame < other.at.frame,
            (own, _) => own.is_some(),
        };
        Visit {
            asked: self.handshake.syn.is_some(),
            answered: self.handshake.syn_ack,
            left: flow.fin.is_some() || client.fin.is_some(),
            refused: self.handshake.syn_ack.is_none()
                && self.reset_count.server > 0
                && flow.bytes == 0,
            last_data: flow.last_data,
            ttl: flow.network.ttl_min.zip(flow.network.ttl_max),
            idle_close: self.pause_before_fin.filter(|_| first_to_close),
            last_heard: flow.last,
            uncaptured: self.handshake.syn.is_some() && flow.packets == 0 && asker.acknowledges,
            fell_silent: fell_silent(client, flow),
            reset: self.reset_count.server > 0,
            closing: self.closing_of(server),
            leaving: self
                .closing_of(asking)
                .map(|leaving| (ends(asking).host, leaving)),
        }
    }

    /// This end closed it first, out of a silence, or aborted it.
    fn closing_of(&self, end: End) -> Option<Closing> {
        let fin = |end: End| self.directions.of(end).flow.fin.map(|fin| fin.at);
        let later = |own: &Moment| fin(end.other()).is_none_or(|peer| own.frame < peer.frame);
        let quiet = fin(end).filter(later).zip(self.pause_before_fin);
        let quiet = quiet.map(|(at, waited)| Closing { at, waited });
        let opened = self.handshake.syn.is_none() || self.handshake.syn_ack.is_some();
        let aborted = self.aborted.filter(|(by, _)| *by == end && opened);
        quiet.or(aborted.map(|(_, closing)| closing))
    }

    /// Bytes that it holds, roughly.
    pub(crate) fn size(&self) -> usize {
        let directions = self.directions.low.heap_size() + self.directions.high.heap_size();
        let streams = self.course.streams.low.heap_size() + self.course.streams.high.heap_size();
        size_of::<Self>() + directions + streams + self.packets.heap_size()
    }

    /// Nothing more will come: the sink gets what was held back, of both directions in the order of the frames.
    fn flush_streams(&mut self) {
        let at = Moment {
            frame: self.course.frames.last,
            time: self.course.end,
        };
        while let Some(end) = self.held_longest() {
            let side = self.side(end);
            let sink = &mut self.app;
            let mut outlet = Outlet { sink, side, at };
            self.course.streams.of_mut(end).give_up_hole(&mut outlet);
        }
        for end in [End::Low, End::High] {
            let side = self.side(end);
            let stream_end = self.end_that_shows(end);
            let sink = &mut self.app;
            let mut outlet = Outlet { sink, side, at };
            self.course
                .streams
                .of_mut(end)
                .flush(stream_end, &mut outlet);
        }
    }

    /// How much a side sent, in bytes: as far as its packets show, or, without its FIN, as far as its peer
    /// acknowledged.
    fn end_that_shows(&self, end: End) -> u64 {
        let direction = self.directions.of(end);
        let seen = direction.stream_end();
        match direction.flow.fin {
            Some(_) => seen,
            None => seen.max(self.course.streams.of(end).acknowledged_to()),
        }
    }

    /// The direction whose next held piece is the older one.
    fn held_longest(&self) -> Option<End> {
        let since = |end| Some((self.course.streams.of(end).held_since()?, end));
        let held = [End::Low, End::High].into_iter().filter_map(since);
        held.min_by_key(|(frame, _)| *frame).map(|(_, end)| end)
    }

    /// It is over: everything that was seen of it.
    #[expect(
        clippy::boxed_local,
        reason = "its parts are moved out of the box one by one, the whole is not"
    )]
    pub(crate) fn conclude(
        mut self: Box<Self>,
        stream: u64,
        ends: &ByEnd<Endpoint>,
        capture_end: Timestamp,
        retired_early: bool,
        config: &EngineConfig,
    ) -> Connection<X> {
        self.catch_up(config);
        self.tell_passed();
        self.flush_streams();
        let client = self.course.client;
        for end in [client, client.other()] {
            let direction = self.directions.of_mut(end);
            direction.conclude();
            if self.elided {
                count_what_was_acknowledged(&mut direction.flow);
            }
        }
        let mut connection = Connection {
            stream,
            ends: BySide {
                client: *ends.of(client),
                server: *ends.of(client.other()),
            },
            opener: self.opener,
            frames: self.course.frames,
            start: self.start,
            end: self.course.end,
            capture_end,
            retired_early,
            handshake: self.handshake,
            flows: match client {
                End::Low => BySide {
                    client: self.directions.low.flow,
                    server: self.directions.high.flow,
                },
                End::High => BySide {
                    client: self.directions.high.flow,
                    server: self.directions.low.flow,
                },
            },
            resets: Vec::new(),
            reset_count: self.reset_count,
            notices: self.notices,
            silences: Vec::new(),
            silence_before_end: None,
            vantage: Vantage::default(),
            packets: self.packets.expand(),
            packets_dropped: self.packets.dropped(),
            captured_twice: self.captured_twice,
            inferred: self.inferred,
            elided: self.elided,
            timed: self.timed,
            ports_told: self.ports_told,
            readings: BySide::default(),
            sendings: BySide::default(),
            stacks: BySide::default(),
            sent: BySide::default(),
            app: self.app,
        };
        if connection.ends.client == connection.ends.server {
            // One end that talks to itself: what it sent is both sides' at once.
            connection.flows.server.bytes = connection.flows.client.bytes;
        }
        self.observers.conclude(&mut connection);
        connection
    }
}

/// The client sent something again, long after the server's last packet, and got no acknowledgement of it.
fn fell_silent(client: &Flow, server: &Flow) -> bool {
    let (Some(asked), Some(heard)) = (client.last, server.last) else {
        return false;
    };
    let fin_again = client.fin.is_some_and(|fin| fin.retransmissions > 0);
    let data_again = client
        .last_data
        .zip(client.last_new_data)
        .is_some_and(|(last, new)| last.frame > new.frame && last.time > heard.time);
    (fin_again || data_again) && asked.time - heard.time > UNHEARD_FOR
}

/// Of a list with rows left out, what was acknowledged was sent, whether its row is shown or not.
fn count_what_was_acknowledged(flow: &mut Flow) {
    let fin = i64::from(flow.fin.is_some_and(|fin| flow.acked_to > fin.seq));
    let acknowledged = flow.acked_to.saturating_sub(1).saturating_sub(fin);
    flow.bytes = flow.bytes.max(u64::try_from(acknowledged).unwrap_or(0));
}
