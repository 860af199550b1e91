//! Which protocol is spoken inside, by ALPN (RFC 7301).

use whyreset_connections::Side;

use super::session::TlsSession;
use super::turns::Turns;
use crate::TlsHandshake;

/// Which of the protocols that the client offers the server has chosen.
enum Chosen {
    Protocol(&'static str),
    /// None: it knows nothing of such offers, and the two speak HTTP/1 where they speak HTTP.
    Nothing,
    Untold,
}

impl TlsSession {
    /// The protocol that was agreed on, as far as all that was said tells.
    pub(super) fn spoken(&self) -> Option<&str> {
        let protocol = self.alpn()?;
        let guessed = self
            .server_hello
            .as_ref()
            .is_none_or(|it| it.alpn.is_none());
        let denied = guessed && is_http2(protocol) && self.is_unacknowledged();
        (!denied).then_some(protocol)
    }

    /// A client of HTTP/2 acknowledges the server's SETTINGS (RFC 9113 §6.5.3), with which that begins. This one took what the server said and
    /// closed by its own will, and had said nothing more.
    fn is_unacknowledged(&self) -> bool {
        let closed = self.closed.client.is_some() && !self.aborted.client;
        let willing = closed || self.said_goodbye(Side::Client);
        let turns = self.turns.as_ref();
        willing && turns.is_some_and(Turns::was_answered_at_once)
    }

    /// The protocol that was agreed on; while that is not known, the client's first offer.
    pub(super) fn alpn(&self) -> Option<&str> {
        let agreed = self.server_hello.as_ref().and_then(|it| it.alpn.as_deref());
        let offered = || self.client_hello.as_ref()?.alpn.as_deref();
        // Up to TLS 1.2 an answer without a protocol is the answer.
        let settled = self.handshake == TlsHandshake::Complete && !self.is_13();
        match (agreed, offered()) {
            (Some(agreed), _) => Some(agreed),
            (None, Some(_)) if settled && self.server_hello.is_some() => None,
            (None, Some(offered)) => match self.alpn_by_length() {
                Chosen::Protocol(name) => Some(name),
                Chosen::Nothing => None,
                Chosen::Untold => Some(offered),
            },
            (None, None) => None,
        }
    }

    /// TLS 1.3 hides the server's choice in EncryptedExtensions; where these are a record of their own, their length tells it:
    /// six bytes of frame, nine more for `h2`, fifteen for `http/1.1`, and four where the server name is acknowledged.
    fn alpn_by_length(&self) -> Chosen {
        let first = self.flows.server.first_hidden;
        match first.and_then(|len| len.checked_sub(17 + 6)) {
            Some(0 | 4) => Chosen::Nothing,
            Some(9 | 13) => Chosen::Protocol("h2"),
            Some(15 | 19) => Chosen::Protocol("http/1.1"),
            _ => Chosen::Untold,
        }
    }
}

/// HTTP/2, or a draft of it (`h2-16`).
pub(crate) fn is_http2(protocol: &str) -> bool {
    protocol == "h2" || protocol.starts_with("h2-")
}
