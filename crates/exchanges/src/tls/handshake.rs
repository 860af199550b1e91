//! How far the handshake came, and what ended it.

use whyreset_connections::{Moment, Side};

use super::alert::AlertName;
use super::close_notify::{JAVA_PADDING, PADDED_ALERT_LEN, TLS13_ALERT_LEN};
use super::flow::LastRecord;
use super::hello;
use super::record::{HANDSHAKE, RecordHeader};
use super::session::TlsSession;
use crate::{TlsAlert, TlsHandshake};

/// Lengths of TLS 1.3's Finished as a record: a hash of 32 or 48 bytes, the frame, the type and the tag.
const FINISHED: [u16; 2] = [53, 69];

impl TlsSession {
    /// In TLS 1.2 and before: behind ChangeCipherSpec. In 1.3 such records are application data by their looks.
    pub(super) fn is_encrypted(&self, side: Side) -> bool {
        self.flows.of(side).ciphered && !self.is_13()
    }

    /// TLS 1.3, or a version that was not captured.
    pub(super) fn may_be_13(&self) -> bool {
        self.is_13() || self.server_hello.is_none() && self.visible_overhead.is_none()
    }

    pub(super) fn is_13(&self) -> bool {
        self.version() == Some("1.3")
    }

    pub(super) fn version(&self) -> Option<&'static str> {
        let hello = self.server_hello.as_ref()?;
        hello::version_name(hello.version)
    }

    pub(super) fn complete_handshake(&mut self) {
        if self.handshake == TlsHandshake::Partial {
            self.handshake = TlsHandshake::Complete;
        }
    }

    /// TLS 1.3 hides the rest of the handshake in records that look like application data.
    pub(super) fn handshake_in_disguise(&mut self, side: Side, at: Moment, header: RecordHeader) {
        // None of a client's messages is as long as an alert with padding; a server's extensions may be.
        let padded = side == Side::Client && header.len == PADDED_ALERT_LEN;
        if header.len == TLS13_ALERT_LEN || padded {
            if self.finished_unseen(side) {
                self.complete_handshake();
            } else if self.heard_both() {
                self.fail(side, at, "encrypted");
            }
            return;
        }
        if self
            .finished_len()
            .is_some_and(|len| header.len == len + JAVA_PADDING)
        {
            self.flows.of_mut(side).padding = JAVA_PADDING;
        }
        // A Finished takes 36 or 52 bytes, the type and the tag. A client sends it when it has the server's, captured or not.
        let server = &self.flows.server;
        let finishes = header.len >= 53 && (server.finished || server.incomplete);
        match side {
            Side::Server => {
                self.ticket_seen |= self.flows.server.perhaps_finished && !self.offers_early_data();
                self.flows.server.perhaps_finished = self.finished_len() == Some(header.len);
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

    /// How long a record of TLS 1.3 with a Finished is, by the hash of the cipher suite (RFC 8446 §4.4.4 and appendix B.4).
    fn finished_len(&self) -> Option<u16> {
        let [sha256, sha384] = FINISHED;
        match self.server_hello.as_ref()?.cipher {
            0x1302 => Some(sha384),
            0x1301 | 0x1303..=0x1305 => Some(sha256),
            _ => None,
        }
    }

    /// The client has sent early data, and the server resumes the session that this belongs to.
    fn offers_early_data(&self) -> bool {
        let offered = self.client_hello.as_ref().is_some_and(|it| it.early_data);
        offered && self.resumed() && self.flows.client.application_bytes > 0
    }

    /// Records of both sides were captured: of one alone it does not show how far the handshake came.
    fn heard_both(&self) -> bool {
        self.flows.client.last_record.is_some() && self.flows.server.last_record.is_some()
    }

    /// A record of TLS 1.3 that looks like application data holds an alert, by its length.
    pub(super) fn is_alert_in_disguise(&self, side: Side, header: RecordHeader) -> bool {
        let flow = self.flows.of(side);
        // In a server's first record there is no telling whether it adds zeros: but no protocol begins so.
        let first = side == Side::Server && !flow.spoke_after && self.is_13();
        header.len == TLS13_ALERT_LEN + flow.padding || first && header.len == PADDED_ALERT_LEN
    }

    pub(super) fn message(&mut self, kind: u8, body: &[u8]) {
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

    pub(super) fn encrypted_alert(&mut self, side: Side, at: Moment, before: Option<LastRecord>) {
        let nothing_asked = self
            .turns
            .as_ref()
            .is_none_or(|turns| turns.last().is_none());
        let renegotiation = before.is_some_and(|last| last.header.kind == HANDSHAKE);
        if self.finished_unseen(side) {
            self.complete_handshake();
        }
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

    pub(super) fn resumed(&self) -> bool {
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

    /// What the capture lacks of the peer may be the end of the handshake, which `side` itself has finished; or both sent data since.
    fn finished_unseen(&self, side: Side) -> bool {
        let (own, peer) = (self.flows.of(side), self.flows.of(side.peer()));
        let whole = self.is_whole();
        !whole && self.both_sent_data() || peer.incomplete && own.finished
    }

    /// The capture holds the session from its beginning, without gaps.
    fn is_whole(&self) -> bool {
        let gaps = self.flows.client.incomplete || self.flows.server.incomplete;
        self.client_hello.is_some() && !gaps
    }

    /// Both sides sent what only a finished handshake allows: told by sizes alone, where the hellos were not captured.
    fn both_sent_data(&self) -> bool {
        self.flows.client.longest_data >= 53 && self.flows.server.longest_data >= 53
    }

    pub(super) fn final_handshake(&self) -> TlsHandshake {
        let ended = self.closed.client.is_some() || self.closed.server.is_some();
        let begun = self.client_hello.is_some();
        let whole = self.is_whole();
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
