//! Tomcat with curl: HTTP/1.1, HTTP/2, TLS; what it does with uploads that it does not want.

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
    let catalina = "/usr/share/tomcat10/bin/catalina.sh";
    let tools = [catalina, "java", "curl", "openssl", "tcpdump", "ss"];
    if let Some(folder) = fresh("make_tomcat.sh", &tools) {
        check(&folder);
    }
}

fn check(folder: &Path) {
    downloads(folder);
    uploads(folder);
    kept_alive(folder);
    encrypted(folder);
}

fn downloads(folder: &Path) {
    let list = &read(folder, "tomcat_download", Keys::Unused)[0].list;
    let asked = [
        ("GET /small.txt", Some(200)),
        ("GET /none", Some(404)),
        ("GET /mid.bin", Some(200)),
    ];
    assert_eq!(told(list), asked);
    assert_eq!(list[2].body_delivered, Some(20_000));
    for it in list {
        assert!(it.complete && it.body_acknowledged == it.body_delivered);
        assert!(it.body_expected.is_none() || it.body_expected == it.body_delivered);
    }
    let chunked = &read(folder, "tomcat_chunked", Keys::Unused)[0].list[0];
    assert_eq!(chunked.framing, Framing::Chunked);
    assert!(chunked.complete && chunked.body_delivered > Some(1_000));

    let ranges = read(folder, "tomcat_ranges", Keys::Unused);
    let statuses: Vec<_> = ranges.iter().map(|it| it.list[0].status).collect();
    assert_eq!(statuses, [Some(206), Some(206), Some(416)]);
    assert_eq!(ranges[0].list[0].body_delivered, Some(19_000));
    assert!(ranges.iter().all(|it| it.list[0].complete));
}

/// It answers before it has read the body, and takes no more of it.
fn uploads(folder: &Path) {
    let mut uploads = read(folder, "tomcat_refused_upload", Keys::Unused);
    uploads.extend(read(folder, "tomcat_reset_upload", Keys::Unused));
    assert_eq!(uploads.len(), 3);
    for it in &uploads {
        let it = &it.list[0];
        assert_eq!(told(std::slice::from_ref(it)), [("PUT /new", Some(405))]);
        assert_eq!(it.request_body_expected, Some(3_000_000));
        assert!(it.request_body_delivered < Some(3_000_000));
        assert!(it.response_complete && !it.request_complete && !it.complete);
        assert!(it.body_delivered > Some(100));
    }
    let waited = &uploads[1].list[0];
    assert!(waited.expects_continue && waited.interim.is_empty());
    assert_eq!(waited.request_body_delivered, Some(0));
    assert!(uploads[2].list[0].request_body_delivered > Some(10_000));
}

fn kept_alive(folder: &Path) {
    let idle = &read(folder, "tomcat_idle", Keys::Unused)[0].list;
    assert_eq!(told(idle), [("GET /none", Some(404))]);
    assert!(idle[0].complete && idle[0].close_announced.is_none());

    let unfinished = &read(folder, "tomcat_unfinished", Keys::Unused)[0].list;
    assert_eq!(told(unfinished), [("GET /none", None)]);
    assert!(!unfinished[0].request_complete && !unfinished[0].complete);

    let pipelined = &read(folder, "tomcat_pipelined", Keys::Unused)[0].list;
    let asked = [
        ("HEAD /small.txt", Some(200)),
        ("GET /none", Some(404)),
        ("GET /mid.bin", Some(200)),
    ];
    assert_eq!(told(pipelined), asked);
    assert_eq!(pipelined[0].body_expected, None);
    assert_eq!(pipelined[2].body_delivered, Some(20_000));
    assert_eq!(pipelined[2].close_announced, Some(Side::Client));
    assert!(pipelined.iter().all(|it| it.complete));
}

fn encrypted(folder: &Path) {
    for (name, version) in [("tomcat_tls12", "1.2"), ("tomcat_tls13", "1.3")] {
        let connection = &read(folder, name, Keys::Used)[0];
        assert_eq!(connection.list[0].protocol, Protocol::Tls(Some(version)));
        let tls = session(connection);
        assert_eq!(tls.handshake, TlsHandshake::Complete, "{name}");
        assert!(
            matches!(tls.close_notify, CloseNotify::Both | CloseNotify::Client),
            "{name}"
        );
        let inside = &connection.list[1..];
        assert_eq!(
            told(inside),
            [("GET /small.txt", Some(200)), ("GET /mid.bin", Some(200))]
        );
        assert_eq!(inside[1].body_delivered, Some(20_000));
        assert!(inside.iter().all(|it| it.complete), "{name}");
    }
    let connection = &read(folder, "tomcat_h2", Keys::Used)[0];
    assert_eq!(session(connection).alpn.as_deref(), Some("h2"));
    let inside = &connection.list[1..];
    let asked = [
        ("GET /small.txt", Some(200)),
        ("GET /mid.bin", Some(200)),
        ("GET /none", Some(404)),
    ];
    assert_eq!(told(inside), asked);
    assert!(
        inside
            .iter()
            .all(|it| it.complete && it.protocol == Protocol::Http2)
    );

    let upgraded = &read(folder, "tomcat_h2c_upgrade", Keys::Unused)[0].list;
    assert_eq!(
        told(upgraded),
        [("GET /mid.bin", Some(101)), ("GET /mid.bin", Some(200))]
    );
    assert_eq!(upgraded[1].protocol, Protocol::Http2);
    assert_eq!(
        (
            upgraded[1].http2.as_ref().map(|stream| stream.id),
            upgraded[1].body_delivered
        ),
        (Some(1), Some(20_000))
    );
    assert!(upgraded[1].complete);
}
