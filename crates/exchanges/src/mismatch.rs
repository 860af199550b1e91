//! The two sides speak different protocols: told by the first bytes of each.

use whyreset_connections::{Moment, Side};

use crate::banner::HTTP2_PREFACE;
use crate::exchange_log::ExchangeLog;
use crate::http1::{Likeness, request_likeness, response_likeness};

/// Bytes of each side that are kept for it: enough for an error page's title.
const MAX_KEPT: usize = 768;

/// How either side of SSH begins (RFC 4253 §4.2).
const SSH: &[u8] = b"SSH-";

/// What servers write when they get plain HTTP on a TLS port: nginx, Apache, Go, HAProxy and Tomcat.
const PLAIN_TO_TLS: [&[u8]; 5] = [
    b"plain HTTP request was sent to HTTPS port",
    b"speaking plain HTTP to an SSL-enabled server port",
    b"Client sent an HTTP request to an HTTPS server",
    b"This combination of host and port requires TLS",
    b"speaking HTTP on an HTTPS port",
];

/// How responses of status 2xx and 3xx begin (RFC 9110 §15).
const SUCCESS: [&[u8]; 4] = [b"HTTP/1.1 2", b"HTTP/1.1 3", b"HTTP/1.0 2", b"HTTP/1.0 3"];

/// The first bytes of both sides, and their frames.
#[derive(Debug, Default)]
pub(crate) struct Opening {
    client: Begun<ClientStart>,
    server: Begun<ServerStart>,
    complaint: Complaint,
}

/// How one side began.
#[derive(Debug, Default)]
struct Begun<S> {
    /// Of its first bytes, once there are any.
    frame: u64,
    start: S,
    seen: u16,
    over: bool,
}

/// What is kept of a side's first bytes.
trait Start {
    /// Takes more of them, behind the first `seen`.
    fn add(&mut self, seen: usize, bytes: &[u8]);
}

/// What the client's first bytes show.
#[derive(Clone, Copy, Debug)]
struct ClientSigns {
    http: Likeness,
    tls: bool,
    http2: bool,
    ssh: bool,
}

impl ClientSigns {
    fn of(bytes: &[u8]) -> Self {
        Self {
            http: request_likeness(bytes),
            tls: is_client_hello(bytes),
            http2: bytes.starts_with(HTTP2_PREFACE),
            ssh: bytes.starts_with(SSH),
        }
    }

    /// Further bytes would not change them.
    fn are_certain(&self, bytes: &[u8]) -> bool {
        let perhaps_http2 = !self.http2 && HTTP2_PREFACE.starts_with(bytes);
        self.http != Likeness::Open && bytes.len() >= CLIENT_HELLO && !perhaps_http2
    }

    /// What the client speaks, by a name for people.
    fn protocol(&self) -> Option<&'static str> {
        match self {
            _ if self.http2 => Some("HTTP/2"),
            _ if self.http == Likeness::Yes => Some("HTTP"),
            _ if self.tls => Some("TLS"),
            _ if self.ssh => Some("SSH"),
            _ => None,
        }
    }
}

/// What the first bytes show, or these bytes where those to come may matter.
#[derive(Debug)]
enum ClientStart {
    Held(Box<[u8]>),
    Shows(ClientSigns),
}

impl Default for ClientStart {
    fn default() -> Self {
        Self::Held(Box::default())
    }
}

impl Start for ClientStart {
    fn add(&mut self, _: usize, bytes: &[u8]) {
        let Self::Held(held) = self else {
            return;
        };
        let joined;
        let all = if held.is_empty() {
            bytes
        } else {
            joined = [held, bytes].concat();
            &joined
        };
        let signs = ClientSigns::of(all);
        *self = if signs.are_certain(all) {
            Self::Shows(signs)
        } else {
            Self::Held(all.into())
        };
    }
}

impl ClientStart {
    fn signs(&self) -> ClientSigns {
        match self {
            Self::Held(bytes) => ClientSigns::of(bytes),
            Self::Shows(signs) => *signs,
        }
    }
}

/// The first bytes themselves: as many as tell text from what is none.
#[derive(Debug, Default)]
struct ServerStart([u8; TEXT]);

impl Start for ServerStart {
    fn add(&mut self, seen: usize, bytes: &[u8]) {
        let room = self.0.get_mut(seen..).unwrap_or_default();
        for (place, byte) in room.iter_mut().zip(bytes) {
            *place = *byte;
        }
    }
}

impl<S: Start> Begun<S> {
    /// Takes more bytes; gives those that count.
    fn add<'b>(&mut self, at: Moment, bytes: &'b [u8]) -> &'b [u8] {
        if self.over || bytes.is_empty() {
            return &[];
        }
        let seen = usize::from(self.seen);
        if seen == 0 {
            self.frame = at.frame;
        }
        let room = MAX_KEPT.saturating_sub(seen);
        let bytes = bytes.get(..room).unwrap_or(bytes);
        self.start.add(seen, bytes);
        self.seen = u16::try_from(seen.saturating_add(bytes.len())).unwrap_or(u16::MAX);
        self.over = usize::from(self.seen) >= MAX_KEPT;
        bytes
    }

    fn frame(&self) -> Option<u64> {
        (self.seen > 0).then_some(self.frame)
    }
}

impl Begun<ServerStart> {
    fn bytes(&self) -> &[u8] {
        let all = &self.start.0;
        all.get(..usize::from(self.seen)).unwrap_or(all)
    }
}

impl Opening {
    /// One of which nothing is asked any more.
    pub(crate) fn over() -> Self {
        let mut opening = Self::default();
        opening.gap(Side::Client);
        opening.gap(Side::Server);
        opening
    }

    /// One of which only a request is known, in frame `asked`, that begins as most do.
    pub(crate) fn asked(asked: u64) -> Self {
        let signs = ClientSigns {
            http: Likeness::Yes,
            tls: false,
            http2: false,
            ssh: false,
        };
        let client = Begun {
            frame: asked,
            start: ClientStart::Shows(signs),
            seen: 1,
            over: true,
        };
        Self {
            client,
            ..Self::default()
        }
    }

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
    pub(crate) fn judge(&self, log: &mut ExchangeLog) {
        let (Some(client_frame), Some(server_frame)) = (self.client.frame(), self.server.frame())
        else {
            return;
        };
        let frames = [client_frame, server_frame];
        let (client, server) = (self.client.start.signs(), self.server.bytes());
        let Some(spoken) = client.protocol() else {
            return;
        };
        let (http, tls) = (client.http == Likeness::Yes, client.tls);
        if http && is_tls_alert(server) {
            let text = "the client sent plain HTTP to a port that speaks TLS: the server answered with a TLS alert";
            log.find("http_on_tls_port", Some(Side::Client), &frames, text);
        } else if http && self.complaint.is_one() {
            let text =
                "the client sent plain HTTP to a port that speaks TLS: the server's answer says so";
            log.find("http_on_tls_port", Some(Side::Client), &frames, text);
        } else if response_likeness(server) == Likeness::Yes {
            if tls {
                let text = "the client began TLS on a port that speaks plain HTTP";
                log.find("tls_on_http_port", Some(Side::Client), &frames, text);
            } else if client.http2 {
                let text = "the client began HTTP/2 at once, but the server answers in HTTP/1";
                log.find("http2_mismatch", Some(Side::Client), &frames, text);
            } else if client.ssh {
                let text = "the client began SSH on a port that speaks plain HTTP";
                log.find("ssh_mismatch", Some(Side::Client), &frames, text);
            } else if http && is_no_status_line(server) {
                tell_odd_answer(server, &frames, log);
            }
        } else if client.ssh && server.starts_with(SSH) {
            // Of one tongue.
        } else if is_http2_opening(server) && !client.http2 {
            let text = format!("the client began {spoken}, but the server speaks HTTP/2 in clear");
            log.find("http2_mismatch", Some(Side::Client), &frames, text);
        } else if let Some(name) = foreign_banner(server) {
            let text = format!("the client began {spoken}, but the server speaks {name}");
            log.find("foreign_banner", Some(Side::Server), &frames, text);
        } else if tls && is_text(server) {
            let text = "the client began TLS, but the server answers in plain text";
            log.find("tls_on_plain_port", Some(Side::Client), &frames, text);
        } else if http && !client.http2 && is_no_status_line(server) {
            tell_odd_answer(server, &frames, log);
        }
    }
}

/// The finding that what came first behind a request is no response.
pub const ODD_ANSWER: &str = "odd_answer";

/// So many bytes of it are shown.
const SHOWN: usize = 20;

/// Where the server had spoken before, what it said first is no answer.
fn tell_odd_answer(server: &[u8], frames: &[u64], log: &mut ExchangeLog) {
    if !frames.is_sorted() {
        return;
    }
    let begins = server.get(..SHOWN).unwrap_or(server).escape_ascii();
    let text = format!(
        "the client asked in HTTP, and what came is no answer in HTTP: it begins with \"{begins}\""
    );
    log.find(ODD_ANSWER, Some(Side::Server), frames, text);
}

/// No response begins with these bytes (RFC 9112 §4): they are no version, or no three digits follow it.
fn is_no_status_line(bytes: &[u8]) -> bool {
    let version = match response_likeness(bytes) {
        Likeness::No => return !is_kin(bytes),
        Likeness::Open => return false,
        Likeness::Yes => bytes.get(MAJOR..).unwrap_or_default(),
    };
    let minor = version.iter().take_while(|byte| byte.is_ascii_digit());
    let behind = version.get(minor.count()..).unwrap_or_default();
    let Some(blanks) = behind.iter().position(|byte| *byte != b' ') else {
        return false;
    };
    let status = behind.get(blanks..).unwrap_or_default();
    blanks == 0 || status.iter().take(3).any(|byte| !byte.is_ascii_digit())
}

/// Bytes of `HTTP/1.`.
const MAJOR: usize = 7;

/// Answers that are like HTTP's: of another version, or in small letters; SHOUTcast's `ICY 200 OK`, those of RTSP (RFC 7826) and SIP (RFC 3261) to
/// requests that are like HTTP's; and HTTP's own whose first byte does not show, as its number is the SYN's.
fn is_kin(bytes: &[u8]) -> bool {
    let kin: [&[u8]; 4] = [b"TTP/1", b"ICY ", b"RTSP/", b"SIP/"];
    let name = bytes.get(..4).unwrap_or_default();
    name.eq_ignore_ascii_case(b"HTTP") || kin.iter().any(|start| bytes.starts_with(start))
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

/// A server of HTTP/2 says first what it wants: a frame of SETTINGS on stream 0, that acknowledges nothing (RFC 9113 §3.4).
fn is_http2_opening(bytes: &[u8]) -> bool {
    matches!(bytes, [0, 0, len, 4, 0, 0, 0, 0, 0, ..] if len.is_multiple_of(6))
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
    /// The server does what it was asked for: whatever its page says is no complaint.
    served: bool,
    /// The end of what came so far, where that may be their beginning.
    begun: Box<[u8]>,
}

impl Complaint {
    const fn is_one(&self) -> bool {
        self.found && !self.served
    }

    fn take(&mut self, piece: &[u8]) {
        if self.served || piece.is_empty() {
            return;
        }
        if self.begun.is_empty() {
            self.look_at(piece);
        } else {
            let text = [&self.begun, piece].concat();
            self.look_at(&text);
        }
    }

    fn look_at(&mut self, text: &[u8]) {
        self.served = tells_success(text);
        if !self.served {
            self.found |= asks_for_tls(text);
            self.begun = begun_words(text).into();
        }
    }
}

/// Whether a response is among these bytes that tells of success, or where to go on.
fn tells_success(bytes: &[u8]) -> bool {
    let begins = |at: usize| begins_with_success(bytes.get(at..).unwrap_or_default());
    memchr::memchr_iter(b'H', bytes).any(begins)
}

/// Whether they begin with such a response: with it, what was asked in plain HTTP was understood.
pub(crate) fn begins_with_success(bytes: &[u8]) -> bool {
    SUCCESS.iter().any(|start| bytes.starts_with(start))
}

/// Whether a server's words about plain HTTP are among these bytes. All of them name HTTPS, SSL or TLS.
fn asks_for_tls(bytes: &[u8]) -> bool {
    let names = |at: usize| {
        let behind = bytes.get(at..).unwrap_or_default();
        let before = bytes.get(..at).unwrap_or_default();
        behind.starts_with(b"SSL") || before.ends_with(b"TL") || before.ends_with(b"HTTP")
    };
    let contains = |words: &[u8]| memchr::memmem::find(bytes, words).is_some();
    memchr::memchr_iter(b'S', bytes).any(names) && PLAIN_TO_TLS.iter().any(|words| contains(words))
}

/// The end of `text` with which such words, or a response that tells of success, may begin.
fn begun_words(text: &[u8]) -> &[u8] {
    let start = text.len().saturating_sub(LONGEST_WORDS - 1);
    let end = text.get(start..).unwrap_or(text);
    let begins = |(from, byte): (usize, &u8)| {
        // With one of these, all of them begin.
        let first = matches!(byte, b'p' | b's' | b'C' | b'T' | b'H');
        let rest = first.then(|| end.get(from..)).flatten()?;
        let mut all = PLAIN_TO_TLS.iter().chain(&SUCCESS);
        let any = all.any(|words| words.starts_with(rest));
        any.then_some(rest)
    };
    end.iter().enumerate().find_map(begins).unwrap_or_default()
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
                assert!(complaint.is_one(), "{} by {size}", words.escape_ascii());
            }
        }
        for words in PLAIN_TO_TLS {
            assert_eq!(begun_words(&words[..2]), &words[..2]);
        }
    }

    #[test]
    fn a_page_that_was_asked_for_is_none_in_any_pieces() {
        let words = PLAIN_TO_TLS.concat();
        let found = b"HTTP/1.0 302 Found\r\n\r\n";
        let missing = [b"HTTP/1.1 404 No\r\n\r\n", &found[..]].concat();
        for head in [&found[..], &missing] {
            let page = [head, &words].concat();
            for size in 1..page.len() {
                let mut complaint = Complaint::default();
                for piece in page.chunks(size) {
                    complaint.take(piece);
                }
                assert!(!complaint.is_one(), "by {size}");
            }
        }
        let mut none = Complaint::default();
        none.take(b"HTTP/1.1 200 OK\r\n\r\nok");
        assert!(!none.is_one() && none.begun.is_empty());
    }

    #[test]
    fn every_server_names_https_ssl_or_tls() {
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
        let settings = [
            0, 0, 12, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100, 0, 4, 0, 0, 255, 255,
        ];
        assert_eq!(finding(get, &settings), Some("http2_mismatch"));
        assert_eq!(finding(&hello, &settings), Some("http2_mismatch"));
        assert_eq!(finding(HTTP2_PREFACE, &settings), None);
        let bad = b"HTTP/1.1 400 Bad Request\r\n";
        assert_eq!(finding(HTTP2_PREFACE, bad), Some("http2_mismatch"));
        assert_eq!(finding(b"PRI /a HTTP/1.1\r\n\r\n", bad), None);
        for answer in [
            &b"HTTP/1.1 200 OK\r\n"[..],
            b"HTTP/1.0  302",
            b"HTTP/1.01 200 OK\r\n",
            b"HTTP/1.1 2",
            b"HTTP/1.1",
            b"HT",
            b"ICY 200 OK\r\n",
            b"RTSP/1.0 200 OK\r\n",
            b"HTTP/2 200\r\n",
            b"http/1.1 200 ok\r\n",
            b"HTTP 503 Server Busy\r\n",
            b"TTP/1.1 200\r\n",
        ] {
            assert_eq!(finding(get, answer), None, "{}", answer.escape_ascii());
        }
        for answer in [&b"hello"[..], b"HTTP/1.1 OK\r\n", b"\0\x01"] {
            let found = finding(get, answer);
            assert_eq!(found, Some(ODD_ANSWER), "{}", answer.escape_ascii());
        }
        let manual = b"HTTP/1.1 200 OK\r\n\r\nIt says: speaking HTTP on an HTTPS port";
        assert_eq!(finding(get, manual), None);
        assert_eq!(finding(b"SSH-2.0-x\r\n", b"SSH-2.0-y\r\n"), None);
        assert_eq!(finding(b"SSH-2.0-x\r\n", bad), Some("ssh_mismatch"));
    }
}
