//! One TLS session as its records show it.

use whyreset_capture::Span;
use whyreset_connections::{BySide, Moment, Needs, Side};

use super::alert::AlertName;
use super::close_notify::{CloseNotifyNotes, TLS13_ALERT_LEN};
use super::decryption::Decryption;
use super::early_data::EarlyData;
use super::hello::{self, ClientHello, MessageReader, ServerHello};
use super::inside::Inside;
use super::record::{
    ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, HEARTBEAT, RecordHeader, RecordPart,
    RecordReader,
};
use super::turns::{Speech, Turns};
use super::unread_upload::UnreadUpload;
use crate::application::Context;
use crate::exchange_log::{ExchangeId, ExchangeLog};
use crate::layer::Layer;
use crate::{AnswerEnd, CloseNotify, Exchange, Protocol, Tls, TlsAlert, TlsHandshake};

/// A client that closes sooner behind an answer has not waited for the rest of it.
const SILENCE: Span = Span::from_millis(900);

/// Lengths of TLS 1.3's Finished as a record: a hash of 32 or 48 bytes, the frame, the type and the tag.
const FINISHED: [u16; 2] = [53, 69];

/// Nor one that closes sooner behind pieces of any length.
const PAUSE: Span = Span::from_millis(300);

/// The longest GOAWAY that is thought of: its frame, and a reason in words.
const LONGEST_GOAWAY: u16 = 17 + 128;

/// Event loops fire their timers so much too late.
const LATE: Span = Span::from_millis(150);

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
    /// The client closed with a RST.
    client_aborted: bool,
    /// The server's last record that is a response or a part of one.
    last_answer: Option<Moment>,
    /// The client's last record that is a request or a part of one.
    last_request: Option<Moment>,
    overtaking: Overtaking,
    unread_upload: UnreadUpload,
    /// The client answered the server's hello with a handshake record: in TLS 1.3 it does so in disguise.
    keys_in_plain: bool,
    /// The last packet of the client of which records are missing in the capture.
    unread_request: Option<Moment>,
    /// The answer before it, where the last may be GOAWAY with a reason in words: it is short, and broke a rest.
    before_goaway: Option<Moment>,
    pub(super) decryption: Option<Decryption>,
    /// Behind its Finished the server may answer early data, before it has the client's (RFC 8446 §2.3).
    early_data_taken: bool,
    /// Until the client ends it.
    pub(super) early_data: Option<EarlyData>,
    pub(super) inside: Option<Box<Inside>>,
    /// An alert or the lack of one was read, not guessed.
    pub(super) goodbyes: CloseNotifyNotes,
    pub(super) context: Context,
}

/// One direction.
#[derive(Debug, Default)]
pub(super) struct Flow {
    pub(super) reader: RecordReader,
    pub(super) messages: MessageReader,
    pub(super) current: Option<RecordHeader>,
    /// The first bytes of a plain alert.
    pub(super) alert: Vec<u8>,
    /// ChangeCipherSpec was sent: in TLS 1.2 all that follows is encrypted.
    pub(super) ciphered: bool,
    /// Its first encrypted record of the handshake.
    pub(super) first_hidden: Option<u16>,
    /// The side's Finished was sent, as far as sizes tell.
    pub(super) finished: bool,
    pub(super) application_bytes: u64,
    pub(super) last_record: Option<LastRecord>,
    /// Bytes were missing, or made no sense.
    pub(super) incomplete: bool,
    /// The current record's body, while it is to be decrypted.
    pub(super) body: Vec<u8>,
    /// Bytes of the current record's body were not captured.
    pub(super) body_cut: bool,
    /// Handshake messages inside encrypted records.
    pub(super) inner_messages: MessageReader,
    /// Where the last record that was read ended in the stream.
    pub(super) read_to: u64,
    /// The side sent more than an alert behind the handshake.
    pub(super) spoke_after: bool,
    /// Its longest record that looks like application data.
    pub(super) longest_data: u16,
    /// The side sent a heartbeat, or answered one.
    pub(super) beats: bool,
    /// The side said what is no TLS.
    pub(super) foreign: bool,
    /// Records were lost since.
    pub(super) lossy: bool,
    /// Searches for a record's number that found none.
    pub(super) searches_failed: u8,
    /// Records of the side were opened.
    pub(super) opened: bool,
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

/// Which of the protocols that the client offers the server has chosen.
enum Chosen {
    Protocol(&'static str),
    /// None: it knows nothing of such offers, and the two speak HTTP/1 where they speak HTTP.
    Nothing,
    Untold,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct LastRecord {
    header: RecordHeader,
    at: Moment,
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
            client_aborted: false,
            last_answer: None,
            last_request: None,
            overtaking: Overtaking::default(),
            unread_upload: UnreadUpload::default(),
            keys_in_plain: false,
            unread_request: None,
            before_goaway: None,
            decryption: None,
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
            ALERT if self.is_encrypted(side) => self.encrypted_alert(side, at, before),
            HEARTBEAT if self.is_encrypted(side) => self.flows.of_mut(side).beats = true,
            _ => {}
        }
    }

    /// In TLS 1.2 and before: behind ChangeCipherSpec. In 1.3 such records are application data by their looks.
    pub(super) fn is_encrypted(&self, side: Side) -> bool {
        self.flows.of(side).ciphered && !self.is_13()
    }

    /// TLS 1.3, or a version that was not captured.
    fn may_be_13(&self) -> bool {
        self.is_13() || self.server_hello.is_none()
    }

    fn is_13(&self) -> bool {
        self.version() == Some("1.3")
    }

    fn version(&self) -> Option<&'static str> {
        let hello = self.server_hello.as_ref()?;
        hello::version_name(hello.version)
    }

    pub(super) fn complete_handshake(&mut self) {
        if self.handshake == TlsHandshake::Partial {
            self.handshake = TlsHandshake::Complete;
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
        if self.may_be_13() && header.len == TLS13_ALERT_LEN {
            // A server that says nothing but this behind the client's Finished does not like the client's certificate.
            let refuses = !self.flows.server.spoke_after && !self.early_data_taken;
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
        let content = header.len.saturating_sub(self.overhead());
        let flow = self.flows.of_mut(side);
        flow.application_bytes = flow.application_bytes.saturating_add(u64::from(content));
        let client = &self.flows.client;
        let within = client.reader.data_left() > 0 && !client.lossy;
        let before = self.turns().last();
        if side == Side::Server && within {
            self.turns().within_record();
        }
        let spoke = self.turns().add(side, at.frame, content);
        if let Some(exchange) = self.id.and_then(|id| log.get_mut(id)).filter(|_| spoke) {
            match side {
                Side::Client => exchange.request_ended = Some(at),
                Side::Server => {
                    exchange.response_started.get_or_insert(at);
                }
            }
        }
        if spoke && side == Side::Server {
            let perhaps_13 = self.server_hello.is_none() && !self.keys_in_plain;
            self.unread_upload
                .answered(at.frame, header.len, perhaps_13);
        }
        if spoke && side == Side::Client {
            self.last_request = Some(at);
            let in_question = self.turns().is_perhaps_rest();
            self.overtaking.asked_in = Some(at.frame).filter(|_| in_question);
        }
        let newest = self.last_answer.is_none_or(|last| last.frame <= at.frame);
        if spoke && side == Side::Server && newest {
            let unasked = before == Some(Side::Server) && self.alpn() == Some("h2");
            let late = |last: &Moment| at.time - last.time > SILENCE;
            let goaway = unasked && content <= LONGEST_GOAWAY;
            self.before_goaway = self.last_answer.filter(late).filter(|_| goaway);
            self.last_answer = Some(at);
        }
    }

    pub(super) fn turns(&mut self) -> &mut Turns {
        let offer_known = self.client_hello.as_ref().is_some_and(|it| it.whole);
        let speech = match self.alpn() {
            Some("h2") => Speech::Http2,
            Some(_) => Speech::Other,
            None if offer_known => Speech::Other,
            None => Speech::Unknown,
        };
        let hides_tickets = self.is_13();
        self.turns
            .get_or_insert_with(|| Turns::new(speech, hides_tickets))
    }

    /// The protocol that was agreed on; while that is not known, the client's first offer.
    fn alpn(&self) -> Option<&str> {
        let agreed = self.server_hello.as_ref().and_then(|it| it.alpn.as_deref());
        let offered = || self.client_hello.as_ref()?.alpn.as_deref();
        // Up to TLS 1.2 an answer without a protocol is the answer.
        let settled = self.handshake == TlsHandshake::Complete && !self.is_13();
        match (agreed, offered()) {
            (Some(agreed), _) => Some(agreed),
            (None, Some(_)) if settled && self.server_hello.is_some() => None,
            (None, Some(offered)) => match self.alpn_by_length() {
                Chosen::Protocol(name) => Some(name),
                Chosen::Nothing => None,
                Chosen::Untold => Some(offered),
            },
            (None, None) => None,
        }
    }

    /// TLS 1.3 hides the server's choice in EncryptedExtensions; where these are a record of their own, their length tells it:
    /// six bytes of frame, nine more for `h2`, fifteen for `http/1.1`, and four where the server name is acknowledged.
    fn alpn_by_length(&self) -> Chosen {
        let first = self.flows.server.first_hidden;
        match first.and_then(|len| len.checked_sub(17 + 6)) {
            Some(0 | 4) => Chosen::Nothing,
            Some(9 | 13) => Chosen::Protocol("h2"),
            Some(15 | 19) => Chosen::Protocol("http/1.1"),
            _ => Chosen::Untold,
        }
    }

    /// TLS 1.3 hides the rest of the handshake in records that look like application data.
    fn handshake_in_disguise(&mut self, side: Side, at: Moment, header: RecordHeader) {
        if header.len == TLS13_ALERT_LEN {
            if self.heard_both() {
                self.fail(side, at, "encrypted");
            }
            return;
        }
        // A Finished takes 36 or 52 bytes, the type and the tag.
        let finishes = header.len >= 53 && self.flows.server.finished;
        match side {
            Side::Server => {
                self.flows.server.first_hidden.get_or_insert(header.len);
                self.flows.server.finished = true;
                self.early_data_taken = FINISHED.contains(&header.len) && self.offers_early_data();
            }
            Side::Client if finishes => {
                self.flows.client.finished = true;
                self.complete_handshake();
            }
            Side::Client => {}
        }
    }

    /// The client has sent early data, and the server resumes the session that this belongs to.
    fn offers_early_data(&self) -> bool {
        let offered = self.client_hello.as_ref().is_some_and(|it| it.early_data);
        offered && self.resumed() && self.flows.client.application_bytes > 0
    }

    /// What a record adds to its content, by the cipher suite.
    fn overhead(&self) -> u16 {
        let Some(hello) = self.server_hello.as_ref().filter(|_| !self.is_13()) else {
            return 17;
        };
        match hello.cipher {
            0xcca8..=0xccae => 16,
            0x009c..=0x00a7 | 0xc02b..=0xc032 | 0xc09c..=0xc0af => 24,
            _ => 0,
        }
    }

    /// Records of both sides were captured: of one alone it does not show how far the handshake came.
    fn heard_both(&self) -> bool {
        self.flows.client.last_record.is_some() && self.flows.server.last_record.is_some()
    }

    fn encrypted_alert(&mut self, side: Side, at: Moment, before: Option<LastRecord>) {
        let nothing_asked = self
            .turns
            .as_ref()
            .is_none_or(|turns| turns.last().is_none());
        let renegotiation = before.is_some_and(|last| last.header.kind == HANDSHAKE);
        if self.handshake != TlsHandshake::Complete {
            if self.heard_both() {
                self.fail(side, at, "encrypted");
            }
        } else if nothing_asked && renegotiation && self.alert.is_none() {
            // A side that says goodbye before anything was asked does not like what the handshake told it.
            self.alert = Some(TlsAlert {
                by: side,
                description: "encrypted",
                at,
            });
        }
    }

    fn fail(&mut self, side: Side, at: Moment, description: &'static str) {
        if self.handshake == TlsHandshake::Partial {
            self.handshake = TlsHandshake::Failed;
        }
        if self.alert.is_none() {
            self.alert = Some(TlsAlert {
                by: side,
                description,
                at,
            });
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

    fn message(&mut self, kind: u8, body: &[u8]) {
        match kind {
            hello::CLIENT_HELLO if self.client_hello.is_none() => {
                self.client_hello = hello::client_hello(body);
                self.find_early_keys();
            }
            hello::SERVER_HELLO => {
                let hello = hello::server_hello(body);
                let again = self.server_hello.as_ref().is_some_and(|known| !known.retry);
                if !again && hello.is_some() {
                    self.server_hello = hello;
                    self.find_keys();
                }
            }
            hello::CERTIFICATE => self.certificate_seen = true,
            _ => {}
        }
    }

    pub(super) fn plain_alert(&mut self, side: Side, at: Moment, level: u8, description: u8) {
        if description == 0 {
            self.goodbyes.add(side);
            return;
        }
        let name = AlertName::of(description);
        if level == 2 {
            self.fail(side, at, name);
        } else if self.alert.is_none() {
            self.alert = Some(TlsAlert {
                by: side,
                description: name,
                at,
            });
        }
    }

    /// Who said goodbye, as far as can be told.
    fn close_notify(&self) -> CloseNotify {
        let mut notes = CloseNotifyNotes::default();
        let mut told = false;
        for side in [Side::Client, Side::Server] {
            if self.said_goodbye(side) {
                notes.add(side);
                told = true;
            }
        }
        let ended = self.closed.client.is_some() || self.closed.server.is_some();
        let whole = !self.flows.client.incomplete && !self.flows.server.incomplete;
        let established = self.handshake == TlsHandshake::Complete;
        if told || (ended && whole && established) {
            notes.known()
        } else {
            CloseNotify::Unknown
        }
    }

    fn said_goodbye(&self, side: Side) -> bool {
        let flow = self.flows.of(side);
        if flow.opened {
            return self.goodbyes.has(side);
        }
        let Some(last) = flow.last_record else {
            return false;
        };
        if self
            .alert
            .as_ref()
            .is_some_and(|alert| alert.by == side && alert.at == last.at)
        {
            return false;
        }
        match last.header.kind {
            ALERT if self.is_encrypted(side) => true,
            ALERT => matches!(*flow.alert.as_slice(), [_, 0]),
            APPLICATION_DATA => self.may_be_13() && last.header.len == TLS13_ALERT_LEN,
            _ => false,
        }
    }

    fn resumed(&self) -> bool {
        let (Some(client), Some(server)) = (&self.client_hello, &self.server_hello) else {
            return false;
        };
        if self.is_13() {
            return server.accepts_psk && client.offers_psk;
        }
        !server.session_id.is_empty()
            && server.session_id == client.session_id
            && !self.certificate_seen
            && self.flows.server.ciphered
    }

    fn cut_record(&self) -> Option<(Side, u64)> {
        [Side::Server, Side::Client].into_iter().find_map(|side| {
            let flow = self.flows.of(side);
            let missing = flow.reader.missing();
            (missing > 0 && !flow.reader.is_lost()).then_some((side, u64::from(missing)))
        })
    }

    fn tls(&self) -> Tls {
        let offered = self.client_hello.as_ref();
        let cut = self.cut_record();
        let answered = self.early_data_taken && self.flows.server.spoke_after;
        let established = self.handshake == TlsHandshake::Complete || answered;
        let open = established || self.client_hello.is_none();
        let goodbye = self.said_goodbye(Side::Server);
        let turns = self.turns.as_ref().filter(|_| open);
        // What the capture lacks at the end may have been the answer, or its end.
        let blind = self.flows.server.reader.is_lost();
        let outstanding = turns.and_then(Turns::request_outstanding);
        let under_way = turns.and_then(|it| it.response_under_way(cut, goodbye));
        Tls {
            server_name: offered.and_then(|hello| hello.server_name.clone()),
            alpn: self.alpn().map(str::to_owned),
            handshake: self.final_handshake(),
            alert: self.alert.clone(),
            close_notify: self.close_notify(),
            resumed: self.resumed(),
            client_bytes: self.flows.client.application_bytes,
            server_bytes: self.flows.server.application_bytes,
            request_outstanding: outstanding
                .filter(|waits| !(blind && *waits))
                .filter(|waits| *waits || !self.request_unread()),
            request_unread: self.request_unread(),
            response_under_way: under_way.filter(|flows| !(blind && *flows)),
            cut_record: cut,
            left_in_silence: open && self.left_in_silence(),
            last_answer: self.last_answer().filter(|_| !blind),
            left_behind_answer: open && self.left_behind_answer(),
            answer_end: turns.map_or(AnswerEnd::Untold, Turns::answer_end),
            heartbeat: self.flows.client.beats || self.flows.server.beats,
            answered_early: self.answered_early().filter(|_| open),
            answered_within: open
                && self.flows.client.lossy
                && self.unread_upload.was_answered_within(),
            answer_followed: turns.is_some_and(Turns::answer_followed) || self.goaway().is_some(),
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

    /// The client said something behind the server's last answer, and its records are not in the capture.
    fn request_unread(&self) -> bool {
        let (Some(unread), Some(answer)) = (self.unread_request, self.last_answer()) else {
            return false;
        };
        unread.frame > answer.frame
    }

    /// The server answered while the client was still sending its request: whether all of that came.
    fn answered_early(&self) -> Option<bool> {
        let turns = self.turns.as_ref()?;
        let Some(whole) = turns.answered_early() else {
            // A client that is told to send no more leaves in the middle of its request.
            return (self.client_aborted && turns.perhaps_refused()).then_some(false);
        };
        Some(whole && self.flows.client.reader.missing() == 0)
    }

    /// The answer before a GOAWAY, where the server's last word was one, by its length: it broke a rest, nobody had asked, and the server
    /// left right behind it.
    fn goaway(&self) -> Option<Moment> {
        let (before, word) = (self.before_goaway?, self.last_answer?);
        let left = self.left(Side::Server)?;
        (left.time - word.time <= LATE).then_some(before)
    }

    fn last_answer(&self) -> Option<Moment> {
        self.goaway().or(self.last_answer)
    }

    /// The client closed first, long after the server's last answer, which neither an end that can be told nor a goodbye followed.
    fn left_in_silence(&self) -> bool {
        let (Some(answer), Some(left)) = (self.last_answer(), self.closed.client) else {
            return false;
        };
        let server = &self.flows.server;
        let goodbye = self.said_goodbye(Side::Server)
            && server
                .last_record
                .is_some_and(|it| it.at.frame < left.frame);
        let first = self.closed.server.is_none_or(|at| at.frame > left.frame);
        let ended = self.turns.as_ref().is_some_and(Turns::answer_has_ended);
        let pause = if self.is_in_pieces() { PAUSE } else { SILENCE };
        // Nor has who was still sending waited.
        let sent = self
            .last_request
            .filter(|_| self.answered_early().is_some());
        let since = sent.map_or(answer.time, |sent| sent.time.max(answer.time));
        first && !goodbye && !ended && !server.opened && left.time - since > pause
    }

    /// The server left before the client did, sooner behind its last answer than one that closes what is idle, or behind a stream
    /// of pieces at a time that no limit on idling explains.
    fn left_behind_answer(&self) -> bool {
        let (Some(answer), Some(left)) = (self.last_answer(), self.left(Side::Server)) else {
            return false;
        };
        let first = self
            .left(Side::Client)
            .is_none_or(|at| at.frame > left.frame);
        let last_word = self.turns.as_ref().and_then(Turns::last) == Some(Side::Server);
        let silence = left.time - answer.time;
        let soon = silence <= SILENCE || self.is_in_pieces() && !is_limit(silence);
        let early = self.answered_early().is_some();
        first && last_word && !early && !self.flows.server.opened && soon
    }

    fn is_in_pieces(&self) -> bool {
        let end = self.turns.as_ref().map(Turns::answer_end);
        end == Some(AnswerEnd::InPieces)
    }

    /// When a side said goodbye, or closed without.
    fn left(&self, side: Side) -> Option<Moment> {
        let goodbye = self.flows.of(side).last_record.map(|last| last.at);
        let goodbye = goodbye.filter(|_| self.said_goodbye(side));
        goodbye.or(*self.closed.of(side))
    }

    /// Both sides sent what only a finished handshake allows: told by sizes alone, where the hellos were not captured.
    fn both_sent_data(&self) -> bool {
        self.flows.client.longest_data >= 53 && self.flows.server.longest_data >= 53
    }

    fn final_handshake(&self) -> TlsHandshake {
        let ended = self.closed.client.is_some() || self.closed.server.is_some();
        let begun = self.client_hello.is_some();
        let whole = !self.flows.client.incomplete && !self.flows.server.incomplete;
        let foreign = self.flows.client.foreign || self.flows.server.foreign;
        match self.handshake {
            TlsHandshake::Partial if begun && foreign => TlsHandshake::Failed,
            // An answer before the client's Finished: to early data.
            TlsHandshake::Partial if self.early_data_taken && self.flows.server.spoke_after => {
                TlsHandshake::Complete
            }
            TlsHandshake::Partial if !whole && self.both_sent_data() => TlsHandshake::Complete,
            TlsHandshake::Partial if ended && begun && whole => TlsHandshake::Failed,
            known => known,
        }
    }
}

/// A whole number of seconds, or a little more: limits on idling are set so, and fire late.
fn is_limit(silence: Span) -> bool {
    silence.nanos().rem_euclid(1_000_000_000) <= LATE.nanos()
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
            flow.application_bytes = flow.application_bytes.saturating_add(len);
            if side == Side::Client {
                self.unread_request = Some(at);
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
        self.client_aborted |= reset && side == Side::Client && self.closed.client.is_none();
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
