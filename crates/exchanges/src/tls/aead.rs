//! Opening records that AES-GCM or ChaCha20-Poly1305 sealed.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use chacha20poly1305::ChaCha20Poly1305;

use super::suite::Cipher;

/// A key, ready for use.
pub(crate) enum Opener {
    Aes128Gcm(Box<Aes128Gcm>),
    Aes256Gcm(Box<Aes256Gcm>),
    ChaCha20Poly1305(Box<ChaCha20Poly1305>),
}

impl Opener {
    /// `None` where the cipher is none of these, or the key's length is wrong.
    pub(crate) fn new(cipher: Cipher, key: &[u8]) -> Option<Self> {
        Some(match cipher {
            Cipher::Aes128Gcm => Self::Aes128Gcm(Box::new(Aes128Gcm::new_from_slice(key).ok()?)),
            Cipher::Aes256Gcm => Self::Aes256Gcm(Box::new(Aes256Gcm::new_from_slice(key).ok()?)),
            Cipher::ChaCha20Poly1305 => {
                Self::ChaCha20Poly1305(Box::new(ChaCha20Poly1305::new_from_slice(key).ok()?))
            }
            Cipher::Cbc { .. } => return None,
        })
    }

    /// The content, if key, nonce, number and record belong together.
    pub(crate) fn open(&self, nonce: [u8; 12], aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let payload = Payload { msg: sealed, aad };
        match self {
            Self::Aes128Gcm(key) => key.decrypt(&nonce.into(), payload).ok(),
            Self::Aes256Gcm(key) => key.decrypt(&nonce.into(), payload).ok(),
            Self::ChaCha20Poly1305(key) => key.decrypt(&nonce.into(), payload).ok(),
        }
    }
}

/// The nonce of TLS 1.3, and of ChaCha20-Poly1305 in 1.2: the IV with the record's number mixed in (RFC 8446 §5.3).
pub(crate) fn nonce(iv: [u8; 12], number: u64) -> [u8; 12] {
    let mut nonce = iv;
    let tail = nonce.iter_mut().skip(4);
    for (byte, number) in tail.zip(number.to_be_bytes()) {
        *byte ^= number;
    }
    nonce
}
