//! Which format a line is in: each is asked in turn, the usual ones first.

use super::{Line, MAX_LINE, Reader};
use crate::flow_graph::Drawn;
use crate::format::Format;
use crate::hosts::Names;
use crate::read::{Read, Reason};
use crate::tokens::shorten;
use crate::{
    cilium, compact, fortigate, fw_monitor, ladder, network_monitor, pktmon, pwru, smoltcp, snoop,
    tables, tcpdump_new, tcpdump_old, tshark_fields, tshark_json, wireshark_list,
};

/// Reads a row of one format.
type FormatReader = fn(&str, &mut Names) -> Read;

impl Reader {
    /// Titles of a table, a header of `-T fields`, and rows below them; lines of `-T ek`.
    pub(super) fn read_columns(&mut self, line: &Line<'_>) -> bool {
        let text = shorten(&line.text, MAX_LINE);
        let json = tshark_json::read_ek_line(&line.text, &mut self.names)
            .or_else(|| self.flows.read_json(&line.text, &mut self.names));
        if let Some(mut read) = json {
            if let Read::Row(row) = &mut read {
                row.stands_in(line);
            }
            self.take_structured(line.number, read);
            return true;
        }
        if let Some(header) =
            tshark_fields::read_header(text).or_else(|| tshark_fields::read_command(text))
        {
            self.fields_header = Some(header);
            self.prose_since_packet = true;
            return true;
        }
        if let Some(header) = &self.fields_header {
            let read = tshark_fields::read_row(text, header, &mut self.names);
            if !matches!(read, Read::No) {
                self.take(read, line, text);
                return true;
            }
        }
        self.read_table(line)
    }

    /// A line of Wireshark's flow graph, whose bars would else make it a table.
    pub(super) fn read_flow_graph(&mut self, line: &Line<'_>) -> bool {
        if !line.text.contains('|') {
            return false;
        }
        match self
            .graph
            .read_line(&line.text, line.number, &mut self.names)
        {
            Drawn::No => return false,
            Drawn::Part => {}
            Drawn::Packet(row) => self.push(*row),
            Drawn::Foreign(other) => self.pass_other(other),
        }
        true
    }

    fn read_table(&mut self, line: &Line<'_>) -> bool {
        let records = match line.text.contains('"') {
            true => tables::split_records(&line.text),
            false => vec![&*line.text],
        };
        let mut any = false;
        for record in records {
            let Some(cells) = tables::cells(shorten(record, MAX_LINE)) else {
                continue;
            };
            if tables::is_rule(&cells) {
                any = true;
                continue;
            }
            if let Some(titles) = tables::titles(&cells) {
                self.titles = Some(titles);
                self.prose_since_packet = true;
                any = true;
                continue;
            }
            let read = tables::read_cells(
                &cells,
                self.titles.as_deref(),
                &mut self.names,
                &mut self.middle,
            );
            if !matches!(read, Read::No) {
                self.take(read, line, record);
                any = true;
            }
        }
        any
    }

    pub(super) fn read_packet(&mut self, text: &str) -> Read {
        let text = shorten(text, MAX_LINE);
        let read = match tcpdump_new::read_packet(text, &mut self.names) {
            Read::Row(row) => pktmon::complete(row, text, &mut self.points),
            read => read,
        };
        if !matches!(read, Read::No) {
            return read;
        }
        let usual: [FormatReader; 3] = [
            tcpdump_old::read_packet,
            fortigate::read_row,
            snoop::read_row,
        ];
        let read = self.read_any(&usual, text);
        if !matches!(read, Read::No) {
            return read;
        }
        let read = self.sessions.read_row(text, &mut self.names);
        if !matches!(read, Read::No) {
            return read;
        }
        let read = wireshark_list::read_row(text, &mut self.names, &mut self.middle);
        if !matches!(read, Read::No) {
            return read;
        }
        match compact::read_row(text, &mut self.names) {
            Read::No => match tcpdump_new::read_other(text) {
                Some(other) => Read::Foreign(other),
                None => self.read_rare(text),
            },
            Read::Row(row) => pwru::complete(row, text, &mut self.points),
            read => read,
        }
    }

    /// What the first of these formats makes of the line.
    fn read_any(&mut self, formats: &[FormatReader], text: &str) -> Read {
        let mut read = formats.iter().map(|format| format(text, &mut self.names));
        read.find(|read| !matches!(read, Read::No))
            .unwrap_or(Read::No)
    }

    /// Formats that few texts have: what the usual ones do not know is asked for them.
    fn read_rare(&mut self, text: &str) -> Read {
        let stateless: [FormatReader; 3] = [
            network_monitor::read_short_row,
            fortigate::read_flow_row,
            smoltcp::read_row,
        ];
        let read = self.read_any(&stateless, text);
        if !matches!(read, Read::No) {
            return read;
        }
        let read = cilium::read_row(text, &mut self.names, &mut self.flows);
        if !matches!(read, Read::No) {
            return read;
        }
        match fw_monitor::read_row(text, &mut self.names, &mut self.points) {
            Read::No => self.read_ladder(text),
            read => read,
        }
    }

    /// A line drawn by hand: only where nothing else has been read, and data only behind flags.
    fn read_ladder(&mut self, text: &str) -> Read {
        if self.formats.iter().any(|format| *format != Format::Ladder) {
            return Read::No;
        }
        match ladder::read_row(text, &mut self.names) {
            Read::Row(row) if row.flags.is_none() && self.rows.is_empty() => Read::No,
            Read::No if !self.rows.is_empty() && ladder::is_drawn(text) => {
                Read::Unread(Reason::Numbers)
            }
            read => read,
        }
    }
}
