//! What the receiver's program had read: the window arithmetic.
//!
//! The window is what is left of the receive buffer: what lies unread in it is missing from the window.
//! The arithmetic holds where the buffer does not grow meanwhile, so only a window at its largest says "all read".

use whyreset_connections::{ReadMoment, Side};

use super::{flow_control, ids};
use crate::case::{Case, Missing};
use crate::{Observations, wording};

/// Moments told, the last ones.
const MOMENTS: usize = 4;

/// Tells whether everything that was delivered to the side that closed was acknowledged and read.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let Some(reset) = case.fatal.filter(|reset| receives(case, reset.by)) else {
        return;
    };
    acknowledged(case, found);
    // Programs that speak HTTP/2 read what comes and hold it: their own windows tell who wants no more.
    if flow_control::shut(case).is_some() {
        return;
    }
    // A short snapshot length may have cut the scale off: then windows do not count bytes.
    let options = case.connection.flows.of(reset.by).syn_options;
    if options.is_some_and(|options| options.malformed) {
        return;
    }
    let reading = case.connection.readings.of(reset.by);
    let Some(buffer) = reading.buffer else {
        return;
    };
    let moments: Vec<&ReadMoment> = reading
        .moments
        .iter()
        .filter(|m| m.acknowledged > 0 && m.at.frame < reset.at.frame)
        .collect();
    let moments = moments
        .get(moments.len().saturating_sub(MOMENTS)..)
        .unwrap_or_default();
    let Some(last) = moments.last() else {
        return;
    };
    let steps: Vec<String> = moments
        .iter()
        .map(|m| format!("{} at frame {}", between(m.unread), m.at.frame))
        .collect();
    let frames: Vec<u64> = moments.iter().map(|m| m.at.frame).collect();
    let who = wording::side(reset.by);
    let steps = steps.join(", ");
    if last.unread.1 == 0 {
        found.tell(
            ids::ALL_READ,
            frames,
            format_args!(
                "The program of {who} was reading, and had read everything: with a buffer of {} there were, in bytes unread, {steps}.",
                wording::bytes(u64::from(buffer))
            ),
        );
    } else if last.unread.0 > 0 {
        found.add(
            ids::UNREAD,
            frames,
            format_args!("In the buffer of {who} lay, in bytes unread, {steps}."),
        );
    }
}

/// What is missing was on its way to this side.
fn receives(case: &Case<'_>, side: Side) -> bool {
    match case.accounts.missing() {
        Some(Missing::ResponseUnfinished | Missing::Unanswered) => side == Side::Client,
        Some(Missing::RequestUnfinished | Missing::AnsweredEarly) => side == Side::Server,
        Some(Missing::TlsHandshake) | None => false,
    }
}

/// `1,460`, or `0 to 4,380` where only bounds are known.
fn between((least, most): (u64, u64)) -> String {
    if least == most {
        wording::number(least)
    } else {
        format!("{} to {}", wording::number(least), wording::number(most))
    }
}

fn acknowledged(case: &Case<'_>, found: &mut Observations) {
    let Some(reset) = case.fatal else {
        return;
    };
    let Some(knew) = reset.knew.as_ref() else {
        return;
    };
    let Some(by) = knew.certainly_by else {
        return;
    };
    if knew.certainly <= 1 || knew.certainly < knew.at_most {
        return;
    }
    let repeats: Vec<_> = case
        .connection
        .packets
        .iter()
        .filter(|p| p.side == reset.by && p.ack == knew.certainly && p.frame < reset.at.frame)
        .filter(|p| !p.flags.is_rst())
        .take(MOMENTS)
        .collect();
    let updates = repeats.len() > 1 && repeats.is_sorted_by(|a, b| a.window < b.window);
    let again: Vec<u64> = repeats.iter().map(|p| p.frame).collect();
    let frames = if again.is_empty() {
        vec![by.frame]
    } else {
        again
    };
    found.tell(
        ids::ALL_ACKNOWLEDGED,
        &frames,
        format_args!(
            "{} acknowledged all {} that can have reached it ({}): nothing was lost.{}",
            wording::the_side(reset.by),
            wording::signed_bytes(knew.certainly - 1),
            wording::frames(&frames),
            if updates { " That the number is repeated is no confusion: the later ones announce a larger window." } else { "" }
        ),
    );
}
