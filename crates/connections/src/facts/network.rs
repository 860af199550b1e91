//! IP and link fields of a direction.

use whyreset_segments::{Checksum, Known};

use super::Seen;
use crate::Flow;
use crate::calm_run::CalmRun;

/// Checksums are verified on so many of the first packets of a direction.
pub(crate) const CHECKED: u32 = 4;
/// No path carries larger datagrams than jumbo frames do.
const JUMBO: u32 = 9_018;

/// `tried` counts the packets whose checksum was looked at.
pub(crate) fn note(flow: &mut Flow, tried: &mut u32, seen: &Seen<'_, '_>) {
    note_link(flow, seen);
    note_checksum(flow, tried, seen);
    if seen.flags().is_rst() {
        return;
    }
    let network = &mut flow.network;
    if seen.has(Known::TTL) {
        let ttl = seen.segment.ip.ttl;
        network.ttl_first.get_or_insert(ttl);
        network.ttl_min = Some(network.ttl_min.map_or(ttl, |min| min.min(ttl)));
        network.ttl_max = Some(network.ttl_max.map_or(ttl, |max| max.max(ttl)));
    }
    if seen.has(Known::IP_ID) {
        network.ip_id_last = Some((seen.segment.ip.id, seen.at));
    }
}

fn note_link(flow: &mut Flow, seen: &Seen<'_, '_>) {
    let network = &mut flow.network;
    if seen.has(Known::MAC) {
        let mac = seen.segment.link.source_mac;
        let first = *network.mac.get_or_insert(mac);
        network.mac_changed |= first != mac && !seen.flags().is_rst();
    }
    if let Some(outgoing) = seen.segment.link.outgoing {
        network.outgoing.get_or_insert(outgoing);
    }
}

fn note_checksum(flow: &mut Flow, tried: &mut u32, seen: &Seen<'_, '_>) {
    if *tried >= CHECKED || (seen.segment.tcp_bytes.is_empty() && seen.checksum.is_none()) {
        return;
    }
    *tried += 1;
    let network = &mut flow.network;
    match seen.checksum.unwrap_or_else(|| seen.segment.checksum()) {
        Checksum::Good => network.checksum_checked += 1,
        Checksum::Bad | Checksum::Offloaded => {
            network.checksum_checked += 1;
            network.checksum_unfinished += 1;
        }
        Checksum::Unverifiable => {}
    }
}

/// Frames larger than the path can carry. `mss` is the largest segment that the receiver takes, where its SYN says it.
pub(crate) fn note_size(flow: &mut Flow, mss: Option<u16>, seen: &Seen<'_, '_>) {
    if seen.has(Known::TTL) {
        let segment = seen.segment;
        note_datagram(flow, mss, segment.ip.total_len, segment.payload_len);
    }
}

/// The most payload of a segment that is not too large, in datagrams with so many bytes of headers.
pub(crate) fn largest_fitting(mss: Option<u16>, overhead: u32) -> u32 {
    let of_path = JUMBO.saturating_sub(overhead);
    match mss {
        Some(mss) if mss > 0 => of_path.min(u32::from(mss)),
        _ => of_path,
    }
}

/// The sizes of a run.
pub(crate) fn calm(flow: &mut Flow, run: &CalmRun<'_>) {
    let (largest, oversize) = match &run.data {
        Some(data) => (data.largest, data.oversize),
        None => (0, 0),
    };
    // What carries data is longer than any header alone.
    let longer = largest.max(run.longer.into());
    let datagram_len = run.shared.look.datagram_len(longer);
    flow.sizes.largest_datagram = flow.sizes.largest_datagram.max(datagram_len);
    flow.network.oversize = flow.network.oversize.saturating_add(oversize);
}

/// A datagram of so many bytes, with so many of payload.
fn note_datagram(flow: &mut Flow, mss: Option<u16>, len: u32, payload_len: u32) {
    flow.sizes.largest_datagram = flow.sizes.largest_datagram.max(len);
    let beyond_mss = mss.is_some_and(|mss| mss > 0 && payload_len > u32::from(mss));
    let left_open = len == 0 && payload_len > 0;
    if beyond_mss || left_open || len > JUMBO {
        flow.network.oversize = flow.network.oversize.saturating_add(1);
    }
}
