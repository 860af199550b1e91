//! Flow control (RFC 9113 §5.2): how much a sender may still send.

use std::collections::HashMap;

/// More windows than this are not followed.
const MAX_STREAMS: usize = 2_048;

/// What one side may send: the windows that its peer grants.
#[derive(Debug)]
pub(crate) struct SendWindows {
    connection: i64,
    initial: i64,
    /// What was sent or granted on a stream, without the initial window.
    streams: HashMap<u32, i64>,
}

impl Default for SendWindows {
    fn default() -> Self {
        Self {
            connection: 65_535,
            initial: 65_535,
            streams: HashMap::new(),
        }
    }
}

impl SendWindows {
    /// A DATA frame of `len` bytes, padding included, was sent.
    pub(crate) fn sent(&mut self, stream: u32, len: u32) {
        self.connection = self.connection.saturating_sub(i64::from(len));
        self.add(stream, -i64::from(len));
    }

    /// The peer granted more.
    pub(crate) fn granted(&mut self, stream: u32, len: u32) {
        if stream == 0 {
            self.connection = self.connection.saturating_add(i64::from(len));
        } else {
            self.add(stream, i64::from(len));
        }
    }

    /// The peer set the initial window of streams: it counts for those that are open as well.
    pub(crate) fn set_initial(&mut self, len: u32) {
        self.initial = i64::from(len);
    }

    pub(crate) fn forget(&mut self, stream: u32) {
        self.streams.remove(&stream);
    }

    /// Whether nothing more may be sent on the stream.
    pub(crate) fn is_shut(&self, stream: u32) -> bool {
        let own = self.streams.get(&stream).copied().unwrap_or(0);
        self.connection <= 0 || self.initial.saturating_add(own) <= 0
    }

    /// Whether it is the connection's window that is used up.
    pub(crate) const fn connection_is_shut(&self) -> bool {
        self.connection <= 0
    }

    fn add(&mut self, stream: u32, len: i64) {
        if self.streams.len() < MAX_STREAMS || self.streams.contains_key(&stream) {
            let window = self.streams.entry(stream).or_insert(0);
            *window = window.saturating_add(len);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SendWindows;

    #[test]
    fn windows_shut_and_open() {
        let mut windows = SendWindows::default();
        windows.set_initial(10);
        windows.sent(1, 10);
        assert!(windows.is_shut(1) && !windows.is_shut(3));
        windows.granted(1, 1);
        assert!(!windows.is_shut(1));
        windows.sent(3, 65_525);
        assert!(windows.connection_is_shut() && windows.is_shut(5));
        windows.granted(0, 5);
        assert!(!windows.is_shut(5));
    }
}
