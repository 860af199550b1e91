//! Large downloads in full frames; one data segment in a hundred is lost before the capture and sent again.

use std::io::Write;

use anyhow::Result;

use super::packet::{ACK, End, FIN, PSH, SYN, Sent, Writer, syn_options, timestamps};

const AT_ONCE: usize = 50;
const MSS: usize = 1_448;
/// Data segments of a download: about 6.5 MB.
const SEGMENTS: u32 = 4_500;

struct Download {
    client: End,
    server: End,
    sent: u32,
    /// The number of a lost segment, and how many were sent behind it.
    hole: Option<(u32, u32)>,
}

pub fn make<W: Write>(writer: &mut Writer<W>, count: u32) -> Result<()> {
    let mut random = fastrand::Rng::with_seed(4);
    let mut begun = 0;
    let mut running: Vec<Download> = Vec::new();
    while begun < count || !running.is_empty() {
        while begun < count && running.len() < AT_ONCE {
            running.push(Download::begin(writer, &mut random)?);
            begun += 1;
        }
        let chosen = random.usize(..running.len());
        let Some(download) = running.get_mut(chosen) else {
            break;
        };
        for _ in 0..10 {
            download.segment(writer, &mut random)?;
        }
        if download.sent >= SEGMENTS && download.hole.is_none() {
            download.end(writer)?;
            running.swap_remove(chosen);
        }
    }
    Ok(())
}

impl Download {
    fn begin<W: Write>(writer: &mut Writer<W>, random: &mut fastrand::Rng) -> Result<Self> {
        let mut client = End {
            address: 0x0a00_0000 + random.u32(..60_000),
            port: random.u16(1024..),
            seq: random.u32(..),
            ip_id: random.u16(..),
        };
        let mut server = End {
            address: 0xc000_0201,
            port: 80,
            seq: random.u32(..),
            ip_id: random.u16(..),
        };
        let options = syn_options(1);
        let syn = Sent {
            flags: SYN,
            window: 64_240,
            options: &options,
            ..Sent::default()
        };
        writer.now += 50;
        writer.send(&mut client, &server, &syn)?;
        let syn_ack = Sent {
            flags: SYN | ACK,
            ack: client.seq,
            ..syn
        };
        writer.now += 50;
        writer.send(&mut server, &client, &syn_ack)?;
        let head = format!("GET /big HTTP/1.1\r\nHost: x\r\n\r\n{}", "");
        let request = Sent {
            flags: PSH | ACK,
            ack: server.seq,
            window: 5_000,
            options: &timestamps(1, 1),
            head: head.as_bytes(),
            payload_len: head.len(),
        };
        writer.now += 50;
        writer.send(&mut client, &server, &request)?;
        Ok(Self {
            client,
            server,
            sent: 0,
            hole: None,
        })
    }

    /// One data segment, or the retransmission that fills a hole, and its ACK.
    fn segment<W: Write>(
        &mut self,
        writer: &mut Writer<W>,
        random: &mut fastrand::Rng,
    ) -> Result<()> {
        writer.now += 6;
        let stamp = u32::try_from(writer.now / 1_000)?;
        let options = timestamps(stamp, stamp);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
            SEGMENTS as usize * MSS - 44
        );
        let data = Sent {
            flags: ACK,
            ack: self.client.seq,
            window: 5_000,
            options: &options,
            head: if self.sent == 0 { head.as_bytes() } else { b"" },
            payload_len: MSS,
        };
        match self.hole {
            Some((seq, behind)) if behind >= 8 || self.sent >= SEGMENTS => {
                writer.send_at(seq, &mut self.server, &self.client, &data)?;
                self.hole = None;
                return self.acknowledge(writer, &options);
            }
            Some((seq, behind)) => self.hole = Some((seq, behind + 1)),
            None if self.sent > 0 && self.sent < SEGMENTS && random.u32(..100) == 0 => {
                self.hole = Some((self.server.seq, 0));
                self.server.seq = self.server.seq.wrapping_add(u32::try_from(MSS)?);
                self.server.ip_id = self.server.ip_id.wrapping_add(1);
                self.sent += 1;
                return Ok(());
            }
            None => {}
        }
        if self.sent >= SEGMENTS {
            return Ok(());
        }
        writer.send(&mut self.server, &self.client, &data)?;
        self.sent += 1;
        if self.sent.is_multiple_of(2) || self.hole.is_some() {
            self.acknowledge(writer, &options)?;
        }
        Ok(())
    }

    fn acknowledge<W: Write>(&mut self, writer: &mut Writer<W>, options: &[u8; 12]) -> Result<()> {
        writer.now += 2;
        let mut with_sack = options.to_vec();
        let ack = match self.hole {
            Some((seq, _)) => {
                with_sack.extend_from_slice(&[1, 1, 5, 10]);
                let left = seq.wrapping_add(u32::try_from(MSS)?);
                with_sack.extend_from_slice(&left.to_be_bytes());
                with_sack.extend_from_slice(&self.server.seq.to_be_bytes());
                seq
            }
            None => self.server.seq,
        };
        let sent = Sent {
            flags: ACK,
            ack,
            window: 5_000,
            options: &with_sack,
            ..Sent::default()
        };
        writer.send(&mut self.client, &self.server, &sent)
    }

    fn end<W: Write>(&mut self, writer: &mut Writer<W>) -> Result<()> {
        let options = timestamps(9, 9);
        for by_client in [false, true] {
            writer.now += 20;
            let (from, to) = if by_client {
                (&mut self.client, &self.server)
            } else {
                (&mut self.server, &self.client)
            };
            let fin = Sent {
                flags: FIN | ACK,
                ack: to.seq,
                window: 5_000,
                options: &options,
                ..Sent::default()
            };
            writer.send(from, to, &fin)?;
        }
        let last = Sent {
            flags: ACK,
            ack: self.client.seq,
            window: 5_000,
            options: &options,
            ..Sent::default()
        };
        writer.send(&mut self.server, &self.client, &last)
    }
}
