//! The beginning of a capture, for programs that would take minutes for the whole.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use anyhow::{Result, ensure};

/// Copies the records of a little-endian pcap that lie within the first `len` bytes.
pub fn copy(from: &Path, to: &Path, len: u64) -> Result<()> {
    let mut from = BufReader::with_capacity(1 << 20, File::open(from)?);
    let mut to = BufWriter::with_capacity(1 << 20, File::create(to)?);
    let mut header = [0_u8; 24];
    from.read_exact(&mut header)?;
    ensure!(
        header.starts_with(&[0xd4, 0xc3, 0xb2, 0xa1]),
        "only little-endian microsecond pcap is cut"
    );
    to.write_all(&header)?;
    let mut copied = header.len() as u64;
    let mut record = [0_u8; 16];
    while from.read_exact(&mut record).is_ok() {
        let [_, _, _, _, _, _, _, _, a, b, c, d, ..] = record;
        let body = u64::from(u32::from_le_bytes([a, b, c, d]));
        copied += 16 + body;
        if copied > len {
            break;
        }
        to.write_all(&record)?;
        std::io::copy(&mut from.by_ref().take(body), &mut to)?;
    }
    to.flush()?;
    Ok(())
}
