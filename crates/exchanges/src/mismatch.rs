//! The two sides speak different protocols: told by the first bytes of each.

use whyreset_connections::{Moment, Side};

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
    client: Begun<ClientSigns>,
    server: Begun<ServerSigns>,
    complaint: Complaint,
}

/// How one side began.
#[derive(Debug)]
struct Begun<S> {
    frame: Option<u64>,
    /// Kept until what they show is certain.
    bytes: Vec<u8>,
    signs: Option<S>,
    seen: usize,
    over: bool,
}

/// What a side's first bytes show.
trait Signs: Sized {
    /// Read from all that is kept.
    fn of(bytes: &[u8]) -> Self;

    /// Where further bytes would not change them.
    fn certain(bytes: &[u8]) -> Option<Self>;
}

/// What the client's first bytes show.
#[derive(Debug)]
struct ClientSigns {
    http: Likeness,
    tls: bool,
}

impl Signs for ClientSigns {
    fn of(bytes: &[u8]) -> Self {
        Self {
            http: request_likeness(bytes),
            tls: is_client_hello(bytes),
        }
    }

    fn certain(bytes: &[u8]) -> Option<Self> {
        let signs = Self::of(bytes);
        (signs.http != Likeness::Open && bytes.len() >= CLIENT_HELLO).then_some(signs)
    }
}

/// What the server's first bytes show.
#[derive(Debug)]
struct ServerSigns {
    tls_alert: bool,
    http: bool,
    foreign: Option<&'static str>,
    text: bool,
}

impl Signs for ServerSigns {
    fn of(bytes: &[u8]) -> Self {
        Self {
            tls_alert: is_tls_alert(bytes),
            http: response_likeness(bytes) == Likeness::Yes,
            foreign: foreign_banner(bytes),
            text: is_text(bytes),
        }
    }

    fn certain(bytes: &[u8]) -> Option<Self> {
        (bytes.len() >= TEXT).then(|| Self::of(bytes))
    }
}

impl<S> Default for Begun<S> {
    fn default() -> Self {
        Self {
            frame: None,
            bytes: Vec::new(),
            signs: None,
            seen: 0,
            over: false,
        }
    }
}

impl<S: Signs> Begun<S> {
    /// Takes more bytes; gives those that count.
    fn add<'b>(&mut self, at: Moment, bytes: &'b [u8]) -> &'b [u8] {
        if self.over {
            return &[];
        }
        self.frame.get_or_insert(at.frame);
        let room = MAX_KEPT.saturating_sub(self.seen);
        let bytes = bytes.get(..room).unwrap_or(bytes);
        self.seen = self.seen.saturating_add(bytes.len());
        self.over = self.seen >= MAX_KEPT;
        if self.signs.is_none() {
            self.look_at(bytes);
        }
        bytes
    }

    /// Keeps the bytes only where those to come may matter.
    fn look_at(&mut self, bytes: &[u8]) {
        let held = !self.bytes.is_empty();
        if held {
            self.bytes.extend_from_slice(bytes);
        }
        self.signs = S::certain(if held { &self.bytes } else { bytes });
        if self.signs.is_some() {
            self.bytes = Vec::new();
        } else if !held {
            self.bytes = bytes.to_vec();
        }
    }

    fn signs(&mut self) -> &S {
        self.signs.get_or_insert_with(|| S::of(&self.bytes))
    }
}

impl Opening {
    pub(crate) fn add(&mut self, side: Side, at: Moment, bytes: &[u8]) {
        match side {
            Side::Client => {
                self.client.add(at, bytes);
            }
            Side::Server => self.complaint.take(self.server.add(at, bytes)),
        }
    }

    /// No more bytes of `side` are asked for.
    pub(crate) const fn is_over(&self, side: Side) -> bool {
        match side {
            Side::Client => self.client.over,
            Side::Server => self.server.over,
        }
    }

    pub(crate) const fn gap(&mut self, side: Side) {
        match side {
            Side::Client => self.client.over = true,
            Side::Server => self.server.over = true,
        }
    }

    /// Notes a mismatch, if there is one.
    pub(crate) fn judge(&mut self, log: &mut ExchangeLog) {
        let (Some(client_frame), Some(server_frame)) = (self.client.frame, self.server.frame)
        else {
            return;
        };
        let frames = [client_frame, server_frame];
        let (client, server) = (self.client.signs(), self.server.signs());
        let (http, tls) = (client.http == Likeness::Yes, client.tls);
        if http && server.tls_alert {
            let text = "the client sent plain HTTP to a port that speaks TLS: the server answered with a TLS alert";
            log.find("http_on_tls_port", Some(Side::Client), &frames, text);
        } else if http && self.complaint.found {
            let text =
                "the client sent plain HTTP to a port that speaks TLS: the server's answer says so";
            log.find("http_on_tls_port", Some(Side::Client), &frames, text);
        } else if tls && server.http {
            let text = "the client began TLS on a port that speaks plain HTTP";
            log.find("tls_on_http_port", Some(Side::Client), &frames, text);
        } else if let Some(name) = server.foreign.filter(|_| http || tls) {
            let wanted = if http { "HTTP" } else { "TLS" };
            let text = format!("the client began {wanted}, but the server speaks {name}");
            log.find("foreign_banner", Some(Side::Server), &frames, text);
        } else if tls && server.text {
            let text = "the client began TLS, but the server answers in plain text";
            log.find("tls_on_plain_port", Some(Side::Client), &frames, text);
        }
    }
}

/// So many bytes tell a ClientHello.
const CLIENT_HELLO: usize = 6;
/// So many bytes tell text from what is none.
const TEXT: usize = 32;

/// A TLS ClientHello's first bytes.
pub(crate) fn is_client_hello(bytes: &[u8]) -> bool {
    matches!(bytes, [0x16, 3, 0..=4, _, _, 1, ..])
}

/// Printable text, at least a short line of it: no TLS record begins so.
fn is_text(bytes: &[u8]) -> bool {
    let start = bytes.get(..TEXT).unwrap_or(bytes);
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

/// Looks for a server's words about plain HTTP in what it says, piece by piece.
#[derive(Debug, Default)]
struct Complaint {
    found: bool,
    /// The end of what came so far, where that may be their beginning.
    begun: Vec<u8>,
}

impl Complaint {
    fn take(&mut self, piece: &[u8]) {
        if self.found || piece.is_empty() {
            return;
        }
        if self.begun.is_empty() {
            self.look_at(piece);
        } else {
            let mut text = std::mem::take(&mut self.begun);
            text.extend_from_slice(piece);
            self.look_at(&text);
        }
    }

    fn look_at(&mut self, text: &[u8]) {
        self.found = asks_for_tls(text);
        self.begun = begun_words(text).to_vec();
    }
}

/// Whether a server's words about plain HTTP are among these bytes. All of them speak of HTTP or TLS.
fn asks_for_tls(bytes: &[u8]) -> bool {
    let contains = |words: &[u8]| memchr::memmem::find(bytes, words).is_some();
    (contains(b" HTTP") || contains(b" TLS")) && PLAIN_TO_TLS.iter().any(|words| contains(words))
}

/// The end of `text` with which such words may begin.
fn begun_words(text: &[u8]) -> &[u8] {
    let start = text.len().saturating_sub(LONGEST_WORDS - 1);
    let end = text.get(start..).unwrap_or(text);
    (0..end.len())
        .filter_map(|from| end.get(from..))
        .find(|end| PLAIN_TO_TLS.iter().any(|words| begin_with(words, end)))
        .unwrap_or(&[])
}

/// Most do not even share the first byte.
fn begin_with(words: &[u8], end: &[u8]) -> bool {
    words.first() == end.first() && words.starts_with(end)
}

/// Bytes of the longest of [`PLAIN_TO_TLS`].
const LONGEST_WORDS: usize = 49;

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
        log.take().findings.first().map(|found| {
            assert_eq!(found.frames, [4, 6]);
            found.id
        })
    }

    #[test]
    fn words_are_found_in_any_pieces() {
        let longest = PLAIN_TO_TLS.iter().map(|words| words.len()).max();
        assert_eq!(longest, Some(LONGEST_WORDS));
        for words in PLAIN_TO_TLS {
            let page = [b"<p>speaking plain ", words, b"</p>"].concat();
            for size in 1..page.len() {
                let mut complaint = Complaint::default();
                for piece in page.chunks(size) {
                    complaint.take(piece);
                }
                assert!(complaint.found, "{} by {size}", words.escape_ascii());
            }
        }
        let mut none = Complaint::default();
        none.take(b"HTTP/1.1 200 OK\r\n\r\nok");
        assert!(!none.found && none.begun.is_empty());
    }

    #[test]
    fn every_server_speaks_of_http_or_tls() {
        for words in PLAIN_TO_TLS {
            let page = [b"<p>", words, b"</p>"].concat();
            assert!(asks_for_tls(&page), "{}", words.escape_ascii());
        }
        assert!(!asks_for_tls(b"HTTP/1.1 200 OK"));
    }

    #[test]
    fn a_client_is_known_by_all_of_its_bytes() {
        let page = b"HTTP/1.1 400 Bad Request\r\n\r\nspeaking HTTP on an HTTPS port";
        let at = |frame| Moment {
            frame,
            time: Timestamp::default(),
        };
        for get in [&b"GET /a HTTP/1.1\r\n"[..], b"ODD / HTTP/1.1\r\n"] {
            let mut opening = Opening::default();
            for piece in get.chunks(1) {
                opening.add(Side::Client, at(4), piece);
            }
            for piece in page.chunks(7) {
                opening.add(Side::Server, at(6), piece);
            }
            let mut log = ExchangeLog::default();
            opening.judge(&mut log);
            assert_eq!(log.take().findings.len(), 1);
        }
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
