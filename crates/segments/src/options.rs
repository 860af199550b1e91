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
        // The usual lists are told at once: those of data, and those with which Linux, Windows, Darwin and FreeBSD open connections.
        match *bytes {
            [1, 1, 8, 10, ref times @ ..] if times.len() == 8 => {
                Self::usual([1, 1, 8], None, None, read_timestamps(times))
            }
            [
                1,
                1,
                8,
                10,
                t0,
                t1,
                t2,
                t3,
                t4,
                t5,
                t6,
                t7,
                1,
                1,
                5,
                len,
                ref blocks @ ..,
            ] if usize::from(len) == blocks.len() + 2 => {
                let times = read_timestamps(&[t0, t1, t2, t3, t4, t5, t6, t7]);
                let mut options = Self::usual([1, 1, 8, 1, 1, 5], None, None, times);
                options.parse_sack(blocks);
                options
            }
            [2, 4, m0, m1, 4, 2, 8, 10, ref times @ .., 1, 3, 3, shift] if times.len() == 8 => {
                let times = read_timestamps(times);
                Self::usual([2, 4, 8, 1, 3], Some([m0, m1]), Some(shift), times)
            }
            [2, 4, m0, m1, 1, 1, 4, 2, 1, 3, 3, shift] => {
                Self::usual([2, 1, 1, 4, 1, 3], Some([m0, m1]), Some(shift), None)
            }
            [2, 4, m0, m1, 1, 3, 3, shift, 1, 1, 4, 2] => {
                Self::usual([2, 1, 3, 1, 1, 4], Some([m0, m1]), Some(shift), None)
            }
            [
                2,
                4,
                m0,
                m1,
                1,
                3,
                3,
                shift,
                1,
                1,
                8,
                10,
                ref times @ ..,
                4,
                2,
                0,
                0,
            ] if times.len() == 8 => {
                let times = read_timestamps(times);
                Self::usual([2, 1, 3, 1, 1, 8, 4, 0], Some([m0, m1]), Some(shift), times)
            }
            [2, 4, m0, m1, 1, 3, 3, shift, 4, 2, 8, 10, ref times @ ..] if times.len() == 8 => {
                let times = read_timestamps(times);
                Self::usual([2, 1, 3, 4, 8], Some([m0, m1]), Some(shift), times)
            }
            _ => Self::parse_any(bytes),
        }
    }

    /// The options of a list of these kinds, in which all is as it should be.
    #[inline(always)]
    fn usual<const LEN: usize>(
        list: [u8; LEN],
        mss: Option<[u8; 2]>,
        window_scale: Option<u8>,
        timestamps: Option<Timestamps>,
    ) -> Self {
        let mut kinds = [0; 12];
        for (place, kind) in kinds.iter_mut().zip(list) {
            *place = kind;
        }
        Self {
            mss: mss.map(u16::from_be_bytes),
            window_scale,
            sack_permitted: list.contains(&4),
            timestamps,
            kinds,
            kinds_len: LEN as u8,
            ..Self::default()
        }
    }

    /// The same of any list.
    fn parse_any(bytes: &[u8]) -> Self {
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
            (8, [_, _, _, _, _, _, _, _]) => self.timestamps = read_timestamps(body),
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

/// The value and the echo, of four bytes each.
#[inline(always)]
fn read_timestamps(body: &[u8]) -> Option<Timestamps> {
    let numbers = u64::from_be_bytes(*body.first_chunk()?);
    Some(Timestamps {
        value: (numbers >> 32) as u32,
        echo: numbers as u32,
    })
}

/// Splits the bytes after an option's kind into its body and what follows it.
fn split_body(tail: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = tail.split_first()?;
    let body_len = usize::from(*len).checked_sub(2)?;
    rest.split_at_checked(body_len)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Options as hosts list them, or nearly.
    fn list() -> impl Strategy<Value = Vec<u8>> {
        let lists: [&[u8]; 8] = [
            &[1, 1, 8, 10, 9, 9, 9, 9, 7, 7, 7, 7],
            &[
                1, 1, 8, 10, 9, 9, 9, 9, 7, 7, 7, 7, 1, 1, 5, 10, 1, 2, 3, 4, 5, 6, 7, 8,
            ],
            &[
                2, 4, 5, 180, 4, 2, 8, 10, 9, 9, 9, 9, 7, 7, 7, 7, 1, 3, 3, 7,
            ],
            &[2, 4, 5, 180, 1, 1, 4, 2, 1, 3, 3, 7],
            &[2, 4, 5, 180, 1, 3, 3, 8, 1, 1, 4, 2],
            &[
                2, 4, 5, 180, 1, 3, 3, 6, 1, 1, 8, 10, 9, 9, 9, 9, 7, 7, 7, 7, 4, 2, 0, 0,
            ],
            &[
                2, 4, 5, 180, 1, 3, 3, 6, 4, 2, 8, 10, 9, 9, 9, 9, 7, 7, 7, 7,
            ],
            &[2, 4, 5, 180],
        ];
        let spoilt = proptest::option::of((any::<proptest::sample::Index>(), any::<u8>()));
        let list = proptest::sample::select(lists.to_vec()).prop_map(<[u8]>::to_vec);
        (list, spoilt, 0..24_usize).prop_map(|(mut list, spoilt, len)| {
            if let Some((at, byte)) = spoilt {
                let at = at.index(list.len());
                list[at] = byte;
            }
            if len > 16 {
                list.truncate(len);
            }
            list
        })
    }

    proptest! {
        #[test]
        fn the_usual_lists_are_read_as_any_are(list in list()) {
            prop_assert_eq!(TcpOptions::parse(&list), TcpOptions::parse_any(&list));
        }
    }

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
