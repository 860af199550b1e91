//! Packets as named fields (`tcp.seq`, `ip.ttl`, …): what tshark's fields, JSON and PDML and the packet details have in common.

use std::collections::HashMap;

use whyreset_segments::{IcmpError, SackBlock, SeqNumber, TcpFlags, TcpOptions, Timestamps};

use crate::application::AppHint;
use crate::format::Format;
use crate::hosts::{Names, Side, mac_address};
use crate::info_column::{find_info, leading_marks};
use crate::raw_row::{Numbering, RawRow, Window};
use crate::read::Read;
use crate::times::{WrittenTime, decimal_seconds, read_time};
use crate::tokens::integer;

/// The fields of one packet by name. Dots count as underscores, so that all spellings of tshark agree.
#[derive(Clone, Debug, Default)]
pub(crate) struct FieldSet {
    /// The first and the last value of each: of the outer header, and of the inner one, in a tunnel or quoted in an ICMP
    /// error.
    values: HashMap<String, (String, Option<String>), foldhash::fast::RandomState>,
}

/// Fields of one packet, and bytes of one value, that are kept.
const MAX_FIELDS: usize = 4_096;
const MAX_VALUE: usize = 256 << 10;

impl FieldSet {
    /// Adds a value.
    pub fn add(&mut self, name: &str, value: &str) {
        if value.is_empty() || !is_wanted(name) {
            return;
        }
        let name = canonical(name);
        let value = crate::tokens::shorten(value, MAX_VALUE);
        if let Some((_, last)) = self.values.get_mut(&name) {
            *last = Some(value.to_owned());
        } else if self.values.len() < MAX_FIELDS {
            self.values.insert(name, (value.to_owned(), None));
        }
    }

    /// Nothing was added.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The first value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|(first, _)| first.as_str())
    }

    /// The last value of a field: the innermost header's. tshark may join several with commas.
    fn last(&self, name: &str) -> Option<&str> {
        let (first, last) = self.values.get(name)?;
        let value = last.as_deref().unwrap_or(first);
        value.rsplit(',').next().map(str::trim)
    }

    fn outer(&self, name: &str) -> Option<&str> {
        self.get(name)?.split(',').next().map(str::trim)
    }

    fn last_number<T: TryFrom<u64>>(&self, name: &str) -> Option<T> {
        number(self.last(name)?)
    }

    fn number<T: TryFrom<u64>>(&self, name: &str) -> Option<T> {
        number(self.get(name)?)
    }

    fn is_set(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            "1" | "True" | "true" | "Set" => Some(true),
            "0" | "False" | "false" | "Not set" => Some(false),
            _ => None,
        }
    }
}

/// The packet that the fields describe.
pub(crate) fn read_fields(fields: &FieldSet, format: Format, names: &mut Names) -> Read {
    let frame = fields.number("frame_number");
    let mut row = RawRow {
        format,
        frame,
        time: time(fields),
        ..RawRow::default()
    };
    row.frame_len = fields.number("frame_len");
    row.icmp = icmp(fields);
    take_hosts(fields, names, &mut row);
    if row.icmp.is_some() {
        row.quoted = quoted(fields, names);
        return Read::row(row);
    }
    take_ip(fields, &mut row);
    take_tcp(fields, names, &mut row);
    take_info_column(fields, names, &mut row);
    take_application(fields, &mut row);
    let is_tcp = fields.values.keys().any(|name| name.starts_with("tcp_"))
        || row.flags.is_some()
        || row.app != AppHint::None;
    if is_tcp {
        Read::row(row)
    } else {
        Read::foreign(&row)
    }
}

/// Kinds of fields that mean something here.
fn is_wanted(name: &str) -> bool {
    let kind = name
        .split(['.', '_'])
        .find(|part| !part.is_empty())
        .unwrap_or("");
    matches!(
        kind,
        "frame"
            | "eth"
            | "sll"
            | "ip"
            | "ipv6"
            | "tcp"
            | "icmp"
            | "icmpv6"
            | "http"
            | "tls"
            | "ssl"
            | "ws"
            | "text"
    )
}

fn canonical(name: &str) -> String {
    let name = name.trim().replace('.', "_");
    // Elasticsearch's names begin with the layer: `tcp_tcp_srcport`.
    if let Some((layer, rest)) = name.split_once('_')
        && !layer.is_empty()
        && rest
            .strip_prefix(layer)
            .is_some_and(|rest| rest.starts_with('_'))
    {
        return rest.to_owned();
    }
    name
}

/// Decimal, hexadecimal with `0x`; the first of several joined by commas.
fn number<T: TryFrom<u64>>(text: &str) -> Option<T> {
    let text = text.split(',').next()?.trim();
    let number = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok()?,
        None => integer(text)?,
    };
    T::try_from(number).ok()
}

fn time(fields: &FieldSet) -> Option<WrittenTime> {
    if let Some(text) = fields.get("frame_time_epoch") {
        let words: Vec<&str> = text.split_whitespace().collect();
        return decimal_seconds(text)
            .map(WrittenTime::Dated)
            .or_else(|| read_time(&words).map(|(time, _)| time));
    }
    for name in [
        "frame_time_relative",
        "frame_time",
        "ws_col_Time",
        "_ws_col_Time",
        "_ws_col_def_src",
    ] {
        let words: Vec<&str> = fields.get(name).unwrap_or("").split_whitespace().collect();
        if let Some((time, _)) = read_time(&words) {
            return Some(time);
        }
    }
    ["frame_time_delta", "frame_time_delta_displayed"]
        .iter()
        .find_map(|name| decimal_seconds(fields.get(name)?))
        .map(WrittenTime::SinceLast)
}

const SOURCES: [&str; 7] = [
    "ip_src",
    "ipv6_src",
    "ip_src_host",
    "ipv6_src_host",
    "_ws_col_Source",
    "_ws_col_def_src",
    "_ws_col_source",
];
const DESTINATIONS: [&str; 7] = [
    "ip_dst",
    "ipv6_dst",
    "ip_dst_host",
    "ipv6_dst_host",
    "_ws_col_Destination",
    "_ws_col_def_dst",
    "_ws_col_destination",
];

/// The ends of the innermost headers; of an ICMP error (which quotes headers) those of the outermost.
fn take_hosts(fields: &FieldSet, names: &mut Names, row: &mut RawRow) {
    let is_error = row.icmp.is_some();
    let pick = |name: &&str| {
        if is_error {
            fields.outer(name)
        } else {
            fields.last(name)
        }
    };
    let source = SOURCES.iter().find_map(pick);
    let destination = DESTINATIONS.iter().find_map(pick);
    let port = |name: &str| fields.last(name).filter(|_| !is_error);
    row.source = names.side(source, port("tcp_srcport"));
    row.destination = names.side(destination, port("tcp_dstport"));
    let mac = fields.last("eth_src").or_else(|| fields.get("sll_src_eth"));
    row.source_mac = mac.and_then(mac_address);
}

fn take_ip(fields: &FieldSet, row: &mut RawRow) {
    row.ttl = fields
        .last_number("ip_ttl")
        .or_else(|| fields.last_number("ipv6_hlim"));
    row.ip_id = fields.last_number("ip_id");
    row.ip_len = fields.last_number("ip_len");
    row.dont_fragment = fields.is_set("ip_flags_df").unwrap_or(false);
}

fn icmp(fields: &FieldSet) -> Option<IcmpError> {
    let v6 = fields.get("icmpv6_type").is_some();
    let prefix = if v6 { "icmpv6" } else { "icmp" };
    let kind: u8 = fields.number(&format!("{prefix}_type"))?;
    let is_error = if v6 {
        (1..=4).contains(&kind)
    } else {
        matches!(kind, 3 | 4 | 5 | 11 | 12)
    };
    is_error.then(|| IcmpError {
        v6,
        kind,
        code: fields.number(&format!("{prefix}_code")).unwrap_or(0),
        mtu: fields
            .number(&format!("{prefix}_mtu"))
            .filter(|mtu| *mtu > 0),
    })
}

/// The ends of the segment that an ICMP error quotes.
fn quoted(fields: &FieldSet, names: &mut Names) -> Option<(Side, Side)> {
    let source = fields.last("ip_src").or_else(|| fields.last("ipv6_src"))?;
    let destination = fields.last("ip_dst").or_else(|| fields.last("ipv6_dst"))?;
    let ports = (fields.get("tcp_srcport")?, fields.get("tcp_dstport")?);
    Some((
        names.side(Some(source), Some(ports.0)),
        names.side(Some(destination), Some(ports.1)),
    ))
}

fn take_tcp(fields: &FieldSet, names: &mut Names, row: &mut RawRow) {
    row.stream = fields.number("tcp_stream");
    row.flags = flags(fields);
    row.raw_seq = fields.number("tcp_seq_raw");
    row.raw_ack = fields.number("tcp_ack_raw");
    row.seq = fields.number("tcp_seq");
    row.ack = fields.number("tcp_ack");
    if row.seq.is_none() && row.ack.is_none() {
        (row.seq, row.ack) = (row.raw_seq.take(), row.raw_ack.take());
        row.numbering = Numbering::Absolute;
    }
    // Without the flag the field holds nothing that counts.
    if row
        .flags
        .is_some_and(|flags| !flags.contains(TcpFlags::ACK))
    {
        (row.ack, row.raw_ack) = (None, None);
    }
    row.len = fields.number("tcp_len");
    row.window = window(fields);
    row.urgent = fields.number("tcp_urgent_pointer");
    take_options(fields, row);
    row.payload = fields.get("tcp_payload").map(hex_bytes).unwrap_or_default();
    row.marks = marks(fields);
    if let Some(stream) = row.stream
        && row.source.host.is_none()
    {
        // Ports and the stream alone: the stream's number stands for the missing hosts.
        let name = format!("stream-{stream}");
        row.source.host = Some(names.host(&name));
        row.destination.host = row.source.host;
    }
}

fn window(fields: &FieldSet) -> Window {
    if let Some(window) = fields.number("tcp_window_size_value") {
        return Window::Unscaled(window);
    }
    let Some(window) = fields.number("tcp_window_size") else {
        return Window::Unsaid;
    };
    match fields.get("tcp_window_size_scalefactor") {
        Some("-1") => Window::Unscaled(window),
        Some(_) => Window::Scaled(window),
        None => Window::Calculated(window),
    }
}

const FLAG_FIELDS: [(&str, TcpFlags); 9] = [
    ("tcp_flags_fin", TcpFlags::FIN),
    ("tcp_flags_syn", TcpFlags::SYN),
    ("tcp_flags_reset", TcpFlags::RST),
    ("tcp_flags_push", TcpFlags::PSH),
    ("tcp_flags_ack", TcpFlags::ACK),
    ("tcp_flags_urg", TcpFlags::URG),
    ("tcp_flags_ece", TcpFlags::ECE),
    ("tcp_flags_cwr", TcpFlags::CWR),
    ("tcp_flags_ae", TcpFlags::AE),
];

fn flags(fields: &FieldSet) -> Option<TcpFlags> {
    if let Some(bits) = fields.number::<u16>("tcp_flags") {
        return Some(TcpFlags(bits & 0x1ff));
    }
    if let Some(text) = fields.get("tcp_flags_str") {
        return Some(flag_letters(text));
    }
    let each = FLAG_FIELDS.map(|(name, flag)| (fields.is_set(name), flag));
    // All of the usual five, or nothing is known of those that are not there.
    if each.iter().take(5).any(|(set, _)| set.is_none()) {
        return None;
    }
    let set = each.iter().filter(|(set, _)| *set == Some(true));
    Some(set.fold(TcpFlags::NONE, |flags, (_, flag)| flags | *flag))
}

/// `·······AP···`, Wireshark's flags by letter.
fn flag_letters(text: &str) -> TcpFlags {
    text.chars().fold(TcpFlags::NONE, |flags, letter| {
        flags
            | match letter {
                'F' => TcpFlags::FIN,
                'S' => TcpFlags::SYN,
                'R' => TcpFlags::RST,
                'P' => TcpFlags::PSH,
                'A' => TcpFlags::ACK,
                'U' => TcpFlags::URG,
                'E' => TcpFlags::ECE,
                'C' => TcpFlags::CWR,
                'N' => TcpFlags::AE,
                _ => TcpFlags::NONE,
            }
    })
}

fn take_options(fields: &FieldSet, row: &mut RawRow) {
    if let Some(text) = fields.get("tcp_options") {
        let bytes = hex_bytes(text);
        if !bytes.is_empty() {
            row.options = TcpOptions::parse(&bytes);
            row.some_options = true;
            row.all_options = true;
            return;
        }
    }
    if fields.number::<u32>("tcp_hdr_len") == Some(20) {
        row.all_options = true;
        return;
    }
    let options = &mut row.options;
    options.mss = fields.number("tcp_options_mss_val");
    options.window_scale = fields.number("tcp_options_wscale_shift");
    options.sack_permitted = fields.get("tcp_options_sack_perm").is_some();
    if let (Some(value), Some(echo)) = (
        fields.number("tcp_options_timestamp_tsval"),
        fields.number("tcp_options_timestamp_tsecr"),
    ) {
        options.timestamps = Some(Timestamps { value, echo });
    }
    take_sack(fields, options);
    row.some_options = *options != TcpOptions::default();
}

fn take_sack(fields: &FieldSet, options: &mut TcpOptions) {
    let edges = |name: &str| -> Vec<u32> {
        let text = fields.get(name).unwrap_or("");
        text.split(',')
            .filter_map(|edge| integer(edge.trim()))
            .collect()
    };
    let blocks = edges("tcp_options_sack_le")
        .into_iter()
        .zip(edges("tcp_options_sack_re"));
    for (slot, (left, right)) in options.sack.iter_mut().zip(blocks) {
        *slot = SackBlock {
            left: SeqNumber(left),
            right: SeqNumber(right),
        };
        options.sack_len = options.sack_len.saturating_add(1);
    }
}

/// `16:03:01:…`, `160301…`.
pub(crate) fn hex_bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut high: Option<u32> = None;
    for c in text.chars().filter(|c| !matches!(c, ':' | ' ')) {
        let Some(digit) = c.to_digit(16) else {
            return Vec::new();
        };
        high = match high {
            None => Some(digit),
            Some(first) => {
                bytes.push(u8::try_from(first * 16 + digit).unwrap_or(0));
                None
            }
        };
    }
    bytes
}

const ANALYSIS: [(&str, &str); 12] = [
    (
        "tcp_analysis_spurious_retransmission",
        "TCP Spurious Retransmission",
    ),
    (
        "tcp_analysis_fast_retransmission",
        "TCP Fast Retransmission",
    ),
    ("tcp_analysis_retransmission", "TCP Retransmission"),
    ("tcp_analysis_out_of_order", "TCP Out-Of-Order"),
    ("tcp_analysis_duplicate_ack", "TCP Dup ACK"),
    (
        "tcp_analysis_lost_segment",
        "TCP Previous segment not captured",
    ),
    ("tcp_analysis_ack_lost_segment", "TCP ACKed unseen segment"),
    ("tcp_analysis_zero_window_probe", "TCP ZeroWindowProbe"),
    ("tcp_analysis_zero_window", "TCP ZeroWindow"),
    ("tcp_analysis_window_update", "TCP Window Update"),
    ("tcp_analysis_keep_alive_ack", "TCP Keep-Alive ACK"),
    ("tcp_analysis_keep_alive", "TCP Keep-Alive"),
];

fn marks(fields: &FieldSet) -> Vec<Box<str>> {
    ANALYSIS
        .iter()
        .filter(|(name, _)| fields.get(name).is_some())
        .map(|(_, mark)| (*mark).into())
        .collect()
}

/// `_ws.col.Info` beside other fields.
fn take_info_column(fields: &FieldSet, names: &mut Names, row: &mut RawRow) {
    let column = |title: &str| {
        let lower = title.to_ascii_lowercase();
        fields
            .get(&format!("_ws_col_{title}"))
            .or_else(|| fields.get(&format!("_ws_col_{lower}")))
    };
    let Some(text) = column("Info") else { return };
    let Some(info) = find_info(text) else {
        let (marks, rest) = leading_marks(text);
        row.marks.extend(marks.into_iter().map(Into::into));
        row.app = AppHint::from_columns(column("Protocol").unwrap_or(""), rest);
        return;
    };
    let mut other = RawRow::default();
    crate::wireshark_list::take_info(&mut other, &info);
    let (source, destination) = info.ports.unzip();
    other.source = names.side(None, source);
    other.destination = names.side(None, destination);
    row.complete_from(other);
}

fn take_application(fields: &FieldSet, row: &mut RawRow) {
    let version = |name: &str| fields.get(name).unwrap_or("").into();
    if let Some(method) = fields.get("http_request_method") {
        row.app = AppHint::HttpRequest {
            method: crate::tokens::shorten(method, 32).into(),
            target: crate::tokens::shorten(
                fields.get("http_request_uri").unwrap_or(""),
                crate::MAX_TARGET,
            )
            .into(),
            version: version("http_request_version"),
            goes_on: false,
        };
    } else if let Some(status) = fields.number("http_response_code") {
        row.app = AppHint::HttpResponse {
            status,
            version: version("http_response_version"),
            goes_on: false,
        };
    } else if row.app == AppHint::None
        && let Some(hint) = fields.get("text_http").and_then(AppHint::from_http_line)
    {
        row.app = hint;
    } else if row.app == AppHint::None
        && let Some(text) = fields.get("text_tls")
    {
        row.app = AppHint::from_columns("TLS", text);
    }
}
