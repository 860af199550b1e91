//! Which protocol is spoken: told by the first bytes of both sides, never by ports.

mod binary_protocols;
mod recognised;
mod text_protocols;

use whyreset_connections::Side;

use crate::http1::{Likeness, request_likeness, response_likeness};
use crate::tls::record_likeness;

pub(crate) use recognised::Recognised;

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoken {
    /// HTTP/1; the requests come from this side.
    Http1 { requester: Side },
    /// HTTP/2 in the clear; the requests come from this side.
    Http2 { requester: Side },
    /// TLS.
    Tls,
    /// Another protocol, by its usual short name.
    Other(&'static str),
    /// Probably this one; more bytes may say another.
    Guess(&'static str),
    /// More bytes will tell.
    Open,
    /// None that is known here.
    Unknown,
}

/// The first bytes of an HTTP/2 client (RFC 9113 §3.4).
pub(crate) const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Judges the first bytes of both sides; either may be empty. Where a protocol is followed, it is the same one whatever
/// bytes come behind these, and none is given that more bytes might turn into such a one.
pub(crate) fn classify(client: &[u8], server: &[u8]) -> Spoken {
    let mut open = client.is_empty() && server.is_empty();
    for (begun, side) in [(client, Side::Client), (server, Side::Server)] {
        if begun.is_empty() {
            continue;
        }
        match from_one_side(begun, side) {
            Spoken::Unknown => {}
            Spoken::Open => open = true,
            // What the client began counts for more, and may still become something else.
            _ if open => return Spoken::Open,
            spoken => return spoken,
        }
    }
    match text_protocols::classify(client, server) {
        Spoken::Unknown => {}
        // The line may still end as a request's: that counts for more.
        Spoken::Other(name) if open => return Spoken::Guess(name),
        Spoken::Open => open = true,
        spoken => return spoken,
    }
    match binary_protocols::classify(client, server) {
        Spoken::Other(name) if open => Spoken::Guess(name),
        Spoken::Unknown if open => Spoken::Open,
        spoken => spoken,
    }
}

pub(crate) fn from_one_side(begun: &[u8], side: Side) -> Spoken {
    if begun.starts_with(HTTP2_PREFACE) {
        return Spoken::Http2 { requester: side };
    }
    if HTTP2_PREFACE.starts_with(begun) {
        return Spoken::Open;
    }
    let request = request_likeness(begun);
    if request == Likeness::Yes {
        return Spoken::Http1 { requester: side };
    }
    match (record_likeness(begun), request, response_likeness(begun)) {
        (Likeness::Yes, _, _) => Spoken::Tls,
        (_, _, Likeness::Yes) => Spoken::Http1 {
            requester: side.peer(),
        },
        (Likeness::No, Likeness::No, Likeness::No) => Spoken::Unknown,
        _ => Spoken::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_protocols_by_their_first_bytes() {
        let client = Side::Client;
        assert_eq!(
            classify(b"GET / HTTP/1.1\r\n", b""),
            Spoken::Http1 { requester: client }
        );
        assert_eq!(
            classify(b"", b"HTTP/1.1 200 OK\r\n"),
            Spoken::Http1 { requester: client }
        );
        assert_eq!(
            classify(HTTP2_PREFACE, b""),
            Spoken::Http2 { requester: client }
        );
        assert_eq!(classify(&[0x16, 3, 1, 0, 200, 1], b""), Spoken::Tls);
        assert_eq!(classify(b"", b"SSH-2.0-x"), Spoken::Other("ssh"));
        // RFC 6143 §7.1.1: the server speaks first.
        assert_eq!(classify(b"", b"RFB 003.008\n"), Spoken::Other("vnc"));
        assert_eq!(
            classify(b"EHLO me\r\n", b"220 mail ready\r\n"),
            Spoken::Other("smtp")
        );
        assert_eq!(
            classify(b"USER me\r\n", b"220 ready\r\n"),
            Spoken::Other("ftp")
        );
        assert_eq!(
            classify(b"OPTIONS sip:a@b.example SIP/2.0\r\n", b""),
            Spoken::Other("sip")
        );
        assert_eq!(
            classify(b"OPTIONS rtsp://b.example/ RTSP/1.0\r\n", b""),
            Spoken::Other("rtsp")
        );
        assert_eq!(classify(b"", b"220 ftp server\r\n"), Spoken::Guess("ftp"));
        assert_eq!(classify(b"", b"+OK ready\r\n"), Spoken::Other("pop3"));
        assert_eq!(
            classify(b"*1\r\n$4\r\nPING\r\n", b""),
            Spoken::Other("redis")
        );
        assert_eq!(
            classify(&[0x10, 12, 0, 4, b'M', b'Q', b'T', b'T', 4], b""),
            Spoken::Other("mqtt")
        );
        assert_eq!(
            classify(&[0, 0, 0, 8, 4, 210, 22, 47], b""),
            Spoken::Other("postgresql")
        );
        // RFC 8489 §5; in ICE over TCP in frames of RFC 4571.
        let binding = b"\0\x14\0\x01\0\0\x21\x12\xa4\x42abcdefghijkl";
        assert_eq!(classify(binding, b""), Spoken::Other("stun"));
        assert_eq!(classify(&binding[2..], b""), Spoken::Other("stun"));
        let reset = [&[0, 14, 0x38][..], &[7; 13]].concat();
        assert_eq!(classify(&reset, b""), Spoken::Other("openvpn"));
        assert_eq!(
            classify(
                &[1, 2, 3, 4, 5, 6, 7, 8, 9, 200, 201, 202, 203, 204, 205, 206],
                b""
            ),
            Spoken::Unknown
        );
        assert_eq!(classify(b"", b""), Spoken::Open);
    }
}
