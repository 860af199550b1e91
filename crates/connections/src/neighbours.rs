//! What the rest of the capture tells about a connection's hosts and listener.

use whyreset_capture::Span;
use whyreset_segments::Endpoint;

use crate::Moment;

/// What was seen of one listener (server address and port) in the whole capture so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Listener {
    /// The address and port.
    pub endpoint: Endpoint,
    /// Opening SYNs to it.
    pub syns: u64,
    /// SYNs answered with SYN/ACK.
    pub answered: u64,
    /// SYNs answered with RST.
    pub refused: u64,
    /// The last SYN/ACK it sent.
    pub last_answer: Option<Moment>,
    /// The last data it sent.
    pub last_data: Option<Moment>,
    /// The first few moments at which it answered a SYN, for "seconds before and after": at most 16, thinned.
    pub answers: Vec<Moment>,
    /// TTLs its packets arrived with (RSTs left out): the smallest and the largest.
    pub ttl: Option<(u8, u8)>,
    /// Connections that it closed with FIN after idling: how often, and the shortest and longest silence.
    pub idle_closes: Option<(u32, Span, Span)>,
}

/// What the capture shows of all hosts and listeners; bounded, the oldest are forgotten.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    listeners: Vec<Listener>,
}

impl Neighbours {
    /// What was seen of a listener.
    pub fn listener(&self, endpoint: Endpoint) -> Option<&Listener> {
        self.listeners
            .iter()
            .find(|listener| listener.endpoint == endpoint)
    }

    /// All listeners of a host.
    pub fn host(&self, host: whyreset_segments::Host) -> impl Iterator<Item = &Listener> {
        self.listeners
            .iter()
            .filter(move |listener| listener.endpoint.host == host)
    }
}
