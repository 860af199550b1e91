//! Which family of stacks a host runs, as far as its SYN tells: the order of the options, window, scale, TTL.
//!
//! Signatures after p0f 3 (`p0f.fp`, M. Zalewski) and the kernels' own option writers (Linux `tcp_syn_options`, FreeBSD
//! `tcp_addoptions`, XNU `tcp_output`). A SYN/ACK only repeats what the SYN offered, so it tells less.

pub mod dialects;
pub mod timers;

use whyreset_segments::TcpOptions;

use crate::Flow;

/// A family of TCP stacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StackFamily {
    /// Linux and Android.
    Linux,
    /// Windows.
    Windows,
    /// macOS and iOS.
    Apple,
    /// FreeBSD, OpenBSD, NetBSD and what is built on them.
    Bsd,
    /// A small stack: a router, a printer, a device.
    Embedded,
    /// None of these can be told.
    #[default]
    Unknown,
}

/// A guess at a host's stack.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StackGuess {
    /// The likeliest family.
    pub family: StackFamily,
    /// How likely.
    pub probability: f64,
    /// The TTL the host begins with, as far as its packets tell.
    pub initial_ttl: Option<u8>,
}

/// The order of option kinds in a SYN, end-of-list and the padding behind it left out.
const SYN_ORDERS: [(&[u8], StackFamily); 9] = [
    (&[2, 4, 8, 1, 3], StackFamily::Linux),
    (&[2, 1, 1, 4, 1, 3], StackFamily::Linux),
    (&[2, 1, 3, 1, 1, 4], StackFamily::Windows),
    (&[2, 1, 3, 4, 8], StackFamily::Bsd),
    (&[2, 1, 3, 1, 1, 8, 1, 1, 4], StackFamily::Windows),
    (&[2, 1, 3, 1, 1, 8, 4], StackFamily::Apple),
    (&[2, 1, 1, 4, 1, 3, 1, 1, 8], StackFamily::Bsd),
    (&[2], StackFamily::Embedded),
    (&[], StackFamily::Embedded),
];

const FAMILIES: [StackFamily; 5] = [
    StackFamily::Linux,
    StackFamily::Windows,
    StackFamily::Apple,
    StackFamily::Bsd,
    StackFamily::Embedded,
];

/// Guesses from the SYN or SYN/ACK of a side, and from its TTL.
pub(crate) fn guess(flow: &Flow, is_syn_ack: bool, order_known: bool) -> StackGuess {
    let initial_ttl = flow.network.ttl_first.and_then(initial_ttl);
    let mut scores = [0.35_f64, 0.3, 0.15, 0.05, 0.05].map(f64::ln);
    if let Some(initial) = initial_ttl {
        for (score, family) in scores.iter_mut().zip(FAMILIES) {
            *score += ttl_likelihood(family, initial).ln();
        }
    }
    if let Some(options) = &flow.syn_options {
        for (score, family) in scores.iter_mut().zip(FAMILIES) {
            *score += features_likelihood(family, options, flow.syn_window).ln();
        }
        let order = order_of(options);
        if order_known && (!is_syn_ack || order.clone().count() > 4) {
            let owner = owner_of(order);
            for (score, family) in scores.iter_mut().zip(FAMILIES) {
                *score += order_likelihood(family, owner, is_syn_ack).ln();
            }
        }
    }
    if initial_ttl.is_none() && flow.syn_options.is_none() {
        return StackGuess::default();
    }
    conclude(scores, initial_ttl)
}

/// What a guess rests on, one clause; empty where nothing is known.
pub(crate) fn reason(flow: &Flow) -> String {
    let mut clauses = Vec::new();
    if let Some(initial) = flow.network.ttl_first.and_then(initial_ttl) {
        clauses.push(format!("TTL from {initial}"));
    }
    if let Some(options) = &flow.syn_options {
        clauses.extend(flow.syn_window.map(|window| format!("window {window}")));
        clauses.push(match options.window_scale {
            Some(shift) => format!("scale {shift}"),
            None => "no window scale".to_owned(),
        });
        clauses.push(match options.timestamps {
            Some(_) => "timestamps".to_owned(),
            None => "no timestamps".to_owned(),
        });
    }
    clauses.join(", ")
}

fn conclude(scores: [f64; 5], initial_ttl: Option<u8>) -> StackGuess {
    // A stack that is none of these: a small share of everything, so that weak signs stay weak.
    let unknown = (0.1_f64 * 0.1).ln();
    let top = scores.iter().copied().fold(unknown, f64::max);
    let sum: f64 = scores.iter().map(|s| (s - top).exp()).sum::<f64>() + (unknown - top).exp();
    let best = scores
        .iter()
        .copied()
        .zip(FAMILIES)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let (family, probability) = match best {
        Some((score, family)) => (family, (score - top).exp() / sum),
        None => (StackFamily::Unknown, 0.0),
    };
    let named = probability >= 0.5;
    StackGuess {
        family: if named { family } else { StackFamily::Unknown },
        probability: if named {
            probability.min(0.97)
        } else {
            1.0 - probability
        },
        initial_ttl,
    }
}

/// The usual initial TTL from which a packet can have come here.
fn initial_ttl(ttl: u8) -> Option<u8> {
    [32, 64, 128, 255]
        .into_iter()
        .find(|initial| *initial >= ttl && initial - ttl <= 40)
}

fn ttl_likelihood(family: StackFamily, initial: u8) -> f64 {
    match (family, initial) {
        (StackFamily::Windows, 128) => 0.97,
        (StackFamily::Windows, _) => 0.03,
        (StackFamily::Linux | StackFamily::Apple | StackFamily::Bsd, 64) => 0.95,
        (StackFamily::Embedded, 64) => 0.35,
        (StackFamily::Embedded, 255) => 0.45,
        (StackFamily::Embedded, _) => 0.15,
        _ => 0.02,
    }
}

fn features_likelihood(family: StackFamily, options: &TcpOptions, window: Option<u32>) -> f64 {
    let timestamps = match (family, options.timestamps.is_some()) {
        (StackFamily::Windows, true) => 0.05,
        (StackFamily::Windows, false) => 0.95,
        (StackFamily::Embedded, true) => 0.1,
        (StackFamily::Embedded, false) => 0.9,
        (_, true) => 0.9,
        (_, false) => 0.2,
    };
    timestamps * window_likelihood(family, window) * scale_likelihood(family, options)
}

fn window_likelihood(family: StackFamily, window: Option<u32>) -> f64 {
    match (family, window) {
        (_, None) => 1.0,
        (StackFamily::Linux, Some(5_840 | 14_600 | 29_200 | 64_240 | 43_690 | 65_160 | 28_960)) => {
            0.8
        }
        (StackFamily::Windows, Some(8_192 | 64_240 | 65_535 | 64_000)) => 0.9,
        (StackFamily::Apple | StackFamily::Bsd, Some(65_535)) => 0.85,
        (StackFamily::Bsd, Some(16_384 | 32_768)) => 0.3,
        (StackFamily::Linux, Some(65_535)) => 0.15,
        (StackFamily::Embedded, Some(..8_192)) => 0.5,
        (StackFamily::Embedded, _) => 0.2,
        _ => 0.08,
    }
}

fn scale_likelihood(family: StackFamily, options: &TcpOptions) -> f64 {
    match (family, options.window_scale) {
        (StackFamily::Linux, Some(7)) => 0.6,
        (StackFamily::Windows, Some(8)) => 0.7,
        (StackFamily::Windows, Some(2)) => 0.2,
        (StackFamily::Apple, Some(4..=6)) => 0.8,
        (StackFamily::Bsd, Some(6 | 3)) => 0.6,
        (StackFamily::Embedded, None) => 0.9,
        (StackFamily::Embedded, Some(_)) => 0.1,
        (_, None) => 0.05,
        (_, Some(_)) => 0.05,
    }
}

fn order_of(options: &TcpOptions) -> impl Iterator<Item = &u8> + Clone {
    options
        .kinds()
        .iter()
        .take_while(|kind| **kind != 0)
        .filter(|kind| **kind != 34 && **kind != 254)
}

/// Whose order it is, where it is one of those that are known.
fn owner_of<'o>(order: impl Iterator<Item = &'o u8> + Clone) -> Option<StackFamily> {
    let known = |(kinds, _): &&(&[u8], StackFamily)| order.clone().eq(kinds.iter());
    SYN_ORDERS.iter().find(known).map(|(_, owner)| *owner)
}

fn order_likelihood(family: StackFamily, owner: Option<StackFamily>, is_syn_ack: bool) -> f64 {
    let spread = if is_syn_ack { 0.15 } else { 0.04 };
    match owner {
        Some(owner) if owner == family => 0.9,
        Some(_) => spread,
        None => 0.05,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(options: &[u8], window: u32, ttl: Option<u8>) -> Flow {
        let mut flow = Flow {
            syn_options: Some(TcpOptions::parse(options)),
            syn_window: Some(window),
            ..Flow::default()
        };
        flow.network.ttl_first = ttl;
        flow
    }

    const LINUX: [u8; 20] = [
        2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 0, 1, 3, 3, 7,
    ];
    const WINDOWS: [u8; 12] = [2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2];
    const APPLE: [u8; 24] = [
        2, 4, 5, 0xb4, 1, 3, 3, 6, 1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 0, 4, 2, 0, 0,
    ];

    #[test]
    fn knows_the_usual_stacks() {
        let linux = guess(&flow(&LINUX, 64_240, Some(52)), false, true);
        assert_eq!(linux.family, StackFamily::Linux);
        assert!(linux.probability > 0.9, "{linux:?}");
        let windows = guess(&flow(&WINDOWS, 64_240, Some(117)), false, true);
        assert_eq!(windows.family, StackFamily::Windows);
        let apple = guess(&flow(&APPLE, 65_535, Some(64)), false, true);
        assert_eq!(apple.family, StackFamily::Apple);
    }

    #[test]
    fn the_list_of_a_windows_7_client_is_enough_without_order_or_ttl() {
        let options = [2, 4, 5, 0xb4, 1, 3, 3, 2, 1, 1, 4, 2];
        let guess = guess(&flow(&options, 8_192, None), false, false);
        assert_eq!(guess.family, StackFamily::Windows);
        assert!(guess.probability < 0.95);
    }

    #[test]
    fn nothing_known_is_nothing_said() {
        let guess = guess(&Flow::default(), false, true);
        assert_eq!(guess.family, StackFamily::Unknown);
        assert!(reason(&Flow::default()).is_empty());
    }
}
