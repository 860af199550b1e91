//! The PROXY protocol's line in front of a connection, versions 1 and 2 (HAProxy's `proxy-protocol.txt`).

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// What the first bytes of a client are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProxyLine {
    /// No such line.
    None,
    /// More bytes will tell.
    Open,
    /// A line of `len` bytes, which names this client.
    Found { len: usize, client: Option<String> },
}

const SIGNATURE_2: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// No line of version 1 is longer, its end included.
const MAX_LINE_1: usize = 107;
const MAX_LEN_2: usize = 900;

/// Looks for the line at the start of `bytes`. What is found, or is none, stays so with all bytes that may follow.
pub(crate) fn read(bytes: &[u8]) -> ProxyLine {
    if bytes.starts_with(b"PROXY ") {
        return version_1(bytes);
    }
    if bytes.starts_with(SIGNATURE_2) {
        return version_2(bytes);
    }
    let open =
        !bytes.is_empty() && (b"PROXY ".starts_with(bytes) || SIGNATURE_2.starts_with(bytes));
    if open {
        ProxyLine::Open
    } else {
        ProxyLine::None
    }
}

fn version_1(bytes: &[u8]) -> ProxyLine {
    let longest = bytes.get(..MAX_LINE_1).unwrap_or(bytes);
    let Some(end) = memchr::memchr(b'\n', longest) else {
        return if bytes.len() < MAX_LINE_1 {
            ProxyLine::Open
        } else {
            ProxyLine::None
        };
    };
    let len = end.saturating_add(1);
    let line = String::from_utf8_lossy(bytes.get(..end).unwrap_or(&[])).into_owned();
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let client = match words.as_slice() {
        ["PROXY", "TCP4" | "TCP6", ip, _, port, _] => ip
            .parse()
            .ok()
            .zip(port.parse().ok())
            .map(|(ip, port)| SocketAddr::new(ip, port).to_string()),
        ["PROXY", ..] => None,
        _ => return ProxyLine::None,
    };
    ProxyLine::Found { len, client }
}

fn version_2(bytes: &[u8]) -> ProxyLine {
    let Some([command, family, high, low]) = bytes.get(12..16) else {
        return ProxyLine::Open;
    };
    let len = usize::from(u16::from_be_bytes([*high, *low])).saturating_add(16);
    if command & 0xf0 != 0x20 || len > MAX_LEN_2 {
        return ProxyLine::None;
    }
    let Some(body) = bytes.get(16..len) else {
        return ProxyLine::Open;
    };
    // The command LOCAL is the proxy's own check: it names nobody.
    let client = (command & 0x0f == 1)
        .then(|| address(*family, body))
        .flatten();
    ProxyLine::Found { len, client }
}

fn address(family: u8, body: &[u8]) -> Option<String> {
    let port = |at: usize| {
        let bytes = body.get(at..at.saturating_add(2))?;
        Some(u16::from_be_bytes(bytes.try_into().ok()?))
    };
    let socket = match family >> 4 {
        1 => {
            let ip: [u8; 4] = body.get(..4)?.try_into().ok()?;
            SocketAddr::new(Ipv4Addr::from(ip).into(), port(8)?)
        }
        2 => {
            let ip: [u8; 16] = body.get(..16)?.try_into().ok()?;
            SocketAddr::new(Ipv6Addr::from(ip).into(), port(32)?)
        }
        _ => return None,
    };
    Some(socket.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_version_1() {
        let line = b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\nGET /";
        assert_eq!(
            read(line),
            ProxyLine::Found {
                len: 45,
                client: Some("192.0.2.7:56324".to_owned())
            }
        );
        assert_eq!(read(b"PRO"), ProxyLine::Open);
        assert_eq!(read(b"GET /"), ProxyLine::None);
    }

    #[test]
    fn a_line_has_107_bytes_at_most() {
        let line = |len: usize| format!("PROXY {}\r\n", "x".repeat(len.saturating_sub(8)));
        let found = ProxyLine::Found {
            len: 107,
            client: None,
        };
        assert_eq!(read(line(107).as_bytes()), found);
        assert_eq!(read(&line(107).as_bytes()[..106]), ProxyLine::Open);
        // Whole as cut where it can be none any more.
        assert_eq!(read(&line(108).as_bytes()[..107]), ProxyLine::None);
        assert_eq!(read(line(108).as_bytes()), ProxyLine::None);
    }

    #[test]
    fn reads_version_2() {
        let mut line = SIGNATURE_2.to_vec();
        line.extend_from_slice(&[
            0x21, 0x11, 0, 12, 192, 0, 2, 7, 198, 51, 100, 1, 0xdc, 4, 1, 0xbb,
        ]);
        assert_eq!(
            read(&line),
            ProxyLine::Found {
                len: 28,
                client: Some("192.0.2.7:56324".to_owned())
            }
        );
        assert_eq!(read(&line[..20]), ProxyLine::Open);
    }
}
