//! A bounded buffer of bytes that were read and not used yet.

use std::io::{self, Read};

use whyreset_capture::MAX_BUFFER_LEN;

/// Where bytes come from.
pub(super) type Bytes = Box<dyn Read + Send>;

/// Bytes from a reader, kept until they are used.
///
/// The buffer keeps its size but for a record that is larger: then it grows as the record's bytes arrive, up to
/// [`MAX_BUFFER_LEN`], never ahead of them.
pub(super) struct ReadBuffer {
    from: Bytes,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
    failure: Option<io::Error>,
}

impl ReadBuffer {
    pub(super) fn new(from: Bytes, size: usize) -> Self {
        Self {
            from,
            bytes: vec![0; size],
            start: 0,
            end: 0,
            at_end: false,
            failure: None,
        }
    }

    /// What was read and not consumed.
    #[inline]
    pub(super) fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Nothing more will come.
    #[inline]
    pub(super) const fn at_end(&self) -> bool {
        self.at_end
    }

    /// Why reading ended early, once.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// The unread bytes and what follows them, to be read from anew.
    pub(super) fn into_bytes(mut self) -> Bytes {
        self.bytes.truncate(self.end);
        self.bytes.drain(..self.start.min(self.end));
        Box::new(io::Cursor::new(self.bytes).chain(self.from))
    }

    /// Drops unread bytes.
    #[inline]
    pub(super) fn consume(&mut self, count: u64) {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        self.start = self.start.saturating_add(count).min(self.end);
    }

    /// Reads until `at_least` bytes are unread, or the end.
    pub(super) fn fill(&mut self, at_least: usize) {
        let at_least = at_least.min(MAX_BUFFER_LEN);
        self.bytes.copy_within(self.start..self.end, 0);
        self.end = self.end.saturating_sub(self.start);
        self.start = 0;
        while self.end < at_least && !self.at_end {
            if self.end == self.bytes.len() {
                let doubled = self.bytes.len().saturating_mul(2).max(4096);
                self.bytes.resize(doubled.min(MAX_BUFFER_LEN), 0);
            }
            self.read_once();
        }
    }

    fn read_once(&mut self) {
        let free = self.bytes.get_mut(self.end..).unwrap_or_default();
        match self.from.read(free) {
            Ok(0) => self.at_end = true,
            Ok(count) => self.end = self.end.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                self.at_end = true;
                self.failure = Some(error);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives three bytes at a time.
    struct Drip(Vec<u8>);

    impl Read for Drip {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(3).min(out.len());
            out[..count].copy_from_slice(&self.0[..count]);
            self.0.drain(..count);
            Ok(count)
        }
    }

    fn buffer(len: u8, size: usize) -> ReadBuffer {
        ReadBuffer::new(Box::new(Drip((0..len).collect())), size)
    }

    #[test]
    fn fills_consumes_and_grows() {
        let mut buffer = buffer(20, 4);
        buffer.fill(4);
        assert_eq!(buffer.unread(), [0, 1, 2, 3]);
        buffer.consume(3);
        buffer.fill(10);
        assert!(
            buffer
                .unread()
                .starts_with(&[3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
        );
        assert!(!buffer.at_end());
        buffer.fill(100);
        assert_eq!(buffer.unread().len(), 17);
        assert!(buffer.at_end());
    }

    #[test]
    fn can_be_read_from_anew() {
        let mut buffer = buffer(20, 4);
        buffer.fill(4);
        buffer.consume(2);
        let mut all = Vec::new();
        buffer.into_bytes().read_to_end(&mut all).unwrap();
        assert_eq!(all, (2..20).collect::<Vec<u8>>());
    }
}
