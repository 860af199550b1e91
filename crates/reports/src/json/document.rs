//! The document as a whole, written piece by piece.

use std::io::{self, Write};

use whyreset_capture::Timestamp;
use whyreset_connections::{Brief, BySide, Ending, LoneSyn, Marks};
use whyreset_exchanges::Exchanges;
use whyreset_segments::HostNames;

use super::connection::{self, Identity};
use super::page::Page;
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
    page: Page,
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
            page: Page::new(TOGETHER),
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
        let page = self.next()?;
        Identity::of_lone_syn(syn, &syn.ends(), origin, names).put_down(page);
        let filled = connection::Filled::at(&findings.template, syn.at().frame);
        if page.put(&filled).is_none() {
            page.append(|out| filled.write(out));
        }
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
            let page = &mut self.page;
            match told.on(last, frame) {
                Some(verdict) => {
                    connection::write_brief(page, connection, &verdict, origin, names);
                }
                None => {
                    let verdict = whyreset_verdicts::unread(last, frame);
                    page.append(|out| {
                        connection::write_any_brief(out, connection, &verdict, origin, names)
                    });
                }
            }
            return Ok(());
        }
        self.next()?;
        let well = self.well.of_mut(closer);
        let verdict = well.get_or_insert_with(|| connection::all_well(closer));
        let filled = connection::Filled::at(verdict, connection.fins.of(closer).frame);
        connection::write_brief(&mut self.page, connection, &filled, origin, names);
        Ok(())
    }

    /// The page, for the next connection to be put down.
    #[inline(always)]
    fn next(&mut self) -> io::Result<&mut Page> {
        if self.page.len() >= TOGETHER {
            self.page.write_out(&mut self.out)?;
        }
        match self.connections {
            0 => self.page.bytes(HEAD),
            _ => self.page.text(b",\n"),
        }
        self.connections += 1;
        Ok(&mut self.page)
    }

    /// Ends the document with what is known of the inputs, and gives the output back.
    ///
    /// # Errors
    /// When the output cannot be written to.
    pub fn end(mut self, captures: &[CaptureFacts]) -> io::Result<W> {
        if self.connections == 0 {
            self.page.bytes(HEAD);
        }
        self.page.bytes(b"\n],\n\"captures\":");
        self.page.append(|out| captures.write(out));
        self.page.bytes(b"}\n");
        self.page.write_out(&mut self.out)?;
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
