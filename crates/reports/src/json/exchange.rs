//! One exchange.

use whyreset_connections::Side;
use whyreset_exchanges::{
    CloseNotify, Exchange, Http2Stream, Protocol, Tls, TlsAlert, TlsHandshake,
};

use super::writer::{Object, ToJson, name, word};

/// Appends an exchange.
pub(super) fn write(exchange: &Exchange, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    match &exchange.protocol {
        Protocol::Http10 => object.field(name!("protocol"), &word!("http/1.0")),
        Protocol::Http11 => object.field(name!("protocol"), &word!("http/1.1")),
        Protocol::Http2 => object.field(name!("protocol"), &word!("h2")),
        Protocol::Tls(Some(version)) => object.field(name!("protocol"), &format!("tls/{version}")),
        Protocol::Tls(None) => object.field(name!("protocol"), "tls"),
        Protocol::Other(name) => object.field(name!("protocol"), *name),
        Protocol::Unknown => object.field(name!("protocol"), "unknown"),
    }
    match (&exchange.protocol, &exchange.tls) {
        (_, Some(tls)) => write_tls(&mut object, tls),
        (Protocol::Http10 | Protocol::Http11 | Protocol::Http2, None) => {
            write_http(&mut object, exchange);
        }
        _ => object.field(name!("last_speaker"), &exchange.last_speaker.map(side)),
    }
    object.field(name!("complete"), &exchange.complete);
    let mut frames = Object::begin(object.name(name!("frames")));
    frames.field(name!("first"), &exchange.started.map(|at| at.frame));
    frames.field(name!("last"), &exchange.ended.map(|at| at.frame));
    frames.end();
    object.end();
}

fn write_http(object: &mut Object<'_>, exchange: &Exchange) {
    object.field(name!("request"), &exchange.request.as_deref());
    object.field(name!("host"), &exchange.host.as_deref());
    object.field(name!("status"), &exchange.status);
    object.field(
        name!("request_body_expected"),
        &exchange.request_body_expected,
    );
    object.field(
        name!("request_body_delivered"),
        &exchange.request_body_delivered,
    );
    object.field(name!("body_expected"), &exchange.body_expected);
    object.field(name!("body_delivered"), &exchange.body_delivered);
    object.field(name!("body_acknowledged"), &exchange.body_acknowledged);
    object.field_if_known(name!("why_incomplete"), exchange.why_incomplete());
    if let Some(stream) = &exchange.http2 {
        write_http2(object, stream);
    }
}

fn write_http2(object: &mut Object<'_>, stream: &Http2Stream) {
    object.field(name!("stream_id"), &stream.id);
    if let Some(reset) = &stream.reset {
        object.field(name!("reset"), &reset.code);
        object.field(name!("reset_by"), side(reset.by));
    }
    object.field_if_known(name!("grpc_status"), stream.grpc_status);
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
    object.field(name!("server_name"), &tls.server_name.as_deref());
    object.field(name!("alpn"), &tls.alpn.as_deref());
    object.field(name!("handshake"), handshake);
    object.field(name!("alert"), &tls.alert);
    object.field(name!("close_notify"), close_notify);
    object.field(name!("resumed"), &tls.resumed);
    object.field(name!("client_bytes"), &tls.client_bytes);
    object.field(name!("server_bytes"), &tls.server_bytes);
    object.field(name!("request_outstanding"), &tls.request_outstanding);
    object.field(name!("response_under_way"), &tls.response_under_way);
}

impl ToJson for TlsAlert {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        object.field(name!("by"), side(self.by));
        object.field(name!("description"), self.description);
        object.field(name!("frame"), &self.at.frame);
        object.end();
    }
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}
