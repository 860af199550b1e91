//! The program beside its neighbours, in turn, on the same captures.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use comfy_table::{CellAlignment, Table, presets};

use crate::measure::{Cost, measure};

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
    /// Captures, as `make` writes them
    captures: Vec<PathBuf>,
}

/// Prints a table for each capture.
pub fn run(args: &Args) -> Result<()> {
    for capture in &args.captures {
        println!("{}", capture.display());
        println!("{}\n", compare(args, capture)?);
    }
    Ok(())
}

struct Runner {
    name: &'static str,
    command: Vec<String>,
    /// Slow ones run once.
    slow: bool,
    costs: Vec<Cost>,
}

fn compare(args: &Args, capture: &Path) -> Result<String> {
    let mut runners = runners(args, capture)?;
    for round in 0..args.rounds {
        for runner in &mut runners {
            if runner.slow && (args.quick || round > 0) {
                continue;
            }
            match measure(&runner.command) {
                Ok(cost) => runner.costs.push(cost),
                Err(error) if round == 0 => eprintln!("{} is left out: {error}", runner.name),
                Err(_) => {}
            }
        }
    }
    Ok(table(&runners))
}

fn runners(args: &Args, capture: &Path) -> Result<Vec<Runner>> {
    let own = std::env::current_exe()?;
    let own = own.to_str().context("the own path is no text")?;
    let program = args
        .program
        .to_str()
        .context("the program's path is no text")?;
    let capture = capture.to_str().context("the capture's path is no text")?;
    let runner = |name, slow, command: &[&str]| Runner {
        name,
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        slow,
        costs: Vec::new(),
    };
    Ok(vec![
        runner("floor", false, &[own, "floor", capture]),
        runner("cat", false, &["cat", capture]),
        runner("whyreset --json", false, &[program, "--json", capture]),
        runner(
            "tcpdump -r FILE -w /dev/null 'tcp[13]&4!=0'",
            false,
            &["tcpdump", "-r", capture, "-w", "/dev/null", "tcp[13]&4!=0"],
        ),
        runner("tcptrace -l -n", true, &["tcptrace", "-l", "-n", capture]),
        runner(
            "tshark -q -z conv,tcp",
            true,
            &["tshark", "-r", capture, "-q", "-z", "conv,tcp"],
        ),
    ])
}

fn table(runners: &[Runner]) -> String {
    let floor = runners
        .first()
        .and_then(|runner| median(runner, |cost| cost.cpu));
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
            runner.name.to_owned(),
            format!("{cpu:.2}"),
            floor.map_or_else(String::new, |floor| format!("{:.2}", cpu / floor)),
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
