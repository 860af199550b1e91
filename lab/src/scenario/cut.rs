//! Captures cut from others, as declared.

use super::{Direction, Truth};
use serde::{Deserialize, Serialize};

/// A capture made from the client's, the server's and the path's by leaving packets out.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// Name of the variation that is made.
    pub name: String,
    /// Leave out the first packets: this many.
    #[serde(default)]
    pub skip: usize,
    /// Keep no more than this many packets; 0: all.
    #[serde(default)]
    pub keep: usize,
    /// Keep only the last packets: this many; 0: all.
    #[serde(default)]
    pub last: usize,
    /// Leave out the last packets: this many.
    #[serde(default)]
    pub drop_last: usize,
    /// Share of the packets left out at random.
    #[serde(default)]
    pub lose: f64,
    /// Only this direction: `up`, `down`, or both.
    #[serde(default)]
    pub direction: Direction,
    /// Each packet twice, microseconds apart, as a mirror port shows it.
    #[serde(default)]
    pub mirror: bool,
    /// Each packet twice, the second time one hop further, as `-i any` on a forwarding host shows it.
    #[serde(default)]
    pub forwarded: bool,
    /// Cut each packet to this many bytes; 0: not.
    #[serde(default)]
    pub snaplen: usize,
    /// The truth, if the cut changes it.
    #[serde(default)]
    pub truth: Option<Truth>,
}
