//! Running the program in tests.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing)]

pub mod lab;

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// The program with these arguments, colours decided by itself.
pub fn whyreset(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_whyreset"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs it.
pub fn run(arguments: &[&str]) -> Output {
    whyreset(arguments).output().unwrap()
}

/// Runs it with `input` on its standard input.
pub fn run_with_input(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = whyreset(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let bytes = input.to_vec();
    let writer = std::thread::spawn(move || {
        let _ = pipe.write_all(&bytes);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// The JSON document about these captures.
pub fn document(captures: &[&str]) -> serde_json::Value {
    let output = run(&[&["--json"], captures].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The document about a text on standard input.
pub fn document_of_text(text: &str) -> serde_json::Value {
    let output = run_with_input(&["--json", "-"], text.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// `bytes` as a gzip file.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
