//! The window: what it allows the other side, and what it tells of the program.

use whyreset_capture::Span;
use whyreset_segments::{Known, TcpFlags};

use super::{Scene, Sentence, bytes, has_ack};
use crate::{Connection, Marks, Packet};

pub(super) fn sentences<X>(scene: &Scene<'_, X>) -> Vec<Sentence> {
    if !has_ack(scene.packet) || scene.packet.flags.contains(TcpFlags::SYN) {
        return Vec::new();
    }
    [update(scene), allows(scene), unread(scene)]
        .into_iter()
        .flatten()
        .collect()
}

/// The window of a packet in bytes; `None` where the scale is not known.
pub(super) fn in_bytes<X>(connection: &Connection<X>, packet: &Packet) -> Option<i64> {
    let scaled = connection.flows.of(packet.side).window.scale_known
        || packet.known.has(Known::WINDOW_SCALED)
        || packet.flags.contains(TcpFlags::SYN);
    (packet.known.has(Known::WINDOW) && scaled).then_some(i64::from(packet.window))
}

/// The same acknowledgement again, with a larger window.
pub(super) fn is_update<X>(scene: &Scene<'_, X>) -> bool {
    let packet = scene.packet;
    let bare = packet.payload_len == 0 && !packet.flags.intersects(TcpFlags::FIN | TcpFlags::SYN);
    let grown = scene.before.own.is_some_and(|own| {
        has_ack(own)
            && own.ack == packet.ack
            && own.known.has(Known::WINDOW)
            && !own.flags.contains(TcpFlags::SYN)
            && packet.window > own.window
    });
    bare && (packet.marks.has(Marks::WINDOW_UPDATE)
        || (grown && packet.known.has(Known::WINDOW) && packet.marks.is_empty()))
}

fn update<X>(scene: &Scene<'_, X>) -> Option<Sentence> {
    if !is_update(scene) {
        return None;
    }
    let packet = scene.packet;
    let own = scene.before.own.filter(|own| own.ack == packet.ack)?;
    let freed = i64::from(packet.window).saturating_sub(i64::from(own.window));
    Some(Sentence::new(
        format!(
            "It repeats the number {} of frame {} because only the window changes: the {}'s program has read {} meanwhile. \
             It is no duplicate ACK (those leave the window as it is) and no sign of loss.",
            packet.ack,
            own.frame,
            scene.side(),
            bytes(freed)
        ),
        [own.frame, packet.frame],
    ))
}

fn allows<X>(scene: &Scene<'_, X>) -> Option<Sentence> {
    let packet = scene.packet;
    let window = in_bytes(scene.connection, packet)?;
    let limit = packet.ack.saturating_add(window);
    if window == 0 {
        return Some(Sentence::new(
            format!(
                "Its window is 0: the {} may send nothing more until the window opens, only probe it.",
                scene.peer()
            ),
            [packet.frame],
        ));
    }
    let history = scene.connection.sent.of(scene.peer());
    let proven = history.sent_by(packet.time - Span::from_nanos(1)).sent_to;
    let sent_to = scene.before.peer_sent_to?.max(packet.ack).max(proven);
    let room = limit.saturating_sub(sent_to);
    let tail = if room > 0 {
        format!("{} more than it had sent", bytes(room))
    } else {
        "which it has used up".to_owned()
    };
    Some(Sentence::new(
        format!(
            "It allows the {} to send up to {} + {window} = {limit}, {tail}.",
            scene.peer(),
            packet.ack
        ),
        [packet.frame],
    ))
}

/// The missing part of a fixed buffer's window is what the program has not read.
fn unread<X>(scene: &Scene<'_, X>) -> Option<Sentence> {
    let packet = scene.packet;
    let reading = scene.connection.readings.of(scene.side());
    let buffer = i64::from(reading.buffer.filter(|_| reading.exact)?);
    let window = in_bytes(scene.connection, packet)?;
    let unread = buffer.saturating_sub(window);
    if packet.ack <= 1 || unread < 0 {
        return None;
    }
    let text = if unread == 0 {
        format!(
            "The window is at its full {buffer} again: the {}'s program has read all {} that were acknowledged.",
            scene.side(),
            bytes(packet.ack.saturating_sub(1))
        )
    } else {
        format!(
            "The window is {unread} short of its full {buffer}: {} lay unread in the buffer, the {}'s program had read {}.",
            bytes(unread),
            scene.side(),
            bytes(packet.ack.saturating_sub(1).saturating_sub(unread).max(0))
        )
    };
    Some(Sentence::new(text, [packet.frame]))
}
