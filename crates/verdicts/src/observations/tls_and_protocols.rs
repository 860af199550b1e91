//! TLS alerts, handshakes broken off, and protocols that do not match.

use whyreset_exchanges::{Protocol, TlsHandshake};

use super::ids;
use crate::Observations;
use crate::case::Case;
use crate::wording;

/// Findings that mean that the two sides speak different protocols.
const MISMATCHES: [&str; 4] = [
    "http_on_tls_port",
    "tls_on_http_port",
    "tls_on_plain_port",
    "foreign_banner",
];

/// Records what TLS and the protocol parsers say.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    for finding in &c.app.findings {
        let id = if MISMATCHES.contains(&finding.id) || finding.id.ends_with("_mismatch") {
            ids::DIFFERENT_PROTOCOLS
        } else {
            ids::PROTOCOL_FINDING
        };
        let text = sentence(&finding.text);
        if id == ids::DIFFERENT_PROTOCOLS {
            found.tell(id, finding.frames.clone(), text);
        } else {
            found.add(id, finding.frames.clone(), text);
        }
    }
    let session = c
        .app
        .list
        .iter()
        .find(|e| matches!(e.protocol, Protocol::Tls(_)));
    let Some((exchange, tls)) = session.and_then(|e| Some((e, e.tls.as_ref()?))) else {
        return;
    };
    if let Some(alert) = &tls.alert
        && tls.handshake != TlsHandshake::Complete
    {
        found.tell(
            ids::TLS_ALERT,
            [alert.at.frame],
            format!(
                "{} sent the TLS alert {} (frame {}) before the handshake was finished.",
                wording::the_side(alert.by),
                alert.description,
                alert.at.frame
            ),
        );
    }
    if tls.handshake != TlsHandshake::Complete && case.close.is_some() {
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
