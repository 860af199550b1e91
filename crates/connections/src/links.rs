//! What lies below IP, a few kinds in a capture, by numbers.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use whyreset_segments::LinkFields;

/// Kinds that are told apart, without MAC addresses: VLANs, interfaces, directions.
#[derive(Debug, Default)]
pub(crate) struct Links {
    others: Vec<LinkFields>,
    numbers: HashMap<Key, u16, RandomState>,
}

/// What a kind is found by.
type Key = (u32, u8, u16, Option<bool>);

impl Links {
    /// The largest number: a trunk has 4,094 VLANs.
    pub(crate) const LARGEST: u16 = 0xfff;
    /// The number of Ethernet without a tag, on the first interface.
    pub(crate) const PLAIN: u16 = 0;

    /// The number of the kind; `None` where there are too many.
    pub(crate) fn number(&mut self, link: &LinkFields) -> Option<u16> {
        let kind = LinkFields {
            source_mac: [0; 6],
            ..*link
        };
        if kind == LinkFields::default() {
            return Some(Self::PLAIN);
        }
        let key = (kind.interface, kind.tunnels, kind.vlan, kind.outgoing);
        if let Some(number) = self.numbers.get(&key) {
            return Some(*number);
        }
        let number = u16::try_from(self.others.len() + 1).ok()?;
        if number > Self::LARGEST {
            return None;
        }
        self.others.push(kind);
        self.numbers.insert(key, number);
        Some(number)
    }

    /// The kind with this number, with this MAC address.
    pub(crate) fn get(&self, number: u16, source_mac: [u8; 6]) -> LinkFields {
        let index = usize::from(number).checked_sub(1);
        let kind = index.and_then(|index| self.others.get(index));
        LinkFields {
            source_mac,
            ..kind.copied().unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_got_a_number_is_found_by_it() {
        let mut links = Links::default();
        let link = |vlan, outgoing| LinkFields {
            source_mac: [1, 2, 3, 4, 5, 6],
            vlan,
            outgoing,
            ..LinkFields::default()
        };
        let plain = link(0, None);
        assert_eq!(links.number(&plain), Some(0));
        assert_eq!(links.get(0, plain.source_mac), plain);
        for vlan in 1..=Links::LARGEST {
            assert_eq!(links.number(&link(vlan, None)), Some(vlan));
        }
        assert_eq!(links.number(&link(1, Some(true))), None);
        let known = link(77, None);
        assert_eq!(links.number(&known), Some(77));
        assert_eq!(links.get(77, known.source_mac), known);
    }
}
