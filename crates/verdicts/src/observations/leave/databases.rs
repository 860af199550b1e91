//! Sessions of MySQL and PostgreSQL inside TLS: it is the client that ends them, with a message of its own.

use whyreset_connections::{Moment, Side};
use whyreset_exchanges::TlsHandshake;
use whyreset_segments::Known;

use super::ids;
use crate::Observations;
use crate::case::goodbye::ends_a_databases_session;
use crate::case::{Case, Close, Kind};

/// Records who left such a session without that message.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let tls = case.connection.app.list.last();
    let tls = tls.and_then(|e| e.tls.as_deref()).filter(|tls| {
        let open = tls.handshake == TlsHandshake::Complete;
        tls.of_database && open && case.accounts.open.is_none()
    });
    let Some(((close, tls), (word, _))) = case.close.zip(tls).zip(tls.and_then(|it| it.last_word))
    else {
        return;
    };
    let farewell = Some(word).filter(|_| ends_a_databases_session(case.connection, tls, close));
    if let Some(left) = left_by_itself(case, farewell, close) {
        found.tell(
            ids::SESSION_CUT,
            [word.frame, left.frame],
            format_args!(
                "The server ended the database session by itself (frame {}): the client had not sent, or it had not received, the message with which clients of MySQL (COM_QUIT) and PostgreSQL (Terminate) do that.",
                left.frame
            ),
        );
    } else if (close.side, close.kind) == (Side::Client, Kind::Fin) && farewell.is_none() {
        found.tell(
            ids::LEFT_WITHOUT_GOODBYE,
            [word.frame, close.at.frame],
            format_args!(
                "The client closed (frame {}) without the message with which clients of MySQL (COM_QUIT) and PostgreSQL (Terminate) end their sessions: that has 5 bytes.",
                close.at.frame
            ),
        );
    }
}

/// When the server left, where that was not in return: it closed first, and nothing was said to end the session; or its FIN does not
/// acknowledge the client's farewell or FIN, which it crosses.
fn left_by_itself(case: &Case<'_>, farewell: Option<Moment>, close: Close) -> Option<Moment> {
    let c = case.connection;
    if close.side == Side::Server {
        return Some(close.at).filter(|_| farewell.is_none());
    }
    let (fin, left) = (c.flows.server.fin?, c.flows.client.fin?);
    let packet = case
        .packet(fin.at.frame)
        .filter(|p| p.known.has(Known::ACK))?;
    let said = match farewell {
        Some(word) => case.packet(word.frame)?.seq_end(),
        None => left.seq.saturating_add(1),
    };
    Some(fin.at).filter(|_| packet.ack < said)
}
