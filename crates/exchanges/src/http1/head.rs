//! Heads of HTTP/1 messages: start line and fields (RFC 9112 §2 to §5).

use httparse::{EMPTY_HEADER, Header, ParserConfig, Status};

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
    pub(crate) upgrade: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) expects_continue: bool,
}

/// A request's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestHead {
    /// Method, blank, target.
    pub(crate) line: String,
    pub(crate) method: String,
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

/// Reads a request's head from `bytes`, which may end early: then the lines that are whole count, and of a start line
/// that is cut what is there, with `…` behind it.
pub(crate) fn request_head(bytes: &[u8]) -> Option<RequestHead> {
    let (line, rest) = first_line(bytes);
    let whole_line = line.len() < bytes.len();
    let mut words = line.splitn(2, |byte| *byte == b' ' || *byte == b'\t');
    let method = words.next()?;
    let tail = words.next()?.trim_ascii_start();
    if !is_token(method) || tail.is_empty() {
        return None;
    }
    let (target, version) = if whole_line {
        split_version(tail.trim_ascii_end())
    } else {
        let (target, version) = split_version(tail);
        (
            target,
            if version == Version::V09 {
                Version::V11
            } else {
                version
            },
        )
    };
    let method = String::from_utf8_lossy(method).into_owned();
    let mut text = format!("{method} {}", shortened(target));
    if !whole_line && target.len() == tail.len() {
        text.push('…');
    }
    Some(RequestHead {
        line: text,
        method,
        version,
        fields: fields(rest, false),
    })
}

/// Reads a response's head from `bytes`, which may end early.
pub(crate) fn response_head(bytes: &[u8]) -> Option<ResponseHead> {
    let (line, rest) = first_line(bytes);
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
    Some(ResponseHead {
        status: digit(a) * 100 + digit(b) * 10 + digit(c),
        version,
        fields: fields(rest, true),
    })
}

fn first_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
        return (bytes.strip_suffix(b"\r").unwrap_or(bytes), &[]);
    };
    let line = bytes.get(..end).unwrap_or(bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    (line, bytes.get(end.saturating_add(1)..).unwrap_or(&[]))
}

fn split_version(tail: &[u8]) -> (&[u8], Version) {
    let Some(blank) = tail.iter().rposition(|byte| *byte == b' ') else {
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

fn shortened(target: &[u8]) -> String {
    let kept = target.get(..MAX_REQUEST).unwrap_or(target);
    let mut text = String::from_utf8_lossy(kept).into_owned();
    text.truncate(text.floor_char_boundary(MAX_REQUEST.saturating_sub(32)));
    text
}

/// Whether `word` is a method name (RFC 9110 §5.6.2) of a length that occurs.
pub(crate) fn is_token(word: &[u8]) -> bool {
    !word.is_empty()
        && word.len() <= 32
        && word
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// Reads the field lines; the last line counts only where its end is there.
fn fields(bytes: &[u8], response: bool) -> Fields {
    let whole: Vec<u8> = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| line.ends_with(b"\n"))
        .take(MAX_FIELDS)
        .flatten()
        .copied()
        .collect();
    let mut text = Vec::with_capacity(whole.len().saturating_add(64));
    // httparse reads heads with their start line; one that is known to be good stands in for the message's own.
    text.extend_from_slice(if response {
        b"HTTP/1.1 200 OK\r\n"
    } else {
        b"GET / HTTP/1.1\r\n"
    });
    text.extend_from_slice(&whole);
    text.extend_from_slice(b"\r\n\r\n");
    let mut config = ParserConfig::default();
    config
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .ignore_invalid_headers_in_responses(true)
        .ignore_invalid_headers_in_requests(true);
    let mut storage = [EMPTY_HEADER; MAX_FIELDS];
    if response {
        let mut parsed = httparse::Response::new(&mut storage);
        match config.parse_response(&mut parsed, &text) {
            Ok(Status::Complete(_)) => collect(parsed.headers),
            _ => Fields::default(),
        }
    } else {
        let mut parsed = httparse::Request::new(&mut storage);
        match config.parse_request(&mut parsed, &text) {
            Ok(Status::Complete(_)) => collect(parsed.headers),
            _ => Fields::default(),
        }
    }
}

fn collect(headers: &[Header<'_>]) -> Fields {
    let mut fields = Fields::default();
    let mut coding: Option<BodyLength> = None;
    for header in headers {
        let value = header.value.trim_ascii();
        match header.name.to_ascii_lowercase().as_str() {
            "content-length" => add_length(&mut fields, value),
            "transfer-encoding" => coding = Some(transfer_coding(value)),
            "connection" | "proxy-connection" => {
                fields.close |= lists(value, b"close");
                fields.keep_alive |= lists(value, b"keep-alive");
            }
            "upgrade" => fields.upgrade = Some(lossy(value, 64)),
            "host" => fields.host = Some(lossy(value, 255)),
            "expect" => fields.expects_continue |= value.eq_ignore_ascii_case(b"100-continue"),
            _ => {}
        }
    }
    if let Some(coding) = coding {
        fields.ambiguous |= fields.length != BodyLength::Absent;
        fields.length = coding;
    }
    fields
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

fn lossy(value: &[u8], most: usize) -> String {
    String::from_utf8_lossy(value.get(..most).unwrap_or(value)).into_owned()
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
