//! Short connections: a request, an answer, an orderly end; one in fifty is reset by the client instead.

use std::io::Write;

use anyhow::Result;

use super::packet::{ACK, End, FIN, PSH, RST, SYN, Sent, Writer, syn_options, timestamps};

const REQUEST: &[u8] = b"GET /status HTTP/1.1\r\nHost: www.example.net\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

pub fn make<W: Write>(writer: &mut Writer<W>, count: u32) -> Result<()> {
    let mut random = fastrand::Rng::with_seed(2);
    for index in 0..count {
        let mut client = End {
            address: 0x0a00_0000 + random.u32(..200_000),
            port: u16::try_from(1024 + index % 64_000)?,
            seq: random.u32(..),
            ip_id: random.u16(..),
        };
        let mut server = End {
            address: 0xc000_0201,
            port: 80,
            seq: random.u32(..),
            ip_id: 0,
        };
        connection(writer, &mut client, &mut server, index)?;
    }
    Ok(())
}

fn connection<W: Write>(
    writer: &mut Writer<W>,
    client: &mut End,
    server: &mut End,
    index: u32,
) -> Result<()> {
    let options = timestamps(index, index);
    let plain = |flags, ack, head: &'static [u8]| (flags, ack, head);
    writer.now += 3;
    let syn = Sent {
        flags: SYN,
        window: 64_240,
        options: &syn_options(index),
        ..Sent::default()
    };
    writer.send(client, server, &syn)?;
    writer.now += 3;
    let syn_ack = Sent {
        flags: SYN | ACK,
        ack: client.seq,
        ..syn
    };
    writer.send(server, client, &syn_ack)?;
    let reset = index % 50 == 49;
    for (by_client, (flags, head)) in [
        (true, (ACK, &b""[..])),
        (true, (PSH | ACK, REQUEST)),
        (false, (ACK, b"")),
        (false, (PSH | ACK, RESPONSE)),
        (true, (if reset { RST | ACK } else { FIN | ACK }, b"")),
        (false, (FIN | ACK, b"")),
        (true, (ACK, b"")),
    ] {
        writer.now += 3;
        let (from, to) = if by_client {
            (&mut *client, &*server)
        } else {
            (&mut *server, &*client)
        };
        let (flags, ack, head) = plain(flags, to.seq, head);
        let sent = Sent {
            flags,
            ack,
            window: 502,
            options: &options,
            head,
            payload_len: head.len(),
        };
        writer.send(from, to, &sent)?;
        if flags & RST != 0 {
            break;
        }
    }
    Ok(())
}
