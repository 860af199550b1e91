//! TLS beyond the plain session, made by openssl and nginx: every kind of suite, resumption, new keys, early data, and secrets
//! inside a capture.

use std::path::Path;

use whyreset_exchanges::{CloseNotify, Exchanges, KeyLog, Protocol, Tls, TlsHandshake};

use crate::capture::{Keys, exchanges, fresh, kept, read, session, told};

#[test]
fn the_captures_that_are_kept() {
    check(&kept());
}

#[test]
fn fresh_captures() {
    let tools = ["openssl", "nginx", "editcap", "tcpdump", "ss"];
    if let Some(folder) = fresh("make_tls.sh", &tools) {
        check(&folder);
    }
}

fn check(folder: &Path) {
    for (name, version) in [
        ("tls12_aes256gcm", "1.2"),
        ("tls12_cbc384", "1.2"),
        ("tls13_aes128", "1.3"),
        ("tls13_chacha", "1.3"),
        ("tls13_retry", "1.3"),
    ] {
        let connection = &read(folder, name, Keys::Used)[0];
        assert_eq!(
            connection.list[0].protocol,
            Protocol::Tls(Some(version)),
            "{name}"
        );
        let tls = session(connection);
        assert_eq!(tls.handshake, TlsHandshake::Complete, "{name}");
        assert_eq!(tls.close_notify, CloseNotify::Both, "{name}");
        assert!(!tls.resumed, "{name}");
        let inside = &connection.list[1..];
        assert_eq!(told(inside), [("GET /x", Some(200))], "{name}");
        assert!(
            inside[0].complete && inside[0].body_delivered > Some(1_000),
            "{name}"
        );
    }
    ended_by_close_notify(folder);
    nothing_agreed_on(folder);
    resumed(folder);
    new_keys(folder);
    early_data(folder);
}

/// TLS 1.3 hides that the server chose none of the protocols that the client offered; the length of what hides it does not.
fn nothing_agreed_on(folder: &Path) {
    let connection = &read(folder, "tls13_no_alpn", Keys::Unused)[0];
    assert_eq!(session(connection).alpn, None);
}

/// A body that ends with the connection is whole with the server's close_notify, before any FIN (that of the capture's last
/// packets is taken away).
fn ended_by_close_notify(folder: &Path) {
    let capture = std::fs::read(folder.join("tls13_aes128.pcap")).unwrap();
    let secrets = || KeyLog::parse(&std::fs::read(folder.join("tls13_aes128.keys")).unwrap());
    let states: Vec<_> = (1..40)
        .map(|last| exchanges(&capture, secrets(), |frame| frame <= last))
        .filter_map(|connections| {
            let connection = connections.into_iter().next()?;
            let said = session_of(&connection)?.close_notify;
            let it = connection.list.get(1)?;
            it.status?;
            Some((said != CloseNotify::Unknown, it.complete))
        })
        .collect();
    assert!(
        states.contains(&(true, true)) && states.contains(&(false, false)),
        "{states:?}"
    );
    assert!(
        states.iter().all(|(said, complete)| said == complete),
        "{states:?}"
    );
}

fn session_of(connection: &Exchanges) -> Option<&Tls> {
    connection.list.first()?.tls.as_deref()
}

/// Resumption is told with keys and without.
fn resumed(folder: &Path) {
    for name in ["tls12_resumed", "tls12_resumed_by_id", "tls13_resumed"] {
        for keys in [Keys::Used, Keys::Unused] {
            let connections = read(folder, name, keys);
            let told: Vec<_> = connections.iter().map(|it| session(it).resumed).collect();
            assert_eq!(told, [false, true], "{name}");
        }
        let again = &read(folder, name, Keys::Used)[1].list[1];
        assert_eq!(
            (again.request.as_deref(), again.status),
            (Some("GET /again"), Some(200))
        );
        assert!(again.complete, "{name}");
    }
}

/// Both sides have changed their keys before the request.
fn new_keys(folder: &Path) {
    let connection = &read(folder, "tls13_key_update", Keys::Used)[0];
    let inside = &connection.list[1..];
    assert_eq!(told(inside), [("GET /updated", Some(200))]);
    assert_eq!(inside[0].body_delivered, Some(17));
    assert!(inside[0].complete);
    let guessed = &read(folder, "tls13_key_update", Keys::Unused)[0];
    assert_ne!(session(guessed).request_outstanding, Some(true));
}

/// The second connection asks before its server has answered anything.
fn early_data(folder: &Path) {
    let connection = &read(folder, "tls13_early_data", Keys::Used)[1];
    assert!(session(connection).resumed);
    assert_eq!(session(connection).handshake, TlsHandshake::Complete);
    let inside = &connection.list[1..];
    assert_eq!(told(inside), [("GET /early", Some(200))]);
    assert_eq!(inside[0].body_delivered, Some(17));
    assert!(inside[0].complete);
    // Without keys: the server answers, and says goodbye, before it has the client's Finished.
    let connection = &read(folder, "tls13_early_data", Keys::Unused)[1];
    let tls = session(connection);
    assert_eq!(tls.handshake, TlsHandshake::Complete);
    assert_eq!(tls.alert.as_ref(), None);
    // Whether the client's own goodbye shows as well depends on whether it came in one packet with Finished.
    assert!(matches!(
        tls.close_notify,
        CloseNotify::Server | CloseNotify::Both
    ));
    // How its packets are cut does not matter: the answer is there, and nothing is waited for.
    assert_ne!(tls.request_outstanding, Some(true));
    assert!(tls.server_bytes >= 17, "{}", tls.server_bytes);
}
