//! Scoring: a program judges the captures of a run, and its verdicts are compared with the truth.
//!
//! The program is called as `PROGRAM --json CAPTURE` for each capture by itself. A connection counts at a
//! vantage when at least one of its packets is in that capture. A verdict is right when it is the truth, or
//! one of the answers that the scenario accepts from that vantage because more cannot be known there.

mod compare;
mod judge;
mod report;
mod tally;

use crate::captures::VANTAGES;
use crate::truth::TruthFile;
use anyhow::{Context, Result, bail};
use compare::Case;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What to score.
#[derive(clap::Args)]
pub struct Options {
    /// The program: called as `PROGRAM --json CAPTURE`
    #[arg(long)]
    pub program: PathBuf,
    /// Folder that `run` has written
    pub folder: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Only captures from here
    #[arg(long, value_parser = VANTAGES)]
    pub vantage: Option<String>,
    /// Only scenarios or variations whose SCENARIO/VARIATION contains this (may be given several times)
    #[arg(long)]
    pub only: Vec<String>,
    /// Leave out those whose SCENARIO/VARIATION contains this (may be given several times)
    #[arg(long)]
    pub except: Vec<String>,
    /// Fail (exit status 1) unless this share of the failed connections got its right cause
    #[arg(long, value_name = "SHARE")]
    pub at_least: Option<f64>,
    /// How many captures are judged at a time
    #[arg(long, default_value_t = 2)]
    pub jobs: usize,
}

/// One capture to judge.
struct Task {
    capture: PathBuf,
    vantage: &'static str,
    truth: TruthFile,
}

/// Scores, and prints the score.
pub fn score(options: &Options) -> Result<ExitCode> {
    let tasks = tasks(options)?;
    if tasks.is_empty() {
        bail!("no labelled capture in {}", options.folder.display());
    }
    let cases = judge_all(&tasks, options);
    let tally = tally::tally(&cases);
    if options.json {
        println!("{}", serde_json::to_string_pretty(&tally)?);
    } else {
        print!("{}", report::text(&tally));
    }
    let enough = options
        .at_least
        .is_none_or(|share| tally.failed.value() >= share);
    Ok(if enough {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn tasks(options: &Options) -> Result<Vec<Task>> {
    let mut files = Vec::new();
    find_labels(&options.folder, &mut files)?;
    files.sort();
    let mut tasks = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file)?;
        let truth: TruthFile = serde_json::from_str(&text)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let name = format!("{}/{}", truth.scenario, truth.variation);
        if !truth.doubts.is_empty() {
            eprintln!("not scored, its label is in doubt: {name}");
            continue;
        }
        let is_in = |list: &[String]| list.iter().any(|part| name.contains(part.as_str()));
        if is_in(&options.except) || (!options.only.is_empty() && !is_in(&options.only)) {
            continue;
        }
        for vantage in VANTAGES {
            let capture = file.with_file_name(format!("{vantage}.pcap"));
            let wanted = options.vantage.as_ref().is_none_or(|only| only == vantage);
            if wanted && capture.exists() {
                tasks.push(Task {
                    capture,
                    vantage,
                    truth: truth.clone(),
                });
            }
        }
    }
    Ok(tasks)
}

fn find_labels(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            find_labels(&path, found)?;
        } else if path.file_name().is_some_and(|name| name == "truth.json") {
            found.push(path);
        }
    }
    Ok(())
}

fn judge_all(tasks: &[Task], options: &Options) -> Vec<Case> {
    let next = AtomicUsize::new(0);
    let cases = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.max(1) {
            scope.spawn(|| {
                while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let document = judge::judge(&options.program, &task.capture);
                    let found = compare::cases(task, &document);
                    if let Ok(mut cases) = cases.lock() {
                        cases.extend(found);
                    }
                }
            });
        }
    });
    let mut cases = cases.into_inner().unwrap_or_default();
    cases.sort_by(|a, b| (&a.capture, a.number).cmp(&(&b.capture, b.number)));
    cases
}
