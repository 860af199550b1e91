//! What one exchange was about: asked, promised, delivered.

use compact_str::CompactString;
use whyreset_capture::Span;
use whyreset_connections::{Ending, Moment, Side};

use crate::tls::is_http2;
use crate::{ClientsLast, ExchangeList, LastWords, why_incomplete};

/// What was found inside a connection.
#[derive(Clone, Debug, Default)]
pub struct Exchanges {
    /// The exchanges in the order in which they began: at most 256, then the first 128 and the last 128.
    pub list: ExchangeList,
    /// How many were left out of `list`.
    pub left_out: u64,
    /// Protocol findings that concern the connection as a whole.
    pub findings: Vec<Finding>,
    /// The client that a PROXY protocol line names.
    pub proxied_client: Option<String>,
    /// What a server said at last, in protocols that are only recognised, where that tells something of the end.
    pub last_words: Option<Box<LastWords>>,
}

impl Exchanges {
    /// How a connection ends that both sides have closed: well, where there are exchanges, each of them whole, and nothing is to
    /// be remarked.
    pub fn ending(&self) -> Ending {
        if !self.findings.is_empty() || self.last_words.is_some() {
            return Ending::InDoubt;
        }
        ending(self.list.iter())
    }
}

/// The same, of exchanges in their order that no finding is about.
pub(crate) fn ending<'e>(mut exchanges: impl DoubleEndedIterator<Item = &'e Exchange>) -> Ending {
    let Some(last) = exchanges.next_back() else {
        return Ending::InDoubt;
    };
    if !exchanges.all(Exchange::is_well) || last.is_switch() {
        Ending::InDoubt
    } else if last.is_well() {
        Ending::Well
    } else if last.is_unread() {
        Ending::Unread
    } else {
        Ending::InDoubt
    }
}

/// One exchange: a request and its response, a TLS session, or a connection's worth of an unknown protocol.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// What is spoken.
    pub protocol: Protocol,
    /// Method, blank, target as sent; at most 2,048 bytes, invalid UTF-8 replaced.
    pub request: Option<CompactString>,
    /// The request's host.
    pub host: Option<CompactString>,
    /// The response's status; the final one, not 1xx.
    pub status: Option<u16>,
    /// Interim (1xx) responses seen.
    pub interim: Vec<u16>,
    /// Body bytes the request promised (`Content-Length`); `None` where nothing was promised or the head was not captured.
    pub request_body_expected: Option<u64>,
    /// Body bytes of the request that were sent.
    pub request_body_delivered: Option<u64>,
    /// Of these, the bytes that the server acknowledged.
    pub request_body_acknowledged: Option<u64>,
    /// Body bytes the response promised.
    pub body_expected: Option<u64>,
    /// Body bytes of the response that were sent past the capture point.
    pub body_delivered: Option<u64>,
    /// Of these, the bytes that the client acknowledged.
    pub body_acknowledged: Option<u64>,
    /// How the end of the response's body is marked.
    pub framing: Framing,
    /// Request and response are both whole.
    pub complete: bool,
    /// The request is whole (head and promised body).
    pub request_complete: bool,
    /// The response is whole (final head and body).
    pub response_complete: bool,
    /// Packets of it are missing in the capture, so that `complete` is a guess: a `false` is then no evidence that
    /// anything was missing for the two sides.
    pub uncertain: bool,
    /// Of the bytes counted in `body_delivered`, those that the capture does not hold (their sequence numbers were passed).
    pub body_uncaptured: u64,
    /// The first packet of the request.
    pub started: Option<Moment>,
    /// The last packet of the request.
    pub request_ended: Option<Moment>,
    /// The first packet of the response.
    pub response_started: Option<Moment>,
    /// The last packet of the exchange.
    pub ended: Option<Moment>,
    /// `Connection: close` (or HTTP/1.0 without keep-alive) was said by one of them.
    pub close_announced: Option<Side>,
    /// The request carries `Expect: 100-continue`.
    pub expects_continue: bool,
    /// HTTP/2: the stream.
    pub http2: Option<Box<Http2Stream>>,
    /// TLS: the session.
    pub tls: Option<Box<Tls>>,
    /// For protocols that are only recognised: who sent payload last, and whose turn it was.
    pub last_speaker: Option<Side>,
    /// For protocols that are only recognised: what the client said last.
    pub clients_last: ClientsLast,
    /// The server's first word behind that.
    pub answer_began: Option<Moment>,
    /// For protocols that are only recognised: how often the server spoke after the client; counted to 255.
    pub questions_answered: u8,
    /// For protocols that are only recognised: bytes of it are missing in the capture.
    pub heard_in_part: bool,
    /// Numbers are estimates (from the sizes of encrypted records).
    pub estimated: bool,
    /// The numbers come from the rows of a pasted list, not from bytes.
    pub from_list: bool,
}

impl Exchange {
    /// Why it is not complete, in one clause; `None` where it is, or where nothing was to be completed.
    pub fn why_incomplete(&self) -> Option<String> {
        why_incomplete::clause(self)
    }

    /// How its HTTP/2 stream was reset, if it was.
    pub fn reset(&self) -> Option<&StreamReset> {
        self.http2.as_ref()?.reset.as_ref()
    }

    /// Its response ends with the connection (RFC 9112 §6.3): who closes in order half-way ends it just as well as who has said all.
    pub fn is_unpromised(&self) -> bool {
        self.framing == Framing::UntilClose
    }

    /// Behind it both sides speak another protocol (RFC 9110 §15.2.2).
    pub fn is_switch(&self) -> bool {
        self.status == Some(101)
    }

    /// It is whole, by a promise that was kept; a TLS session shows neither an alert nor anything that was cut, is waited for, or may be either.
    pub fn is_well(&self) -> bool {
        let calm = |tls: &Tls| {
            tls.alert.is_none()
                && tls.cut_record.is_none()
                && tls.given_up.is_none()
                && tls.request_outstanding != Some(true)
                && tls.response_under_way != Some(true)
                && !tls.left_in_silence
                && !tls.left_amid_pieces
                && !tls.request_unread
                && tls.answered_early != Some(false)
                && !tls.rest_in_doubt
                && !tls.answer_refused
                && !tls.answer_in_doubt()
                && (tls.client_bytes > 0 || tls.server_bytes > 0)
        };
        let calm = self
            .tls
            .as_ref()
            .is_none_or(|tls| calm(tls) && !self.uncertain);
        // The rows of a list do not tell how long a response was to be.
        let read = !self.from_list || self.tls.is_some();
        self.complete && read && !self.is_unpromised() && calm
    }

    /// A plain download of which the capture does not hold how long it was to be (a short snapshot length cut the response's
    /// head): all that was sent of it was acknowledged.
    pub fn is_unread(&self) -> bool {
        let asks = self
            .request
            .as_ref()
            .is_some_and(|it| it.starts_with("GET "));
        let answers = self
            .status
            .is_some_and(|status| (200..400).contains(&status));
        let got = self.body_delivered.is_some() && self.body_acknowledged == self.body_delivered;
        matches!(self.protocol, Protocol::Http10 | Protocol::Http11)
            && asks
            && answers
            && got
            && self.framing == Framing::Unknown
            && self.body_expected.is_none()
            && self.request_body_expected.is_none()
            && !self.complete
            && !self.response_complete
            && !self.from_list
            && self.response_started.is_some()
    }

    /// Nothing more comes. Acknowledgements cover bytes that turned out to be no body, where framing was lost: never more than was
    /// delivered.
    pub(crate) fn settle_acknowledged(&mut self) {
        let at_most =
            |acknowledged: Option<u64>, delivered: Option<u64>| Some(acknowledged?.min(delivered?));
        self.body_acknowledged = at_most(self.body_acknowledged, self.body_delivered);
        self.request_body_acknowledged =
            at_most(self.request_body_acknowledged, self.request_body_delivered);
    }

    /// A packet of it. What stood behind missing bytes is read late, and may be older than what was read before it.
    pub(crate) fn reach(&mut self, at: Moment) {
        if self.ended.is_none_or(|ended| ended.frame <= at.frame) {
            self.ended = Some(at);
        }
    }

    /// A packet of `side`, in a protocol of which only the turns are followed.
    pub(crate) fn spoken(&mut self, side: Side, at: Moment) {
        if self.ended.is_none_or(|ended| ended.frame <= at.frame) {
            self.last_speaker = Some(side);
        }
        if self.started.is_none_or(|started| started.frame > at.frame) {
            self.started = Some(at);
        }
        self.reach(at);
    }
}

/// An HTTP/2 stream (RFC 9113 §5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Http2Stream {
    /// Its number.
    pub id: u32,
    /// It was reset, or its connection given up by a GOAWAY with an error.
    pub reset: Option<StreamReset>,
    /// The server's GOAWAY that says that it did nothing about this stream, and will not.
    pub left_out: Option<Moment>,
    /// The server ended its response short of its Content-Length.
    pub ended_short: Option<Moment>,
    /// At the end, or when the stream was reset, its sender had no flow control window left.
    pub stalled: Option<FlowControlStall>,
    /// gRPC status, where it shows.
    pub grpc_status: Option<u32>,
    /// How long the client waits at most, as a request of gRPC tells.
    pub deadline: Option<Span>,
}

/// A sender that waits for a WINDOW_UPDATE (RFC 9113 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowControlStall {
    /// Who may send no more.
    pub sender: Side,
    /// The last packet of the stream, which used the window up.
    pub since: Moment,
    /// It is the window of the whole connection.
    pub of_connection: bool,
}

/// How an HTTP/2 stream was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamReset {
    /// Who did it.
    pub by: Side,
    /// The error code's name (`CANCEL`), RFC 9113 §7.
    pub code: String,
    /// The packet that did so.
    pub at: Moment,
}

/// What is spoken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2.
    Http2,
    /// TLS that is not decrypted, with its version where known (`1.3`).
    Tls(Option<&'static str>),
    /// Another protocol, by its usual short name (`ssh`, `smtp`).
    Other(&'static str),
    /// Not recognised, or no payload.
    #[default]
    Unknown,
}

/// How the end of a response's body is marked (RFC 9112 §6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// The head was not captured, or there is no response yet.
    #[default]
    Unknown,
    /// No body by rule (HEAD, 1xx, 204, 304).
    None,
    /// `Content-Length`.
    Length,
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// The close of the connection.
    UntilClose,
    /// An upgrade or CONNECT: the connection is a tunnel from here.
    Tunnel,
    /// HTTP/2's END_STREAM.
    EndStream,
}

/// A TLS session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Server name indication.
    pub server_name: Option<String>,
    /// The protocol that was negotiated; while that cannot be told, the client's first offer.
    pub alpn: Option<String>,
    /// How far the handshake came.
    pub handshake: TlsHandshake,
    /// The first alert other than close_notify.
    pub alert: Option<TlsAlert>,
    /// Who sent close_notify; `None` where it cannot be told.
    pub close_notify: CloseNotify,
    /// Heartbeats (RFC 6520) were exchanged behind the handshake.
    pub heartbeat: bool,
    /// The session was resumed.
    pub resumed: bool,
    /// Application data bytes the client sent.
    pub client_bytes: u64,
    /// Application data bytes the server sent.
    pub server_bytes: u64,
    /// A request was outstanding at the end: an estimate from record sizes and order.
    pub request_outstanding: Option<bool>,
    /// What the client said behind the server's last answer is not in the capture: whether that was answered does not show.
    pub request_unread: bool,
    /// Who said goodbye first, of those who did, and when.
    pub first_goodbye: Option<(Side, Moment)>,
    /// The client's last request is short, came behind answers, and in one packet with the client's goodbye: it is no request, for who
    /// leaves with it waits for no answer.
    pub parting_word: bool,
    /// What is spoken inside is MySQL or PostgreSQL, by what was said in clear before, or by the protocol that was agreed on.
    pub of_database: bool,
    /// The client's last record of data, and how many bytes of it that are, where the capture has it and the cipher tells.
    pub last_word: Option<(Moment, u16)>,
    /// The client sent what looks like a whole file by its last record, took leave, and the server never said a word, nor was any protocol
    /// agreed on: a transfer of FTP, which is confirmed elsewhere (RFC 4217).
    pub delivered_alone: bool,
    /// The client gave a request up that had waited in silence: behind it came a record as long as HTTP/2's RST_STREAM, and before that no
    /// answer.
    pub given_up: Option<Moment>,
    /// A response was under way at the end: an estimate.
    pub response_under_way: Option<bool>,
    /// The last record of a side was cut by the end of the connection: (side, bytes missing).
    pub cut_record: Option<(Side, u64)>,
    /// All that the server has said since the first request is one record, which may be a ticket as well as the answer.
    pub perhaps_ticket: bool,
    /// The client closed first, after a silence, and nothing but sizes speaks for the server's last answer being whole.
    pub left_in_silence: bool,
    /// The client closed first, without a goodbye, right behind an answer in many pieces ([`AnswerEnd::InPieces`]): any of them may have been the last.
    pub left_amid_pieces: bool,
    /// The server's last answer came while the client was still sending its request: whether all of that was sent, as far as sizes tell.
    pub answered_early: Option<bool>,
    /// The server answered once, before the end of what the client sent, by the sizes: whether the client sent all of its request does not
    /// show.
    pub rest_in_doubt: bool,
    /// The last record of the client's upload is shorter than the others, which are as long as records can be.
    pub upload_ends_short: bool,
    /// Not all of the client's records were captured, but the server's last answer came in the middle of one, or of what the client had sent
    /// by then, behind so much that it was an upload: whether the rest of that came does not show.
    pub answered_within: bool,
    /// The server's last record that is an answer, or a part of one, by its size.
    pub last_answer: Option<Moment>,
    /// The server left first, by its close_notify or its FIN, right behind its last answer; behind one in pieces ([`AnswerEnd::InPieces`])
    /// also after a silence that is no whole number of seconds, as limits on idling are.
    pub left_behind_answer: bool,
    /// What sizes tell of the end of the server's last answer.
    pub answer_end: AnswerEnd,
    /// The client's last record is as long as HTTP/2's RST_STREAM, the first that is, and stands behind the end of the server's answer.
    pub answer_refused: bool,
    /// Behind it the server said something too short for an answer: a frame of HTTP/2, such as GOAWAY.
    pub answer_followed: bool,
}

/// Session tickets and the first frames of HTTP/2 take hardly more.
const UNASKED: u64 = 2_048;

impl Tls {
    /// The client asked for nothing behind a whole handshake, and the server said no more than servers of TLS 1.3 and HTTP/2 say of
    /// themselves.
    pub fn asked_nothing(&self) -> bool {
        let whole = self.handshake == TlsHandshake::Complete;
        whole && self.client_bytes == 0 && self.server_bytes <= UNASKED
    }

    /// HTTP/2 was agreed on.
    pub fn speaks_http2(&self) -> bool {
        self.alpn.as_deref().is_some_and(is_http2)
    }

    /// The server said goodbye.
    pub fn server_said_goodbye(&self) -> bool {
        matches!(self.close_notify, CloseNotify::Server | CloseNotify::Both)
    }

    /// The server may have left, or given the request up, before its last answer was whole: nothing of what it sent behind that
    /// answer is an end.
    pub fn answer_in_doubt(&self) -> bool {
        match self.answer_end {
            AnswerEnd::Marked => false,
            AnswerEnd::PerhapsReset => true,
            // A goodbye is said by whoever speaks TLS, and that may be a proxy that has lost its server. In HTTP/2 such a proxy resets the
            // stream, and who means to leave says GOAWAY before.
            AnswerEnd::Full | AnswerEnd::InPieces | AnswerEnd::Shorter | AnswerEnd::Untold => {
                let announced = self.speaks_http2() && self.answer_followed;
                self.left_behind_answer && !(announced && self.server_said_goodbye())
            }
        }
    }
}

/// What the sizes of the server's last records tell of the end of its last answer in an encrypted session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerEnd {
    /// Nothing: it fits into one or two records, or it was under way.
    #[default]
    Untold,
    /// Records as short as the last chunk of HTTP/1, or HTTP/2's empty DATA with END_STREAM, came last; or the two talked in lines,
    /// as mail programs do, where the last one needs no mark.
    Marked,
    /// The last record is shorter than those before it, which are of one length.
    Shorter,
    /// Its last piece is as long as those before it, or as a record can be: by that more was to come.
    Full,
    /// Three records or more, of no common length: any of them may have been the last.
    InPieces,
    /// What came behind it is as long as HTTP/2's RST_STREAM, and the server had no reason to open a window.
    PerhapsReset,
}

/// How far a TLS handshake came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsHandshake {
    /// Both sides finished.
    Complete,
    /// It ended in an alert, or was broken off.
    Failed,
    /// Not all of it was captured, or it was still going on.
    #[default]
    Partial,
}

/// A TLS alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsAlert {
    /// Who sent it.
    pub by: Side,
    /// As RFC 8446 names it (`unknown_ca`), or `encrypted`.
    pub description: &'static str,
    /// Its frame.
    pub at: Moment,
}

/// Who sent close_notify.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CloseNotify {
    /// Both.
    Both,
    /// The client only.
    Client,
    /// The server only.
    Server,
    /// Neither.
    None,
    /// It cannot be told.
    #[default]
    Unknown,
}

/// A finding about the protocol: something that a person wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A stable name: `http_on_tls_port`, `tls_on_http_port`, `foreign_banner`, `head_too_long`, `ambiguous_length`, `goaway`, …
    pub id: &'static str,
    /// One clause for people.
    pub text: String,
    /// The frames that show it.
    pub frames: Vec<u64>,
    /// The side it is about.
    pub side: Option<Side>,
}
