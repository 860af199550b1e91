//! What travels along while a frame is taken apart.

use whyreset_capture::Timestamp;
use whyreset_segments::{Host, IcmpError, IpFields, LinkFields};

use crate::Found;
use crate::network::fragments::Fragments;
use crate::packet::Cut;

/// More layers than this around a segment and it is not looked for: hostile nesting ends here.
const MAX_LAYERS: u8 = 100;

/// One frame on its way through the layers.
pub(crate) struct Walk<'w> {
    /// Frame number, 1-based.
    pub(crate) frame: u64,
    /// When it was captured.
    pub(crate) time: Timestamp,
    /// Whether the capture told that time.
    pub(crate) time_known: bool,
    /// Datagrams that are not complete yet.
    pub(crate) fragments: &'w mut Fragments,
    /// Takes what is found.
    pub(crate) found: &'w mut dyn FnMut(Found<'_>),
}

/// What the layers around a packet said.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outer {
    /// Link fields so far.
    pub(crate) link: LinkFields,
    /// `link.source_mac` was told.
    pub(crate) mac_known: bool,
    /// The ICMP error the packet is quoted in.
    pub(crate) quoting: Option<Quoting>,
    /// The packet is the first fragment of a datagram that cannot be put together: its payload is elsewhere.
    pub(crate) first_fragment_only: bool,
    /// The packet is one of a sample: what came before and after it was not seen.
    pub(crate) sampled: bool,
    /// The VLAN id of the last tag seen, whatever Ethernet headers came after it: it keeps IPv4 fragments apart.
    pub(crate) last_vlan: u16,
    /// How many VLAN tags were seen.
    pub(crate) vlan_tags: u8,
    /// How many layers lie around the packet.
    pub(crate) layers: u8,
}

impl Outer {
    /// One layer further in.
    pub(crate) fn deeper(&self) -> Result<Self, Cut> {
        if self.layers >= MAX_LAYERS {
            return Err(Cut);
        }
        Ok(Self {
            layers: self.layers + 1,
            ..*self
        })
    }

    /// Inside a tunnel.
    pub(crate) fn tunnelled(&self) -> Self {
        let mut inner = *self;
        inner.link.tunnels = inner.link.tunnels.saturating_add(1);
        inner
    }
}

/// The ICMP error that quotes a packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quoting {
    /// The error.
    pub(crate) error: IcmpError,
    /// Who sent it.
    pub(crate) reporter: Host,
    /// TTL it arrived with.
    pub(crate) reporter_ttl: u8,
}

/// An IP header, as the layer above it needs to know it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Datagram {
    /// Source address.
    pub(crate) source: Host,
    /// Destination address.
    pub(crate) destination: Host,
    /// The rest of the header.
    pub(crate) fields: IpFields,
    /// Length of the payload in bytes as the header says, whatever was captured or quoted; `None` where it does not.
    pub(crate) payload_len: Option<u32>,
}

impl Datagram {
    /// The same datagram, seen from behind a header of `len` bytes.
    pub(crate) fn without_header(&self, len: usize) -> Self {
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        Self {
            payload_len: self.payload_len.and_then(|all| all.checked_sub(len)),
            ..*self
        }
    }
}
