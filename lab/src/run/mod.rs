//! Running variations: a few worlds at a time, each with its captures and labels.

mod doubts;
mod variation;

use crate::programs::Assets;
use crate::scenario::Variation;
use crate::witness::Witness;
use anyhow::Result;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

pub use variation::Outcome;

/// How often a variation is tried before its doubt stands.
const ATTEMPTS: usize = 3;

/// What all variations of a run share.
pub struct Shared {
    /// Where captures and labels go.
    pub out: PathBuf,
    /// Documents, certificates, programs.
    pub assets: Assets,
    /// The kernel's trace, where there is one.
    pub witness: Option<Witness>,
    /// Set when the user interrupts.
    pub stop: Arc<AtomicBool>,
}

/// Runs all variations, `jobs` at a time. Returns what became of each.
pub fn run_all(
    variations: &[Variation],
    shared: &Shared,
    jobs: usize,
) -> Vec<(String, Result<Outcome>)> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(variation) = variations.get(index) else {
                        break;
                    };
                    if shared.stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let result = try_until_certain(variation, index, variations.len(), shared);
                    let name = format!("{}/{}", variation.scenario, variation.name);
                    report(&name, &result);
                    if let Ok(mut results) = results.lock() {
                        results.push((name, result));
                    }
                }
            });
        }
    });
    results.into_inner().unwrap_or_default()
}

/// A busy machine can miss a moment that a story depends on: a variation that fails or leaves doubt is
/// tried again. Every attempt has a world with a number, and so with addresses, of its own.
fn try_until_certain(
    variation: &Variation,
    index: usize,
    count: usize,
    shared: &Shared,
) -> Result<Outcome> {
    let mut last = None;
    for attempt in 0..ATTEMPTS {
        let number = u32::try_from(attempt * count + index + 1)?;
        let result = variation::run(variation, number, shared);
        let certain = result
            .as_ref()
            .is_ok_and(|outcome| outcome.doubts.is_empty());
        last = Some(result);
        if certain || shared.stop.load(Ordering::Relaxed) {
            break;
        }
    }
    last.unwrap_or_else(|| Err(anyhow::anyhow!("it was never tried")))
}

fn report(name: &str, result: &Result<Outcome>) {
    match result {
        Ok(outcome) => {
            println!(
                "{name}: {} connections, {:.1} s",
                outcome.connections, outcome.seconds
            );
            for doubt in &outcome.doubts {
                println!("  DOUBT {name}: {doubt}");
            }
        }
        Err(error) => println!("{name}: FAILED: {error:#}"),
    }
}
