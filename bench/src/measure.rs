//! CPU seconds and peak memory of one command, as the kernel accounts for them.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// What one run cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// User and system time in seconds.
    pub cpu: f64,
    /// Wall time in seconds.
    pub wall: f64,
    /// Peak resident memory in MB.
    pub memory: f64,
}

/// Runs the command with its output thrown away, and prints `CPU WALL MEMORY`. It has to be the only child.
pub fn run(command: &[String]) -> Result<()> {
    let (program, arguments) = command.split_first().context("a command is missing")?;
    let begin = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .with_context(|| program.clone())?;
    let wall = begin.elapsed().as_secs_f64();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = (usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6;
    if !status.success() {
        bail!("{program} ended with {status}");
    }
    println!("{cpu} {wall} {}", usage.max_rss() as f64 / 1024.0);
    Ok(())
}

/// Measures `command` in a process of its own, so that no other child counts.
pub fn measure(command: &[String]) -> Result<Cost> {
    let output = Command::new(std::env::current_exe()?)
        .args(["measure", "--"])
        .args(command)
        .output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    let mut next = || {
        numbers
            .next()
            .context("a figure is missing")?
            .context("a figure cannot be read")
    };
    Ok(Cost {
        cpu: next()?,
        wall: next()?,
        memory: next()?,
    })
}
