//! Logical link control (IEEE 802.2) and its SNAP header (RFC 1042).

use crate::link::{ethernet, ethertype};
use crate::network::ipv4;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Service access point of SNAP.
const SNAP: u8 = 0xaa;

/// Service access point of IP.
const IP: u8 = 0x06;

/// Unnumbered information.
const UI: u8 = 0x03;

/// Bridged Ethernet frames, with and without their check sequence.
const WITH_FCS: u16 = 1;
const WITHOUT_FCS: u16 = 7;

/// Padding in front of bridged frames, which aligns them (RFC 2684 §5.2).
const BRIDGED_PAD: usize = 2;

/// Reads an LLC frame.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let [dsap, ssap, control] = packet.array(0)?;
    // Unnumbered frames have one byte of control, numbered ones two.
    let control_len = if control & 3 == 3 { 1 } else { 2 };
    let rest = packet.skip(2 + control_len)?;
    let is_information = control & 1 == 0 || control & !0x10 == UI;
    match (dsap, ssap & !1) {
        _ if !is_information => Ok(()),
        (SNAP, SNAP) => dissect_snap(walk, BRIDGED_PAD, rest, outer),
        (IP, _) => ipv4::dissect_any_version(walk, rest, &outer.deeper()?),
        _ => Ok(()),
    }
}

/// Reads a SNAP header: whose protocol number it is, and the number. Bridged frames follow `bridged_pad` bytes of padding.
pub(crate) fn dissect_snap(
    walk: &mut Walk<'_>,
    bridged_pad: usize,
    packet: Packet<'_>,
    outer: &Outer,
) -> Walked {
    let [o0, o1, o2, p0, p1] = packet.array(0)?;
    let rest = packet.skip(5)?;
    let protocol = u16::from_be_bytes([p0, p1]);
    match [o0, o1, o2] {
        // Encapsulated Ethernet; Cisco.
        [0, 0, 0] | [0, 0, 0xf8] => ethertype::dissect(walk, protocol, rest, outer),
        // IEEE 802.1's own, for bridges (RFC 2684 appendix B).
        [0, 0x80, 0xc2] if matches!(protocol, WITH_FCS | WITHOUT_FCS) => {
            let mut frame = rest.skip(bridged_pad)?;
            if protocol == WITH_FCS {
                frame = frame.limit(frame.wire_len().saturating_sub(4));
            }
            ethernet::dissect(walk, frame, &outer.deeper()?.tunnelled())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::sample::{SEGMENT, ethernet, found, ipv4, tcp};

    #[test]
    fn bridged_frames_follow_two_bytes_of_padding() {
        let bridged = [
            &[0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7, 0, 0][..],
            &ethernet(0x0800, &ipv4(6, &tcp())),
        ];
        assert_eq!(found(11, &bridged.concat()), [SEGMENT]);
    }

    #[test]
    fn supervisory_frames_carry_nothing() {
        let frame = |control| [&[6, 6, control][..], &ipv4(6, &tcp())].concat();
        assert_eq!(found(11, &frame(3)), [SEGMENT]);
        assert!(found(11, &frame(0x7f)).is_empty());
    }
}
