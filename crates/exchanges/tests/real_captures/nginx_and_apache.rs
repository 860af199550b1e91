//! nginx and Apache with curl: downloads, ranges, uploads, TLS with and without keys, refusals.

use std::path::Path;

use whyreset_connections::Side;
use whyreset_exchanges::{CloseNotify, Framing, Protocol, TlsHandshake};

use crate::capture::{Keys, fresh, kept, read, session, told};

#[test]
fn the_captures_that_are_kept() {
    check(&kept());
}

#[test]
fn fresh_captures() {
    let tools = [
        "nginx", "apache2", "haproxy", "curl", "openssl", "tcpdump", "ss",
    ];
    if let Some(folder) = fresh("make.sh", &tools) {
        check(&folder);
    }
}

fn check(folder: &Path) {
    plain_downloads(folder);
    ranges_and_uploads(folder);
    apache(folder);
    decrypted_downloads(folder);
    without_keys(folder);
    refusals(folder);
    http2(folder);
    proxied(folder);
}

/// HAProxy's lines of version 1 and 2 name its own client.
fn proxied(folder: &Path) {
    let connections = read(folder, "proxied", Keys::Unused);
    assert_eq!(connections.len(), 2);
    for connection in &connections {
        let client = connection.proxied_client.as_deref().unwrap();
        assert!(client.starts_with("127.0.0.1:"), "{client}");
        assert_eq!(told(&connection.list), [("GET /small.txt", Some(200))]);
        assert!(connection.list[0].complete);
    }
}

fn plain_downloads(folder: &Path) {
    let connections = read(folder, "http1_download", Keys::Unused);
    let list = &connections[0].list;
    assert_eq!(
        told(list),
        [
            ("GET /small.txt", Some(200)),
            ("GET /nothing", Some(404)),
            ("GET /mid.bin", Some(200))
        ]
    );
    for it in list {
        assert_eq!(it.body_expected, it.body_delivered);
        assert_eq!(it.body_acknowledged, it.body_delivered);
        assert!(it.complete);
    }
    assert_eq!(list[2].body_delivered, Some(20_000));

    let head = &read(folder, "http1_head", Keys::Unused)[0].list[0];
    assert_eq!((head.body_expected, head.body_delivered), (None, Some(0)));
    assert!(head.complete && head.framing == Framing::None);

    let chunked = &read(folder, "http1_chunked", Keys::Unused)[0].list[0];
    assert_eq!(chunked.framing, Framing::Chunked);
    assert_eq!(chunked.body_expected, None);
    assert!(chunked.body_delivered > Some(1_000) && chunked.body_delivered < Some(5_404));
    assert!(chunked.complete);

    let aborted = &read(folder, "http1_aborted", Keys::Unused)[0].list[0];
    assert_eq!(aborted.body_expected, Some(20_000));
    assert!(aborted.body_delivered < Some(20_000) && aborted.body_delivered > Some(1_000));
    assert!(!aborted.complete && aborted.request_complete);
}

fn ranges_and_uploads(folder: &Path) {
    let ranges = read(folder, "http1_ranges", Keys::Unused);
    let statuses: Vec<_> = ranges.iter().map(|it| it.list[0].status).collect();
    assert_eq!(statuses, [Some(206), Some(206), Some(416)]);
    assert_eq!(ranges[0].list[0].body_delivered, Some(19_000));
    assert!(ranges.iter().all(|it| it.list[0].complete));

    let uploads = read(folder, "http1_uploads", Keys::Unused);
    assert_eq!(uploads.len(), 3);
    for it in &uploads {
        let it = &it.list[0];
        assert_eq!(it.request_body_delivered, Some(10_000));
        assert_eq!(it.request_body_acknowledged, Some(10_000));
        assert_eq!(it.status, Some(201));
        assert!(it.complete);
    }
    assert_eq!(uploads[0].list[0].interim, []);
    assert_eq!(uploads[1].list[0].interim, [100]);
    assert_eq!(uploads[1].list[0].request_body_expected, Some(10_000));
    assert_eq!(uploads[2].list[0].request_body_expected, None);

    let refused = &read(folder, "http1_413", Keys::Unused)[0].list[0];
    assert_eq!(refused.status, Some(413));
    assert_eq!(refused.request_body_expected, Some(40_000));
    assert_eq!(refused.request_body_delivered, Some(0));
    assert!(refused.response_complete && !refused.request_complete && !refused.complete);
}

fn apache(folder: &Path) {
    let list = &read(folder, "apache_download", Keys::Unused)[0].list;
    assert_eq!(
        told(list),
        [("GET /small.txt", Some(200)), ("GET /none", Some(404))]
    );
    assert!(
        list.iter()
            .all(|it| it.complete && it.body_delivered == it.body_expected)
    );

    // Kept alive until the server's own timeout: nothing is missing.
    let idle = &read(folder, "apache_idle", Keys::Unused)[0].list;
    assert_eq!(told(idle), [("GET /small.txt", Some(200))]);
    assert_eq!(idle[0].body_delivered, idle[0].body_expected);
    assert!(idle[0].complete && idle[0].close_announced.is_none());
}

fn decrypted_downloads(folder: &Path) {
    for (name, version, files) in [
        ("tls12", "1.2", 2),
        ("tls12_chacha", "1.2", 1),
        ("tls12_cbc", "1.2", 1),
        ("tls13", "1.3", 2),
    ] {
        let connection = &read(folder, name, Keys::Used)[0];
        assert_eq!(
            connection.list[0].protocol,
            Protocol::Tls(Some(version)),
            "{name}"
        );
        assert!(!connection.list[0].estimated, "{name}");
        assert_eq!(
            session(connection).handshake,
            TlsHandshake::Complete,
            "{name}"
        );
        assert_eq!(
            session(connection).close_notify,
            CloseNotify::Client,
            "{name}"
        );
        let inside = &connection.list[1..];
        assert_eq!(inside.len(), files, "{name}");
        assert_eq!(
            inside[0].request.as_deref(),
            Some("GET /small.txt"),
            "{name}"
        );
        for it in inside {
            assert!(it.complete, "{name}: {it:#?}");
            assert_eq!(it.body_acknowledged, it.body_expected, "{name}");
        }
    }
}

fn without_keys(folder: &Path) {
    for (name, version) in [
        ("tls12", "1.2"),
        ("tls12_chacha", "1.2"),
        ("tls12_cbc", "1.2"),
        ("tls13", "1.3"),
    ] {
        let connection = &read(folder, name, Keys::Unused)[0];
        assert_eq!(connection.list.len(), 1, "{name}");
        assert_eq!(
            connection.list[0].protocol,
            Protocol::Tls(Some(version)),
            "{name}"
        );
        assert!(connection.list[0].estimated, "{name}");
        let tls = session(connection);
        assert_eq!(
            tls.server_name.as_deref(),
            Some("www.example.org"),
            "{name}"
        );
        assert_eq!(tls.handshake, TlsHandshake::Complete, "{name}");
        assert_eq!(tls.close_notify, CloseNotify::Client, "{name}");
        assert_eq!(tls.alert, None, "{name}");
        assert_ne!(tls.request_outstanding, Some(true), "{name}");
        assert_ne!(tls.response_under_way, Some(true), "{name}");
        assert!(tls.server_bytes > 5_400, "{name}");
    }
}

fn refusals(folder: &Path) {
    let plain = read(folder, "tls12_refused", Keys::Unused);
    let alert = session(&plain[0]).alert.clone().unwrap();
    assert_eq!((alert.by, alert.description), (Side::Client, "unknown_ca"));
    assert_eq!(session(&plain[0]).handshake, TlsHandshake::Failed);

    let hidden = read(folder, "tls13_refused", Keys::Unused);
    let alert = session(&hidden[0]).alert.clone().unwrap();
    assert_eq!(alert.by, Side::Client);
    assert_eq!(session(&hidden[0]).handshake, TlsHandshake::Failed);

    let version = read(folder, "tls_version", Keys::Unused);
    let alert = session(&version[0]).alert.clone().unwrap();
    assert_eq!(
        (alert.by, alert.description),
        (Side::Server, "protocol_version")
    );

    let http = read(folder, "http_on_tls", Keys::Unused);
    assert_eq!(http[0].findings[0].id, "http_on_tls_port");
    assert_eq!(http[0].list[0].status, Some(400));
    let tls = read(folder, "tls_on_http", Keys::Unused);
    assert_eq!(tls[0].findings[0].id, "tls_on_http_port");
    assert_eq!(session(&tls[0]).handshake, TlsHandshake::Failed);
}

fn http2(folder: &Path) {
    let connection = &read(folder, "h2", Keys::Used)[0];
    assert_eq!(session(connection).alpn.as_deref(), Some("h2"));
    let inside = &connection.list[1..];
    assert_eq!(
        told(inside),
        [
            ("GET /small.txt", Some(200)),
            ("GET /mid.bin", Some(200)),
            ("GET /none", Some(404))
        ]
    );
    assert_eq!(inside[1].body_delivered, Some(20_000));
    assert_eq!(inside[1].http2.as_ref().unwrap().id, 3);
    assert!(
        inside
            .iter()
            .all(|it| it.complete && it.protocol == Protocol::Http2)
    );

    let aborted = &read(folder, "h2_aborted", Keys::Used)[0].list[1];
    assert_eq!(aborted.body_expected, Some(20_000));
    assert!(aborted.body_delivered < Some(20_000) && !aborted.complete);
}
