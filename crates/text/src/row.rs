//! A row of the finished list.

use whyreset_capture::Timestamp;
use whyreset_segments::{
    Host, IcmpError, IpFields, Known, LinkFields, Quote, Segment, SeqNumber, TcpFlags,
};

use crate::application::AppHint;
use crate::clocks::Clocked;
use crate::format::Format;
use crate::placed::Placed;
use crate::raw_row::Window;

/// A row: a TCP segment, or an ICMP error about one.
#[derive(Clone, Debug)]
pub struct Row {
    /// Line number in the text, 1-based.
    pub line: u32,
    /// Which list of the text it stands in, counted from 0. A post may hold several captures, each with its own clock and
    /// its own frame numbers.
    pub list: u32,
    /// The format of the line.
    pub format: Format,
    /// What it says about the protocol above TCP.
    pub app: AppHint,
    /// Wireshark's markers as written, without brackets: `TCP Dup ACK 28#1`.
    pub marks: Vec<Box<str>>,
    /// Bytes of the whole frame, where a column tells.
    pub frame_len: Option<u32>,
    /// Packets may be missing between this row and the packet before it: rows were left out, or the numbers jump.
    pub gap_before: bool,
    /// What the capturing device itself says of the packet, as written: why it dropped it, or sent a RST.
    pub said: Option<Box<str>>,
    /// When the last packet of another protocol was captured that stands between it and the next row.
    pub others_until: Option<Timestamp>,
    /// The ICMP error that the row is, and who sent it.
    pub icmp: Option<(IcmpError, Host)>,
    segment: Segment<'static>,
    payload: Vec<u8>,
}

impl Row {
    /// The segment: of an ICMP error what is known of the segment it quotes, which is little more than the two ends.
    ///
    /// A field whose [`Known`] bit is missing is not told by the text. `Known::…_INFERRED` marks those that were not
    /// written in this row but follow from others.
    pub fn segment(&self) -> Segment<'_> {
        Segment {
            payload: &self.payload,
            ..self.segment
        }
    }

    /// The row as an ICMP error with the segment it quotes.
    pub fn quote(&self) -> Option<Quote<'_>> {
        let (error, reporter) = self.icmp?;
        Some(Quote {
            error,
            reporter,
            reporter_ttl: 0,
            segment: self.segment(),
            // The row tells the two ends, as the quoted header would.
            quoted_bytes: usize::from(QUOTED_HEADER),
        })
    }

    pub(crate) fn new(placed: Placed, frame: u64, time: Clocked) -> Self {
        let known = known(&placed, time.told);
        let raw = placed.raw;
        let (window, _) = window(raw.window);
        let segment = Segment {
            frame,
            time: time.about,
            source: placed.source,
            destination: placed.destination,
            seq: SeqNumber(raw.seq.unwrap_or(0)),
            ack: SeqNumber(raw.ack.unwrap_or(0)),
            flags: raw.flags.unwrap_or(TcpFlags::NONE),
            window,
            urgent: raw.urgent.unwrap_or(0),
            payload_len: raw.len.unwrap_or(0),
            payload: &[],
            tcp_bytes: &[],
            options: raw.options,
            ip: IpFields {
                ttl: raw.ttl.unwrap_or(0),
                id: raw.ip_id.unwrap_or(0),
                dont_fragment: raw.dont_fragment,
                total_len: raw.ip_len.unwrap_or(0),
                ..IpFields::default()
            },
            link: LinkFields {
                source_mac: raw.source_mac.unwrap_or_default(),
                interface: raw.interface.unwrap_or(0),
                outgoing: raw.outgoing,
                ..LinkFields::default()
            },
            known,
            bad_offset: false,
        };
        let icmp = raw
            .icmp
            .map(|error| (error, raw.source.host.unwrap_or(placed.source.host)));
        Self {
            line: raw.line,
            list: raw.list,
            format: raw.format,
            app: raw.app,
            marks: raw.marks,
            frame_len: raw.frame_len,
            gap_before: raw.gap_before,
            said: raw.said,
            others_until: time.others,
            icmp,
            segment,
            payload: raw.payload,
        }
    }
}

/// Bytes of a TCP header without options.
const QUOTED_HEADER: u8 = 20;

fn window(window: Window) -> (u32, bool) {
    match window {
        Window::Unsaid => (0, false),
        Window::Unscaled(window) | Window::Scaled(window) | Window::Calculated(window) => {
            (window, true)
        }
    }
}

fn known(placed: &Placed, time: Option<Timestamp>) -> Known {
    let raw = &placed.raw;
    let mut known = placed.inferred;
    for (told, bit) in [
        (raw.seq.is_some(), Known::SEQ),
        (raw.ack.is_some(), Known::ACK),
        (window(raw.window).1, Known::WINDOW),
        (raw.len.is_some(), Known::LEN),
        (raw.flags.is_some(), Known::FLAGS),
        (raw.all_options, Known::OPTIONS),
        (raw.some_options || raw.all_options, Known::SOME_OPTIONS),
        (raw.ttl.is_some(), Known::TTL),
        (raw.ip_id.is_some(), Known::IP_ID),
        (raw.source_mac.is_some(), Known::MAC),
        (time.is_some(), Known::TIME),
        (placed.ports_known, Known::PORTS),
        (placed.relative, Known::RELATIVE),
        (placed.opens_again, Known::NEW_STREAM),
        (placed.window_scaled, Known::WINDOW_SCALED),
        (raw.frame.is_some(), Known::FRAME),
    ] {
        if told {
            known = known.with(bit);
        }
    }
    known
}
