//! `truth.json`: what really happened to every connection of a variation.

use crate::captures::{Capture, VANTAGES};
use crate::router::Seen;
use crate::scenario::{Part, Truth, Variation};
use crate::witness::SentReset;
use crate::world::World;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::UNIX_EPOCH;

/// The file.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct TruthFile {
    /// The scenario's name.
    pub scenario: String,
    /// The variation's name.
    pub variation: String,
    /// Fit or test.
    pub part: Part,
    /// The programs and the path in a few words.
    pub setting: String,
    /// Capture files by vantage.
    pub captures: BTreeMap<String, String>,
    /// Where label, witness and captures do not agree: such a variation is not scored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<String>,
    /// All connections in the order in which they were opened.
    pub connections: Vec<Labelled>,
}

/// One connection and its truth.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Labelled {
    /// The client's end.
    pub client: SocketAddr,
    /// The server's end.
    pub server: SocketAddr,
    /// The client's end as it is seen beyond a NAT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside: Option<SocketAddr>,
    /// When its first SYN left the client, in seconds since 1970.
    pub begin: f64,
    /// The truth.
    pub truth: Truth,
    /// How many of its packets each capture holds.
    pub frames: BTreeMap<String, usize>,
    /// Why each host's TCP sent its RSTs, as its kernel said.
    pub kernel: Vec<String>,
}

/// Puts the labels together.
pub fn label(
    variation: &Variation,
    world: &World,
    seen: &[Seen],
    resets: &[SentReset],
    folder: &Path,
) -> Result<TruthFile> {
    let mut connections: Vec<Labelled> = seen
        .iter()
        .enumerate()
        .map(|(index, seen)| {
            let client = SocketAddr::new(world.client_address, seen.client_port);
            let server = SocketAddr::new(world.server_address, seen.server_port);
            let begin = seen
                .begin
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs_f64();
            let truth = truth_of(variation, index + 1, seen);
            let kernel = reasons(resets, client, server, seen.outside);
            Labelled {
                client,
                server,
                outside: seen.outside,
                begin,
                truth,
                frames: BTreeMap::new(),
                kernel,
            }
        })
        .collect();
    count_frames(&mut connections, folder, world.server_address)?;
    Ok(TruthFile {
        scenario: variation.scenario.clone(),
        variation: variation.name.clone(),
        part: variation.part,
        setting: setting(variation),
        captures: VANTAGES
            .iter()
            .map(|name| ((*name).to_owned(), format!("{name}.pcap")))
            .collect(),
        doubts: Vec::new(),
        connections,
    })
}

/// A listener's RST is traced with zeros for its destination: it is counted to nobody.
fn belongs(sent: &SentReset, client: SocketAddr, server: SocketAddr) -> bool {
    let ends = (client.to_string(), server.to_string());
    (sent.source == ends.0 && sent.destination == ends.1)
        || (sent.source == ends.1 && sent.destination == ends.0)
}

/// What the kernel said of one connection; the same again and again is said once, with its number.
fn reasons(
    resets: &[SentReset],
    client: SocketAddr,
    server: SocketAddr,
    outside: Option<SocketAddr>,
) -> Vec<String> {
    let mut counted: Vec<(String, usize)> = Vec::new();
    let of_it = |sent: &&SentReset| {
        belongs(sent, client, server) || outside.is_some_and(|end| belongs(sent, end, server))
    };
    for sent in resets.iter().filter(of_it) {
        let side = if sent.source == client.to_string() {
            "client"
        } else {
            "server"
        };
        let text = format!("{side} {} {}", sent.reason, sent.state);
        match counted.last_mut().filter(|(last, _)| *last == text) {
            Some((_, count)) => *count += 1,
            None => counted.push((text, 1)),
        }
    }
    counted
        .into_iter()
        .map(|(text, count)| {
            if count > 1 {
                format!("{text} x{count}")
            } else {
                text
            }
        })
        .collect()
}

fn truth_of(variation: &Variation, number: usize, seen: &Seen) -> Truth {
    let named = variation.labels.iter().find(|label| {
        let in_turn = label
            .of_every
            .is_some_and(|[every, place]| number % every.max(1) == place);
        let served = label
            .down_bytes
            .is_some_and(|bytes| seen.down_bytes >= bytes);
        let listed = label.connections.contains(&number);
        listed || in_turn || served || label.server_port == seen.server_port
    });
    named.map_or_else(|| variation.truth.clone(), |label| label.truth.clone())
}

/// Counts each connection's packets in the folder's captures.
pub fn count_frames(connections: &mut [Labelled], folder: &Path, server: IpAddr) -> Result<()> {
    for vantage in VANTAGES {
        let capture = Capture::read(&folder.join(format!("{vantage}.pcap")))?;
        let counts = capture.count(server);
        for connection in connections.iter_mut() {
            let ends = [Some(connection.client), connection.outside];
            let keys = ends
                .into_iter()
                .flatten()
                .map(|end| (end, connection.server));
            let frames = keys
                .filter_map(|key| counts.get(&key).map(|count| count.packets))
                .sum();
            connection.frames.insert(vantage.to_owned(), frames);
        }
    }
    Ok(())
}

fn setting(variation: &Variation) -> String {
    let net = &variation.net;
    let mut text = format!(
        "{} {} to {} over IPv{}, RTT {} ms",
        variation.client.program,
        variation.client.args.join(" "),
        variation.server.program,
        net.family,
        net.rtt_ms
    );
    for (name, value) in [
        ("loss", net.loss),
        ("reordering", net.reorder),
        ("jitter ms", net.jitter_ms),
    ] {
        if value > 0.0 {
            text.push_str(&format!(", {name} {value}"));
        }
    }
    if variation.server.tls {
        text.push_str(", TLS");
    }
    text
}
