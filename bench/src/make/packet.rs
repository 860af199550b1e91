//! Ethernet, IPv4 and TCP headers into a pcap file.

use std::io::Write;

use anyhow::Result;

/// Writes pcap records with a clock that the caller moves.
pub struct Writer<W> {
    out: W,
    snap: usize,
    frame: Vec<u8>,
    payload: Vec<u8>,
    /// Microseconds since the capture began.
    pub now: u64,
}

/// One end of a connection as the generators see it.
#[derive(Clone, Copy)]
pub struct End {
    pub address: u32,
    pub port: u16,
    pub seq: u32,
    pub ip_id: u16,
}

/// A segment to be sent.
#[derive(Clone, Copy, Default)]
pub struct Sent<'a> {
    pub flags: u8,
    pub ack: u32,
    pub window: u16,
    /// Options, a multiple of four bytes.
    pub options: &'a [u8],
    /// First payload bytes; filled up to `payload_len` with noise.
    pub head: &'a [u8],
    pub payload_len: usize,
}

pub const FIN: u8 = 1;
pub const SYN: u8 = 2;
pub const RST: u8 = 4;
pub const PSH: u8 = 8;
pub const ACK: u8 = 16;

/// MSS 1460, SACK permitted, timestamps, window scale 7: a Linux SYN.
pub fn syn_options(value: u32) -> [u8; 20] {
    let [a, b, c, d] = value.to_be_bytes();
    [
        2, 4, 5, 0xb4, 4, 2, 8, 10, a, b, c, d, 0, 0, 0, 0, 1, 3, 3, 7,
    ]
}

/// NOP, NOP, timestamps.
pub fn timestamps(value: u32, echo: u32) -> [u8; 12] {
    let [a, b, c, d] = value.to_be_bytes();
    let [e, f, g, h] = echo.to_be_bytes();
    [1, 1, 8, 10, a, b, c, d, e, f, g, h]
}

impl<W: Write> Writer<W> {
    /// Writes the file header.
    pub fn begin(mut out: W, snap: usize) -> Result<Self> {
        out.write_all(&0xa1b2_c3d4_u32.to_le_bytes())?;
        out.write_all(&[2, 0, 4, 0])?;
        out.write_all(&[0; 8])?;
        out.write_all(&u32::try_from(snap)?.to_le_bytes())?;
        out.write_all(&1u32.to_le_bytes())?;
        let mut noise = fastrand::Rng::with_seed(7);
        Ok(Self {
            out,
            snap,
            frame: Vec::with_capacity(2048),
            payload: (0..65_536).map(|_| noise.u8(..)).collect(),
            now: 0,
        })
    }

    /// Writes one segment and moves the sender's numbers on.
    pub fn send(&mut self, from: &mut End, to: &End, sent: &Sent<'_>) -> Result<()> {
        let seq = from.seq;
        from.seq = from
            .seq
            .wrapping_add(u32::try_from(sent.payload_len)?)
            .wrapping_add(u32::from(sent.flags & (SYN | FIN) != 0));
        self.send_at(seq, from, to, sent)
    }

    /// Writes one segment with a number of its own: a retransmission.
    pub fn send_at(&mut self, seq: u32, from: &mut End, to: &End, sent: &Sent<'_>) -> Result<()> {
        from.ip_id = from.ip_id.wrapping_add(1);
        let tcp_len = 20 + sent.options.len();
        let total = 20 + tcp_len + sent.payload_len;
        self.frame.clear();
        self.frame
            .extend_from_slice(&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]);
        self.frame.extend_from_slice(&[0x45, 0]);
        self.frame
            .extend_from_slice(&u16::try_from(total)?.to_be_bytes());
        self.frame.extend_from_slice(&from.ip_id.to_be_bytes());
        self.frame.extend_from_slice(&[0x40, 0, 64, 6, 0, 0]);
        self.frame.extend_from_slice(&from.address.to_be_bytes());
        self.frame.extend_from_slice(&to.address.to_be_bytes());
        self.frame.extend_from_slice(&from.port.to_be_bytes());
        self.frame.extend_from_slice(&to.port.to_be_bytes());
        self.frame.extend_from_slice(&seq.to_be_bytes());
        self.frame.extend_from_slice(&sent.ack.to_be_bytes());
        self.frame.push(u8::try_from(tcp_len / 4)? << 4);
        self.frame.push(sent.flags);
        self.frame.extend_from_slice(&sent.window.to_be_bytes());
        self.frame.extend_from_slice(&[0; 4]);
        self.frame.extend_from_slice(sent.options);
        self.frame.extend_from_slice(sent.head);
        let noise = sent.payload_len.saturating_sub(sent.head.len());
        let wire = self.frame.len() + noise;
        let room = self.snap.saturating_sub(self.frame.len()).min(noise);
        self.frame
            .extend_from_slice(self.payload.get(..room).unwrap_or_default());
        self.frame.truncate(self.snap);
        self.record(wire)
    }

    fn record(&mut self, wire: usize) -> Result<()> {
        let seconds = u32::try_from(1_700_000_000 + self.now / 1_000_000)?;
        let micros = u32::try_from(self.now % 1_000_000)?;
        self.out.write_all(&seconds.to_le_bytes())?;
        self.out.write_all(&micros.to_le_bytes())?;
        self.out
            .write_all(&u32::try_from(self.frame.len())?.to_le_bytes())?;
        self.out.write_all(&u32::try_from(wire)?.to_le_bytes())?;
        self.out.write_all(&self.frame)?;
        Ok(())
    }
}
