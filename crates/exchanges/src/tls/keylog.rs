//! Key logs as browsers and curl write them for `SSLKEYLOGFILE`
//! (draft-ietf-tls-keylogfile: a label, the client random, a secret, in hexadecimal).

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

/// Sessions beyond this many are not remembered.
const MAX_SESSIONS: usize = 1_000_000;

/// Secrets of TLS sessions. Clones share what they hold, so that secrets which a capture brings later reach trackers that exist.
#[derive(Clone, Default)]
pub struct KeyLog {
    sessions: Arc<RwLock<HashMap<[u8; 32], SessionSecrets>>>,
}

/// What is known of one session.
#[derive(Clone, Default)]
pub(crate) struct SessionSecrets {
    /// TLS 1.2: `CLIENT_RANDOM`.
    pub(crate) master: Option<Vec<u8>>,
    /// TLS 1.3: `CLIENT_HANDSHAKE_TRAFFIC_SECRET`.
    pub(crate) client_handshake: Option<Vec<u8>>,
    /// TLS 1.3: `SERVER_HANDSHAKE_TRAFFIC_SECRET`.
    pub(crate) server_handshake: Option<Vec<u8>>,
    /// TLS 1.3: `CLIENT_TRAFFIC_SECRET_0`.
    pub(crate) client_traffic: Option<Vec<u8>>,
    /// TLS 1.3: `SERVER_TRAFFIC_SECRET_0`.
    pub(crate) server_traffic: Option<Vec<u8>>,
    /// TLS 1.3: `CLIENT_EARLY_TRAFFIC_SECRET`.
    pub(crate) client_early: Option<Vec<u8>>,
}

impl KeyLog {
    /// Reads a key log; lines that are none are passed over.
    pub fn parse(text: &[u8]) -> Self {
        let log = Self::default();
        log.add(text);
        log
    }

    /// Adds the lines of another key log. Gives how many secrets were read.
    pub fn add(&self, text: &[u8]) -> usize {
        let Ok(mut sessions) = self.sessions.write() else {
            return 0;
        };
        let mut count = 0usize;
        for line in text.split(|byte| *byte == b'\n') {
            if let Some((label, random, secret)) = entry(line) {
                if sessions.len() >= MAX_SESSIONS && !sessions.contains_key(&random) {
                    continue;
                }
                let session = sessions.entry(random).or_default();
                count = count.saturating_add(usize::from(session.set(label, secret)));
            }
        }
        count
    }

    /// How many sessions it knows.
    pub fn len(&self) -> usize {
        self.sessions.read().map_or(0, |sessions| sessions.len())
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The secrets of the session that began with this client random.
    pub(crate) fn session(&self, random: &[u8; 32]) -> Option<SessionSecrets> {
        self.sessions.read().ok()?.get(random).cloned()
    }
}

/// Secrets are not for logs.
impl std::fmt::Debug for KeyLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyLog({} sessions)", self.len())
    }
}

impl SessionSecrets {
    fn set(&mut self, label: &[u8], secret: Vec<u8>) -> bool {
        let slot = match label {
            b"CLIENT_RANDOM" => &mut self.master,
            b"CLIENT_HANDSHAKE_TRAFFIC_SECRET" => &mut self.client_handshake,
            b"SERVER_HANDSHAKE_TRAFFIC_SECRET" => &mut self.server_handshake,
            b"CLIENT_TRAFFIC_SECRET_0" => &mut self.client_traffic,
            b"SERVER_TRAFFIC_SECRET_0" => &mut self.server_traffic,
            b"CLIENT_EARLY_TRAFFIC_SECRET" => &mut self.client_early,
            _ => return false,
        };
        *slot = Some(secret);
        true
    }
}

fn entry(line: &[u8]) -> Option<(&[u8], [u8; 32], Vec<u8>)> {
    let mut words = line
        .split(|byte| byte.is_ascii_whitespace())
        .filter(|word| !word.is_empty());
    let label = words.next().filter(|label| !label.starts_with(b"#"))?;
    let random = unhex(words.next()?)?.try_into().ok()?;
    let secret = unhex(words.next()?)?;
    (16..=64)
        .contains(&secret.len())
        .then_some((label, random, secret))
}

fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || digits.len() > 256 {
        return None;
    }
    let value = |byte: u8| {
        (byte as char)
            .to_digit(16)
            .and_then(|v| u8::try_from(v).ok())
    };
    digits
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => Some(value(*high)? << 4 | value(*low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_lines_of_a_key_log() {
        let random = "ab".repeat(32);
        let text = format!(
            "# comment\nCLIENT_RANDOM {random} {}\r\nnonsense\nSERVER_TRAFFIC_SECRET_0 {random} {}\n",
            "01".repeat(48),
            "02".repeat(32)
        );
        let log = KeyLog::parse(text.as_bytes());
        assert_eq!(log.len(), 1);
        let session = log.session(&[0xab; 32]).unwrap();
        assert_eq!(session.master.unwrap(), [1; 48]);
        assert_eq!(session.server_traffic.unwrap(), [2; 32]);
        assert!(session.client_traffic.is_none());
    }
}
