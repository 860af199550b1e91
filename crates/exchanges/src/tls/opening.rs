//! Records of a session whose secrets are known: from bodies to contents.

use whyreset_connections::{Moment, Side};

use super::decryption::{Decryption, Opened};
use super::early_data::EarlyData;
use super::hello;
use super::inside::Inside;
use super::record::{ALERT, APPLICATION_DATA, HANDSHAKE, RecordHeader};
use super::session::TlsSession;
use crate::exchange_log::ExchangeLog;

/// After so many searches for a record's number that found none, no more are made: each takes long.
const MAX_SEARCHES: u8 = 8;

impl TlsSession {
    /// Looks the session's secrets up, once both hellos are known.
    pub(super) fn find_keys(&mut self) {
        let (Some(client), Some(server), Some(keys)) =
            (&self.client_hello, &self.server_hello, &self.context.keys)
        else {
            return;
        };
        if server.retry || self.decryption.is_some() {
            return;
        }
        self.decryption = keys
            .session(&client.random)
            .and_then(|secrets| Decryption::new(client, server, &secrets));
    }

    /// Looks the secret of early data up, where the client announces any.
    pub(super) fn find_early_keys(&mut self) {
        let (Some(client), Some(keys)) = (&self.client_hello, &self.context.keys) else {
            return;
        };
        self.early_data = Some(client)
            .filter(|client| client.early_data)
            .and_then(|client| keys.session(&client.random)?.client_early)
            .and_then(|secret| EarlyData::new(&secret));
    }

    /// Whether the record waits for its body, to be decrypted.
    pub(super) fn is_to_be_opened(&self, side: Side, header: RecordHeader) -> bool {
        let early = side == Side::Client && self.early_data.is_some();
        match &self.decryption {
            _ if early && header.kind == APPLICATION_DATA => true,
            Some(Decryption::V12 { .. }) => {
                self.is_encrypted(side)
                    && matches!(header.kind, ALERT | HANDSHAKE | APPLICATION_DATA)
            }
            Some(Decryption::V13 { .. }) => header.kind == APPLICATION_DATA,
            None => false,
        }
    }

    /// Keeps the body of a record that is to be decrypted; the record layer bounds its length.
    pub(super) fn keep_body(&mut self, side: Side, bytes: &[u8]) {
        let flow = self.flows.of(side);
        let Some(header) = flow.current else {
            return;
        };
        if self.is_to_be_opened(side, header) {
            self.flows.of_mut(side).body.extend_from_slice(bytes);
        }
    }

    /// A record's body is over; it ended at `end` in the stream.
    pub(super) fn open_record(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, end: u64) {
        let flow = self.flows.of_mut(side);
        let Some(header) = flow.current.take() else {
            return;
        };
        let (body, cut) = (std::mem::take(&mut flow.body), flow.body_cut);
        let lossy = flow.lossy && flow.searches_failed < MAX_SEARCHES;
        let read_to = flow.read_to;
        let record_len = u64::from(header.len).saturating_add(5);
        flow.read_to = end;
        if !self.is_to_be_opened(side, header) {
            return;
        }
        if cut {
            self.pass_cut_record(log, side, at, end, header);
            return;
        }
        let opened = self
            .open_early(side, header, &body)
            .or_else(|| self.decryption.as_mut()?.open(side, header, &body, lossy));
        let Some(opened) = opened else {
            self.guess(log, side, at, header, None);
            if lossy {
                let flow = self.flows.of_mut(side);
                flow.read_to = read_to;
                flow.searches_failed = flow.searches_failed.saturating_add(1);
            }
            return;
        };
        let flow = self.flows.of_mut(side);
        flow.opened = true;
        flow.lossy = false;
        if lossy && read_to > 0 {
            let missing = end.saturating_sub(record_len).saturating_sub(read_to);
            self.pass_lost_records(log, side, at, end, missing, opened.skipped);
        }
        self.content(log, side, at, end, opened);
    }

    /// Opens a record of early data. A server that refuses it leaves the client's next record to the other keys.
    fn open_early(&mut self, side: Side, header: RecordHeader, body: &[u8]) -> Option<Opened> {
        let early = self.early_data.as_mut().filter(|_| side == Side::Client)?;
        let opened = early.open(header, body);
        if opened.is_none() {
            self.early_data = None;
        }
        opened
    }

    /// A record whose header was captured, and its body not.
    fn pass_cut_record(
        &mut self,
        log: &mut ExchangeLog,
        side: Side,
        at: Moment,
        end: u64,
        header: RecordHeader,
    ) {
        let Some(keys) = &mut self.decryption else {
            return;
        };
        keys.skip(side);
        let content = keys
            .overhead(side)
            .map_or(0, |overhead| header.len.saturating_sub(overhead));
        if header.kind == APPLICATION_DATA {
            self.pass_content(log, side, at, end, u64::from(content));
        }
    }

    /// Whole records were lost: how long their contents were follows from how many they were.
    fn pass_lost_records(
        &mut self,
        log: &mut ExchangeLog,
        side: Side,
        at: Moment,
        end: u64,
        bytes: u64,
        records: u64,
    ) {
        let overhead = self
            .decryption
            .as_ref()
            .and_then(|keys| keys.overhead(side));
        let added = u64::from(overhead.unwrap_or(0)).saturating_add(5);
        let content = bytes.saturating_sub(records.saturating_mul(added));
        self.pass_content(log, side, at, end, content);
    }

    fn pass_content(
        &mut self,
        log: &mut ExchangeLog,
        side: Side,
        at: Moment,
        end: u64,
        content: u64,
    ) {
        let flow = self.flows.of_mut(side);
        flow.application_bytes = flow.application_bytes.saturating_add(content);
        self.inside().gap(log, side, at, end, content);
    }

    fn inside(&mut self) -> &mut Inside {
        let context = &self.context;
        self.inside
            .get_or_insert_with(|| Box::new(Inside::new(context, None)))
    }

    fn content(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, end: u64, opened: Opened) {
        match opened.kind {
            APPLICATION_DATA => {
                let len = u16::try_from(opened.content.len()).unwrap_or(u16::MAX);
                let flow = self.flows.of_mut(side);
                flow.application_bytes = flow.application_bytes.saturating_add(u64::from(len));
                self.turns().add(side, at.frame, len);
                if self.early_data.is_none() || side == Side::Server {
                    self.complete_handshake();
                }
                self.inside().data(log, side, at, end, &opened.content);
            }
            HANDSHAKE => {
                let messages = self.flows.of_mut(side).inner_messages.read(&opened.content);
                for (kind, body) in messages {
                    self.inner_message(side, kind, &body);
                }
            }
            ALERT => {
                if let [level, description] = *opened.content.as_slice() {
                    self.plain_alert(side, at, level, description);
                    self.end_inside(log, side, at, description);
                }
            }
            _ => {}
        }
    }

    /// Behind close_notify nothing more comes from the side: what ends with the connection ends here (RFC 9112 §9.8).
    fn end_inside(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, description: u8) {
        if let (0, Some(inside)) = (description, &mut self.inside) {
            inside.closed(log, side, at, false);
        }
    }

    fn inner_message(&mut self, side: Side, kind: u8, body: &[u8]) {
        match kind {
            hello::FINISHED => {
                let flow = self.flows.of_mut(side);
                flow.finished = true;
                if let Some(keys) = &mut self.decryption {
                    keys.finished(side);
                }
                if self.flows.client.finished && self.flows.server.finished {
                    self.complete_handshake();
                }
            }
            hello::END_OF_EARLY_DATA if side == Side::Client => self.early_data = None,
            hello::KEY_UPDATE => {
                if let Some(keys) = &mut self.decryption {
                    keys.updated(side);
                }
            }
            hello::ENCRYPTED_EXTENSIONS => {
                let alpn = hello::encrypted_extensions_alpn(body);
                if let Some(server) = &mut self.server_hello {
                    server.alpn = alpn;
                }
            }
            hello::CERTIFICATE => self.certificate_seen = true,
            _ => {}
        }
    }
}
