//! sFlow (<https://sflow.org/sflow_version_5.txt>, RFC 3176): sampled frame headers in the reports of switches.

use crate::link::{ethernet, frame_relay, mpls, ppp};
use crate::network::{ipv4, ipv6};
use crate::packet::{Cut, Packet, Walked};
use crate::walk::{Outer, Walk};

/// Formats of samples and of records in them; all without an enterprise number.
const FLOW_SAMPLE: u32 = 1;
const EXPANDED_FLOW_SAMPLE: u32 = 3;
const RAW_HEADER: u32 = 1;

/// Reads the samples of a datagram of version 2, 4 or 5.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let version = packet.u32(0)?;
    let agent_len = match packet.u32(4)? {
        1 => 4,
        2 => 16,
        _ => return Ok(()),
    };
    let rest = packet.skip(8 + agent_len)?;
    // A sample of the traffic shows nothing of the payload between its frames.
    let inner = Outer {
        sampled: true,
        ..outer.deeper()?
    };
    match version {
        2 | 4 => dissect_old_samples(walk, rest.u32(8)?, rest.skip(12)?, &inner),
        5 => dissect_samples(walk, rest.u32(12)?, rest.skip(16)?, &inner),
        _ => Ok(()),
    }
}

fn dissect_samples(walk: &mut Walk<'_>, count: u32, samples: Packet<'_>, outer: &Outer) -> Walked {
    let mut rest = samples;
    for _ in 0..count {
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
            let frame_len = length(body, 4)?;
            let header = body.skip(16)?.bytes().get(..length(body, 12)?);
            let header = Packet::new(header.ok_or(Cut)?, frame_len);
            dissect_header(walk, body.u32(0)?, header, outer);
        }
        rest = after;
    }
    Ok(())
}

/// Reads the samples of the versions before 5, up to the first that holds no frame header or more than that.
fn dissect_old_samples(
    walk: &mut Walk<'_>,
    count: u32,
    samples: Packet<'_>,
    outer: &Outer,
) -> Walked {
    let mut rest = samples;
    for _ in 0..count {
        if rest.u32(0)? != FLOW_SAMPLE || rest.u32(32)? != RAW_HEADER {
            return Ok(());
        }
        let protocol = rest.u32(36)?;
        let frame_len = length(rest, 40)?;
        let header_len = length(rest, 44)?;
        rest = rest.skip(48)?;
        let header = rest.bytes().get(..header_len).ok_or(Cut)?;
        dissect_header(walk, protocol, Packet::new(header, frame_len), outer);
        rest = rest.skip(header_len.next_multiple_of(4))?;
        let extensions = rest.u32(0)?;
        rest = rest.skip(4)?;
        if extensions != 0 {
            return Ok(());
        }
    }
    Ok(())
}

/// Reads a sampled header. One that ends early, as sampled ones do, spoils nothing outside of it.
fn dissect_header(walk: &mut Walk<'_>, protocol: u32, header: Packet<'_>, outer: &Outer) {
    let _ = match protocol {
        1 => ethernet::dissect(walk, header, outer),
        5 => frame_relay::dissect(walk, header, outer),
        7 => ppp::dissect_hdlc(walk, header, outer),
        11 => ipv4::dissect_any_version(walk, header, outer),
        12 => ipv6::dissect(walk, header, outer),
        13 => mpls::dissect(walk, header, outer),
        _ => Ok(()),
    };
}

/// Splits off a structure: its format, its body, what follows it.
fn tagged(packet: Packet<'_>) -> Result<(u32, Packet<'_>, Packet<'_>), Cut> {
    let kind = packet.u32(0)?;
    let len = length(packet, 4)?;
    let body = packet.skip(8)?;
    Ok((kind, body.limit(len), body.skip(len)?))
}

fn length(packet: Packet<'_>, at: usize) -> Result<usize, Cut> {
    usize::try_from(packet.u32(at)?).map_err(|_| Cut)
}

#[cfg(test)]
mod tests {
    use crate::sample::{ethernet, found, ipv4, tcp, udp};

    fn sample(frame: &[u8]) -> Vec<u8> {
        let len = u32::try_from(frame.len()).unwrap();
        let padding = vec![0; frame.len().next_multiple_of(4) - frame.len()];
        let words = |numbers: &[u32]| {
            numbers
                .iter()
                .flat_map(|n| n.to_be_bytes())
                .collect::<Vec<u8>>()
        };
        let record = [words(&[1, 2000, 4, len]), frame.to_vec(), padding].concat();
        let record_len = u32::try_from(record.len()).unwrap();
        let body = [words(&[1, 0, 1, 1, 0, 1, 2, 1, 1, record_len]), record].concat();
        [words(&[1, u32::try_from(body.len()).unwrap()]), body].concat()
    }

    #[test]
    fn every_sample_is_read_without_payload() {
        let sample = sample(&ethernet(0x0800, &ipv4(6, &tcp())));
        let header = [&[0, 0, 0, 5, 0, 0, 0, 1][..], &[0; 16], &[0, 0, 0, 2]].concat();
        let datagram = ipv4(17, &udp(6343, &[header, sample.clone(), sample].concat()));
        let segment = "segment 10.0.0.1:1000 > 10.0.0.2:80 0";
        assert_eq!(found(101, &datagram), [segment, segment]);
    }
}
