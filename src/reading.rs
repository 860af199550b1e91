//! Passing inputs through an analysis, from the first byte to the last verdict.

mod text;

use whyreset_capture::{HearRecords, Record, RecordAt};
use whyreset_connections::{Brief, FORESEEN, LoneSyn, Placed};
use whyreset_exchanges::Exchanges;
use whyreset_reports::{CaptureFacts, Judged};

use self::text::TextInput;
use crate::Analysis;
use crate::analysis::Ahead;
use crate::input::{CaptureInfo, Details, Event, Input, Records, TOGETHER, printable};

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

    /// Whether connections that ended well are wanted in brief ([`Reader::brief`]).
    fn wants_brief(&self) -> bool {
        false
    }

    /// A connection is over that ended well: [`whyreset_verdicts::all_well`] is the verdict on it.
    ///
    /// # Errors
    /// Whatever stops the reading.
    fn brief(
        &mut self,
        connection: &Brief<Exchanges>,
        analysis: &Analysis,
    ) -> Result<(), Self::Error> {
        let _ = (connection, analysis);
        Ok(())
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
    let mut text: Option<TextInput> = None;
    let mut notes = [Ahead::BLANK; TOGETHER];
    loop {
        match input.next_event(&mut notes, &mut LookAt(analysis)) {
            Event::Records(records) => read_records(&records, &mut notes, analysis, reader)?,
            Event::Counted { .. } => {}
            Event::Secrets { kind, bytes } => {
                if kind == TLS_KEY_LOG {
                    analysis.add_secrets(bytes);
                }
            }
            Event::Text { bytes, .. } => {
                text.get_or_insert_default().read(bytes, analysis, reader)?;
            }
            Event::TextEnd { capture } => {
                let told = text.take().unwrap_or_default().finish(analysis, reader)?;
                if let Some(info) = input.info_mut(capture) {
                    told.describe(info);
                }
            }
            Event::End => break,
        }
        drain(analysis, reader)?;
        reader.progress(input);
    }
    analysis.finish();
    drain(analysis, reader)
}

/// Looks at records as they are read.
struct LookAt<'a>(&'a mut Analysis);

impl HearRecords for LookAt<'_> {
    type Note = Ahead;

    #[inline(always)]
    fn hear(&mut self, record: &Record<'_>, at: &RecordAt, ahead: &mut Ahead) {
        self.0.look_at(record, at, ahead);
    }
}

#[inline(always)]
fn read_records<R: Reader>(
    records: &Records<'_>,
    notes: &mut [Ahead],
    analysis: &mut Analysis,
    reader: &mut R,
) -> Result<(), R::Error> {
    let soon = notes.get_mut(..records.len()).unwrap_or_default();
    let holder = records.bytes();
    for come in (0..soon.len()).step_by(FORESEEN) {
        analysis.foresee(soon, come);
        let next = come..soon.len().min(come + FORESEEN);
        let frames = records.frames_in(next.clone());
        for (ahead, frame) in soon.get(next).unwrap_or_default().iter().zip(frames) {
            reader.record(&frame.record(), &frame.details());
            match analysis.usual(holder, ahead) {
                Some(place) => reader.placed(frame.number(), Some(&frame.record()), place)?,
                None => read_record(&frame.record(), ahead, analysis, reader)?,
            }
            while analysis.has_finished() {
                take_finished(analysis, reader)?;
            }
        }
    }
    Ok(())
}

/// Reads a record that is not the one to be expected of its connection.
#[inline(never)]
fn read_record<R: Reader>(
    record: &Record<'_>,
    ahead: &Ahead,
    analysis: &mut Analysis,
    reader: &mut R,
) -> Result<(), R::Error> {
    if ahead.is_plain() {
        return match analysis.foreseen(record, ahead) {
            Some(place) => reader.placed(record.frame, Some(record), place),
            None => Ok(()),
        };
    }
    let mut result = Ok(());
    analysis.record(record, |place| {
        if result.is_ok() {
            result = reader.placed(record.frame, Some(record), place);
        }
    });
    result
}

/// Hands on all connections that are over.
#[inline(never)]
fn drain<R: Reader>(analysis: &mut Analysis, reader: &mut R) -> Result<(), R::Error> {
    loop {
        if let Some(syn) = analysis.next_lone_syn() {
            reader.lone_syn(&syn, analysis)?;
        } else if !take_finished(analysis, reader)? {
            return Ok(());
        }
    }
}

/// Hands on the next connection that is over, and is not one SYN; `false` where there is none.
fn take_finished<R: Reader>(analysis: &mut Analysis, reader: &mut R) -> Result<bool, R::Error> {
    if reader.wants_brief() {
        // It is looked at where it is, so that it need not be moved.
        let brief = analysis.next_brief();
        if let Some(brief) = &brief {
            reader.brief(brief, analysis)?;
            return Ok(true);
        }
    }
    let Some(judged) = analysis.next_judged() else {
        return Ok(false);
    };
    reader.judged(judged, analysis)?;
    Ok(true)
}

/// Why there is nothing to report on, where that is so: no input is a capture, and no text holds a packet.
pub fn nothing_in(captures: &[CaptureFacts]) -> Option<String> {
    let only_text = captures
        .iter()
        .all(|capture| capture.format == "text" && capture.packets == 0);
    let first = captures.first().filter(|_| only_text)?;
    Some(match first.warnings.as_slice() {
        [] => format!(
            "{}: is text, and no line of it looks like a TCP packet: give a capture, or a packet list from Wireshark, tshark or tcpdump",
            first.path
        ),
        [only] if captures.len() == 1 => format!("{}: {only}", first.path),
        _ => format!("{}: no line of it shows a TCP packet", first.path),
    })
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
