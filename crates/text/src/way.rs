//! How a text is written: line by line, or as one document. Its beginning tells.

use crate::clean::Cleaner;
use crate::json_array::{ArrayReader, Malformed};
use crate::pdml::PdmlReader;
use crate::reader::{Line, Reader};
use crate::wrapping::MAX_WRAPPED;
use crate::{Reason, html, pdml, tshark_json};

/// What follows a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Follows {
    More,
    Nothing,
}

/// How a text is written.
pub(crate) enum Way {
    Lines(ByLine),
    Pdml(PdmlReader),
    /// An array of packets, and how many lines stand before it.
    Array(ArrayReader, u32),
}

impl Way {
    /// Reads the first piece of a text, and finds out how it is written.
    pub fn begin(text: &str, follows: Follows, reader: &mut Reader) -> Self {
        if pdml::is_pdml(text) {
            return Self::Pdml(PdmlReader::default()).then(text, follows, reader);
        }
        if let Some((before, array)) = tshark_json::split_at_array(text) {
            let mut lines = ByLine::new(before, false);
            lines.read(before, reader);
            lines.finish(reader);
            let way = Self::Array(ArrayReader::default(), lines.cleaner.count());
            return way.then(array, follows, reader);
        }
        let plain = Self::Lines(ByLine::new(text, false)).then(text, follows, reader);
        if !html::has_tags(text) {
            return plain;
        }
        // A text with tags may be a copied web page, or payload that holds one: what gives more rows is right.
        let mut other = Reader::default();
        let stripped = Self::Lines(ByLine::new(text, true)).then(text, follows, &mut other);
        let (found, without) = (reader.rows.len(), other.rows.len());
        let spoilt = reader.takes_tags_for_names() || reader.numbered() < other.numbered();
        if without < found || (without == found && !spoilt) {
            return plain;
        }
        *reader = other;
        stripped
    }

    fn then(mut self, text: &str, follows: Follows, reader: &mut Reader) -> Self {
        self.read(text, reader);
        if follows == Follows::Nothing {
            self.finish(reader);
        }
        self
    }

    /// Reads the next piece.
    pub fn read(&mut self, text: &str, reader: &mut Reader) {
        match self {
            Self::Lines(lines) => lines.read(text, reader),
            Self::Pdml(document) => {
                let mut names = std::mem::take(&mut reader.names);
                document.read(text, &mut names, &mut |line, packet| {
                    reader.take_structured(line, packet);
                });
                reader.names = names;
            }
            Self::Array(array, before) => {
                let mut names = std::mem::take(&mut reader.names);
                let line = before.saturating_add(1);
                let read = array.read(text, &mut names, &mut |packet| {
                    reader.take_structured(line, packet);
                });
                reader.names = names;
                report(read, *before, reader);
            }
        }
    }

    /// The text has ended.
    pub fn finish(&mut self, reader: &mut Reader) {
        match self {
            Self::Lines(lines) => lines.finish(reader),
            Self::Pdml(_) => {}
            Self::Array(array, before) => report(array.finish(), *before, reader),
        }
    }
}

fn report(read: Result<(), Malformed>, before: u32, reader: &mut Reader) {
    if let Err(Malformed(line)) = read {
        reader.report_unread(before.saturating_add(line), "", Reason::Malformed);
    }
}

/// A text that is read line by line.
pub(crate) struct ByLine {
    cleaner: Cleaner,
    /// The last lines: a packet that begins on them may go on.
    held: Vec<Line<'static>>,
}

impl ByLine {
    fn new(beginning: &str, tags: bool) -> Self {
        Self {
            cleaner: Cleaner::new(beginning, tags),
            held: Vec::new(),
        }
    }

    fn read(&mut self, text: &str, reader: &mut Reader) {
        let mut lines: Vec<Line<'_>> = std::mem::take(&mut self.held);
        lines.extend(self.cleaner.lines(text));
        let used = reader.read_lines(&lines, lines.len().saturating_sub(MAX_WRAPPED));
        self.held = lines.drain(used..).map(Line::into_owned).collect();
    }

    fn finish(&mut self, reader: &mut Reader) {
        let mut lines = std::mem::take(&mut self.held);
        lines.extend(self.cleaner.finish());
        reader.read_lines(&lines, lines.len());
        reader.finish_lines();
    }
}
