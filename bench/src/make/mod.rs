//! Captures of real size: the same bytes for the same seed, and one of a real server.

mod bulk;
mod churn;
mod flood;
mod headers;
mod nginx;
mod packet;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Result;
use clap::ValueEnum;

use self::packet::Writer;

/// What to make.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind {
    /// 10 million packets of 36,000 downloads, 96-byte snapshots: about 1 GB
    Headers,
    /// The same, but a hundred downloads at once instead of twelve thousand
    HeadersFew,
    /// Full frames of a few hundred large downloads with 1 % loss: about 2 GB
    Bulk,
    /// 1 million short connections
    Churn,
    /// 5 million SYNs from as many addresses
    Flood,
    /// nginx under load, captured: needs root, tcpdump, nginx, and ab, hey or wrk; about 1.5 GB
    Nginx,
}

/// Writes the capture to `path`; `scale` is its share of the usual size.
pub fn make(kind: Kind, path: &Path, scale: f64) -> Result<()> {
    let share = |count: u32| (f64::from(count) * scale).ceil() as u32;
    match kind {
        Kind::Headers => write(path, 96, |writer| {
            headers::make(writer, share(36_000), 12_000)
        }),
        Kind::HeadersFew => write(path, 96, |writer| headers::make(writer, share(36_000), 100)),
        Kind::Bulk => write(path, 65_535, |writer| bulk::make(writer, share(300))),
        Kind::Churn => write(path, 65_535, |writer| churn::make(writer, share(1_000_000))),
        Kind::Flood => write(path, 65_535, |writer| flood::make(writer, share(5_000_000))),
        Kind::Nginx => nginx::make(path, scale),
    }
}

type FileWriter<'a> = Writer<&'a mut BufWriter<File>>;

/// Writes a pcap with snapshots of `snap` bytes.
fn write(
    path: &Path,
    snap: usize,
    make: impl FnOnce(&mut FileWriter<'_>) -> Result<()>,
) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    make(&mut Writer::begin(&mut out, snap)?)?;
    out.flush()?;
    Ok(())
}
