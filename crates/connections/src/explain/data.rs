//! Data: its size against the MSS, and whether the window allowed it.

use whyreset_segments::{Known, TcpFlags};

use super::{Scene, Sentence, bytes, has_numbers};
use crate::StoppedBy;

/// The timestamps option with its padding (RFC 7323, appendix A).
const TIMESTAMPS: u32 = 12;

pub(super) fn sentences<X>(scene: &Scene<'_, X>) -> Vec<Sentence> {
    let packet = scene.packet;
    if packet.payload_len == 0 || !packet.known.has(Known::LEN) {
        return Vec::new();
    }
    [size(scene), push(scene), allowed(scene), stopped(scene)]
        .into_iter()
        .flatten()
        .collect()
}

/// The MSS is an upper limit (RFC 9293 §3.7.1): less is legal, more can only be offload.
fn size<X>(scene: &Scene<'_, X>) -> Option<Sentence> {
    let limit = u32::from(scene.connection.flows.of(scene.peer()).syn_options?.mss?);
    let len = scene.packet.payload_len;
    let announced = scene.connection.handshake;
    let frames = [announced.syn, announced.syn_ack]
        .into_iter()
        .flatten()
        .map(|moment| moment.frame)
        .chain([scene.packet.frame]);
    let text = if len > limit {
        format!(
            "Its {} exceed the MSS of {limit} that the {} announced: the network card cuts it into segments \
             of legal size after the capture (or joined them before it), so this is no fault.",
            bytes(i64::from(len)),
            scene.peer()
        )
    } else if len + TIMESTAMPS == limit && scene.packet.timestamps.is_some() {
        format!(
            "It is full: the {} announced an MSS of {limit}, and the timestamps take {TIMESTAMPS} bytes of it.",
            scene.peer()
        )
    } else if len == limit {
        format!(
            "It is full: the {} announced an MSS of {limit}.",
            scene.peer()
        )
    } else {
        format!(
            "Its {} are legal: the MSS of {limit} that the {} announced is an upper limit, and a segment may be \
             shorter, for instance where the program's write, or the send buffer, ends.",
            bytes(i64::from(len)),
            scene.peer()
        )
    };
    Some(Sentence::new(text, frames))
}

fn push<X>(scene: &Scene<'_, X>) -> Option<Sentence> {
    let packet = scene.packet;
    let told = packet.known.tells_flags();
    (told && packet.flags.contains(TcpFlags::PSH)).then(|| {
        Sentence::new(
            "PSH asks the receiver to hand the data to its program at once; it marks the end of a write and demands \
             nothing else.",
            [packet.frame],
        )
    })
}

/// Of a side's last data: what kept it from sending more.
fn stopped<X>(scene: &Scene<'_, X>) -> Option<Sentence> {
    let connection = scene.connection;
    let flow = connection.flows.of(scene.side());
    if flow.last_data.map(|at| at.frame) != Some(scene.packet.frame) {
        return None;
    }
    let sending = connection.sendings.of(scene.side());
    let why = match sending.stopped_by {
        StoppedBy::PeerWindow => format!(
            "the {}'s window has no room for another segment",
            scene.peer()
        ),
        StoppedBy::Unacknowledged => {
            "it waits for an acknowledgement, and repeats the oldest segment".to_owned()
        }
        StoppedBy::NothingToSend => {
            "all of it was acknowledged, and its program had nothing more to send".to_owned()
        }
        StoppedBy::Congestion => format!(
            "{} are in flight, the window has room and more was there to be sent, so its own congestion window, or its pacing, \
             held it back",
            bytes(i64::try_from(sending.in_flight_at_end).unwrap_or(i64::MAX))
        ),
        StoppedBy::Closed | StoppedBy::Unknown => return None,
    };
    let text = format!("It is the {}'s last data: {why}.", scene.side());
    Some(Sentence::new(text, [scene.packet.frame]))
}

/// The window counts from what was acknowledged: what lies below the sum may be sent.
fn allowed<X>(scene: &Scene<'_, X>) -> Option<Sentence> {
    let packet = scene.packet;
    let word = scene.before.peer_ack?;
    let window = super::window::in_bytes(scene.connection, word)?;
    let limit = word.ack.saturating_add(window);
    let text = if !has_numbers(packet) {
        format!(
            "Frame {} acknowledges {} and grants {window} more: the {} may send up to {limit} without waiting for what is not \
             acknowledged yet. Its own number is not told.",
            word.frame,
            word.ack,
            scene.side()
        )
    } else if packet.seq_end() <= limit {
        format!(
            "It was allowed: frame {} acknowledges {} and grants {window} more, so the {} may send up to {limit}; \
             what is not acknowledged yet need not be waited for.",
            word.frame,
            word.ack,
            scene.side()
        )
    } else {
        format!(
            "It goes beyond what frame {} allows ({} + {window} = {limit}).",
            word.frame, word.ack
        )
    };
    Some(Sentence::new(text, [word.frame, packet.frame]))
}
