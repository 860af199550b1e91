//! SYN and SYN/ACK: what each side offers, and what its offer tells of its host.

use whyreset_segments::{Known, TcpFlags};

use super::{Scene, Sentence};
use crate::place::people_span;
use crate::{StackFamily, stack};

pub(super) fn sentences<X>(scene: &Scene<'_, X>) -> Vec<Sentence> {
    if !scene.packet.flags.contains(TcpFlags::SYN) {
        return Vec::new();
    }
    [offers(scene), answered(scene), looks_like(scene)]
        .into_iter()
        .flatten()
        .collect()
}

fn offers<X>(scene: &Scene<'_, X>) -> Option<Sentence> {
    let flow = scene.connection.flows.of(scene.side());
    let options = flow.syn_options?;
    let mut parts = Vec::new();
    if let Some(mss) = options.mss {
        parts.push(format!("segments of at most {mss} bytes (MSS)"));
    }
    if let Some(shift) = options.window_scale {
        let factor = 1_u32 << shift.min(14);
        parts.push(format!("windows in units of {factor} bytes"));
    }
    if options.sack_permitted {
        parts.push("selective acknowledgements".to_owned());
    }
    if options.timestamps.is_some() {
        parts.push("timestamps".to_owned());
    }
    if parts.is_empty() {
        return None;
    }
    Some(Sentence::new(
        format!(
            "It tells what the {} takes: {}.",
            scene.side(),
            parts.join(", ")
        ),
        [scene.packet.frame],
    ))
}

/// How long the answer took tells where the capture was taken.
fn answered<X>(scene: &Scene<'_, X>) -> Option<Sentence> {
    let handshake = &scene.connection.handshake;
    let frame = scene.packet.frame;
    let first_syn = handshake.syn.filter(|syn| syn.frame == frame);
    let first_answer = handshake.syn_ack.filter(|answer| answer.frame == frame);
    let (sent, answer) = match (first_syn, first_answer) {
        (Some(syn), _) => (syn, handshake.syn_ack),
        (_, Some(syn_ack)) => (syn_ack, handshake.ack),
        _ => return None,
    };
    let peer = scene.peer();
    Some(match answer {
        Some(answer) => Sentence::new(
            format!(
                "The {peer} answers {} later, in frame {}.",
                people_span(answer.time - sent.time),
                answer.frame
            ),
            [frame, answer.frame],
        ),
        None => Sentence::new(format!("The {peer} never answers it."), [frame]),
    })
}

fn looks_like<X>(scene: &Scene<'_, X>) -> Option<Sentence> {
    let guess = scene.connection.stacks.of(scene.side());
    let name = match guess.family {
        StackFamily::Linux => "Linux (or Android)",
        StackFamily::Windows => "Windows",
        StackFamily::Apple => "macOS or iOS",
        StackFamily::Bsd => "a BSD",
        StackFamily::Embedded => "a small device",
        StackFamily::Unknown => return None,
    };
    let told =
        scene.packet.known.has(Known::SOME_OPTIONS) || scene.packet.known.has(Known::OPTIONS);
    told.then(|| {
        Sentence::new(
            format!(
                "Such an offer comes from {name} with a probability of {:.0} % ({}).",
                guess.probability * 100.0,
                stack::reason(scene.connection.flows.of(scene.side()))
            ),
            [scene.packet.frame],
        )
    })
}
