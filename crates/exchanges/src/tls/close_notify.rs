//! Who said goodbye (RFC 8446 §6.1): a connection that is closed without it may have been cut.

use whyreset_connections::{BySide, Side};

use crate::CloseNotify;

/// Which sides were seen to send close_notify.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CloseNotifyNotes {
    sent: BySide<bool>,
}

/// A TLS 1.3 record with an alert inside: two bytes, the inner type, 16 bytes of tag. Nothing else is as short but
/// two bytes of application data.
pub(crate) const TLS13_ALERT_LEN: u16 = 19;

/// Java adds so many zeros to each record of TLS 1.3 (OpenJDK's `OutputRecord.T13PaddingHolder`).
pub(crate) const JAVA_PADDING: u16 = 16;

/// The same record from Java.
pub(crate) const PADDED_ALERT_LEN: u16 = TLS13_ALERT_LEN + JAVA_PADDING;

impl CloseNotifyNotes {
    /// From what was concluded before.
    pub(crate) fn of(known: CloseNotify) -> Self {
        let sent = BySide {
            client: matches!(known, CloseNotify::Both | CloseNotify::Client),
            server: matches!(known, CloseNotify::Both | CloseNotify::Server),
        };
        Self { sent }
    }

    pub(crate) const fn add(&mut self, side: Side) {
        *self.sent.of_mut(side) = true;
    }

    pub(crate) const fn has(self, side: Side) -> bool {
        *self.sent.of(side)
    }

    /// The conclusion, where all was seen.
    pub(crate) const fn known(self) -> CloseNotify {
        match (self.sent.client, self.sent.server) {
            (true, true) => CloseNotify::Both,
            (true, false) => CloseNotify::Client,
            (false, true) => CloseNotify::Server,
            (false, false) => CloseNotify::None,
        }
    }
}
