//! Hosts and ports as written: addresses, names, masked addresses, service names.

use std::net::{Ipv4Addr, Ipv6Addr};

use whyreset_segments::{Endpoint, Host, HostNames};

use crate::services::port_of_service;
use crate::tokens::{integer, shorten};

/// The names that stand for hosts and ports in a list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub hosts: HostNames,
    /// Ports whose names no registry knows.
    pub ports: HostNames,
    /// Interfaces of the capture.
    pub interfaces: HostNames,
}

/// A port as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Port {
    /// The row does not say it.
    #[default]
    Unsaid,
    /// A number, or a name that stands for one.
    Number(u16),
    /// An unknown name: entry of [`Names::ports`].
    Named(u32),
}

/// One end of a row's arrow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Side {
    pub host: Option<Host>,
    pub port: Port,
}

impl Names {
    /// The host that `text` stands for.
    pub fn host(&mut self, text: &str) -> Host {
        let text = text.trim_matches(['[', ']', '"', '\'']);
        // The zone of a link-local address (`fe80::1%eth0`) is no part of it.
        let text = match text.split_once('%') {
            Some((address, _)) if address.contains(':') => address,
            _ => text,
        };
        self.hosts.host(shorten(text, MAX_NAME))
    }

    /// The port that `text` stands for: `80`, `http`, `http(80)`, `80(http)`, `data-port (3578)`.
    pub fn port(&mut self, text: &str) -> Port {
        let text = text.trim();
        if let Some((name, rest)) = text.split_once('(') {
            let inner = rest.trim_end_matches(')');
            if let Some(number) = integer(inner.trim()).or_else(|| integer(name.trim())) {
                return Port::Number(number);
            }
        }
        if let Some(number) = integer(text).or_else(|| port_of_service(text)) {
            return Port::Number(number);
        }
        if text.is_empty() {
            return Port::Unsaid;
        }
        match self.ports.host(shorten(text, MAX_NAME)) {
            Host::Name(index) => Port::Named(index),
            Host::V4(_) | Host::V6(_) => Port::Unsaid,
        }
    }

    /// The interface of this name, counted from 0.
    pub fn interface(&mut self, text: &str) -> Option<u32> {
        match self.interfaces.host(shorten(text, MAX_NAME)) {
            Host::Name(index) => Some(index),
            Host::V4(_) | Host::V6(_) => None,
        }
    }

    /// One side of an arrow from its columns.
    pub fn side(&mut self, host: Option<&str>, port: Option<&str>) -> Side {
        Side {
            host: host.map(|host| self.host(host)),
            port: port.map_or(Port::Unsaid, |port| self.port(port)),
        }
    }

    /// The endpoint of a side. A port of unknown name has no number: it becomes part of the host's name, so that two
    /// such ports of one host stay two endpoints.
    pub fn endpoint(&mut self, side: Side) -> Endpoint {
        let host = side.host.unwrap_or_else(|| self.hosts.host("?"));
        match side.port {
            Port::Number(port) => Endpoint { host, port },
            Port::Unsaid => Endpoint { host, port: 0 },
            Port::Named(index) => {
                let port = self.ports.display(Host::Name(index));
                let name = format!("{}:{port}", self.hosts.display(host));
                Endpoint {
                    host: self.hosts.host(&name),
                    port: 0,
                }
            }
        }
    }
}

/// Longer names are cut, in bytes.
const MAX_NAME: usize = 255;

/// Whether `word` is an address, or an address that somebody masked (`X.X.X.X`, `yy.yyy.yy.yyy`, `10.x.x.5`).
pub(crate) fn is_address(word: &str) -> bool {
    if word.parse::<Ipv4Addr>().is_ok() || is_ipv6(word) {
        return true;
    }
    let parts: Vec<&str> = word.splitn(5, '.').collect();
    parts.len() == 4
        && parts.iter().all(|part| is_octet_or_mask(part))
        && parts.iter().any(|part| part.parse::<u8>().is_err())
}

fn is_octet_or_mask(part: &str) -> bool {
    if part.is_empty() || part.len() > 3 {
        return false;
    }
    let mut bytes = part.bytes();
    part.parse::<u8>().is_ok()
        || bytes.all(|byte| matches!(byte, b'x' | b'X' | b'y' | b'Y' | b'z' | b'Z' | b'*' | b'n' | b'#' | b'a'..=b'd' | b'A'..=b'D'))
        || part.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'x' | b'X' | b'*'))
}

fn is_ipv6(word: &str) -> bool {
    let address = word.split_once('%').map_or(word, |(address, _)| address);
    address.parse::<Ipv6Addr>().is_ok()
}

/// Whether `word` is an Ethernet address (`7a:05:6f:b7:99:82`).
pub(crate) fn mac_address(word: &str) -> Option<[u8; 6]> {
    let mut mac = [0_u8; 6];
    let mut parts = word.split([':', '-']);
    for byte in &mut mac {
        let part = parts.next()?;
        if part.is_empty() || part.len() > 2 {
            return None;
        }
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_addresses() {
        for word in [
            "10.0.0.1",
            "fe80::1%eth0",
            "::1",
            "X.X.X.X",
            "xxx.xxx.xxx.xxx",
            "10.x.x.5",
            "yy.yyy.yy.yyy",
            "a.b.c.d",
        ] {
            assert!(is_address(word), "{word}");
        }
        for word in [
            "tor1ws03415.ad.ent.ctc.com",
            "1.2",
            "TCP",
            "0.127251",
            "10.0.0",
            "1.2.3.4.5",
        ] {
            assert!(!is_address(word), "{word}");
        }
    }

    #[test]
    fn ports_of_every_spelling() {
        let mut names = Names::default();
        for text in ["80", "http", "http(80)", "80(http)", "data-port (80)"] {
            assert_eq!(names.port(text), Port::Number(80), "{text}");
        }
        let one = names.side(Some("10.0.0.1"), Some("my-own"));
        let two = names.side(Some("10.0.0.1"), Some("other-one"));
        let (one, two) = (names.endpoint(one), names.endpoint(two));
        assert_ne!(one, two);
        assert_eq!(names.hosts.display(one.host), "10.0.0.1:my-own");
    }
}
