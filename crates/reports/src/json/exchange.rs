//! One exchange.

use whyreset_connections::Side;
use whyreset_exchanges::{
    CloseNotify, Exchange, Http2Stream, Protocol, Tls, TlsAlert, TlsHandshake,
};

use super::writer::{Object, ToJson};

/// Appends an exchange.
pub(super) fn write(exchange: &Exchange, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    match &exchange.protocol {
        Protocol::Http10 => object.field("protocol", "http/1.0"),
        Protocol::Http11 => object.field("protocol", "http/1.1"),
        Protocol::Http2 => object.field("protocol", "h2"),
        Protocol::Tls(Some(version)) => object.field("protocol", &format!("tls/{version}")),
        Protocol::Tls(None) => object.field("protocol", "tls"),
        Protocol::Other(name) => object.field("protocol", *name),
        Protocol::Unknown => object.field("protocol", "unknown"),
    }
    match (&exchange.protocol, &exchange.tls) {
        (_, Some(tls)) => write_tls(&mut object, tls),
        (Protocol::Http10 | Protocol::Http11 | Protocol::Http2, None) => {
            write_http(&mut object, exchange);
        }
        _ => object.field("last_speaker", &exchange.last_speaker.map(side)),
    }
    object.field("complete", &exchange.complete);
    let mut frames = Object::begin(object.name("frames"));
    frames.field("first", &exchange.started.map(|at| at.frame));
    frames.field("last", &exchange.ended.map(|at| at.frame));
    frames.end();
    object.end();
}

fn write_http(object: &mut Object<'_>, exchange: &Exchange) {
    object.field("request", &exchange.request.as_deref());
    object.field("host", &exchange.host.as_deref());
    object.field("status", &exchange.status);
    object.field("request_body_expected", &exchange.request_body_expected);
    object.field("request_body_delivered", &exchange.request_body_delivered);
    object.field("body_expected", &exchange.body_expected);
    object.field("body_delivered", &exchange.body_delivered);
    object.field("body_acknowledged", &exchange.body_acknowledged);
    object.field_if_known("why_incomplete", exchange.why_incomplete());
    if let Some(stream) = &exchange.http2 {
        write_http2(object, stream);
    }
}

fn write_http2(object: &mut Object<'_>, stream: &Http2Stream) {
    object.field("stream_id", &stream.id);
    if let Some(reset) = &stream.reset {
        object.field("reset", &reset.code);
        object.field("reset_by", side(reset.by));
    }
    object.field_if_known("grpc_status", stream.grpc_status);
}

fn write_tls(object: &mut Object<'_>, tls: &Tls) {
    let handshake = match tls.handshake {
        TlsHandshake::Complete => "complete",
        TlsHandshake::Failed => "failed",
        TlsHandshake::Partial => "partial",
    };
    let close_notify = match tls.close_notify {
        CloseNotify::Both => "both",
        CloseNotify::Client => "client",
        CloseNotify::Server => "server",
        CloseNotify::None => "none",
        CloseNotify::Unknown => "unknown",
    };
    object.field("server_name", &tls.server_name.as_deref());
    object.field("alpn", &tls.alpn.as_deref());
    object.field("handshake", handshake);
    object.field("alert", &tls.alert);
    object.field("close_notify", close_notify);
    object.field("resumed", &tls.resumed);
    object.field("client_bytes", &tls.client_bytes);
    object.field("server_bytes", &tls.server_bytes);
    object.field("request_outstanding", &tls.request_outstanding);
    object.field("response_under_way", &tls.response_under_way);
}

impl ToJson for TlsAlert {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        object.field("by", side(self.by));
        object.field("description", self.description);
        object.field("frame", &self.at.frame);
        object.end();
    }
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}
