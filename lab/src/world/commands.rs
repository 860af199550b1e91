//! Calls of iproute2 and of a shell inside a namespace.

use anyhow::{Context, Result, bail};
use std::io::Write;
use std::process::{Command, Stdio};

/// A command that will run in a namespace.
pub fn in_namespace(namespace: &str, program: &str) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace, program]);
    command.stdin(Stdio::null());
    command
}

/// Runs a shell script in a namespace.
pub fn shell(namespace: &str, script: &str) -> Result<()> {
    let output = in_namespace(namespace, "sh")
        .args(["-c", script])
        .output()?;
    if !output.status.success() {
        bail!("{script}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

/// Runs a batch of `ip` commands, in a namespace or here.
pub fn batch(namespace: Option<&str>, lines: &str) -> Result<()> {
    let mut command = Command::new("ip");
    if let Some(namespace) = namespace {
        command.args(["-n", namespace]);
    }
    feed(command, lines)
}

/// The same for commands that would mean IPv4 if nothing else were said.
pub fn batch_of_v6(namespace: &str, lines: &str) -> Result<()> {
    let mut command = Command::new("ip");
    command.args(["-6", "-n", namespace]);
    feed(command, lines)
}

fn feed(mut command: Command, lines: &str) -> Result<()> {
    let mut child = command
        .args(["-batch", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot run ip (iproute2)")?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(lines.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("ip -batch: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
