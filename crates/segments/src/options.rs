//! TCP options (RFC 9293 §3.2, RFC 7323, RFC 2018, RFC 7413).

use crate::SeqNumber;

/// The timestamps option (RFC 7323 §3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timestamps {
    /// TSecr: the last TSval it echoes.
    pub echo: u32,
    /// TSval: the sender's clock.
    pub value: u32,
}

/// One block of the SACK option (RFC 2018 §3): these bytes arrived, though earlier ones are missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SackBlock {
    /// First sequence number of the block.
    pub left: SeqNumber,
    /// The sequence number after its last.
    pub right: SeqNumber,
}

/// The fast open cookie option (RFC 7413 §4.1.1), or its experimental form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FastOpen {
    /// The client asks for a cookie.
    Request,
    /// A cookie of this many bytes.
    Cookie(u8),
}

/// What the options of one segment say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpOptions {
    /// Maximum segment size in bytes.
    pub mss: Option<u16>,
    /// Window scale: the shift, as sent (values above 14 count as 14).
    pub window_scale: Option<u8>,
    /// Selective acknowledgements are permitted.
    pub sack_permitted: bool,
    /// Timestamps.
    pub timestamps: Option<Timestamps>,
    /// SACK blocks: the first `sack_len` are valid.
    pub sack: [SackBlock; 4],
    /// How many of `sack` are valid.
    pub sack_len: u8,
    /// Fast open.
    pub fast_open: Option<FastOpen>,
    /// The kinds in their order, padding included, up to 12: for telling stacks apart. The first `kinds_len` are valid.
    pub kinds: [u8; 12],
    /// How many of `kinds` are valid.
    pub kinds_len: u8,
    /// A length in the option list is wrong, or the list was cut.
    pub malformed: bool,
}

impl TcpOptions {
    /// The SACK blocks.
    pub fn sack_blocks(&self) -> &[SackBlock] {
        self.sack.get(..usize::from(self.sack_len)).unwrap_or(&[])
    }

    /// The kinds in their order.
    pub fn kinds(&self) -> &[u8] {
        self.kinds.get(..usize::from(self.kinds_len)).unwrap_or(&[])
    }

    /// Reads the option bytes behind a TCP header. Never fails: what cannot be read sets `malformed`.
    pub fn parse(bytes: &[u8]) -> Self {
        // The usual list of a data segment: two NOPs and the timestamps.
        if let [1, 1, 8, 10, v0, v1, v2, v3, e0, e1, e2, e3] = *bytes {
            let mut options = Self {
                timestamps: Some(Timestamps {
                    value: u32::from_be_bytes([v0, v1, v2, v3]),
                    echo: u32::from_be_bytes([e0, e1, e2, e3]),
                }),
                kinds_len: 3,
                ..Self::default()
            };
            options.kinds = [1, 1, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            return options;
        }
        let mut options = Self::default();
        options.parse_list(bytes);
        options
    }

    fn parse_list(&mut self, mut rest: &[u8]) {
        while let [kind, tail @ ..] = rest {
            self.push_kind(*kind);
            match kind {
                0 => return,
                1 => rest = tail,
                _ => {
                    let Some((body, after)) = split_body(tail) else {
                        self.malformed = true;
                        return;
                    };
                    self.parse_one(*kind, body);
                    rest = after;
                }
            }
        }
    }

    fn push_kind(&mut self, kind: u8) {
        if let Some(slot) = self.kinds.get_mut(usize::from(self.kinds_len)) {
            *slot = kind;
            self.kinds_len += 1;
        }
    }

    fn parse_one(&mut self, kind: u8, body: &[u8]) {
        match (kind, body) {
            (2, [a, b]) => self.mss = Some(u16::from_be_bytes([*a, *b])),
            (3, [shift]) => self.window_scale = Some(*shift),
            (4, []) => self.sack_permitted = true,
            (5, blocks) => self.parse_sack(blocks),
            (8, [v0, v1, v2, v3, e0, e1, e2, e3]) => {
                self.timestamps = Some(Timestamps {
                    value: u32::from_be_bytes([*v0, *v1, *v2, *v3]),
                    echo: u32::from_be_bytes([*e0, *e1, *e2, *e3]),
                });
            }
            (34, cookie) | (254, [0xf9, 0x89, cookie @ ..]) => {
                self.fast_open = Some(match u8::try_from(cookie.len()) {
                    Ok(0) | Err(_) => FastOpen::Request,
                    Ok(len) => FastOpen::Cookie(len),
                });
            }
            (2 | 3 | 4 | 8, _) => self.malformed = true,
            _ => {}
        }
    }

    fn parse_sack(&mut self, bytes: &[u8]) {
        for block in bytes.chunks(8) {
            let [a, b, c, d, e, f, g, h] = *block else {
                self.malformed = true;
                return;
            };
            if let Some(slot) = self.sack.get_mut(usize::from(self.sack_len)) {
                *slot = SackBlock {
                    left: SeqNumber(u32::from_be_bytes([a, b, c, d])),
                    right: SeqNumber(u32::from_be_bytes([e, f, g, h])),
                };
                self.sack_len += 1;
            }
        }
    }
}

/// Splits the bytes after an option's kind into its body and what follows it.
fn split_body(tail: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = tail.split_first()?;
    let body_len = usize::from(*len).checked_sub(2)?;
    rest.split_at_checked(body_len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_linux_syn() {
        let options = TcpOptions::parse(&[
            2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 0, 1, 3, 3, 7,
        ]);
        assert_eq!(options.mss, Some(1460));
        assert_eq!(options.window_scale, Some(7));
        assert!(options.sack_permitted);
        assert_eq!(options.timestamps, Some(Timestamps { value: 7, echo: 0 }));
        assert_eq!(options.kinds(), [2, 4, 8, 1, 3]);
        assert!(!options.malformed);
    }

    #[test]
    fn a_lying_length_is_malformed() {
        assert!(TcpOptions::parse(&[2, 40, 5]).malformed);
        assert!(TcpOptions::parse(&[8, 0]).malformed);
    }
}
