//! The document as a whole, written piece by piece.

use std::io::{self, Write};

use serde::Serialize;
use whyreset_capture::Timestamp;
use whyreset_connections::Marks;
use whyreset_segments::HostNames;

use super::connection::ConnectionJson;
use super::times::rfc3339;
use crate::{CaptureFacts, Judged};

/// Writes a `whyreset/1` document to `out` as connections come.
#[derive(Debug)]
pub struct Document<W> {
    out: W,
    buffer: Vec<u8>,
    connections: u64,
}

const HEAD: &[u8] = b"{\"schema\":\"whyreset/1\",\n\"connections\":[\n";

impl<W: Write> Document<W> {
    /// A document of which nothing has been written yet: that begins with the first connection, or with the end.
    pub fn new(out: W) -> Self {
        Self {
            out,
            buffer: Vec::with_capacity(4096),
            connections: 0,
        }
    }

    /// Writes one connection. `origin` is the time of the first frame of the capture: all times count from there.
    ///
    /// # Errors
    /// When the output cannot be written to.
    pub fn connection(
        &mut self,
        judged: &Judged,
        origin: Timestamp,
        names: &HostNames,
    ) -> io::Result<()> {
        self.buffer.clear();
        self.buffer
            .extend_from_slice(if self.connections == 0 { HEAD } else { b",\n" });
        serde_json::to_writer(
            &mut self.buffer,
            &ConnectionJson::new(judged, origin, names),
        )?;
        self.connections += 1;
        self.out.write_all(&self.buffer)
    }

    /// Ends the document with what is known of the inputs, and gives the output back.
    ///
    /// # Errors
    /// When the output cannot be written to.
    pub fn end(mut self, captures: &[CaptureFacts]) -> io::Result<W> {
        if self.connections == 0 {
            self.out.write_all(HEAD)?;
        }
        self.out.write_all(b"\n],\n\"captures\":")?;
        let captures: Vec<_> = captures.iter().map(CaptureJson::new).collect();
        serde_json::to_writer(&mut self.out, &captures)?;
        self.out.write_all(b"}\n")?;
        self.out.flush()?;
        Ok(self.out)
    }
}

#[derive(Serialize)]
struct CaptureJson<'a> {
    path: &'a str,
    format: &'a str,
    packets: u64,
    bytes: u64,
    first_time: Option<String>,
    last_time: Option<String>,
    warnings: &'a [String],
}

impl<'a> CaptureJson<'a> {
    fn new(facts: &'a CaptureFacts) -> Self {
        Self {
            path: &facts.path,
            format: &facts.format,
            packets: facts.packets,
            bytes: facts.bytes,
            first_time: facts.first_time.map(rfc3339),
            last_time: facts.last_time.map(rfc3339),
            warnings: &facts.warnings,
        }
    }
}

/// Writes one line of `whyreset events --json`: a flagged frame with Wireshark's names for its flags.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write_event<W: Write>(mut out: W, frame: u64, stream: u64, marks: Marks) -> io::Result<()> {
    write!(out, "{{\"frame\":{frame},\"stream\":{stream},\"flags\":[")?;
    for (index, name) in marks.wireshark_names().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(out, "{comma}\"{name}\"")?;
    }
    out.write_all(b"]}\n")
}
