//! One exchange.

use whyreset_connections::Side;
use whyreset_exchanges::{
    CloseNotify, Exchange, Http2Stream, Protocol, Tls, TlsAlert, TlsHandshake,
};

use super::pen::{Pen, Usual};
use super::writer::{Object, ToJson, name, word};

/// Over HTTP/1.
#[inline]
pub(super) const fn is_usual(exchange: &Exchange) -> bool {
    exchange.tls.is_none() && exchange.http2.is_none()
}

impl Usual for Exchange {
    #[inline(always)]
    fn put<'r>(&self, mut pen: Pen<'r>) -> Option<Pen<'r>> {
        match self.protocol {
            Protocol::Http10 => pen.text(b"{\"protocol\":\"http/1.0\",\"request\":")?,
            Protocol::Http11 => pen.text(b"{\"protocol\":\"http/1.1\",\"request\":")?,
            _ => return None,
        }
        pen.string_if_known(self.request.as_deref())?;
        pen.text(b",\"host\":")?;
        pen.string_if_known(self.host.as_deref())?;
        pen.number_if_known(b",\"status\":", self.status.map(u64::from))?;
        match (self.request_body_expected, self.request_body_delivered) {
            (None, None) => {
                pen.text(b",\"request_body_expected\":null,\"request_body_delivered\":null")?
            }
            (expected, delivered) => {
                pen.number_if_known(b",\"request_body_expected\":", expected)?;
                pen.number_if_known(b",\"request_body_delivered\":", delivered)?;
            }
        }
        pen.number_if_known(b",\"body_expected\":", self.body_expected)?;
        pen.number_if_known(b",\"body_delivered\":", self.body_delivered)?;
        pen.number_if_known(b",\"body_acknowledged\":", self.body_acknowledged)?;
        let [first, last] = [self.started, self.ended].map(|it| it.map(|at| at.frame));
        if self.complete {
            pen.number_if_known(b",\"complete\":true,\"frames\":{\"first\":", first)?;
        } else {
            pen = put_why_incomplete(self, pen)?;
            pen.number_if_known(b",\"complete\":false,\"frames\":{\"first\":", first)?;
        }
        pen.number_if_known(b",\"last\":", last)?;
        pen.text(b"}}")?;
        Some(pen)
    }
}

#[inline(never)]
fn put_why_incomplete<'r>(exchange: &Exchange, mut pen: Pen<'r>) -> Option<Pen<'r>> {
    if let Some(why) = exchange.why_incomplete() {
        pen.text(b",\"why_incomplete\":")?;
        pen.string_if_known(Some(&why))?;
    }
    Some(pen)
}

/// Appends an exchange.
#[inline(never)]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::page::Page;
    use proptest::option;
    use proptest::prelude::*;
    use whyreset_capture::Timestamp;
    use whyreset_connections::Moment;

    fn told_as_usual(exchange: &Exchange) -> Option<String> {
        let told = is_usual(exchange).then(|| Page::with(exchange))??;
        String::from_utf8(told).ok()
    }

    fn told(exchange: &Exchange) -> String {
        let mut out = Vec::new();
        write(exchange, &mut out);
        String::from_utf8(out).unwrap()
    }

    prop_compose! {
        fn exchanges()(
            texts in prop::array::uniform2(option::of(".{0,40}")),
            status: Option<u16>,
            numbers in prop::array::uniform7(option::of((any::<u64>(), 0_u32..64))),
            old: bool,
            complete: bool,
        ) -> Exchange {
            let [request, host] = texts.map(|text| text.map(Into::into));
            let [a, b, c, d, e, first, last] =
                numbers.map(|number| number.map(|(bits, shift)| bits >> shift));
            let moment = |frame| Moment { frame, time: Timestamp::default() };
            Exchange {
                protocol: if old { Protocol::Http10 } else { Protocol::Http11 },
                request,
                host,
                status,
                request_body_expected: a,
                request_body_delivered: b,
                body_expected: c,
                body_delivered: d,
                body_acknowledged: e,
                complete,
                started: first.map(moment),
                ended: last.map(moment),
                ..Exchange::default()
            }
        }
    }

    proptest! {
        #[test]
        fn usual_exchanges_are_written_like_any(exchange in exchanges()) {
            if let Some(usual) = told_as_usual(&exchange) {
                prop_assert_eq!(usual, told(&exchange));
            }
        }
    }

    #[test]
    fn long_numbers_are_usual() {
        let most = Some(999_999_999);
        let moment = most.map(|frame| Moment {
            frame,
            time: Timestamp::default(),
        });
        let exchange = Exchange {
            protocol: Protocol::Http11,
            request: Some("GET /".into()),
            host: Some("a".into()),
            status: Some(u16::MAX),
            request_body_expected: most,
            request_body_delivered: most,
            body_expected: most,
            body_delivered: most,
            body_acknowledged: most,
            complete: true,
            started: moment,
            ended: moment,
            ..Exchange::default()
        };
        assert_eq!(told_as_usual(&exchange), Some(told(&exchange)));
    }
}
