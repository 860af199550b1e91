//! Calling the program, and reading as much of its document as the score needs.

use serde::Deserialize;
use std::path::Path;
use std::process::{Command, Stdio};

/// The program's answer for one capture.
#[derive(Debug, Default, Deserialize)]
pub struct Document {
    /// All connections it found.
    pub connections: Vec<Judged>,
    /// Why there is no answer.
    #[serde(skip)]
    pub failure: Option<String>,
}

/// One connection as the program sees it.
#[derive(Clone, Debug, Deserialize)]
pub struct Judged {
    /// The side it takes for the client.
    pub client: End,
    /// The other side.
    pub server: End,
    /// Where its packets are.
    pub frames: Frames,
    /// What happened.
    pub outcome: String,
    /// Where the capture was taken, as it believes.
    #[serde(default)]
    pub vantage: String,
    /// Why.
    pub verdict: Verdict,
}

/// One end of a connection.
#[derive(Clone, Debug, Deserialize)]
pub struct End {
    /// The address.
    pub ip: String,
    /// The port.
    pub port: u16,
}

/// A count of packets.
#[derive(Clone, Debug, Deserialize)]
pub struct Frames {
    /// How many.
    pub count: u64,
}

/// The verdict.
#[derive(Clone, Debug, Deserialize)]
pub struct Verdict {
    /// The cause.
    pub cause: String,
    /// Who ended it.
    pub ended_by: String,
    /// How probable it is.
    pub confidence: f64,
}

/// Runs the program on a capture.
pub fn judge(program: &Path, capture: &Path) -> Document {
    let output = Command::new(program)
        .arg("--json")
        .arg(capture)
        .stdin(Stdio::null())
        .output();
    let failed = |failure: String| Document {
        failure: Some(failure),
        ..Document::default()
    };
    match output {
        Err(error) => failed(format!("cannot run {}: {error}", program.display())),
        Ok(output) => serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().last().unwrap_or_default();
            failed(format!(
                "no document ({error}); it ended with {} and said: {last}",
                output.status
            ))
        }),
    }
}
