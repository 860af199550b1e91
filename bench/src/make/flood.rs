//! SYNs from as many addresses, none of them answered.

use std::io::Write;

use anyhow::Result;

use super::packet::{End, SYN, Sent, Writer, syn_options};

pub fn make<W: Write>(writer: &mut Writer<W>, count: u32) -> Result<()> {
    let mut random = fastrand::Rng::with_seed(1);
    let server = End {
        address: 0xc000_0201,
        port: 443,
        seq: 0,
        ip_id: 0,
    };
    for index in 0..count {
        // An odd multiplier visits every address once before any comes again.
        let address = 0x0b00_0000_u32.wrapping_add(index.wrapping_mul(0x9e37_79b1));
        let mut client = End {
            address,
            port: random.u16(1024..),
            seq: random.u32(..),
            ip_id: random.u16(..),
        };
        writer.now += 10;
        let sent = Sent {
            flags: SYN,
            window: 64_240,
            options: &syn_options(index),
            ..Sent::default()
        };
        writer.send(&mut client, &server, &sent)?;
    }
    Ok(())
}
