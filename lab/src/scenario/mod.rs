//! Scenarios: what happens between a client and a server, declared in TOML, one file per cause.
//!
//! A file holds `about`, a `[base]` table and many `[[variation]]` tables. Each variation is merged
//! over the base (tables deeply, everything else replaced). `zip` expands one table into several: it
//! maps a dotted path to a list, and the n-th expansion takes the n-th entry of each list (shorter
//! lists begin again). `fit`, `test` and `blind` do the same and say which part the expansions belong to.
//! The files in `blind/` hold the third part, under the same scenario names.
//!
//! ```toml
//! about = "The client's program closes or dies before it has what it asked for."
//!
//! [base]
//! part = "fit"
//! server = { program = "nginx" }
//! client = { program = "curl", args = ["{url}/large.bin"] }
//! truth = { cause = "client_abort", ended_by = "client", outcome = "aborted" }
//! witness = ["client TCP_ABORT_ON"]
//!
//! [[variation]]
//! name = "killed"
//! fault = [{ do = "kill-client", when = { down_bytes = 60_000 } }]
//! [variation.fit]
//! "net.rtt_ms" = [2, 25]
//! [variation.test]
//! "server.program" = ["apache", "tomcat"]
//! "net.rtt_ms" = [6, 45]
//! ```

mod cut;
mod ends;
mod expand;
mod faults;
mod network;
mod variation;
mod vary;

pub use cut::Cut;
pub use ends::{Client, Server};
pub use faults::{Act, Direction, Fault, Forge, Forgotten, IcmpKind, Place, When};
pub use network::Net;
pub use variation::{Also, Part, Truth, Variation};
pub use vary::vary;

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Reads all scenario files of a folder and of the folders in it, in the order of their paths.
pub fn read_folder(folder: &Path) -> Result<Vec<Variation>> {
    let mut paths = Vec::new();
    find_files(folder, &mut paths)?;
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path)?;
        let name = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let found = expand::variations(&name, &text)
            .with_context(|| format!("scenario {}", path.display()))?;
        all.extend(found);
    }
    Ok(all)
}

fn find_files(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
        if path.is_dir() {
            find_files(&path, found)?;
        } else if path.extension().is_some_and(|kind| kind == "toml") {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn the_lab_s_own_scenarios_can_be_read_and_have_unique_names() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let all = read_folder(&folder).unwrap();
        let mut seen = std::collections::HashSet::new();
        for variation in &all {
            assert!(seen.insert((variation.scenario.clone(), variation.name.clone())));
        }
        assert!(!all.is_empty());
    }

    #[test]
    fn every_cause_has_six_variations_in_each_part() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let mut counts: BTreeMap<(String, Part), usize> = BTreeMap::new();
        for variation in read_folder(&folder).unwrap() {
            let of_labels = variation.labels.iter().map(|label| &label.truth);
            let of_cuts = variation.cuts.iter().filter_map(|cut| cut.truth.as_ref());
            let truths = of_labels.chain(of_cuts).chain([&variation.truth]);
            let causes: BTreeSet<_> = truths.map(|truth| truth.cause.clone()).collect();
            for cause in causes {
                *counts.entry((cause, variation.part)).or_default() += 1;
            }
        }
        let causes: BTreeSet<_> = counts.keys().map(|(cause, _)| cause.clone()).collect();
        assert_eq!(causes.len(), 23);
        for cause in causes {
            for part in [Part::Fit, Part::Test, Part::Blind] {
                let count = counts.get(&(cause.clone(), part)).copied();
                assert!(count >= Some(6), "{cause}, {part:?}: {count:?}");
            }
        }
    }
}
