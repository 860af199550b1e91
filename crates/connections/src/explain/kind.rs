//! The first sentence: what the frame is.

use whyreset_segments::TcpFlags;

use super::{Scene, Sentence, bytes, has_ack, has_numbers};
use crate::{Dialect, Marks};

pub(super) fn sentence<X>(scene: &Scene<'_, X>) -> Sentence {
    let packet = scene.packet;
    let what = what(scene);
    Sentence::new(
        format!(
            "Frame {}, from the {}, is {what}.",
            packet.frame, packet.side
        ),
        [packet.frame],
    )
}

fn what<X>(scene: &Scene<'_, X>) -> String {
    let packet = scene.packet;
    let flags = packet.flags;
    let marks = packet.marks;
    if flags.is_rst() {
        return reset(scene).to_owned();
    }
    if flags.is_syn_ack() {
        return again(marks, "the answer to the opening SYN (SYN, ACK)");
    }
    if flags.contains(TcpFlags::SYN) {
        return again(marks, "the SYN that opens the connection");
    }
    if marks.has(Marks::CAPTURED_TWICE) {
        return "a second copy, made by the capture, of a packet".to_owned();
    }
    if marks.has(Marks::PROBE_OF_CLOSED_WINDOW) || marks.has(Marks::ZERO_WINDOW_PROBE) {
        return "a probe of the other side's closed window".to_owned();
    }
    if marks.intersects(Marks::KEEP_ALIVE | Marks::UNNUMBERED_KEEP_ALIVE) {
        return "a keep-alive probe".to_owned();
    }
    if flags.is_fin() {
        return if packet.payload_len > 0 {
            "the last data with the FIN".to_owned()
        } else {
            again(marks, "the FIN: the end of what is sent")
        };
    }
    if packet.payload_len > 0 && has_numbers(packet) {
        let len = bytes(i64::from(packet.payload_len));
        let range = format!(
            "{len} of data, {} to {}",
            packet.seq,
            packet.seq_end().saturating_sub(1)
        );
        return if is_again(marks) {
            format!("{range}, sent again")
        } else {
            range
        };
    }
    if packet.payload_len > 0 {
        return "data".to_owned();
    }
    acknowledgement(scene)
}

fn acknowledgement<X>(scene: &Scene<'_, X>) -> String {
    let packet = scene.packet;
    let marks = packet.marks;
    let handshake = &scene.connection.handshake;
    if handshake.ack.is_some_and(|at| at.frame == packet.frame) {
        "the ACK that finishes the opening handshake".to_owned()
    } else if marks.has(Marks::CHALLENGE_ACK) {
        "a challenge ACK".to_owned()
    } else if super::window::is_update(scene) {
        "a window update, an ACK without data that repeats the number".to_owned()
    } else if marks.has(Marks::KEEP_ALIVE_ACK) {
        "the answer to a keep-alive probe".to_owned()
    } else if marks.has(Marks::ZERO_WINDOW_PROBE_ACK) {
        "the answer to a window probe".to_owned()
    } else if marks.has(Marks::DUPLICATE_ACK) {
        "a duplicate ACK".to_owned()
    } else if has_ack(packet) {
        "an acknowledgement without data".to_owned()
    } else {
        "a segment without data".to_owned()
    }
}

fn reset<X>(scene: &Scene<'_, X>) -> &'static str {
    let found = scene
        .connection
        .resets
        .iter()
        .find(|reset| reset.at.frame == scene.packet.frame);
    match found.map(|reset| reset.dialect) {
        Some(Dialect::Active) => "a RST that aborts a live connection (RST, ACK)",
        Some(Dialect::Passive) => "a RST that answers a segment which the host does not want",
        Some(Dialect::Refusal) => "a RST that refuses the connection",
        Some(Dialect::Other) | None => "a RST",
    }
}

fn again(marks: Marks, what: &str) -> String {
    if is_again(marks) {
        format!("{what}, sent again")
    } else {
        what.to_owned()
    }
}

pub(super) fn is_again(marks: Marks) -> bool {
    marks.has(Marks::RETRANSMISSION)
        || marks.has(Marks::FAST_RETRANSMISSION)
        || marks.has(Marks::SPURIOUS_RETRANSMISSION)
        || marks.has(Marks::TIMEOUT_RETRANSMISSION)
        || marks.has(Marks::TAIL_LOSS_PROBE)
}
