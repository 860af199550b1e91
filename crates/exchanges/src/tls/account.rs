//! What is told of a session in the end.

use whyreset_connections::Side;

use super::session::TlsSession;
use super::turns::{FAREWELL, Turns};
use crate::{AnswerEnd, Tls, TlsHandshake};

impl TlsSession {
    pub(super) fn tls(&self) -> Tls {
        let offered = self.client_hello.as_ref();
        let cut = self.cut_record();
        let answered = self.early_data_taken && self.flows.server.spoke_after;
        let established = self.handshake == TlsHandshake::Complete || answered;
        let open = established || self.client_hello.is_none();
        let goodbye = self.server_took_leave();
        let turns = self.turns.as_ref().filter(|_| open);
        // What the capture lacks at the end may have been the answer, or its end.
        let blind = self.flows.server.reader.is_lost();
        let outstanding = turns
            .and_then(Turns::request_outstanding)
            .or_else(|| self.asked_in_vain().then_some(true));
        let under_way = turns.and_then(|it| it.response_under_way(cut, goodbye));
        Tls {
            server_name: offered.and_then(|hello| hello.server_name.clone()),
            alpn: self.spoken().map(str::to_owned),
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
            first_goodbye: self.first_goodbye(),
            parting_word: self.parting_word && turns.is_some_and(Turns::has_talked),
            of_database: self.is_a_databases(),
            last_word: self.last_word,
            delivered_alone: self.client_left_first()
                && self.spoken().is_none()
                && turns.is_some_and(Turns::delivered_alone),
            given_up: turns.and_then(Turns::given_up),
            response_under_way: under_way.filter(|flows| !(blind && *flows)),
            cut_record: cut,
            perhaps_ticket: open && self.holds_a_ticket(),
            left_in_silence: open && self.left_in_silence(),
            left_amid_pieces: open && !blind && self.left_amid_pieces(),
            last_answer: self.last_answer().filter(|_| !blind),
            left_behind_answer: open && self.left_behind_answer(),
            answer_end: turns
                .filter(|_| !self.flows.server.reader.is_lost())
                .map_or(AnswerEnd::Untold, Turns::answer_end),
            heartbeat: self.flows.client.beats || self.flows.server.beats,
            answered_early: self.answered_early().filter(|_| open),
            upload_ends_short: turns.is_some_and(Turns::upload_ends_short),
            rest_in_doubt: open && turns.is_some_and(Turns::leaves_rest_in_doubt),
            answered_within: open
                && self.flows.client.lossy
                && self.unread_upload.was_answered_within(),
            answer_refused: open && turns.is_some_and(Turns::perhaps_refused_answer),
            answer_followed: turns.is_some_and(Turns::answer_followed) || self.goaway().is_some(),
        }
    }

    /// Behind a late start the client says more than a goodbye takes, and the server nothing at all.
    fn asked_in_vain(&self) -> bool {
        let (client, server) = (&self.flows.client, &self.flows.server);
        let begun_unseen = self.client_hello.is_none() && !client.incomplete;
        let unanswered = server.last_record.is_none() && !server.incomplete;
        begun_unseen && unanswered && client.application_bytes > FAREWELL
    }

    /// The client said goodbye, and the server neither had nor had closed.
    fn client_left_first(&self) -> bool {
        let goodbye = self.first_goodbye();
        let first = goodbye.filter(|(side, _)| *side == Side::Client);
        let closed = self.closed.server;
        first.is_some_and(|(_, at)| closed.is_none_or(|left| left.frame > at.frame))
    }

    pub(super) fn cut_record(&self) -> Option<(Side, u64)> {
        [Side::Server, Side::Client].into_iter().find_map(|side| {
            let flow = self.flows.of(side);
            let missing = flow.reader.missing();
            (missing > 0 && !flow.reader.is_lost()).then_some((side, u64::from(missing)))
        })
    }

    /// The client said something behind the server's last answer, and its records are not in the capture.
    fn request_unread(&self) -> bool {
        let (Some(unread), Some(answer)) = (self.unread_request, self.last_answer()) else {
            return false;
        };
        unread.frame > answer.frame
    }

    /// The server answered while the client was still sending its request: whether all of that came.
    pub(super) fn answered_early(&self) -> Option<bool> {
        let turns = self.turns.as_ref()?;
        let Some(whole) = turns.answered_early() else {
            // A client that is told to send no more leaves in the middle of its request; a server that has not read it all is reset.
            let unheard = self.unread_upload.is_answered_unheard();
            let told = turns.perhaps_refused() || unheard && turns.perhaps_given_up();
            let unread = self.aborted.server && turns.perhaps_left_unread();
            return (self.aborted.client && told || unread).then_some(false);
        };
        Some(whole && self.flows.client.reader.missing() == 0)
    }
}
