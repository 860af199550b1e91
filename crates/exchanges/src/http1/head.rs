//! Heads of HTTP/1 messages: start line and fields (RFC 9112 §2 to §5).

use std::borrow::Cow;
use std::mem::MaybeUninit;

use compact_str::CompactString;
use httparse::{Header, ParserConfig, Status};

use super::body::Asked;
use crate::Protocol;

/// More fields than this and the rest is not looked at.
const MAX_FIELDS: usize = 128;

/// At most this many bytes of a request's start line are kept.
const MAX_REQUEST: usize = 2_048;

/// What a head says about the length of its body (RFC 9112 §6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum BodyLength {
    /// Nothing.
    #[default]
    Absent,
    /// `Content-Length`.
    Length(u64),
    /// `Transfer-Encoding` that ends in `chunked`.
    Chunked,
    /// `Transfer-Encoding` that does not.
    OtherCoding,
    /// Lengths that cannot be read, or contradict each other.
    Invalid,
}

/// The fields that matter, of either kind of message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) length: BodyLength,
    /// Both `Transfer-Encoding` and `Content-Length` are there, or two that differ.
    pub(crate) ambiguous: bool,
    pub(crate) close: bool,
    pub(crate) keep_alive: bool,
    pub(crate) upgrade: Option<Box<str>>,
    pub(crate) host: Option<CompactString>,
    pub(crate) expects_continue: bool,
}

/// A request's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestHead {
    /// Method, blank, target.
    pub(crate) line: CompactString,
    pub(crate) asked: Asked,
    /// GET or HEAD: no body is to be expected of it.
    pub(crate) only_reads: bool,
    pub(crate) version: Version,
    pub(crate) fields: Fields,
}

/// A response's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResponseHead {
    pub(crate) status: u16,
    pub(crate) version: Version,
    pub(crate) fields: Fields,
}

/// The version that a start line names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// No version: HTTP/0.9.
    V09,
    /// HTTP/1.0.
    V10,
    /// HTTP/1.1, or a later 1.x.
    V11,
}

impl Version {
    pub(crate) const fn protocol(self) -> Protocol {
        match self {
            Self::V09 | Self::V10 => Protocol::Http10,
            Self::V11 => Protocol::Http11,
        }
    }
}

/// A request's start line.
struct RequestLine<'a> {
    method: &'a [u8],
    target: &'a [u8],
    version: Version,
    /// It ends within its target.
    cut: bool,
}

impl<'a> RequestLine<'a> {
    /// Reads `line`; of one whose end is not there (`whole` is not said) the version is guessed.
    fn read(line: &'a [u8], whole: bool) -> Option<Self> {
        let mut words = line.splitn(2, |byte| *byte == b' ' || *byte == b'\t');
        let method = words.next()?;
        let tail = words.next()?.trim_ascii_start();
        if !is_token(method) || tail.is_empty() {
            return None;
        }
        if whole {
            let (target, version) = split_version(tail.trim_ascii_end());
            return Some(Self {
                method,
                target,
                version,
                cut: false,
            });
        }
        let (target, version) = split_version(tail);
        Some(Self {
            method,
            target,
            version: match version {
                Version::V09 => Version::V11,
                version => version,
            },
            cut: target.len() == tail.len(),
        })
    }

    /// Method, blank, target; with `…` behind it where it is cut.
    fn text(&self) -> CompactString {
        let kept = self.target.get(..MAX_REQUEST).unwrap_or(self.target);
        let target = lossy_text(kept);
        let end = target.floor_char_boundary(MAX_REQUEST.saturating_sub(32));
        let target = target.get(..end).unwrap_or(&target);
        let len = self.method.len().saturating_add(target.len());
        let mark = if self.cut { "…" } else { "" };
        let mut text = CompactString::with_capacity(len.saturating_add(1 + mark.len()));
        text.push_str(&lossy_text(self.method));
        text.push(' ');
        text.push_str(target);
        text.push_str(mark);
        text
    }
}

/// Reads a request's head from `bytes`, which may end early: then the lines that are whole count, and of a start line
/// that is cut what is there, with `…` behind it.
pub(crate) fn request_head(bytes: &[u8]) -> Option<RequestHead> {
    let (line, rest) = first_line(bytes);
    let line = RequestLine::read(line, line.len() < bytes.len())?;
    Some(RequestHead {
        line: line.text(),
        asked: Asked::of(line.method),
        only_reads: matches!(line.method, b"GET" | b"HEAD"),
        version: line.version,
        fields: request_fields(bytes, rest),
    })
}

/// Whether a start line with its end is a request's without a version.
pub(crate) fn is_bare_request_line(line: &[u8]) -> bool {
    let (text, _) = first_line(line);
    RequestLine::read(text, text.len() < line.len())
        .is_some_and(|line| line.version == Version::V09)
}

/// Reads a response's head from `bytes`, which may end early.
pub(crate) fn response_head(bytes: &[u8]) -> Option<ResponseHead> {
    let (line, rest) = first_line(bytes);
    let (version, status) = status_line(line)?;
    Some(ResponseHead {
        status,
        version,
        fields: response_fields(bytes, rest),
    })
}

/// Reads a status line: version and status.
pub(crate) fn status_line(line: &[u8]) -> Option<(Version, u16)> {
    let mut words = line
        .split(|byte| *byte == b' ' || *byte == b'\t')
        .filter(|word| !word.is_empty());
    if line.first().is_some_and(u8::is_ascii_whitespace) {
        return None;
    }
    let version = match words.next()? {
        b"HTTP/1.0" | b"ICY" => Version::V10,
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'..=b'9'] => Version::V11,
        _ => return None,
    };
    let status = words.next()?;
    let [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] = *status else {
        return None;
    };
    let digit = |byte: u8| u16::from(byte.wrapping_sub(b'0'));
    Some((version, digit(a) * 100 + digit(b) * 10 + digit(c)))
}

/// The first line without its end, and what follows it.
pub(crate) fn first_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let Some(end) = memchr::memchr(b'\n', bytes) else {
        return (bytes.strip_suffix(b"\r").unwrap_or(bytes), &[]);
    };
    let line = bytes.get(..end).unwrap_or(bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    (line, bytes.get(end.saturating_add(1)..).unwrap_or(&[]))
}

fn split_version(tail: &[u8]) -> (&[u8], Version) {
    if let Some(target) = tail.strip_suffix(b" HTTP/1.1") {
        return (target.trim_ascii_end(), Version::V11);
    }
    let Some(blank) = memchr::memrchr(b' ', tail) else {
        return (tail, Version::V09);
    };
    let (target, word) = tail.split_at_checked(blank).unwrap_or((tail, &[]));
    let word = word.trim_ascii();
    let version = if word.eq_ignore_ascii_case(b"HTTP/1.0") || word == b"HTTP/0.9" {
        Version::V10
    } else if word
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"HTTP/"))
    {
        Version::V11
    } else {
        return (tail, Version::V09);
    };
    (target.trim_ascii_end(), version)
}

/// Whether `word` is a method name (RFC 9110 §5.6.2) of a length that occurs.
pub(crate) fn is_token(word: &[u8]) -> bool {
    !word.is_empty()
        && word.len() <= 32
        && word
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// Reads the field lines of a request: `lines`, the end of `head`.
fn request_fields(head: &[u8], lines: &[u8]) -> Fields {
    few_lines(lines)
        .then(|| parse_request(head))
        .flatten()
        .or_else(|| parse_request(&in_standard_head(b"GET / HTTP/1.1\r\n", lines)))
        .unwrap_or_default()
}

/// Reads the field lines of a response: `lines`, the end of `head`.
fn response_fields(head: &[u8], lines: &[u8]) -> Fields {
    few_lines(lines)
        .then(|| parse_response(head))
        .flatten()
        .or_else(|| parse_response(&in_standard_head(b"HTTP/1.1 200 OK\r\n", lines)))
        .unwrap_or_default()
}

/// Not more lines than are looked at: then the head can be read where it lies.
fn few_lines(lines: &[u8]) -> bool {
    lines.len() <= MAX_FIELDS || memchr::memchr_iter(b'\n', lines).count() <= MAX_FIELDS
}

/// httparse reads whole heads with a start line of its own taste. Where a head's end is not there, or its start line
/// is unusual, one that is known to be good stands in for the message's own; the last line counts only where its end
/// is there.
fn in_standard_head(start_line: &[u8], lines: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(lines.len().saturating_add(64));
    text.extend_from_slice(start_line);
    let whole = lines
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| line.ends_with(b"\n"))
        .take(MAX_FIELDS);
    for line in whole {
        text.extend_from_slice(line);
    }
    text.extend_from_slice(b"\r\n\r\n");
    text
}

/// The fields of a request that is whole and well-formed.
fn parse_request(text: &[u8]) -> Option<Fields> {
    let mut storage = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut parsed = httparse::Request::new(&mut []);
    match lenient().parse_request_with_uninit_headers(&mut parsed, text, &mut storage) {
        Ok(Status::Complete(_)) => Some(collect(parsed.headers)),
        _ => None,
    }
}

/// The fields of a response that is whole and well-formed.
fn parse_response(text: &[u8]) -> Option<Fields> {
    let mut storage = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut parsed = httparse::Response::new(&mut []);
    match lenient().parse_response_with_uninit_headers(&mut parsed, text, &mut storage) {
        Ok(Status::Complete(_)) => Some(collect(parsed.headers)),
        _ => None,
    }
}

fn lenient() -> ParserConfig {
    let mut config = ParserConfig::default();
    config
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .ignore_invalid_headers_in_responses(true)
        .ignore_invalid_headers_in_requests(true);
    config
}

fn collect(headers: &[Header<'_>]) -> Fields {
    let mut fields = Fields::default();
    let mut coding: Option<BodyLength> = None;
    for header in headers {
        let value = header.value.trim_ascii();
        match header.name.len() {
            4 if is(header, "host") => fields.host = Some(lossy(value, 255)),
            6 if is(header, "expect") => {
                fields.expects_continue |= value.eq_ignore_ascii_case(b"100-continue");
            }
            7 if is(header, "upgrade") => fields.upgrade = Some(lossy(value, 64).as_str().into()),
            10 | 16 if is(header, "connection") || is(header, "proxy-connection") => {
                fields.close |= lists(value, b"close");
                fields.keep_alive |= lists(value, b"keep-alive");
            }
            14 if is(header, "content-length") => add_length(&mut fields, value),
            17 if is(header, "transfer-encoding") => coding = Some(transfer_coding(value)),
            _ => {}
        }
    }
    if let Some(coding) = coding {
        fields.ambiguous |= fields.length != BodyLength::Absent;
        fields.length = coding;
    }
    fields
}

fn is(header: &Header<'_>, name: &str) -> bool {
    header.name.eq_ignore_ascii_case(name)
}

fn add_length(fields: &mut Fields, value: &[u8]) {
    for part in value.split(|byte| *byte == b',') {
        let length = number(part.trim_ascii()).map_or(BodyLength::Invalid, BodyLength::Length);
        if fields.length == BodyLength::Absent {
            fields.length = length;
        } else if fields.length != length {
            fields.length = BodyLength::Invalid;
        }
        fields.ambiguous |= fields.length == BodyLength::Invalid;
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn transfer_coding(value: &[u8]) -> BodyLength {
    let last = value
        .rsplit(|byte| *byte == b',')
        .next()
        .unwrap_or(value)
        .trim_ascii();
    if last.eq_ignore_ascii_case(b"chunked") {
        BodyLength::Chunked
    } else if last.eq_ignore_ascii_case(b"identity") {
        BodyLength::Absent
    } else {
        BodyLength::OtherCoding
    }
}

fn lists(value: &[u8], option: &[u8]) -> bool {
    value
        .split(|byte| *byte == b',')
        .any(|word| word.trim_ascii().eq_ignore_ascii_case(option))
}

fn lossy(value: &[u8], most: usize) -> CompactString {
    lossy_text(value.get(..most).unwrap_or(value)).into()
}

/// Invalid UTF-8 replaced; where there is none, that is seen more quickly than by looking for it.
fn lossy_text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_request() {
        let head = request_head(
            b"POST /up?x=1 HTTP/1.1\r\nHost: a.example\r\nContent-Length: 12\r\nExpect: 100-continue\r\n\r\n",
        )
        .unwrap();
        assert_eq!(head.line, "POST /up?x=1");
        assert_eq!(head.version, Version::V11);
        assert_eq!(head.fields.host.as_deref(), Some("a.example"));
        assert_eq!(head.fields.length, BodyLength::Length(12));
        assert!(head.fields.expects_continue);
    }

    #[test]
    fn a_cut_head_tells_its_whole_lines() {
        let head =
            response_head(b"HTTP/1.1 206 Partial Content\r\nContent-Length: 77\r\nConnection: clo")
                .unwrap();
        assert_eq!(head.status, 206);
        assert_eq!(head.fields.length, BodyLength::Length(77));
        assert!(!head.fields.close);
        let cut = request_head(b"GET /a-long-targ").unwrap();
        assert_eq!(cut.line, "GET /a-long-targ…");
    }

    #[test]
    fn a_head_is_read_where_it_lies_as_in_a_standard_one() {
        let long = "A: b\r\n".repeat(MAX_FIELDS);
        for lines in [
            "Host: a.example\r\nContent-Length: 12\r\n\r\n",
            "Content-Length : 7\r\n\r\n",
            "Content-Length: 7\nConnection: close\n\n",
            "Upgrade: a\r\n b\r\nContent-Length: 7\r\n\r\n",
            "Content-Length: 7\r\nBad name: x\r\nno colon\r\nConnection: close\r\n\r\n",
            "Content-Length: 7\r\nX: \u{1}\r\nConnection: close\r\n\r\n",
            "Content-Length: 7\r\nX: a\rb\r\nConnection: close\r\n\r\n",
            &format!("{long}Content-Length: 7\r\n\r\n"),
            "\r\n",
        ] {
            let request = format!("PUT /a HTTP/1.1\r\n{lines}");
            let standard = in_standard_head(b"GET / HTTP/1.1\r\n", lines.as_bytes());
            assert_eq!(
                request_head(request.as_bytes()).unwrap().fields,
                parse_request(&standard).unwrap_or_default(),
                "{lines:?}"
            );
            let response = format!("HTTP/1.1 404 Not Found\r\n{lines}");
            let standard = in_standard_head(b"HTTP/1.1 200 OK\r\n", lines.as_bytes());
            assert_eq!(
                response_head(response.as_bytes()).unwrap().fields,
                parse_response(&standard).unwrap_or_default(),
                "{lines:?}"
            );
        }
    }

    #[test]
    fn a_status_line_begins_with_its_version() {
        assert!(response_head(b" HTTP/1.1 200 OK\r\n").is_none());
        assert!(response_head(b"HTTP/1.1x 200 OK\r\n").is_none());
        assert!(response_head(b"ICY 200 OK\r\n").is_some());
    }

    #[test]
    fn a_promise_that_is_cut_is_none() {
        let head = response_head(b"HTTP/1.1 200 OK\r\nContent-Length: 10").unwrap();
        assert_eq!(head.fields.length, BodyLength::Absent);
    }

    #[test]
    fn lengths_that_contradict_each_other() {
        let two =
            response_head(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")
                .unwrap();
        assert_eq!(two.fields.length, BodyLength::Invalid);
        assert!(two.fields.ambiguous);
        let both = request_head(
            b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        )
        .unwrap();
        assert_eq!(both.fields.length, BodyLength::Chunked);
        assert!(both.fields.ambiguous);
        let huge =
            response_head(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n")
                .unwrap();
        assert_eq!(huge.fields.length, BodyLength::Invalid);
    }

    #[test]
    fn the_oldest_version_has_no_version() {
        let head = request_head(b"GET /index\r\n").unwrap();
        assert_eq!(head.version, Version::V09);
        assert_eq!(head.line, "GET /index");
    }
}
