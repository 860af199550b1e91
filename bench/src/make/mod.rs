//! Captures of real size, the same bytes for the same seed.

mod bulk;
mod churn;
mod flood;
mod headers;
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
    /// Full frames of a few hundred large downloads with 1 % loss: about 2 GB
    Bulk,
    /// 1 million short connections
    Churn,
    /// 5 million SYNs from as many addresses
    Flood,
}

/// Writes the capture to `path`; `scale` is its share of the usual size.
pub fn make(kind: Kind, path: &Path, scale: f64) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let share = |count: u32| (f64::from(count) * scale).ceil() as u32;
    match kind {
        Kind::Headers => headers::make(&mut Writer::begin(&mut out, 96)?, share(36_000))?,
        Kind::Bulk => bulk::make(&mut Writer::begin(&mut out, 65_535)?, share(300))?,
        Kind::Churn => churn::make(&mut Writer::begin(&mut out, 65_535)?, share(1_000_000))?,
        Kind::Flood => flood::make(&mut Writer::begin(&mut out, 65_535)?, share(5_000_000))?,
    }
    out.flush()?;
    Ok(())
}
