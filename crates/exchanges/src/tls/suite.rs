//! Cipher suites that can be decrypted (IANA's TLS Cipher Suites registry).

/// How records are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cipher {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
    /// CBC with a MAC of so many bytes; the key has the second number of bytes.
    Cbc {
        mac_len: usize,
        key_len: usize,
    },
}

/// The hash of the key schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
}

impl Hash {
    /// Bytes of its result.
    pub(crate) const fn len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

/// A suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Suite {
    pub(crate) cipher: Cipher,
    pub(crate) hash: Hash,
}

impl Suite {
    /// The suite with this number; `None` for those that are not read.
    pub(crate) const fn of(number: u16) -> Option<Self> {
        let (cipher, hash) = match number {
            0x1301 | 0x009c | 0x009e | 0x00a0 | 0x00a2 | 0xc02b | 0xc02d | 0xc02f | 0xc031 => {
                (Cipher::Aes128Gcm, Hash::Sha256)
            }
            0x1302 | 0x009d | 0x009f | 0x00a1 | 0x00a3 | 0xc02c | 0xc02e | 0xc030 | 0xc032 => {
                (Cipher::Aes256Gcm, Hash::Sha384)
            }
            0x1303 | 0xcca8..=0xccae => (Cipher::ChaCha20Poly1305, Hash::Sha256),
            0x002f | 0x0032 | 0x0033 | 0xc004 | 0xc009 | 0xc00e | 0xc013 => {
                (cbc(20, 16), Hash::Sha256)
            }
            0x0035 | 0x0038 | 0x0039 | 0xc005 | 0xc00a | 0xc00f | 0xc014 => {
                (cbc(20, 32), Hash::Sha256)
            }
            0x003c | 0x0040 | 0x0067 | 0xc023 | 0xc025 | 0xc027 | 0xc029 => {
                (cbc(32, 16), Hash::Sha256)
            }
            0x003d | 0x006a | 0x006b => (cbc(32, 32), Hash::Sha256),
            0xc024 | 0xc026 | 0xc028 | 0xc02a => (cbc(48, 32), Hash::Sha384),
            _ => return None,
        };
        Some(Self { cipher, hash })
    }
}

const fn cbc(mac_len: usize, key_len: usize) -> Cipher {
    Cipher::Cbc { mac_len, key_len }
}

impl Cipher {
    pub(crate) const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes256Gcm | Self::ChaCha20Poly1305 => 32,
            Self::Cbc { key_len, .. } => key_len,
        }
    }
}
