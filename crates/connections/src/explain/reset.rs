//! A RST: what it means, what its sender knew, whether it can have worked, and whose it is.

use super::{Scene, Sentence, bytes};
use crate::place::people_span;
use crate::{Acceptance, Dialect, Knowledge, Reset, ResetReason};

pub(super) fn sentences<X>(scene: &Scene<'_, X>) -> Vec<Sentence> {
    let frame = scene.packet.frame;
    let resets = &scene.connection.resets;
    let Some(reset) = resets.iter().find(|reset| reset.at.frame == frame) else {
        return one_of_many(scene).into_iter().collect();
    };
    [
        Some(meaning(scene, reset)),
        unread_before(scene, reset),
        reset
            .knew
            .as_ref()
            .and_then(|knew| knew_text(scene, reset, knew)),
        acceptance(scene, reset),
        reason(reset),
        origin(scene, reset),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Only the first RSTs of a connection are judged one by one.
fn one_of_many<X>(scene: &Scene<'_, X>) -> Option<Sentence> {
    let mut resets = scene.connection.resets.iter();
    let first = resets.find(|reset| {
        reset.by == scene.side() && reset.burst > 1 && reset.at.frame < scene.packet.frame
    })?;
    Some(Sentence::new(
        format!(
            "It is one of the {} that the {} sends one after the other, as frame {}: a host that has done with a connection \
             answers each segment that still comes with a RST of its own.",
            scene.connection.reset_count.of(scene.side()),
            scene.side(),
            first.at.frame
        ),
        [first.at.frame, scene.packet.frame],
    ))
}

fn meaning<X>(scene: &Scene<'_, X>, reset: &Reset) -> Sentence {
    let side = scene.side();
    let sender = if reset.origin.host < 0.5 {
        "whoever sent it".to_owned()
    } else {
        format!("the {side}")
    };
    let mut frames = vec![reset.at.frame];
    frames.extend(reset.trigger.map(|trigger| trigger.at.frame));
    let text = match (reset.dialect, reset.trigger) {
        (Dialect::Active, _) => format!(
            "It carries exactly the numbers of the live connection (seq {}{}): whoever sent it knew the connection and threw it \
             away on purpose. A host that had lost the connection would send a RST without ACK, one that had crashed or become \
             unreachable nothing at all.",
            reset.seq,
            reset.ack.map_or(String::new(), |ack| format!(", ack {ack}"))
        ),
        (Dialect::Passive, Some(trigger)) if !trigger.possible => format!(
            "Its number {} is the acknowledgement number of frame {}, which had passed here only {} before: too soon for an \
             answer of the {side} itself.",
            reset.seq,
            trigger.at.frame,
            people_span(trigger.delay)
        ),
        (Dialect::Passive, Some(trigger)) => format!(
            "Its number {} is the acknowledgement number of frame {}, which it answers {} later: {} knew the connection no \
             more, or had closed it and wants no more data.",
            reset.seq,
            trigger.at.frame,
            people_span(trigger.delay),
            sender
        ),
        (Dialect::Passive, None) => format!(
            "Without ACK it is an answer to a segment that the {side} does not want; which of the many in flight cannot be told."
        ),
        (Dialect::Refusal, _) => format!(
            "It answers the SYN: nothing listens on that port of the {side}, or a firewall answers in its place."
        ),
        (Dialect::Other, _) => "Its numbers are neither those of a live connection nor an answer to a captured segment.".to_owned(),
    };
    Sentence::new(text, frames)
}

fn unread_before<X>(scene: &Scene<'_, X>, reset: &Reset) -> Option<Sentence> {
    let reading = scene.connection.readings.of(scene.side());
    let last = reading.at_end().filter(|_| reading.exact)?;
    if reset.dialect != Dialect::Active || last.at.frame >= reset.at.frame {
        return None;
    }
    let text = format!(
        "Before it, at frame {}, the {}'s program had read {} of the {} it had received.",
        last.at.frame,
        scene.side(),
        bytes(i64::try_from(last.read.0).unwrap_or(i64::MAX)),
        bytes(i64::try_from(last.acknowledged).unwrap_or(i64::MAX))
    );
    Some(Sentence::new(text, [last.at.frame, reset.at.frame]))
}

fn knew_text<X>(scene: &Scene<'_, X>, reset: &Reset, knew: &Knowledge) -> Option<Sentence> {
    if reset.origin.host < 0.5 {
        return None;
    }
    let first = knew
        .first_impossible
        .filter(|first| first.frame < reset.at.frame)?;
    let smallest = knew.smallest_seen?;
    Some(Sentence::new(
        format!(
            "The {} answers after {} at the soonest, so when it sent this it can have seen nothing that passed here less than \
             about {} before: frame {} and later ones cannot be the reason.",
            scene.side(),
            people_span(smallest),
            people_span(knew.round_trip),
            first.frame
        ),
        [first.frame, reset.at.frame],
    ))
}

fn acceptance<X>(scene: &Scene<'_, X>, reset: &Reset) -> Option<Sentence> {
    let peer = scene.peer();
    let mut frames = vec![reset.at.frame];
    let mut text = match reset.acceptance {
        Acceptance::Exact => {
            format!("Its number is the one that the {peer} expects: the {peer} has to accept it.")
        }
        Acceptance::InWindow => format!(
            "Its number lies in the {peer}'s window but is not the expected one: the {peer} answers with a challenge ACK and goes on (RFC 5961)."
        ),
        Acceptance::Outside => {
            format!("Its number is not one that the {peer} accepts: the {peer} drops it.")
        }
        Acceptance::Unknown => return None,
    };
    if let Some(went_on) = reset.aftermath.receiver_went_on {
        text.push_str(&format!(" It did go on, in frame {}.", went_on.frame));
        frames.push(went_on.frame);
    }
    Some(Sentence::new(text, frames))
}

fn reason(reset: &Reset) -> Option<Sentence> {
    let text = match reset.reason()? {
        ResetReason::Cause { code, meaning } => match meaning {
            Some(meaning) => format!("It carries a diagnosis: {meaning} (cause {code})."),
            None => format!("It carries a diagnosis with the unknown cause {code}."),
        },
        ResetReason::VendorCause { enterprise, code } => {
            format!("It carries cause {code} of vendor {enterprise}.")
        }
        ResetReason::Text(text) => format!("It carries a text: \"{text}\"."),
        ResetReason::Bytes(len) => format!("It carries {len} bytes that are no text."),
    };
    Some(Sentence::new(text, [reset.at.frame]))
}

fn origin<X>(scene: &Scene<'_, X>, reset: &Reset) -> Option<Sentence> {
    let side = scene.side();
    let host = reset.origin.host;
    let mut reasons = reset.origin.reasons.iter();
    let strongest = if host >= 0.5 {
        reasons.find(|reason| reason.weight > 0.0)
    } else {
        reasons.find(|reason| reason.weight < 0.0)
    };
    let percent = (host * 100.0).clamp(1.0, 99.0).round();
    let mut frames = vec![reset.at.frame];
    let mut text = if host >= 0.5 {
        format!("It comes from the {side} itself with a probability of {percent} %")
    } else {
        format!(
            "It hardly comes from the {side} itself ({percent} %): a device on the way has sent it in its name"
        )
    };
    if let Some(reason) = strongest {
        text.push_str(&format!(": {}", reason.text));
        frames.extend(reason.frames.iter().copied());
    } else {
        text.push_str("; TTL and IP ID, which would tell more, are not known or tell nothing");
    }
    text.push('.');
    Some(Sentence::new(text, frames))
}
