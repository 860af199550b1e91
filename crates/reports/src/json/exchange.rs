//! One exchange.

use serde::Serialize;
use whyreset_connections::Side;
use whyreset_exchanges::{CloseNotify, Exchange, Protocol, Tls, TlsHandshake};

#[derive(Serialize)]
pub(super) struct ExchangeJson<'a> {
    protocol: String,
    #[serde(flatten)]
    kind: KindJson<'a>,
    complete: bool,
    frames: FramesJson,
}

#[derive(Serialize)]
struct FramesJson {
    first: Option<u64>,
    last: Option<u64>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum KindJson<'a> {
    Http(HttpJson<'a>),
    Tls(TlsJson<'a>),
    Other(OtherJson),
}

#[derive(Serialize)]
struct HttpJson<'a> {
    request: Option<&'a str>,
    host: Option<&'a str>,
    status: Option<u16>,
    request_body_expected: Option<u64>,
    request_body_delivered: Option<u64>,
    body_expected: Option<u64>,
    body_delivered: Option<u64>,
    body_acknowledged: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why_incomplete: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reset: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reset_by: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grpc_status: Option<u32>,
}

#[derive(Serialize)]
struct TlsJson<'a> {
    server_name: Option<&'a str>,
    alpn: Option<&'a str>,
    handshake: &'static str,
    alert: Option<AlertJson>,
    close_notify: &'static str,
    resumed: bool,
    client_bytes: u64,
    server_bytes: u64,
    request_outstanding: Option<bool>,
    response_under_way: Option<bool>,
}

#[derive(Serialize)]
struct AlertJson {
    by: &'static str,
    description: &'static str,
    frame: u64,
}

#[derive(Serialize)]
struct OtherJson {
    last_speaker: Option<&'static str>,
}

impl<'a> ExchangeJson<'a> {
    pub(super) fn new(exchange: &'a Exchange) -> Self {
        Self {
            protocol: protocol(&exchange.protocol),
            kind: kind(exchange),
            complete: exchange.complete,
            frames: FramesJson {
                first: exchange.started.map(|at| at.frame),
                last: exchange.ended.map(|at| at.frame),
            },
        }
    }
}

fn protocol(protocol: &Protocol) -> String {
    match protocol {
        Protocol::Http10 => "http/1.0".to_owned(),
        Protocol::Http11 => "http/1.1".to_owned(),
        Protocol::Http2 => "h2".to_owned(),
        Protocol::Tls(Some(version)) => format!("tls/{version}"),
        Protocol::Tls(None) => "tls".to_owned(),
        Protocol::Other(name) => (*name).to_owned(),
        Protocol::Unknown => "unknown".to_owned(),
    }
}

fn kind(exchange: &Exchange) -> KindJson<'_> {
    match (&exchange.protocol, &exchange.tls) {
        (_, Some(tls)) => KindJson::Tls(TlsJson::new(tls)),
        (Protocol::Http10 | Protocol::Http11 | Protocol::Http2, None) => {
            KindJson::Http(HttpJson::new(exchange))
        }
        _ => KindJson::Other(OtherJson {
            last_speaker: exchange.last_speaker.map(side),
        }),
    }
}

impl<'a> HttpJson<'a> {
    fn new(exchange: &'a Exchange) -> Self {
        let reset = exchange.reset.as_ref();
        Self {
            request: exchange.request.as_deref(),
            host: exchange.host.as_deref(),
            status: exchange.status,
            request_body_expected: exchange.request_body_expected,
            request_body_delivered: exchange.request_body_delivered,
            body_expected: exchange.body_expected,
            body_delivered: exchange.body_delivered,
            body_acknowledged: exchange.body_acknowledged,
            why_incomplete: exchange.why_incomplete.as_deref(),
            stream_id: exchange.stream_id,
            reset: reset.map(|(_, code)| code.as_str()),
            reset_by: reset.map(|(by, _)| side(*by)),
            grpc_status: exchange.grpc_status,
        }
    }
}

impl<'a> TlsJson<'a> {
    fn new(tls: &'a Tls) -> Self {
        Self {
            server_name: tls.server_name.as_deref(),
            alpn: tls.alpn.as_deref(),
            handshake: match tls.handshake {
                TlsHandshake::Complete => "complete",
                TlsHandshake::Failed => "failed",
                TlsHandshake::Partial => "partial",
            },
            alert: tls.alert.as_ref().map(|alert| AlertJson {
                by: side(alert.by),
                description: alert.description,
                frame: alert.at.frame,
            }),
            close_notify: match tls.close_notify {
                CloseNotify::Both => "both",
                CloseNotify::Client => "client",
                CloseNotify::Server => "server",
                CloseNotify::None => "none",
                CloseNotify::Unknown => "unknown",
            },
            resumed: tls.resumed,
            client_bytes: tls.client_bytes,
            server_bytes: tls.server_bytes,
            request_outstanding: tls.request_outstanding,
            response_under_way: tls.response_under_way,
        }
    }
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}
