//! The floor: read each record, parse its headers, update one hash table entry. Whoever follows TCP can do hardly less: an entry holds, in 32
//! bytes, what the next packet of either direction is compared with.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Result, ensure};
use hashbrown::HashMap;

const BUFFER: usize = 512 * 1024;

/// Both ends, addresses and ports, in an order that is the same for both directions.
type Key = (u64, u32);
type Table = HashMap<Key, [Direction; 2], foldhash::fast::RandomState>;

/// What is kept of one direction of a connection.
#[derive(Clone, Copy, Default)]
struct Direction {
    packets: u32,
    /// The next sequence number.
    next: u32,
    /// The number behind the last that it takes, as its window is written.
    edge: u32,
    /// Its timestamps' last value.
    clock: u32,
}

/// The fields of a TCP packet's headers.
struct Packet {
    key: Key,
    /// The lower end sent it.
    from_low: bool,
    seq: u32,
    ack: u32,
    flags: u8,
    window: u16,
    clock: Option<u32>,
    payload_len: u32,
}

const SYN_OR_FIN: u8 = 3;

/// Follows the connections of a little-endian Ethernet pcap and prints how many there are.
pub fn run(path: &Path) -> Result<()> {
    let mut file = File::open(path)?;
    let mut header = [0u8; 24];
    file.read_exact(&mut header)?;
    ensure!(
        header.starts_with(&[0xd4, 0xc3, 0xb2, 0xa1]),
        "the floor reads little-endian microsecond pcap alone"
    );
    let mut table = Table::default();
    let mut buffer = vec![0u8; BUFFER];
    let mut filled = 0;
    loop {
        let read = file.read(buffer.get_mut(filled..).unwrap_or_default())?;
        if read == 0 {
            break;
        }
        filled += read;
        let used = take_records(buffer.get(..filled).unwrap_or_default(), &mut table);
        buffer.copy_within(used..filled, 0);
        filled -= used;
    }
    let directions = table.values().flatten();
    let packets: u64 = directions.map(|it| u64::from(it.packets)).sum();
    println!("{} connections, {packets} packets", table.len());
    Ok(())
}

/// Takes all whole records of `bytes`; returns how many bytes they take.
fn take_records(bytes: &[u8], table: &mut Table) -> usize {
    let mut rest = bytes;
    while let Some((header, body)) = rest.split_first_chunk::<16>() {
        let [_, _, _, _, _, _, _, _, a, b, c, d, ..] = *header;
        let len = u32::from_le_bytes([a, b, c, d]) as usize;
        let Some((frame, after)) = body.split_at_checked(len) else {
            break;
        };
        rest = after;
        if let Some(packet) = parse(frame) {
            let [low, high] = table.entry(packet.key).or_default();
            note(if packet.from_low { low } else { high }, &packet);
        }
    }
    bytes.len() - rest.len()
}

fn note(direction: &mut Direction, packet: &Packet) {
    let len = packet.payload_len + u32::from(packet.flags & SYN_OR_FIN != 0);
    direction.packets += 1;
    direction.next = packet.seq.wrapping_add(len);
    direction.edge = packet.ack.wrapping_add(packet.window.into());
    direction.clock = packet.clock.unwrap_or(direction.clock);
}

/// The headers of an Ethernet frame with TCP over IPv4.
fn parse(frame: &[u8]) -> Option<Packet> {
    let (ethernet, ip) = frame.split_first_chunk::<14>()?;
    let ipv4 = ip.first_chunk::<20>()?;
    if ethernet.last_chunk::<2>() != Some(&[8, 0]) || ipv4.get(9) != Some(&6) {
        return None;
    }
    let [version, _, l0, l1, .., s0, s1, s2, s3, d0, d1, d2, d3] = *ipv4;
    let header_len = usize::from(version & 15) * 4;
    let (tcp, options) = ip.get(header_len..)?.split_first_chunk::<20>()?;
    let [
        p0,
        p1,
        q0,
        q1,
        n0,
        n1,
        n2,
        n3,
        a0,
        a1,
        a2,
        a3,
        offset,
        flags,
        w0,
        w1,
        ..,
    ] = *tcp;
    let tcp_len = usize::from(offset >> 4) * 4;
    let total = usize::from(u16::from_be_bytes([l0, l1]));
    let source = u32::from_be_bytes([s0, s1, s2, s3]);
    let destination = u32::from_be_bytes([d0, d1, d2, d3]);
    let (sport, dport) = (u16::from_be_bytes([p0, p1]), u16::from_be_bytes([q0, q1]));
    let from_low = (source, sport) < (destination, dport);
    let ((low, low_port), (high, high_port)) = if from_low {
        ((source, sport), (destination, dport))
    } else {
        ((destination, dport), (source, sport))
    };
    Some(Packet {
        key: (
            (u64::from(low) << 32) | u64::from(high),
            (u32::from(low_port) << 16) | u32::from(high_port),
        ),
        from_low,
        seq: u32::from_be_bytes([n0, n1, n2, n3]),
        ack: u32::from_be_bytes([a0, a1, a2, a3]),
        flags,
        window: u16::from_be_bytes([w0, w1]),
        clock: clock(options.get(..tcp_len.checked_sub(20)?)?),
        payload_len: total.checked_sub(header_len + tcp_len)? as u32,
    })
}

/// The value of the timestamps among a header's options (RFC 7323 §3.2).
fn clock(options: &[u8]) -> Option<u32> {
    let mut rest = options;
    loop {
        match *rest {
            [1, ref after @ ..] => rest = after,
            [8, 10, a, b, c, d, ..] => return Some(u32::from_be_bytes([a, b, c, d])),
            [0, ..] | [] => return None,
            [_, len, ..] => rest = rest.get(usize::from(len.max(2))..)?,
            [_] => return None,
        }
    }
}
