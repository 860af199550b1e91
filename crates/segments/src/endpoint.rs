//! Hosts and the ends of connections.

use std::collections::HashMap;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A host: an address, or a name that a pasted list gave instead of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address.
    V6(Ipv6Addr),
    /// The n-th name of a [`HostNames`] table.
    Name(u32),
}

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// The host.
    pub host: Host,
    /// The TCP port; 0 where a pasted list does not say it.
    pub port: u16,
}

impl Endpoint {
    /// Ports from this one on are handed out to clients: Linux's `ip_local_port_range`; IANA's range lies above (49,152, RFC 6335 §6).
    pub const CLIENT_PORTS: u16 = 32_768;
}

/// The names that stand for hosts in a pasted list (`ip-proxy`, `X.X.X.X`), each kept once.
#[derive(Clone, Debug, Default)]
pub struct HostNames {
    names: Vec<String>,
    index: HashMap<String, u32>,
}

/// More names than this and the rest share one entry.
const MAX_NAMES: usize = 65_536;

impl HostNames {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// The host that `text` stands for: an address where it is one, else its entry in this table.
    pub fn host(&mut self, text: &str) -> Host {
        if let Ok(v4) = text.parse::<Ipv4Addr>() {
            return Host::V4(v4);
        }
        if let Ok(v6) = text.parse::<Ipv6Addr>() {
            return Host::V6(v6);
        }
        if let Some(index) = self.index.get(text) {
            return Host::Name(*index);
        }
        let folded = without_case(text);
        if let Some(index) = folded.as_deref().and_then(|name| self.index.get(name)) {
            return Host::Name(*index);
        }
        if self.names.len() >= MAX_NAMES {
            return Host::Name(u32::try_from(MAX_NAMES - 1).unwrap_or(u32::MAX));
        }
        let index = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(text.to_owned());
        self.index.insert(text.to_owned(), index);
        if let Some(folded) = folded {
            self.index.insert(folded, index);
        }
        Host::Name(index)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The host as it was written.
    pub fn display(&self, host: Host) -> String {
        match host {
            Host::V4(ip) => ip.to_string(),
            Host::V6(ip) => ip.to_string(),
            Host::Name(index) => usize::try_from(index)
                .ok()
                .and_then(|index| self.names.get(index))
                .cloned()
                .unwrap_or_else(|| "?".to_owned()),
        }
    }
}

/// A name in lower case, as names of hosts do not differ by case (RFC 4343 §2). `None` for what is no such name but a letter or a mask
/// (`A` and `a`, `X.X.X.X` and `x.x.x.x` may be two hosts).
fn without_case(text: &str) -> Option<String> {
    let is_word = |label: &str| {
        let mut letters = label.chars().filter(char::is_ascii_alphabetic);
        let first = letters.next();
        let (mut count, mut differ) = (1, false);
        for letter in letters {
            count += 1;
            differ |= Some(letter) != first;
        }
        count >= 3 && differ
    };
    text.split('.')
        .any(is_word)
        .then(|| text.to_ascii_lowercase())
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(ip) => ip.fmt(f),
            Self::V6(ip) => ip.fmt(f),
            Self::Name(index) => write!(f, "host-{index}"),
        }
    }
}

/// `192.0.2.1:80`, `[2001:db8::1]:80`.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host {
            Host::V6(ip) => write!(f, "[{ip}]:{}", self.port),
            host => write!(f, "{host}:{}", self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_differ_by_case_and_masks_do() {
        let mut names = HostNames::new();
        for (one, other, same) in [
            ("WebServer", "webserver", true),
            ("db1.Example.org", "DB1.example.ORG", true),
            ("A", "a", false),
            ("X.X.X.X", "x.x.x.x", false),
            ("XXX.XXX.1.1", "xxx.xxx.1.1", false),
        ] {
            let (one, other) = (names.host(one), names.host(other));
            assert_eq!(one == other, same, "{}", names.display(one));
        }
        assert_eq!(names.display(Host::Name(0)), "WebServer");
    }
}
