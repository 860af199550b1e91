//! A row as it was read, before the list as a whole has been understood.

use whyreset_segments::{Host, IcmpError, TcpFlags, TcpOptions};

use crate::application::AppHint;
use crate::format::Format;
use crate::hosts::{Port, Side};
use crate::others::Others;
use crate::reader::{Line, MAX_EXCERPT};
use crate::times::WrittenTime;
use crate::tokens::shorten;

/// How the numbers of a row are to be understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Numbering {
    /// Wireshark: relative or absolute for a connection as a whole.
    #[default]
    Wireshark,
    /// tcpdump: absolute until the first row with ACK of the connection, relative from there on;
    /// without ACK always absolute.
    Tcpdump,
    /// Surely as in the header.
    Absolute,
}

/// What the Window of a row means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Window {
    /// The row does not say it.
    #[default]
    Unsaid,
    /// As in the header.
    Unscaled(u32),
    /// Multiplied by the scale.
    Scaled(u32),
    /// Wireshark's Info column: multiplied where Wireshark knew the scale.
    Calculated(u32),
}

/// A row as it was read. `None` is what it does not say.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawRow {
    pub line: u32,
    /// The beginning of the line, where the row may turn out to be of no use.
    pub excerpt: Box<str>,
    /// Which list of the text: a post may hold several captures.
    pub list: u32,
    /// Packets may be missing between this row and the packet before it.
    pub gap_before: bool,
    pub format: Format,
    pub frame: Option<u64>,
    pub time: Option<WrittenTime>,
    pub source: Side,
    pub destination: Side,
    pub flags: Option<TcpFlags>,
    pub seq: Option<u32>,
    pub ack: Option<u32>,
    /// As in the header, where the row has both accounts.
    pub raw_seq: Option<u32>,
    pub raw_ack: Option<u32>,
    pub numbering: Numbering,
    pub window: Window,
    pub urgent: Option<u16>,
    pub len: Option<u32>,
    /// The Length column: bytes of the whole frame.
    pub frame_len: Option<u32>,
    /// The length of the datagram, as the IP header has it.
    pub ip_len: Option<u32>,
    pub options: TcpOptions,
    /// Some options are told.
    pub some_options: bool,
    /// All options are told, so that a missing one is missing.
    pub all_options: bool,
    pub ttl: Option<u8>,
    pub ip_id: Option<u16>,
    pub dont_fragment: bool,
    pub source_mac: Option<[u8; 6]>,
    pub interface: Option<u32>,
    pub outgoing: Option<bool>,
    pub marks: Vec<Box<str>>,
    pub app: AppHint,
    pub payload: Vec<u8>,
    pub icmp: Option<IcmpError>,
    /// The ends of the segment that the ICMP error quotes.
    pub quoted: Option<(Side, Side)>,
    /// The host that the ICMP error says is not reached.
    pub unreached: Option<Host>,
    /// Wireshark's tcp.stream, where a column gives it.
    pub stream: Option<u32>,
    /// What the capturing device says of the packet: why it dropped or reset.
    pub said: Option<Box<str>>,
    /// The packets of other protocols behind it.
    pub others: Option<Others>,
}

impl RawRow {
    /// A segment whose row says both ends in full.
    pub fn is_whole(&self) -> bool {
        let whole = |side: Side| side.host.is_some() && side.port != Port::Unsaid;
        self.icmp.is_none() && whole(self.source) && whole(self.destination)
    }

    /// The row stands in this line.
    pub fn stands_in(&mut self, line: &Line<'_>) {
        self.line = line.number;
        if !self.is_whole() {
            self.excerpt = shorten(line.text.trim(), MAX_EXCERPT).into();
        }
    }

    /// A segment whose row leaves open what it carried.
    pub fn hides(&self) -> bool {
        self.icmp.is_none() && (self.len.is_none() || self.flags.is_none())
    }

    /// Fills what this row leaves open from another account of the same packet.
    pub fn complete_from(&mut self, other: Self) {
        fn fill<T>(mine: &mut Option<T>, theirs: Option<T>) {
            if mine.is_none() {
                *mine = theirs;
            }
        }
        fill(&mut self.frame, other.frame);
        fill(&mut self.time, other.time);
        for (mine, theirs) in [
            (&mut self.source, other.source),
            (&mut self.destination, other.destination),
        ] {
            fill(&mut mine.host, theirs.host);
            if mine.port == Port::Unsaid {
                mine.port = theirs.port;
            }
        }
        fill(&mut self.flags, other.flags);
        if self.seq.is_none() {
            self.numbering = other.numbering;
        }
        fill(&mut self.seq, other.seq);
        fill(&mut self.ack, other.ack);
        fill(&mut self.raw_seq, other.raw_seq);
        fill(&mut self.raw_ack, other.raw_ack);
        if matches!(self.window, Window::Unsaid | Window::Calculated(_))
            && other.window != Window::Unsaid
        {
            self.window = other.window;
        }
        fill(&mut self.urgent, other.urgent);
        fill(&mut self.len, other.len);
        fill(&mut self.frame_len, other.frame_len);
        fill(&mut self.ip_len, other.ip_len);
        if !self.some_options || (other.all_options && !self.all_options) {
            self.options = other.options;
        }
        self.some_options |= other.some_options;
        self.all_options |= other.all_options;
        fill(&mut self.ttl, other.ttl);
        fill(&mut self.ip_id, other.ip_id);
        self.dont_fragment |= other.dont_fragment;
        fill(&mut self.source_mac, other.source_mac);
        fill(&mut self.interface, other.interface);
        fill(&mut self.outgoing, other.outgoing);
        if self.marks.is_empty() {
            self.marks = other.marks;
        }
        if matches!(
            self.app,
            AppHint::None | AppHint::Continuation | AppHint::Other { .. }
        ) && other.app != AppHint::None
        {
            self.app = other.app;
        }
        if self.payload.is_empty() {
            self.payload = other.payload;
        }
        fill(&mut self.icmp, other.icmp);
        fill(&mut self.quoted, other.quoted);
        fill(&mut self.unreached, other.unreached);
        fill(&mut self.stream, other.stream);
        fill(&mut self.said, other.said);
    }
}
