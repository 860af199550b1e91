//! Solaris snoop's summary lines: `3 0.00012 client -> server TCP D=8080 S=40123 Rst Ack=991123 Seq=2345 Len=0 Win=32850`.
//!
//! The numbers are those of the header, Len is the payload, the window is as in the header (snoop(1M)).

use whyreset_segments::TcpFlags;

use crate::format::Format;
use crate::hosts::Names;
use crate::raw_row::{Numbering, RawRow, Window};
use crate::read::Read;
use crate::tcpdump_new::read_option_list;
use crate::tokens::{Token, integer, tokens};
use crate::wireshark_list::read_columns_before;

/// Reads one row.
pub(crate) fn read_row(line: &str, names: &mut Names) -> Read {
    let Some(at) = line.find(" D=") else {
        return Read::No;
    };
    let (before, rest) = line.split_at_checked(at).unwrap_or((line, ""));
    if before.trim_end().ends_with(" IP") && rest.contains("LEN=") {
        // `-V` writes a line for each layer; TCP's follows.
        return Read::beside();
    }
    let words = tokens(before);
    let Some((last, columns)) = words.split_last() else {
        return Read::No;
    };
    if last.text != "TCP" {
        return Read::No;
    }
    let (fields, options) = match rest.split_once("Options=<") {
        Some((fields, options)) => (fields, Some(options)),
        None => (rest, None),
    };
    let fields = tokens(fields);
    let ports = port(&fields, "S=").zip(port(&fields, "D="));
    let Some((source, destination)) = ports else {
        return Read::No;
    };
    let Some(mut row) = read_columns_before(columns, Some((source, destination)), names) else {
        return Read::No;
    };
    row.format = Format::Snoop;
    row.numbering = Numbering::Absolute;
    read_fields(&fields, &mut row);
    let closed = options.is_none_or(|list| {
        let (list, closed) = list
            .split_once('>')
            .map_or((list, false), |(list, _)| (list, true));
        read_option_list(&list.replace("tstamp", "timestamp"), &mut row) && closed
    });
    row.all_options = closed && row.window != Window::Unsaid;
    Read::row(row)
}

fn port<'a>(fields: &[Token<'a>], name: &str) -> Option<&'a str> {
    fields
        .iter()
        .find_map(|field| field.text.strip_prefix(name))
        .filter(|port| !port.is_empty())
}

fn read_fields(fields: &[Token<'_>], row: &mut RawRow) {
    let mut flags = TcpFlags::NONE;
    for field in fields {
        match field.text {
            "Syn" => flags = flags | TcpFlags::SYN,
            "Fin" => flags = flags | TcpFlags::FIN,
            "Rst" => flags = flags | TcpFlags::RST,
            "Push" => flags = flags | TcpFlags::PSH,
            _ => {}
        }
        match field.text.split_once('=') {
            Some(("Ack", value)) => {
                flags = flags | TcpFlags::ACK;
                row.ack = integer(value);
            }
            Some(("Seq", value)) => row.seq = integer(value),
            Some(("Len", value)) => row.len = integer(value),
            Some(("Win", value)) => {
                row.window = integer(value).map_or(Window::Unsaid, Window::Unscaled);
            }
            Some(("Urg", value)) => {
                flags = flags | TcpFlags::URG;
                row.urgent = integer(value);
            }
            _ => {}
        }
    }
    row.flags = Some(flags);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::Port;

    fn row(line: &str) -> RawRow {
        read_row(line, &mut Names::default()).into_row()
    }

    #[test]
    fn numbered_and_timed() {
        let row = row(
            "  1   0.00000 client.example.com -> server TCP D=8080 S=40123 Syn Seq=2345678901 Len=0 Win=32850 Options=<nop,nop,sackOK,mss 1460>",
        );
        assert_eq!(row.frame, Some(1));
        assert_eq!(row.flags, Some(TcpFlags::SYN));
        assert_eq!(row.source.port, Port::Number(40_123));
        assert_eq!(row.destination.port, Port::Number(8080));
        assert_eq!((row.seq, row.len), (Some(2_345_678_901), Some(0)));
        assert_eq!(row.options.mss, Some(1460));
        assert!(row.all_options);
    }

    #[test]
    fn a_reset_without_columns() {
        let row = row("10.1.1.9 -> 10.1.1.5     TCP D=33012 S=1521 Rst Ack=2 Win=0");
        assert_eq!(row.flags, Some(TcpFlags::RST | TcpFlags::ACK));
        assert_eq!((row.seq, row.ack, row.len), (None, Some(2), None));
        assert_eq!(row.window, Window::Unscaled(0));
    }

    #[test]
    fn lines_of_the_layers_below_are_no_rows() {
        let line = "  1   0.0 10.0.0.5 -> 10.0.0.9 IP  D=10.0.0.9 S=10.0.0.5 LEN=60, ID=48397";
        let read = read_row(line, &mut Names::default());
        assert!(matches!(read, Read::Foreign(_)));
    }

    #[test]
    fn prose_is_no_row() {
        for line in [
            "set D=1 S=2",
            "a TCP D=1",
            " D=",
            "x -> y UDP D=53 S=1 LEN=4",
        ] {
            assert!(
                matches!(read_row(line, &mut Names::default()), Read::No),
                "{line}"
            );
        }
    }
}
