//! A walk along the frames of one direction (RFC 9113 §4, §6).

/// Frame types.
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PUSH_PROMISE: u8 = 5;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

/// Flags.
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const ACK: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
pub(crate) const PADDED: u8 = 8;
pub(crate) const PRIORITY: u8 = 0x20;

/// Payloads of frames other than DATA are kept up to this length.
const MAX_KEPT: u32 = 65_536;

/// A frame's header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) len: u32,
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
}

impl FrameHeader {
    fn read(bytes: [u8; 9]) -> Self {
        let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = bytes;
        Self {
            len: u32::from_be_bytes([0, l0, l1, l2]),
            kind,
            flags,
            stream: u32::from_be_bytes([s0, s1, s2, s3]) & 0x7fff_ffff,
        }
    }

    /// Whether a sender that follows the rules can have written it.
    const fn is_plausible(self) -> bool {
        match self.kind {
            DATA | HEADERS | PUSH_PROMISE | CONTINUATION => self.stream != 0,
            2 => self.len == 5 && self.stream != 0,
            RST_STREAM => self.len == 4 && self.stream != 0,
            SETTINGS => self.stream == 0 && self.len.is_multiple_of(6) && self.len <= 6 * 64,
            6 => self.len == 8 && self.stream == 0,
            GOAWAY => self.stream == 0 && self.len >= 8,
            WINDOW_UPDATE => self.len == 4,
            // Extensions: ALTSVC, ORIGIN, PRIORITY_UPDATE, and types sent to grease (RFC 8701's idea).
            _ => self.len <= 16_384,
        }
    }

    pub(crate) const fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// What the next bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FramePart {
    /// Part of a header, or of a payload that is kept.
    Nothing,
    /// A DATA frame's header is whole.
    DataBegins(FrameHeader),
    /// So many bytes of a DATA frame's content; `last` where they are the frame's end.
    Data {
        header: FrameHeader,
        len: u64,
        last: bool,
    },
    /// A DATA frame without content, or with padding, is whole.
    DataEnds(FrameHeader),
    /// Any other frame is whole, with its payload where that was short enough to keep.
    Frame(FrameHeader, Vec<u8>),
    /// These bytes are no frames.
    Lost,
}

/// One direction's place.
#[derive(Debug, Default)]
pub(crate) struct FrameReader {
    header_bytes: Vec<u8>,
    header: Option<FrameHeader>,
    payload: Vec<u8>,
    left: u32,
    /// Padding at the end of a DATA frame; its length is the first byte of the payload.
    padding: Option<u32>,
    lost: bool,
}

impl FrameReader {
    pub(crate) const fn is_lost(&self) -> bool {
        self.lost
    }

    /// Goes on through `bytes` (not empty): how many were used, and what they are.
    pub(crate) fn step(&mut self, bytes: &[u8]) -> (usize, FramePart) {
        if self.lost {
            return (bytes.len(), FramePart::Nothing);
        }
        match self.header {
            None => self.read_header(bytes),
            Some(header) if header.kind == DATA => self.read_data(header, bytes),
            Some(header) => self.read_payload(header, bytes),
        }
    }

    fn read_header(&mut self, bytes: &[u8]) -> (usize, FramePart) {
        let want = 9usize.saturating_sub(self.header_bytes.len());
        let here = want.min(bytes.len());
        self.header_bytes
            .extend_from_slice(bytes.get(..here).unwrap_or(&[]));
        let Ok(whole) = <[u8; 9]>::try_from(self.header_bytes.as_slice()) else {
            return (here, FramePart::Nothing);
        };
        self.header_bytes.clear();
        let header = FrameHeader::read(whole);
        if !header.is_plausible() {
            self.lost = true;
            return (here, FramePart::Lost);
        }
        self.left = header.len;
        self.payload.clear();
        self.padding = (!header.has(PADDED) || header.kind != DATA).then_some(0);
        if header.len > 0 {
            self.header = Some(header);
        }
        let part = match (header.kind, header.len) {
            (DATA, 0) => FramePart::DataEnds(header),
            (DATA, _) => FramePart::DataBegins(header),
            (_, 0) => FramePart::Frame(header, Vec::new()),
            _ => FramePart::Nothing,
        };
        (here, part)
    }

    fn read_data(&mut self, header: FrameHeader, bytes: &[u8]) -> (usize, FramePart) {
        let Some(padding) = self.padding else {
            self.padding = bytes.first().map(|len| u32::from(*len));
            self.left = self.left.saturating_sub(1);
            return (1, FramePart::Nothing);
        };
        let content_left = self.left.saturating_sub(padding);
        if content_left > 0 {
            let here = within(content_left, bytes);
            self.left = self.left.saturating_sub(here);
            let len = u64::from(here);
            let last = self.left == 0;
            if last {
                self.header = None;
            }
            return (here as usize, FramePart::Data { header, len, last });
        }
        let here = within(self.left, bytes);
        self.left = self.left.saturating_sub(here);
        if self.left == 0 {
            self.header = None;
            return (here as usize, FramePart::DataEnds(header));
        }
        (here as usize, FramePart::Nothing)
    }

    fn read_payload(&mut self, header: FrameHeader, bytes: &[u8]) -> (usize, FramePart) {
        let here = within(self.left, bytes);
        self.left = self.left.saturating_sub(here);
        if header.len <= MAX_KEPT {
            self.payload
                .extend_from_slice(bytes.get(..here as usize).unwrap_or(bytes));
        }
        if self.left == 0 {
            self.header = None;
            let payload = std::mem::take(&mut self.payload);
            return (here as usize, FramePart::Frame(header, payload));
        }
        (here as usize, FramePart::Nothing)
    }

    /// Bytes of a DATA frame's content that are still to come; none where the way is lost.
    pub(crate) fn content_left(&self) -> u32 {
        match (self.header, self.padding) {
            (Some(header), Some(padding)) if header.kind == DATA && !self.lost => {
                self.left.saturating_sub(padding)
            }
            _ => 0,
        }
    }

    /// Passes bytes that were not captured: those of a DATA frame's content that is not over yet, or end with
    /// it; anything else loses the way.
    pub(crate) fn gap(&mut self, len: u64) -> Option<FramePart> {
        let padding = self.padding.unwrap_or(0);
        let content_left = u64::from(self.left.saturating_sub(padding));
        match self.header {
            Some(header)
                if header.kind == DATA && self.padding.is_some() && len <= content_left =>
            {
                let here = u32::try_from(len).unwrap_or(u32::MAX);
                self.left = self.left.saturating_sub(here);
                let last = self.left == 0;
                if last {
                    self.header = None;
                }
                Some(FramePart::Data { header, len, last })
            }
            _ => {
                self.lost = true;
                None
            }
        }
    }
}

fn within(left: u32, bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).min(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_along_frames_in_any_pieces() {
        let mut bytes = vec![0, 0, 6, 0, 9, 0, 0, 0, 1, 2, b'a', b'b', b'c', 0, 0];
        bytes.extend([0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8]);
        for size in 1..bytes.len() {
            let mut reader = FrameReader::default();
            let (mut content, mut ends, mut frames) = (0, 0, Vec::new());
            for piece in bytes.chunks(size) {
                let mut rest = piece;
                while !rest.is_empty() {
                    let (used, part) = reader.step(rest);
                    rest = &rest[used..];
                    match part {
                        FramePart::Data { header, len, last } => {
                            content += len;
                            ends += u32::from(last && header.has(END_STREAM));
                        }
                        FramePart::DataEnds(header) => ends += u32::from(header.has(END_STREAM)),
                        FramePart::Frame(header, payload) => frames.push((header.kind, payload)),
                        FramePart::Nothing | FramePart::DataBegins(_) => {}
                        FramePart::Lost => panic!("lost"),
                    }
                }
            }
            assert_eq!((content, ends), (3, 1), "pieces of {size}");
            assert_eq!(frames, [(RST_STREAM, vec![0, 0, 0, 8])]);
        }
    }

    #[test]
    fn nonsense_is_lost() {
        let mut reader = FrameReader::default();
        assert_eq!(reader.step(b"GET / HTT"), (9, FramePart::Lost));
    }
}
