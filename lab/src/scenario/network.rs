//! The path between the hosts, as declared.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The path between the hosts.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Net {
    /// Round trip time in milliseconds.
    pub rtt_ms: f64,
    /// The share of it that lies between the client and the router's capture.
    pub client_share: f64,
    /// Random extra delay of each packet, in milliseconds, at most.
    pub jitter_ms: f64,
    /// Share of the packets lost, per direction.
    pub loss: f64,
    /// Share of the packets that later ones overtake.
    pub reorder: f64,
    /// Share of the packets that arrive twice.
    pub duplicate: f64,
    /// Rate in Mbit/s; 0: no limit.
    pub rate_mbit: f64,
    /// Queue before the rate limit, in kilobytes.
    pub queue_kb: u32,
    /// A NAT behind the router's devices puts another address and other ports in place of the client's.
    pub nat: bool,
    /// The path's capture is taken on the NAT's outside.
    pub capture_outside: bool,
    /// IP version.
    pub family: u8,
    /// Hops that the router counts, beside the two of the kernel's forwarding.
    pub hops: u8,
    /// The hosts' segmentation and receive offloads are on: captures there show giant segments.
    pub offload: bool,
    /// MTU of the hosts' links.
    pub mtu: u32,
    /// TCP options that both hosts leave out: `timestamps`, `window_scaling`, `sack`.
    pub tcp_off: Vec<String>,
    /// The client's kernel settings below `net.`, such as `ipv4.tcp_timestamps`.
    pub client_sysctl: BTreeMap<String, String>,
    /// The server's kernel settings below `net.`.
    pub server_sysctl: BTreeMap<String, String>,
    /// Commands run by a shell in the server's namespace before anything starts (firewall rules).
    pub server_setup: Vec<String>,
    /// Commands run by a shell in the client's namespace before anything starts.
    pub client_setup: Vec<String>,
}

impl Default for Net {
    fn default() -> Self {
        Self {
            rtt_ms: 20.0,
            client_share: 0.5,
            jitter_ms: 0.0,
            loss: 0.0,
            reorder: 0.0,
            duplicate: 0.0,
            rate_mbit: 0.0,
            queue_kb: 256,
            nat: false,
            capture_outside: false,
            family: 4,
            hops: 4,
            offload: false,
            mtu: 1500,
            tcp_off: Vec::new(),
            client_sysctl: BTreeMap::new(),
            server_sysctl: BTreeMap::new(),
            server_setup: Vec::new(),
            client_setup: Vec::new(),
        }
    }
}
