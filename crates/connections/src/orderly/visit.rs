//! What a connection that goes by the book tells its neighbours.

use whyreset_segments::{Endpoint, Look};

use super::Orderly;
use super::short::{At, Short};
use super::stock::Stock;
use crate::neighbours::Visit;
use crate::pairs::End;
use crate::{Closing, Moment, StreamSink};

impl<X: StreamSink> Orderly<X> {
    /// What it tells of its listener.
    pub(crate) fn visit(&self, ends: impl Fn(End) -> Endpoint, stock: &mut Stock) -> Visit {
        let (client, server) = (self.client, self.server());
        let heard = self.last_heard(server).unwrap_or(self.body.syn_ack.at);
        let ttl = self.body.syn_ack.ttl();
        let usual = self
            .ends
            .of(server)
            .look
            .and_then(|look| stock.looks.get(look));
        let usual = usual.map_or(ttl, Look::ttl);
        Visit {
            asked: true,
            answered: Some(self.body.syn_ack.at),
            // It only counts where nothing else was captured, and is looked for there alone.
            left: !self.has_ordinary() && self.closed_first().is_some(),
            refused: false,
            last_data: self.last_data(server),
            ttl: Some((ttl.min(usual), ttl.max(usual))),
            idle_close: self
                .body
                .pause_before_fin
                .filter(|_| self.closed_first() == Some(server)),
            last_heard: Some(heard),
            uncaptured: false,
            // Who hears nothing sends again, and that is not by the book.
            fell_silent: false,
            reset: false,
            closing: self.closing_of(server),
            leaving: self
                .closing_of(client)
                .map(|leaving| (ends(client).host, leaving)),
        }
    }

    /// The last packet of an end behind the handshake: among the last ones, else in the middle, else among the first.
    fn last_heard(&self, end: End) -> Option<Moment> {
        let body = &*self.body;
        let (before, first_frame) = (&body.before_ring, body.first_frame);
        let in_middle = || {
            let half = body.passed.middle.as_deref()?.ends.of(end);
            (half.packets > 0).then_some(half.spoken)
        };
        let in_ring = self.log.last_of(end, 0, before, first_frame);
        let last = in_ring.or_else(in_middle);
        let last = last.or_else(|| self.last_of_first(end, 0));
        last.map(|at| at.moment(first_frame))
    }

    /// The last of the first packets that is of this end and has so much payload at least.
    pub(super) fn last_of_first(&self, end: End, payload: u32) -> Option<At> {
        let is_it = |short: &&Short| short.from() == end && short.payload_len() >= payload;
        self.first().iter().rfind(is_it).map(Short::at)
    }

    /// Whose FIN passed first.
    fn closed_first(&self) -> Option<End> {
        self.first_fin().map(|fin| fin.from())
    }

    /// The first FIN.
    fn first_fin(&self) -> Option<Short> {
        let mut packets = self.log.iter(&self.body.before_ring);
        packets.find(|short| short.flags().is_fin())
    }

    /// This end closed first, out of a silence.
    fn closing_of(&self, end: End) -> Option<Closing> {
        let waited = self.body.pause_before_fin?;
        let fin = self.first_fin().filter(|fin| fin.from() == end)?;
        Some(Closing {
            at: fin.at().moment(self.body.first_frame),
            waited,
        })
    }
}
