//! Where the capture was taken, told from the gaps in the handshake.

use whyreset_connections::{Place, Side};

use super::ids;
use crate::Observations;
use crate::case::Case;
use crate::wording;

/// Tells the place of the capture and the round trips on both sides of it.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let place = match c.vantage.place {
        Place::Client => "at the client",
        Place::Server => "at the server",
        Place::Path => "somewhere between client and server",
        Place::Unknown => return,
    };
    let mut frames: Vec<u64> = [c.handshake.syn, c.handshake.syn_ack, c.handshake.ack]
        .iter()
        .flatten()
        .map(|moment| moment.frame)
        .collect();
    let gaps = gaps(case);
    let far = match c.vantage.place {
        Place::Client => distance(case, Side::Server, &mut frames),
        Place::Server => distance(case, Side::Client, &mut frames),
        _ => String::new(),
    };
    for reason in &c.vantage.reasons {
        frames.extend(reason.frames.iter().copied());
    }
    frames.sort_unstable();
    frames.dedup();
    if frames.is_empty() {
        return;
    }
    let why = if gaps.is_empty() {
        c.vantage
            .reasons
            .iter()
            .map(|reason| reason.text.clone())
            .collect::<Vec<_>>()
            .join("; ")
    } else {
        gaps
    };
    let why = if why.is_empty() {
        String::new()
    } else {
        format!(": {why}")
    };
    found.tell(
        ids::VANTAGE,
        frames,
        format_args!("The capture was taken {place}{why}.{far}"),
    );
}

fn gaps(case: &Case<'_>) -> String {
    let trips = &case.connection.vantage.round_trip;
    match (trips.server.handshake, trips.client.handshake) {
        (Some(server), Some(client)) => format!(
            "SYN to SYN/ACK takes {}, SYN/ACK to ACK {}",
            wording::span(server),
            wording::span(client)
        ),
        (Some(server), None) => format!("SYN to SYN/ACK takes {}", wording::span(server)),
        (None, Some(client)) => format!("SYN/ACK to ACK takes {}", wording::span(client)),
        (None, None) => String::new(),
    }
}

fn distance(case: &Case<'_>, side: Side, frames: &mut Vec<u64>) -> String {
    let trip = case.connection.vantage.round_trip.of(side);
    let (Some(minimum), Some(handshake)) = (trip.minimum, trip.handshake) else {
        return String::new();
    };
    let Some((sent, answered)) = trip.minimum_frames.filter(|_| minimum < handshake) else {
        return String::new();
    };
    frames.extend([sent, answered]);
    format!(
        " {} is no nearer than {} (frame {sent} to its acknowledgement, frame {answered}).",
        wording::the_side(side),
        wording::span(minimum)
    )
}
