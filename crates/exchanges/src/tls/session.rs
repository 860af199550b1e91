//! One TLS session as its records show it.

use whyreset_connections::{BySide, Moment, Needs, Side};

use super::alpn::is_http2;
use super::close_notify::CloseNotifyNotes;
use super::decryption::Decryption;
use super::early_data::EarlyData;
use super::flow::{Flow, LastRecord};
use super::hello::{ClientHello, ServerHello};
use super::inside::Inside;
use super::leaving::SILENCE;
use super::record::{
    ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, HEARTBEAT, RecordHeader, RecordPart,
};
use super::turns::{Speech, Tickets, Turns};
use super::unread_upload::UnreadUpload;
use crate::application::Context;
use crate::exchange_log::{ExchangeId, ExchangeLog};
use crate::layer::Layer;
use crate::{Exchange, Protocol, TlsAlert, TlsHandshake};

/// The longest GOAWAY that is thought of: its frame, and a reason in words.
const LONGEST_GOAWAY: u16 = 17 + 128;

/// A TLS session.
#[derive(Debug)]
pub(crate) struct TlsSession {
    pub(super) id: Option<ExchangeId>,
    pub(super) started: Option<Moment>,
    pub(super) flows: BySide<Flow>,
    pub(super) client_hello: Option<ClientHello>,
    pub(super) server_hello: Option<ServerHello>,
    pub(super) certificate_seen: bool,
    pub(super) handshake: TlsHandshake,
    pub(super) alert: Option<TlsAlert>,
    /// Made when the first data comes: what the handshake told counts for it.
    pub(super) turns: Option<Turns>,
    pub(super) closed: BySide<Option<Moment>>,
    /// The side closed with a RST.
    pub(super) aborted: BySide<bool>,
    /// The server's last record that is a response or a part of one.
    pub(super) last_answer: Option<Moment>,
    /// The client's last record that is a request or a part of one.
    pub(super) last_request: Option<Moment>,
    /// The client's last record of data, and how much it holds, where that can be told.
    pub(super) last_word: Option<(Moment, u16)>,
    /// The packet that brought it brought the client's goodbye as well.
    pub(super) parting_word: bool,
    overtaking: Overtaking,
    pub(super) unread_upload: UnreadUpload,
    /// The hellos are not in the capture, but the type of an encrypted alert was: the version is 1.2 or older. What a record adds to its
    /// content then.
    pub(super) visible_overhead: Option<u16>,
    /// The client answered the server's hello with a handshake record: in TLS 1.3 it does so in disguise.
    pub(super) keys_in_plain: bool,
    /// The last packet of the client of which records are missing in the capture.
    pub(super) unread_request: Option<Moment>,
    /// The answer before it, where the last may be GOAWAY with a reason in words: it is short, and broke a rest.
    pub(super) before_goaway: Option<Moment>,
    pub(super) decryption: Option<Decryption>,
    /// The server's ticket came right behind its Finished, or there is none.
    pub(super) ticket_seen: bool,
    /// Behind its Finished the server may answer early data, before it has the client's (RFC 8446 §2.3).
    pub(super) early_data_taken: bool,
    /// Until the client ends it.
    pub(super) early_data: Option<EarlyData>,
    pub(super) inside: Option<Box<Inside>>,
    /// An alert or the lack of one was read, not guessed.
    pub(super) goodbyes: CloseNotifyNotes,
    pub(super) context: Context,
}

/// Whether the client knew of the server's answer when it sent what came behind it here.
#[derive(Debug, Default)]
struct Overtaking {
    /// Where the packet that holds the beginning of the last answer ends in the server's stream.
    answer_end: u64,
    /// What the client has acknowledged of it.
    acknowledged: u64,
    /// The packet of the client in question: its acknowledgement is told behind its data.
    asked_in: Option<u64>,
}

impl TlsSession {
    pub(crate) fn new(context: Context) -> Self {
        Self {
            id: None,
            started: None,
            flows: BySide::default(),
            client_hello: None,
            server_hello: None,
            certificate_seen: false,
            handshake: TlsHandshake::Partial,
            alert: None,
            turns: None,
            closed: BySide::default(),
            aborted: BySide::default(),
            last_answer: None,
            last_request: None,
            last_word: None,
            parting_word: false,
            visible_overhead: None,
            overtaking: Overtaking::default(),
            unread_upload: UnreadUpload::default(),
            keys_in_plain: false,
            unread_request: None,
            before_goaway: None,
            decryption: None,
            ticket_seen: false,
            early_data_taken: false,
            early_data: None,
            inside: None,
            goodbyes: CloseNotifyNotes::default(),
            context,
        }
    }

    fn id(&mut self, log: &mut ExchangeLog, at: Moment) -> ExchangeId {
        *self.id.get_or_insert_with(|| {
            log.push(Exchange {
                protocol: Protocol::Tls(None),
                started: Some(at),
                tls: Some(Box::default()),
                estimated: true,
                ..Exchange::default()
            })
        })
    }

    fn touch(&mut self, log: &mut ExchangeLog, side: Side, at: Moment) {
        let id = self.id(log, at);
        self.started.get_or_insert(at);
        if let Some(exchange) = log.get_mut(id) {
            exchange.spoken(side, at);
        }
    }

    fn header(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, header: RecordHeader) {
        let flow = self.flows.of_mut(side);
        flow.current = Some(header);
        flow.alert.clear();
        flow.body.clear();
        flow.body_cut = false;
        let before = flow.last_record;
        flow.last_record = Some(LastRecord { header, at });
        if header.kind == CHANGE_CIPHER_SPEC {
            flow.ciphered = true;
        }
        let answers = side == Side::Client && self.flows.server.last_record.is_some();
        self.keys_in_plain |= header.kind == HANDSHAKE && answers;
        if !self.is_to_be_opened(side, header) {
            self.guess(log, side, at, header, before);
        }
    }

    /// What a record is, by its type and size.
    pub(super) fn guess(
        &mut self,
        log: &mut ExchangeLog,
        side: Side,
        at: Moment,
        header: RecordHeader,
        before: Option<LastRecord>,
    ) {
        match header.kind {
            APPLICATION_DATA => {
                let flow = self.flows.of_mut(side);
                flow.longest_data = flow.longest_data.max(header.len);
                self.application_data(log, side, at, header);
            }
            HANDSHAKE if self.is_encrypted(side) => {
                self.flows.of_mut(side).finished = true;
                if self.flows.client.finished && self.flows.server.finished {
                    self.complete_handshake();
                }
            }
            ALERT if self.is_encrypted(side) => {
                self.note_parting(side, at);
                self.encrypted_alert(side, at, before);
            }
            ALERT if self.client_hello.is_none() => {
                self.visible_overhead = overhead_of_alert(header.len).or(self.visible_overhead);
                self.note_parting(side, at);
            }
            HEARTBEAT if self.is_encrypted(side) => self.flows.of_mut(side).beats = true,
            _ => {}
        }
    }

    fn application_data(
        &mut self,
        log: &mut ExchangeLog,
        side: Side,
        at: Moment,
        header: RecordHeader,
    ) {
        let answered = side == Side::Server && self.early_data_taken;
        if self.is_13() && self.handshake != TlsHandshake::Complete {
            let begun = self.client_hello.is_some() || self.server_hello.is_some();
            if begun && !answered {
                self.handshake_in_disguise(side, at, header);
                return;
            }
        } else if self.client_hello.is_some()
            && (self.flows.client.ciphered && self.flows.server.ciphered
                || side == Side::Server && self.server_hello.is_some())
        {
            // Up to TLS 1.2 a server has no data before the handshake is finished, whatever of that the capture lacks.
            self.complete_handshake();
        }
        if self.may_be_13() && self.is_alert_in_disguise(side, header) {
            self.note_parting(side, at);
            // A server that says nothing but this behind the client's Finished does not like the client's certificate.
            let refuses = !self.flows.server.spoke_after && !self.early_data_taken;
            // It does so at once: what breaks a silence is a goodbye.
            let client = self.flows.client.last_record;
            let refuses = refuses && client.is_none_or(|it| at.time - it.at.time <= SILENCE);
            if self.is_13() && side == Side::Server && refuses {
                self.alert.get_or_insert(TlsAlert {
                    by: side,
                    description: "encrypted",
                    at,
                });
                self.handshake = TlsHandshake::Failed;
            }
            return;
        }
        self.flows.of_mut(side).spoke_after = true;
        let overhead = self.overhead(side);
        let content = header.len.saturating_sub(overhead);
        let flow = self.flows.of_mut(side);
        flow.application_bytes = flow.application_bytes.saturating_add(u64::from(content));
        let client = &self.flows.client;
        let within = client.reader.data_left() > 0 && !client.lossy;
        let before = self.turns().last();
        let waited = |asked: Moment| at.time - asked.time > SILENCE;
        if side == Side::Client && self.last_request.is_some_and(waited) {
            self.turns().after_silence(at, content);
        }
        if side == Side::Server && within {
            self.turns().within_record();
        }
        let spoke = self.turns().add(side, at.frame, content);
        if side == Side::Server && self.last_answer.is_some() && self.turns().tickets_alone() {
            // What was taken for the beginning of an answer was the first of two tickets.
            self.last_answer = None;
            if let Some(exchange) = self.id.and_then(|id| log.get_mut(id)) {
                exchange.response_started = None;
            }
        }
        if let Some(exchange) = self.id.and_then(|id| log.get_mut(id)).filter(|_| spoke) {
            match side {
                Side::Client => exchange.request_ended = Some(at),
                Side::Server => {
                    exchange.response_started.get_or_insert(at);
                }
            }
        }
        if spoke && side == Side::Server {
            let perhaps_13 = self.is_perhaps_13();
            self.unread_upload
                .answered(at.frame, header.len, perhaps_13);
        }
        if side == Side::Client {
            let content = self.content_of_word(header, content);
            self.last_word = Some((at, content)).filter(|_| overhead > 0);
        }
        if spoke && side == Side::Client {
            self.last_request = Some(at);
            self.parting_word = false;
            let in_question = self.turns().is_perhaps_rest();
            self.overtaking.asked_in = Some(at.frame).filter(|_| in_question);
        }
        let newest = self.last_answer.is_none_or(|last| last.frame <= at.frame);
        if spoke && side == Side::Server && newest {
            let unasked = before == Some(Side::Server) && self.alpn().is_some_and(is_http2);
            let late = |last: &Moment| at.time - last.time > SILENCE;
            let goaway = unasked && content <= LONGEST_GOAWAY;
            self.before_goaway = self.last_answer.filter(late).filter(|_| goaway);
            self.last_answer = Some(at);
        }
    }

    /// The server's hello was not captured, and the client did not answer it as in TLS 1.2.
    const fn is_perhaps_13(&self) -> bool {
        self.server_hello.is_none() && !self.keys_in_plain
    }

    pub(super) fn turns(&mut self) -> &mut Turns {
        let offer_known = self.client_hello.as_ref().is_some_and(|it| it.whole);
        let speech = match self.alpn() {
            Some(name) if is_http2(name) => Speech::Http2,
            _ if self.is_a_databases() => Speech::Database,
            Some(_) => Speech::Other,
            None if offer_known => Speech::Other,
            None => Speech::Unknown,
        };
        let offered = self.client_hello.as_ref();
        let takes_tickets = offered.is_none_or(|it| it.key_exchange_modes || !it.whole);
        let perhaps = self.is_13() || self.is_perhaps_13();
        let hidden = match perhaps && !self.ticket_seen {
            true if takes_tickets => Tickets::Any,
            true => Tickets::Two,
            false => Tickets::None,
        };
        self.turns.get_or_insert_with(|| Turns::new(speech, hidden))
    }

    /// Where the version does not show, a record may hold the five bytes that end a database's session with what any of the usual ciphers
    /// adds (RFC 8446 §5.2, RFC 5288 §3, RFC 7905 §2).
    fn content_of_word(&self, header: RecordHeader, content: u16) -> u16 {
        match header.len {
            21 | 22 | 29 if self.server_hello.is_none() => 5,
            _ => content,
        }
    }

    /// PostgreSQL may also begin with TLS at once, and name itself there.
    pub(super) fn is_a_databases(&self) -> bool {
        self.context.database || self.alpn() == Some("postgresql")
    }

    /// A side says goodbye.
    fn note_parting(&mut self, side: Side, at: Moment) {
        let asked = self
            .last_request
            .is_some_and(|asked| asked.frame == at.frame);
        self.parting_word |= side == Side::Client && asked;
    }

    /// What a record of this side adds to its content, by the cipher suite.
    fn overhead(&self, side: Side) -> u16 {
        if let Some(overhead) = self.visible_overhead {
            return overhead;
        }
        let Some(hello) = self.server_hello.as_ref().filter(|_| !self.is_13()) else {
            return self.flows.of(side).padding.saturating_add(17);
        };
        match hello.cipher {
            0xcca8..=0xccae => 16,
            0x009c..=0x00a7 | 0xc02b..=0xc032 | 0xc09c..=0xc0af => 24,
            _ => 0,
        }
    }

    fn body(&mut self, side: Side, at: Moment, bytes: &[u8]) {
        let encrypted = self.is_encrypted(side);
        let flow = self.flows.of_mut(side);
        let Some(header) = flow.current else {
            return;
        };
        match header.kind {
            HANDSHAKE if !encrypted => {
                for (kind, body) in flow.messages.read(bytes) {
                    self.message(kind, &body);
                }
            }
            ALERT if !encrypted && header.len == 2 => {
                flow.alert.extend_from_slice(bytes);
                if let [level, description] = *flow.alert.as_slice() {
                    self.plain_alert(side, at, level, description);
                }
            }
            _ => {}
        }
    }

    /// All that the packet in question tells is known.
    fn settle_overtaking(&mut self) {
        let asked = self.overtaking.asked_in.take();
        let unknown = self.overtaking.acknowledged < self.overtaking.answer_end;
        if asked.is_some() && unknown {
            self.turns().was_rest();
        }
    }
}

/// What a record adds to its content, by the length of an encrypted alert, which has two bytes; `None` where that is no alert. Block
/// ciphers fill blocks up: what they add is not known, and little.
const fn overhead_of_alert(len: u16) -> Option<u16> {
    match len {
        0..=17 => None,
        18 | 26 => Some(len - 2),
        _ => Some(0),
    }
}

impl Layer for TlsSession {
    fn data(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64, bytes: &[u8]) {
        self.touch(log, side, at);
        if self
            .overtaking
            .asked_in
            .is_some_and(|frame| frame != at.frame)
        {
            self.settle_overtaking();
        }
        let end = offset.saturating_add(bytes.len() as u64);
        if side == Side::Client {
            let begins = self.flows.client.reader.begins_record(bytes);
            let len = bytes.len() as u64;
            self.unread_upload.sent(at.frame, len, end, begins);
        }
        let (mut rest, mut offset) = (bytes, offset);
        while !rest.is_empty() {
            let (used, part) = self.flows.of_mut(side).reader.step(rest);
            match part {
                RecordPart::Nothing => {}
                RecordPart::Header(header) => self.header(log, side, at, header),
                RecordPart::Body { bytes, last } => {
                    self.body(side, at, bytes);
                    self.keep_body(side, bytes);
                    if last {
                        self.open_record(log, side, at, offset.saturating_add(used as u64));
                    }
                }
                RecordPart::Lost => {
                    let flow = self.flows.of_mut(side);
                    flow.incomplete = true;
                    // Nothing was missing before it: the side does not speak TLS (any more).
                    flow.foreign = !flow.lossy;
                    flow.lossy = true;
                }
            }
            let used = used.max(1);
            offset = offset.saturating_add(used as u64);
            rest = rest.get(used..).unwrap_or(&[]);
        }
        if side == Side::Server && self.last_answer.is_some_and(|it| it.frame == at.frame) {
            self.overtaking.answer_end = end;
        }
    }

    fn gap(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64, len: u64) {
        self.touch(log, side, at);
        if side == Side::Client {
            let begins = self.flows.client.reader.begins_record(&[]);
            let end = offset.saturating_add(len);
            self.unread_upload.sent(at.frame, len, end, begins);
        }
        let encrypted = self.is_encrypted(side);
        let flow = self.flows.of_mut(side);
        let in_handshake = flow
            .current
            .is_some_and(|header| header.kind == HANDSHAKE && !encrypted);
        let cut = in_handshake.then(|| flow.messages.gap()).flatten();
        let (here, ended) = flow.reader.gap(len);
        flow.body_cut |= here > 0;
        if flow.reader.is_lost() {
            flow.incomplete = true;
            flow.lossy = true;
            // What a certificate's message takes along is no data.
            let data = if in_handshake { 0 } else { len };
            flow.application_bytes = flow.application_bytes.saturating_add(data);
            if side == Side::Client {
                self.unread_request = Some(at);
                self.last_word = None;
            }
        }
        if let Some((kind, body)) = cut {
            self.message(kind, &body);
        }
        if ended {
            self.open_record(log, side, at, offset.saturating_add(u64::from(here)));
        }
    }

    /// A record that is not to be opened counts by its header.
    fn needs(&self, _: &ExchangeLog, side: Side) -> Needs {
        let flow = self.flows.of(side);
        let opened = flow
            .current
            .is_none_or(|header| self.is_to_be_opened(side, header));
        match flow.reader.data_left() {
            left if left > 0 && !opened => Needs::Nothing(u64::from(left)),
            _ => Needs::Everything,
        }
    }

    fn acknowledged(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, offset: u64) {
        if side == Side::Client {
            if self
                .overtaking
                .asked_in
                .is_some_and(|frame| frame != at.frame)
            {
                self.settle_overtaking();
            }
            self.overtaking.acknowledged = self.overtaking.acknowledged.max(offset);
            if self.overtaking.acknowledged >= self.overtaking.answer_end {
                self.unread_upload.heard();
            }
        }
        if side == Side::Server {
            self.unread_upload.acknowledged(at.frame, offset);
        }
        if let Some(inside) = &mut self.inside {
            inside.acknowledged(log, side, at, offset);
        }
    }

    fn closed(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, reset: bool) {
        *self.aborted.of_mut(side) |= reset && self.closed.of(side).is_none();
        self.closed.of_mut(side).get_or_insert(at);
        if let Some(inside) = &mut self.inside {
            inside.closed(log, side, at, reset);
        }
    }

    fn finish(&mut self, log: &mut ExchangeLog) {
        self.settle_overtaking();
        let tls = self.tls();
        let version = self.version();
        if let Some(exchange) = self.id.and_then(|id| log.get_mut(id)) {
            exchange.protocol = Protocol::Tls(version);
            exchange.complete = tls.handshake == TlsHandshake::Complete
                && tls.request_outstanding != Some(true)
                && tls.response_under_way != Some(true)
                && tls.cut_record.is_none()
                && tls.given_up.is_none()
                && tls.answered_early != Some(false);
            exchange.uncertain = self.flows.client.incomplete || self.flows.server.incomplete;
            exchange.estimated = !(self.flows.client.opened || self.flows.server.opened);
            exchange.tls = Some(Box::new(tls));
        }
        if let Some(inside) = &mut self.inside {
            inside.finish(log);
        }
    }
}
