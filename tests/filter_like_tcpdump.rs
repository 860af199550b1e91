//! The filter selects the connections that tcpdump's own would: both over the same capture.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::process::Command;

use common::run;
use serde_json::Value;

/// One connection of the capture: its client and its server.
type Ends = (&'static str, u16, &'static str, u16);

const CONNECTIONS: [Ends; 9] = [
    ("10.0.0.1", 50_001, "192.0.2.10", 80),
    ("10.0.0.1", 50_002, "192.0.2.10", 443),
    ("10.0.0.2", 50_003, "192.0.2.11", 443),
    ("10.1.0.2", 443, "10.0.0.9", 8_080),
    ("172.16.5.4", 40_000, "198.51.100.7", 22),
    ("172.16.5.4", 40_001, "198.51.100.7", 8_443),
    ("2001:db8::1", 50_004, "2001:db8:1::2", 443),
    ("2001:db8::1", 50_005, "2001:db8:ffff::9", 22),
    ("fd00::5", 80, "2001:db8::1", 80),
];

const FILTERS: &[&str] = &[
    "port 443",
    "port https",
    "tcp port 80 or 443",
    "src port 443",
    "dst port 22 or dst port 80",
    "portrange 8000-8999",
    "src portrange 40000-50001 and dst port 22",
    "host 10.0.0.1",
    "host 10.0.0.1 or 10.0.0.2",
    "not host 10.0.0.1",
    "! host 10.0.0.1 && port 443",
    "host 10.0.0.1 and (port 80 or 22)",
    "host 10.0.0.1 or host 10.0.0.2 and port 443",
    "port 443 and host 10.0.0.2 or host 172.16.5.4",
    "not port 443 and not port 80",
    "not (port 443 or port 80)",
    "net 10.0.0.0/8",
    "net 10",
    "net 10.1",
    "net 172.16.0.0 mask 255.240.0.0",
    "src net 10.0.0.0/16 and dst net 192.0.2.0/24",
    "src and dst net 10.0.0.0/8",
    "dst or src net 198.51.100.0/24",
    "net 2001:db8::/48",
    "host 2001:db8::1",
    "ip6 host 2001:db8::1 and port 80",
    "ip6",
    "ip",
    "ip and port 443",
    "ip6 and not port 443",
    "tcp",
    "src and dst port 80",
    "src host 10.0.0.1 and src port 443",
    "dst host 2001:db8::1",
    "ip proto 6",
];

#[test]
fn the_same_connections() {
    if Command::new("tcpdump").arg("--version").output().is_err() {
        eprintln!("SKIPPED: tcpdump is not installed, so its filters cannot be compared");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.pcap");
    std::fs::write(&whole, capture()).unwrap();
    let whole = whole.to_str().unwrap();
    let cut = folder.path().join("cut.pcap");
    let cut = cut.to_str().unwrap();
    for filter in FILTERS {
        let output = Command::new("tcpdump")
            .args(["-r", whole, "-w", cut, filter])
            .output()
            .unwrap();
        assert!(output.status.success(), "{filter}: {output:?}");
        let theirs = connections(&["--json", cut]);
        let ours = connections(&["--json", "--filter", filter, whole]);
        assert_eq!(ours, theirs, "{filter}");
    }
}

/// The connections that a run reports, as pairs of ends in order.
fn connections(arguments: &[&str]) -> BTreeSet<[String; 2]> {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let end = |connection: &Value, side: &str| {
        format!("{} {}", connection[side]["ip"], connection[side]["port"])
    };
    document["connections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|connection| {
            let mut ends = [end(connection, "client"), end(connection, "server")];
            ends.sort();
            ends
        })
        .collect()
}

/// SYN and SYN/ACK of each connection, in raw IP packets.
fn capture() -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101] {
        file.extend(word.to_le_bytes());
    }
    for (time, (client, client_port, server, server_port)) in (0_u32..).zip(CONNECTIONS) {
        let (client, server) = (client.parse().unwrap(), server.parse().unwrap());
        for (flags, from, to) in [
            (0x02, (client, client_port), (server, server_port)),
            (0x12, (server, server_port), (client, client_port)),
        ] {
            let packet = packet(from, to, flags);
            let len = u32::try_from(packet.len()).unwrap();
            for word in [time, 0, len, len] {
                file.extend(word.to_le_bytes());
            }
            file.extend(packet);
        }
    }
    file
}

fn packet(from: (IpAddr, u16), to: (IpAddr, u16), flags: u8) -> Vec<u8> {
    let mut packet = match (from.0, to.0) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let mut header = vec![0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0, 0];
            header.extend(source.octets());
            header.extend(destination.octets());
            header
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let mut header = vec![0x60, 0, 0, 0, 0, 20, 6, 64];
            header.extend(source.octets());
            header.extend(destination.octets());
            header
        }
        _ => unreachable!(),
    };
    packet.extend(from.1.to_be_bytes());
    packet.extend(to.1.to_be_bytes());
    packet.extend([0, 0, 0, 1, 0, 0, 0, 2, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    packet
}
