//! The acknowledgement number: what it answers, why it is not higher, and what its sender knew.

use whyreset_capture::Span;

use super::{Scene, Sentence, bytes, has_ack};
use crate::Packet;
use crate::place::people_span;

pub(super) fn sentences<X>(scene: &Scene<'_, X>) -> Vec<Sentence> {
    if !has_ack(scene.packet) || scene.packet.flags.is_syn_ack() {
        return Vec::new();
    }
    [acknowledges(scene), why_not_more(scene), cannot_know(scene)]
        .into_iter()
        .flatten()
        .collect()
}

fn acknowledges<X>(scene: &Scene<'_, X>) -> Option<Sentence> {
    let packet = scene.packet;
    let before = scene
        .before
        .own
        .filter(|own| has_ack(own))
        .map(|own| own.ack);
    let received = packet.ack.saturating_sub(1).max(0);
    let ending = scene.peer_packet_ending_at(packet.ack);
    let frames = ending.map(|p| p.frame).into_iter().chain([packet.frame]);
    if before == Some(packet.ack) {
        return None;
    }
    let up_to = ending.map_or(String::new(), |p| {
        format!(", up to and with frame {}", p.frame)
    });
    Some(Sentence::new(
        format!(
            "It acknowledges {}: the {} has received the first {} of the {}'s{up_to}.",
            packet.ack,
            scene.side(),
            bytes(received),
            scene.peer()
        ),
        frames,
    ))
}

/// An acknowledgement below what was sent is the normal case: the rest is on its way, or waits for the next acknowledgement.
fn why_not_more<X>(scene: &Scene<'_, X>) -> Option<Sentence> {
    let packet = scene.packet;
    let sent_to = captured_before(scene)?;
    if sent_to <= packet.ack {
        return all_acknowledged(scene);
    }
    if packet.payload_len > 0 {
        return None;
    }
    let rest = bytes(sent_to.saturating_sub(packet.ack));
    let knew = scene.connection.knowledge_of(packet, None);
    let mut frames = vec![packet.frame];
    let mut text = match knew {
        Some(knew) if knew.at_most <= packet.ack => format!(
            "The {} had sent up to {sent_to} by then, but the {rest} beyond {} cannot have reached the {} yet: the \
             acknowledgement is all that it can be.",
            scene.peer(),
            packet.ack,
            scene.side()
        ),
        Some(knew) if knew.at_most < sent_to => format!(
            "The {} had sent up to {sent_to} by then; at most {} of it can have reached the {}, and what lies between was on \
             its way or waited for the next acknowledgement: a receiver need not acknowledge each segment.",
            scene.peer(),
            knew.at_most,
            scene.side()
        ),
        _ => format!(
            "The {} had sent up to {sent_to} by then; the {rest} beyond {} were on their way or waited for the next \
             acknowledgement: a receiver need not acknowledge each segment at once (RFC 9293 §3.8.6.3).",
            scene.peer(),
            packet.ack
        ),
    };
    if let Some(later) = next_higher_ack(scene) {
        let delay = people_span(later.time - packet.time);
        text.push_str(&format!(
            " Frame {} acknowledges {} {delay} later.",
            later.frame, later.ack
        ));
        frames.push(later.frame);
    }
    Some(Sentence::new(text, frames))
}

/// Nothing that was sent is missing from it; with unseen packets about, nothing that can have arrived.
fn all_acknowledged<X>(scene: &Scene<'_, X>) -> Option<Sentence> {
    let packet = scene.packet;
    if packet.payload_len > 0 || super::window::is_update(scene) {
        return None;
    }
    let peer = scene.peer();
    let unseen = scene.connection.elided || !scene.before.peer_is_numbered;
    let text = if !unseen {
        format!("That is all the {peer} had sent by then: nothing is missing.")
    } else {
        let knew = scene.connection.knowledge_of(packet, None)?;
        if knew.at_most > packet.ack {
            return None;
        }
        format!(
            "That is all of the {peer}'s data that can have reached the {} by then: nothing is missing.",
            scene.side()
        )
    };
    Some(Sentence::new(text, [packet.frame]))
}

/// What the other side had sent when the frame passed here.  What the capture missed counts as
/// sent where a later acknowledgement proves it.
fn captured_before<X>(scene: &Scene<'_, X>) -> Option<i64> {
    let seen = scene.before.peer_sent_to?;
    let history = scene.connection.sent.of(scene.peer());
    let just_before = scene.packet.time - Span::from_nanos(1);
    Some(seen.max(history.sent_by(just_before).sent_to))
}

fn next_higher_ack<'a, X>(scene: &Scene<'a, X>) -> Option<&'a Packet> {
    scene.connection.packets.iter().find(|p| {
        p.side == scene.packet.side
            && p.frame > scene.packet.frame
            && !p.flags.is_rst()
            && has_ack(p)
            && p.ack > scene.packet.ack
    })
}

fn cannot_know<X>(scene: &Scene<'_, X>) -> Option<Sentence> {
    let packet = scene.packet;
    if packet.payload_len > 0 {
        return None;
    }
    let knew = scene.connection.knowledge_of(packet, None)?;
    let unknown = knew
        .first_impossible
        .filter(|first| first.frame < packet.frame)?;
    let smallest = knew.smallest_seen?;
    Some(Sentence::new(
        format!(
            "The {} has never answered in less than {}; whatever passed here less than about {} earlier, from frame {} on, it \
             cannot have seen when it sent this.",
            scene.side(),
            people_span(smallest),
            people_span(knew.round_trip),
            unknown.frame
        ),
        [unknown.frame, packet.frame],
    ))
}
