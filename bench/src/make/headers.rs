//! Downloads of which only the headers were captured; many run at the same time, one in a hundred is aborted.

use std::io::Write;

use anyhow::Result;

use super::packet::{ACK, End, FIN, PSH, RST, SYN, Sent, Writer, syn_options, timestamps};

/// Data segments of a download: with their ACKs and the rest, about 278 packets a connection.
const SEGMENTS: u32 = 180;
const MSS: usize = 1_448;

struct Download {
    client: End,
    server: End,
    sent: u32,
    step: Step,
    aborts: bool,
}

#[derive(Clone, Copy)]
enum Step {
    Syn,
    SynAck,
    Ack,
    Request,
    Data,
    DataAck,
    ServerFin,
    ClientFin,
    LastAck,
    Over,
}

/// So many downloads, of which so many run at the same time.
pub fn make<W: Write>(writer: &mut Writer<W>, count: u32, at_once: usize) -> Result<()> {
    let mut random = fastrand::Rng::with_seed(3);
    let mut begun = 0;
    let mut running: Vec<Download> = Vec::with_capacity(at_once);
    while begun < count || !running.is_empty() {
        while begun < count && running.len() < at_once {
            running.push(Download::new(begun, &mut random));
            begun += 1;
        }
        let chosen = random.usize(..running.len());
        let Some(download) = running.get_mut(chosen) else {
            break;
        };
        // Packets of one connection come in small trains.
        for _ in 0..random.u32(1..3) {
            writer.now += 8;
            download.step(writer)?;
        }
        if matches!(download.step, Step::Over) {
            running.swap_remove(chosen);
        }
    }
    Ok(())
}

impl Download {
    fn new(index: u32, random: &mut fastrand::Rng) -> Self {
        Self {
            client: End {
                address: 0x0a00_0000 + random.u32(..60_000),
                port: random.u16(1024..),
                seq: random.u32(..),
                ip_id: random.u16(..),
            },
            server: End {
                address: 0xc000_0201,
                port: 80,
                seq: random.u32(..),
                ip_id: random.u16(..),
            },
            sent: 0,
            step: Step::Syn,
            aborts: index % 100 == 99,
        }
    }

    fn step<W: Write>(&mut self, writer: &mut Writer<W>) -> Result<()> {
        let stamp = u32::try_from(writer.now / 1_000)?;
        let options = timestamps(stamp, stamp);
        let syn_options = syn_options(stamp);
        let (by_client, flags, head, payload_len, next): (bool, u8, &[u8], usize, Step) =
            match self.step {
                Step::Syn => (true, SYN, b"", 0, Step::SynAck),
                Step::SynAck => (false, SYN | ACK, b"", 0, Step::Ack),
                Step::Ack => (true, ACK, b"", 0, Step::Request),
                Step::Request => (
                    true,
                    PSH | ACK,
                    b"GET /file HTTP/1.1\r\nHost: x\r\n\r\n",
                    120,
                    Step::Data,
                ),
                Step::Data if self.sent == 0 => {
                    (false, ACK, b"HTTP/1.1 200 OK\r\n", MSS, self.after_data())
                }
                Step::Data => (false, ACK, b"", MSS, self.after_data()),
                Step::DataAck if self.aborts && self.sent > SEGMENTS / 2 => {
                    (true, RST | ACK, b"", 0, Step::Over)
                }
                Step::DataAck => (true, ACK, b"", 0, self.after_ack()),
                Step::ServerFin => (false, FIN | ACK, b"", 0, Step::ClientFin),
                Step::ClientFin => (true, FIN | ACK, b"", 0, Step::LastAck),
                Step::LastAck => (false, ACK, b"", 0, Step::Over),
                Step::Over => return Ok(()),
            };
        if matches!(self.step, Step::Data) {
            self.sent += 1;
        }
        self.step = next;
        let (from, to) = if by_client {
            (&mut self.client, &self.server)
        } else {
            (&mut self.server, &self.client)
        };
        let sent = Sent {
            flags,
            ack: if flags & ACK == 0 { 0 } else { to.seq },
            window: 502,
            options: if flags & SYN == 0 {
                &options
            } else {
                &syn_options
            },
            head,
            payload_len,
        };
        writer.send(from, to, &sent)
    }

    /// Every second segment is acknowledged.
    const fn after_data(&self) -> Step {
        if self.sent % 2 == 1 {
            Step::DataAck
        } else {
            Step::Data
        }
    }

    const fn after_ack(&self) -> Step {
        if self.sent >= SEGMENTS {
            Step::ServerFin
        } else {
            Step::Data
        }
    }
}
