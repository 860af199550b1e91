//! The record layer (RFC 8446 §5.1): a walk along the records of one direction.

use crate::http1::Likeness;

/// A record's body may be this long: 2^14 bytes and what older versions add.
const MAX_RECORD: u16 = 16_384 + 2_048;

/// Content types.
pub(crate) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(crate) const ALERT: u8 = 21;
pub(crate) const HANDSHAKE: u8 = 22;
pub(crate) const APPLICATION_DATA: u8 = 23;
/// RFC 6520.
pub(crate) const HEARTBEAT: u8 = 24;

/// A record's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordHeader {
    pub(crate) kind: u8,
    pub(crate) version: u16,
    pub(crate) len: u16,
}

impl RecordHeader {
    fn read(bytes: [u8; 5]) -> Option<Self> {
        let [kind, major, minor, high, low] = bytes;
        let len = u16::from_be_bytes([high, low]);
        let plausible = (20..=24).contains(&kind) && major == 3 && minor <= 4 && len <= MAX_RECORD;
        plausible.then_some(Self {
            kind,
            version: u16::from_be_bytes([major, minor]),
            len,
        })
    }

    /// As it stands on the wire.
    pub(crate) const fn bytes(self) -> [u8; 5] {
        let [major, minor] = self.version.to_be_bytes();
        let [high, low] = self.len.to_be_bytes();
        [self.kind, major, minor, high, low]
    }
}

/// Whether a stream begins with TLS records (or with the hello of version 2 that old clients sent).
pub(crate) fn record_likeness(bytes: &[u8]) -> Likeness {
    if is_version_2_hello(bytes) {
        return Likeness::Yes;
    }
    match bytes {
        // The kind of the handshake message is still to come.
        [HANDSHAKE, 3, 0..=4, 0..=0x48, _] => Likeness::Open,
        [kind, 3, minor, high, low, ..] => {
            let header = RecordHeader::read([*kind, 3, *minor, *high, *low]);
            let hello = *kind != HANDSHAKE
                || bytes
                    .get(5)
                    .is_none_or(|message| matches!(message, 0..=4 | 8 | 11..=16 | 20 | 22..=24));
            match header {
                Some(header) if hello && header.len > 0 => Likeness::Yes,
                _ => Likeness::No,
            }
        }
        [20..=24] | [20..=24, 3] | [20..=24, 3, 0..=4] | [20..=24, 3, 0..=4, 0..=0x48] => {
            Likeness::Open
        }
        // The beginning of a hello of version 2.
        [0x80] | [0x80, 21..=0xff] | [0x80, 21..=0xff, 1] | [0x80, 21..=0xff, 1, 0 | 3] => {
            Likeness::Open
        }
        _ => Likeness::No,
    }
}

/// A CLIENT-HELLO of SSL 2.0 that offers version 2 or 3 (RFC 5246 appendix E.2).
pub(crate) fn is_version_2_hello(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80, len, 1, 0, 2, ..] | [0x80, len, 1, 3, 0..=3, ..] if *len > 20)
}

/// What the next bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RecordPart<'a> {
    /// Part of a header, or bytes that belong to no record.
    Nothing,
    /// A header is whole.
    Header(RecordHeader),
    /// Bytes of the record's body; `last` where they are its end.
    Body { bytes: &'a [u8], last: bool },
    /// These bytes are no records: the walk lost its way.
    Lost,
}

/// One direction's place.
#[derive(Debug, Default)]
pub(crate) struct RecordReader {
    header: Vec<u8>,
    current: Option<RecordHeader>,
    left: u16,
    lost: bool,
    begun: bool,
    skip: u16,
}

impl RecordReader {
    /// Whether the walk lost its way.
    pub(crate) const fn is_lost(&self) -> bool {
        self.lost
    }

    /// Bytes of the current record's body that are still to come, where it is application data.
    pub(crate) fn data_left(&self) -> u16 {
        let data = self
            .current
            .is_some_and(|header| header.kind == APPLICATION_DATA);
        if data && self.skip == 0 { self.left } else { 0 }
    }

    /// Bytes that the current record lacks.
    pub(crate) const fn missing(&self) -> u16 {
        self.left
    }

    /// Whether `bytes` begin a record, as far as that can be told: no bytes tell nothing, and count as if they did.
    pub(crate) fn begins_record(&self, bytes: &[u8]) -> bool {
        let in_record = self.skip > 0 || self.left > 0 || !self.header.is_empty();
        if !self.lost {
            return !in_record;
        }
        match bytes {
            [kind, major, minor, high, low, ..] => {
                RecordHeader::read([*kind, *major, *minor, *high, *low]).is_some()
            }
            _ => true,
        }
    }

    /// Goes on through `bytes` (not empty): how many were used, and what they are.
    pub(crate) fn step<'a>(&mut self, bytes: &'a [u8]) -> (usize, RecordPart<'a>) {
        if self.skip > 0 {
            let here = usize::from(self.skip).min(bytes.len());
            self.skip = self
                .skip
                .saturating_sub(u16::try_from(here).unwrap_or(u16::MAX));
            return (here, RecordPart::Nothing);
        }
        if self.current.is_some() && self.left > 0 {
            return self.body(bytes);
        }
        if self.lost {
            return self.resynchronise(bytes);
        }
        self.header(bytes)
    }

    fn body<'a>(&mut self, bytes: &'a [u8]) -> (usize, RecordPart<'a>) {
        let here = usize::from(self.left).min(bytes.len());
        self.left = self
            .left
            .saturating_sub(u16::try_from(here).unwrap_or(u16::MAX));
        let last = self.left == 0;
        if last {
            self.current = None;
        }
        let bytes = bytes.get(..here).unwrap_or(bytes);
        (here, RecordPart::Body { bytes, last })
    }

    fn header<'a>(&mut self, bytes: &'a [u8]) -> (usize, RecordPart<'a>) {
        let want = 5usize.saturating_sub(self.header.len());
        let here = want.min(bytes.len());
        self.header
            .extend_from_slice(bytes.get(..here).unwrap_or(&[]));
        let Ok(header) = <[u8; 5]>::try_from(self.header.as_slice()) else {
            return (here, RecordPart::Nothing);
        };
        self.header.clear();
        if !self.begun && is_version_2_hello(&header) {
            self.begun = true;
            let [_, len, ..] = header;
            self.skip = u16::from(len).saturating_sub(3);
            return (here, RecordPart::Nothing);
        }
        self.begun = true;
        match RecordHeader::read(header) {
            Some(header) => (here, self.enter(header)),
            None => {
                self.lost = true;
                (here, RecordPart::Lost)
            }
        }
    }

    fn enter<'a>(&mut self, header: RecordHeader) -> RecordPart<'a> {
        self.left = header.len;
        self.current = (header.len > 0).then_some(header);
        RecordPart::Header(header)
    }

    /// Looks for a header of application data or an alert, the only ones that a lost walk can hope for.
    fn resynchronise<'a>(&mut self, bytes: &'a [u8]) -> (usize, RecordPart<'a>) {
        for (index, byte) in bytes.iter().enumerate() {
            if self.header.len() >= 5 {
                self.header.remove(0);
            }
            self.header.push(*byte);
            let Ok(window) = <[u8; 5]>::try_from(self.header.as_slice()) else {
                continue;
            };
            if !matches!(window, [APPLICATION_DATA | ALERT, 3, 1..=3, _, _]) {
                continue;
            }
            if let Some(header) = RecordHeader::read(window).filter(|header| header.len >= 2) {
                self.header.clear();
                self.lost = false;
                return (index.saturating_add(1), self.enter(header));
            }
        }
        (bytes.len(), RecordPart::Nothing)
    }

    /// Passes bytes that were not captured: how many lie in the current record, and whether that ends it.
    pub(crate) fn gap(&mut self, len: u64) -> (u16, bool) {
        let here = u16::try_from(len).unwrap_or(u16::MAX).min(self.left);
        self.left = self.left.saturating_sub(here);
        let ended = here > 0 && self.left == 0;
        if ended {
            self.current = None;
        }
        if len > u64::from(here) {
            self.lost = true;
            self.header.clear();
            self.skip = 0;
        }
        (here, ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(reader: &mut RecordReader, bytes: &[u8]) -> Vec<RecordHeader> {
        let (mut found, mut rest) = (Vec::new(), bytes);
        while !rest.is_empty() {
            let (used, part) = reader.step(rest);
            if let RecordPart::Header(header) = part {
                found.push(header);
            }
            rest = &rest[used..];
        }
        found
    }

    #[test]
    fn walks_along_records() {
        let bytes = [22, 3, 1, 0, 2, 9, 9, 23, 3, 3, 0, 1, 7, 21, 3, 3, 0, 0];
        for size in 1..bytes.len() {
            let mut reader = RecordReader::default();
            let found: Vec<_> = bytes
                .chunks(size)
                .flat_map(|piece| headers(&mut reader, piece))
                .map(|header| (header.kind, header.len))
                .collect();
            assert_eq!(found, [(22, 2), (23, 1), (21, 0)]);
        }
    }

    #[test]
    fn finds_its_way_again() {
        let mut reader = RecordReader::default();
        headers(&mut reader, &[23, 3, 3, 0, 10, 1, 2]);
        assert_eq!(reader.gap(100), (8, true));
        assert!(reader.is_lost());
        let found = headers(&mut reader, &[1, 2, 3, 23, 3, 3, 0, 19, 0]);
        assert_eq!(found.len(), 1);
        assert_eq!(reader.missing(), 18);
    }

    #[test]
    fn likeness() {
        assert_eq!(record_likeness(&[22, 3, 1, 2, 0, 1]), Likeness::Yes);
        assert_eq!(record_likeness(&[22, 3]), Likeness::Open);
        assert_eq!(record_likeness(&[22, 3, 3, 0, 0x3d]), Likeness::Open);
        assert_eq!(record_likeness(&[22, 3, 3, 0, 0x3d, 0xff]), Likeness::No);
        assert_eq!(record_likeness(b"GET"), Likeness::No);
        let hello = [0x80, 46, 1, 3, 1];
        assert_eq!(record_likeness(&hello), Likeness::Yes);
        for len in 1..hello.len() {
            assert_eq!(record_likeness(&hello[..len]), Likeness::Open);
        }
        assert_eq!(record_likeness(&[23, 3, 3, 0xff, 0xff]), Likeness::No);
    }
}
