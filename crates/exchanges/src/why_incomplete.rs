//! Why an exchange is not complete, in one clause for people.

use crate::{Exchange, Framing, Http2Stream, Protocol, StreamReset};

/// The clause; `None` where it is complete, or nothing was to be completed.
pub(crate) fn clause(exchange: &Exchange) -> Option<String> {
    let http = matches!(
        exchange.protocol,
        Protocol::Http10 | Protocol::Http11 | Protocol::Http2
    );
    if exchange.complete || !http {
        return None;
    }
    if let Some(why) = exchange.http2.as_ref().and_then(|it| stream_clause(it)) {
        return Some(why);
    }
    if exchange.request_complete || exchange.request.is_none() {
        return Some(response_clause(exchange));
    }
    let delivered = exchange.request_body_delivered;
    Some(match (delivered, exchange.request_body_expected) {
        (Some(delivered), Some(expected)) => {
            format!("the request's body stops at {delivered} of {expected} bytes")
        }
        (Some(delivered), None) => {
            format!("the request's body has no end: {delivered} bytes were sent")
        }
        _ => "the request's head is not whole".to_owned(),
    })
}

fn stream_clause(stream: &Http2Stream) -> Option<String> {
    if stream.ended_short.is_some() {
        return Some("the server ended the stream before the promised length".to_owned());
    }
    if let Some(StreamReset { by, code, .. }) = &stream.reset {
        return Some(format!("the {by} reset the stream with {code}"));
    }
    if stream.left_out.is_some() {
        return Some(
            "the server's GOAWAY left this stream out: it did nothing about it".to_owned(),
        );
    }
    stream
        .stalled
        .map(|_| "the HTTP/2 window is used up: the receiver grants no more".to_owned())
}

fn response_clause(exchange: &Exchange) -> String {
    if exchange.from_list {
        return "the list does not show that the response is whole".to_owned();
    }
    let Some(status) = exchange.status else {
        return match (exchange.response_started, exchange.interim.last()) {
            (Some(_), _) => "the response's head was not captured".to_owned(),
            (None, Some(interim)) => format!("after {interim} no final response came"),
            (None, None) => "no response came".to_owned(),
        };
    };
    match (
        exchange.framing,
        exchange.body_delivered,
        exchange.body_expected,
    ) {
        (_, Some(delivered), Some(expected)) => {
            format!("the response's body stops at {delivered} of {expected} bytes")
        }
        (Framing::Chunked, Some(delivered), _) if exchange.estimated => {
            format!("the response's last chunk was not captured: about {delivered} bytes were sent")
        }
        (Framing::Chunked, Some(delivered), _) => {
            format!("the response's last chunk is missing: {delivered} bytes were sent")
        }
        (Framing::UntilClose, Some(delivered), _) => format!(
            "the response ends with the connection, and that was not closed in order: {delivered} bytes were sent"
        ),
        (Framing::EndStream, Some(delivered), _) => {
            format!("the response's stream has no end: {delivered} bytes were sent")
        }
        (Framing::Unknown, ..) if !exchange.uncertain && exchange.http2.is_none() => {
            format!("the head of the response (status {status}) has no end")
        }
        _ => format!("the response (status {status}) was not captured whole"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_is_missing() {
        let mut exchange = Exchange {
            protocol: Protocol::Http11,
            request: Some("GET /".into()),
            request_complete: true,
            ..Exchange::default()
        };
        assert_eq!(clause(&exchange).as_deref(), Some("no response came"));
        exchange.status = Some(200);
        exchange.framing = Framing::Length;
        exchange.body_expected = Some(10);
        exchange.body_delivered = Some(4);
        assert_eq!(
            clause(&exchange).as_deref(),
            Some("the response's body stops at 4 of 10 bytes")
        );
        exchange.complete = true;
        assert_eq!(clause(&exchange), None);
    }
}
