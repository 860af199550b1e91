//! The secrets of TLS inside a pcapng (its decryption secrets block) are used without being asked for.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::process::Command;

#[test]
fn secrets_in_the_capture_open_its_sessions() {
    let inside = exchanges("tls13_secrets_inside.pcapng");
    assert_eq!(inside[0]["protocol"], "tls/1.3");
    assert_eq!(inside[1]["request"], "GET /x");
    assert_eq!(inside[1]["status"], 200);
    assert_eq!(inside[1]["complete"], true);
    // The same packets without the block tell the session alone.
    let bare = exchanges("tls13_aes128.pcap");
    assert_eq!(bare.as_array().unwrap().len(), 1);
}

fn exchanges(name: &str) -> serde_json::Value {
    let capture = format!(
        "{}/crates/exchanges/tests/fixtures/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    let done = Command::new(env!("CARGO_BIN_EXE_whyreset"))
        .args(["--json", &capture])
        .output()
        .unwrap();
    let document: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    document["connections"][0]["exchanges"].clone()
}
