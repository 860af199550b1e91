//! CPU seconds and peak memory of one command, as the kernel accounts for them.

use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

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

/// Runs the command with its output thrown away, and prints `CPU WALL MEMORY`. It has to be the only child, and to end within
/// `limit`.
pub fn run(command: &[String], limit: Option<Duration>) -> Result<()> {
    let (program, arguments) = command.split_first().context("a command is missing")?;
    let begin = Instant::now();
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| program.clone())?;
    let status = wait(child, limit).with_context(|| program.clone())?;
    let wall = begin.elapsed().as_secs_f64();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = (usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6;
    if !status.success() {
        bail!("{program} ended with {status}");
    }
    println!("{cpu} {wall} {}", usage.max_rss() as f64 / 1024.0);
    Ok(())
}

fn wait(mut child: Child, limit: Option<Duration>) -> Result<ExitStatus> {
    let Some(limit) = limit else {
        return Ok(child.wait()?);
    };
    let begin = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if begin.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            bail!("took longer than {} s", limit.as_secs());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Measures `command` in a process of its own, so that no other child counts.
pub fn measure(command: &[String], limit: Duration) -> Result<Cost> {
    let output = Command::new(std::env::current_exe()?)
        .args(["measure", "--seconds", &limit.as_secs().to_string(), "--"])
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
