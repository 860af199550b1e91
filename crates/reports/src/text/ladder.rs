//! The last moments of a connection, drawn as a ladder: who sent what, when, and what its sender had by then.

use unicode_width::UnicodeWidthStr;
use whyreset_capture::Timestamp;
use whyreset_connections::{Connection, Marks, Packet, Side};
use whyreset_segments::{Known, TcpFlags};

use super::format::count;
use super::layout::Layout;
use super::style::{self, paint};

/// How many packets a ladder shows.
const ROWS: usize = 14;

/// Draws the last moments. `origin` is the time of the capture's first frame. Lines end with a newline.
pub(super) fn last_moments<X>(
    connection: &Connection<X>,
    origin: Timestamp,
    layout: Layout,
) -> String {
    draw(connection, &telling(&connection.packets), origin, layout)
}

/// Draws the packets around one frame.
pub(super) fn around<X>(
    connection: &Connection<X>,
    frame: u64,
    origin: Timestamp,
    layout: Layout,
) -> String {
    let packets = &connection.packets;
    let at = packets
        .iter()
        .position(|packet| packet.frame >= frame)
        .unwrap_or(0);
    let end = at.saturating_add(ROWS / 2).min(packets.len());
    let start = end.saturating_sub(ROWS);
    draw(
        connection,
        packets.get(start..end).unwrap_or(&[]),
        origin,
        layout,
    )
}

fn draw<X>(
    connection: &Connection<X>,
    packets: &[Packet],
    origin: Timestamp,
    layout: Layout,
) -> String {
    let Some(first) = packets.first() else {
        return String::new();
    };
    let arrow_width = layout.width.saturating_sub(48).clamp(34, 56);
    let mut out = header(arrow_width);
    if connection.packets.first().map(|packet| packet.frame) != Some(first.frame) {
        out.push_str(&paint(style::DIM, "        …\n"));
    }
    let mut previous: Option<&Packet> = None;
    for packet in packets {
        if previous.is_some_and(|previous| is_gap(connection, previous, packet)) {
            out.push_str(&paint(style::DIM, "        …\n"));
        }
        out.push_str(&row(connection, packet, origin, arrow_width));
        previous = Some(packet);
    }
    out
}

/// The last packets; of a long run of RSTs only the first and the last few.
fn telling(packets: &[Packet]) -> Vec<Packet> {
    let first_reset = packets
        .iter()
        .position(|packet| packet.flags.is_rst())
        .unwrap_or(packets.len());
    let behind = packets.len().saturating_sub(first_reset);
    if behind <= ROWS / 2 {
        let start = packets.len().saturating_sub(ROWS);
        return packets.get(start..).unwrap_or(&[]).to_vec();
    }
    let before = first_reset.saturating_sub(ROWS / 2);
    let mut chosen: Vec<Packet> = packets
        .get(before..(first_reset + 4).min(packets.len()))
        .unwrap_or(&[])
        .to_vec();
    let tail = packets.len().saturating_sub(3).max(first_reset + 4);
    chosen.extend_from_slice(packets.get(tail..).unwrap_or(&[]));
    chosen
}

fn is_gap<X>(connection: &Connection<X>, previous: &Packet, packet: &Packet) -> bool {
    let kept_next = connection
        .packets
        .iter()
        .skip_while(|kept| kept.frame <= previous.frame)
        .map(|kept| kept.frame)
        .next();
    kept_next != Some(packet.frame)
        || (connection.elided && packet.frame > previous.frame.saturating_add(1))
}

fn header(arrow_width: usize) -> String {
    let right = "server";
    let middle = (arrow_width + 2).saturating_sub("client".len() + right.len());
    let head = format!(
        "{:>8} {:>11}  client{}server   {}\n",
        "frame",
        "seconds",
        " ".repeat(middle),
        "its sender has"
    );
    paint(style::DIM, &head)
}

fn row<X>(
    connection: &Connection<X>,
    packet: &Packet,
    origin: Timestamp,
    arrow_width: usize,
) -> String {
    let time = if packet.known.has(Known::TIME) {
        format!("{:.6}", (packet.time - origin).as_secs_f64())
    } else {
        "?".to_owned()
    };
    let frame = paint(style::FRAME, &format!("{:>8}", packet.frame));
    let style = if packet.flags.is_rst() {
        style::BAD
    } else if packet.flags.is_fin() {
        style::DOUBT
    } else {
        anstyle::Style::new()
    };
    let arrow = paint(style, &arrow(packet, arrow_width));
    let had = had(connection, packet);
    format!("{frame} {time:>11}  {arrow}   {}\n", had.trim_end()).replace("   \n", "\n")
}

/// `|── [ACK] Ack=14601 Win=61320 ─────▶|`, pointing the way the packet went.
fn arrow(packet: &Packet, width: usize) -> String {
    let label = label(packet);
    let label: String = if label.width() > width.saturating_sub(6) {
        let mut cut: String = label.chars().take(width.saturating_sub(7)).collect();
        cut.push('…');
        cut
    } else {
        label
    };
    let rest = width.saturating_sub(label.width() + 5);
    match packet.side {
        Side::Client => format!("│─ {label} {}▶│", "─".repeat(rest)),
        Side::Server => format!("│◀{} {label} ─│", "─".repeat(rest)),
    }
}

fn label(packet: &Packet) -> String {
    let mut label = String::new();
    if let Some(note) = note(packet.marks) {
        label.push_str(note);
        label.push(' ');
    }
    if packet.known.has(Known::FLAGS) {
        label.push_str(&format!("[{}]", packet.flags));
    }
    if packet.known.has(Known::SEQ) {
        label.push_str(&format!(" Seq={}", packet.seq));
    }
    if packet.flags.contains(TcpFlags::ACK) && packet.known.has(Known::ACK) {
        label.push_str(&format!(" Ack={}", packet.ack));
    }
    if packet.known.has(Known::WINDOW) {
        label.push_str(&format!(" Win={}", packet.window));
    }
    if packet.payload_len > 0 {
        label.push_str(&format!(" Len={}", packet.payload_len));
    }
    label.trim_start().to_owned()
}

/// The one word that a reader needs most.
const fn note(marks: Marks) -> Option<&'static str> {
    if marks.has(Marks::CAPTURED_TWICE) {
        Some("copy")
    } else if marks.has(Marks::PROBE_OF_CLOSED_WINDOW) {
        Some("probe")
    } else if marks.has(Marks::KEEP_ALIVE) {
        Some("keep-alive")
    } else if marks.has(Marks::RETRANSMISSION) {
        Some("again")
    } else if marks.has(Marks::OUT_OF_ORDER) {
        Some("late")
    } else {
        None
    }
}

/// How much of the other side's data the sender had, as its own numbers say.
fn had<X>(connection: &Connection<X>, packet: &Packet) -> String {
    let peer = connection.flows.of(packet.side.peer());
    if !packet.known.has(Known::ACK) || !packet.flags.contains(TcpFlags::ACK) || packet.ack < 1 {
        return String::new();
    }
    let bytes = u64::try_from(packet.ack - 1).unwrap_or(0);
    // A FIN without a number stands behind nothing.
    let with_fin = peer
        .fin
        .is_some_and(|fin| (1..packet.ack).contains(&fin.seq));
    let bytes = if with_fin {
        bytes.saturating_sub(1)
    } else {
        bytes
    };
    let end = if with_fin { " and the FIN" } else { "" };
    match bytes {
        0 if end.is_empty() => String::new(),
        bytes => format!("{} bytes{end}", count(bytes)),
    }
}
