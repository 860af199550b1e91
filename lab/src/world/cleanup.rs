//! Nothing stays behind: namespaces are removed when a world ends, when the lab is interrupted, and,
//! should it have died, by the next run.

use rustix::process::{Pid, Signal, kill_process};
use std::path::PathBuf;
use std::process::{Command, Stdio};

const MARK: &str = "wrlab";

/// What this process's namespaces begin with.
pub fn prefix() -> String {
    format!("{MARK}{}n", std::process::id())
}

/// Where iproute2 looks for a namespace's own files of /etc.
pub fn etc_folder(namespace: &str) -> PathBuf {
    PathBuf::from("/etc/netns").join(namespace)
}

fn all_namespaces() -> Vec<String> {
    let Ok(folder) = std::fs::read_dir("/run/netns") else {
        return Vec::new();
    };
    folder
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect()
}

/// The programs inside a namespace.
pub fn processes_in(namespace: &str) -> Vec<Pid> {
    let output = Command::new("ip")
        .args(["netns", "pids", namespace])
        .output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    text.split_whitespace()
        .filter_map(|word| Pid::from_raw(word.parse().ok()?))
        .collect()
}

/// Kills what runs in a namespace and removes it.
pub fn remove(namespace: &str) {
    for pid in processes_in(namespace) {
        // It may have ended by itself since.
        let _ = kill_process(pid, Signal::KILL);
    }
    let mut delete = Command::new("ip");
    delete
        .args(["netns", "del", namespace])
        .stderr(Stdio::null());
    drop(delete.status());
    drop(std::fs::remove_dir_all(etc_folder(namespace)));
}

/// Removes all namespaces of this process.
pub fn remove_all_of_this_process() {
    let prefix = prefix();
    for namespace in all_namespaces() {
        if namespace.starts_with(&prefix) {
            remove(&namespace);
        }
    }
}

/// Removes namespaces and scratch folders of lab runs whose process is gone.
pub fn remove_stale() {
    let scratch = std::fs::read_dir(std::env::temp_dir());
    for entry in scratch.into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let pid = name.strip_prefix("whyreset-lab-");
        if pid.is_some_and(|pid| !PathBuf::from("/proc").join(pid).exists()) {
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
    for namespace in all_namespaces() {
        let Some(rest) = namespace.strip_prefix(MARK) else {
            continue;
        };
        let Some((pid, _)) = rest.split_once('n') else {
            continue;
        };
        if !PathBuf::from("/proc").join(pid).exists() {
            remove(&namespace);
        }
    }
}
