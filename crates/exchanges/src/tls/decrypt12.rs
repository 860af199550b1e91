//! Records of TLS 1.2 (RFC 5246 §6.2.3, §6.3; RFC 5288; RFC 7905), with the master secret of a key log.

use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384};
use whyreset_connections::BySide;

use super::aead::{Opener, nonce};
use super::record::RecordHeader;
use super::suite::{Cipher, Hash, Suite};

/// One direction's key.
pub(crate) struct Keys12 {
    sealed: Sealed,
    /// Bytes that a record adds to its content, where that does not depend on the content.
    pub(crate) overhead: Option<u16>,
}

enum Sealed {
    /// Eight bytes of the nonce stand in front of each record.
    Gcm {
        opener: Opener,
        salt: [u8; 4],
    },
    ChaCha {
        opener: Opener,
        iv: [u8; 12],
    },
    Cbc {
        key: Vec<u8>,
        mac_len: usize,
        encrypt_then_mac: bool,
    },
}

/// What a session's keys are made of.
pub(crate) struct Seed<'a> {
    pub(crate) master: &'a [u8],
    pub(crate) client_random: &'a [u8; 32],
    pub(crate) server_random: &'a [u8; 32],
    pub(crate) encrypt_then_mac: bool,
}

/// Both directions' keys.
pub(crate) fn keys(suite: Suite, seed: &Seed<'_>) -> Option<BySide<Keys12>> {
    let (mac_len, iv_len) = match suite.cipher {
        Cipher::Cbc { mac_len, .. } => (mac_len, 0),
        Cipher::ChaCha20Poly1305 => (0, 12),
        _ => (0, 4),
    };
    let key_len = suite.cipher.key_len();
    let want = (mac_len + key_len + iv_len) * 2;
    let mut randoms = seed.server_random.to_vec();
    randoms.extend_from_slice(seed.client_random);
    let block = expand(suite.hash, seed.master, b"key expansion", &randoms, want)?;
    let mut rest = block.get(mac_len * 2..)?;
    let mut take = |len: usize| {
        let (taken, after) = rest.split_at_checked(len)?;
        rest = after;
        Some(taken)
    };
    let (client_key, server_key) = (take(key_len)?, take(key_len)?);
    let (client_iv, server_iv) = (take(iv_len)?, take(iv_len)?);
    Some(BySide {
        client: Keys12::new(suite.cipher, client_key, client_iv, seed.encrypt_then_mac)?,
        server: Keys12::new(suite.cipher, server_key, server_iv, seed.encrypt_then_mac)?,
    })
}

impl Keys12 {
    fn new(cipher: Cipher, key: &[u8], iv: &[u8], encrypt_then_mac: bool) -> Option<Self> {
        Some(match cipher {
            Cipher::Cbc { mac_len, .. } => Self {
                sealed: Sealed::Cbc {
                    key: key.to_vec(),
                    mac_len,
                    encrypt_then_mac,
                },
                overhead: None,
            },
            Cipher::ChaCha20Poly1305 => Self {
                sealed: Sealed::ChaCha {
                    opener: Opener::new(cipher, key)?,
                    iv: iv.try_into().ok()?,
                },
                overhead: Some(16),
            },
            _ => Self {
                sealed: Sealed::Gcm {
                    opener: Opener::new(cipher, key)?,
                    salt: iv.try_into().ok()?,
                },
                overhead: Some(24),
            },
        })
    }

    /// The content of the record with this number.
    pub(crate) fn open(&self, number: u64, header: RecordHeader, body: &[u8]) -> Option<Vec<u8>> {
        match &self.sealed {
            Sealed::Gcm { opener, salt } => {
                let (explicit, sealed) = body.split_at_checked(8)?;
                let mut nonce = [0; 12];
                for (slot, byte) in nonce.iter_mut().zip(salt.iter().chain(explicit)) {
                    *slot = *byte;
                }
                opener.open(nonce, &additional(number, header, sealed)?, sealed)
            }
            Sealed::ChaCha { opener, iv } => {
                opener.open(nonce(*iv, number), &additional(number, header, body)?, body)
            }
            Sealed::Cbc {
                key,
                mac_len,
                encrypt_then_mac,
            } => open_cbc(key, *mac_len, *encrypt_then_mac, body),
        }
    }
}

/// The additional data: number, type, version, length of the content.
fn additional(number: u64, header: RecordHeader, sealed: &[u8]) -> Option<Vec<u8>> {
    let len = u16::try_from(sealed.len().checked_sub(16)?).ok()?;
    let mut data = number.to_be_bytes().to_vec();
    data.push(header.kind);
    data.extend_from_slice(&header.version.to_be_bytes());
    data.extend_from_slice(&len.to_be_bytes());
    Some(data)
}

/// CBC with an explicit IV. The MAC is not verified: a reader of captures has nothing to protect.
fn open_cbc(key: &[u8], mac_len: usize, encrypt_then_mac: bool, body: &[u8]) -> Option<Vec<u8>> {
    let body = if encrypt_then_mac {
        body.get(..body.len().checked_sub(mac_len)?)?
    } else {
        body
    };
    let (iv, sealed) = body.split_at_checked(16)?;
    let mut content = sealed.to_vec();
    match key.len() {
        16 => cbc::Decryptor::<aes::Aes128>::new_from_slices(key, iv)
            .ok()?
            .decrypt_padded::<NoPadding>(&mut content)
            .ok()?,
        _ => cbc::Decryptor::<aes::Aes256>::new_from_slices(key, iv)
            .ok()?
            .decrypt_padded::<NoPadding>(&mut content)
            .ok()?,
    };
    let padding = usize::from(*content.last()?) + 1;
    let mac = if encrypt_then_mac { 0 } else { mac_len };
    let len = content.len().checked_sub(padding + mac)?;
    let padded = content.get(content.len() - padding..)?;
    if padded.iter().any(|byte| usize::from(*byte) + 1 != padding) {
        return None;
    }
    content.truncate(len);
    Some(content)
}

/// The pseudorandom function (RFC 5246 §5).
fn expand(hash: Hash, secret: &[u8], label: &[u8], seed: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut input = label.to_vec();
    input.extend_from_slice(seed);
    let mut a = input.clone();
    let mut out = Vec::with_capacity(len + 64);
    while out.len() < len {
        a = hmac(hash, secret, &[&a])?;
        out.extend(hmac(hash, secret, &[&a, &input])?);
    }
    out.truncate(len);
    Some(out)
}

fn hmac(hash: Hash, key: &[u8], parts: &[&[u8]]) -> Option<Vec<u8>> {
    match hash {
        Hash::Sha256 => {
            let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
            parts.iter().for_each(|part| mac.update(part));
            Some(mac.finalize().into_bytes().to_vec())
        }
        Hash::Sha384 => {
            let mut mac = Hmac::<Sha384>::new_from_slice(key).ok()?;
            parts.iter().for_each(|part| mac.update(part));
            Some(mac.finalize().into_bytes().to_vec())
        }
    }
}
