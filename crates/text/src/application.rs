//! What a row says about the protocol above TCP.

use crate::tokens::{integer, shorten, strip_prefix_any_case};

/// What the Info column of a row, or the payload printed below it, says about the application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AppHint {
    /// Nothing: a plain TCP row.
    #[default]
    None,
    /// The first line of an HTTP request.
    HttpRequest {
        /// `GET`, `CONNECT`, …
        method: Box<str>,
        /// The target as sent, at most [`MAX_TARGET`] bytes of it.
        target: Box<str>,
        /// `HTTP/1.1`; empty where it was cut off.
        version: Box<str>,
        /// The request goes on in later rows, or began in earlier ones, each of which shows its first line.
        goes_on: bool,
    },
    /// The first line of an HTTP response.
    HttpResponse {
        /// The status code.
        status: u16,
        /// `HTTP/1.1`.
        version: Box<str>,
        /// The response goes on in later rows, each of which shows its first line (`[TCP segment of a reassembled PDU]` behind it).
        goes_on: bool,
    },
    /// A piece of a message that Wireshark put together in another frame, or the rest of one
    /// (`[TCP segment of a reassembled PDU]`, `Continuation or non-HTTP traffic`).
    Continuation,
    /// TLS records, in their order.
    Tls {
        /// As the Protocol column has it: `TLSv1.2`, `SSLv3`, or empty.
        version: Box<str>,
        /// What the records hold.
        records: Vec<TlsRecord>,
    },
    /// Another protocol's row.
    Other {
        /// As the Protocol column has it: `SSH`, `TPKT`, ….
        protocol: Box<str>,
        /// The Info column, at most [`MAX_TARGET`] bytes of it.
        note: Box<str>,
    },
}

/// What one TLS record holds, as Wireshark names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsRecord {
    /// A ClientHello, with the server's name where Wireshark shows it.
    ClientHello {
        /// From the server_name extension (RFC 6066 §3).
        server_name: Option<Box<str>>,
    },
    /// A ServerHello, or a HelloRetryRequest.
    ServerHello,
    /// Another message of the handshake, by its name (`Certificate`, `Finished`, …).
    Handshake(Box<str>),
    /// ChangeCipherSpec.
    ChangeCipherSpec,
    /// A handshake message under encryption.
    EncryptedHandshake,
    /// Application data (in TLS 1.3 also handshake messages and alerts).
    ApplicationData,
    /// An alert.
    Alert {
        /// `fatal`, of a readable alert.
        fatal: bool,
        /// As Wireshark writes it (`Unknown CA`, `Close Notify`); `None` where it is encrypted.
        description: Option<Box<str>>,
    },
}

/// Longest target or note that is kept, in bytes.
pub const MAX_TARGET: usize = 2_048;

const METHODS: [&str; 14] = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "CONNECT",
    "OPTIONS",
    "TRACE",
    "PATCH",
    "PROPFIND",
    "MKCOL",
    "REPORT",
    "SUBSCRIBE",
    "NOTIFY",
];

impl AppHint {
    /// From the protocol and the Info column of a row without TCP's numbers.
    pub(crate) fn from_columns(protocol: &str, info: &str) -> Self {
        let info = info.trim();
        if is_continuation(info) {
            return Self::Continuation;
        }
        if let Some(hint) = Self::from_http_line(info) {
            return hint;
        }
        if is_tls(protocol) {
            return Self::Tls {
                version: version_of(protocol),
                records: tls_records(info),
            };
        }
        if protocol.eq_ignore_ascii_case("TCP") && info.is_empty() {
            return Self::None;
        }
        Self::Other {
            protocol: shorten(protocol, 64).into(),
            note: shorten(info, MAX_TARGET).into(),
        }
    }

    /// From the first line of an HTTP message, if `line` is one.
    pub(crate) fn from_http_line(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let first = words.next()?;
        if let Some(version) = http_version(first) {
            let status = words.next().and_then(integer::<u16>)?;
            return (100..1000).contains(&status).then(|| Self::HttpResponse {
                status,
                version: version.into(),
                goes_on: line.trim_end().ends_with(PART),
            });
        }
        if !METHODS.contains(&first) {
            return None;
        }
        let target = words.next()?;
        let version = words.find_map(http_version).unwrap_or("");
        if version.is_empty() && !target.starts_with('/') && !target.contains("://") {
            return None;
        }
        Some(Self::HttpRequest {
            method: first.into(),
            target: shorten(target, MAX_TARGET).into(),
            version: version.into(),
            goes_on: line.trim_end().ends_with(PART),
        })
    }

    /// From a line of printed payload, in which an HTTP head may follow headers that show as rubbish.
    pub(crate) fn from_payload_line(line: &str) -> Option<Self> {
        if let Some(hint) = Self::from_http_line(line) {
            return Some(hint);
        }
        if let Some(at) = line.find("HTTP/1.")
            && let Some(hint @ Self::HttpResponse { .. }) =
                line.get(at..).and_then(Self::from_http_line)
        {
            return Some(hint);
        }
        METHODS.iter().find_map(|method| {
            let at = line.find(&format!("{method} "))?;
            let hint = line.get(at..).and_then(Self::from_http_line)?;
            match &hint {
                Self::HttpRequest { version, .. } if !version.is_empty() => Some(hint),
                _ => None,
            }
        })
    }
}

/// What Wireshark puts behind the first line of a message in each row that does not end it.
const PART: &str = "[TCP segment of a reassembled PDU]";

fn http_version(word: &str) -> Option<&str> {
    let rest = word.strip_prefix("HTTP/")?;
    let ok = rest.len() <= 4 && rest.starts_with(|c: char| c.is_ascii_digit());
    ok.then_some(word)
}

/// Wireshark's words for a piece of a message whose head is elsewhere.
fn is_continuation(info: &str) -> bool {
    [
        "[TCP segment of a reassembled PDU",
        "[TCP PDU reassembled in",
        "[Reassembled PDU in frame",
        "Continuation",
        "[Continuation",
        "Ignored Unknown Record",
    ]
    .iter()
    .any(|start| strip_prefix_any_case(info, start).is_some())
}

fn is_tls(protocol: &str) -> bool {
    let name = protocol.to_ascii_uppercase();
    name.starts_with("TLS") || name.starts_with("SSL")
}

fn version_of(protocol: &str) -> Box<str> {
    match protocol.to_ascii_uppercase().as_str() {
        "TLS" | "SSL" => "".into(),
        _ => shorten(protocol, 16).into(),
    }
}

/// More records of one row than this are not kept.
const MAX_RECORDS: usize = 32;

fn tls_records(info: &str) -> Vec<TlsRecord> {
    split_outside_parentheses(info)
        .map(str::trim)
        .filter(|part| !part.is_empty() && !part.starts_with('['))
        .filter_map(tls_record)
        .take(MAX_RECORDS)
        .collect()
}

fn split_outside_parentheses(info: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_u32;
    info.split(move |c: char| {
        match c {
            '(' => depth = depth.saturating_add(1),
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && matches!(c, ',' | ';')
    })
}

fn tls_record(part: &str) -> Option<TlsRecord> {
    if let Some(rest) = part.strip_prefix("Client Hello") {
        let name = rest.split_once("SNI=").map(|(_, name)| name);
        let name = name.map(|name| name.trim_end_matches([')', ']']));
        return Some(TlsRecord::ClientHello {
            server_name: name.map(|name| shorten(name, 255).into()),
        });
    }
    if part.starts_with("Server Hello Done") {
        return Some(TlsRecord::Handshake(part.into()));
    }
    if part.starts_with("Server Hello") || part.starts_with("Hello Retry Request") {
        return Some(TlsRecord::ServerHello);
    }
    if part.starts_with("Application Data") {
        return Some(TlsRecord::ApplicationData);
    }
    if part.starts_with("Change Cipher Spec") {
        return Some(TlsRecord::ChangeCipherSpec);
    }
    if part.starts_with("Encrypted Alert") {
        return Some(TlsRecord::Alert {
            fatal: false,
            description: None,
        });
    }
    if part.starts_with("Encrypted Handshake") || part.starts_with("Encrypted Extensions") {
        return Some(TlsRecord::EncryptedHandshake);
    }
    if let Some(rest) = part.strip_prefix("Alert") {
        return Some(alert(rest));
    }
    let known = [
        "Certificate",
        "Server Key Exchange",
        "Client Key Exchange",
        "New Session Ticket",
        "Finished",
        "Hello Request",
    ];
    let is_message = known.iter().any(|name| part.starts_with(name));
    is_message.then(|| TlsRecord::Handshake(shorten(part, 64).into()))
}

/// ` (Level: Fatal, Description: Unknown CA)`.
fn alert(rest: &str) -> TlsRecord {
    let description = rest.split_once("Description: ").map(|(_, text)| text);
    TlsRecord::Alert {
        fatal: rest.contains("Fatal"),
        description: description.map(|text| shorten(text.trim_end_matches(')'), 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_heads() {
        assert_eq!(
            AppHint::from_columns("HTTP", "GET /download?o=ab HTTP/1.1 "),
            AppHint::HttpRequest {
                method: "GET".into(),
                target: "/download?o=ab".into(),
                version: "HTTP/1.1".into(),
                goes_on: false,
            }
        );
        assert_eq!(
            AppHint::from_columns("HTTP/XML", "HTTP/1.1 304 Not Modified"),
            AppHint::HttpResponse {
                status: 304,
                version: "HTTP/1.1".into(),
                goes_on: false,
            }
        );
        assert!(matches!(
            AppHint::from_payload_line("E..T..@.@.....P..GET / HTTP/1.0"),
            Some(AppHint::HttpRequest { .. })
        ));
        assert_eq!(AppHint::from_payload_line("please GET some rest"), None);
    }

    #[test]
    fn tls_rows() {
        let AppHint::Tls { version, records } =
            AppHint::from_columns("TLSv1.2", "Server Hello, Certificate, Server Hello Done")
        else {
            panic!("not TLS");
        };
        assert_eq!(&*version, "TLSv1.2");
        assert_eq!(records.len(), 3);
        assert_eq!(records[0], TlsRecord::ServerHello);
        assert_eq!(
            tls_records("Client Hello (SNI=example.org)"),
            [TlsRecord::ClientHello {
                server_name: Some("example.org".into())
            }]
        );
    }

    #[test]
    fn alerts() {
        assert_eq!(
            tls_records("Alert (Level: Fatal, Description: Unknown CA)"),
            [TlsRecord::Alert {
                fatal: true,
                description: Some("Unknown CA".into())
            }]
        );
    }

    #[test]
    fn pieces_of_messages() {
        for info in [
            "[TCP segment of a reassembled PDU]",
            "Continuation Data",
            "Continuation or non-HTTP traffic",
        ] {
            assert_eq!(AppHint::from_columns("HTTP", info), AppHint::Continuation);
        }
    }
}
