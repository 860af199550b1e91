//! Passing inputs through an analysis, from the first byte to the last verdict.

use whyreset_capture::{Record, Span, Timestamp};
use whyreset_connections::{LoneSyn, Placed};
use whyreset_reports::{CaptureFacts, Judged};
use whyreset_segments::{Known, Segment};
use whyreset_text::{AppHint, PacketList, Row, TlsRecord};

use crate::Analysis;
use crate::input::{CaptureInfo, Details, Event, Input, printable};

/// `Secrets` of this kind are a TLS key log (pcapng, section 4.7).
const TLS_KEY_LOG: u32 = 0x544c_534b;

/// Hears what happens while inputs are read.
pub trait Reader {
    /// What stops the reading: usually an output that cannot be written.
    type Error;

    /// A frame was read; what of it belongs to a connection is told afterwards.
    #[inline]
    fn record(&mut self, record: &Record<'_>, details: &Details<'_>) {
        let _ = (record, details);
    }

    /// Something in a frame belongs to a connection. `record` is the frame, where there is one (lists have rows only).
    ///
    /// # Errors
    /// Whatever stops the reading.
    fn placed(
        &mut self,
        frame: u64,
        record: Option<&Record<'_>>,
        place: Placed,
    ) -> Result<(), Self::Error> {
        let _ = (frame, record, place);
        Ok(())
    }

    /// A connection is over and judged.
    ///
    /// # Errors
    /// Whatever stops the reading.
    fn judged(&mut self, judged: Judged, analysis: &Analysis) -> Result<(), Self::Error> {
        let _ = (judged, analysis);
        Ok(())
    }

    /// A connection is over, of which nothing was seen but one SYN. Who cares has it judged like any other.
    ///
    /// # Errors
    /// Whatever stops the reading.
    fn lone_syn(&mut self, syn: &LoneSyn, analysis: &Analysis) -> Result<(), Self::Error> {
        self.judged(analysis.judged(syn), analysis)
    }

    /// So many bytes have been read.
    fn progress(&mut self, input: &Input) {
        let _ = input;
    }
}

/// Reads `input` to its end and hands every connection to `reader`.
///
/// # Errors
/// The first error of `reader`.
pub fn read<R: Reader>(
    input: &mut Input,
    analysis: &mut Analysis,
    reader: &mut R,
) -> Result<(), R::Error> {
    loop {
        match input.next_event() {
            Event::Record {
                record, details, ..
            } => {
                reader.record(&record, &details);
                let mut result = Ok(());
                analysis.record(&record, |place| {
                    if result.is_ok() {
                        result = reader.placed(record.frame, Some(&record), place);
                    }
                });
                result?;
            }
            Event::Counted { .. } => {}
            Event::Secrets { kind, bytes } => {
                if kind == TLS_KEY_LOG {
                    analysis.add_secrets(bytes);
                }
            }
            Event::Text { capture, bytes } => {
                let list = whyreset_text::parse(&bytes);
                if let Some(info) = input.info_mut(capture) {
                    describe_list(&list, info);
                }
                read_list(list, analysis, reader)?;
            }
            Event::End => break,
        }
        analysis.foresee(input.ahead());
        drain(analysis, reader)?;
        reader.progress(input);
    }
    analysis.finish();
    drain(analysis, reader)
}

fn drain<R: Reader>(analysis: &mut Analysis, reader: &mut R) -> Result<(), R::Error> {
    loop {
        if let Some(syn) = analysis.next_lone_syn() {
            reader.lone_syn(&syn, analysis)?;
        } else if let Some(judged) = analysis.next_judged() {
            reader.judged(judged, analysis)?;
        } else {
            return Ok(());
        }
    }
}

fn read_list<R: Reader>(
    list: PacketList,
    analysis: &mut Analysis,
    reader: &mut R,
) -> Result<(), R::Error> {
    analysis.set_names(list.names.clone());
    let mut current = None;
    for row in &list.rows {
        // Each list is a capture of its own: another host's view of the same connection, or an earlier attempt.
        if current
            .replace(row.list)
            .is_some_and(|list| list != row.list)
        {
            analysis.finish();
            drain(analysis, reader)?;
            analysis.begin_list();
        }
        let place = match row.quote() {
            Some(quote) => analysis.quote(&quote),
            None => {
                let segment = with_gap(row);
                analysis.segment(&segment, told(&row.app).as_deref())
            }
        };
        if let Some(place) = place {
            reader.placed(row.segment().frame, None, place)?;
        }
    }
    Ok(())
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
        } => Some(format!("{method} {target} {version}").trim_end().to_owned()),
        AppHint::HttpResponse { status, version } => Some(format!("{version} {status}")),
        AppHint::Other { protocol, note } => Some(format!("{protocol}: {note}")),
        AppHint::Tls { version, records } => {
            let records: Vec<_> = records.iter().map(tls_record).collect();
            Some(format!("{version} {}", records.join(", ")))
        }
        AppHint::None | AppHint::Continuation => None,
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

/// Fills in what only the parsed list tells: how many packets, when, and which lines could not be read.
fn describe_list(list: &PacketList, info: &mut CaptureInfo) {
    info.packets = list.rows.len() as u64;
    let times = list
        .rows
        .iter()
        .map(Row::segment)
        .filter(|segment| segment.known.has(Known::TIME) && is_absolute(segment.time))
        .map(|segment| segment.time);
    info.first_time = times.clone().min();
    info.last_time = times.max();
    if let Some(lists) = several_lists(list) {
        info.warnings.push(lists);
    }
    for unread in &list.unread {
        info.warnings.push(format!(
            "line {}: {}: `{}`",
            unread.line, unread.reason, unread.excerpt
        ));
    }
    if list.unread_not_listed > 0 {
        info.warnings.push(format!(
            "{} more lines could not be read",
            list.unread_not_listed
        ));
    }
}

/// Says so where a text holds more than one list: their frame numbers are not one numbering.
fn several_lists(list: &PacketList) -> Option<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut last = None;
    for row in &list.rows {
        if last.replace(row.list) != Some(row.list) && lines.len() < MAX_LISTS_NAMED {
            lines.push(row.line.to_string());
        }
    }
    (lines.len() > 1).then(|| {
        format!(
            "the text holds several packet lists, which begin in lines {}: each is taken for a capture of its own, with its own clock and frame numbers",
            lines.join(", ")
        )
    })
}

/// The beginnings of no more lists are named.
const MAX_LISTS_NAMED: usize = 16;

/// Times of a list that count from its start say nothing about the date.
fn is_absolute(time: Timestamp) -> bool {
    time - Timestamp::default() > Span::from_secs(366 * 86_400)
}

/// Why there is nothing to report on, where that is so: no input is a capture, and no text holds a packet.
pub fn nothing_in(captures: &[CaptureFacts]) -> Option<String> {
    let only_text = captures
        .iter()
        .all(|capture| capture.format == "text" && capture.packets == 0);
    let first = captures.first().filter(|_| only_text)?;
    Some(format!(
        "{}: is text, and no line of it looks like a TCP packet: give a capture, or a packet list from Wireshark, tshark or tcpdump",
        first.path
    ))
}

/// What the reports say about each input.
pub fn capture_facts(input: &mut Input) -> Vec<CaptureFacts> {
    input
        .infos()
        .iter()
        .map(|info| CaptureFacts {
            path: printable(&info.path),
            format: info.format.to_owned(),
            packets: info.packets,
            bytes: info.bytes,
            first_time: info.first_time,
            last_time: info.last_time,
            warnings: warnings(info),
        })
        .collect()
}

fn warnings(info: &CaptureInfo) -> Vec<String> {
    let mut warnings = info.warnings.clone();
    if let Some(dropped) = info.dropped.filter(|dropped| *dropped > 0) {
        warnings.push(format!(
            "the capturing machine dropped {dropped} packets: what is missing may have been there"
        ));
    }
    warnings
}
