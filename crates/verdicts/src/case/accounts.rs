//! The application's accounts: what was asked and promised, and what of it arrived.

mod early;
mod missing;
mod stopped;
mod taken;
mod tls;

use whyreset_connections::{Connection, Moment};
use whyreset_exchanges::{CloseNotify, Exchange, Exchanges, Protocol, Tls, TlsHandshake};

use super::in_flight::{left_in_flight, thrown_away};
use super::unread::{
    all_were_answered, answered_one_off, head_left_out, promise_not_in_the_list, promise_unread,
    switched_unread,
};
use super::{Close, unseen, untold};
use crate::wording;
use missing::missing_of;
pub(crate) use tls::taken_before;

/// What is missing from an exchange at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The client had not sent its whole request.
    RequestUnfinished,
    /// The request was sent, and nothing of a response came.
    Unanswered,
    /// A part of the response.
    ResponseUnfinished,
    /// The response came before the request was whole.
    AnsweredEarly,
    /// The TLS handshake was not finished.
    TlsHandshake,
}

/// The exchange that something is missing from.
#[derive(Clone, Debug)]
pub(crate) struct OpenExchange<'a> {
    /// The exchange, where one was recognised.
    pub exchange: Option<&'a Exchange>,
    /// What is missing.
    pub missing: Missing,
    /// Its first packet.
    pub started: Option<Moment>,
    /// The last packet of its request.
    pub request_ended: Option<Moment>,
    /// The first packet of its response.
    pub response_started: Option<Moment>,
    /// It is judged by sizes and turns, not by the protocol's own words.
    pub estimated: bool,
}

/// The accounts of a connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accounts<'a> {
    /// Exchanges that are whole.
    pub complete: u64,
    /// What is not.
    pub open: Option<OpenExchange<'a>>,
    /// Neither side sent payload.
    pub silent: bool,
    /// Nothing of what was said was captured, though the numbers show that something was ([`super::unseen`]).
    pub unseen: bool,
    /// The protocol is understood well enough to say what was promised.
    pub understood: bool,
    /// Nothing tells how much was sent: that nothing is missing cannot be said.
    pub untold: bool,
    /// What was said went through TLS that is not decrypted: only sizes tell.
    pub encrypted: bool,
    /// A response that is taken for whole because all that was sent of it was acknowledged: what it promised was not captured.
    pub unread: Option<&'a Exchange>,
    /// A response that was to end with the connection, and did: it is taken for whole because the server closed in order.
    pub unpromised: Option<&'a Exchange>,
}

impl<'a> Accounts<'a> {
    /// Balances the accounts as they stood at `close`.
    pub fn new(connection: &'a Connection<Exchanges>, close: Option<Close>) -> Self {
        let flows = &connection.flows;
        let list = &connection.app.list;
        let captured_nothing = flows.client.sent_nothing() && flows.server.sent_nothing();
        let unseen = unseen::talk(connection);

        // What is read inside a session stands behind it in the list; a CONNECT that opened the way to it stands before.
        let last_http = list.iter().rposition(|e| is_http(&e.protocol));
        let decrypted = |index: usize| last_http.is_some_and(|http| http > index);
        let closed_book = |(index, e): (usize, &Exchange)| is_followed(e) && !decrypted(index);
        let mut accounts = Accounts {
            silent: captured_nothing && !unseen,
            unseen,
            encrypted: list.iter().enumerate().any(closed_book),
            understood: list.iter().any(|e| is_http(&e.protocol) || is_followed(e)),
            ..Accounts::default()
        };
        for (index, exchange) in list.iter().enumerate() {
            if decrypted(index) && is_finished_tls(exchange) {
                continue;
            }
            // Who asks for more on the same connection had what it was waiting for.
            accounts.unread = accounts.unread.filter(|_| exchange.http2.is_some());
            match missing_of(connection, exchange, close) {
                Some((Missing::Unanswered, _))
                    if answered_by_an_orphan(list, exchange)
                        || all_were_answered(connection, exchange)
                        || answered_one_off(connection, exchange) =>
                {
                    accounts.complete += 1;
                }
                Some((missing, estimated)) => accounts.keep(OpenExchange {
                    exchange: Some(exchange),
                    missing,
                    started: exchange.started,
                    request_ended: exchange.request_ended,
                    response_started: exchange.response_started,
                    estimated,
                }),
                None => {
                    accounts.complete += 1;
                    accounts.unpromised = Some(exchange).filter(|e| e.is_unpromised());
                    if promise_unread(connection, exchange)
                        || promise_not_in_the_list(exchange)
                        || head_left_out(exchange)
                        || switched_unread(connection, exchange)
                    {
                        accounts.unread = Some(exchange);
                    }
                }
            }
        }
        accounts.complete += connection.app.left_out;
        if let Some(last) = untold::last_word(connection, close) {
            accounts.untold = true;
            accounts.open = untold::unanswered(&last);
        }
        if unseen {
            accounts.open = unseen::unanswered(connection);
        }
        if accounts.open.is_none() {
            accounts.open = left_in_flight(connection, close, list.last())
                .or_else(|| thrown_away(connection, close, list.last()));
            if accounts.open.is_some() {
                accounts.complete = accounts.complete.saturating_sub(1);
            }
        }
        accounts
    }

    /// Keeps the most telling of several open exchanges: one that was under way before one that was only asked for.
    fn keep(&mut self, candidate: OpenExchange<'a>) {
        let rank = |open: &OpenExchange<'_>| match open.missing {
            Missing::AnsweredEarly => 4,
            Missing::ResponseUnfinished => 3,
            Missing::TlsHandshake => 2,
            Missing::RequestUnfinished => 1,
            Missing::Unanswered => 0,
        };
        if self
            .open
            .as_ref()
            .is_none_or(|kept| rank(&candidate) > rank(kept))
        {
            self.open = Some(candidate);
        }
    }

    /// The open exchange is known from the rows of a list.
    pub fn is_listed(&self) -> bool {
        let exchange = self.open.as_ref().and_then(|open| open.exchange);
        exchange.is_some_and(|exchange| exchange.from_list)
    }

    /// What is missing.
    pub fn missing(&self) -> Option<Missing> {
        self.open.as_ref().map(|open| open.missing)
    }
}

/// A session of TLS of which more was read than the goodbye in the middle of bytes that nobody could read: only then do its records tell
/// what is missing.
fn is_followed(exchange: &Exchange) -> bool {
    let goodbye_alone = |tls: &Tls| {
        let silent = tls.client_bytes == 0 && tls.last_answer.is_none();
        silent && tls.close_notify == CloseNotify::Client
    };
    let tls = exchange.tls.as_deref();
    let goodbye_alone = exchange.estimated && tls.is_some_and(goodbye_alone);
    matches!(exchange.protocol, Protocol::Tls(_)) && !goodbye_alone && !is_unread(exchange)
}

/// A session whose handshake cannot be read (a short snapshot length), nor anything behind it: nobody's turn shows, nor any size.
pub(crate) fn is_unread(exchange: &Exchange) -> bool {
    let both = |tls: &Tls| {
        tls.handshake == TlsHandshake::Partial && tls.client_bytes > 0 && tls.server_bytes > 0
    };
    let tls = exchange.tls.as_deref();
    let unread = exchange.protocol == Protocol::Tls(None) && tls.is_some_and(both);
    unread && !exchange.from_list
}

impl<'a> OpenExchange<'a> {
    /// Something is missing by sizes, numbers or turns, from this exchange where one was recognised.
    pub fn estimated(last: Option<&'a Exchange>, missing: Missing) -> Self {
        Self {
            exchange: last,
            missing,
            started: last.and_then(|e| e.started),
            request_ended: last.and_then(|e| e.request_ended),
            response_started: last.and_then(|e| e.response_started),
            estimated: true,
        }
    }

    /// `GET /download?o=…`, or a plain word for what was going on.
    pub fn name(&self) -> String {
        let Some(exchange) = self.exchange else {
            return match self.missing {
                Missing::Unanswered => "what the client had sent".to_owned(),
                Missing::RequestUnfinished => "a message".to_owned(),
                _ => "the transfer".to_owned(),
            };
        };
        if let Some(request) = &exchange.request {
            return wording::excerpt(request, 80);
        }
        match &exchange.protocol {
            Protocol::Tls(_) => {
                match exchange.tls.as_ref().and_then(|t| t.server_name.as_deref()) {
                    Some(name) => format!(
                        "a request in the TLS session with {}",
                        wording::excerpt(name, 60)
                    ),
                    None => "a request in the TLS session".to_owned(),
                }
            }
            Protocol::Other(name) => format!("a request in the {name} session"),
            protocol if is_http(protocol) && exchange.response_started.is_some() => {
                "a request that was not captured".to_owned()
            }
            _ if self.missing == Missing::RequestUnfinished => "a message".to_owned(),
            _ => "what the client had sent".to_owned(),
        }
    }
}

pub(crate) fn is_http(protocol: &Protocol) -> bool {
    matches!(
        protocol,
        Protocol::Http10 | Protocol::Http11 | Protocol::Http2
    )
}

fn is_finished_tls(exchange: &Exchange) -> bool {
    exchange
        .tls
        .as_ref()
        .is_some_and(|tls| tls.handshake == TlsHandshake::Complete)
}

/// The capture lost a request, so the responses behind it stand one place too early: a response without a request that ended
/// after this request had passed is this one's, or one's that came later still.
fn answered_by_an_orphan(list: &[Exchange], request: &Exchange) -> bool {
    let Some(asked) = request.request_ended else {
        return false;
    };
    list.iter().any(|e| {
        let orphan = e.request.is_none() && e.protocol == request.protocol && e.response_complete;
        orphan && request.http2.is_none() && e.ended.is_some_and(|ended| ended.frame > asked.frame)
    })
}
