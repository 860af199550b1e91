//! Records of TLS 1.3 (RFC 8446 §5.2, §7), with the traffic secrets of a key log.

use hkdf::Hkdf;
use sha2::{Sha256, Sha384};

use super::aead::{Opener, nonce};
use super::record::RecordHeader;
use super::suite::{Hash, Suite};

/// What a record adds to its content: the inner type and the tag.
pub(crate) const OVERHEAD: u16 = 17;

/// One direction's key of one epoch.
pub(crate) struct Keys13 {
    suite: Suite,
    secret: Vec<u8>,
    opener: Opener,
    iv: [u8; 12],
}

impl Keys13 {
    /// From a traffic secret.
    pub(crate) fn new(suite: Suite, secret: &[u8]) -> Option<Self> {
        let key = expand_label(suite.hash, secret, b"key", suite.cipher.key_len())?;
        let iv = expand_label(suite.hash, secret, b"iv", 12)?;
        Some(Self {
            suite,
            secret: secret.to_vec(),
            opener: Opener::new(suite.cipher, &key)?,
            iv: iv.try_into().ok()?,
        })
    }

    /// The key behind a KeyUpdate (RFC 8446 §7.2).
    pub(crate) fn updated(&self) -> Option<Self> {
        let len = self.secret.len();
        let secret = expand_label(self.suite.hash, &self.secret, b"traffic upd", len)?;
        Self::new(self.suite, &secret)
    }

    /// The inner type and the content of the record with this number.
    pub(crate) fn open(
        &self,
        number: u64,
        header: RecordHeader,
        body: &[u8],
    ) -> Option<(u8, Vec<u8>)> {
        let mut content = self
            .opener
            .open(nonce(self.iv, number), &header.bytes(), body)?;
        // Zeros behind the type are padding.
        let end = content.iter().rposition(|byte| *byte != 0)?;
        let kind = *content.get(end)?;
        content.truncate(end);
        Some((kind, content))
    }
}

/// HKDF-Expand-Label (RFC 8446 §7.1) with an empty context.
fn expand_label(hash: Hash, secret: &[u8], label: &[u8], len: usize) -> Option<Vec<u8>> {
    let full = [b"tls13 ", label].concat();
    let mut info = u16::try_from(len).ok()?.to_be_bytes().to_vec();
    info.push(u8::try_from(full.len()).ok()?);
    info.extend_from_slice(&full);
    info.push(0);
    let mut out = vec![0; len];
    match hash {
        Hash::Sha256 => Hkdf::<Sha256>::from_prk(secret)
            .ok()?
            .expand(&info, &mut out)
            .ok()?,
        Hash::Sha384 => Hkdf::<Sha384>::from_prk(secret)
            .ok()?
            .expand(&info, &mut out)
            .ok()?,
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derives_the_keys_of_the_standard_s_example() {
        // RFC 8448 §3: the server's handshake traffic secret, its key and IV.
        let hex = |text: &str| -> Vec<u8> {
            (0..text.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
                .collect()
        };
        let secret = hex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38");
        let key = expand_label(Hash::Sha256, &secret, b"key", 16).unwrap();
        let iv = expand_label(Hash::Sha256, &secret, b"iv", 12).unwrap();
        assert_eq!(key, hex("3fce516009c21727d0f2e4e86ee403bc"));
        assert_eq!(iv, hex("5d313eb2671276ee13000b30"));
    }
}
