//! Exchanges that were cut inside a connection which lives on: HTTP/2 streams that one side reset (RFC 9113 §5.4.2).

use whyreset_connections::{Connection, Moment, Side};
use whyreset_exchanges::{Exchange, Exchanges, Http2Stream, StreamReset};

use super::{Close, Missing};

/// An HTTP/2 stream that was reset before its response was whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CutStream<'a> {
    /// The exchange.
    pub exchange: &'a Exchange,
    /// Who reset it.
    pub by: Side,
    /// `CANCEL`, `INTERNAL_ERROR` and the like.
    pub code: &'a str,
    /// The frame that did.
    pub at: Moment,
    /// What was missing then.
    pub missing: Missing,
    /// How many streams of the connection were cut.
    pub count: usize,
}

/// The most telling of the streams that were cut: one that the server gave up before one that the client cancelled, one
/// that was under way before one that was only asked for; the last of equals.
pub(super) fn find(
    connection: &Connection<Exchanges>,
    close: Option<Close>,
) -> Option<CutStream<'_>> {
    let all = || {
        connection
            .app
            .list
            .iter()
            .filter_map(|exchange| cut(exchange, close))
    };
    let count = all().count();
    let rank = |cut: &CutStream<'_>| {
        let under_way = cut.missing == Missing::ResponseUnfinished;
        (cut.by == Side::Server, under_way)
    };
    all().max_by_key(rank).map(|cut| CutStream { count, ..cut })
}

/// What a reset is called that is known by the length of its record.
const AS_LONG_AS_A_RESET: &str = "a record as long as RST_STREAM";

fn cut(exchange: &Exchange, close: Option<Close>) -> Option<CutStream<'_>> {
    if let Some(at) = exchange.tls.as_ref().and_then(|tls| tls.given_up) {
        return Some(CutStream {
            exchange,
            by: Side::Client,
            code: AS_LONG_AS_A_RESET,
            at,
            missing: Missing::Unanswered,
            count: 1,
        });
    }
    if follows_the_close(exchange, close) {
        return None;
    }
    let stream = exchange.http2.as_ref()?;
    let (by, code, at) = match (&stream.reset, stream.ended_short) {
        // What the client says to that comes afterwards.
        (_, Some(at)) => (Side::Server, "END_STREAM", at),
        (Some(StreamReset { by, code, at }), None) => (*by, code.as_str(), *at),
        (None, None) => (Side::Server, "GOAWAY", left_out(exchange, close)?),
    };
    // What the server had pushed, nobody had asked for; and of what was not captured nothing can be missing.
    let asked = stream.id % 2 == 1;
    // What was on its way still comes, but nobody wants it any more: what counts is what had come by then. Who has answered in full
    // resets the stream to stop the rest of the request (RFC 9113 §8.1), and that is what still comes.
    let late = by == Side::Client && exchange.ended.is_some_and(|ended| ended.frame > at.frame);
    let whole = exchange.complete || (exchange.response_complete && !late);
    if whole || exchange.uncertain || !asked {
        return None;
    }
    let answered = exchange
        .response_started
        .is_some_and(|started| started.frame < at.frame);
    Some(CutStream {
        exchange,
        by,
        code,
        at,
        missing: match (exchange.request_complete, answered) {
            (_, true) => Missing::ResponseUnfinished,
            (true, false) => Missing::Unanswered,
            (false, false) => Missing::RequestUnfinished,
        },
        count: 1,
    })
}

/// The server's GOAWAY left the stream out, which is as good as REFUSED_STREAM (RFC 9113 §8.7), and the connection went on, or was
/// closed by the client then. Where the server itself closes, that close is the end of the request.
pub(super) fn left_out(exchange: &Exchange, close: Option<Close>) -> Option<Moment> {
    let goaway = exchange.http2.as_ref()?.left_out?;
    let before =
        close.is_none_or(|close| close.side == Side::Client && close.at.frame > goaway.frame);
    before.then_some(goaway)
}

/// The client reset the stream behind the server's close: that had ended it.
fn follows_the_close(exchange: &Exchange, close: Option<Close>) -> bool {
    let by_client = exchange.reset().filter(|reset| reset.by == Side::Client);
    let left = close.filter(|close| close.side == Side::Server);
    by_client
        .zip(left)
        .is_some_and(|(reset, left)| reset.at.frame > left.at.frame)
}

/// The stream was reset, and that was its end.
pub(super) fn was_reset(exchange: &Exchange, close: Option<Close>) -> bool {
    exchange.reset().is_some() && !follows_the_close(exchange, close)
}

/// The client had reset the stream before the connection was closed.
pub(super) fn was_cancelled(exchange: &Exchange, close: Close) -> bool {
    let before = |at: Moment| at.frame < close.at.frame;
    exchange
        .reset()
        .is_some_and(|reset| reset.by == Side::Client && before(reset.at))
}

/// The stream ended early, without a reset: short of its length, or left out.
pub(super) fn is_cut(exchange: &Exchange, close: Option<Close>) -> bool {
    let short = exchange.http2.as_ref().and_then(|it| it.ended_short);
    short.is_some() || left_out(exchange, close).is_some()
}

/// The server refused the request, answered that in full, and reset the stream to stop the rest of the body; it was the last request.
pub(super) fn rest_refused(connection: &Connection<Exchanges>, exchange: &Exchange) -> bool {
    let failed = |stream: &Http2Stream| stream.grpc_status.is_some_and(|status| status != 0);
    let refused = exchange.status.is_some_and(|status| status >= 400)
        || exchange.http2.as_deref().is_some_and(failed);
    let refused = refused && exchange.response_complete;
    let stopped = exchange.reset().is_some_and(|it| it.by == Side::Server);
    let id = |exchange: &Exchange| exchange.http2.as_ref().map(|it| it.id);
    let last = connection.app.list.last().and_then(id) == id(exchange);
    refused && stopped && last && !exchange.request_complete && exchange.request.is_some()
}

impl CutStream<'_> {
    /// The server had not begun with it: the client may repeat it, and most programs do so by themselves.
    pub fn was_refused(&self) -> bool {
        self.by == Side::Server && matches!(self.code, "REFUSED_STREAM" | "GOAWAY")
    }

    /// Where the wait began that the reset ended: the request, or the last of the answer is what the other side owed.
    pub fn waited_since(&self) -> Option<Moment> {
        self.exchange.request_ended.or(self.exchange.started)
    }
}
