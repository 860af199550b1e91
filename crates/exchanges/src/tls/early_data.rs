//! Data that a client sends before the server has answered (RFC 8446 §2.3), with its secret from a key log.

use super::decrypt13::Keys13;
use super::decryption::Opened;
use super::record::RecordHeader;
use super::suite::Suite;

/// The suites of TLS 1.3. Which one a resumed session has stands nowhere before the ServerHello: the first that opens a
/// record is it.
const SUITES: [u16; 3] = [0x1301, 0x1302, 0x1303];

/// The keys of a client's early data.
pub(crate) struct EarlyData {
    candidates: Vec<Keys13>,
    number: u64,
}

impl std::fmt::Debug for EarlyData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EarlyData")
    }
}

impl EarlyData {
    /// From `CLIENT_EARLY_TRAFFIC_SECRET`; its length tells the hash.
    pub(crate) fn new(secret: &[u8]) -> Option<Self> {
        let candidates: Vec<Keys13> = SUITES
            .into_iter()
            .filter_map(Suite::of)
            .filter(|suite| suite.hash.len() == secret.len())
            .filter_map(|suite| Keys13::new(suite, secret))
            .collect();
        (!candidates.is_empty()).then_some(Self {
            candidates,
            number: 0,
        })
    }

    /// Opens the next record; `None` where it is none of early data.
    pub(crate) fn open(&mut self, header: RecordHeader, body: &[u8]) -> Option<Opened> {
        let (index, (kind, content)) = self
            .candidates
            .iter()
            .enumerate()
            .find_map(|(index, keys)| Some((index, keys.open(self.number, header, body)?)))?;
        self.candidates.swap(0, index);
        self.candidates.truncate(1);
        self.number = self.number.saturating_add(1);
        Some(Opened {
            kind,
            content,
            skipped: 0,
        })
    }
}
