//! The same stories over other paths: what a rule has learned from one round trip time or one IP version
//! must hold over another.

use super::{Act, Variation};
use fastrand::Rng;

/// Changes a variation's path at random: round trip, vantage on the path, IP version, hops, TCP options,
/// offloads, a NAT, jitter, the links' MTU, the hosts'
/// interface that is captured on. The story, and with it the truth, stays the same. Variations that depend on their timing
/// say so (`fixed`) and are left as they are.
pub fn vary(variation: &mut Variation, random: &mut Rng) {
    if variation.fixed {
        return;
    }
    let net = &mut variation.net;
    let factor = 0.25 * 16_f64.powf(random.f64());
    net.rtt_ms = (net.rtt_ms * factor).clamp(0.5, 250.0);
    net.client_share = 0.1 + 0.8 * random.f64();
    net.hops = random.u8(0..20);
    net.offload = random.bool();
    if variation.client.program != "scan" {
        net.family = if random.bool() { 4 } else { 6 };
    }
    let options = ["timestamps", "window_scaling", "sack"];
    let off = options.iter().filter(|_| random.u8(0..5) == 0);
    net.tcp_off = off.map(|option| (*option).to_owned()).collect();
    net.nat |= random.u8(0..4) == 0;
    if random.u8(0..4) == 0 {
        net.jitter_ms = net.jitter_ms.max(net.rtt_ms / 8.0 * random.f64());
    }
    if variation.cuts.is_empty() && random.u8(0..4) == 0 {
        variation.interface = "any".to_owned();
    }
    let net = &mut variation.net;
    let has_hole = variation
        .fault
        .iter()
        .any(|fault| matches!(fault.act, Act::Mtu { .. }));
    if !has_hole && random.u8(0..4) == 0 {
        net.mtu = random.u32(1280..1500);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::read_folder;
    use std::path::Path;

    #[test]
    fn only_the_path_changes_and_the_same_seed_changes_it_the_same_way() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let before = read_folder(&folder).unwrap().remove(0);
        let (mut one, mut two) = (before.clone(), before.clone());
        vary(&mut one, &mut Rng::with_seed(5));
        vary(&mut two, &mut Rng::with_seed(5));
        assert_ne!(one.net.rtt_ms, before.net.rtt_ms);
        assert_eq!(one.net.rtt_ms, two.net.rtt_ms);
        assert_eq!(one.truth, before.truth);
    }
}
