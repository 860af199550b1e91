//! Where the label, the captures and the kernel do not agree: then a capture is not to be trusted.

use crate::captures::Capture;
use crate::router::Report;
use crate::scenario::Variation;
use crate::witness::SentReset;
use crate::world::World;
use anyhow::Result;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

/// The story did not happen as declared.
pub fn of_story(report: &Report) -> Vec<String> {
    let idle = report.never_begun.iter();
    let mut doubts: Vec<_> = idle
        .map(|fault| format!("this never happened: {fault}"))
        .collect();
    if report.seen.is_empty() {
        doubts.push("no connection was opened".to_owned());
    }
    doubts
}

/// The kernel's account differs from what the variation demands, or from the hosts' captures.
pub fn of_witness(
    variation: &Variation,
    world: &World,
    resets: &[SentReset],
    folder: &Path,
) -> Result<Vec<String>> {
    let demands = variation.witness.iter();
    let mut doubts: Vec<_> = demands
        .filter_map(|wanted| unmet(wanted, world.client_address, resets))
        .collect();
    let net = &variation.net;
    // A scanner's raw socket and a firewall's rules send or keep back RSTs without TCP's knowledge.
    if net.server_setup.is_empty() && net.client_setup.is_empty() {
        doubts.extend(unexplained(world, resets, folder)?);
    }
    Ok(doubts)
}

fn host(sent: &SentReset) -> Option<IpAddr> {
    sent.source.parse::<SocketAddr>().ok().map(|end| end.ip())
}

fn unmet(wanted: &str, client: IpAddr, resets: &[SentReset]) -> Option<String> {
    if wanted == "none" {
        let sent = resets.first()?;
        return Some(format!(
            "a host sent a RST: {} {}",
            sent.source, sent.reason
        ));
    }
    let (side, reason) = wanted.split_once(' ').unwrap_or((wanted, ""));
    let fits = |sent: &SentReset| {
        (host(sent) == Some(client)) == (side == "client") && sent.reason.contains(reason)
    };
    if resets.iter().any(fits) {
        return None;
    }
    let given = resets
        .iter()
        .map(|sent| format!("{} {}", sent.source, sent.reason));
    let given: BTreeSet<_> = given.collect();
    Some(format!("the kernel did not say: {wanted} (but {given:?})"))
}

/// A host's own capture shows more RSTs of that host than its TCP has sent.
fn unexplained(world: &World, resets: &[SentReset], folder: &Path) -> Result<Vec<String>> {
    let mut doubts = Vec::new();
    for (name, address) in [
        ("client", world.client_address),
        ("server", world.server_address),
    ] {
        let capture = Capture::read(&folder.join(format!("{name}.pcap")))?;
        let counts = capture.count(world.server_address);
        let shown: usize = match name {
            "client" => counts.values().map(|count| count.client_resets).sum(),
            _ => counts.values().map(|count| count.server_resets).sum(),
        };
        let sent = resets
            .iter()
            .filter(|sent| host(sent) == Some(address))
            .count();
        if shown > sent {
            doubts.push(format!(
                "the {name}'s capture shows {shown} RSTs of its own, its TCP sent {sent}"
            ));
        }
    }
    Ok(doubts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(source: &str, reason: &str) -> SentReset {
        SentReset {
            source: source.into(),
            destination: "10.0.0.9:80".into(),
            state: "TCP_CLOSE".into(),
            reason: reason.into(),
        }
    }

    #[test]
    fn a_demand_is_met_by_the_right_side_and_reason_only() {
        let client = "10.0.0.1".parse().unwrap();
        let resets = [sent("10.0.0.1:4000", "TCP_ABORT_ON_CLOSE")];
        assert_eq!(unmet("client TCP_ABORT_ON", client, &resets), None);
        assert!(unmet("server ", client, &resets).is_some());
        assert!(unmet("client NO_SOCKET", client, &resets).is_some());
        assert!(unmet("none", client, &resets).is_some());
        assert_eq!(unmet("none", client, &[]), None);
    }
}
