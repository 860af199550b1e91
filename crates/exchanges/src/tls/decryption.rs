//! A session whose secrets are known: keys per direction and epoch, and record numbers.

use whyreset_connections::{BySide, Side};

use super::decrypt12::{self, Keys12, Seed};
use super::decrypt13::{self, Keys13};
use super::hello::{ClientHello, ServerHello};
use super::keylog::SessionSecrets;
use super::record::{APPLICATION_DATA, RecordHeader};
use super::suite::Suite;

/// After a loss the number of a record is looked for this far ahead.
const MAX_AHEAD: u64 = 512;

/// The keys of a session.
pub(crate) enum Decryption {
    V12 {
        keys: BySide<Keys12>,
        numbers: BySide<u64>,
    },
    V13 {
        flows: Box<BySide<Epochs>>,
    },
}

/// One direction of TLS 1.3.
pub(crate) struct Epochs {
    handshake: Option<Keys13>,
    traffic: Option<Keys13>,
    number: u64,
}

/// A record that was opened.
pub(crate) struct Opened {
    pub(crate) kind: u8,
    pub(crate) content: Vec<u8>,
    /// Records that were passed unseen before it.
    pub(crate) skipped: u64,
}

impl std::fmt::Debug for Decryption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Decryption")
    }
}

impl Decryption {
    /// `None` where a secret is missing, or the suite is not read.
    pub(crate) fn new(
        client: &ClientHello,
        server: &ServerHello,
        secrets: &SessionSecrets,
    ) -> Option<Self> {
        let suite = Suite::of(server.cipher)?;
        if server.version == 0x0303 {
            let seed = Seed {
                master: secrets.master.as_deref()?,
                client_random: &client.random,
                server_random: &server.random,
                encrypt_then_mac: server.encrypt_then_mac,
            };
            return Some(Self::V12 {
                keys: decrypt12::keys(suite, &seed)?,
                numbers: BySide::default(),
            });
        }
        let keys = |secret: &Option<Vec<u8>>| Keys13::new(suite, secret.as_deref()?);
        if server.version != 0x0304 {
            return None;
        }
        Some(Self::V13 {
            flows: Box::new(BySide {
                client: Epochs::new(
                    keys(&secrets.client_handshake),
                    keys(&secrets.client_traffic),
                )?,
                server: Epochs::new(
                    keys(&secrets.server_handshake),
                    keys(&secrets.server_traffic),
                )?,
            }),
        })
    }

    /// Opens a record; after a loss (`lossy`) its number is looked for.
    pub(crate) fn open(
        &mut self,
        side: Side,
        header: RecordHeader,
        body: &[u8],
        lossy: bool,
    ) -> Option<Opened> {
        let ahead = if lossy { MAX_AHEAD } else { 0 };
        match self {
            Self::V12 { keys, numbers } => {
                let keys = keys.of(side);
                let number = numbers.of_mut(side);
                let (skipped, content) = (0..=ahead).find_map(|skipped| {
                    let content = keys.open(number.saturating_add(skipped), header, body)?;
                    Some((skipped, content))
                })?;
                *number = number.saturating_add(skipped).saturating_add(1);
                Some(Opened {
                    kind: header.kind,
                    content,
                    skipped,
                })
            }
            Self::V13 { flows } if header.kind == APPLICATION_DATA => {
                flows.of_mut(side).open(header, body, ahead)
            }
            Self::V13 { .. } => None,
        }
    }

    /// TLS 1.3: the side's Finished was read, its traffic secret counts from here.
    pub(crate) fn finished(&mut self, side: Side) {
        if let Self::V13 { flows } = self {
            let epochs = flows.of_mut(side);
            if epochs.handshake.take().is_some() {
                epochs.number = 0;
            }
        }
    }

    /// TLS 1.3: the side sent KeyUpdate.
    pub(crate) fn updated(&mut self, side: Side) {
        if let Self::V13 { flows } = self {
            let epochs = flows.of_mut(side);
            if let Some(next) = epochs.traffic.as_ref().and_then(Keys13::updated) {
                epochs.traffic = Some(next);
                epochs.number = 0;
            }
        }
    }

    /// A record of the side passed whose body was not captured.
    pub(crate) fn skip(&mut self, side: Side) {
        let number = match self {
            Self::V12 { numbers, .. } => numbers.of_mut(side),
            Self::V13 { flows } => &mut flows.of_mut(side).number,
        };
        *number = number.saturating_add(1);
    }

    /// What a record adds to its content, where that is fixed.
    pub(crate) const fn overhead(&self, side: Side) -> Option<u16> {
        match self {
            Self::V12 { keys, .. } => keys.of(side).overhead,
            Self::V13 { .. } => Some(decrypt13::OVERHEAD),
        }
    }
}

impl Epochs {
    fn new(handshake: Option<Keys13>, traffic: Option<Keys13>) -> Option<Self> {
        (handshake.is_some() || traffic.is_some()).then_some(Self {
            handshake,
            traffic,
            number: 0,
        })
    }

    fn open(&mut self, header: RecordHeader, body: &[u8], ahead: u64) -> Option<Opened> {
        let keys = self.handshake.as_ref().or(self.traffic.as_ref())?;
        let opened = (0..=ahead).find_map(|skipped| {
            let number = self.number.saturating_add(skipped);
            let (kind, content) = keys.open(number, header, body)?;
            Some(Opened {
                kind,
                content,
                skipped,
            })
        });
        if let Some(opened) = opened {
            self.number = self.number.saturating_add(opened.skipped).saturating_add(1);
            return Some(opened);
        }
        // The rest of the handshake was lost, or is not in the key log: the traffic secret may fit.
        let traffic = self
            .handshake
            .is_some()
            .then_some(self.traffic.as_ref())??;
        let (skipped, (kind, content)) =
            (0..=ahead).find_map(|number| Some((number, traffic.open(number, header, body)?)))?;
        self.handshake = None;
        self.number = skipped.saturating_add(1);
        Some(Opened {
            kind,
            content,
            skipped,
        })
    }
}
