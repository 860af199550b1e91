//! What is spoken inside a connection (or a tunnel, or a TLS session): finds out, then hands on to that protocol's reader.

use whyreset_connections::{BySide, Moment, Needs, PassedBytes, Side};

use crate::KeyLog;
use crate::banner::{self, Recognised, Spoken};
use crate::exchange_log::ExchangeLog;
use crate::http1::{Http1, Rest, is_plainly_request};
use crate::http2::Http2;
use crate::layer::Layer;
use crate::mismatch::{Opening, is_client_hello};
use crate::proxy_protocol::{self, ProxyLine};
use crate::ssl_request::{SslRequest, Step};
use crate::tls::TlsSession;

/// Bytes of one side that are held while the protocol is open.
const MAX_HELD: usize = 1_024;

/// Calls that are held while the protocol is open, and their bytes.
const MAX_EVENTS: usize = 2_048;
const MAX_HELD_IN_ALL: usize = 16_384;

/// A connection whose protocol is unknown, or may turn into TLS, is looked at again this often.
const MAX_LOOKS: u8 = 32;

/// Proxies behind each other are followed this far.
const MAX_PROXY_LINES: u8 = 16;

/// Tunnels within tunnels are followed this far.
const MAX_DEPTH: u8 = 4;

/// What every reader hands on to the readers inside it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Context {
    /// How many tunnels and sessions are around.
    pub(crate) depth: u8,
    /// What was said in clear before was a database's.
    pub(crate) database: bool,
    /// Key material for TLS.
    pub(crate) keys: Option<KeyLog>,
}

impl Context {
    /// Of a connection's own stream.
    pub(crate) const fn outermost(keys: Option<KeyLog>) -> Self {
        Self {
            depth: 0,
            database: false,
            keys,
        }
    }

    fn deeper(&self) -> Self {
        Self {
            depth: self.depth.saturating_add(1),
            database: false,
            keys: self.keys.clone(),
        }
    }

    /// A protocol that is followed, with its reader. That gets the context: no other comes behind it.
    fn reader(&mut self, spoken: Spoken) -> Option<Stage> {
        match spoken {
            Spoken::Http1 { requester } => {
                let http1 = Http1::new(requester, std::mem::take(self));
                Some(Stage::Http1(Box::new(http1)))
            }
            Spoken::Http2 { requester } => Some(Stage::Known(Box::new(Http2::new(requester)))),
            Spoken::Tls if self.depth < MAX_DEPTH => {
                let session = TlsSession::new(std::mem::take(self));
                Some(Stage::Known(Box::new(session)))
            }
            _ => None,
        }
    }
}

/// One stream of bytes in both directions.
#[derive(Debug)]
pub(crate) struct Application {
    context: Context,
    stage: Stage,
    opening: Opening,
}

#[derive(Debug)]
enum Stage {
    /// Nothing is held before the first bytes, nor where they tell at once what is spoken.
    Detecting(Option<Box<Detecting>>),
    /// A protocol that is only recognised, and may turn into another when a side begins to speak anew.
    Plain(Box<Plain>),
    Http1(Box<Http1>),
    Known(Box<dyn Layer>),
}

/// A recognised protocol, or none.
#[derive(Debug)]
struct Plain {
    recognised: Recognised,
    speaker: Option<Side>,
    looks: u8,
    ssl_request: SslRequest,
}

#[derive(Debug, Default)]
struct Detecting {
    begun: BySide<Vec<u8>>,
    /// Bytes are missing: nothing is added to what has begun.
    cut: BySide<bool>,
    events: Vec<Event>,
    acknowledged: BySide<Option<(Moment, u64)>>,
    /// Behind the lines of proxies: other bytes came, or as many lines as are followed.
    proxy_done: bool,
    proxy_lines: u8,
    /// The last that came ended such a line: what the client says next may be another, whatever the server has said.
    behind_line: bool,
    held: usize,
    /// What was recognised before this look.
    before: Option<Box<Plain>>,
}

#[derive(Debug)]
struct Event {
    side: Side,
    at: Moment,
    offset: u64,
    what: What,
}

#[derive(Debug)]
enum What {
    Data(Vec<u8>),
    Gap(u64),
    Closed { reset: bool },
}

impl Application {
    /// The outermost stream of a connection.
    pub(crate) fn new(context: Context) -> Self {
        Self {
            context,
            stage: Stage::Detecting(None),
            opening: Opening::default(),
        }
    }

    /// What runs inside a tunnel or a session of `context`; `hint` is a protocol's name, where one was agreed on.
    pub(crate) fn inside(context: &Context, hint: Option<&str>) -> Self {
        let mut inside = Self::new(context.deeper());
        if hint.is_some_and(|name| name.eq_ignore_ascii_case("websocket")) {
            inside.stage = Stage::Known(Box::new(crate::websocket::WebSocket::new()));
        }
        inside
    }

    /// A known protocol inside `context`.
    pub(crate) fn of(context: &Context, layer: Box<dyn Layer>) -> Self {
        let mut inside = Self::new(context.deeper());
        inside.stage = Stage::Known(layer);
        inside
    }

    /// What is to be remembered of a stream in which nothing is under way or waited for.
    pub(crate) fn rest(&self) -> Option<Rest> {
        match &self.stage {
            Stage::Http1(http1) => http1.rest(),
            _ => None,
        }
    }

    /// A stream that goes on. Its first bytes have been judged.
    pub(crate) fn behind(rest: &Rest, context: Context) -> Self {
        Self {
            context: Context::default(),
            stage: Stage::Http1(Box::new(Http1::behind(rest, context))),
            opening: Opening::over(),
        }
    }

    /// A connection's own stream, of HTTP/1 that was followed to here.
    pub(crate) fn of_http1(http1: Box<Http1>, opening: Opening) -> Self {
        Self {
            context: Context::default(),
            stage: Stage::Http1(http1),
            opening,
        }
    }

    fn detect(&mut self, log: &mut ExchangeLog, last: bool) {
        let Stage::Detecting(held) = &mut self.stage else {
            return;
        };
        let held = held.get_or_insert_default();
        if held.waits_for_proxy_line(log) && !last && !held.cut.client {
            return;
        }
        self.context.database = held.was_a_database();
        let next = match held.judge(last) {
            Spoken::Open => return,
            Spoken::Other(name) | Spoken::Guess(name) => Stage::Plain(held.plain(name)),
            spoken => match self.context.reader(spoken) {
                Some(reader) => reader,
                None => Stage::Plain(held.plain("unknown")),
            },
        };
        if let Stage::Detecting(Some(held)) = std::mem::replace(&mut self.stage, next) {
            self.replay(log, *held);
        }
    }

    /// The usual case: the first bytes of all say which protocol is followed, and need not be held.
    fn detect_at_once(&mut self, side: Side, bytes: &[u8]) {
        if !matches!(self.stage, Stage::Detecting(None)) {
            return;
        }
        if let Some(spoken) = judge_at_once(side, bytes)
            && let Some(reader) = self.context.reader(spoken)
        {
            self.stage = reader;
        }
    }

    fn replay(&mut self, log: &mut ExchangeLog, held: Detecting) {
        for event in held.events {
            let Event {
                side,
                at,
                offset,
                what,
            } = event;
            match what {
                What::Data(bytes) => self.pass(log, side, at, offset, &bytes),
                What::Gap(len) => self.pass_gap(log, side, at, offset, len),
                What::Closed { reset } => self.pass_close(log, side, at, reset),
            }
        }
        for side in [Side::Client, Side::Server] {
            if let Some((at, offset)) = *held.acknowledged.of(side) {
                self.pass_acknowledgement(log, side, at, offset);
            }
        }
    }

    fn take(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64, bytes: &[u8]) {
        self.opening.add(side, at, bytes);
        self.pass(log, side, at, offset, bytes);
    }

    fn pass(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64, bytes: &[u8]) {
        self.look_again(side);
        self.detect_at_once(side, bytes);
        if let Stage::Detecting(held) = &mut self.stage {
            let held = held.get_or_insert_default();
            held.begin(side, bytes);
            held.hold(side, at, offset, What::Data(bytes.to_vec()));
            self.detect(log, false);
        } else if let Some(layer) = self.stage.layer() {
            layer.data(log, side, at, offset, bytes);
        }
    }

    fn pass_gap(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64, len: u64) {
        if let Stage::Detecting(held) = &mut self.stage {
            let held = held.get_or_insert_default();
            if !held.begun.of(side).is_empty() {
                *held.cut.of_mut(side) = true;
            }
            held.hold(side, at, offset, What::Gap(len));
            self.detect(log, false);
        } else if let Some(layer) = self.stage.layer() {
            layer.gap(log, side, at, offset, len);
        }
    }

    fn pass_acknowledgement(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64) {
        if let Stage::Detecting(held) = &mut self.stage {
            let held = held.get_or_insert_default();
            *held.acknowledged.of_mut(side) = Some((at, offset));
        } else if let Some(layer) = self.stage.layer() {
            layer.acknowledged(log, side, at, offset);
        }
    }

    fn pass_close(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, reset: bool) {
        if let Stage::Detecting(held) = &mut self.stage {
            let held = held.get_or_insert_default();
            held.hold(side, at, 0, What::Closed { reset });
            self.detect(log, false);
        } else if let Some(layer) = self.stage.layer() {
            layer.closed(log, side, at, reset);
        }
    }

    /// What a client of MySQL says next.
    fn ssl_request(&mut self, side: Side, bytes: &[u8]) -> Step {
        self.by_mysqls_client(side)
            .map_or(Step::Other, |plain| plain.ssl_request.step(bytes))
    }

    /// The stage in which a client of MySQL may ask for TLS, where this side is one.
    fn by_mysqls_client(&mut self, side: Side) -> Option<&mut Plain> {
        match &mut self.stage {
            Stage::Plain(plain) if side == Side::Client && plain.recognised.name() == "mysql" => {
                Some(plain)
            }
            _ => None,
        }
    }

    /// Whoever speaks next speaks anew, or does not, as if `side` had spoken last.
    const fn spoken_by(&mut self, side: Side) {
        if let Stage::Plain(plain) = &mut self.stage {
            plain.speaker = Some(side);
        }
    }

    /// A side begins to speak anew: what it says may be another protocol's start.
    fn look_again(&mut self, side: Side) {
        let Stage::Plain(plain) = &mut self.stage else {
            return;
        };
        let turn = plain.speaker.is_some_and(|speaker| speaker != side);
        plain.speaker = Some(side);
        if !turn || plain.looks >= MAX_LOOKS {
            return;
        }
        plain.looks = plain.looks.saturating_add(1);
        if let Stage::Plain(plain) = std::mem::replace(&mut self.stage, Stage::Detecting(None)) {
            self.stage = Stage::Detecting(Some(Box::new(Detecting {
                proxy_done: true,
                before: Some(plain),
                ..Detecting::default()
            })));
        }
    }
}

/// What is spoken, where nothing came before these bytes of `side`.
fn judge_at_once(side: Side, bytes: &[u8]) -> Option<Spoken> {
    if is_plainly_request(bytes) {
        return Some(Spoken::Http1 { requester: side });
    }
    if proxy_protocol::read(bytes) != ProxyLine::None {
        return None;
    }
    let begun = bytes.get(..MAX_HELD).unwrap_or(bytes);
    Some(match side {
        Side::Client => banner::classify(begun, &[]),
        Side::Server => banner::classify(&[], begun),
    })
}

/// Whether a protocol is told by where its first packet ends: another cut of the same bytes may be none of it, so what comes behind it
/// may be anything.
fn is_told_by_its_cut(name: &str) -> bool {
    matches!(name, "socks" | "dns" | "openvpn")
}

impl Stage {
    fn layer(&mut self) -> Option<&mut dyn Layer> {
        match self {
            Self::Detecting(_) => None,
            Self::Plain(plain) => Some(&mut plain.recognised),
            Self::Http1(http1) => Some(http1.as_mut()),
            Self::Known(layer) => Some(layer.as_mut()),
        }
    }
}

impl Detecting {
    fn is_full(&self) -> bool {
        self.begun.client.len() >= MAX_HELD
            || self.begun.server.len() >= MAX_HELD
            || self.events.len() >= MAX_EVENTS
            || self.held >= MAX_HELD_IN_ALL
            || (self.cut.client && self.cut.server)
    }

    /// What is spoken; `Open` where it is worth to wait.
    fn judge(&self, last: bool) -> Spoken {
        let decided = last || self.is_full();
        let (client, server) = (&self.begun.client, &self.begun.server);
        if let Some(before) = &self.before {
            return self.judge_again(before, decided);
        }
        let spoken = banner::classify(client, server);
        match spoken {
            Spoken::Open | Spoken::Guess(_) | Spoken::Unknown if !decided => {
                // Nonsense of one side may be answered with a start line or an alert.
                let both = !client.is_empty() && !server.is_empty();
                if both && spoken == Spoken::Unknown {
                    Spoken::Unknown
                } else {
                    Spoken::Open
                }
            }
            // What the client began never became anything: then what the server said tells.
            Spoken::Open => match banner::from_one_side(server, Side::Server) {
                Spoken::Open => Spoken::Unknown,
                spoken => spoken,
            },
            spoken => spoken,
        }
    }

    /// The judgement over a new turn in a connection that was judged before.
    fn judge_again(&self, before: &Plain, decided: bool) -> Spoken {
        let name = before.recognised.name();
        let Some(Event { side, .. }) = self.events.first() else {
            return Spoken::Open;
        };
        let begun = self.begun.of(*side);
        let decided = decided || !self.begun.of(side.peer()).is_empty();
        let spoken = if name == "unknown" || is_told_by_its_cut(name) {
            banner::from_one_side(begun, *side)
        } else if is_client_hello(begun) {
            Spoken::Tls
        } else if begun.len() < 6 && begun.starts_with(&[0x16]) {
            Spoken::Open
        } else {
            Spoken::Unknown
        };
        match spoken {
            Spoken::Open if !decided => Spoken::Open,
            Spoken::Tls | Spoken::Http1 { .. } | Spoken::Http2 { .. } => spoken,
            _ => Spoken::Other(name),
        }
    }

    fn was_a_database(&self) -> bool {
        let before = self.before.as_ref().map(|plain| plain.recognised.name());
        before.is_some_and(|name| matches!(name, "mysql" | "postgresql"))
    }

    /// The recognised protocol with this name: the one before, if it is still that.
    fn plain(&mut self, name: &'static str) -> Box<Plain> {
        self.before.take().unwrap_or_else(|| {
            Box::new(Plain {
                recognised: Recognised::new(name),
                speaker: None,
                looks: 0,
                ssl_request: SslRequest::default(),
            })
        })
    }

    fn hold(&mut self, side: Side, at: Moment, offset: u64, what: What) {
        self.behind_line = false;
        if let What::Data(bytes) = &what {
            self.held = self.held.saturating_add(bytes.len());
        }
        self.events.push(Event {
            side,
            at,
            offset,
            what,
        });
    }

    fn begin(&mut self, side: Side, bytes: &[u8]) {
        if !*self.cut.of(side) {
            let begun = self.begun.of_mut(side);
            let room = MAX_HELD.saturating_sub(begun.len());
            begun.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        }
    }

    /// Takes proxies' lines off the front of what the client sent; proxies behind each other may each write one. Gives
    /// whether the client's next bytes may end another, or begin it.
    fn waits_for_proxy_line(&mut self, log: &mut ExchangeLog) -> bool {
        while !self.proxy_done {
            match proxy_protocol::read(&self.begun.client) {
                ProxyLine::Open => return true,
                ProxyLine::Found { len, client } => self.skip_proxy_line(log, len, client),
                ProxyLine::None if self.begun.client.is_empty() => return self.behind_line,
                ProxyLine::None => self.proxy_done = true,
            }
        }
        false
    }

    fn skip_proxy_line(&mut self, log: &mut ExchangeLog, len: usize, client: Option<String>) {
        if let Some(client) = client {
            log.note_proxied_client(client);
        }
        self.proxy_lines = self.proxy_lines.saturating_add(1);
        self.proxy_done = self.proxy_lines >= MAX_PROXY_LINES;
        self.behind_line = true;
        self.let_go(len);
        // More may be held behind the line than there was room for.
        self.begun.client.clear();
        for event in &self.events {
            if let (Side::Client, What::Data(bytes)) = (event.side, &event.what) {
                let room = MAX_HELD.saturating_sub(self.begun.client.len());
                let begun = bytes.get(..room).unwrap_or(bytes);
                self.begun.client.extend_from_slice(begun);
            }
        }
    }

    /// Forgets the first bytes of the client.
    fn let_go(&mut self, len: usize) {
        self.held = self.held.saturating_sub(len);
        let mut left = len;
        for event in &mut self.events {
            if let (Side::Client, What::Data(bytes)) = (event.side, &mut event.what) {
                let here = left.min(bytes.len());
                bytes.drain(..here);
                event.offset = event.offset.saturating_add(here as u64);
                left = left.saturating_sub(here);
            }
        }
        self.events
            .retain(|event| !matches!(&event.what, What::Data(bytes) if bytes.is_empty()));
    }
}

impl Layer for Application {
    fn data(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64, bytes: &[u8]) {
        let len = match self.ssl_request(side, bytes) {
            Step::Other => return self.take(log, side, at, offset, bytes),
            Step::Within => bytes.len(),
            Step::Ends(len) => len,
        };
        // The ClientHello stands behind it without an answer in between.
        let (request, hello) = bytes.split_at_checked(len).unwrap_or((bytes, &[]));
        self.spoken_by(side);
        self.take(log, side, at, offset, request);
        self.spoken_by(side.peer());
        if !hello.is_empty() {
            self.take(log, side, at, offset.saturating_add(len as u64), hello);
        }
    }

    fn gap(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64, len: u64) {
        self.opening.gap(side);
        self.pass_gap(log, side, at, offset, len);
        if let Some(plain) = self.by_mysqls_client(side)
            && let Step::Ends(_) = plain.ssl_request.skip(len)
        {
            plain.speaker = Some(side.peer());
        }
    }

    fn needs(&self, log: &ExchangeLog, side: Side) -> Needs {
        match &self.stage {
            Stage::Http1(http1) if self.opening.is_over(side) => http1.needs(log, side),
            Stage::Known(layer) if self.opening.is_over(side) => layer.needs(log, side),
            _ => Needs::Everything,
        }
    }

    fn passed(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, passed: PassedBytes) {
        if let Some(layer) = self.stage.layer() {
            layer.passed(log, side, at, passed);
        }
    }

    fn acknowledged(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64) {
        self.pass_acknowledgement(log, side, at, offset);
    }

    fn closed(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, reset: bool) {
        self.pass_close(log, side, at, reset);
    }

    fn finish(&mut self, log: &mut ExchangeLog) {
        self.detect(log, true);
        if let Some(layer) = self.stage.layer() {
            layer.finish(log);
        }
        self.opening.judge(log);
    }
}
