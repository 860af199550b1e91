//! ssldump: one line per TLS record and per close of a connection that a line before has numbered; with `-T` the packets as well.
//!
//! ```text
//! New TCP connection #1: client(40422) <-> server(443)
//! 1 1  0.0001 (0.0001)  C>S  Handshake
//!       ClientHello
//! 1 2  0.0020 (0.0018)  S>C  Alert
//!     level           fatal
//!     value           handshake_failure
//! 1    0.0023 (0.0000)  S>C  TCP RST
//! TCP: client(57151) -> server(636) Seq 1197153099.(383) ACK 4242385655 PUSH
//! ```
//!
//! Its times count from the beginning of each connection, unless `-e` makes them seconds since 1970: only those are kept.

use std::collections::VecDeque;

use whyreset_segments::TcpFlags;

use crate::application::{AppHint, TlsRecord};
use crate::format::Format;
use crate::hosts::{Names, Side};
use crate::raw_row::{Numbering, RawRow};
use crate::read::Read;
use crate::times::{WrittenTime, decimal_seconds};
use crate::tokens::{integer, shorten};

/// The connections that were announced, by number: client and server.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    ends: VecDeque<(u32, Side, Side)>,
    /// Packets are shown: the records and closes between them are in those already.
    shows_packets: bool,
}

/// Connections that are remembered.
const REMEMBERED: usize = 256;

/// Seconds since 1970 of a capture are larger, those since a connection began are smaller.
const EPOCH: i64 = 100_000_000_000_000_000;

impl Sessions {
    /// Reads a line that shows a packet, a record or a close.
    pub fn read_row(&mut self, line: &str, names: &mut Names) -> Read {
        let line = shorten(line.trim(), 512);
        if self.read_announcement(line, names) {
            // What stands in it is no packet.
            return Read::beside();
        }
        if let Some(row) = read_packet(line, names) {
            self.shows_packets = true;
            return Read::row(row);
        }
        match self.read_record(line) {
            Some(_) if self.shows_packets => Read::beside(),
            Some(row) => Read::row(row),
            None => Read::No,
        }
    }

    fn read_announcement(&mut self, line: &str, names: &mut Names) -> bool {
        let Some((number, ends)) = line
            .strip_prefix("New TCP connection #")
            .and_then(|rest| rest.split_once(':'))
        else {
            return false;
        };
        let ends = ends.split_once("<->").and_then(|(client, server)| {
            Some((read_end(client, names)?, read_end(server, names)?))
        });
        if let (Some(number), Some((client, server))) = (integer(number.trim()), ends) {
            if self.ends.len() >= REMEMBERED {
                self.ends.pop_front();
            }
            self.ends.push_back((number, client, server));
        }
        true
    }

    /// `1 2  0.0020 (0.0018)  S>C  Handshake`, `1    0.0022 (0.0002)  C>S  TCP FIN`.
    fn read_record(&self, line: &str) -> Option<RawRow> {
        let way = line.find("C>S").or_else(|| line.find("S>C"))?;
        let (before, behind) = line.split_at_checked(way)?;
        let (way, behind) = behind.split_at_checked(3)?;
        let words: Vec<&str> = before.split_whitespace().collect();
        let number = integer::<u32>(words.first()?)?;
        let [.., time, since] = words.as_slice() else {
            return None;
        };
        let delta = since.strip_prefix('(')?.strip_suffix(')')?;
        decimal_seconds(delta)?;
        let time = decimal_seconds(time)?;
        let (_, client, server) = self.ends.iter().rfind(|(known, ..)| *known == number)?;
        let (source, destination) = match way {
            "C>S" => (*client, *server),
            _ => (*server, *client),
        };
        let mut row = RawRow {
            format: Format::Ssldump,
            time: (time > EPOCH).then_some(WrittenTime::Dated(time)),
            source,
            destination,
            ..RawRow::default()
        };
        match behind.trim() {
            "TCP FIN" => row.flags = Some(TcpFlags::FIN | TcpFlags::ACK),
            // With ACK or without it does not say: a program's abort has it.
            "TCP RST" => row.flags = Some(TcpFlags::RST | TcpFlags::ACK),
            record => row.app = record_of(record)?,
        }
        if row.flags.is_some() {
            row.len = Some(0);
        }
        Some(row)
    }
}

/// `Handshake`, `V3.3(378)  Handshake`, `application_data`.
fn record_of(text: &str) -> Option<AppHint> {
    let name = text
        .split_whitespace()
        .find(|word| !word.starts_with('V'))?;
    let record = match name {
        "Handshake" => TlsRecord::Handshake("".into()),
        "ChangeCipherSpec" => TlsRecord::ChangeCipherSpec,
        "application_data" => TlsRecord::ApplicationData,
        "Alert" => TlsRecord::Alert {
            fatal: false,
            description: None,
        },
        _ => return None,
    };
    Some(AppHint::Tls {
        version: "".into(),
        records: vec![record],
    })
}

/// What the lines below a record say of it: its message, an alert's level and reason.
pub(crate) fn complete(row: &mut RawRow, line: &str) {
    let AppHint::Tls { records, .. } = &mut row.app else {
        return;
    };
    let (Some(record), words) = (records.first_mut(), line.trim()) else {
        return;
    };
    match record {
        TlsRecord::Handshake(name) if name.is_empty() => match words {
            "ClientHello" => *record = TlsRecord::ClientHello { server_name: None },
            "ServerHello" => *record = TlsRecord::ServerHello,
            "" => {}
            other => *name = shorten(other, 64).into(),
        },
        TlsRecord::Alert { fatal, description } => {
            if let Some(level) = words.strip_prefix("level") {
                *fatal = level.trim() == "fatal";
            } else if let Some(value) = words.strip_prefix("value") {
                *description = Some(title_of(shorten(value.trim(), 64)).into());
            }
        }
        _ => {}
    }
}

/// `unknown_ca` as Wireshark writes it: `Unknown CA`.
fn title_of(name: &str) -> String {
    let words = name.split('_').map(|word| match word {
        "ca" | "psk" => word.to_ascii_uppercase(),
        _ => {
            let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
            first.to_ascii_uppercase() + rest
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// `TCP: a(1) -> b(2) Seq 1197153098.(0) ACK 2 SYN`, perhaps behind a time.
fn read_packet(line: &str, names: &mut Names) -> Option<RawRow> {
    let (time, rest) = line.split_once("TCP: ")?;
    let (source, rest) = rest.split_once(" -> ")?;
    let (destination, rest) = rest.split_once(" Seq ")?;
    let (seq, rest) = rest.split_once(".(")?;
    let (len, rest) = rest.split_once(')')?;
    let mut row = RawRow {
        format: Format::Ssldump,
        numbering: Numbering::Absolute,
        time: decimal_seconds(time.trim()).map(WrittenTime::Dated),
        seq: Some(integer(seq)?),
        len: Some(integer(len)?),
        ..RawRow::default()
    };
    row.source = read_end(source, names)?;
    row.destination = read_end(destination, names)?;
    let mut flags = TcpFlags::NONE;
    let mut words = rest.split_whitespace();
    while let Some(word) = words.next() {
        flags = flags
            | match word {
                "ACK" => {
                    row.ack = words.next().and_then(integer);
                    TcpFlags::ACK
                }
                "SYN" => TcpFlags::SYN,
                "FIN" => TcpFlags::FIN,
                "RST" => TcpFlags::RST,
                "PUSH" => TcpFlags::PSH,
                "URG" => TcpFlags::URG,
                _ => return None,
            };
    }
    row.flags = Some(flags);
    Some(row)
}

/// `10.9.8.7(58918)`.
fn read_end(text: &str, names: &mut Names) -> Option<Side> {
    let (host, port) = text.trim().rsplit_once('(')?;
    let port = port.strip_suffix(')')?;
    (!host.is_empty() && !host.contains(' ')).then(|| names.side(Some(host), Some(port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_belong_to_a_numbered_connection() {
        let (mut sessions, mut names) = (Sessions::default(), Names::default());
        let mut read = |line: &str| sessions.read_row(line, &mut names);
        assert!(matches!(
            read("1 1  0.0001 (0.0001)  C>S  Handshake"),
            Read::No
        ));
        read("New TCP connection #1: localhost(40422) <-> localhost(9339)");
        let mut hello = read("1 1  0.0001 (0.0001)  C>S  Handshake").into_row();
        complete(&mut hello, "      ClientHello");
        let AppHint::Tls { records, .. } = &hello.app else {
            panic!("{hello:?}")
        };
        assert_eq!(records[0], TlsRecord::ClientHello { server_name: None });
        let mut alert = read("1 2  0.0010 (0.0009)  S>C  V3.3(2)  Alert").into_row();
        complete(&mut alert, "    level           fatal");
        complete(&mut alert, "    value           unknown_ca");
        let AppHint::Tls { records, .. } = &alert.app else {
            panic!("{alert:?}")
        };
        let description = Some("Unknown CA".into());
        assert_eq!(
            records[0],
            TlsRecord::Alert {
                fatal: true,
                description
            }
        );
        let end = read("1    1675954215.6833 (0.0002)  S>C  TCP RST").into_row();
        assert!(end.flags.unwrap().is_rst() && end.time.is_some());
    }

    #[test]
    fn packets_are_shown_with_t() {
        let (mut sessions, mut names) = (Sessions::default(), Names::default());
        let line = "1691054137.8107 TCP: 10.9.8.7(58918) -> 10.11.12.13(443) Seq 1058698209.(39) ACK 3675828741 PUSH ";
        let row = sessions.read_row(line, &mut names).into_row();
        assert_eq!((row.len, row.ack), (Some(39), Some(3_675_828_741)));
        assert_eq!(row.flags, Some(TcpFlags::PSH | TcpFlags::ACK));
    }
}
