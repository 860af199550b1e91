//! The light cone against the truth: connections that were captured at both ends. What one end's capture says its far side can
//! have known is compared with what had really arrived there, as the far side's own capture shows.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use whyreset::connections::{Connection, EngineConfig, Packet, Side};
use whyreset::exchanges::Exchanges;
use whyreset::input::{Input, InputOptions};
use whyreset::reading::{self, Reader};
use whyreset::{Analysis, Judged};

/// What names a packet at both ends.
type Name = (u16, i64, i64, u16, u32);

#[derive(Debug, Default)]
struct Counts {
    packets: u64,
    bounded: u64,
    denied_something: u64,
    wrong: Vec<String>,
}

#[test]
fn what_a_far_host_cannot_have_seen_had_not_arrived_there() {
    let mut counts = Counts::default();
    for folder in folders() {
        let client = connections(&folder.join("client.pcap"));
        let server = connections(&folder.join("server.pcap"));
        compare(&server, &client, Side::Client, &mut counts);
        compare(&client, &server, Side::Server, &mut counts);
    }
    assert_eq!(counts.wrong, Vec::<String>::new());
    assert!(counts.packets > 500, "{counts:?}");
    assert!(counts.bounded * 10 > counts.packets * 8, "{counts:?}");
    assert!(counts.denied_something * 10 > counts.packets, "{counts:?}");
}

/// Holds what `here` says of `far` against what the capture `there`, taken at that side, shows.
fn compare(
    here: &[Connection<Exchanges>],
    there: &[Connection<Exchanges>],
    far: Side,
    counts: &mut Counts,
) {
    for connection in here {
        let Some(truth) = there.iter().find(|c| c.ends == connection.ends) else {
            continue;
        };
        if !is_whole(connection) || !is_whole(truth) {
            continue;
        }
        let places = places_of(truth, far);
        for packet in connection.packets.iter().filter(|p| p.side == far) {
            if let Some(Some(place)) = places.get(&name(packet)) {
                let arrived = arrived_before(truth, far, *place);
                check(connection, packet, arrived, counts);
            }
        }
    }
}

fn check(connection: &Connection<Exchanges>, packet: &Packet, arrived: i64, counts: &mut Counts) {
    counts.packets += 1;
    let Some(knew) = connection.knowledge_of(packet, None) else {
        return;
    };
    counts.bounded += 1;
    let denied = |first: whyreset::connections::Moment| first.frame < packet.frame;
    counts.denied_something += u64::from(knew.first_impossible.is_some_and(denied));
    if knew.at_most < arrived || knew.certainly > arrived.max(1) {
        let frame = packet.frame;
        counts.wrong.push(format!(
            "frame {frame}: {knew:?}, but {arrived} had arrived"
        ));
    }
}

/// The number up to which the other side's data had arrived at `far` when its packet number `place` left.
fn arrived_before(truth: &Connection<Exchanges>, far: Side, place: usize) -> i64 {
    let earlier = truth.packets.iter().take(place);
    let arrived = earlier.filter(|p| p.side != far && !p.flags.is_rst());
    arrived.map(Packet::seq_end).max().unwrap_or(0)
}

/// Where each packet of a side stands; `None` for names that occur twice.
fn places_of(connection: &Connection<Exchanges>, side: Side) -> HashMap<Name, Option<usize>> {
    let mut places = HashMap::new();
    for (place, packet) in connection.packets.iter().enumerate() {
        // Without an identification of its own a packet cannot be told from its repetition.
        if packet.side == side && packet.ip_id != 0 && !packet.flags.is_rst() {
            places
                .entry(name(packet))
                .and_modify(|known| *known = None)
                .or_insert(Some(place));
        }
    }
    places
}

fn name(packet: &Packet) -> Name {
    (
        packet.ip_id,
        packet.seq,
        packet.ack,
        packet.flags.0,
        packet.payload_len,
    )
}

/// Numbers count from the SYN, and nothing is missing.
fn is_whole(connection: &Connection<Exchanges>) -> bool {
    let flows = &connection.flows;
    connection.handshake.syn.is_some()
        && connection.packets_dropped == 0
        && flows.client.missing_bytes == 0
        && flows.server.missing_bytes == 0
}

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lab");
    let mut folders = Vec::new();
    for cause in std::fs::read_dir(root).expect("the fixtures").flatten() {
        let Ok(variations) = std::fs::read_dir(cause.path()) else {
            continue;
        };
        for variation in variations.flatten() {
            let folder = variation.path();
            if folder.join("client.pcap").exists() && folder.join("server.pcap").exists() {
                folders.push(folder);
            }
        }
    }
    folders.sort();
    folders
}

struct All(Vec<Connection<Exchanges>>);

impl Reader for All {
    type Error = std::convert::Infallible;

    fn judged(&mut self, judged: Judged, _: &Analysis) -> Result<(), Self::Error> {
        self.0.push(judged.connection);
        Ok(())
    }
}

fn connections(file: &Path) -> Vec<Connection<Exchanges>> {
    let config = EngineConfig {
        keep_last: 4_096,
        ..EngineConfig::default()
    };
    let mut input = Input::open(&[file.to_path_buf()], InputOptions::default()).unwrap();
    let mut all = All(Vec::new());
    let Ok(()) = reading::read(&mut input, &mut Analysis::new(config), &mut all);
    all.0
}
