//! The field lines of HTTP/1 heads (RFC 9112 §5, §6): what they say that matters.

use std::mem::MaybeUninit;

use compact_str::CompactString;
use httparse::{Header, ParserConfig, Status};

use super::head::{lossy_text, short_text};
use super::plain_fields;

/// More fields than this and the rest is not looked at.
pub(super) const MAX_FIELDS: usize = 128;

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

/// The fields that are looked at, by their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Host,
    Expect,
    Upgrade,
    /// `Connection`, or `Proxy-Connection`.
    Connection,
    ContentLength,
    TransferEncoding,
}

/// Fields as they come, line by line.
#[derive(Debug, Default)]
pub(super) struct Collected {
    fields: Fields,
    coding: Option<BodyLength>,
}

impl Collected {
    /// Takes the next field.
    #[inline(always)]
    pub(super) fn add(&mut self, name: Name, value: &[u8]) {
        let (fields, value) = (&mut self.fields, trimmed(value));
        match name {
            Name::Host => fields.host = Some(lossy(value, 255)),
            Name::ContentLength => add_length(fields, value),
            Name::Expect => fields.expects_continue |= value.eq_ignore_ascii_case(b"100-continue"),
            Name::Upgrade => fields.upgrade = Some(lossy(value, 64).as_str().into()),
            Name::Connection => match value {
                b"keep-alive" | b"Keep-Alive" => fields.keep_alive = true,
                b"close" | b"Close" => fields.close = true,
                _ => {
                    fields.close |= lists(value, b"close");
                    fields.keep_alive |= lists(value, b"keep-alive");
                }
            },
            Name::TransferEncoding => self.coding = Some(transfer_coding(value)),
        }
    }

    /// What they say together.
    pub(super) fn into_fields(mut self) -> Fields {
        self.together();
        self.fields
    }

    /// The same, where they are.
    pub(super) fn together(&mut self) -> &mut Fields {
        let fields = &mut self.fields;
        if let Some(coding) = self.coding.take() {
            fields.ambiguous |= fields.length != BodyLength::Absent;
            fields.length = coding;
        }
        fields
    }
}

/// Reads the field lines of a request: `lines`, the end of `head`.
pub(super) fn of_request(head: &[u8], lines: &[u8]) -> Fields {
    plain_fields::of_lines(lines).unwrap_or_else(|| closely_of_request(head, lines))
}

/// Reads the field lines of a response: `lines`, the end of `head`.
pub(super) fn of_response(head: &[u8], lines: &[u8]) -> Fields {
    plain_fields::of_lines(lines).unwrap_or_else(|| closely_of_response(head, lines))
}

/// The same of a request, whatever the lines are like.
pub(super) fn closely_of_request(head: &[u8], lines: &[u8]) -> Fields {
    few_lines(lines)
        .then(|| parse_request(head))
        .flatten()
        .or_else(|| parse_request(&in_standard_head(b"GET / HTTP/1.1\r\n", lines)))
        .unwrap_or_default()
}

/// The same of a response, whatever the lines are like.
pub(super) fn closely_of_response(head: &[u8], lines: &[u8]) -> Fields {
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
    let mut collected = Collected::default();
    for header in headers {
        if let Some(name) = name_of(header) {
            collected.add(name, header.value);
        }
    }
    collected.into_fields()
}

fn name_of(header: &Header<'_>) -> Option<Name> {
    let is = |name: &str| header.name.eq_ignore_ascii_case(name);
    match header.name.len() {
        4 if is("host") => Some(Name::Host),
        6 if is("expect") => Some(Name::Expect),
        7 if is("upgrade") => Some(Name::Upgrade),
        10 if is("connection") => Some(Name::Connection),
        16 if is("proxy-connection") => Some(Name::Connection),
        14 if is("content-length") => Some(Name::ContentLength),
        17 if is("transfer-encoding") => Some(Name::TransferEncoding),
        _ => None,
    }
}

/// The value of a field without the blanks around it: mostly one, in front.
#[inline(always)]
fn trimmed(value: &[u8]) -> &[u8] {
    if let [b' ', inside @ ..] = value
        && let (Some(b'!'..), Some(b'!'..)) = (inside.first(), inside.last())
    {
        return inside;
    }
    value.trim_ascii()
}

#[inline(always)]
fn add_length(fields: &mut Fields, value: &[u8]) {
    // Most heads have one, and one length in it.
    if fields.length == BodyLength::Absent
        && let Some(length) = number(value)
    {
        fields.length = BodyLength::Length(length);
        return;
    }
    add_lengths(fields, value);
}

#[inline(never)]
fn add_lengths(fields: &mut Fields, value: &[u8]) {
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

/// Digits, and nothing else.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then_some(digit & 0xf)?;
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
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

#[inline(never)]
fn lists(value: &[u8], option: &[u8]) -> bool {
    value
        .split(|byte| *byte == b',')
        .any(|word| word.trim_ascii().eq_ignore_ascii_case(option))
}

fn lossy(value: &[u8], most: usize) -> CompactString {
    if let Some(text) = short_text(value) {
        return text;
    }
    lossy_text(value.get(..most).unwrap_or(value)).into()
}

#[cfg(test)]
mod tests {
    use super::super::head::{request_head, response_head};
    use super::*;

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
}
