//! `tls_failure`: the TLS handshake failed.

use crate::case::Case;
use crate::cause::{CauseRule, Page, any_of, on, weights};
use crate::observations::ids::*;
use crate::{Cause, EndedBy, Observations, wording};

use whyreset_connections::Side;
use whyreset_exchanges::{Tls, TlsAlert, TlsHandshake};

use super::side;

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::TlsFailure,
    page: PAGE,
    prior: 0.3,
    prior_because: "certificates expire, names do not match, versions are switched off",
    needs: any_of(&[
        TLS_ALERT,
        TLS_ALERT_ENCRYPTED,
        TLS_BROKEN_OFF,
        TLS_LEFT_AT_ONCE,
        TLS_LEFT_UNUSED,
    ]),
    weights: weights(&[
        on(
            TLS_RESUMED,
            0.15,
            "a session that is resumed shows no certificate that anybody could dislike",
        ),
        on(
            TLS_LEFT_UNUSED,
            0.2,
            "a check of the certificate that takes longer; but connections that are opened in advance are left unused oftener",
        ),
        on(
            REQUEST_CROSSED_CLOSE,
            0.1,
            "the server had not seen the ClientHello when it closed",
        ),
        on(
            TLS_ALERT_ENCRYPTED,
            8.0,
            "an encrypted alert before the first request, hardly a goodbye",
        ),
        on(
            DROPPED_UNHEARD,
            0.1,
            "it drops connections as they come, before anybody speaks TLS",
        ),
        on(UNLIKELY_PORT, 0.2, "the port is usually not for TLS at all"),
        on(
            TLS_LEFT_AT_ONCE,
            2.0,
            "clients that check the certificate behind the handshake (Node.js, GnuTLS) leave so; those that only look at it do as well",
        ),
        on(
            TLS_ALERT,
            15.0,
            "an alert before the handshake was finished",
        ),
        on(TLS_BROKEN_OFF, 3.0, "the handshake was broken off"),
        on(
            TLS_LEFT_UNHEARD,
            0.03,
            "there was nothing yet that the client could refuse",
        ),
        on(
            LONG_WAIT,
            0.15,
            "it was broken off after a wait: somebody's patience ran out",
        ),
        on(OUTAGE, 0.1, "nothing had got through for long before"),
        on(UNANSWERED_TAIL, 0.1, "packets had stopped getting through"),
        on(HOLE_NEVER_FILLED, 0.1, "packets were lost on the way"),
        on(
            DIFFERENT_PROTOCOLS,
            0.1,
            "one side does not speak TLS at all",
        ),
        on(ORIGIN_DEVICE, 0.1, "a device cut it"),
        on(RST_BOTH_WAYS, 0.2, "a device cut it"),
        on(SENDER_WENT_ON, 0.1, "a device cut it"),
        on(RST_PASSIVE, 0.2, "the host had lost the connection"),
        on(WINDOW_SHUT, 0.2, "nobody was reading"),
    ]),
    never: &[],
    suspected_on: any_of(&[]),
    ended_by: |case| match alert(case) {
        Some(alert) => side(alert.by),
        // After a whole handshake only the client can have disliked what it saw.
        None if session(case).is_some_and(|tls| tls.handshake == TlsHandshake::Complete) => {
            EndedBy::Client
        }
        None => case.closer().map_or(EndedBy::Unknown, side),
    },
    summary,
    would_be: "if one side refused what the other offered in the TLS handshake",
    next_steps: |case, _| {
        let name = session(case)
            .and_then(|tls| tls.server_name.clone())
            .unwrap_or_else(|| "NAME".to_owned());
        let server = case.connection.ends.server;
        vec![
            format!("Try it: openssl s_client -connect {} -servername {} shows certificate, versions and alerts.", server, wording::excerpt(&name, 60)),
            "Compare the versions and ciphers that both sides allow, the certificate's names, dates and chain, and whether a client certificate is demanded.".to_owned(),
        ]
    },
};

fn session<'a>(case: &Case<'a>) -> Option<&'a Tls> {
    case.connection
        .app
        .list
        .iter()
        .find_map(|e| e.tls.as_deref())
}

fn alert<'a>(case: &Case<'a>) -> Option<&'a TlsAlert> {
    // What comes after the close is its answer, and at most a goodbye.
    let closed = case.close.map_or(u64::MAX, |close| close.at.frame);
    session(case)?
        .alert
        .as_ref()
        .filter(|alert| alert.at.frame <= closed || alert.description != "encrypted")
}

fn summary(case: &Case<'_>, _: &Observations) -> String {
    let whole = session(case).is_some_and(|tls| tls.handshake == TlsHandshake::Complete);
    // An encrypted alert of the client behind a whole handshake is a goodbye, or as good as one.
    let told = |alert: &&TlsAlert| {
        !(whole && alert.by == Side::Client && alert.description == "encrypted")
    };
    match alert(case).filter(told) {
        Some(alert) if alert.description == "encrypted" => format!(
            "The TLS handshake failed: {} sent an encrypted alert (frame {}).",
            wording::side(alert.by),
            alert.at.frame
        ),
        Some(alert) => format!(
            "The TLS handshake failed: {} sent the alert {} (frame {}){}.",
            wording::side(alert.by),
            alert.description,
            alert.at.frame,
            meaning(alert.description)
        ),
        None if whole => {
            format!(
                "The client left (frame {}) right behind a whole TLS handshake, without asking for anything: it refused what it saw there (the certificate, its name), or only looked.",
                case.close.map_or(0, |close| close.at.frame)
            )
        }
        None => format!(
            "The TLS handshake failed: {} broke it off (frame {}) without saying why.",
            case.closer().map_or("one side", wording::side),
            case.close.map_or(0, |close| close.at.frame)
        ),
    }
}

/// What an alert usually means (RFC 8446 §6.2).
fn meaning(description: &str) -> &'static str {
    match description {
        "unknown_ca" => ": it does not trust the issuer of the certificate",
        "certificate_expired" => ": the certificate has expired",
        "bad_certificate" | "certificate_unknown" | "unsupported_certificate" => {
            ": it does not accept the certificate"
        }
        "certificate_revoked" => ": the certificate is revoked",
        "handshake_failure" | "insufficient_security" => ": no common cipher or parameter",
        "protocol_version" => ": no common TLS version",
        "unrecognized_name" => ": it does not serve that name",
        "no_application_protocol" => ": no common application protocol (ALPN)",
        "certificate_required" => ": it demands a client certificate",
        "decrypt_error" | "bad_record_mac" => ": it could not verify or decrypt what it got",
        _ => "",
    }
}

const PAGE: Page = Page {
    title: "The TLS handshake failed",
    what: "The two sides did not come to terms: an untrusted or expired certificate, a name that does not match, no common version or cipher, a client certificate that is missing. An alert usually says which, in TLS 1.3 often encrypted.",
    at_client: "ClientHello, then an alert (21) from the server; or ServerHello and certificate, then an alert and FIN or RST from the client.",
    at_server: "The same. In TLS 1.3 the client's alert is an encrypted record of a few bytes before the first request.",
    between: "The same.",
    mistaken_for: "injected_reset (a RST right behind the ClientHello from a device that read the name), protocol_mismatch (the other side does not speak TLS), mtu_blackhole (the certificate does not get through).",
    people_see: &[
        "Firefox: SEC_ERROR_UNKNOWN_ISSUER, SSL_ERROR_BAD_CERT_DOMAIN, SSL_ERROR_NO_CYPHER_OVERLAP; Chrome: ERR_CERT_AUTHORITY_INVALID, ERR_CERT_DATE_INVALID, ERR_SSL_VERSION_OR_CIPHER_MISMATCH; curl: exit 35 (handshake) or 60 (certificate); wget: exit 5; Java: SSLHandshakeException: PKIX path building failed",
        "nginx: SSL_do_handshake() failed (SSL: … alert unknown ca), 400 No required SSL certificate was sent; HAProxy: SSL handshake failure; Apache: AH02008",
    ],
    sources: &["RFC 8446 §6.2 (alerts)", "RFC 5246 §7.2"],
};
