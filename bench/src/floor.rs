//! The floor: read each record, parse the headers, update one hash table entry. Nothing that reads captures can do less.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Result, ensure};
use hashbrown::HashMap;

const BUFFER: usize = 512 * 1024;

/// Counts packets per connection of a little-endian Ethernet pcap and prints how many there are.
pub fn run(path: &Path) -> Result<()> {
    let mut file = File::open(path)?;
    let mut header = [0u8; 24];
    file.read_exact(&mut header)?;
    ensure!(
        header.starts_with(&[0xd4, 0xc3, 0xb2, 0xa1]),
        "the floor reads little-endian microsecond pcap alone"
    );
    let mut table: HashMap<(u64, u32), u64, foldhash::fast::RandomState> = HashMap::default();
    let mut buffer = vec![0u8; BUFFER];
    let mut filled = 0;
    loop {
        let read = file.read(buffer.get_mut(filled..).unwrap_or_default())?;
        if read == 0 {
            break;
        }
        filled += read;
        let used = count(buffer.get(..filled).unwrap_or_default(), &mut table);
        buffer.copy_within(used..filled, 0);
        filled -= used;
    }
    let packets: u64 = table.values().sum();
    println!("{} connections, {packets} packets", table.len());
    Ok(())
}

/// Counts all whole records of `bytes`; returns how many bytes they take.
fn count(bytes: &[u8], table: &mut HashMap<(u64, u32), u64, foldhash::fast::RandomState>) -> usize {
    let mut rest = bytes;
    while let Some((header, body)) = rest.split_first_chunk::<16>() {
        let [_, _, _, _, _, _, _, _, a, b, c, d, ..] = *header;
        let Some((frame, after)) = body.split_at_checked(u32::from_le_bytes([a, b, c, d]) as usize)
        else {
            break;
        };
        rest = after;
        if let Some(key) = key(frame) {
            *table.entry(key).or_insert(0) += 1;
        }
    }
    bytes.len() - rest.len()
}

/// Both ends, in an order that is the same for both directions.
fn key(frame: &[u8]) -> Option<(u64, u32)> {
    let (ethernet, ip) = frame.split_first_chunk::<14>()?;
    let ipv4 = ip.first_chunk::<20>()?;
    if ethernet.last_chunk::<2>() != Some(&[8, 0]) || ipv4.get(9) != Some(&6) {
        return None;
    }
    let header_len = usize::from(ipv4.first()? & 15) * 4;
    let tcp = ip.get(header_len..)?.first_chunk::<20>()?;
    let [.., s0, s1, s2, s3, d0, d1, d2, d3] = *ipv4;
    let [p0, p1, q0, q1, ..] = *tcp;
    let source = u32::from_be_bytes([s0, s1, s2, s3]);
    let destination = u32::from_be_bytes([d0, d1, d2, d3]);
    let (sport, dport) = (u16::from_be_bytes([p0, p1]), u16::from_be_bytes([q0, q1]));
    let ((low, low_port), (high, high_port)) = if (source, sport) < (destination, dport) {
        ((source, sport), (destination, dport))
    } else {
        ((destination, dport), (source, sport))
    };
    Some((
        (u64::from(low) << 32) | u64::from(high),
        (u32::from(low_port) << 16) | u32::from(high_port),
    ))
}
