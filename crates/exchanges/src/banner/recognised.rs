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

impl Recognised {
    /// What the client said behind missing bytes is read late, and what the server said since then was read before it.
    fn hear_answer(&mut self, log: &mut ExchangeLog, side: Side, at: Moment) {
        let exchange = self.id.and_then(|id| log.get_mut(id));
        let since = exchange.filter(|it| it.last_speaker == Some(Side::Server));
        let answer = since.and_then(|it| it.ended.filter(|ended| ended.frame > at.frame));
        if let Some(answer) = answer.filter(|_| side == Side::Client) {
            self.turns.answer(answer);
        }
    }
}

impl Layer for Recognised {
    fn data(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, _: u64, bytes: &[u8]) {
        self.note(log, side, at, bytes.len() as u64);
        self.listener.hear(log, side, at, bytes);
        self.turns.say(self.name, side, at, bytes);
        self.hear_answer(log, side, at);
    }

    fn gap(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, _: u64, len: u64) {
        self.note(log, side, at, len);
        if let Some(exchange) = self.id.and_then(|id| log.get_mut(id)) {
            exchange.heard_in_part = true;
        }
        self.listener.miss(log, side);
        self.turns.miss(self.name, side, at, len);
        self.hear_answer(log, side, at);
    }

    fn finish(&mut self, log: &mut ExchangeLog) {
        if let Some(exchange) = self.id.and_then(|id| log.get_mut(id)) {
            (exchange.clients_last, exchange.answer_began) = self.turns.last();
            exchange.questions_answered = self.turns.answered();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClientsLast;

    #[test]
    fn what_is_read_late_was_answered_before() {
        let at = |frame| Moment {
            frame,
            ..Moment::default()
        };
        let query = b"\0\x0d\x12\x34\x01\0\0\x01\0\0\0\0\0\0x";
        let asked = |frames: [u64; 2]| {
            let (mut dns, mut log) = (Recognised::new("dns"), ExchangeLog::default());
            let [answer, question] = frames;
            dns.data(&mut log, Side::Server, at(answer), 0, b"\0\x01x");
            dns.data(&mut log, Side::Client, at(question), 0, query);
            dns.finish(&mut log);
            let exchanges = log.take().list;
            let last = exchanges
                .first()
                .map(|it| (it.clients_last, it.answer_began));
            last.map(|(last, answer)| (last, answer.map(|at| at.frame)))
        };
        assert_eq!(asked([4, 6]), Some((ClientsLast::Asks, None)));
        assert_eq!(asked([8, 6]), Some((ClientsLast::Asks, Some(8))));
    }
}
