//! Passing a text through an analysis: its rows as they are understood.

use whyreset_capture::{Span, Timestamp};
use whyreset_segments::{Known, Segment};
use whyreset_text::{AppHint, Lookalike, Row, TextReader, TlsRecord, UnreadLine};

use super::{Reader, drain};
use crate::Analysis;
use crate::input::CaptureInfo;

/// A text that is being read.
#[derive(Default)]
pub(super) struct TextInput {
    text: TextReader,
    told: Told,
    list: Option<u32>,
    /// How many names the analysis knows.
    names: usize,
}

impl TextInput {
    /// Reads the next bytes.
    pub(super) fn read<R: Reader>(
        &mut self,
        bytes: &[u8],
        analysis: &mut Analysis,
        reader: &mut R,
    ) -> Result<(), R::Error> {
        let rows = self.text.push(bytes);
        self.read_rows(&rows, analysis, reader)
    }

    /// The text has ended. Gives what it told.
    pub(super) fn finish<R: Reader>(
        mut self,
        analysis: &mut Analysis,
        reader: &mut R,
    ) -> Result<Told, R::Error> {
        let rows = self.text.finish();
        self.read_rows(&rows, analysis, reader)?;
        self.told.lookalike = self.text.lookalike();
        self.told.unread = self.text.unread();
        self.told.unread_not_listed = self.text.unread_not_listed();
        Ok(self.told)
    }

    fn read_rows<R: Reader>(
        &mut self,
        rows: &[Row],
        analysis: &mut Analysis,
        reader: &mut R,
    ) -> Result<(), R::Error> {
        let names = self.text.names();
        if self.names != names.len() {
            self.names = names.len();
            analysis.set_names(names.clone());
        }
        for row in rows {
            self.told.add(row);
            // Each list is a capture of its own: another host's view of the same connection, or an earlier attempt.
            if self
                .list
                .replace(row.list)
                .is_some_and(|list| list != row.list)
            {
                analysis.finish();
                drain(analysis, reader)?;
                analysis.begin_list();
            }
            if let Some(said) = &row.said {
                analysis.device_said(row.segment().frame, said);
            }
            let place = match row.quote() {
                Some(quote) => analysis.quote(&quote),
                None => {
                    let segment = with_gap(row);
                    analysis.segment(&segment, told(&row.app).as_deref())
                }
            };
            if let Some(time) = row.others_until {
                analysis.clock(time);
            }
            if let Some(place) = place {
                reader.placed(row.segment().frame, None, place)?;
            }
        }
        Ok(())
    }
}

fn with_gap(row: &Row) -> Segment<'_> {
    let mut segment = row.segment();
    if row.gap_before {
        segment.known = segment.known.with(Known::GAP_BEFORE);
    }
    segment
}

/// The application's line, as the row shows it.
fn told(app: &AppHint) -> Option<String> {
    match app {
        AppHint::HttpRequest {
            method,
            target,
            version,
            goes_on,
        } => {
            let line = format!("{method} {target} {version}");
            let behind = if *goes_on {
                whyreset_exchanges::PART
            } else {
                ""
            };
            Some(
                format!("{} {behind}", line.trim_end())
                    .trim_end()
                    .to_owned(),
            )
        }
        AppHint::HttpResponse {
            status,
            version,
            goes_on: false,
        } => Some(format!("{version} {status}")),
        AppHint::HttpResponse {
            status, version, ..
        } => Some(format!("{version} {status} {}", whyreset_exchanges::PART)),
        AppHint::Other { protocol, note } => Some(format!("{protocol}: {note}")),
        AppHint::Tls { version, records } => {
            let records: Vec<_> = records.iter().map(tls_record).collect();
            Some(format!("{version} {}", records.join(", ")))
        }
        AppHint::Continuation => Some(whyreset_exchanges::LOOSE.to_owned()),
        AppHint::None => None,
    }
}

/// A TLS record in the words of Wireshark's Info column.
fn tls_record(record: &TlsRecord) -> String {
    match record {
        TlsRecord::ClientHello { server_name: None } => "Client Hello".to_owned(),
        TlsRecord::ClientHello {
            server_name: Some(name),
        } => format!("Client Hello (SNI={name})"),
        TlsRecord::ServerHello => "Server Hello".to_owned(),
        TlsRecord::Handshake(name) => name.to_string(),
        TlsRecord::ChangeCipherSpec => "Change Cipher Spec".to_owned(),
        TlsRecord::EncryptedHandshake => "Encrypted Handshake Message".to_owned(),
        TlsRecord::ApplicationData => "Application Data".to_owned(),
        TlsRecord::Alert {
            description: None, ..
        } => "Encrypted Alert".to_owned(),
        TlsRecord::Alert {
            description: Some(description),
            ..
        } => format!("Alert (Description: {description})"),
    }
}

/// What only the rows tell of a text: how many packets, when, and which lines could not be read.
#[derive(Default)]
pub(super) struct Told {
    packets: u64,
    first_time: Option<Timestamp>,
    last_time: Option<Timestamp>,
    list: Option<u32>,
    /// On which lines lists begin.
    lists: Vec<u32>,
    /// What the capturing device says of packets, and on which lines.
    said: Vec<(u32, Box<str>)>,
    lookalike: Option<(u32, &'static Lookalike)>,
    unread: Vec<UnreadLine>,
    unread_not_listed: u64,
}

impl Told {
    fn add(&mut self, row: &Row) {
        self.packets = self.packets.saturating_add(1);
        let segment = row.segment();
        let told = segment.known.has(Known::TIME).then_some(segment.time);
        let times = told.into_iter().chain(row.others_until);
        for time in times.filter(|time| is_absolute(*time)) {
            self.first_time = Some(self.first_time.map_or(time, |first| first.min(time)));
            self.last_time = Some(self.last_time.map_or(time, |last| last.max(time)));
        }
        if self.list.replace(row.list) != Some(row.list) && self.lists.len() < MAX_LISTS_NAMED {
            self.lists.push(row.line);
        }
        if let Some(said) = &row.said
            && self.said.len() < MAX_SAID
            && self.said.iter().all(|(_, known)| known != said)
        {
            self.said.push((row.line, said.clone()));
        }
    }

    /// Fills it in.
    pub(super) fn describe(self, info: &mut CaptureInfo) {
        info.packets = self.packets;
        info.first_time = self.first_time;
        info.last_time = self.last_time;
        if let Some((line, kind)) = self.lookalike.filter(|_| self.packets == 0) {
            info.warnings
                .push(format!("line {line} is of {}: {}", kind.name, kind.advice));
        }
        info.warnings.extend(several_lists(&self.lists));
        for (line, said) in &self.said {
            info.warnings.push(format!(
                "line {line}: the device that captured says of this packet: `{said}`"
            ));
        }
        for unread in &self.unread {
            info.warnings.push(format!(
                "line {}: {}: `{}`",
                unread.line, unread.reason, unread.excerpt
            ));
        }
        if self.unread_not_listed > 0 {
            info.warnings.push(format!(
                "{} more lines could not be read",
                self.unread_not_listed
            ));
        }
    }
}

/// Says so where a text holds more than one list: their frame numbers are not one numbering.
fn several_lists(lines: &[u32]) -> Option<String> {
    let lines: Vec<String> = lines.iter().map(u32::to_string).collect();
    (lines.len() > 1).then(|| {
        format!(
            "the text holds several packet lists, which begin in lines {}: each is taken for a capture of its own, with its own clock and frame numbers",
            lines.join(", ")
        )
    })
}

/// No more different words of the capturing device are told.
const MAX_SAID: usize = 16;

/// The beginnings of no more lists are named.
const MAX_LISTS_NAMED: usize = 16;

/// Times of a list that count from its start say nothing about the date.
fn is_absolute(time: Timestamp) -> bool {
    time - Timestamp::default() > Span::from_secs(366 * 86_400)
}
