//! One record of a capture: a frame's bytes and what the file says about them.

use crate::Timestamp;

/// A link-layer type as pcap files number them (`LINKTYPE_…`, <https://www.tcpdump.org/linktypes.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// BSD loopback.
    pub const NULL: Self = Self(0);
    /// Token Ring.
    pub const TOKEN_RING: Self = Self(6);
    /// FDDI.
    pub const FDDI: Self = Self(10);
    /// Linux cooked captures, of the "any" interface.
    pub const LINUX_SLL: Self = Self(113);
    /// The same, version 2.
    pub const LINUX_SLL2: Self = Self(276);
    /// IP over InfiniBand.
    pub const IPOIB: Self = Self(242);
}

/// One record of a capture, borrowed from the reader's buffer.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// 1-based number of the frame, as Wireshark counts it in this file.
    pub frame: u64,
    /// When the frame was captured; `None` where the format stores no time (simple packet blocks).
    pub time: Option<Timestamp>,
    /// What the first byte of `bytes` is.
    pub link: LinkType,
    /// The interface the frame was captured on: counted from 0 over the whole capture.
    pub interface: u32,
    /// How many bytes at the end of a whole frame are its frame check sequence, where the file says so.
    pub fcs_len: u8,
    /// Length on the wire in bytes, as the file says: more than `bytes.len()` where the snapshot length cut the frame,
    /// less than that only where the file is wrong.
    pub wire_len: u32,
    /// The bytes that were captured.
    pub bytes: &'a [u8],
}

/// What a capture says about a record for people to read; all of it is empty where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes<'a> {
    /// The record's comments: UTF-8, if the file is right.
    pub comments: Vec<&'a [u8]>,
    /// What the interface is called: `eth0`.
    pub interface_name: &'a str,
    /// What the interface is.
    pub interface_description: &'a str,
}
