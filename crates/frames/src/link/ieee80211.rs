//! IEEE 802.11 data frames.

use crate::link::{ethernet, llc};
use crate::packet::{Cut, Packet, Walked};
use crate::walk::{Outer, Walk};

const DATA: u8 = 2;
/// Subtype bits of data frames: without data, with quality of service.
const NO_DATA: u8 = 0x4;
const QOS: u8 = 0x8;
/// Flags of the second byte of frame control.
const TO_DS: u8 = 0x01;
const FROM_DS: u8 = 0x02;
const MORE_FRAGMENTS: u8 = 0x04;
const PROTECTED: u8 = 0x40;
const ORDER: u8 = 0x80;
/// Quality of service control: several packets share the frame.
const AGGREGATE: u8 = 0x80;

/// Reads a frame without its check sequence, unencrypted data only.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let [control, flags] = packet.array(0)?;
    dissect_frame(walk, control, flags, 1, packet, outer)
}

/// Reads a frame whose header some hardware padded to a multiple of four bytes.
pub(crate) fn dissect_padded(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let [control, flags] = packet.array(0)?;
    dissect_frame(walk, control, flags, 4, packet, outer)
}

/// Reads a frame whose two bytes of frame control are swapped, as some access points send them to their controller.
pub(crate) fn dissect_swapped(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let [flags, control] = packet.array(0)?;
    dissect_frame(walk, control, flags, 1, packet, outer)
}

fn dissect_frame(
    walk: &mut Walk<'_>,
    control: u8,
    flags: u8,
    alignment: usize,
    packet: Packet<'_>,
    outer: &Outer,
) -> Walked {
    let subtype = control >> 4;
    if control >> 2 & 3 != DATA || subtype & NO_DATA != 0 || flags & PROTECTED != 0 {
        return Ok(());
    }
    // Fragments are not put together. The last one is read by itself, as in Wireshark, if it comes alone.
    if flags & MORE_FRAGMENTS != 0 {
        return Ok(());
    }
    let has_four_addresses = flags & (TO_DS | FROM_DS) == TO_DS | FROM_DS;
    let mut len = if has_four_addresses { 30 } else { 24 };
    let mut is_aggregate = false;
    if subtype & QOS != 0 {
        is_aggregate = packet.u8(len)? & AGGREGATE != 0;
        len += 2;
        if flags & ORDER != 0 {
            len += 4;
        }
    }
    let body = packet.skip(len.next_multiple_of(alignment))?;
    let ends = ends(packet, flags)?;
    let mut inner = outer.deeper()?;
    inner.link.source_mac = ends.source;
    inner.link.vlan = 0;
    inner.mac_known = true;
    if is_aggregate {
        return dissect_aggregate(walk, body, &inner);
    }
    dissect_body(walk, body, &ends, &inner)
}

/// Destination and source: which of the addresses they are depends on the way through the distribution system.
struct Ends {
    destination: [u8; 6],
    source: [u8; 6],
}

fn ends(packet: Packet<'_>, flags: u8) -> Result<Ends, Cut> {
    let (destination, source) = match flags & (TO_DS | FROM_DS) {
        0 => (4, 10),
        FROM_DS => (4, 16),
        TO_DS => (16, 10),
        _ => (16, 24),
    };
    Ok(Ends {
        destination: packet.array(destination)?,
        source: packet.array(source)?,
    })
}

/// LLC, or with some drivers a whole Ethernet frame, told by its addresses.
fn dissect_body(walk: &mut Walk<'_>, body: Packet<'_>, ends: &Ends, outer: &Outer) -> Walked {
    let is_llc = matches!(body.bytes(), [0xaa, 0xaa, ..]);
    let is_ethernet = body.array(0) == Ok(ends.destination) || body.array(6) == Ok(ends.source);
    if is_ethernet && !is_llc {
        return ethernet::dissect(walk, body, outer);
    }
    llc::dissect(walk, body, outer)
}

/// Subframes of destination, source, length and LLC, each padded to a multiple of four bytes.
fn dissect_aggregate(walk: &mut Walk<'_>, body: Packet<'_>, outer: &Outer) -> Walked {
    let mut rest = body;
    while rest.wire_len() > 14 {
        let mut inner = *outer;
        inner.link.source_mac = rest.array(6)?;
        let len = usize::from(rest.u16(12)?);
        llc::dissect(walk, rest.skip(14)?.limit(len), &inner)?;
        rest = rest.skip((14 + len).next_multiple_of(4))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::sample::{SEGMENT, found, ipv4, tcp};

    const SNAP: [u8; 8] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];

    fn frame(control: u8, flags: u8, body: &[u8]) -> Vec<u8> {
        [&[control, flags][..], &[0; 22], body].concat()
    }

    #[test]
    fn plain_data_is_read_and_nothing_else() {
        let body = [&SNAP[..], &ipv4(6, &tcp())].concat();
        assert_eq!(found(105, &frame(0x08, 1, &body)), [SEGMENT]);
        assert!(
            found(105, &frame(0x08, 0x41, &body)).is_empty(),
            "encrypted"
        );
        assert!(found(105, &frame(0x48, 1, &body)).is_empty(), "no data");
        assert!(found(105, &frame(0x80, 0, &body)).is_empty(), "a beacon");
    }

    #[test]
    fn every_subframe_of_an_aggregate_is_read() {
        let packet = [&SNAP[..], &ipv4(6, &tcp())].concat();
        let len = u8::try_from(packet.len()).unwrap();
        let subframe = [&[2; 12][..], &[0, len], &packet].concat();
        let padding = vec![0; subframe.len().next_multiple_of(4) - subframe.len()];
        let body = [&[0x80, 0][..], &subframe, &padding, &subframe].concat();
        assert_eq!(found(105, &frame(0x88, 1, &body)), [SEGMENT, SEGMENT]);
    }
}
