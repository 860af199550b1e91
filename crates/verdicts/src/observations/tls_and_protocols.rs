//! TLS alerts, handshakes broken off, and protocols that do not match.

use whyreset_capture::Span;
use whyreset_connections::{Moment, Side};
use whyreset_exchanges::{Exchange, Finding, ODD_ANSWER, Protocol, Tls, TlsHandshake};

use super::ids;
use crate::Observations;
use crate::case::{Case, Close, Kind, Missing, goodbye, is_http};
use crate::wording;

/// Findings that mean that the two sides speak different protocols.
const MISMATCHES: [&str; 4] = [
    "http_on_tls_port",
    "tls_on_http_port",
    "tls_on_plain_port",
    "foreign_banner",
];

/// Ports on which servers usually expect TLS (IANA, and common practice). Besides these all that end in 443.
const TLS_PORTS: [u16; 20] = [
    465, 563, 636, 853, 989, 990, 992, 993, 995, 2083, 2087, 2096, 2376, 3269, 5061, 5671, 5986,
    6697, 8883, 9093,
];
/// Ports on which servers usually expect plain HTTP.
const PLAIN_PORTS: [u16; 14] = [
    80, 81, 591, 2375, 3000, 3128, 5000, 8000, 8008, 8080, 8081, 8088, 8888, 9200,
];

/// What does not understand its client closes at once.
const FIRST_WORD: Span = Span::from_millis(300);

/// The longest packet that is taken for nothing but an alert (31 bytes with AES-GCM in TLS 1.2): a Finished takes more.
const LONGEST_GOODBYE: u32 = 40;

/// Checking a certificate takes a program no longer than this.
const AT_ONCE: Span = Span::from_millis(300);
/// A server that closes sooner has waited for no request.
const FIRST_REQUEST: Span = Span::from_millis(900);
/// Nor asking others about it (OCSP), or a person, longer than this.
const THOUGHT_ABOUT: Span = Span::from_secs(3);

/// Records what TLS and the protocol parsers say.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    for finding in &c.app.findings {
        if finding.id == ODD_ANSWER {
            odd_answer(case, finding, found);
            continue;
        }
        let id = if MISMATCHES.contains(&finding.id) || finding.id.ends_with("_mismatch") {
            ids::DIFFERENT_PROTOCOLS
        } else {
            ids::PROTOCOL_FINDING
        };
        let text = sentence(&finding.text);
        if id == ids::DIFFERENT_PROTOCOLS {
            found.tell(id, &finding.frames, text);
        } else {
            found.add(id, &finding.frames, text);
        }
    }
    unlikely_port(case, found);
    spoke_first(case, found);
    let session = c
        .app
        .list
        .iter()
        .find(|e| matches!(e.protocol, Protocol::Tls(_)));
    let Some((exchange, tls)) = session.and_then(|e| Some((e, e.tls.as_ref()?))) else {
        return;
    };
    let closed = case.close.map_or(u64::MAX, |close| close.at.frame);
    if let Some(alert) = &tls.alert
        && (alert.at.frame <= closed || alert.description != "encrypted")
        && case.accounts.missing().is_some()
        && tls.handshake != TlsHandshake::Complete
    {
        let (id, what) = match alert.description {
            "encrypted" => (
                ids::TLS_ALERT_ENCRYPTED,
                "an encrypted TLS alert".to_owned(),
            ),
            description => (ids::TLS_ALERT, format!("the TLS alert {description}")),
        };
        found.tell(
            id,
            [alert.at.frame],
            format_args!(
                "{} sent {what} (frame {}) before the handshake was finished.",
                wording::the_side(alert.by),
                alert.at.frame
            ),
        );
    }
    left_at_once(case, tls, found);
    let asked = tls.handshake == TlsHandshake::Complete && tls.client_bytes > 0;
    // By the order of the records it was, before it was whole.
    let early = case.accounts.missing() == Some(Missing::AnsweredEarly);
    // What is missing behind an answer in the midst of an upload is some of the upload's rest.
    let rest = tls.rest_in_doubt && tls.request_unread;
    let asked = asked && !early && !rest;
    if asked && goodbye::perhaps_goaway(c, tls, case.close) {
        found.add(
            ids::TURN_UNTOLD,
            [exchange.ended.map_or(c.frames.last, |m| m.frame)],
            "Whether the client's last word was a request, or a goodbye (GOAWAY) with its reason in words, does not show in its size.",
        );
    } else if asked && tls.request_unread && case.close.is_some() {
        found.tell(
            ids::REQUEST_UNREAD,
            [exchange.ended.map_or(c.frames.last, |m| m.frame)],
            "What the client said behind the server's last answer was not captured in full (a short snapshot length): whether it was answered does not show.",
        );
    } else if asked && tls.request_outstanding.is_none() && case.close.is_some() {
        found.add(
            ids::TURN_UNTOLD,
            [exchange.ended.map_or(c.frames.last, |m| m.frame)],
            "Whether what the server sent last answers the client's last request does not show in its sizes: it may be session tickets.",
        );
    }
    last_word_unread(case, exchange, tls, found);
    let begun = exchange.from_list || !found.has(ids::STARTS_MID_STREAM);
    if tls.handshake != TlsHandshake::Complete && begun && case.close.is_some() && is_open(case) {
        let frames: Vec<u64> = [exchange.started, exchange.ended]
            .iter()
            .flatten()
            .map(|m| m.frame)
            .collect();
        found.tell(
            ids::TLS_BROKEN_OFF,
            frames,
            "The TLS handshake was begun and never finished.",
        );
        left_unheard(case, found);
        if exchange.tls.as_ref().is_some_and(|tls| tls.resumed) {
            let began = exchange.started.map_or(0, |m| m.frame);
            found.add(
                ids::TLS_RESUMED,
                [began],
                "The server resumed an earlier session: it showed no certificate.",
            );
        }
    }
}

/// What came behind the request is no answer to it, where nothing that came before it can be meant, and nobody asked in HTTP/0.9, in which
/// answers have no head.
fn odd_answer(case: &Case<'_>, finding: &Finding, found: &mut Observations) {
    let first = case.connection.app.list.first();
    let unanswered = first
        .is_some_and(|e| is_http(&e.protocol) && e.status.is_none() && e.body_delivered.is_none());
    if unanswered && !found.has(ids::STARTS_MID_STREAM) {
        let text = sentence(&finding.text);
        found.tell(ids::ODD_ANSWER, &finding.frames, text);
    }
}

/// A short snapshot length cut the handshake off, the client had the last word, and the server closed a while behind it without another.
fn last_word_unread(case: &Case<'_>, exchange: &Exchange, tls: &Tls, found: &mut Observations) {
    let open = case.accounts.missing().is_some() || tls.handshake == TlsHandshake::Complete;
    let cut = exchange.uncertain && !exchange.from_list && !open;
    let Some(close) = case.close.filter(|close| cut && close.side == Side::Server) else {
        return;
    };
    let mut before = case.connection.packets.iter().rev();
    let last = before.find(|p| p.payload_len > 0 && p.frame < close.at.frame);
    let said = last.filter(|p| p.side == Side::Client && close.at.time - p.time > FIRST_REQUEST);
    if let Some(said) = said {
        let frames = [said.frame, close.at.frame];
        let text = format!(
            "The client had the last word (frame {}), and the server closed {} later without another.",
            said.frame,
            wording::span(close.at.time - said.time)
        );
        found.tell(ids::LAST_WORD_UNTOLD, frames, text);
        let text = "What the client said last is not in the capture: whether it was to be answered does not show.";
        found.add(ids::TURN_UNTOLD, frames, text);
    }
}

/// Something is missing, and no answer was under way: behind a handshake of which one direction was not captured there may be one.
fn is_open(case: &Case<'_>) -> bool {
    let missing = case.accounts.missing();
    missing.is_some_and(|missing| missing != Missing::ResponseUnfinished)
}

/// The client closed before anything of the server's can have reached it: of the handshake it had seen nothing that it could refuse.
fn left_unheard(case: &Case<'_>, found: &mut Observations) {
    let Some(close) = case.close.filter(|close| close.side == Side::Client) else {
        return;
    };
    let flows = &case.connection.flows;
    let trip = case.round_trip(Side::Client).unwrap_or(Span::ZERO);
    let heard = flows
        .server
        .first_data
        .is_some_and(|first| first.time + trip <= close.at.time);
    let captured = flows.client.acks_of_unseen + flows.server.acks_of_unseen == 0;
    if !heard && captured && flows.server.packets > 0 {
        found.add(
            ids::TLS_LEFT_UNHEARD,
            [close.at.frame],
            format_args!(
                "When the client closed (frame {}) nothing of the server's part of the handshake can have reached it: there was nothing that it could refuse.",
                close.at.frame
            ),
        );
    }
}

/// 8443, 9443, 10443: whoever moves HTTPS elsewhere mostly keeps these digits.
fn is_tls_port(port: u16) -> bool {
    TLS_PORTS.contains(&port) || port % 1_000 == 443
}

/// Plain HTTP to a port of TLS, or TLS to a port of plain HTTP, and a server that closes without a byte: many TLS
/// libraries do not even send an alert to what is no TLS. On ports that tell nothing it remains a suspicion.
fn unlikely_port(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let Some(close) = case.close.filter(|close| close.side == Side::Server) else {
        return;
    };
    let Some(first) = c.app.list.first().filter(|_| c.flows.server.sent_nothing()) else {
        return;
    };
    let port = c.ends.server.port;
    let frames = [first.started.map_or(0, |m| m.frame), close.at.frame];
    let http = matches!(first.protocol, Protocol::Http10 | Protocol::Http11);
    if first.protocol == Protocol::Http2 {
        let text = format!(
            "The client began HTTP/2 in clear at once, without asking whether it may; servers of HTTP/2 say their SETTINGS first (RFC 9113 §3.4), and this one closed (frame {}) without a byte.",
            close.at.frame
        );
        return found.tell(ids::UNLIKELY_PORT, frames, text);
    }
    let said = match first.protocol {
        _ if http && is_tls_port(port) => "plain HTTP",
        Protocol::Tls(_) if PLAIN_PORTS.contains(&port) => "TLS",
        _ if http && !PLAIN_PORTS.contains(&port) && at_first_word(case, close) => {
            found.add(
                ids::CLOSED_AT_FIRST_WORD,
                frames,
                format_args!("The server closed (frame {}) without a byte as soon as it had read the first words, on port {port}, which is none of the usual ones of plain HTTP.", close.at.frame),
            );
            return;
        }
        _ => return,
    };
    found.tell(
        ids::UNLIKELY_PORT,
        frames,
        format_args!("The client speaks {said} on port {port}, which is usually for the other; the server closed (frame {}) without a byte.", close.at.frame),
    );
}

/// No server of HTTP speaks before it is asked. What it said, a list's rows do not show.
fn spoke_first(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let list = c.app.list.as_slice();
    let [asked] = list else { return };
    let http = matches!(asked.protocol, Protocol::Http10 | Protocol::Http11);
    let unanswered = asked.from_list && asked.request.is_some() && asked.status.is_none();
    let words = c.flows.server.first_data.zip(asked.started);
    if let Some((words, request)) = words.filter(|(words, request)| words.frame < request.frame)
        && http
        && unanswered
        && c.handshake.is_complete()
        && !c.elided
    {
        found.tell(
            ids::UNLIKELY_PORT,
            [words.frame, request.frame],
            format_args!(
                "The server spoke first (frame {}), which no server of HTTP does, and the client asked it in HTTP (frame {}).",
                words.frame, request.frame
            ),
        );
    }
}

/// The server closed right behind the first data that it received.
fn at_first_word(case: &Case<'_>, close: Close) -> bool {
    let client = &case.connection.flows.client;
    let trip = case.round_trip(Side::Server).unwrap_or(Span::ZERO);
    let Some(first) = client.first_data.filter(|_| client.data_packets <= 2) else {
        return false;
    };
    close.at.time - first.time < FIRST_WORD + trip + trip
}

/// The handshake is whole, the client asks for nothing and closes: it did not like what it saw, or only looked.
fn left_at_once(case: &Case<'_>, tls: &Tls, found: &mut Observations) {
    let Some(close) = case.close.filter(|_| !tls.heartbeat) else {
        return;
    };
    let client = &case.connection.flows.client;
    let Some(last) = client.last_new_data.filter(|_| tls.asked_nothing()) else {
        return;
    };
    let trips = case
        .path_round_trip()
        .map_or(Span::ZERO, |trip| trip + trip + trip);
    // A server closes at once only when the client's last word was an alert.
    let server_last = case.connection.flows.server.last_new_data;
    let alert = server_last.is_some_and(|m| last.frame > m.frame);
    // The client's goodbye is part of its leaving.
    let mut packets = case.connection.packets.iter();
    let before = packets.rfind(|p| {
        let own = |at: Moment| close.side == Side::Server && at.frame == p.frame;
        let parting = p.frame == last.frame || server_last.is_some_and(own);
        let goodbye = parting && p.payload_len <= LONGEST_GOODBYE;
        p.payload_len > 0 && p.frame < close.at.frame && !goodbye
    });
    let done = before.map_or(last, |p| p.moment());
    let waited = close.at.time - done.time;
    if close.side == Side::Client && waited > AT_ONCE + trips && waited <= THOUGHT_ABOUT + trips {
        found.add(
            ids::TLS_LEFT_UNUSED,
            [done.frame, close.at.frame],
            format_args!(
                "The client closed {} behind a whole TLS handshake, and had asked for nothing.",
                wording::span(waited)
            ),
        );
    }
    let in_vain = waited > FIRST_REQUEST + trips && !alert;
    if (close.side, close.kind) == (Side::Server, Kind::Fin) && in_vain {
        found.tell(
            ids::CLOSED_UNUSED,
            [done.frame, close.at.frame],
            format_args!(
                "The TLS handshake was whole, the client asked for nothing, and the server closed {} later (frame {}).",
                wording::span(waited),
                close.at.frame
            ),
        );
    }
    if (close.side == Side::Client || alert) && waited <= AT_ONCE + trips {
        found.tell(
            ids::TLS_LEFT_AT_ONCE,
            [done.frame, close.at.frame],
            format_args!(
                "The TLS handshake was whole, but {} closed right behind it (frame {}): the client had asked for nothing{}.",
                wording::side(close.side),
                close.at.frame,
                if close.side == Side::Server { ", and its last record can only be an alert" } else { "" }
            ),
        );
    }
}

/// A clause as a sentence.
fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    let mut text: String = match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => return String::new(),
    };
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}
