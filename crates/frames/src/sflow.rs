//! sFlow version 5 (<https://sflow.org/sflow_version_5.txt>): sampled frame headers in the reports of switches.

use crate::packet::{Cut, Packet, Walked};
use crate::walk::{Outer, Walk};
use crate::{ethernet, ipv4, ipv6};

const VERSION: u32 = 5;

/// Formats of samples and of records in them; all without an enterprise number.
const FLOW_SAMPLE: u32 = 1;
const EXPANDED_FLOW_SAMPLE: u32 = 3;
const RAW_HEADER: u32 = 1;

/// Reads the samples of a datagram.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    if packet.u32(0)? != VERSION {
        return Ok(());
    }
    let agent_len = match packet.u32(4)? {
        1 => 4,
        2 => 16,
        _ => return Ok(()),
    };
    let mut rest = packet.skip(8 + agent_len + 12)?;
    let samples = rest.u32(0)?;
    rest = rest.skip(4)?;
    for _ in 0..samples {
        let (kind, body, after) = tagged(rest)?;
        match kind {
            FLOW_SAMPLE => dissect_sample(walk, body, 28, outer)?,
            EXPANDED_FLOW_SAMPLE => dissect_sample(walk, body, 40, outer)?,
            _ => {}
        }
        rest = after;
    }
    Ok(())
}

/// Reads the records of a sample, whose count stands at `at`.
fn dissect_sample(walk: &mut Walk<'_>, sample: Packet<'_>, at: usize, outer: &Outer) -> Walked {
    let records = sample.u32(at)?;
    let mut rest = sample.skip(at + 4)?;
    for _ in 0..records {
        let (kind, body, after) = tagged(rest)?;
        if kind == RAW_HEADER {
            // A header that ends early, as sampled ones do, spoils nothing outside of it.
            let _ = dissect_header(walk, body, &outer.deeper()?);
        }
        rest = after;
    }
    Ok(())
}

/// Reads a sampled header: protocol, length of the frame, bytes stripped from it, length of the header.
fn dissect_header(walk: &mut Walk<'_>, record: Packet<'_>, outer: &Outer) -> Walked {
    let protocol = record.u32(0)?;
    let frame_len = usize::try_from(record.u32(4)?).map_err(|_| Cut)?;
    let header_len = usize::try_from(record.u32(12)?).map_err(|_| Cut)?;
    let bytes = record.skip(16)?.bytes();
    let bytes = bytes.get(..header_len).unwrap_or(bytes);
    let header = Packet::new(bytes, frame_len.max(bytes.len()));
    match protocol {
        1 => ethernet::dissect(walk, header, outer),
        11 => ipv4::dissect_any_version(walk, header, outer),
        12 => ipv6::dissect(walk, header, outer),
        _ => Ok(()),
    }
}

/// Splits off a structure: its format, its body, what follows it.
fn tagged(packet: Packet<'_>) -> Result<(u32, Packet<'_>, Packet<'_>), Cut> {
    let kind = packet.u32(0)?;
    let len = usize::try_from(packet.u32(4)?).map_err(|_| Cut)?;
    let body = packet.skip(8)?;
    Ok((kind, body.limit(len), body.skip(len)?))
}
