//! Sessions that end without the words with which they mostly end: QUIT, or what a shell ended with.

mod databases;

use whyreset_capture::Span;
use whyreset_connections::Side;
use whyreset_exchanges::{ClientsLast, Protocol};

use super::ids;
use crate::Observations;
use crate::case::{Case, Close, Kind};
use crate::wording;

/// Their clients end a session with QUIT: SMTP (RFC 5321 §4.1.1.10: they must), POP3 (RFC 1939 §6), FTP (RFC 959 §4.1.1), NNTP (RFC 3977
/// §5.4).
const WITH_QUIT: [&str; 5] = ["smtp", "lmtp", "pop3", "ftp", "nntp"];

/// Nor do the servers of these end a session by themselves, as long as nothing fails: a client of MySQL, PostgreSQL, MQTT or LDAP takes leave
/// in words (COM_QUIT, Terminate, DISCONNECT, Unbind), one of IMAP with LOGOUT, one of Redis or memcached with QUIT, or just closes; one of VNC just
/// closes.
const ENDED_BY_CLIENTS: [&str; 8] = [
    "mysql",
    "postgresql",
    "mqtt",
    "ldap",
    "imap",
    "redis",
    "memcached",
    "vnc",
];

/// What a server has to say of the end comes sooner before its close.
const SOON: Span = Span::from_millis(900);

/// A program that says why it closes does both at once.
const AT_ONCE: Span = Span::from_millis(50);

/// Records a client that took no leave, and a server that closed a session by itself: out of a silence, for what it says right before its close
/// may be the reason, or the answer to a QUIT that stands behind other words.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    databases::observe(case, found);
    let c = case.connection;
    let last = c.app.list.last().filter(|e| !e.uncertain && !e.from_list);
    let over = case.accounts.open.is_none();
    let Some((close, last)) = case.close.zip(last).filter(|_| over) else {
        return;
    };
    let Protocol::Other(protocol) = last.protocol else {
        return;
    };
    let words = c.flows.server.first_data.zip(c.flows.client.first_data);
    // Their servers speak first: who answers only speaks something else.
    let greeted = words.is_some_and(|(server, client)| server.frame < client.frame);
    let said = |it: ClientsLast| last.clients_last == it;
    match (close.side, close.kind) {
        (Side::Client, Kind::Fin)
            if greeted && WITH_QUIT.contains(&protocol) && !said(ClientsLast::Farewell) =>
        {
            found.tell(
                ids::LEFT_WITHOUT_GOODBYE,
                [close.at.frame],
                format_args!(
                    "The client closed (frame {}) without QUIT, with which clients of {} end their sessions.",
                    close.at.frame,
                    protocol.to_uppercase()
                ),
            );
        }
        (Side::Server, _)
            if words.is_some()
                && is_ended_by_clients(protocol, greeted)
                && !said(ClientsLast::Farewell)
                && !(c.flows.client.missing_bytes > 0 && said(ClientsLast::Untold))
                && c.app.last_words.is_none() =>
        {
            ended_by_server(case, close, protocol, found);
        }
        (Side::Server, Kind::Fin) if words.is_some() && protocol == "ssh" && silent(case) => {
            found.tell(
                ids::SESSION_DROPPED,
                [close.at.frame],
                format_args!(
                    "The server closed the SSH session (frame {}) out of a silence of {}: it had not said before that its shell, or command, had ended.",
                    close.at.frame,
                    wording::if_known("", case.wait.map(|wait| wording::span(wait.since_data)), "")
                ),
            );
        }
        _ => {}
    }
}

/// The server closed, and the client had not taken leave.
fn ended_by_server(case: &Case<'_>, close: Close, protocol: &str, found: &mut Observations) {
    let c = case.connection;
    let reads_lines = WITH_QUIT.contains(&protocol) || protocol == "imap";
    // Who reads lines answers several of them at once, and may take its time for the last.
    let soon = if reads_lines { SOON } else { AT_ONCE };
    let asked = c.flows.client.last_new_data.map_or(0, |at| at.frame);
    let last = c.flows.server.last_new_data;
    let Some(word) = last.filter(|said| close.at.time - said.time < soon) else {
        return found.tell(
            ids::SESSION_CUT,
            [asked, close.at.frame],
            format_args!(
                "The server ended the session by itself (frame {}): the client had not taken leave, and the server said nothing of a reason.",
                close.at.frame
            ),
        );
    };
    // It may have been the answer to a QUIT that stands behind other words.
    if !reads_lines {
        found.add(
            ids::CLOSED_BEHIND_WORD,
            [word.frame, close.at.frame],
            format_args!(
                "The server closed (frame {}) right behind its last word (frame {}), and the client had not taken leave: that word may have been the reason.",
                close.at.frame, word.frame
            ),
        );
    }
}

fn is_ended_by_clients(protocol: &str, greeted: bool) -> bool {
    ENDED_BY_CLIENTS.contains(&protocol) || greeted && WITH_QUIT.contains(&protocol)
}

fn silent(case: &Case<'_>) -> bool {
    let wait = case.wait.map(|wait| wait.since_data);
    wait.is_some_and(|since| since > SOON + case.two_round_trips())
}
