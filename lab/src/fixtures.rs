//! Fixtures: the basic captures of a run, small enough to be kept.

use crate::captures::Capture;
use crate::scenario::{Cut, Direction};
use anyhow::{Context, Result};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

/// Bytes kept of each packet: every header, and an HTTP head.
const SNAPLEN: usize = 320;

/// Copies `basic-…` variations from a run's folder, cut to `SNAPLEN` bytes a packet.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    let mut count = 0;
    for scenario in std::fs::read_dir(from).context("no such run")?.flatten() {
        for variation in std::fs::read_dir(scenario.path())?.flatten() {
            if !variation
                .file_name()
                .to_string_lossy()
                .starts_with("basic-")
            {
                continue;
            }
            let target = to.join(scenario.file_name()).join(variation.file_name());
            std::fs::create_dir_all(&target)?;
            for name in ["client.pcap", "server.pcap"] {
                let capture = Capture::read(&variation.path().join(name))?;
                shortened(&capture).write(&target.join(name))?;
            }
            std::fs::copy(
                variation.path().join("truth.json"),
                target.join("truth.json"),
            )?;
            count += 1;
        }
    }
    println!("{count} variations copied to {}", to.display());
    Ok(())
}

fn shortened(capture: &Capture) -> Capture {
    let cut = Cut {
        name: String::new(),
        skip: 0,
        keep: 0,
        last: 0,
        drop_last: 0,
        lose: 0.0,
        direction: Direction::Both,
        mirror: false,
        forwarded: false,
        snaplen: SNAPLEN,
        truth: None,
    };
    capture.cut(&cut, IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}
