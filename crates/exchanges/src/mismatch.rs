//! The two sides speak different protocols: told by the first bytes of each.

use whyreset_connections::{BySide, Moment, Side};

use crate::exchange_log::ExchangeLog;
use crate::http1::{Likeness, request_likeness, response_likeness};

/// Bytes of each side that are kept for it: enough for an error page's title.
const MAX_KEPT: usize = 768;

/// What servers write when they get plain HTTP on a TLS port: nginx, Apache, Go, HAProxy and Tomcat.
const PLAIN_TO_TLS: [&[u8]; 5] = [
    b"plain HTTP request was sent to HTTPS port",
    b"speaking plain HTTP to an SSL-enabled server port",
    b"Client sent an HTTP request to an HTTPS server",
    b"This combination of host and port requires TLS",
    b"speaking HTTP on an HTTPS port",
];

/// The first bytes of both sides, and their frames.
#[derive(Debug, Default)]
pub(crate) struct Opening {
    bytes: BySide<Vec<u8>>,
    first: BySide<Option<Moment>>,
    over: BySide<bool>,
}

impl Opening {
    pub(crate) fn add(&mut self, side: Side, at: Moment, bytes: &[u8]) {
        if *self.over.of(side) {
            return;
        }
        let first = self.first.of_mut(side);
        if first.is_none() {
            *first = Some(at);
        }
        let kept = self.bytes.of_mut(side);
        let room = MAX_KEPT.saturating_sub(kept.len());
        kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        *self.over.of_mut(side) = self.bytes.of(side).len() >= MAX_KEPT;
    }

    /// No more bytes of `side` are asked for.
    pub(crate) const fn is_over(&self, side: Side) -> bool {
        *self.over.of(side)
    }

    pub(crate) const fn gap(&mut self, side: Side) {
        *self.over.of_mut(side) = true;
    }

    /// Notes a mismatch, if there is one.
    pub(crate) fn judge(&self, log: &mut ExchangeLog) {
        let (Some(client_at), Some(server_at)) = (self.first.client, self.first.server) else {
            return;
        };
        let frames = [client_at.frame, server_at.frame];
        let (client, server) = (self.bytes.client.as_slice(), self.bytes.server.as_slice());
        let http = request_likeness(client) == Likeness::Yes;
        let tls = is_client_hello(client);
        if http && is_tls_alert(server) {
            let text = "the client sent plain HTTP to a port that speaks TLS: the server answered with a TLS alert";
            log.find("http_on_tls_port", Some(Side::Client), &frames, text);
        } else if http && PLAIN_TO_TLS.iter().any(|words| contains(server, words)) {
            let text =
                "the client sent plain HTTP to a port that speaks TLS: the server's answer says so";
            log.find("http_on_tls_port", Some(Side::Client), &frames, text);
        } else if tls && response_likeness(server) == Likeness::Yes {
            let text = "the client began TLS on a port that speaks plain HTTP";
            log.find("tls_on_http_port", Some(Side::Client), &frames, text);
        } else if let Some(name) = foreign_banner(server).filter(|_| http || tls) {
            let wanted = if http { "HTTP" } else { "TLS" };
            let text = format!("the client began {wanted}, but the server speaks {name}");
            log.find("foreign_banner", Some(Side::Server), &frames, text);
        } else if tls && is_text(server) {
            let text = "the client began TLS, but the server answers in plain text";
            log.find("tls_on_plain_port", Some(Side::Client), &frames, text);
        }
    }
}

/// A TLS ClientHello's first bytes.
pub(crate) fn is_client_hello(bytes: &[u8]) -> bool {
    matches!(bytes, [0x16, 3, 0..=4, _, _, 1, ..])
}

/// Printable text, at least a short line of it: no TLS record begins so.
fn is_text(bytes: &[u8]) -> bool {
    let start = bytes.get(..32).unwrap_or(bytes);
    let printable = |b: &u8| (0x20..0x7f).contains(b) || matches!(b, b'\r' | b'\n' | b'\t');
    start.len() >= 4 && start.iter().all(printable)
}

fn is_tls_alert(bytes: &[u8]) -> bool {
    matches!(bytes, [0x15, 3, 0..=4, 0, 2, 1 | 2, ..])
}

fn foreign_banner(server: &[u8]) -> Option<&'static str> {
    let banners: [(&[u8], &'static str); 7] = [
        (b"SSH-", "SSH"),
        (b"220 ", "SMTP or FTP"),
        (b"220-", "SMTP or FTP"),
        (b"+OK", "POP3"),
        (b"* OK", "IMAP"),
        (b"-ERR", "Redis or POP3"),
        (b"RFB 0", "VNC"),
    ];
    banners
        .iter()
        .find(|(start, _)| server.starts_with(start))
        .map(|(_, name)| *name)
        .or_else(|| is_mysql_greeting(server).then_some("MySQL"))
}

/// A MySQL greeting: a packet numbered 0 that begins with protocol version 10.
pub(crate) fn is_mysql_greeting(bytes: &[u8]) -> bool {
    matches!(bytes, [low, 0, 0, 0, 10, b'0'..=b'9', ..] if *low > 20)
}

fn contains(text: &[u8], words: &[u8]) -> bool {
    text.windows(words.len()).any(|window| window == words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use whyreset_capture::Timestamp;

    fn finding(client: &[u8], server: &[u8]) -> Option<&'static str> {
        let at = |frame| Moment {
            frame,
            time: Timestamp::default(),
        };
        let mut opening = Opening::default();
        opening.add(Side::Client, at(4), client);
        opening.add(Side::Server, at(6), server);
        let mut log = ExchangeLog::default();
        opening.judge(&mut log);
        log.into_exchanges().findings.first().map(|found| {
            assert_eq!(found.frames, [4, 6]);
            found.id
        })
    }

    #[test]
    fn names_the_mismatch() {
        let get = b"GET / HTTP/1.1\r\n\r\n";
        let hello = [0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3];
        assert_eq!(
            finding(get, &[0x15, 3, 3, 0, 2, 2, 80]),
            Some("http_on_tls_port")
        );
        assert_eq!(
            finding(
                get,
                b"HTTP/1.1 400 Bad Request\r\n\r\n<title>400 The plain HTTP request was sent to HTTPS port"
            ),
            Some("http_on_tls_port")
        );
        assert_eq!(
            finding(&hello, b"HTTP/1.1 400 Bad Request\r\n"),
            Some("tls_on_http_port")
        );
        assert_eq!(
            finding(get, b"SSH-2.0-OpenSSH_9.2\r\n"),
            Some("foreign_banner")
        );
        assert_eq!(
            finding(&hello, b"<!DOCTYPE HTML>\n<html lang=\"en\">"),
            Some("tls_on_plain_port")
        );
        assert_eq!(finding(get, b"HTTP/1.1 200 OK\r\n"), None);
        assert_eq!(finding(b"SSH-2.0-x\r\n", b"SSH-2.0-y\r\n"), None);
    }
}
