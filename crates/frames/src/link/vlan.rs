//! VLAN tags (IEEE 802.1Q): also stacked (802.1ad), also in front of a length.

use crate::link::ethertype;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// The VLAN id in the tag control information.
pub(crate) const ID_BITS: u16 = 0x0fff;

/// As many tags a frame may have.
const MAX_TAGS: u8 = 20;

/// Reads the tag behind its EtherType.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let mut inner = *outer;
    inner.vlan_tags += 1;
    if inner.vlan_tags > MAX_TAGS {
        return Ok(());
    }
    inner.link.vlan = packet.u16(0)? & ID_BITS;
    inner.last_vlan = inner.link.vlan;
    let kind = packet.u16(2)?;
    ethertype::dissect_type_or_length(walk, kind, packet.skip(4)?, &inner)
}

#[cfg(test)]
mod tests {
    use crate::sample::{SEGMENT, ethernet, found, ipv4, tcp};

    #[test]
    fn twenty_tags_are_read_and_no_more() {
        let tagged = |count: usize| {
            let tags = [0, 5, 0x81, 0].repeat(count - 1);
            let inner = [&tags[..], &[0, 5, 8, 0], &ipv4(6, &tcp())].concat();
            found(1, &ethernet(0x8100, &inner))
        };
        assert_eq!(tagged(20), [SEGMENT]);
        assert!(tagged(21).is_empty());
    }

    #[test]
    fn a_length_may_follow() {
        let llc = [&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0][..], &ipv4(6, &tcp())].concat();
        let inner = [&[0, 5, 0, 53][..], &llc, &[0; 9]].concat();
        assert_eq!(found(1, &ethernet(0x8100, &inner)), [SEGMENT]);
    }
}
