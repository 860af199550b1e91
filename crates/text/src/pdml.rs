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

/// Reads every packet, one call of `take` for each with the line it begins on.
pub(crate) fn read_packets(text: &str, names: &mut Names, take: &mut dyn FnMut(u32, Read)) {
    let mut fields = FieldSet::default();
    let mut begins = 1_u32;
    for (line, number) in text.lines().zip(1_u32..) {
        for tag in line.split('<').skip(1) {
            if tag.starts_with("packet>") {
                fields = FieldSet::default();
                begins = number;
            } else if tag.starts_with("/packet>") && !fields.is_empty() {
                take(
                    begins,
                    read_fields(&std::mem::take(&mut fields), Format::Pdml, names),
                );
            } else if tag.starts_with("field ")
                && let (Some(name), Some(show)) =
                    (attribute(tag, " name=\""), attribute(tag, " show=\""))
            {
                fields.add(name, &html_escape::decode_html_entities(show));
            }
        }
    }
}

fn attribute<'a>(tag: &'a str, start: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(start)?;
    rest.split_once('"').map(|(value, _)| value)
}
