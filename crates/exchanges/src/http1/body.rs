//! How the end of a message's body is marked (RFC 9112 §6.3).

use super::fields::BodyLength;
use super::head::Version;
use crate::Framing;

/// What is left to come of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// Nothing.
    None,
    /// So many bytes.
    Length(u64),
    /// Chunks.
    Chunked,
    /// Everything up to the close.
    UntilClose,
    /// Another protocol.
    Tunnel,
    /// It cannot be told where the body ends.
    Unclear,
}

impl Body {
    /// For the exchange.
    pub(crate) const fn framing(self) -> Framing {
        match self {
            Self::None => Framing::None,
            Self::Length(_) => Framing::Length,
            Self::Chunked => Framing::Chunked,
            Self::UntilClose | Self::Unclear => Framing::UntilClose,
            Self::Tunnel => Framing::Tunnel,
        }
    }
}

/// What matters of a request for the length of its response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Anything else, or a request that was not captured.
    #[default]
    Other,
    /// HEAD: the response has no body.
    Head,
    /// CONNECT: a positive response begins a tunnel.
    Connect,
}

impl Asked {
    pub(crate) const fn of(method: &[u8]) -> Self {
        match method {
            b"HEAD" => Self::Head,
            b"CONNECT" => Self::Connect,
            _ => Self::Other,
        }
    }
}

/// The body of a request.
pub(crate) const fn of_request(length: BodyLength) -> Body {
    match length {
        BodyLength::Length(len) => Body::Length(len),
        BodyLength::Chunked => Body::Chunked,
        BodyLength::Absent => Body::None,
        BodyLength::OtherCoding | BodyLength::Invalid => Body::Unclear,
    }
}

/// The body of a final response.
pub(crate) const fn of_response(status: u16, length: BodyLength, asked: Asked) -> Body {
    match (status, asked) {
        (101, _) | (200..=299, Asked::Connect) => return Body::Tunnel,
        (100..=199 | 204 | 304, _) | (_, Asked::Head) => return Body::None,
        _ => {}
    }
    match length {
        BodyLength::Length(len) => Body::Length(len),
        BodyLength::Chunked => Body::Chunked,
        BodyLength::Absent | BodyLength::OtherCoding | BodyLength::Invalid => Body::UntilClose,
    }
}

/// Whether the message says that its connection ends with it.
pub(crate) const fn announces_close(version: Version, close: bool, keep_alive: bool) -> bool {
    close || (!matches!(version, Version::V11) && !keep_alive)
}

#[cfg(test)]
mod tests {
    use super::super::head::{ResponseHead, response_head};
    use super::*;

    #[test]
    fn some_responses_have_no_body_whatever_they_say() {
        let head = |text: &str| response_head(text.as_bytes()).unwrap();
        let long = "Content-Length: 9\r\n\r\n";
        let body = |head: &ResponseHead, asked| of_response(head.status, head.fields.length, asked);
        let ok = head(&format!("HTTP/1.1 200 OK\r\n{long}"));
        assert_eq!(body(&ok, Asked::Other), Body::Length(9));
        assert_eq!(body(&ok, Asked::Head), Body::None);
        assert_eq!(body(&ok, Asked::Connect), Body::Tunnel);
        let same = head(&format!("HTTP/1.1 304 Not Modified\r\n{long}"));
        assert_eq!(body(&same, Asked::Other), Body::None);
        let upgrade = head("HTTP/1.1 101 Switching Protocols\r\n\r\n");
        assert_eq!(body(&upgrade, Asked::Other), Body::Tunnel);
        let bare = head("HTTP/1.0 200 OK\r\n\r\n");
        assert_eq!(body(&bare, Asked::Other), Body::UntilClose);
    }
}
