//! Reading a capture with the crates alone, and making fresh ones.

use std::path::{Path, PathBuf};
use std::process::Command;

use whyreset_capture::{CaptureReader, Step, Timestamp};
use whyreset_connections::{Engine, EngineConfig};
use whyreset_exchanges::{Exchange, Exchanges, KeyLog, Tls, Tracker};
use whyreset_frames::{Dissector, Found};

/// Whether the key log beside a capture is used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    Used,
    Unused,
}

/// The folder of the captures that are kept.
pub fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// Makes fresh captures with `script`; `None`, said aloud, where a tool is missing or no namespace may be made.
pub fn fresh(script: &str, tools: &[&str]) -> Option<PathBuf> {
    let missing: Vec<_> = tools
        .iter()
        .chain(&["unshare", "ip"])
        .filter(|tool| !is_there(tool))
        .copied()
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
            "no fresh captures of {script}: {reason}"
        );
        eprintln!("SKIPPED fresh captures of {script}: {reason}");
        return None;
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("fresh-{script}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let made = Command::new("bash")
        .arg(kept().join(script))
        .arg(&folder)
        .env("PATH", path_with_sbin())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&made.stderr).into_owned();
    assert!(made.status.success(), "{said}");
    Some(folder)
}

fn is_there(tool: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {tool}")])
        .env("PATH", path_with_sbin())
        .output();
    found.is_ok_and(|found| found.status.success())
}

fn path_with_sbin() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:/usr/sbin:/sbin")
}

/// The connections of a capture, in order.
pub fn read(folder: &Path, name: &str, keys: Keys) -> Vec<Exchanges> {
    let capture = std::fs::read(folder.join(name).with_extension("pcap")).unwrap();
    let log = KeyLog::default();
    if keys == Keys::Used {
        log.add(&std::fs::read(folder.join(name).with_extension("keys")).unwrap());
    }
    exchanges(&capture, log, |_| true)
}

/// The same of a capture's bytes, without the frames that `holds` denies.
pub fn exchanges(capture: &[u8], log: KeyLog, holds: impl Fn(u64) -> bool) -> Vec<Exchanges> {
    let mut engine = Engine::with_prototype(EngineConfig::default(), Tracker::with_keys(log));
    let (mut reader, mut dissector) = (CaptureReader::new(), Dissector::new());
    let mut rest = capture;
    loop {
        let consumed = match reader.step(rest, true) {
            Step::Record(at) => {
                let record = at.record(rest);
                let time = record.time.unwrap_or(Timestamp::default());
                dissector.dissect(&record, time, &mut |found| {
                    if let Found::Segment(segment) = found
                        && holds(segment.frame)
                    {
                        engine.segment(&segment, None);
                    }
                });
                u64::from(at.consumed)
            }
            Step::Skip { consumed } | Step::Counted { consumed, .. } => consumed,
            Step::End(_) => break,
            other => panic!("{other:?}"),
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

/// The TLS session of a connection.
pub fn session(connection: &Exchanges) -> &Tls {
    connection.list[0].tls.as_ref().unwrap()
}

/// Requests and statuses.
pub fn told(list: &[Exchange]) -> Vec<(&str, Option<u16>)> {
    list.iter()
        .map(|it| (it.request.as_deref().unwrap_or("?"), it.status))
        .collect()
}
