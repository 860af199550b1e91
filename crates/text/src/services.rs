//! Service names: Wireshark and tcpdump write `http` for port 80 unless told not to.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The registry: names and ports, one pair per line.
const REGISTRY: &str = include_str!("../data/services.txt");

static BY_NAME: LazyLock<HashMap<&str, u16>> = LazyLock::new(|| entries().collect());

/// The port that a service name stands for (IANA's registry, any case). Names of ephemeral ports
/// (`qadmifevent` for 2462) are in it as well: they say nothing about which side is the server.
pub fn port_of_service(name: &str) -> Option<u16> {
    if let Some(port) = BY_NAME.get(name) {
        return Some(*port);
    }
    let lower = name.to_ascii_lowercase();
    let found = BY_NAME.get(lower.as_str());
    // scapy writes `ftp_data`.
    found
        .or_else(|| BY_NAME.get(lower.replace('_', "-").as_str()))
        .copied()
}

fn entries() -> impl Iterator<Item = (&'static str, u16)> {
    REGISTRY
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(name, port)| Some((name, port.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_people_paste() {
        for (name, port) in [
            ("http", 80),
            ("HTTP", 80),
            ("www", 80),
            ("https", 443),
            ("ms-wbt-server", 3389),
            ("http-alt", 8080),
            ("qadmifevent", 2462),
            ("data-port", 3578),
            ("hbci", 3000),
            ("apocd", 3809),
            ("autonoc", 1140),
            ("ftp_data", 20),
        ] {
            assert_eq!(port_of_service(name), Some(port), "{name}");
        }
        assert_eq!(port_of_service("no such service"), None);
    }

    #[test]
    fn every_line_of_the_registry_is_used() {
        let lines = REGISTRY.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(lines.count(), BY_NAME.len());
    }
}
