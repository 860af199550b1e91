//! The whole weighing behind a verdict, for a second expert to check.

use whyreset_verdicts::Verdict;

use super::format::{frames, percent};
use super::layout::Layout;
use super::style::{self, paint};

/// Prior, each observation's likelihood ratio and its reason, and the posterior of each cause that was considered.
pub fn weighing(verdict: &Verdict, layout: Layout) -> String {
    let mut out = format!("\n{}\n", paint(style::BOLD, "How it was weighed"));
    for weighed in &verdict.weighing {
        let head = format!(
            "  {}: prior {}, posterior {}",
            weighed.cause,
            percent(weighed.prior),
            percent(weighed.posterior)
        );
        out.push_str(&format!("{head}\n"));
        for weight in verdict.weights(weighed.cause) {
            let mut text = format!(
                "× {:<7} {}: {}",
                ratio(weight.likelihood_ratio),
                weight.observation,
                weight.because
            );
            let shown_by = verdict.observed.frames_of(weight.observation);
            if !shown_by.is_empty() {
                text.push_str(&format!(" [{}]", frames(shown_by)));
            }
            out.push_str(&layout.paragraph(&text, "      ", "                "));
            out.push('\n');
        }
    }
    out
}

fn ratio(ratio: f64) -> String {
    if ratio >= 10.0 {
        format!("{ratio:.0}")
    } else if ratio >= 0.1 {
        format!("{ratio:.2}")
    } else {
        format!("{ratio:.4}")
    }
}
