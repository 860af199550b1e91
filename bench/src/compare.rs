//! The program beside its neighbours, in turn, on the same captures.
//!
//! Programs that would take minutes for a whole capture (tcptrace, tshark) get its first megabytes, once, within a bound of
//! time, and are compared with the floor on just those.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::ValueEnum;
use comfy_table::{CellAlignment, Table, presets};

use crate::measure::{Cost, measure};
use crate::{head, make};

#[derive(clap::Args)]
pub struct Args {
    /// The program
    #[arg(long, default_value = "target/release/whyreset")]
    program: PathBuf,
    /// Rounds; each runs every command once, and the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Leave out commands that take longer than the program by far (tcptrace, tshark)
    #[arg(long)]
    quick: bool,
    /// Megabytes of a capture that those get
    #[arg(long, default_value_t = 100)]
    slow_megabytes: u64,
    /// Seconds of wall time that one command may take
    #[arg(long, default_value_t = 300)]
    seconds: u64,
    /// A folder with a capture of each kind: those that are missing are made there
    #[arg(long)]
    all_in: Option<PathBuf>,
    /// A tenth, say, of the usual size of those that are made
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// Captures, as `make` writes them
    captures: Vec<PathBuf>,
}

/// Prints a table for each capture.
pub fn run(args: &Args) -> Result<()> {
    let mut captures = args.captures.clone();
    if let Some(folder) = &args.all_in {
        captures.extend(all_kinds(folder, args.scale)?);
    }
    for capture in &captures {
        let megabytes = std::fs::metadata(capture)?.len() as f64 / 1e6;
        println!("{} ({megabytes:.0} MB)", capture.display());
        println!("{}\n", compare(args, capture)?);
    }
    Ok(())
}

/// A capture of each kind in `folder`, made where it is not there.
fn all_kinds(folder: &Path, scale: f64) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder)?;
    let mut captures = Vec::new();
    for kind in make::Kind::value_variants() {
        let value = kind.to_possible_value().context("a kind has no name")?;
        let path = folder.join(value.get_name()).with_extension("pcap");
        if !path.is_file() {
            // What is made only in part must not be taken for the whole.
            let partial = path.with_extension("partial");
            if let Err(error) = make::make(*kind, &partial, scale) {
                eprintln!("{} is left out: {error}", value.get_name());
                continue;
            }
            std::fs::rename(&partial, &path)?;
        }
        captures.push(path);
    }
    Ok(captures)
}

struct Runner {
    name: String,
    command: Vec<String>,
    /// Slow ones run once.
    slow: bool,
    /// What it is compared with.
    floor: Floor,
    costs: Vec<Cost>,
}

/// The floor on the whole capture, or on its beginning.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Floor {
    Whole,
    Beginning,
}

fn compare(args: &Args, capture: &Path) -> Result<String> {
    let beginning = Beginning::of(args, capture)?;
    let mut runners = runners(args, capture, &beginning)?;
    for round in 0..args.rounds {
        for runner in &mut runners {
            if runner.slow && (args.quick || round > 0) {
                continue;
            }
            match measure(&runner.command, Duration::from_secs(args.seconds)) {
                Ok(cost) => runner.costs.push(cost),
                Err(error) if round == 0 => eprintln!("{} is left out: {error}", runner.name),
                Err(_) => {}
            }
        }
    }
    Ok(table(&runners))
}

/// The beginning of a capture that is longer than slow programs get, in a file that goes away.
struct Beginning {
    path: Option<PathBuf>,
    megabytes: u64,
}

impl Beginning {
    fn of(args: &Args, capture: &Path) -> Result<Self> {
        let megabytes = args.slow_megabytes;
        let mut path = None;
        if !args.quick && std::fs::metadata(capture)?.len() > megabytes * 1_000_000 {
            let name = format!("whyreset-bench-{}.pcap", std::process::id());
            let cut = std::env::temp_dir().join(name);
            head::copy(capture, &cut, megabytes * 1_000_000)?;
            path = Some(cut);
        }
        Ok(Self { path, megabytes })
    }
}

impl Drop for Beginning {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // Whatever is left lies among temporary files.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn runners(args: &Args, capture: &Path, beginning: &Beginning) -> Result<Vec<Runner>> {
    let own = std::env::current_exe()?;
    let own = own.to_str().context("the own path is no text")?;
    let program = args
        .program
        .to_str()
        .context("the program's path is no text")?;
    let file = |path: &Path| -> Result<String> {
        let text = path.to_str().context("the capture's path is no text")?;
        Ok(text.to_owned())
    };
    let whole = &*file(capture)?;
    let (slow, floor, suffix) = match &beginning.path {
        Some(path) => (
            file(path)?,
            Floor::Beginning,
            format!(" (first {} MB)", beginning.megabytes),
        ),
        None => (whole.to_owned(), Floor::Whole, String::new()),
    };
    let slow = &*slow;
    let runner = |name: &str, command: &[&str]| Runner {
        name: name.to_owned(),
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        slow: false,
        floor: Floor::Whole,
        costs: Vec::new(),
    };
    let slow_runner = |name: &str, command: &[&str]| Runner {
        name: format!("{name}{suffix}"),
        slow: true,
        floor,
        ..runner(name, command)
    };
    let mut runners = vec![
        runner("floor", &[own, "floor", whole]),
        runner("cat", &["cat", whole]),
        runner("whyreset --json", &[program, "--json", whole]),
        runner(
            "tcpdump -r FILE -w /dev/null 'tcp[13]&4!=0'",
            &["tcpdump", "-r", whole, "-w", "/dev/null", "tcp[13]&4!=0"],
        ),
    ];
    if floor == Floor::Beginning {
        runners.push(slow_runner("floor", &[own, "floor", slow]));
    }
    runners.push(slow_runner(
        "tcptrace -l -n",
        &["tcptrace", "-l", "-n", slow],
    ));
    runners.push(slow_runner(
        "tshark -q -z conv,tcp",
        &["tshark", "-r", slow, "-q", "-z", "conv,tcp"],
    ));
    Ok(runners)
}

fn table(runners: &[Runner]) -> String {
    let floor = |floor: Floor| {
        let own = runners
            .iter()
            .find(|runner| runner.name.starts_with("floor") && runner.floor == floor)?;
        median(own, |cost| cost.cpu)
    };
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "command",
        "CPU s",
        "of the floor",
        "wall s",
        "peak MB",
    ]);
    for runner in runners {
        let Some(cpu) = median(runner, |cost| cost.cpu) else {
            continue;
        };
        table.add_row([
            runner.name.clone(),
            format!("{cpu:.2}"),
            floor(runner.floor).map_or_else(String::new, |floor| format!("{:.2}", cpu / floor)),
            format!(
                "{:.2}",
                median(runner, |cost| cost.wall).unwrap_or_default()
            ),
            format!(
                "{:.0}",
                median(runner, |cost| cost.memory).unwrap_or_default()
            ),
        ]);
    }
    for column in 1..5 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

fn median(runner: &Runner, figure: impl Fn(&Cost) -> f64) -> Option<f64> {
    let mut figures: Vec<f64> = runner.costs.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}
