//! `tshark -T pdml`: XML with one `<field name="tcp.seq" show="1">` per field.
//!
//! Only names and values of fields are wanted, so the tags are found by their beginning and not as a tree.

use crate::fields::{FieldSet, read_fields};
use crate::format::Format;
use crate::hosts::Names;
use crate::read::Read;

/// Whether the text is PDML.
pub(crate) fn is_pdml(text: &str) -> bool {
    let head = crate::tokens::shorten(text, 4_096);
    head.contains("<pdml") || head.contains("<packet>")
}

/// Reads packets out of a document that comes in pieces of whole lines.
#[derive(Debug, Default)]
pub(crate) struct PdmlReader {
    fields: FieldSet,
    /// How many lines there were.
    count: u32,
    /// The line that the packet begins on.
    begins: Option<u32>,
}

impl PdmlReader {
    /// Reads the packets that end in the next piece, one call of `take` for each with the line it begins on.
    pub fn read(&mut self, text: &str, names: &mut Names, take: &mut dyn FnMut(u32, Read)) {
        for line in text.lines() {
            self.count = self.count.saturating_add(1);
            for tag in line.split('<').skip(1) {
                self.read_tag(tag, names, take);
            }
        }
    }

    fn read_tag(&mut self, tag: &str, names: &mut Names, take: &mut dyn FnMut(u32, Read)) {
        if tag.starts_with("packet>") {
            self.fields = FieldSet::default();
            self.begins = Some(self.count);
        } else if tag.starts_with("/packet>") && !self.fields.is_empty() {
            let fields = std::mem::take(&mut self.fields);
            let read = read_fields(&fields, Format::Pdml, names);
            take(self.begins.unwrap_or(1), read);
        } else if tag.starts_with("field ")
            && let (Some(name), Some(show)) =
                (attribute(tag, " name=\""), attribute(tag, " show=\""))
        {
            self.fields
                .add(name, &html_escape::decode_html_entities(show));
        }
    }
}

fn attribute<'a>(tag: &'a str, start: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(start)?;
    rest.split_once('"').map(|(value, _)| value)
}
