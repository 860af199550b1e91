//! A protocol that is only recognised: who spoke, when, who last, and what a server's last words say.

use whyreset_connections::{BySide, Moment, Side};

use crate::exchange_log::{ExchangeId, ExchangeLog};
use crate::last_words::Listener;
use crate::layer::Layer;
use crate::turns::Turns;
use crate::{Exchange, Protocol};

/// A connection's worth of one protocol.
#[derive(Debug)]
pub(crate) struct Recognised {
    name: &'static str,
    id: Option<ExchangeId>,
    bytes: BySide<u64>,
    listener: Listener,
    turns: Turns,
}

impl Recognised {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            id: None,
            bytes: BySide::default(),
            listener: Listener::to(name),
            turns: Turns::default(),
        }
    }

    /// Its protocol's usual short name.
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    fn note(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, len: u64) {
        let protocol = match self.name {
            "unknown" => Protocol::Unknown,
            name => Protocol::Other(name),
        };
        let id = *self.id.get_or_insert_with(|| {
            log.push(Exchange {
                protocol,
                started: Some(at),
                ..Exchange::default()
            })
        });
        let bytes = self.bytes.of_mut(side);
        *bytes = bytes.saturating_add(len);
        if let Some(exchange) = log.get_mut(id) {
            exchange.spoken(side, at);
            match side {
                Side::Client => exchange.request_ended = Some(at),
                Side::Server if exchange.response_started.is_none() => {
                    exchange.response_started = Some(at);
                }
                Side::Server => {}
            }
        }
    }
}

impl Layer for Recognised {
    fn data(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, _: u64, bytes: &[u8]) {
        self.note(log, side, at, bytes.len() as u64);
        self.listener.hear(log, side, at, bytes);
        self.turns.say(self.name, side, at, bytes);
    }

    fn gap(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, _: u64, len: u64) {
        self.note(log, side, at, len);
        if let Some(exchange) = self.id.and_then(|id| log.get_mut(id)) {
            exchange.heard_in_part = true;
        }
        self.listener.miss(log, side);
        self.turns.miss(self.name, side, at, len);
    }

    fn finish(&mut self, log: &mut ExchangeLog) {
        if let Some(exchange) = self.id.and_then(|id| log.get_mut(id)) {
            (exchange.clients_last, exchange.answer_began) = self.turns.last();
            exchange.questions_answered = self.turns.answered();
        }
    }
}
