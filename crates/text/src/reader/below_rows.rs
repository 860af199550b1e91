//! What stands below a row and belongs to it: details, payload, a hex dump.

use super::lists::compatible;
use super::{Line, Reader};
use crate::application::AppHint;
use crate::details::{self, Detail, Details};
use crate::format::Format;
use crate::read::Read;
use crate::{fields, ssldump};

impl Reader {
    /// A line that opens the details of a packet.
    pub(super) fn read_details_title(&mut self, line: &Line<'_>) -> bool {
        let kind = details::kind(&line.text, self.details.is_some());
        let has_tcp = self
            .details
            .as_ref()
            .is_some_and(|details| details.fields.get("tcp_srcport").is_some());
        match kind {
            Detail::Frame => self.finish_details(),
            Detail::Tcp if has_tcp => self.finish_details(),
            Detail::Tcp => {}
            Detail::Inside | Detail::No => return false,
        }
        if self.details.is_none() {
            self.details_of = self.payload_row.filter(|_| !self.prose_since_packet);
        }
        let details = self.details.get_or_insert_with(|| Details::new(line));
        details.read_line(&line.text);
        true
    }

    /// A line within the details of a packet.
    pub(super) fn read_detail(&mut self, text: &str) -> bool {
        let Some(details) = self.details.as_mut() else {
            return false;
        };
        if details::kind(text, true) != Detail::Inside {
            return false;
        }
        details.read_line(text);
        true
    }

    pub(super) fn finish_details(&mut self) {
        let Some(Details { line, fields, .. }) = self.details.take() else {
            return;
        };
        self.finish_dump();
        let read = fields::read_fields(&fields, Format::Details, &mut self.names);
        let Read::Row(mut row) = read else {
            return self.take_structured(line.number, read);
        };
        row.stands_in(&line);
        let same = self.details_of.take().and_then(|at| self.row_mut(at));
        if row.frame.is_none()
            && let Some(same) = same.filter(|same| compatible(same, &row))
        {
            same.complete_from(*row);
            self.formats.insert(Format::Details);
            return;
        }
        self.push(*row);
    }

    /// A line of payload that tcpdump or tshark printed below its row.
    pub(super) fn read_payload_line(&mut self, text: &str) -> bool {
        if self.payload_row.is_none() && self.details.is_none() {
            return false;
        }
        let hex = self.dump.read_line(text);
        // The text dump begins with the IP header: `E` is version 4, a backtick version 6.
        let begins = !self.prose_since_packet && (text.starts_with("E.") || text.starts_with('`'));
        self.in_payload |= hex || begins;
        hex
    }

    pub(super) fn finish_dump(&mut self) {
        self.in_payload = false;
        if self.dump.is_empty() {
            return;
        }
        let dump = std::mem::take(&mut self.dump);
        if let Some(row) = self.payload_row.and_then(|at| self.row_mut(at)) {
            dump.complete(row);
            let head = row
                .payload
                .split(|byte| *byte == b'\n')
                .next()
                .unwrap_or(&[]);
            if row.app == AppHint::None
                && let Some(hint) = AppHint::from_http_line(&String::from_utf8_lossy(head))
            {
                row.app = hint;
            }
        }
    }

    /// A line that is no packet: payload that tcpdump printed below its row, or prose.
    pub(super) fn take_prose(&mut self, text: &str) {
        self.prose_since_packet = true;
        let Some(row) = self.payload_row.and_then(|at| self.row_mut(at)) else {
            return;
        };
        if row.format == Format::Ssldump {
            ssldump::complete(row, text);
        } else if row.app == AppHint::None
            && row.len != Some(0)
            && let Some(hint) = AppHint::from_payload_line(text)
        {
            row.app = hint;
        }
    }
}
