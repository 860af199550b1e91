//! The score for people.

use super::tally::{Share, Tally};
use std::fmt::Write;

/// The whole report. Writing to a `String` cannot fail.
pub fn text(tally: &Tally) -> String {
    let mut text = String::new();
    wrong(tally, &mut text);
    causes(tally, &mut text);
    confusion(tally, &mut text);
    reliability(tally, &mut text);
    totals(tally, &mut text);
    text
}

fn percent(share: Share) -> String {
    format!(
        "{:5.1} % ({}/{})",
        share.value() * 100.0,
        share.right,
        share.of
    )
}

fn wrong(tally: &Tally, text: &mut String) {
    let _ = writeln!(
        text,
        "Wrong ones (capture, client port: truth, given, confidence):"
    );
    for case in &tally.wrong {
        let (truth, given) = (&case.truth, &case.given);
        let mark = if case.cause_right { "" } else { "CAUSE " };
        let _ = writeln!(
            text,
            "  {mark}{} :{}: {} {} {} <- {} {} {} at {:.2}",
            case.capture,
            case.client_port,
            truth.cause,
            truth.ended_by,
            truth.outcome,
            given.cause,
            given.ended_by,
            given.outcome,
            case.confidence
        );
    }
}

fn causes(tally: &Tally, text: &mut String) {
    let _ = writeln!(text, "\nRight by cause and vantage:");
    for (cause, vantages) in &tally.by_cause {
        let _ = write!(text, "  {cause:<24}");
        for key in ["all", "client", "server", "path"] {
            let share = vantages.get(key).copied().unwrap_or_default();
            let _ = write!(
                text,
                " {key} {:>3.0} % ({}/{})",
                share.value() * 100.0,
                share.right,
                share.of
            );
        }
        let _ = writeln!(text);
    }
}

fn confusion(tally: &Tally, text: &mut String) {
    let _ = writeln!(text, "\nConfusion (truth: given instead):");
    for (truth, row) in &tally.confusion {
        let others: Vec<String> = row
            .iter()
            .filter(|(given, _)| *given != truth)
            .map(|(given, count)| format!("{given} {count}"))
            .collect();
        if !others.is_empty() {
            let _ = writeln!(text, "  {truth:<24} {}", others.join(", "));
        }
    }
}

fn reliability(tally: &Tally, text: &mut String) {
    let _ = writeln!(text, "\nReliability (probability given: share right):");
    for bin in tally.reliability.iter().filter(|bin| bin.share.of > 0) {
        let _ = writeln!(
            text,
            "  from {:.2} (mean {:.3}): {}",
            bin.from,
            bin.mean_confidence,
            percent(bin.share)
        );
    }
}

fn totals(tally: &Tally, text: &mut String) {
    let rows = [
        ("cause right, failed connections", percent(tally.failed)),
        (
            "mean over the causes",
            format!(
                "{:5.1} %, worst {}",
                tally.macro_accuracy * 100.0,
                tally.worst_cause
            ),
        ),
        ("side right", percent(tally.ended_by)),
        ("outcome right", percent(tally.outcome)),
        ("vantage right or left open", percent(tally.vantage)),
        ("false alarms on healthy ones", percent(tally.false_alarms)),
        ("wrong at 0.9 or above", percent(tally.wrong_when_sure)),
        ("Brier score", format!("{:.4}", tally.brier)),
    ];
    let _ = writeln!(text, "\nTotals:");
    for (name, value) in rows {
        let _ = writeln!(text, "  {name:<34} {value}");
    }
}
