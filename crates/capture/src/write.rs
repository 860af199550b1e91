//! Writing captures: pcapng as bytes, for the caller to put where it likes.

use crate::{LinkType, Notes, Record};

/// Writes one section of pcapng, little-endian, with nanosecond time stamps.
///
/// Every method returns the bytes to append to the file. Interfaces are described when their first frame is written.
#[derive(Debug, Default)]
pub struct CaptureWriter {
    out: Vec<u8>,
    begun: bool,
    /// Link type and interface of the source, by number in this file.
    interfaces: Vec<(LinkType, u32)>,
}

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const SECRETS: u32 = 10;

const OPT_COMMENT: u16 = 1;
const OPT_NAME: u16 = 2;
const OPT_DESCRIPTION: u16 = 3;
const OPT_RESOLUTION: u16 = 9;
const OPT_FCS_LEN: u16 = 13;

/// The longest value that needs no padding beyond what its length field can say.
const MAX_OPTION_LEN: usize = 65_532;

/// A resolution of 10^-9 seconds.
const NANOSECONDS: u8 = 9;

impl CaptureWriter {
    /// A writer for a new file.
    pub fn new() -> Self {
        Self::default()
    }

    /// The file's head; what every file has, even one without a frame. Empty when it was written before.
    pub fn header(&mut self) -> &[u8] {
        self.out.clear();
        self.begin();
        &self.out
    }

    /// One frame, with its comments, which Wireshark shows. Comments longer than an option can be are cut; the interface's
    /// name is written with its first frame.
    ///
    /// A record without a time is written at the epoch: the format has no other way to say so.
    pub fn record(&mut self, record: &Record<'_>, notes: &Notes<'_>) -> &[u8] {
        self.out.clear();
        self.begin();
        let interface = self.interface(record, notes);
        let nanos = record.time.unwrap_or_default().nanos();
        // A time before the epoch cannot be written.
        let ticks = u64::try_from(nanos).unwrap_or(0);
        let block = self.open_block(ENHANCED_PACKET);
        self.u32(interface);
        self.u32((ticks >> 32) as u32);
        self.u32(ticks as u32);
        self.u32(u32::try_from(record.bytes.len()).unwrap_or(u32::MAX));
        self.u32(record.wire_len);
        self.padded(record.bytes);
        for comment in &notes.comments {
            self.option(OPT_COMMENT, comment);
        }
        if !notes.comments.is_empty() {
            self.end_options();
        }
        self.close_block(block);
        &self.out
    }

    /// Secrets for decryption, as [`Step::Secrets`](crate::Step::Secrets) gave them.
    pub fn secrets(&mut self, kind: u32, secrets: &[u8]) -> &[u8] {
        self.out.clear();
        self.begin();
        let block = self.open_block(SECRETS);
        self.u32(kind);
        self.u32(u32::try_from(secrets.len()).unwrap_or(u32::MAX));
        self.padded(secrets);
        self.close_block(block);
        &self.out
    }

    fn begin(&mut self) {
        if self.begun {
            return;
        }
        self.begun = true;
        let block = self.open_block(SECTION);
        self.u32(0x1a2b_3c4d);
        self.u16(1);
        self.u16(0);
        // The section's length is not known.
        self.out.extend(u64::MAX.to_le_bytes());
        self.close_block(block);
    }

    /// The number of the record's interface in this file, described now if it is new.
    fn interface(&mut self, record: &Record<'_>, notes: &Notes<'_>) -> u32 {
        let key = (record.link, record.interface);
        let known = self.interfaces.iter().rposition(|known| *known == key);
        let index = known.unwrap_or_else(|| {
            self.interfaces.push(key);
            self.describe(record, notes);
            self.interfaces.len().saturating_sub(1)
        });
        u32::try_from(index).unwrap_or(u32::MAX)
    }

    fn describe(&mut self, record: &Record<'_>, notes: &Notes<'_>) {
        let block = self.open_block(INTERFACE);
        self.u16(record.link.0);
        self.u16(0);
        // No limit to the captured length.
        self.u32(0);
        for (code, text) in [
            (OPT_NAME, notes.interface_name),
            (OPT_DESCRIPTION, notes.interface_description),
        ] {
            if !text.is_empty() {
                self.option(code, text.as_bytes());
            }
        }
        self.option(OPT_RESOLUTION, &[NANOSECONDS]);
        if record.fcs_len != 0 {
            self.option(OPT_FCS_LEN, &[record.fcs_len]);
        }
        self.end_options();
        self.close_block(block);
    }

    /// Begins a block; returns where its length has to be set.
    fn open_block(&mut self, kind: u32) -> usize {
        let at = self.out.len();
        self.u32(kind);
        self.u32(0);
        at
    }

    fn close_block(&mut self, at: usize) {
        let len = self.out.len().saturating_sub(at).saturating_add(4);
        let len = u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes();
        self.out.extend(len);
        if let Some(place) = self
            .out
            .get_mut(at.saturating_add(4)..)
            .and_then(|rest| rest.first_chunk_mut())
        {
            *place = len;
        }
    }

    fn option(&mut self, code: u16, value: &[u8]) {
        let value = value.get(..MAX_OPTION_LEN).unwrap_or(value);
        self.u16(code);
        self.u16(u16::try_from(value.len()).unwrap_or(u16::MAX));
        self.padded(value);
    }

    fn end_options(&mut self) {
        self.u32(0);
    }

    fn padded(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
        let padding = bytes.len().wrapping_neg() & 3;
        self.out.extend(std::iter::repeat_n(0, padding));
    }

    fn u16(&mut self, number: u16) {
        self.out.extend(number.to_le_bytes());
    }

    fn u32(&mut self, number: u32) {
        self.out.extend(number.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CaptureReader, Step, Timestamp};

    /// Interface, link, nanoseconds, wire length and bytes.
    type Row = (u32, LinkType, i64, u32, Vec<u8>);

    /// Every record, and all secrets.
    fn read(file: &[u8]) -> (Vec<Row>, Vec<Vec<u8>>) {
        let mut reader = CaptureReader::new();
        let (mut rest, mut records, mut secrets) = (file, Vec::new(), Vec::new());
        loop {
            let consumed = match reader.step(rest, true) {
                Step::Record(at) => {
                    let record = at.record(rest);
                    records.push((
                        record.interface,
                        record.link,
                        record.time.unwrap().nanos(),
                        record.wire_len,
                        record.bytes.to_vec(),
                    ));
                    u64::from(at.consumed)
                }
                Step::Secrets {
                    range, consumed, ..
                } => {
                    secrets.push(rest[range].to_vec());
                    consumed
                }
                Step::Skip { consumed } => consumed,
                Step::End(None) => return (records, secrets),
                other => panic!("{other:?}"),
            };
            rest = &rest[consumed as usize..];
        }
    }

    fn record(interface: u32, link: u16, nanos: i64, bytes: &[u8]) -> Record<'_> {
        Record {
            frame: 1,
            time: Some(Timestamp::from_nanos(nanos)),
            link: LinkType(link),
            interface,
            fcs_len: 4,
            wire_len: 1_500,
            bytes,
        }
    }

    #[test]
    fn what_was_written_is_read_again() {
        let mut writer = CaptureWriter::new();
        let mut file = writer.header().to_vec();
        file.extend(writer.secrets(0x544c_534b, b"CLIENT_RANDOM 1 2\n"));
        let nanos = 1_700_000_000_123_456_789;
        let long = [b'x'; 70_000];
        let notes = |comments| Notes {
            comments,
            interface_name: "eth0",
            ..Notes::default()
        };
        let reset = notes(vec![b"the reset", b"again"]);
        file.extend(writer.record(&record(7, 1, nanos, b"abc"), &reset));
        file.extend(writer.record(&record(9, 113, nanos + 1, b""), &Notes::default()));
        file.extend(writer.record(&record(7, 1, -5, b"defg"), &notes(vec![&long])));
        let (records, secrets) = read(&file);
        assert_eq!(
            records,
            [
                (0, LinkType(1), nanos, 1_500, b"abc".to_vec()),
                (1, LinkType(113), nanos + 1, 1_500, Vec::new()),
                (0, LinkType(1), 0, 1_500, b"defg".to_vec()),
            ]
        );
        assert_eq!(secrets, [b"CLIENT_RANDOM 1 2\n".to_vec()]);
    }

    #[test]
    fn a_file_without_frames_is_a_file() {
        assert_eq!(read(CaptureWriter::new().header()).0, []);
    }
}
