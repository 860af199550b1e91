//! What a variation says, and the truth about it.

use super::{Client, Cut, Fault, Net, Server};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The part of the lab a variation belongs to: probabilities are fitted on one, tested on another, and the
/// last is written without a look at the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// For fitting.
    Fit,
    /// For testing only.
    Test,
    /// For measuring: other programs, timings and sizes than the two others.
    Blind,
}

/// One thing that happens, with everything needed to make it happen again.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Variation {
    /// The file it came from.
    #[serde(default)]
    pub scenario: String,
    /// Its name within the file.
    pub name: String,
    /// Fit or test.
    pub part: Part,
    /// Belongs to the short run.
    #[serde(default)]
    pub short: bool,
    /// Its story depends on the exact path: it is never run over another.
    #[serde(default)]
    pub fixed: bool,
    /// The path between the hosts.
    #[serde(default)]
    pub net: Net,
    /// What listens.
    #[serde(default)]
    pub server: Server,
    /// What connects.
    #[serde(default)]
    pub client: Client,
    /// What goes wrong, and when.
    #[serde(default)]
    pub fault: Vec<Fault>,
    /// The truth of every connection that `labels` does not name.
    pub truth: Truth,
    /// The truth of single connections, in the order in which they were opened.
    #[serde(default)]
    pub labels: Vec<Label>,
    /// Witness lines that must be there, as `side REASON`; `none` when no host may have sent a RST.
    #[serde(default)]
    pub witness: Vec<String>,
    /// The longest time the client's program may take, in seconds.
    #[serde(default = "twenty")]
    pub limit_s: f64,
    /// Time from the end of the client's program to the end of the captures, in seconds.
    #[serde(default = "point_four")]
    pub tail_s: f64,
    /// Time from the start at which the captures end whatever still runs, in seconds.
    #[serde(default)]
    pub stop_s: Option<f64>,
    /// The hosts' captures are taken on this interface: `eth0`, or `any`, which shows the loopback as well.
    #[serde(default = "eth0")]
    pub interface: String,
    /// Cut every captured packet to this many bytes; 0: not at all.
    #[serde(default)]
    pub snaplen: u32,
    /// Captures that are made from these by cutting.
    #[serde(default)]
    pub cuts: Vec<Cut>,
}

fn twenty() -> f64 {
    20.0
}

fn eth0() -> String {
    "eth0".to_owned()
}

fn point_four() -> f64 {
    0.4
}

/// A verdict as the lab knows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Truth {
    /// The cause's name.
    pub cause: String,
    /// Who ended it.
    pub ended_by: String,
    /// What happened.
    pub outcome: String,
    /// What is right as well, by vantage (`client`, `server`, `path`, or `any`), because more cannot
    /// be known from there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub also: BTreeMap<String, Also>,
}

/// Further right answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Also {
    /// Further causes.
    pub cause: Vec<String>,
    /// Further sides.
    pub ended_by: Vec<String>,
    /// Further outcomes.
    pub outcome: Vec<String>,
}

/// The truth of some of a variation's connections.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Their numbers, from 1, in the order in which they were opened.
    #[serde(default)]
    pub connections: Vec<usize>,
    /// Or: of every so many connections, the one at this place: `[10, 3]` is 3, 13, 23, ….
    #[serde(default)]
    pub of_every: Option<[usize; 2]>,
    /// Or: those on which the server sent at least so many payload bytes.
    #[serde(default)]
    pub down_bytes: Option<u64>,
    /// Or: their server port.
    #[serde(default)]
    pub server_port: u16,
    /// The truth.
    pub truth: Truth,
}
