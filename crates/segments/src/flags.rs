//! The control bits of a TCP header (RFC 9293 §3.1, RFC 3168, RFC 9768).

use std::fmt;
use std::ops::BitOr;

/// A set of TCP control bits.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct TcpFlags(pub u16);

impl TcpFlags {
    /// No flag at all.
    pub const NONE: Self = Self(0);
    /// The sender has finished sending.
    pub const FIN: Self = Self(0x001);
    /// Synchronise sequence numbers: opens a connection.
    pub const SYN: Self = Self(0x002);
    /// Reset the connection.
    pub const RST: Self = Self(0x004);
    /// Push: hand what you have to the program.
    pub const PSH: Self = Self(0x008);
    /// The acknowledgement number is valid.
    pub const ACK: Self = Self(0x010);
    /// The urgent pointer is valid.
    pub const URG: Self = Self(0x020);
    /// ECN echo.
    pub const ECE: Self = Self(0x040);
    /// Congestion window reduced.
    pub const CWR: Self = Self(0x080);
    /// Accurate ECN (formerly the nonce sum).
    pub const AE: Self = Self(0x100);

    /// Whether every flag of `other` is set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any flag of `other` is set.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Opens a connection: SYN without ACK.
    pub const fn is_opening_syn(self) -> bool {
        self.contains(Self::SYN) && !self.contains(Self::ACK)
    }

    /// Answers an opening SYN: SYN with ACK.
    pub const fn is_syn_ack(self) -> bool {
        self.contains(Self(Self::SYN.0 | Self::ACK.0))
    }

    /// RST is set.
    pub const fn is_rst(self) -> bool {
        self.contains(Self::RST)
    }

    /// FIN is set.
    pub const fn is_fin(self) -> bool {
        self.contains(Self::FIN)
    }

    /// Opens or ends a connection: SYN, FIN or RST is set.
    pub const fn opens_or_ends(self) -> bool {
        self.0 & (Self::SYN.0 | Self::FIN.0 | Self::RST.0) != 0
    }

    /// How many sequence numbers SYN and FIN use up.
    pub const fn sequence_len(self) -> u32 {
        self.contains(Self::SYN) as u32 + self.contains(Self::FIN) as u32
    }
}

impl BitOr for TcpFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

const NAMES: [(TcpFlags, &str); 9] = [
    (TcpFlags::FIN, "FIN"),
    (TcpFlags::SYN, "SYN"),
    (TcpFlags::RST, "RST"),
    (TcpFlags::PSH, "PSH"),
    (TcpFlags::ACK, "ACK"),
    (TcpFlags::URG, "URG"),
    (TcpFlags::ECE, "ECE"),
    (TcpFlags::CWR, "CWR"),
    (TcpFlags::AE, "AE"),
];

/// As Wireshark's Info column has them: `RST, ACK`.
impl fmt::Display for TcpFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for (flag, name) in NAMES {
            if self.contains(flag) {
                if !first {
                    f.write_str(", ")?;
                }
                f.write_str(name)?;
                first = false;
            }
        }
        if first {
            f.write_str("<None>")?;
        }
        Ok(())
    }
}

impl fmt::Debug for TcpFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{self}]")
    }
}

#[cfg(test)]
mod tests {
    use super::TcpFlags;

    #[test]
    fn reads_as_wireshark_writes() {
        assert_eq!((TcpFlags::RST | TcpFlags::ACK).to_string(), "RST, ACK");
        assert_eq!(TcpFlags::NONE.to_string(), "<None>");
    }
}
