//! A network: an address and how many of its leading bits count.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Reads `192.0.2.0/24`, `192.0.2` (one byte of mask for each that is written), `2001:db8::/32`; `mask` is the
    /// network mask of `net 192.0.2.0 mask 255.255.255.0`.
    pub fn parse(text: &str, mask: Option<&str>) -> Option<Self> {
        let (address, written_prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
            None => (text, None),
        };
        if let Ok(v6) = address.parse::<Ipv6Addr>() {
            return Self::checked(IpAddr::V6(v6), written_prefix.unwrap_or(128), 128);
        }
        let (v4, written_bytes) = dotted(address)?;
        let mask_prefix = match mask {
            Some(mask) => Some(mask_len(mask)?),
            None => None,
        };
        let prefix = written_prefix
            .or(mask_prefix)
            .unwrap_or_else(|| written_bytes.saturating_mul(8));
        Self::checked(IpAddr::V4(v4), prefix, 32)
    }

    fn checked(address: IpAddr, prefix: u8, bits: u8) -> Option<Self> {
        (prefix <= bits).then_some(Self { address, prefix })
    }

    /// Whether `address` lies in the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let shift = 32 - u32::from(self.prefix);
                own.to_bits().checked_shr(shift) == other.to_bits().checked_shr(shift)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let shift = 128 - u32::from(self.prefix);
                own.to_bits().checked_shr(shift) == other.to_bits().checked_shr(shift)
            }
            _ => false,
        }
    }
}

/// An IPv4 address of which one to four bytes are written, and how many are.
fn dotted(text: &str) -> Option<(Ipv4Addr, u8)> {
    let mut bytes = [0u8; 4];
    let mut written = 0u8;
    for part in text.split('.') {
        *bytes.get_mut(usize::from(written))? = part.parse().ok()?;
        written += 1;
    }
    Some((Ipv4Addr::from(bytes), written))
}

fn mask_len(text: &str) -> Option<u8> {
    let mask = text.parse::<Ipv4Addr>().ok()?.to_bits();
    let ones = mask.leading_ones();
    (mask.count_ones() == ones)
        .then(|| u8::try_from(ones).ok())
        .flatten()
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::Network;

    fn contains(network: &str, address: &str) -> bool {
        Network::parse(network, None)
            .unwrap()
            .contains(address.parse().unwrap())
    }

    #[test]
    fn prefixes_and_short_forms() {
        assert!(contains("192.0.2.0/24", "192.0.2.255"));
        assert!(!contains("192.0.2.0/24", "192.0.3.0"));
        assert!(contains("192.0", "192.0.77.1"));
        assert!(contains("0.0.0.0/0", "8.8.8.8"));
        assert!(contains("2001:db8::/32", "2001:db8:1::1"));
        assert!(!contains("2001:db8::/32", "192.0.2.1"));
        assert!(Network::parse("192.0.2.0/33", None).is_none());
        assert!(Network::parse("1.2.3.4.5", None).is_none());
    }

    #[test]
    fn masks() {
        let network = Network::parse("192.0.2.0", Some("255.255.254.0")).unwrap();
        assert_eq!(network.to_string(), "192.0.2.0/23");
        assert!(Network::parse("192.0.2.0", Some("255.0.255.0")).is_none());
    }
}
