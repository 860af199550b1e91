//! The report on one connection.

use whyreset_capture::Timestamp;
use whyreset_connections::{Flow, Opener, Place, Side};
use whyreset_segments::HostNames;
use whyreset_verdicts::{EndedBy, Outcome};

use super::format::{count, endpoint, frames, percent, span};
use super::layout::Layout;
use super::style::{self, paint};
use super::untrusted::printable;
use super::{exchanges, ladder};
use crate::Judged;

/// Everything about one connection, ending with a newline.
pub fn one_connection(
    judged: &Judged,
    origin: Timestamp,
    names: &HostNames,
    layout: Layout,
) -> String {
    let mut out = headline(judged, layout);
    out.push_str(&who_what_where(judged, origin, names, layout));
    section(
        &mut out,
        "What was asked and what arrived",
        &exchanges::table(&judged.connection.app, layout),
    );
    section(
        &mut out,
        "The last moments",
        &ladder::last_moments(&judged.connection, origin, layout),
    );
    section(&mut out, "What shows it", &evidence(judged, layout));
    section(&mut out, "Ruled out", &ruled_out(judged, layout));
    section(
        &mut out,
        "What else it can be",
        &alternatives(judged, layout),
    );
    section(
        &mut out,
        "What would settle it",
        &next_steps(judged, layout),
    );
    out
}

fn headline(judged: &Judged, layout: Layout) -> String {
    let verdict = &judged.verdict;
    let style = style::of_verdict(verdict);
    let summary = layout.paragraph(&printable(&verdict.summary), "", "");
    let verdict_line = format!(
        "{} ({}), ended by {}: {}",
        verdict.cause,
        percent(verdict.confidence),
        verdict.ended_by.id(),
        outcome(verdict.outcome),
    );
    format!("{}\n{verdict_line}\n", paint(style, &summary))
}

const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Completed => "completed in order",
        Outcome::Aborted => "aborted with a RST",
        Outcome::Truncated => "closed in order, but something is missing",
        Outcome::TimedOut => "given up after waiting",
        Outcome::Stalled => "stalled when the capture ended",
        Outcome::Refused => "refused",
        Outcome::Unanswered => "never answered",
        Outcome::Open => "still open when the capture ended",
        Outcome::Partial => "only partly captured",
    }
}

fn who_what_where(judged: &Judged, origin: Timestamp, names: &HostNames, layout: Layout) -> String {
    let connection = &judged.connection;
    let mut out = String::from("\n");
    let sides = format!(
        "client {} → server {}",
        endpoint(connection.ends.client, names),
        endpoint(connection.ends.server, names)
    );
    let guessed = if connection.opener == Opener::Guess {
        " (who is the client is a guess: no handshake was captured)"
    } else {
        ""
    };
    fact(
        &mut out,
        layout,
        "stream",
        &format!("{}   {sides}{guessed}", connection.stream),
    );
    if let Some(client) = &connection.app.proxied_client {
        let behind =
            format!("the client is a proxy's side: its PROXY protocol line names {client}");
        fact(&mut out, layout, "behind it", &behind);
    }
    let begin = (connection.start - origin).as_secs_f64();
    fact(
        &mut out,
        layout,
        "frames",
        &format!(
            "{} to {}, {} in all{}",
            connection.frames.first,
            connection.frames.last,
            count(connection.frames.count),
            match connection.timed {
                true => format!(
                    ", over {} from {begin:.6} s on",
                    span(connection.end - connection.start)
                ),
                false => String::new(),
            },
        ),
    );
    fact(
        &mut out,
        layout,
        "bytes",
        &format!(
            "client sent {}, server sent {}",
            sent_bytes(&connection.flows.client),
            sent_bytes(&connection.flows.server),
        ),
    );
    fact(&mut out, layout, "captured", &captured(judged));
    out
}

fn sent_bytes(flow: &Flow) -> String {
    match flow.bytes > 0 || flow.sent_nothing() {
        true => count(flow.bytes),
        false => "data of unknown length".to_owned(),
    }
}

fn captured(judged: &Judged) -> String {
    let vantage = &judged.connection.vantage;
    let mut text = match vantage.place {
        Place::Client => "at the client".to_owned(),
        Place::Server => "at the server".to_owned(),
        Place::Path => "between client and server".to_owned(),
        Place::Unknown => "where, cannot be told".to_owned(),
    };
    for side in [Side::Client, Side::Server] {
        let trip = vantage.round_trip.of(side);
        if let (Some(minimum), Some((from, to))) = (trip.minimum, trip.minimum_frames) {
            text.push_str(&format!(
                "; the {side} is {} away (frames {from} and {to})",
                span(minimum)
            ));
        }
    }
    text
}

fn fact(out: &mut String, layout: Layout, name: &str, text: &str) {
    let first = format!("  {name:<9} ");
    out.push_str(&layout.paragraph(text, &first, "            "));
    out.push('\n');
}

fn section(out: &mut String, title: &str, body: &str) {
    if !body.is_empty() {
        out.push_str(&format!("\n{}\n{body}", paint(style::BOLD, title)));
    }
}

/// A sentence with its frames behind it, as a list item.
pub(super) fn item(text: &str, at: &[u64], layout: Layout) -> String {
    let mut text = printable(text);
    if !at.is_empty() {
        text.push_str(&format!(" [{}]", frames(at)));
    }
    let mut out = layout.paragraph(&text, "  • ", "    ");
    out.push('\n');
    out
}

fn evidence(judged: &Judged, layout: Layout) -> String {
    judged
        .verdict
        .evidence()
        .map(|evidence| item(evidence.text, evidence.frames, layout))
        .collect()
}

fn ruled_out(judged: &Judged, layout: Layout) -> String {
    judged
        .verdict
        .ruled_out
        .iter()
        .map(|ruled_out| {
            let text = format!("{}: {}", ruled_out.cause, ruled_out.text);
            item(&text, &ruled_out.frames, layout)
        })
        .collect()
}

fn alternatives(judged: &Judged, layout: Layout) -> String {
    let verdict = &judged.verdict;
    let mut out: String = verdict
        .alternatives
        .iter()
        .map(|other| {
            let share = percent(other.confidence);
            item(
                &format!("{} ({share}): {}", other.cause, other.text),
                &[],
                layout,
            )
        })
        .collect();
    let named: f64 = verdict
        .alternatives
        .iter()
        .map(|other| other.confidence)
        .sum();
    let rest = 1.0 - verdict.confidence - named;
    if rest >= 0.01 && verdict.ended_by != EndedBy::None {
        out.push_str(&item(
            &format!("something else ({})", percent(rest)),
            &[],
            layout,
        ));
    }
    out
}

fn next_steps(judged: &Judged, layout: Layout) -> String {
    judged
        .verdict
        .next_steps
        .iter()
        .map(|step| item(step, &[], layout))
        .collect()
}
