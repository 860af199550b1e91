//! Captures of the lab: tcpdump at a host, counting what is in a file, cutting files.

use crate::router::{RST, count_hops, read_tcp};
use crate::scenario::{Cut, Direction};
use crate::world::in_namespace;
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::JoinHandle;

/// The places where captures are taken.
pub const VANTAGES: [&str; 3] = ["client", "server", "path"];

/// tcpdump at a host.
pub struct Tcpdump {
    child: Child,
    said: JoinHandle<String>,
    interface: String,
}

impl Tcpdump {
    /// Starts it and waits until it listens.
    pub fn start(namespace: &str, interface: &str, file: &Path, snaplen: u32) -> Result<Self> {
        let mut command = in_namespace(namespace, "tcpdump");
        command.args([
            "-n",
            "-i",
            interface,
            "-U",
            "--immediate-mode",
            "-Z",
            "root",
            "-B",
            // A slot of the ring holds the largest frame: bursts need many of them.
            "49152",
            "-s",
            &snaplen.to_string(),
        ]);
        command
            .arg("-w")
            .arg(file)
            .stderr(Stdio::piped())
            .stdout(Stdio::null());
        let mut child = command.spawn().context("cannot run tcpdump")?;
        let stderr = child.stderr.take().context("tcpdump has no stderr")?;
        let mut lines = BufReader::new(stderr);
        let mut line = String::new();
        while !line.contains("listening on") {
            line.clear();
            if lines.read_line(&mut line)? == 0 {
                bail!("tcpdump did not start in {namespace}");
            }
        }
        // At its end tcpdump says how much it has missed.
        let said = std::thread::spawn(move || {
            let rest: Vec<String> = lines.lines().map_while(Result::ok).collect();
            rest.join("\n")
        });
        let interface = interface.to_owned();
        Ok(Self {
            child,
            said,
            interface,
        })
    }

    /// Ends it in order, so that its file is whole. Gives back how many packets it has missed, if any.
    pub fn stop(mut self) -> Result<Option<u64>> {
        if let Some(pid) = Pid::from_raw(i32::try_from(self.child.id())?) {
            kill_process(pid, Signal::INT)?;
        }
        self.child.wait()?;
        let said = self.said.join().unwrap_or_default();
        // On "any" each loopback packet is received twice and captured once, so only drops count there.
        let unread = match self.interface.as_str() {
            "any" => 0,
            _ => unread(&said),
        };
        Ok(Some(unread + number(&said, "dropped by kernel")).filter(|missed| *missed > 0))
    }
}

/// The number before these words in tcpdump's last lines.
fn number(said: &str, words: &str) -> u64 {
    let line = said.lines().find(|line| line.contains(words));
    let first = line.and_then(|line| line.split_whitespace().next());
    first.and_then(|word| word.parse().ok()).unwrap_or(0)
}

/// Packets that the kernel had ready for tcpdump when it ended.
fn unread(said: &str) -> u64 {
    number(said, "received by filter").saturating_sub(number(said, "captured"))
}

/// A packet of a capture file.
#[derive(Clone, Debug)]
pub struct Record {
    /// Seconds and microseconds.
    pub time: (u32, u32),
    /// Length on the wire.
    pub original: u32,
    /// What was captured.
    pub bytes: Vec<u8>,
}

/// A classic pcap file of this lab: little-endian, microseconds, Ethernet, Linux "any", or raw IP.
pub struct Capture {
    /// 1 for Ethernet, 113 and 276 for Linux "any" (cooked), 101 for raw IP.
    pub link_type: u32,
    /// The packets.
    pub records: Vec<Record>,
}

impl Capture {
    /// Reads a file; a record that is cut off at its end is left out.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let word = |at: usize| -> Option<u32> {
            Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
        };
        let Some(link_type) = word(20) else {
            bail!("{}: no pcap header", path.display())
        };
        let (mut records, mut at) = (Vec::new(), 24);
        while let (Some(seconds), Some(micros), Some(length), Some(original)) =
            (word(at), word(at + 4), word(at + 8), word(at + 12))
        {
            let Some(packet) = bytes.get(at + 16..at + 16 + length as usize) else {
                break;
            };
            records.push(Record {
                time: (seconds, micros),
                original,
                bytes: packet.to_vec(),
            });
            at += 16 + length as usize;
        }
        Ok(Self { link_type, records })
    }

    /// Writes a file.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut bytes = Vec::new();
        for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, self.link_type] {
            bytes.extend(word.to_le_bytes());
        }
        for record in &self.records {
            let length = u32::try_from(record.bytes.len())?;
            for word in [record.time.0, record.time.1, length, record.original] {
                bytes.extend(word.to_le_bytes());
            }
            bytes.extend(&record.bytes);
        }
        Ok(std::fs::write(path, bytes)?)
    }

    fn ip<'a>(&self, record: &'a Record) -> &'a [u8] {
        record.bytes.get(self.ip_start()..).unwrap_or(&[])
    }

    fn ip_start(&self) -> usize {
        match self.link_type {
            1 => 14,
            113 => 16,
            276 => 20,
            _ => 0,
        }
    }

    /// Packets per connection (client's and server's end), and how many of them are RSTs of each side.
    pub fn count(&self, server: IpAddr) -> HashMap<(SocketAddr, SocketAddr), Count> {
        let mut counts: HashMap<_, Count> = HashMap::new();
        for record in &self.records {
            let Some(tcp) = read_tcp(self.ip(record)) else {
                continue;
            };
            let from = SocketAddr::new(tcp.source, tcp.source_port);
            let to = SocketAddr::new(tcp.destination, tcp.destination_port);
            let up = tcp.destination == server;
            if !up && tcp.source != server {
                continue; // on the loopback, between a proxy and its backend
            }
            let key = if up { (from, to) } else { (to, from) };
            let count = counts.entry(key).or_default();
            count.packets += 1;
            if tcp.has(RST) && up {
                count.client_resets += 1;
            } else if tcp.has(RST) {
                count.server_resets += 1;
            }
        }
        counts
    }

    /// The same capture with packets left out, doubled or shortened.
    pub fn cut(&self, cut: &Cut, server: IpAddr) -> Self {
        let end = self.records.len().saturating_sub(cut.drop_last);
        let skip = match cut.last {
            0 => cut.skip,
            last => end.saturating_sub(last),
        };
        let mut kept = self.records.get(..end).unwrap_or(&[]).iter().skip(skip);
        let most = if cut.keep == 0 { usize::MAX } else { cut.keep };
        let mut generator = fastrand::Rng::with_seed(self.records.len() as u64);
        let mut records = Vec::new();
        while let Some(record) = kept.next().filter(|_| records.len() < most) {
            let up = read_tcp(self.ip(record)).map(|tcp| tcp.destination == server);
            let wanted = match (cut.direction, up) {
                (Direction::Up, Some(up)) => up,
                (Direction::Down, Some(up)) => !up,
                _ => true,
            };
            if !wanted || (cut.lose > 0.0 && generator.f64() < cut.lose) {
                continue;
            }
            let mut record = record.clone();
            if cut.snaplen > 0 {
                record.bytes.truncate(cut.snaplen);
            }
            let mut second = record.clone();
            records.push(record);
            if cut.forwarded
                && let Some(ip) = second.bytes.get_mut(self.ip_start()..)
            {
                count_hops(ip, 1);
            }
            if cut.mirror || cut.forwarded {
                let micros = second.time.1 + 3;
                second.time = (second.time.0 + micros / 1_000_000, micros % 1_000_000);
                records.push(second);
            }
        }
        if cut.mirror || cut.forwarded {
            records.sort_by_key(|record| record.time);
        }
        Self {
            link_type: self.link_type,
            records,
        }
    }
}

/// What a capture holds of one connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    /// Its packets.
    pub packets: usize,
    /// RSTs with the client's address as the source.
    pub client_resets: usize,
    /// RSTs with the server's address as the source.
    pub server_resets: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tcpdump_has_missed_is_counted() {
        let said =
            "\n9 packets captured\n12 packets received by filter\n2 packets dropped by kernel\n";
        assert_eq!(unread(said), 3);
        assert_eq!(number(said, "dropped by kernel"), 2);
        assert_eq!(
            unread("4 packets captured\n4 packets received by filter\n"),
            0
        );
    }
}
