//! Who can have sent a RST: the host whose address it carries, a device on its side of the capture point, or a device on
//! ours. Each sign is a likelihood; a field that the source does not tell is no sign.

use std::fmt;

use crate::{Origin, OriginReason, Shown};

/// A reason in words. What most RSTs have in common is only written where it is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Clause {
    /// The same words for all.
    Fixed(&'static str),
    /// Its TTL is this, as that of the side's other packets.
    SameTtl(u8),
    /// Its IP identification continues the side's counter.
    NextIpId {
        /// Its own.
        found: u16,
        /// The one before.
        last: u16,
    },
    /// Others.
    Written(String),
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(text) => f.write_str(text),
            Self::SameTtl(ttl) => write!(f, "its TTL {ttl} is that of the side's other packets"),
            Self::NextIpId { found, last } => write!(
                f,
                "its IP ID {found} continues the side's counter, last at {last}"
            ),
            Self::Written(text) => f.write_str(text),
        }
    }
}

impl From<&'static str> for Clause {
    fn from(text: &'static str) -> Self {
        Self::Fixed(text)
    }
}

impl From<String> for Clause {
    fn from(text: String) -> Self {
        Self::Written(text)
    }
}

/// How likely a sign is if the host, a device there or a device here had sent the RST.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Likelihood {
    pub(crate) host: f64,
    pub(crate) there: f64,
    pub(crate) here: f64,
}

/// A sign, in words and numbers.
#[derive(Clone, Debug)]
pub(crate) struct Sign {
    pub(crate) id: &'static str,
    pub(crate) text: Clause,
    pub(crate) frames: Shown,
    pub(crate) likelihood: Likelihood,
}

impl Sign {
    /// A sign that does not tell the two kinds of device apart.
    pub(crate) fn new(
        id: &'static str,
        text: impl Into<Clause>,
        frames: impl Into<Shown>,
        host: f64,
        device: f64,
    ) -> Self {
        Self {
            id,
            text: text.into(),
            frames: frames.into(),
            likelihood: Likelihood {
                host,
                there: device,
                here: device,
            },
        }
    }
}

/// Before any sign: among RSTs in captures that people look at, most are the host's own.
const BEFORE: Likelihood = Likelihood {
    host: 0.93,
    there: 0.05,
    here: 0.02,
};

/// Puts the signs together.
pub(crate) fn weigh(signs: impl IntoIterator<Item = Sign>) -> Origin {
    let mut logs = [BEFORE.host.ln(), BEFORE.there.ln(), BEFORE.here.ln()];
    let mut reasons = Vec::new();
    for sign in signs {
        let l = sign.likelihood;
        for (log, likelihood) in logs.iter_mut().zip([l.host, l.there, l.here]) {
            *log += likelihood.ln();
        }
        reasons.push(OriginReason {
            id: sign.id,
            text: sign.text,
            frames: sign.frames,
            weight: (l.host / l.there.max(l.here)).ln(),
        });
    }
    let top = logs.iter().copied().fold(f64::MIN, f64::max);
    let [host, there, here] = logs.map(|log| (log - top).exp());
    let sum = host + there + here;
    reasons.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    Origin {
        host: host / sum,
        device_there: there / sum,
        device_here: here / sum,
        reasons,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_signs_the_host_is_likely_but_not_certain() {
        let origin = weigh([]);
        assert!(origin.host > 0.9 && origin.host < 0.95);
        assert!((origin.host + origin.device_there + origin.device_here - 1.0).abs() < 1e-9);
    }

    #[test]
    fn signs_multiply() {
        let sign = || Sign::new("ttl", "another TTL", [7], 0.01, 0.6);
        let origin = weigh([sign(), sign()]);
        assert!(origin.host < 0.02);
        assert!(origin.reasons[0].weight < -4.0);
    }
}
