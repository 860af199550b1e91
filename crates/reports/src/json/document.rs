//! The document as a whole, written piece by piece.

use std::io::{self, Write};

use whyreset_capture::Timestamp;
use whyreset_connections::{Brief, BySide, Ending, LoneSyn, Marks};
use whyreset_exchanges::Exchanges;
use whyreset_segments::HostNames;

use super::connection::{self, Identity};
use super::template::Template;
use super::times::rfc3339;
use super::unread::Unread;
use super::writer::{Object, ToJson, name};
use crate::{CaptureFacts, Findings, Judged};

/// Writes a `whyreset/1` document to `out` as connections come, many of them at a time.
#[derive(Debug)]
pub struct Document<W> {
    out: W,
    /// What has not been written out yet.
    buffer: Vec<u8>,
    connections: u64,
    /// The verdicts on connections that ended well, by who closed first, once they were needed.
    well: BySide<Option<Template>>,
    /// The verdict on downloads whose promise was not captured, once it was needed.
    unread: Option<Unread>,
}

/// Bytes that are written out together.
const TOGETHER: usize = 64 << 10;

const HEAD: &[u8] = b"{\"schema\":\"whyreset/1\",\n\"connections\":[\n";

impl<W: Write> Document<W> {
    /// A document of which nothing has been written yet: that begins with the first connection, or with the end.
    pub fn new(out: W) -> Self {
        Self {
            out,
            buffer: Vec::with_capacity(TOGETHER + 4096),
            connections: 0,
            well: BySide::default(),
            unread: None,
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
        connection::write(self.next()?, judged, origin, names);
        Ok(())
    }

    /// Writes a connection that is one SYN, with what was found of it.
    ///
    /// # Errors
    /// When the output cannot be written to.
    pub fn lone_syn(
        &mut self,
        syn: &LoneSyn,
        findings: &Findings,
        origin: Timestamp,
        names: &HostNames,
    ) -> io::Result<()> {
        let out = self.next()?;
        Identity::of_lone_syn(syn, &syn.ends(), origin, names).write(out);
        findings.template.write(out, syn.at().frame);
        Ok(())
    }

    /// Writes one connection that is told in brief.
    ///
    /// # Errors
    /// When the output cannot be written to.
    pub fn brief(
        &mut self,
        connection: &Brief<Exchanges>,
        origin: Timestamp,
        names: &HostNames,
    ) -> io::Result<()> {
        let closer = connection.closed_first;
        if let (Ending::Unread, Some(last)) = (connection.ending, connection.app.list.last()) {
            let frame = connection.fins.of(closer).frame;
            self.next()?;
            let told = self.unread.get_or_insert_with(Unread::new);
            let out = &mut self.buffer;
            match told.on(last, frame) {
                Some(verdict) => {
                    connection::write_brief(out, connection, &verdict, origin, names);
                }
                None => {
                    let verdict = whyreset_verdicts::unread(last, frame);
                    connection::write_any_brief(out, connection, &verdict, origin, names);
                }
            }
            return Ok(());
        }
        self.next()?;
        let well = self.well.of_mut(closer);
        let verdict = well.get_or_insert_with(|| connection::all_well(closer));
        let filled = connection::Filled::at(verdict, connection.fins.of(closer).frame);
        connection::write_brief(&mut self.buffer, connection, &filled, origin, names);
        Ok(())
    }

    /// The buffer, for the next connection to be appended.
    fn next(&mut self) -> io::Result<&mut Vec<u8>> {
        if self.buffer.len() >= TOGETHER {
            self.write_out()?;
        }
        let before: &[u8] = if self.connections == 0 { HEAD } else { b",\n" };
        self.connections += 1;
        self.buffer.extend_from_slice(before);
        Ok(&mut self.buffer)
    }

    fn write_out(&mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    /// Ends the document with what is known of the inputs, and gives the output back.
    ///
    /// # Errors
    /// When the output cannot be written to.
    pub fn end(mut self, captures: &[CaptureFacts]) -> io::Result<W> {
        if self.connections == 0 {
            self.buffer.extend_from_slice(HEAD);
        }
        self.buffer.extend_from_slice(b"\n],\n\"captures\":");
        captures.write(&mut self.buffer);
        self.buffer.extend_from_slice(b"}\n");
        self.write_out()?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl ToJson for CaptureFacts {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        object.field(name!("path"), &self.path);
        object.field(name!("format"), &self.format);
        object.field(name!("packets"), &self.packets);
        object.field(name!("bytes"), &self.bytes);
        object.field(name!("first_time"), &self.first_time.map(rfc3339));
        object.field(name!("last_time"), &self.last_time.map(rfc3339));
        object.field(name!("warnings"), self.warnings.as_slice());
        object.end();
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
