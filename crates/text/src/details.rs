//! Packet details: `tshark -V`, or the trees of Wireshark's plain text export.
//!
//! Each line that means something becomes a field of the packet, under the name that tshark gives it.

use crate::fields::FieldSet;
use crate::reader::Line;
use crate::tokens::strip_prefix_any_case;

/// What a line of the details is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// `Frame 104: 54 bytes on wire …`: a packet begins.
    Frame,
    /// `Transmission Control Protocol, Src Port: …`: a packet begins here if it has this layer already.
    Tcp,
    /// A line within a packet.
    Inside,
    /// No line of details.
    No,
}

/// What kind of line this is.
pub(crate) fn kind(line: &str, open: bool) -> Detail {
    let text = line.trim();
    if text.starts_with("Frame ") && text.contains(" bytes") && frame_number(text).is_some() {
        return Detail::Frame;
    }
    if text.starts_with("Transmission Control Protocol") {
        return Detail::Tcp;
    }
    let indented = line.starts_with("    ") || line.starts_with('\t');
    if open && (indented || is_layer(text)) {
        Detail::Inside
    } else {
        Detail::No
    }
}

fn is_layer(text: &str) -> bool {
    [
        "Ethernet II",
        "Internet Protocol",
        "Linux cooked capture",
        "Hypertext Transfer Protocol",
        "Transport Layer Security",
        "Secure Sockets Layer",
        "Internet Control Message Protocol",
        "Null/Loopback",
        "802.1Q",
        "Data (",
        "[",
    ]
    .iter()
    .any(|layer| text.starts_with(layer))
}

fn frame_number(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("Frame ")?;
    let end = rest.find([':', ' ', ','])?;
    let number = rest.get(..end)?;
    number
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(number)
}

/// The layer that the lines belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Layer {
    #[default]
    Frame,
    Ip,
    Tcp,
    Icmp,
    Icmp6,
    Other,
}

/// The details of a packet as far as they have been read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    /// Where they begin.
    pub line: Line<'static>,
    pub fields: FieldSet,
    layer: Layer,
}

impl Details {
    /// Those that begin on a line.
    pub fn new(line: &Line<'_>) -> Self {
        Self {
            line: line.clone().into_owned(),
            ..Self::default()
        }
    }

    /// Takes up what a line tells.
    pub fn read_line(&mut self, line: &str) {
        let text = line.trim();
        if let Some(layer) = layer(text) {
            self.layer = layer;
        }
        read_line(text, self.layer, &mut self.fields);
    }
}

fn layer(text: &str) -> Option<Layer> {
    const LAYERS: [(&str, Layer); 9] = [
        ("Internet Protocol Version", Layer::Ip),
        ("Internet Protocol,", Layer::Ip),
        ("Transmission Control Protocol", Layer::Tcp),
        ("Internet Control Message Protocol v6", Layer::Icmp6),
        ("Internet Control Message Protocol", Layer::Icmp),
        ("User Datagram Protocol", Layer::Other),
        ("Hypertext Transfer Protocol", Layer::Other),
        ("Transport Layer Security", Layer::Other),
        ("Stream Control Transmission Protocol", Layer::Other),
    ];
    LAYERS
        .iter()
        .find(|(title, _)| text.starts_with(title))
        .map(|(_, layer)| *layer)
}

/// Adds what a line tells to the fields of its packet.
fn read_line(text: &str, layer: Layer, fields: &mut FieldSet) {
    if let Some(number) = frame_number(text) {
        fields.add("frame.number", number);
        let rest = text
            .split_once(['(', ':'])
            .map_or("", |(_, rest)| rest)
            .trim_start();
        fields.add("frame.len", leading_number(rest));
    } else if text.starts_with("Internet Protocol") {
        take_addresses(text, fields);
    } else if text.starts_with("Transmission Control Protocol") {
        take_tcp_title(text, fields);
    } else if text.starts_with("Ethernet II") {
        take_source_mac(text, fields);
    } else {
        take_entry(text, layer, fields);
    }
}

/// `Internet Protocol Version 4, Src: server (10.0.0.1), Dst: 10.0.0.2`.
fn take_addresses(text: &str, fields: &mut FieldSet) {
    for (start, name) in [
        ("Src: ", "ip.src"),
        ("Src Addr: ", "ip.src"),
        ("Dst: ", "ip.dst"),
        ("Dst Addr: ", "ip.dst"),
    ] {
        if let Some((_, rest)) = text.split_once(start) {
            let value = rest.split(", ").next().unwrap_or(rest);
            fields.add(name, in_parentheses(value));
        }
    }
}

/// `Transmission Control Protocol, Src Port: http (80), Dst Port: 57856 (57856), Seq: 118, Ack: 17399, Len: 0`.
fn take_tcp_title(text: &str, fields: &mut FieldSet) {
    for part in text.split(", ") {
        let Some((name, value)) = part.split_once(": ") else {
            continue;
        };
        match name {
            "Src Port" => fields.add("tcp.srcport", in_parentheses(value)),
            "Dst Port" => fields.add("tcp.dstport", in_parentheses(value)),
            "Seq" => fields.add("tcp.seq", value),
            "Ack" => fields.add("tcp.ack", value),
            "Len" => fields.add("tcp.len", value),
            _ => {}
        }
    }
}

/// `Ethernet II, Src: Vendor_12:34:56 (00:11:22:12:34:56), Dst: …`.
fn take_source_mac(text: &str, fields: &mut FieldSet) {
    if let Some((_, rest)) = text.split_once("Src: ") {
        let value = rest.split(", ").next().unwrap_or(rest);
        fields.add("eth.src", in_parentheses(value));
    }
}

/// `server (10.0.0.1)`: what stands in parentheses; else the whole.
fn in_parentheses(value: &str) -> &str {
    match value.split_once(" (") {
        Some((_, inner)) => inner.trim_end_matches(')'),
        None => value,
    }
}

/// Entries by their title: how they begin, and which field they are. Later releases of Wireshark changed the capitals.
const ENTRIES: [(&str, &str); 34] = [
    ("Epoch Time: ", "frame.time_epoch"),
    ("Epoch Arrival Time: ", "frame.time_epoch"),
    ("Arrival Time: ", "frame.time"),
    (
        "[Time since reference or first frame: ",
        "frame.time_relative",
    ),
    ("Frame Number: ", "frame.number"),
    ("Frame Length: ", "frame.len"),
    ("Time to live: ", "ip.ttl"),
    ("Hop limit: ", "ipv6.hlim"),
    ("Identification: ", "ip.id"),
    ("Total Length: ", "ip.len"),
    ("Source Address: ", "ip.src"),
    ("Destination Address: ", "ip.dst"),
    ("Source Port: ", "tcp.srcport"),
    ("Destination Port: ", "tcp.dstport"),
    ("[Stream index: ", "tcp.stream"),
    ("[TCP Segment Len: ", "tcp.len"),
    ("Sequence number (raw): ", "tcp.seq_raw"),
    ("Acknowledgment number (raw): ", "tcp.ack_raw"),
    ("Sequence number: ", "tcp.seq"),
    ("Acknowledgment number: ", "tcp.ack"),
    ("Acknowledgement number: ", "tcp.ack"),
    ("Flags: 0x", "tcp.flags"),
    ("Window size value: ", "tcp.window_size_value"),
    ("Window: ", "tcp.window_size_value"),
    ("[Calculated window size: ", "tcp.window_size"),
    (
        "[Window size scaling factor: ",
        "tcp.window_size_scalefactor",
    ),
    ("Urgent pointer: ", "tcp.urgent_pointer"),
    ("TCP Option - Maximum segment size: ", "tcp.options.mss_val"),
    ("Maximum segment size: ", "tcp.options.mss_val"),
    ("TCP Option - Window scale: ", "tcp.options.wscale.shift"),
    ("Window scale: ", "tcp.options.wscale.shift"),
    ("TCP Option - SACK permitted", "tcp.options.sack_perm"),
    ("Timestamp value: ", "tcp.options.timestamp.tsval"),
    ("Timestamp echo reply: ", "tcp.options.timestamp.tsecr"),
];

fn take_entry(text: &str, layer: Layer, fields: &mut FieldSet) {
    for (title, host) in [("Source: ", "ip.src"), ("Destination: ", "ip.dst")] {
        if let Some(value) = strip_prefix_any_case(text, title) {
            let address = Some(in_parentheses(value))
                .filter(|inner| layer == Layer::Ip && crate::hosts::is_address(inner));
            return fields.add(host, address.unwrap_or(""));
        }
    }
    if let Some((_, rest)) = text.split_once("Timestamps: TSval ") {
        let mut numbers = rest.split(", TSecr ");
        fields.add("tcp.options.timestamp.tsval", numbers.next().unwrap_or(""));
        fields.add(
            "tcp.options.timestamp.tsecr",
            leading_number(numbers.next().unwrap_or("")),
        );
        return;
    }
    let Some((value, name)) = ENTRIES
        .iter()
        .find_map(|(title, name)| Some((strip_prefix_any_case(text, title)?, *name)))
    else {
        return match layer {
            Layer::Icmp | Layer::Icmp6 => take_icmp(text, layer, fields),
            _ => take_application(text, fields),
        };
    };
    if name.starts_with("tcp.") && layer != Layer::Tcp {
        return;
    }
    match name {
        "frame.time" | "frame.time_epoch" | "frame.time_relative" => {
            fields.add(
                name,
                value.trim_end_matches(']').trim_end_matches(" seconds"),
            );
        }
        "ip.src" | "ip.dst" | "tcp.srcport" | "tcp.dstport" => {
            fields.add(name, in_parentheses(value))
        }
        "ip.id" => fields.add(name, value.split(' ').next().unwrap_or(value)),
        "tcp.options.sack_perm" => fields.add(name, "1"),
        // IP has flags of its own, of two digits.
        "tcp.flags" => {
            let digits = value
                .split(|c: char| !c.is_ascii_hexdigit())
                .next()
                .unwrap_or("");
            let is_tcp = digits.len() >= 3
                || value.contains("ACK")
                || value.contains("SYN")
                || value.contains("RST");
            if is_tcp && digits.len() != 4 {
                fields.add(name, &format!("0x{digits}"));
            }
        }
        "tcp.window_size_scalefactor" if value.starts_with("-1") => fields.add(name, "-1"),
        _ => fields.add(name, leading_number(value)),
    }
}

fn take_icmp(text: &str, layer: Layer, fields: &mut FieldSet) {
    let names = match layer {
        Layer::Icmp6 => [
            ("Type: ", "icmpv6.type"),
            ("Code: ", "icmpv6.code"),
            ("MTU: ", "icmpv6.mtu"),
        ],
        _ => [
            ("Type: ", "icmp.type"),
            ("Code: ", "icmp.code"),
            ("MTU of next hop: ", "icmp.mtu"),
        ],
    };
    for (title, name) in names {
        if let Some(value) = text.strip_prefix(title) {
            // `3 (Destination unreachable)`, `Destination Unreachable (1)`.
            let number = match leading_number(value) {
                "" => in_parentheses(value),
                number => number,
            };
            fields.add(name, number);
        }
    }
}

fn leading_number(text: &str) -> &str {
    crate::tokens::split_digits(text).0
}

/// The first line of an HTTP message; the titles of TLS records.
fn take_application(text: &str, fields: &mut FieldSet) {
    let line = text.trim_end_matches("\\r\\n");
    if crate::AppHint::from_http_line(line).is_some() {
        fields.add("text_http", line);
    } else if let Some((_, record)) = text.split_once("Record Layer: ") {
        let record = record
            .split_once("Protocol: ")
            .map_or(record, |(_, name)| name);
        fields.add("text_tls", record);
    }
}
