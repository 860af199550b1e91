//! Heads of HTTP/1 messages: start line and fields (RFC 9112 §2 to §5).

use std::borrow::Cow;

use compact_str::CompactString;

use super::body::Asked;
use super::fields::{self, Collected, Fields};
use super::plain_fields::{self, Extent};
use super::reader::{MAX_HEAD, head_end};
use super::start_line::is_request_line;
use crate::Protocol;

/// At most this many bytes of a request's start line are kept.
const MAX_REQUEST: usize = 2_048;

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
pub(super) struct RequestLine<'a> {
    method: &'a [u8],
    target: &'a [u8],
    /// Method, blank, target, where they stand so in the line.
    written: Option<&'a [u8]>,
    pub(super) version: Version,
    /// It ends within its target.
    cut: bool,
}

impl<'a> RequestLine<'a> {
    /// Reads `line`; of one whose end is not there (`whole` is not said) the version is guessed.
    #[inline(always)]
    pub(super) fn read(line: &'a [u8], whole: bool) -> Option<Self> {
        if let Some(target) = usual_target(line).filter(|_| whole) {
            return Some(Self {
                method: b"GET",
                target,
                written: line.get(..line.len().saturating_sub(VERSION.len())),
                version: Version::V11,
                cut: false,
            });
        }
        Self::read_any(line, whole)
    }

    #[inline(never)]
    fn read_any(line: &'a [u8], whole: bool) -> Option<Self> {
        let blank = line.iter().position(|byte| matches!(byte, b' ' | b'\t'))?;
        let (method, behind) = line.split_at_checked(blank)?;
        let tail = behind.trim_ascii_start();
        if !is_token(method) || tail.is_empty() {
            return None;
        }
        let one_blank = behind.first() == Some(&b' ') && behind.len() == tail.len() + 1;
        let written = |target: &[u8]| line.get(..blank + 1 + target.len()).filter(|_| one_blank);
        if whole {
            let (target, version) = split_version(tail.trim_ascii_end());
            return Some(Self {
                method,
                target,
                written: written(target),
                version,
                cut: false,
            });
        }
        let (target, version) = split_version(tail);
        Some(Self {
            method,
            target,
            written: written(target),
            version: match version {
                Version::V09 => Version::V11,
                version => version,
            },
            cut: target.len() == tail.len(),
        })
    }

    /// The head that begins with it.
    fn with(&self, fields: Fields) -> RequestHead {
        RequestHead {
            line: self.text(),
            asked: Asked::of(self.method),
            only_reads: matches!(self.method, b"GET" | b"HEAD"),
            version: self.version,
            fields,
        }
    }

    /// Method, blank, target; with `…` behind it where it is cut.
    #[inline(always)]
    pub(super) fn text(&self) -> CompactString {
        if let Some(written) = self.written
            && !self.cut
            && let Some(text) = short_text(written)
        {
            return text;
        }
        self.any_text()
    }

    #[inline(never)]
    fn any_text(&self) -> CompactString {
        if let Some(written) = self.written
            && !self.cut
            && written.len() < MAX_REQUEST / 2
            && let Ok(text) = std::str::from_utf8(written)
        {
            return CompactString::new(text);
        }
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

/// What stands behind the target of most requests.
const VERSION: &[u8; 9] = b" HTTP/1.1";

/// The target of a whole request line as most are: `GET /file HTTP/1.1`.
pub(super) fn usual_target(line: &[u8]) -> Option<&[u8]> {
    let target = line.strip_prefix(b"GET ")?.strip_suffix(VERSION)?;
    let (first, last) = (target.first()?, target.last()?);
    (*first == b'/' && !last.is_ascii_whitespace()).then_some(target)
}

/// Reads a request's head from `bytes`, which may end early: then the lines that are whole count, and of a start line
/// that is cut what is there, with `…` behind it.
pub(crate) fn request_head(bytes: &[u8]) -> Option<RequestHead> {
    let (line, rest) = first_line(bytes);
    let line = RequestLine::read(line, line.len() < bytes.len())?;
    Some(line.with(fields::of_request(bytes, rest)))
}

/// A whole head at the beginning of some bytes.
pub(crate) struct Whole<'a> {
    bytes: &'a [u8],
    /// The first line without its end.
    line: &'a [u8],
    lines: &'a [u8],
    /// What its fields say, where they are as they should be.
    fields: Option<Fields>,
}

impl<'a> Whole<'a> {
    /// Looks for one that is not too long; `None` where its end is not there.
    pub(crate) fn of(bytes: &'a [u8]) -> Option<Self> {
        let (line, rest) = first_line(bytes);
        let before = bytes.len() - rest.len();
        let mut collected = Collected::default();
        let (fields, end) = match plain_fields::read(rest, &mut collected) {
            Extent::Whole(len) => (Some(collected.into_fields()), before + len),
            Extent::Open => return None,
            Extent::Unclear => (None, head_end(bytes, 0)?),
        };
        let bytes = bytes.get(..end).filter(|_| end <= MAX_HEAD)?;
        Some(Self {
            bytes,
            line,
            lines: bytes.get(before..)?,
            fields,
        })
    }

    /// Its length.
    pub(crate) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether its first line can start a request.
    pub(crate) fn has_request_line(&self) -> bool {
        self.line.ends_with(VERSION) || is_request_line(self.line)
    }

    /// It as a request's.
    pub(crate) fn request(self) -> Option<RequestHead> {
        let line = RequestLine::read(self.line, true)?;
        let fields = self.fields;
        Some(
            line.with(fields.unwrap_or_else(|| fields::closely_of_request(self.bytes, self.lines))),
        )
    }

    /// It as a response's.
    pub(crate) fn response(self) -> Option<ResponseHead> {
        let (version, status) = status_line(self.line)?;
        let fields = self.fields;
        Some(ResponseHead {
            status,
            version,
            fields: fields.unwrap_or_else(|| fields::closely_of_response(self.bytes, self.lines)),
        })
    }
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
        fields: fields::of_response(bytes, rest),
    })
}

/// Whether a status line begins here that is not of an interim response (RFC 9110, section 15), as far as it goes.
pub(crate) fn begins_final_status(bytes: &[u8]) -> bool {
    let digit = bytes.strip_prefix(b"HTTP/1.").and_then(|rest| match rest {
        [b'0' | b'1', b' ', digit, ..] => Some(digit),
        _ => None,
    });
    digit.is_some_and(|digit| matches!(digit, b'2'..=b'5'))
}

/// Reads a status line: version and status.
pub(crate) fn status_line(line: &[u8]) -> Option<(Version, u16)> {
    if let Some(usual) = usual_status_line(line) {
        return Some(usual);
    }
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
    let [a, b, c] = *status else {
        return None;
    };
    Some((version, code([a, b, c])?))
}

/// One blank before the status and one behind it, or nothing.
#[inline(always)]
fn usual_status_line(line: &[u8]) -> Option<(Version, u16)> {
    let (version, rest) = line.split_first_chunk()?;
    let version = match version {
        b"HTTP/1.1" => Version::V11,
        b"HTTP/1.0" => Version::V10,
        _ => return None,
    };
    let ([b' ', a, b, c], [] | [b' ', ..]) = rest.split_first_chunk()? else {
        return None;
    };
    Some((version, code([*a, *b, *c])?))
}

/// A status of three digits.
#[inline(always)]
fn code(digits: [u8; 3]) -> Option<u16> {
    let [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9'] = digits else {
        return None;
    };
    let [a, b, c] = digits.map(|digit| u16::from(digit & 0xf));
    Some(a * 100 + b * 10 + c)
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
    if let Some(target) = tail.strip_suffix(VERSION) {
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
    !word.is_empty() && word.len() <= 32 && word.iter().all(|byte| is_token_byte(*byte))
}

const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~'
        )
}

/// Invalid UTF-8 replaced; where there is none, that is seen more quickly than by looking for it.
pub(super) fn lossy_text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

/// A few bytes as text; `None` where they are none, or too many. That they are text is seen sixteen at a time only where they lie at
/// a multiple of that.
pub(super) fn short_text(bytes: &[u8]) -> Option<CompactString> {
    #[repr(align(16))]
    struct Aligned([u8; 32]);
    let mut copy = Aligned([0; 32]);
    copy.0.get_mut(..bytes.len())?.copy_from_slice(bytes);
    let text = std::str::from_utf8(&copy.0).ok()?;
    text.get(..bytes.len()).map(CompactString::new)
}

#[cfg(test)]
mod tests {
    use super::super::fields::BodyLength;
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
    fn the_first_digit_tells_a_final_status() {
        assert!(begins_final_status(b"HTTP/1.1 4"));
        assert!(begins_final_status(b"HTTP/1.0 200 OK\r\n"));
        for other in ["HTTP/1.1 1", "HTTP/1.1 ", "HTTP/1.1x4", "ICY 4", ""] {
            assert!(!begins_final_status(other.as_bytes()), "{other}");
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
