//! ClientHello and ServerHello (RFC 8446 §4.1), and the handshake messages they come in.

/// A handshake message that is kept may be this long; a hello is far shorter.
const MAX_MESSAGE: usize = 65_536;

pub(crate) const CLIENT_HELLO: u8 = 1;
pub(crate) const SERVER_HELLO: u8 = 2;
pub(crate) const END_OF_EARLY_DATA: u8 = 5;
pub(crate) const ENCRYPTED_EXTENSIONS: u8 = 8;
pub(crate) const CERTIFICATE: u8 = 11;
pub(crate) const FINISHED: u8 = 20;
pub(crate) const KEY_UPDATE: u8 = 24;

/// What a ClientHello says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientHello {
    pub(crate) random: [u8; 32],
    pub(crate) session_id: Vec<u8>,
    pub(crate) server_name: Option<String>,
    pub(crate) alpn: Option<String>,
    pub(crate) offers_psk: bool,
    /// Data follows before the server has answered (RFC 8446 §4.2.10).
    pub(crate) early_data: bool,
    /// It takes tickets of TLS 1.3: without this extension servers send none (RFC 8446 §4.2.9).
    pub(crate) key_exchange_modes: bool,
    /// It was captured to its end.
    pub(crate) whole: bool,
}

/// What a ServerHello says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ServerHello {
    pub(crate) random: [u8; 32],
    pub(crate) session_id: Vec<u8>,
    pub(crate) version: u16,
    pub(crate) cipher: u16,
    pub(crate) alpn: Option<String>,
    pub(crate) accepts_psk: bool,
    pub(crate) extended_master_secret: bool,
    pub(crate) encrypt_then_mac: bool,
    /// It asks for another ClientHello (RFC 8446 §4.1.4).
    pub(crate) retry: bool,
}

/// The random value that makes a ServerHello a HelloRetryRequest (RFC 8446 §4.1.3).
const RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// Reads a ClientHello's body; what is cut or odd is left out.
pub(crate) fn client_hello(body: &[u8]) -> Option<ClientHello> {
    let mut bytes = Bytes(body);
    bytes.u16()?;
    let mut hello = ClientHello {
        random: bytes.take(32)?.try_into().ok()?,
        ..ClientHello::default()
    };
    hello.session_id = bytes.vector8()?.to_vec();
    bytes.vector16()?;
    bytes.vector8()?;
    hello.whole = match bytes.0 {
        // Without extensions.
        [] => true,
        [high, low, rest @ ..] => usize::from(u16::from_be_bytes([*high, *low])) <= rest.len(),
        _ => false,
    };
    for_each_extension(bytes, |kind, mut data| match kind {
        0 => hello.server_name = server_name(data),
        16 => hello.alpn = data.vector16().and_then(|list| first_alpn(Bytes(list))),
        41 => hello.offers_psk = true,
        42 => hello.early_data = true,
        45 => hello.key_exchange_modes = true,
        _ => {}
    });
    Some(hello)
}

/// Reads a ServerHello's body.
pub(crate) fn server_hello(body: &[u8]) -> Option<ServerHello> {
    let mut bytes = Bytes(body);
    let version = bytes.u16()?;
    let random: [u8; 32] = bytes.take(32)?.try_into().ok()?;
    let mut hello = ServerHello {
        version,
        random,
        retry: random == RETRY_RANDOM,
        ..ServerHello::default()
    };
    // Up to its draft 21, TLS 1.3 had neither session nor compression here.
    let old_draft = matches!(version, 0x7f00..=0x7f15);
    if !old_draft {
        hello.session_id = bytes.vector8()?.to_vec();
    }
    hello.cipher = bytes.u16()?;
    if !old_draft {
        bytes.take(1)?;
    }
    for_each_extension(bytes, |kind, mut data| match kind {
        16 => hello.alpn = data.vector16().and_then(|list| first_alpn(Bytes(list))),
        22 => hello.encrypt_then_mac = true,
        23 => hello.extended_master_secret = true,
        41 => hello.accepts_psk = true,
        43 => hello.version = data.u16().unwrap_or(version),
        _ => {}
    });
    Some(hello)
}

/// The protocol that EncryptedExtensions name.
pub(crate) fn encrypted_extensions_alpn(body: &[u8]) -> Option<String> {
    let mut alpn = None;
    for_each_extension(Bytes(body), |kind, mut data| {
        if kind == 16 {
            alpn = data.vector16().and_then(|list| first_alpn(Bytes(list)));
        }
    });
    alpn
}

/// The version by its usual number; drafts of 1.3 count as 1.3, and so do Facebook's (0xfbxx).
pub(crate) const fn version_name(version: u16) -> Option<&'static str> {
    match version {
        0x0300 => Some("ssl3.0"),
        0x0301 => Some("1.0"),
        0x0302 => Some("1.1"),
        0x0303 => Some("1.2"),
        0x0304 | 0x7f00..=0x7fff | 0xfb00..=0xfbff => Some("1.3"),
        _ => None,
    }
}

fn for_each_extension<'a>(mut bytes: Bytes<'a>, mut each: impl FnMut(u16, Bytes<'a>)) {
    let Some(len) = bytes.u16() else {
        return;
    };
    // A hello that is cut still tells the extensions that are whole.
    let mut list = Bytes(bytes.0.get(..usize::from(len)).unwrap_or(bytes.0));
    while let (Some(kind), Some(data)) = (list.u16(), list.vector16()) {
        each(kind, Bytes(data));
    }
}

fn server_name(mut data: Bytes<'_>) -> Option<String> {
    let mut list = Bytes(data.vector16()?);
    while let (Some(kind), Some(name)) = (list.u8(), list.vector16()) {
        if kind == 0 && name.len() <= 255 {
            return Some(String::from_utf8_lossy(name).into_owned());
        }
    }
    None
}

/// The first name of a list, or the one after a GREASE value (RFC 8701).
fn first_alpn(mut list: Bytes<'_>) -> Option<String> {
    while let Some(name) = list.vector8() {
        if !name.is_empty() && name.iter().all(u8::is_ascii_graphic) {
            return Some(String::from_utf8_lossy(name).into_owned());
        }
    }
    None
}

/// The rest of a message.
#[derive(Clone, Copy, Debug)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn vector8(&mut self) -> Option<&'a [u8]> {
        let len = self.u8()?;
        self.take(usize::from(len))
    }

    fn vector16(&mut self) -> Option<&'a [u8]> {
        let len = self.u16()?;
        self.take(usize::from(len))
    }
}

/// Puts handshake messages together from the bodies of records; keeps those that are asked for.
#[derive(Debug, Default)]
pub(crate) struct MessageReader {
    header: Vec<u8>,
    kind: u8,
    body: Vec<u8>,
    left: usize,
    keep: bool,
}

impl MessageReader {
    /// Takes more bytes; gives the messages that became whole: their kind, and their body where it was kept.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let (mut messages, mut rest) = (Vec::new(), bytes);
        while !rest.is_empty() {
            if self.header.len() < 4 {
                rest = self.read_header(rest);
                if self.header.len() < 4 || self.left > 0 {
                    continue;
                }
            } else {
                rest = self.read_body(rest);
            }
            if self.left == 0 {
                self.header.clear();
                messages.push((self.kind, std::mem::take(&mut self.body)));
            }
        }
        messages
    }

    /// Bytes are missing: nothing more can be read.
    pub(crate) fn gap(&mut self) -> Option<(u8, Vec<u8>)> {
        let cut = (self.header.len() == 4 && self.keep)
            .then(|| (self.kind, std::mem::take(&mut self.body)));
        *self = Self::default();
        cut
    }

    fn read_header<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let want = 4usize.saturating_sub(self.header.len()).min(bytes.len());
        let (head, rest) = bytes.split_at_checked(want).unwrap_or((bytes, &[]));
        self.header.extend_from_slice(head);
        if let [kind, a, b, c] = *self.header.as_slice() {
            self.kind = kind;
            self.left = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
            let wanted = matches!(kind, CLIENT_HELLO | SERVER_HELLO | ENCRYPTED_EXTENSIONS);
            self.keep = wanted && self.left <= MAX_MESSAGE;
            self.body.clear();
        }
        rest
    }

    fn read_body<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let here = self.left.min(bytes.len());
        let (body, rest) = bytes.split_at_checked(here).unwrap_or((bytes, &[]));
        self.left = self.left.saturating_sub(here);
        if self.keep {
            self.body.extend_from_slice(body);
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.extend([0, 0, 2, 0x13, 1, 1, 0]);
        let name = b"a.example";
        let mut extensions = vec![0, 0, 0, 14, 0, 12, 0, 0, 9];
        extensions.extend(name);
        extensions.extend([0, 16, 0, 5, 0, 3, 2, b'h', b'2']);
        body.extend((extensions.len() as u16).to_be_bytes());
        body.extend(extensions);
        body
    }

    #[test]
    fn reads_a_client_hello() {
        let hello = client_hello(&sample()).unwrap();
        assert_eq!(hello.server_name.as_deref(), Some("a.example"));
        assert_eq!(hello.alpn.as_deref(), Some("h2"));
        assert_eq!(hello.random, [7; 32]);
        assert!(hello.whole);
    }

    #[test]
    fn a_cut_hello_tells_what_is_there() {
        let whole = sample();
        let hello = client_hello(&whole[..whole.len() - 3]).unwrap();
        assert_eq!(hello.server_name.as_deref(), Some("a.example"));
        assert_eq!(hello.alpn, None);
        assert!(!hello.whole);
    }

    #[test]
    fn puts_messages_together() {
        let body = sample();
        let mut bytes = vec![1, 0, 0, body.len() as u8];
        bytes.extend(&body);
        bytes.extend([14, 0, 0, 0]);
        for size in 1..bytes.len() {
            let mut reader = MessageReader::default();
            let messages: Vec<_> = bytes
                .chunks(size)
                .flat_map(|piece| reader.read(piece))
                .collect();
            assert_eq!(messages, [(1, body.clone()), (14, Vec::new())]);
        }
    }
}
