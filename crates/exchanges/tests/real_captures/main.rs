//! Captures of nginx and curl: what must be found in them, in those that are kept and in fresh ones.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may panic: that is how it fails"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use whyreset_capture::{CaptureReader, Step, Timestamp};
use whyreset_connections::{Engine, EngineConfig, Side};
use whyreset_exchanges::{
    CloseNotify, Exchange, Exchanges, Framing, KeyLog, Protocol, Tls, TlsHandshake, Tracker,
};
use whyreset_frames::{Dissector, Found};

#[test]
fn the_captures_that_are_kept() {
    check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures"));
}

#[test]
fn fresh_captures() {
    let tools = [
        "nginx", "apache2", "curl", "openssl", "tcpdump", "unshare", "ip",
    ];
    let missing: Vec<_> = tools
        .into_iter()
        .filter(|tool| {
            let found = Command::new("sh")
                .args([
                    "-c",
                    &format!("PATH=$PATH:/usr/sbin:/sbin command -v {tool}"),
                ])
                .output();
            !found.is_ok_and(|found| found.status.success())
        })
        .collect();
    let unshared = Command::new("unshare").args(["--net", "true"]).output();
    let allowed = unshared.is_ok_and(|result| result.status.success());
    if !missing.is_empty() || !allowed {
        let reason = if missing.is_empty() {
            "no namespace may be made".to_owned()
        } else {
            format!("{} not installed", missing.join(", "))
        };
        assert!(
            std::env::var_os("CI").is_none(),
            "no fresh captures: {reason}"
        );
        eprintln!("SKIPPED fresh captures: {reason}");
        return;
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("fresh-captures");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/make.sh");
    let made = Command::new("bash")
        .arg(script)
        .arg(&folder)
        .env("PATH", path_with_sbin())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&made.stderr).into_owned();
    assert!(made.status.success(), "{said}");
    check(&folder);
}

fn path_with_sbin() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:/usr/sbin:/sbin")
}

fn check(folder: &Path) {
    plain_downloads(folder);
    ranges_and_uploads(folder);
    apache(folder);
    decrypted_downloads(folder);
    without_keys(folder);
    refusals(folder);
    http2(folder);
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
    assert_eq!(inside[1].stream_id, Some(3));
    assert!(
        inside
            .iter()
            .all(|it| it.complete && it.protocol == Protocol::Http2)
    );

    let aborted = &read(folder, "h2_aborted", Keys::Used)[0].list[1];
    assert_eq!(aborted.body_expected, Some(20_000));
    assert!(aborted.body_delivered < Some(20_000) && !aborted.complete);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    Used,
    Unused,
}

/// The connections of a capture, in order.
fn read(folder: &Path, name: &str, keys: Keys) -> Vec<Exchanges> {
    let bytes = std::fs::read(folder.join(name).with_extension("pcap")).unwrap();
    let log = KeyLog::default();
    if keys == Keys::Used {
        log.add(&std::fs::read(folder.join(name).with_extension("keys")).unwrap());
    }
    let mut engine = Engine::with_prototype(EngineConfig::default(), Tracker::with_keys(log));
    let (mut reader, mut dissector) = (CaptureReader::new(), Dissector::new());
    let mut rest = bytes.as_slice();
    loop {
        let consumed = match reader.step(rest, true) {
            Step::Record(at) => {
                let record = at.record(rest);
                let time = record.time.unwrap_or(Timestamp::default());
                dissector.dissect(&record, time, &mut |found| {
                    if let Found::Segment(segment) = found {
                        engine.segment(&segment, None);
                    }
                });
                u64::from(at.consumed)
            }
            Step::Skip { consumed } | Step::Counted { consumed, .. } => consumed,
            Step::End(_) => break,
            other => panic!("{name}: {other:?}"),
        };
        rest = rest
            .get(usize::try_from(consumed).unwrap()..)
            .unwrap_or(&[]);
    }
    engine.finish();
    let mut connections = Vec::new();
    while let Some(connection) = engine.next_finished() {
        connections.push((connection.stream, connection.app.into_exchanges()));
    }
    connections.sort_by_key(|(stream, _)| *stream);
    connections.into_iter().map(|(_, it)| it).collect()
}

fn session(connection: &Exchanges) -> &Tls {
    connection.list[0].tls.as_ref().unwrap()
}

fn told(list: &[Exchange]) -> Vec<(&str, Option<u16>)> {
    list.iter()
        .map(|it| (it.request.as_deref().unwrap_or("?"), it.status))
        .collect()
}
