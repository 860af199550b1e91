//! What the rest of the capture tells about a connection's hosts and listener.

mod answers;

use std::collections::BTreeMap;

use whyreset_capture::Span;
use whyreset_segments::{Endpoint, Host};

use crate::{Closing, Closings, Moment};
pub use answers::Answers;

/// What was seen of one listener (server address and port) in the whole capture so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Listener {
    /// The address and port.
    pub endpoint: Endpoint,
    /// Connections that were asked for with a SYN (a SYN that is sent again counts once).
    pub syns: u64,
    /// Of these, answered with SYN/ACK.
    pub answered: u64,
    /// Of these, answered with RST.
    pub refused: u64,
    /// The last SYN/ACK it sent.
    pub last_answer: Option<Moment>,
    /// The last data it sent.
    pub last_data: Option<Moment>,
    /// The first few moments at which it answered a SYN, for "seconds before and after".
    pub answers: Answers,
    /// TTLs its packets arrived with (RSTs left out): the smallest and the largest.
    pub ttl: Option<(u8, u8)>,
    /// Connections that it closed with FIN after idling: how often, and the shortest and longest silence.
    pub idle_closes: Option<(u32, Span, Span)>,
    /// The last packet of any kind that came from it.
    pub last_heard: Option<Moment>,
    /// Connections that their client went on with behind its SYN, though no packet of the listener was captured: its direction is not.
    pub uncaptured: u64,
    /// When it was last heard in connections whose client sent something again and heard nothing more: at most 64, the first.
    pub fell_silent: Vec<Moment>,
    /// From its SYN/ACK to its last packet in connections that it did not reset: at most 8, the longest.
    pub lives: Vec<Life>,
    /// When it closed connections first, out of a silence or with RST.
    pub closings: Closings,
    /// When its clients did.
    pub leavings: Closings,
}

/// How long a listener kept a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// Its SYN/ACK.
    pub opened: Moment,
    /// Its last packet.
    pub heard: Moment,
}

/// Listeners that are remembered; beyond them the one that was met first is forgotten.
const MAX_LISTENERS: usize = 4_096;
/// Connections in which it fell silent, that are kept for each listener.
const MAX_SILENT: usize = 64;
/// Long connections that are kept for each listener, and shorter ones that are not.
const MAX_LIVES: usize = 8;
const SHORT_LIFE: Span = Span::from_secs(3);
/// So long after the listener's last packet a client's next is no answer to it: the first retransmission timeout (RFC 6298).
pub(crate) const UNHEARD_FOR: Span = Span::from_secs(1);

/// What the capture shows of all hosts and listeners; bounded, the oldest are forgotten.
///
/// A connection is added when it is handed on, or, for all that are open then, when the capture ends.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    /// In the order in which they were met, around the end: the oldest is the one at `oldest`, as soon as there are as many as can be.
    listeners: Vec<Listener>,
    oldest: usize,
    /// Where each of them is.
    places: BTreeMap<Endpoint, usize>,
    /// Where the one is that a connection told of last: mostly the next one does so too.
    last: usize,
    /// A packet was captured that neither opens nor ends a connection.
    ordinary: bool,
    /// A SYN/ACK was captured.
    answers: bool,
    /// A FIN was captured.
    leaves: bool,
    /// A packet of a listener was captured.
    heard: bool,
    /// A client acknowledged what was not captured of a listener.
    unheard: bool,
}

/// What one connection tells of its listener.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Visit {
    pub(crate) asked: bool,
    pub(crate) answered: Option<Moment>,
    /// A side closed it with FIN.
    pub(crate) left: bool,
    pub(crate) refused: bool,
    pub(crate) last_data: Option<Moment>,
    pub(crate) ttl: Option<(u8, u8)>,
    /// The listener closed it first, after so long a silence.
    pub(crate) idle_close: Option<Span>,
    /// The listener's last packet.
    pub(crate) last_heard: Option<Moment>,
    /// Nothing of the listener was captured, but its client acknowledges what it heard.
    pub(crate) uncaptured: bool,
    /// The client sent something again long after it, and heard nothing.
    pub(crate) fell_silent: bool,
    /// The listener sent RST in it.
    pub(crate) reset: bool,
    /// The listener closed it first, out of a silence; or with RST.
    pub(crate) closing: Option<Closing>,
    /// Its client did.
    pub(crate) leaving: Option<(Host, Closing)>,
}

impl Neighbours {
    /// What was seen of a listener.
    pub fn listener(&self, endpoint: Endpoint) -> Option<&Listener> {
        self.listeners.get(*self.places.get(&endpoint)?)
    }

    /// All listeners of a host.
    pub fn host(&self, host: Host) -> impl Iterator<Item = &Listener> {
        let at = |port| Endpoint { host, port };
        self.places
            .range(at(0)..=at(u16::MAX))
            .filter_map(|(_, place)| self.listeners.get(*place))
    }

    /// Whether the capture so far holds any packet without SYN, FIN and RST. Where it holds none, a filter may have left out what
    /// passes between them.
    pub const fn has_ordinary(&self) -> bool {
        self.ordinary
    }

    /// Whether the capture so far holds anything that an answered SYN leads to: a SYN/ACK, or a packet without SYN, FIN and RST. Where it
    /// holds neither, a filter may have picked SYNs, and RSTs, alone.
    pub const fn has_answers(&self) -> bool {
        self.ordinary || self.answers
    }

    /// Whether a filter on TCP flags has certainly picked the packets so far: connections were closed in order, and nothing that passes
    /// before a close was captured.
    pub const fn is_picked_by_flags(&self) -> bool {
        self.leaves && !self.ordinary
    }

    /// Whether the capture so far holds what clients send, and nothing of any listener, though clients hear them: of one direction alone.
    pub const fn is_of_clients_alone(&self) -> bool {
        self.unheard && !self.heard
    }

    /// A packet without SYN, FIN and RST was captured.
    #[inline]
    pub(crate) const fn note_ordinary(&mut self) {
        self.ordinary = true;
    }

    /// Adds what a connection tells of the listener at `endpoint`.
    pub(crate) fn visit(&mut self, endpoint: Endpoint, visit: &Visit) {
        self.answers |= visit.answered.is_some();
        self.leaves |= visit.left;
        self.heard |= visit.last_heard.is_some();
        self.unheard |= visit.uncaptured;
        if let Some(listener) = self.listener_mut(endpoint) {
            listener.visit(visit);
        }
    }

    /// Adds SYNs that nothing answered.
    pub(crate) fn unanswered(&mut self, endpoint: Endpoint, count: u64) {
        self.visit(endpoint, &Visit::default());
        if let Some(listener) = self.listener_mut(endpoint) {
            listener.syns = listener.syns.saturating_add(count);
        }
    }

    /// A listener, which is remembered from now on.
    fn listener_mut(&mut self, endpoint: Endpoint) -> Option<&mut Listener> {
        let last = self.listeners.get(self.last);
        if last.is_none_or(|last| last.endpoint != endpoint) {
            let known = self.places.get(&endpoint).copied();
            self.last = known.unwrap_or_else(|| self.meet(endpoint));
        }
        self.listeners.get_mut(self.last)
    }

    /// Remembers a listener that is not known; gives its place.
    fn meet(&mut self, endpoint: Endpoint) -> usize {
        let listener = Listener::new(endpoint);
        let place = if self.listeners.len() < MAX_LISTENERS {
            self.listeners.push(listener);
            self.listeners.len() - 1
        } else {
            let place = self.oldest;
            self.oldest = (place + 1) % MAX_LISTENERS;
            if let Some(oldest) = self.listeners.get_mut(place) {
                self.places.remove(&oldest.endpoint);
                *oldest = listener;
            }
            place
        };
        self.places.insert(endpoint, place);
        place
    }
}

impl Listener {
    fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            syns: 0,
            answered: 0,
            refused: 0,
            last_answer: None,
            last_data: None,
            answers: Answers::default(),
            ttl: None,
            idle_closes: None,
            last_heard: None,
            uncaptured: 0,
            fell_silent: Vec::new(),
            lives: Vec::new(),
            closings: Closings::default(),
            leavings: Closings::default(),
        }
    }

    fn visit(&mut self, visit: &Visit) {
        self.syns += u64::from(visit.asked);
        self.refused += u64::from(visit.refused);
        self.uncaptured += u64::from(visit.uncaptured);
        if let Some(at) = visit.answered {
            self.answered += 1;
            self.last_answer = Some(later(self.last_answer, at));
            self.answers.add(at);
        }
        if let Some(at) = visit.last_data {
            self.last_data = Some(later(self.last_data, at));
        }
        if let Some(at) = visit.last_heard {
            self.last_heard = Some(later(self.last_heard, at));
            if visit.fell_silent && self.fell_silent.len() < MAX_SILENT {
                self.fell_silent.push(at);
            }
        }
        if let Some((opened, heard)) = visit.answered.zip(visit.last_heard)
            && !visit.reset
        {
            self.note_life(Life { opened, heard });
        }
        if let Some(closing) = visit.closing {
            self.closings.add(self.endpoint.host, closing);
        }
        if let Some((client, leaving)) = visit.leaving {
            self.leavings.add(client, leaving);
        }
        if let Some((low, high)) = visit.ttl {
            let (least, most) = self.ttl.unwrap_or((low, high));
            self.ttl = Some((least.min(low), most.max(high)));
        }
        if let Some(silence) = visit.idle_close {
            let (count, shortest, longest) = self.idle_closes.unwrap_or((0, silence, silence));
            self.idle_closes = Some((
                count.saturating_add(1),
                shortest.min(silence),
                longest.max(silence),
            ));
        }
    }

    /// Keeps a long life, in the place of the shortest.
    fn note_life(&mut self, life: Life) {
        if life.length() < SHORT_LIFE {
            return;
        }
        self.lives.push(life);
        if self.lives.len() > MAX_LIVES {
            let lives = self.lives.iter().enumerate();
            if let Some((shortest, _)) = lives.min_by_key(|(_, life)| life.length()) {
                self.lives.swap_remove(shortest);
            }
        }
    }
}

impl Life {
    fn length(&self) -> Span {
        self.heard.time - self.opened.time
    }
}

fn later(known: Option<Moment>, at: Moment) -> Moment {
    known.filter(|known| known.time > at.time).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_segments::endpoint;
    use whyreset_capture::Timestamp;

    fn answered(second: i64) -> Visit {
        Visit {
            asked: true,
            answered: Some(Moment {
                frame: second.unsigned_abs(),
                time: Timestamp::from_nanos(second * 1_000_000_000),
            }),
            ttl: Some((60, 64)),
            idle_close: Some(Span::from_secs(second)),
            ..Visit::default()
        }
    }

    #[test]
    fn listeners_are_counted_by_host_and_port() {
        let mut neighbours = Neighbours::default();
        let web = endpoint(2, 80);
        for second in 1..40 {
            neighbours.visit(web, &answered(second));
        }
        neighbours.unanswered(endpoint(2, 443), 7);
        neighbours.unanswered(endpoint(3, 80), 1);
        let listener = neighbours.listener(web).unwrap();
        assert_eq!((listener.syns, listener.answered), (39, 39));
        assert_eq!(listener.last_answer.unwrap().frame, 39);
        assert_eq!(listener.answers.len(), 16);
        assert_eq!(listener.answers.first().unwrap().frame, 1);
        let idle = listener.idle_closes.unwrap();
        assert_eq!(idle, (39, Span::from_secs(1), Span::from_secs(39)));
        assert_eq!(neighbours.host(web.host).count(), 2);
        assert_eq!(neighbours.listener(endpoint(2, 443)).unwrap().syns, 7);
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut neighbours = Neighbours::default();
        for port in 0..=u16::MAX {
            neighbours.unanswered(endpoint(9, port), 1);
        }
        assert_eq!(neighbours.listeners.len(), MAX_LISTENERS);
        assert!(neighbours.listener(endpoint(9, 0)).is_none());
        assert!(neighbours.listener(endpoint(9, u16::MAX)).is_some());
    }
}
