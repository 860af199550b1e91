//! What is spoken inside a connection (or a tunnel, or a TLS session): finds out, then hands on to that protocol's reader.

use whyreset_connections::{BySide, Moment, Side};

use crate::KeyLog;
use crate::banner::{self, Recognised, Spoken};
use crate::exchange_log::ExchangeLog;
use crate::http1::Http1;
use crate::http2::Http2;
use crate::layer::Layer;
use crate::mismatch::Opening;
use crate::proxy_protocol::{self, ProxyLine};
use crate::tls::TlsSession;

/// Bytes of one side that are held while the protocol is open.
const MAX_HELD: usize = 1_024;

/// Calls that are held while the protocol is open.
const MAX_EVENTS: usize = 128;

/// Tunnels within tunnels are followed this far.
const MAX_DEPTH: u8 = 4;

/// What every reader hands on to the readers inside it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Context {
    /// How many tunnels and sessions are around.
    pub(crate) depth: u8,
    /// Key material for TLS.
    pub(crate) keys: Option<KeyLog>,
}

impl Context {
    fn deeper(&self) -> Self {
        Self {
            depth: self.depth.saturating_add(1),
            keys: self.keys.clone(),
        }
    }
}

/// One stream of bytes in both directions.
#[derive(Debug)]
pub(crate) struct Application {
    context: Context,
    stage: Stage,
    opening: Opening,
}

#[derive(Debug)]
enum Stage {
    Detecting(Detecting),
    Known(Box<dyn Layer>),
}

#[derive(Debug, Default)]
struct Detecting {
    begun: BySide<Vec<u8>>,
    /// Bytes are missing: nothing is added to what has begun.
    cut: BySide<bool>,
    events: Vec<Event>,
    acknowledged: BySide<Option<(Moment, u64)>>,
    proxy_done: bool,
}

#[derive(Debug)]
struct Event {
    side: Side,
    at: Moment,
    offset: u64,
    what: What,
}

#[derive(Debug)]
enum What {
    Data(Vec<u8>),
    Gap(u64),
    Closed { reset: bool },
}

impl Application {
    /// The outermost stream of a connection.
    pub(crate) fn new(context: Context) -> Self {
        Self {
            context,
            stage: Stage::Detecting(Detecting::default()),
            opening: Opening::default(),
        }
    }

    /// What runs inside a tunnel or a session of `context`; `hint` is a protocol's name, where one was agreed on.
    pub(crate) fn inside(context: &Context, hint: Option<&str>) -> Self {
        let mut inside = Self::new(context.deeper());
        if hint.is_some_and(|name| name.eq_ignore_ascii_case("websocket")) {
            inside.stage = Stage::Known(Box::new(crate::websocket::WebSocket::new()));
        }
        inside
    }

    fn detect(&mut self, log: &mut ExchangeLog, last: bool) {
        let Stage::Detecting(held) = &mut self.stage else {
            return;
        };
        if !held.proxy_done {
            match proxy_protocol::read(&held.begun.client) {
                ProxyLine::Open if !last && !held.cut.client => return,
                ProxyLine::Found { len, client } => held.skip_proxy_line(log, len, client),
                _ => {}
            }
            held.proxy_done = !held.begun.client.is_empty();
        }
        let spoken = banner::classify(&held.begun.client, &held.begun.server);
        let full = held.is_full();
        let layer: Box<dyn Layer> = match spoken {
            Spoken::Http1 { requester } => Box::new(Http1::new(requester, self.context.clone())),
            Spoken::Http2 { requester } => Box::new(Http2::new(requester)),
            Spoken::Tls if self.context.depth < MAX_DEPTH => {
                Box::new(TlsSession::new(self.context.clone()))
            }
            Spoken::Other(name) => Box::new(Recognised::new(name)),
            Spoken::Open if !full && !last => return,
            Spoken::Guess(_) if !full && !last => return,
            Spoken::Guess(name) => Box::new(Recognised::new(name)),
            Spoken::Tls | Spoken::Open | Spoken::Unknown => Box::new(Recognised::new("unknown")),
        };
        let Stage::Detecting(held) = std::mem::replace(&mut self.stage, Stage::Known(layer)) else {
            return;
        };
        self.replay(log, held);
    }

    fn replay(&mut self, log: &mut ExchangeLog, held: Detecting) {
        let Stage::Known(layer) = &mut self.stage else {
            return;
        };
        for event in held.events {
            let Event {
                side,
                at,
                offset,
                what,
            } = event;
            match what {
                What::Data(bytes) => layer.data(log, side, at, offset, &bytes),
                What::Gap(len) => layer.gap(log, side, at, offset, len),
                What::Closed { reset } => layer.closed(log, side, at, reset),
            }
        }
        for side in [Side::Client, Side::Server] {
            if let Some((at, offset)) = held.acknowledged.of(side) {
                layer.acknowledged(log, side, *at, *offset);
            }
        }
    }
}

impl Detecting {
    fn is_full(&self) -> bool {
        self.begun.client.len() >= MAX_HELD
            || self.begun.server.len() >= MAX_HELD
            || self.events.len() >= MAX_EVENTS
            || (self.cut.client && self.cut.server)
    }

    fn begin(&mut self, side: Side, bytes: &[u8]) {
        if !*self.cut.of(side) {
            let begun = self.begun.of_mut(side);
            let room = MAX_HELD.saturating_sub(begun.len());
            begun.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        }
    }

    /// Takes the line off the front of what the client sent.
    fn skip_proxy_line(&mut self, log: &mut ExchangeLog, len: usize, client: Option<String>) {
        if client.is_some() {
            log.proxied_client = client;
        }
        self.begun.client.drain(..len.min(self.begun.client.len()));
        let mut left = len;
        for event in &mut self.events {
            if let (Side::Client, What::Data(bytes)) = (event.side, &mut event.what) {
                let here = left.min(bytes.len());
                bytes.drain(..here);
                event.offset = event.offset.saturating_add(here as u64);
                left = left.saturating_sub(here);
            }
        }
        self.events
            .retain(|event| !matches!(&event.what, What::Data(bytes) if bytes.is_empty()));
    }
}

impl Layer for Application {
    fn data(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64, bytes: &[u8]) {
        self.opening.add(side, at, bytes);
        match &mut self.stage {
            Stage::Known(layer) => layer.data(log, side, at, offset, bytes),
            Stage::Detecting(held) => {
                held.begin(side, bytes);
                held.events.push(Event {
                    side,
                    at,
                    offset,
                    what: What::Data(bytes.to_vec()),
                });
                self.detect(log, false);
            }
        }
    }

    fn gap(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64, len: u64) {
        self.opening.gap(side);
        match &mut self.stage {
            Stage::Known(layer) => layer.gap(log, side, at, offset, len),
            Stage::Detecting(held) => {
                if !held.begun.of(side).is_empty() {
                    *held.cut.of_mut(side) = true;
                }
                held.events.push(Event {
                    side,
                    at,
                    offset,
                    what: What::Gap(len),
                });
                self.detect(log, false);
            }
        }
    }

    fn acknowledged(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64) {
        match &mut self.stage {
            Stage::Known(layer) => layer.acknowledged(log, side, at, offset),
            Stage::Detecting(held) => *held.acknowledged.of_mut(side) = Some((at, offset)),
        }
    }

    fn closed(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, reset: bool) {
        match &mut self.stage {
            Stage::Known(layer) => layer.closed(log, side, at, reset),
            Stage::Detecting(held) => {
                held.events.push(Event {
                    side,
                    at,
                    offset: 0,
                    what: What::Closed { reset },
                });
                self.detect(log, false);
            }
        }
    }

    fn finish(&mut self, log: &mut ExchangeLog) {
        self.detect(log, true);
        if let Stage::Known(layer) = &mut self.stage {
            layer.finish(log);
        }
        self.opening.judge(log);
    }
}
