//! The formats that are understood.

use std::fmt;

/// A format of packet lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Wireshark's packet list: copied rows, or a plain text export.
    #[default]
    WiresharkList,
    /// Wireshark's CSV export, tables of tabs, of Markdown or of HTML.
    Table,
    /// Packet details: `tshark -V`, or a plain text export with details.
    Details,
    /// tshark's one line per packet.
    Tshark,
    /// `tshark -T fields` with a header.
    TsharkFields,
    /// `tshark -T json`.
    TsharkJson,
    /// `tshark -T ek`.
    TsharkEk,
    /// `tshark -T pdml`.
    Pdml,
    /// tcpdump 4: `Flags [R.]`.
    Tcpdump,
    /// tcpdump 3: `R 1:1(0)`.
    TcpdumpOld,
    /// Solaris snoop's summary.
    Snoop,
    /// FortiGate's `diagnose sniffer packet`.
    FortiGate,
    /// Microsoft Network Monitor's frame summary.
    NetworkMonitor,
    /// Check Point's `fw monitor`.
    FwMonitor,
    /// Cilium's flows: `hubble observe`, `cilium monitor`.
    Cilium,
    /// Wireshark's flow graph as text.
    FlowGraph,
    /// ssldump's records, closes and packets.
    Ssldump,
    /// smoltcp's packet dumps.
    Smoltcp,
    /// Drawn or written by hand, with the flags on the arrow.
    Ladder,
    /// `address:port` at both ends: ngrep, scapy, nmap, retis, pwru, written by hand.
    Compact,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WiresharkList => "Wireshark packet list",
            Self::Table => "packet table",
            Self::Details => "packet details",
            Self::Tshark => "tshark packet list",
            Self::TsharkFields => "tshark fields",
            Self::TsharkJson => "tshark JSON",
            Self::TsharkEk => "tshark JSON for Elasticsearch",
            Self::Pdml => "PDML",
            Self::Tcpdump => "tcpdump output",
            Self::TcpdumpOld => "tcpdump 3 output",
            Self::Snoop => "snoop output",
            Self::FortiGate => "FortiGate sniffer output",
            Self::NetworkMonitor => "Network Monitor frame summary",
            Self::FwMonitor => "fw monitor output",
            Self::Cilium => "Cilium flows",
            Self::FlowGraph => "Wireshark flow graph",
            Self::Ssldump => "ssldump output",
            Self::Smoltcp => "smoltcp packet dump",
            Self::Ladder => "ladder diagram",
            Self::Compact => "packet rows",
        })
    }
}
