//! Exchanges from the rows of a pasted list: their lines, and the numbers of bytes.

use compact_str::CompactString;
use whyreset_connections::{BySide, Moment, Side};

use crate::exchange_log::{ExchangeId, ExchangeLog};
use crate::http1::{request_line, response_line};
use crate::last_words::Listener;
use crate::tls::{AlertName, CloseNotifyNotes};
use crate::{Exchange, Protocol, Tls, TlsAlert, TlsHandshake};

/// What rows have told so far.
#[derive(Debug, Default)]
pub(crate) struct List {
    /// How far each side's stream has come, by its rows or by acknowledgements.
    sent: BySide<u64>,
    acknowledged: BySide<u64>,
    current: Option<Current>,
    tls: Option<ExchangeId>,
    /// A hello was shown: the handshake is in the list.
    greeted: bool,
    /// Frame and payload of the last row with any.
    last_row: Option<(u64, u64)>,
    /// Which sides have sent ChangeCipherSpec.
    enciphers: BySide<bool>,
    other: Option<ExchangeId>,
    /// Hears what a server says at last.
    listener: Option<Listener>,
}

/// The exchange that the responder's bytes belong to.
#[derive(Clone, Copy, Debug)]
struct Current {
    id: ExchangeId,
    requester: Side,
    /// Where the response begins in the responder's stream.
    base: u64,
    /// The row that shows the status.
    status_frame: Option<u64>,
    /// The status that rows of a message show that is not whole yet.
    of_parts: Option<u16>,
    /// All of the responder's rows since are there, and none of them is a part of nothing: a row that ends the message would show.
    unbroken: bool,
    /// The last row of the request said that it goes on.
    asks_on: bool,
}

/// What stands for a row that Wireshark did not put together with others.
pub const LOOSE: &str = "Continuation";

/// What Wireshark puts behind the first line of a message, in each row that does not end it.
pub const PART: &str = "[TCP segment of a reassembled PDU]";

impl List {
    /// A row of `side` brings `len` bytes.
    pub(crate) fn bytes(
        &mut self,
        log: &mut ExchangeLog,
        side: Side,
        at: Moment,
        offset: u64,
        len: u64,
    ) {
        // What had to wait for a row that was late comes with that one: Wireshark does not put such rows together.
        let in_order = self.last_row.is_none_or(|(frame, _)| frame < at.frame);
        self.last_row = Some((at.frame, len));
        let sent = self.sent.of_mut(side);
        let follows = in_order && offset <= *sent;
        *sent = offset.saturating_add(len).max(*sent);
        let Some(current) = &mut self.current else {
            return;
        };
        current.unbroken &= follows || side == current.requester;
        let current = *current;
        let Some(exchange) = log.get_mut(current.id) else {
            return;
        };
        // What lies before the request belongs to an earlier answer, of which a row did not tell its place.
        if side == current.requester || (len > 0 && offset.saturating_add(len) <= current.base) {
            return;
        }
        exchange.response_started.get_or_insert(at);
        exchange.ended = Some(at);
        if current.status_frame.is_some_and(|frame| frame != at.frame) {
            // The status stood in an earlier row: this one goes on with the body, whose end no row marks.
            exchange.response_complete = false;
            exchange.complete = false;
            exchange.uncertain = true;
        }
        self.count(log);
    }

    /// `side` acknowledged the other side up to `offset`.
    pub(crate) fn acknowledged(&mut self, log: &mut ExchangeLog, side: Side, offset: u64) {
        let acknowledged = self.acknowledged.of_mut(side.peer());
        *acknowledged = offset.max(*acknowledged);
        self.count(log);
    }

    /// A row of `side` shows this line.
    pub(crate) fn told(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, line: &str) {
        let line = line.trim();
        if line == LOOSE {
            let current = self.current.as_mut().filter(|it| it.requester != side);
            current.into_iter().for_each(|it| it.unbroken = false);
        } else if let Some((protocol, request)) = request_line(whole_line(line)) {
            self.request(log, side, at, (protocol, request), line.ends_with(PART));
        } else if let Some((protocol, status)) = response_line(line) {
            if !self.goes_on(log, side, at, status, line) {
                self.response(log, side, at, protocol, status);
                self.begin_parts(log, status, line);
            }
        } else if let Some(name) = other_protocol(line) {
            self.other(log, side, at, name);
            self.listen(log, side, at, name, line);
        } else {
            self.tls_record(log, side, at, line);
        }
    }

    /// A row of a protocol that is only recognised: one exchange for the whole connection.
    fn other(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, name: &'static str) {
        let id = *self.other.get_or_insert_with(|| {
            log.push(Exchange {
                protocol: Protocol::Other(name),
                started: Some(at),
                from_list: true,
                ..Exchange::default()
            })
        });
        if let Some(exchange) = log.get_mut(id) {
            exchange.ended = Some(at);
            exchange.last_speaker = Some(side);
        }
    }

    /// The words of a protocol of lines, as its rows show them: `SMTP: S: 354 go ahead`, `FTP: Response: 421 Timeout.`
    fn listen(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, name: &str, line: &str) {
        let mut words = line.splitn(3, ": ").skip(1);
        let speakers = ["S", "C", "Response", "Request"];
        let spoken = words.next().filter(|who| speakers.contains(who));
        if let Some(said) = spoken.and(words.next()) {
            let listener = self.listener.get_or_insert_with(|| Listener::to(name));
            listener.hear(log, side, at, said.as_bytes());
        }
    }

    /// `side` closed, or reset.
    pub(crate) fn closed(&mut self, log: &mut ExchangeLog, _: Side, _: bool) {
        let cut = self.current.filter(|it| it.of_parts.is_some());
        let Some(cut) = cut.filter(|it| it.unbroken && self.is_all_there(it)) else {
            return;
        };
        // An answer that goes on until its server closes ends with the row of the FIN, which comes behind this.
        if let Some(exchange) = log.get_mut(cut.id) {
            exchange.uncertain = false;
        }
    }

    /// The responder's rows reach as far as what was acknowledged of it.
    fn is_all_there(&self, current: &Current) -> bool {
        let responder = current.requester.peer();
        let (sent, acknowledged) = (self.sent.of(responder), self.acknowledged.of(responder));
        // Its FIN takes a number as well.
        *acknowledged <= sent.saturating_add(1)
    }

    /// Nothing more comes.
    pub(crate) fn finish(&mut self, log: &mut ExchangeLog) {
        if let Some(tls) = self
            .tls
            .and_then(|id| log.get_mut(id))
            .and_then(|exchange| exchange.tls.as_mut())
            && tls.alert.is_some()
            && tls.handshake != TlsHandshake::Complete
        {
            tls.handshake = TlsHandshake::Failed;
        }
    }

    /// Writes down how much of the current response has come.
    fn count(&self, log: &mut ExchangeLog) {
        let Some(current) = self.current else {
            return;
        };
        let responder = current.requester.peer();
        let acknowledged = *self.acknowledged.of(responder);
        let sent = (*self.sent.of(responder)).max(acknowledged);
        // One number alone is a FIN's: no answer is as short.
        if sent <= current.base.saturating_add(1) {
            return;
        }
        if let Some(exchange) = log.get_mut(current.id) {
            exchange.body_delivered = Some(sent.saturating_sub(current.base));
            exchange.body_acknowledged = Some(acknowledged.saturating_sub(current.base));
        }
    }

    fn request(
        &mut self,
        log: &mut ExchangeLog,
        side: Side,
        at: Moment,
        (protocol, request): (Protocol, CompactString),
        goes_on: bool,
    ) {
        if self.goes_on_asking(log, side, at, &request, goes_on) {
            return;
        }
        if let Some(exchange) = self.still_asked(log, side, &request) {
            exchange.request_ended = Some(at);
            exchange.ended = Some(at);
            return;
        }
        let id = log.push(Exchange {
            protocol,
            request: Some(request),
            request_complete: true,
            started: Some(at),
            request_ended: Some(at),
            ended: Some(at),
            from_list: true,
            ..Exchange::default()
        });
        let responder = side.peer();
        let base = (*self.sent.of(responder)).max(*self.acknowledged.of(responder));
        self.current = Some(Current {
            id,
            requester: side,
            base,
            status_frame: None,
            of_parts: None,
            unbroken: true,
            asks_on: goes_on,
        });
    }

    /// Whether a row that shows this request goes on with the one of the rows before, which was not whole. What comes of it behind the answer
    /// shows that this came early.
    fn goes_on_asking(
        &mut self,
        log: &mut ExchangeLog,
        side: Side,
        at: Moment,
        request: &CompactString,
        goes_on: bool,
    ) -> bool {
        let same = |it: &&mut Current| it.requester == side && it.asks_on;
        let Some(current) = self.current.as_mut().filter(same) else {
            return false;
        };
        let exchange = log.get_mut(current.id);
        let Some(exchange) = exchange.filter(|it| it.request.as_ref() == Some(request)) else {
            return false;
        };
        exchange.request_ended = Some(at);
        exchange.ended = Some(at);
        exchange.request_complete = !goes_on || exchange.response_started.is_none();
        exchange.complete = exchange.request_complete && exchange.response_complete;
        current.asks_on = goes_on;
        true
    }

    /// The request of the row before, where this one names the same and the other side has said nothing since: Wireshark names a request
    /// whose body follows in a packet of its own in both rows.
    fn still_asked<'l>(
        &self,
        log: &'l mut ExchangeLog,
        side: Side,
        request: &CompactString,
    ) -> Option<&'l mut Exchange> {
        let current = self.current.filter(|it| it.requester == side)?;
        let quiet = *self.sent.of(side.peer()) <= current.base;
        let exchange = log.get_mut(current.id)?;
        let same = exchange.request.as_ref() == Some(request);
        (quiet && same && exchange.response_started.is_none()).then_some(exchange)
    }

    fn response(
        &mut self,
        log: &mut ExchangeLog,
        side: Side,
        at: Moment,
        protocol: Protocol,
        status: u16,
    ) {
        let open = self
            .current
            .filter(|current| current.requester != side && current.status_frame.is_none());
        let mut current = open.unwrap_or_else(|| Current {
            id: log.push(Exchange {
                protocol,
                started: Some(at),
                from_list: true,
                ..Exchange::default()
            }),
            requester: side.peer(),
            base: *self.sent.of(side),
            status_frame: None,
            of_parts: None,
            unbroken: true,
            asks_on: false,
        });
        if let Some(exchange) = log.get_mut(current.id) {
            exchange.response_started.get_or_insert(at);
            exchange.ended = Some(at);
            if (100..200).contains(&status) && status != 101 {
                exchange.interim.push(status);
            } else {
                exchange.status = Some(status);
                exchange.response_complete = true;
                exchange.complete = true;
                current.status_frame = Some(at.frame);
            }
        }
        self.current = Some(current);
    }

    /// Whether a row that shows this status goes on with the response of the rows before: each part of a message shows its first line,
    /// and the last one without [`PART`].
    fn goes_on(
        &mut self,
        log: &mut ExchangeLog,
        side: Side,
        at: Moment,
        status: u16,
        line: &str,
    ) -> bool {
        let same = |it: &&mut Current| it.requester != side && it.of_parts == Some(status);
        let Some(current) = self.current.as_mut().filter(same) else {
            return false;
        };
        let is_last = !line.contains(PART);
        if is_last {
            current.of_parts = None;
        }
        current.status_frame = Some(at.frame);
        if let Some(exchange) = log.get_mut(current.id) {
            exchange.ended = Some(at);
            exchange.response_complete = is_last;
            exchange.complete = is_last;
            exchange.uncertain = false;
        }
        true
    }

    /// The response whose first row this is goes on in others, where the row says so.
    fn begin_parts(&mut self, log: &mut ExchangeLog, status: u16, line: &str) {
        let Some(current) = self.current.as_mut().filter(|_| line.contains(PART)) else {
            return;
        };
        current.of_parts = Some(status);
        if let Some(exchange) = log.get_mut(current.id) {
            exchange.response_complete = false;
            exchange.complete = false;
        }
    }

    /// A row that names TLS records.
    fn tls_record(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, line: &str) {
        let hello = line.contains("Client Hello") || line.contains("Server Hello");
        let data = line.contains("Application Data");
        let alert = line.contains("Alert");
        if !(hello || data || alert || line.contains("Change Cipher Spec")) {
            return;
        }
        let id = *self.tls.get_or_insert_with(|| {
            log.push(Exchange {
                protocol: Protocol::Tls(None),
                started: Some(at),
                tls: Some(Box::default()),
                from_list: true,
                ..Exchange::default()
            })
        });
        let Some(exchange) = log.get_mut(id) else {
            return;
        };
        exchange.ended = Some(at);
        exchange.last_speaker = Some(side);
        if let Some(version) = tls_version(line) {
            exchange.protocol = Protocol::Tls(Some(version));
        }
        let Some(tls) = &mut exchange.tls else {
            return;
        };
        if let Some(name) = server_name(line) {
            tls.server_name = Some(name);
        }
        if line.contains("Change Cipher Spec") {
            *self.enciphers.of_mut(side) = true;
        }
        if data {
            // The row's other records and the frames of these are few bytes: they count as data here.
            let bytes = match side {
                Side::Client => &mut tls.client_bytes,
                Side::Server => &mut tls.server_bytes,
            };
            let len = self.last_row.filter(|(frame, _)| *frame == at.frame);
            *bytes = bytes.saturating_add(len.map_or(1, |(_, len)| len));
        }
        self.greeted |= hello;
        // In TLS 1.3 the rest of the server's handshake is called Application Data as well: only the client's ends it.
        let data_proves = data && (side == Side::Client || !self.greeted);
        // Up to TLS 1.2 each side ends its part with ChangeCipherSpec and Finished.
        if data_proves || (*self.enciphers.of(side) && *self.enciphers.of(side.peer())) {
            tls.handshake = TlsHandshake::Complete;
        }
        // The alert is encrypted, and the row in which its sender changed to that is not in the list: so is the rest of the handshake, most
        // likely, and the session takes its leave.
        if alert && line.contains("Encrypted Alert") && !*self.enciphers.of(side) {
            tls.handshake = TlsHandshake::Complete;
        }
        if alert {
            note_alert(tls, side, at, line);
        }
    }
}

/// A row's first line of a message, without the word that it goes on.
fn whole_line(line: &str) -> &str {
    line.strip_suffix(PART).unwrap_or(line).trim_end()
}

fn note_alert(tls: &mut Tls, side: Side, at: Moment, line: &str) {
    let named = line
        .split_once("Description: ")
        .map(|(_, tail)| tail.split([')', ',']).next().unwrap_or(tail).trim());
    let name = named.and_then(AlertName::from_display);
    match name {
        Some("close_notify") => {
            let mut notes = CloseNotifyNotes::of(tls.close_notify);
            notes.add(side);
            tls.close_notify = notes.known();
        }
        Some(description) if tls.alert.is_none() => {
            tls.alert = Some(TlsAlert {
                by: side,
                description,
                at,
            });
        }
        // Without a name it is encrypted: behind data that is nearly always the goodbye.
        None if tls.handshake != TlsHandshake::Complete && tls.alert.is_none() => {
            tls.alert = Some(TlsAlert {
                by: side,
                description: "encrypted",
                at,
            });
        }
        _ => {}
    }
}

/// The version that Wireshark's protocol column names: `TLSv1.2 Client Hello`.
fn tls_version(line: &str) -> Option<&'static str> {
    let versions = [
        ("TLSv1.3", "1.3"),
        ("TLSv1.2", "1.2"),
        ("TLSv1.1", "1.1"),
        ("TLSv1 ", "1.0"),
    ];
    versions
        .iter()
        .find(|(start, _)| line.starts_with(start))
        .map(|(_, version)| *version)
}

/// Protocols as Wireshark's protocol column names them, in front of a colon.
fn other_protocol(line: &str) -> Option<&'static str> {
    let names = [
        ("SSH", "ssh"),
        ("SMTP", "smtp"),
        ("FTP", "ftp"),
        ("POP", "pop3"),
        ("IMAP", "imap"),
        ("MySQL", "mysql"),
        ("PGSQL", "postgresql"),
        ("RESP", "redis"),
        ("MQTT", "mqtt"),
        ("SMB", "smb"),
        ("RDP", "rdp"),
        ("LDAP", "ldap"),
        ("DNS", "dns"),
        ("TDS", "tds"),
        ("MONGO", "mongodb"),
        ("BGP", "bgp"),
        ("AMQP", "amqp"),
        ("NFS", "nfs"),
        ("VNC", "vnc"),
    ];
    let (protocol, _) = line.split_once(": ")?;
    names
        .iter()
        .find(|(start, _)| protocol.starts_with(start) && protocol.len() <= start.len() + 3)
        .map(|(_, name)| *name)
}

/// `Client Hello (SNI=www.example.org)`.
fn server_name(line: &str) -> Option<String> {
    let (_, tail) = line.split_once("SNI=")?;
    let name = tail.split([')', ',', ' ']).next()?;
    (!name.is_empty() && name.len() <= 255).then(|| name.to_owned())
}
