//! What is odd about a frame, and what only looks odd.

use super::{Scene, Sentence};
use crate::Marks;

/// A mark and what it means, in the order of telling.
const MEANINGS: [(Marks, &str); 15] = [
    (
        Marks::CAPTURED_TWICE,
        "The same packet was captured before (same IP ID, numbers and flags within moments): a matter of the capture, not of the connection.",
    ),
    (
        Marks::SPURIOUS_RETRANSMISSION,
        "What it carries had been acknowledged already: it was sent again needlessly, or the acknowledgement was lost on the way.",
    ),
    (
        Marks::TAIL_LOSS_PROBE,
        "It repeats the last segment about two round trips later to learn whether it arrived (a tail loss probe, RFC 8985).",
    ),
    (
        Marks::TIMEOUT_RETRANSMISSION,
        "Its sender had waited for an acknowledgement in vain until the retransmission timer ran out (RFC 6298).",
    ),
    (
        Marks::FAST_RETRANSMISSION,
        "It is sent again because duplicate ACKs said that it was missing (RFC 5681), without waiting for the timer.",
    ),
    (
        Marks::OUT_OF_ORDER,
        "It was overtaken by later segments; the receiver puts them in order, and nothing is lost by that alone.",
    ),
    (
        Marks::LOST_SEGMENT,
        "A segment before it is not in the capture: it was lost before this point, or the capture missed it.",
    ),
    (
        Marks::ACK_LOST_SEGMENT,
        "It acknowledges data that is not in the capture: the data did arrive, the capture missed it.",
    ),
    (
        Marks::DUPLICATE_ACK,
        "It repeats an acknowledgement with an unchanged window: something arrived at its sender behind a gap, or twice.",
    ),
    (
        Marks::DUPLICATE_SACK,
        "It says that something arrived twice (D-SACK, RFC 2883).",
    ),
    (
        Marks::WINDOW_FULL,
        "With it the sender has used up the window that the other side granted, and must wait.",
    ),
    (
        Marks::PROBE_OF_CLOSED_WINDOW,
        "The other side's window is closed; this asks whether it has opened.",
    ),
    (
        Marks::KEEP_ALIVE,
        "It repeats an acknowledged number only to draw an answer: it asks whether the other side is still there.",
    ),
    (
        Marks::CHALLENGE_ACK,
        "It answers a RST or SYN that could not be accepted as it was: a real peer would now send one with the exact number (RFC 5961).",
    ),
    (
        Marks::OUTSIDE_WINDOW,
        "It lies outside of what the receiver accepts, so it is dropped and only acknowledged.",
    ),
];

/// For a list from which rows were cut.
const IN_GAP: &str = "It refers to a packet whose row is not in the list: rows are missing there, which says nothing of the connection.";

pub(super) fn sentences<X>(scene: &Scene<'_, X>) -> Vec<Sentence> {
    let packet = scene.packet;
    let marks = packet.marks;
    let earlier = scene
        .connection
        .packets
        .iter()
        .rev()
        .find(|p| {
            p.frame < packet.frame
                && p.side == packet.side
                && p.payload_len > 0
                && p.seq == packet.seq
        })
        .filter(|_| super::kind::is_again(marks));
    MEANINGS
        .iter()
        .filter(|(mark, _)| marks.has(*mark) && !is_covered(*mark, marks))
        .map(|(mark, text)| {
            let frames = earlier.map(|p| p.frame).into_iter().chain([packet.frame]);
            let in_gap = scene.connection.elided
                && (*mark == Marks::ACK_LOST_SEGMENT || *mark == Marks::LOST_SEGMENT);
            Sentence::new(if in_gap { IN_GAP } else { *text }, frames)
        })
        .collect()
}

/// Wireshark's word for something that has its own sentence already.
fn is_covered(mark: Marks, marks: Marks) -> bool {
    mark == Marks::KEEP_ALIVE && marks.has(Marks::PROBE_OF_CLOSED_WINDOW)
}
