//! The second witness: the kernel's own trace event `tcp:tcp_send_reset`, which says for every RST that
//! TCP sends why it did so. A RST in a host's capture without such an event is not TCP's own.
//!
//! An instance of its own keeps apart from other users of the trace. The text form is read, whose reason
//! names the kernel prints itself: their numbers differ between versions.

use anyhow::{Context, Result};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

/// One RST that a host's TCP sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentReset {
    /// Its source, address and port.
    pub source: String,
    /// Its destination; the kernel prints zeros when a listener answers.
    pub destination: String,
    /// The socket's state.
    pub state: String,
    /// The reason.
    pub reason: String,
}

/// An instance of the kernel's trace.
pub struct Witness {
    instance: PathBuf,
}

impl Witness {
    /// Begins to trace. Fails where the kernel or the rights do not allow it.
    pub fn begin() -> Result<Self> {
        let root = Path::new("/sys/kernel/tracing");
        if !root.join("instances").exists() {
            Command::new("mount")
                .args(["-t", "tracefs", "nodev"])
                .arg(root)
                .status()?;
        }
        remove_stale(&root.join("instances"));
        let instance = root
            .join("instances")
            .join(format!("whyreset-lab-{}", std::process::id()));
        std::fs::create_dir(&instance).context("no tracefs instance")?;
        let witness = Self { instance };
        witness.set("buffer_size_kb", "2048")?;
        witness.set("events/tcp/tcp_send_reset/enable", "1")?;
        Ok(witness)
    }

    fn set(&self, file: &str, value: &str) -> Result<()> {
        std::fs::write(self.instance.join(file), value).with_context(|| format!("trace: {file}"))
    }

    /// What a host has sent so far.
    pub fn of(&self, address: IpAddr) -> Vec<SentReset> {
        let text = std::fs::read_to_string(self.instance.join("trace")).unwrap_or_default();
        text.lines()
            .filter_map(read_line)
            .filter(|sent| host(&sent.source) == Some(address))
            .collect()
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        drop(std::fs::write(
            self.instance.join("events/tcp/tcp_send_reset/enable"),
            "0",
        ));
        drop(std::fs::remove_dir(&self.instance));
    }
}

/// Removes instances of lab runs whose process is gone.
fn remove_stale(instances: &Path) {
    let entries = std::fs::read_dir(instances).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let pid = name.strip_prefix("whyreset-lab-");
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            drop(std::fs::remove_dir(entry.path()));
        }
    }
}

fn host(end: &str) -> Option<IpAddr> {
    end.parse::<std::net::SocketAddr>().ok().map(|end| end.ip())
}

/// A socket of IPv6 that speaks IPv4 (Java's, for example) is traced with mapped addresses (RFC 4291, 2.5.5.2).
fn plain(end: &str) -> String {
    end.parse::<SocketAddr>().map_or_else(
        |_| end.to_owned(),
        |end| SocketAddr::new(end.ip().to_canonical(), end.port()).to_string(),
    )
}

fn read_line(line: &str) -> Option<SentReset> {
    let (_, event) = line.split_once("tcp_send_reset: ")?;
    let field = |name: &str| {
        let word = event
            .split_whitespace()
            .find_map(|word| word.strip_prefix(name))?;
        Some(word.to_owned())
    };
    Some(SentReset {
        source: plain(&field("src=")?),
        destination: plain(&field("dest=")?),
        state: field("state=")?,
        reason: field("reason=")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_trace_is_read() {
        let line = " curl-1 [000] b..1. 9.5: tcp_send_reset: skbaddr=00000000a skaddr=0b src=10.1.2.3:4000 dest=172.16.0.2:80 state=TCP_CLOSE reason=TCP_ABORT_ON_CLOSE";
        let sent = read_line(line).unwrap();
        assert_eq!(host(&sent.source), Some("10.1.2.3".parse().unwrap()));
        assert_eq!(sent.reason, "TCP_ABORT_ON_CLOSE");
        assert_eq!(read_line("# tracer: nop"), None);
        let mapped = line.replace("10.1.2.3:4000", "[::ffff:10.1.2.3]:4000");
        assert_eq!(read_line(&mapped).unwrap(), sent);
    }
}
