//! Where the capture was taken: weighs the round trips, the TTLs, unfinished checksums and the link's own word.

use whyreset_capture::Span;

use crate::{BySide, Flow, Handshake, Place, RoundTrip, Side, Vantage, VantageReason};

/// Initial TTLs of all common stacks. A packet that still has one has passed no router.
pub(crate) const INITIAL_TTLS: [u8; 3] = [64, 128, 255];
/// Below this probability the place is not named.
const NAMED_FROM: f64 = 0.65;
/// A weight that is larger than both others by this much makes its place likely enough: `1 / (1 + 2 e^-1.5)` is 0.69.
const CLEARLY: f64 = 1.5;
/// One that is larger than another by no more does not: `1 / (1 + e^-0.5)` is 0.62.
const HARDLY: f64 = 0.5;
/// Up to this round trip a host counts as next to the capture point.
const NEXT_TO: Span = Span::from_micros(2_000);

/// Natural logarithms of the likelihoods of the three places.
#[derive(Clone, Copy, Debug, Default)]
struct Weights {
    at: BySide<f64>,
    path: f64,
}

/// What one side's packets tell of the place.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Signs {
    /// Its first frame.
    pub(crate) first: Option<u64>,
    /// The TTL of its first packet.
    pub(crate) ttl: Option<u8>,
    /// The link layer says whether the capturing host sent its packets.
    pub(crate) outgoing: Option<bool>,
    pub(crate) checksum_checked: u32,
    pub(crate) checksum_unfinished: u32,
}

impl Signs {
    /// Of a side that was looked at packet by packet.
    fn of(flow: &Flow) -> Self {
        Self {
            first: flow.first.map(|at| at.frame),
            ttl: flow.network.ttl_first,
            outgoing: flow.network.outgoing,
            checksum_checked: flow.network.checksum_checked,
            checksum_unfinished: flow.network.checksum_unfinished,
        }
    }
}

/// Takes down why a place is likely, or passes over it.
trait Reasons {
    fn add(&mut self, reason: impl FnOnce() -> VantageReason);
}

impl Reasons for Vec<VantageReason> {
    fn add(&mut self, reason: impl FnOnce() -> VantageReason) {
        self.push(reason());
    }
}

/// Nobody asks why.
struct Untold;

impl Reasons for Untold {
    fn add(&mut self, _: impl FnOnce() -> VantageReason) {}
}

/// Judges where the capture was taken.
pub(crate) fn judge(
    round_trip: BySide<RoundTrip>,
    flows: &BySide<Flow>,
    handshake: &Handshake,
) -> Vantage {
    let signs = BySide {
        client: Signs::of(&flows.client),
        server: Signs::of(&flows.server),
    };
    let (place, confidence) = weigh(&round_trip, &signs, handshake, &mut Untold).decide();
    let mut reasons = Vec::new();
    if place != Place::Unknown {
        weigh(&round_trip, &signs, handshake, &mut reasons);
    }
    Vantage {
        place,
        confidence,
        round_trip,
        reasons,
    }
}

/// The place alone, by the smallest round trips.
pub(crate) fn place(minimums: &BySide<Option<Span>>, signs: &BySide<Signs>) -> Place {
    let trip = |minimum| RoundTrip {
        minimum,
        ..RoundTrip::default()
    };
    let trips = BySide {
        client: trip(minimums.client),
        server: trip(minimums.server),
    };
    let weights = weigh(&trips, signs, &Handshake::default(), &mut Untold);
    weights
        .decide_clearly()
        .unwrap_or_else(|| weights.decide().0)
}

/// Weighs the places. The handshake is only needed to name its frames.
fn weigh(
    round_trip: &BySide<RoundTrip>,
    signs: &BySide<Signs>,
    handshake: &Handshake,
    reasons: &mut impl Reasons,
) -> Weights {
    let mut weights = Weights::default();
    weigh_round_trips(round_trip, handshake, &mut weights, reasons);
    for side in [Side::Client, Side::Server] {
        weigh_link(side, signs, &mut weights, reasons);
        weigh_checksums(side, signs, &mut weights, reasons);
    }
    weigh_ttls(signs, &mut weights, reasons);
    weights
}

impl Weights {
    /// All of them, as far as they count.
    fn clamped(self) -> [f64; 3] {
        [self.at.client, self.at.server, self.path].map(|weight| weight.clamp(-30.0, 30.0))
    }

    /// The place as [`Weights::decide`] gives it, where no likelihoods are needed to tell: one outweighs both others by far, or hardly any.
    fn decide_clearly(self) -> Option<Place> {
        let [client, server, path] = self.clamped();
        let (place, best, others) = if client >= server && client >= path {
            (Place::Client, client, server.max(path))
        } else if server >= path {
            (Place::Server, server, client.max(path))
        } else {
            (Place::Path, path, client.max(server))
        };
        match best - others {
            CLEARLY.. => Some(place),
            ..HARDLY => Some(Place::Unknown),
            _ => None,
        }
    }

    /// The place, and how likely it is.
    fn decide(self) -> (Place, f64) {
        let [client, server, path] = self.clamped().map(f64::exp);
        let sum = client + server + path;
        let (place, best) = if client >= server && client >= path {
            (Place::Client, client)
        } else if server >= path {
            (Place::Server, server)
        } else {
            (Place::Path, path)
        };
        let probability = best / sum;
        if probability < NAMED_FROM {
            (Place::Unknown, 1.0 - probability)
        } else {
            (place, probability.min(0.99))
        }
    }
}

/// The nearer side answers sooner. A difference of microseconds says little: it is the hosts' own time.
fn weigh_round_trips(
    trips: &BySide<RoundTrip>,
    handshake: &Handshake,
    weights: &mut Weights,
    reasons: &mut impl Reasons,
) {
    let (Some(client), Some(server)) = (trips.client.minimum, trips.server.minimum) else {
        return;
    };
    let (near, near_trip, far_trip) = if client < server {
        (Side::Client, client, server)
    } else {
        (Side::Server, server, client)
    };
    let near_s = near_trip.as_secs_f64().max(1e-6);
    let far_s = far_trip.as_secs_f64().max(1e-6);
    let ratio = far_s / near_s;
    let share = trust_in_spans(far_trip);
    if near_trip > NEXT_TO && ratio < 50.0 {
        weights.path += 3.0 * share;
        *weights.at.of_mut(near) += if ratio > 10.0 { 2.0 } else { 0.0 };
    } else {
        *weights.at.of_mut(near) += (1.6 * ratio.ln()).clamp(0.0, 4.5) * share;
    }
    reasons.add(|| VantageReason {
        text: format!(
            "the client answers after {} at the soonest, the server after {}",
            people_span(client),
            people_span(server)
        ),
        frames: frames_of_trips(trips, handshake),
    });
}

/// The handshake, and the packets whose answers came soonest.
fn frames_of_trips(trips: &BySide<RoundTrip>, handshake: &Handshake) -> Vec<u64> {
    let mut frames: Vec<u64> = [handshake.syn, handshake.syn_ack, handshake.ack]
        .into_iter()
        .flatten()
        .map(|moment| moment.frame)
        .collect();
    for trip in [&trips.client, &trips.server] {
        frames.extend(trip.minimum_frames.into_iter().flat_map(|(a, b)| [a, b]));
    }
    frames.sort_unstable();
    frames.dedup();
    frames
}

/// Differences count fully from a millisecond on, and hardly at all below a tenth of one.
fn trust_in_spans(far: Span) -> f64 {
    match far.nanos() {
        ..100_000 => 0.1,
        100_000..300_000 => 0.35,
        300_000..1_000_000 => 0.7,
        _ => 1.0,
    }
}

/// The link layer says which packets the capturing host sent.
fn weigh_link(
    side: Side,
    signs: &BySide<Signs>,
    weights: &mut Weights,
    reasons: &mut impl Reasons,
) {
    let own = signs.of(side).outgoing;
    let other = signs.of(side.peer()).outgoing;
    if own == Some(true) && other != Some(true) {
        *weights.at.of_mut(side) += 5.0;
        reasons.add(|| VantageReason {
            text: format!("the capture marks the {side}'s packets as sent by the capturing host"),
            frames: first_frame(signs.of(side)),
        });
    }
}

/// Only the sending host, or a neighbour on the same machine, sees a checksum that is left to the network card.
fn weigh_checksums(
    side: Side,
    signs: &BySide<Signs>,
    weights: &mut Weights,
    reasons: &mut impl Reasons,
) {
    let own = signs.of(side);
    let other = signs.of(side.peer());
    let mostly = |unfinished: u32, checked: u32| checked > 0 && unfinished >= checked.div_ceil(2);
    let is_own = mostly(own.checksum_unfinished, own.checksum_checked);
    let is_others = mostly(other.checksum_unfinished, other.checksum_checked);
    if is_own && !is_others && other.checksum_checked > 0 {
        *weights.at.of_mut(side) += if own.checksum_checked > 1 { 4.0 } else { 1.0 };
        reasons.add(|| VantageReason {
            text: format!(
                "{} of {} checked checksums of the {side}'s packets are unfinished, as on the host that sends them",
                own.checksum_unfinished, own.checksum_checked
            ),
            frames: first_frame(signs.of(side)),
        });
    }
}

/// A TTL that is still at its initial value has passed no router.
fn weigh_ttls(signs: &BySide<Signs>, weights: &mut Weights, reasons: &mut impl Reasons) {
    let ttl = |side| signs.of(side).ttl;
    let fresh = |ttl: u8| INITIAL_TTLS.contains(&ttl);
    let (client, server) = match (ttl(Side::Client), ttl(Side::Server)) {
        (Some(client), Some(server)) => (client, server),
        (Some(client), None) if fresh(client) => {
            weights.at.client += 1.6;
            reasons.add(|| VantageReason {
                text: format!(
                    "the client's TTL {client} is an initial value, and no other side is seen"
                ),
                frames: first_frame(signs.of(Side::Client)),
            });
            return;
        }
        (Some(_), None) => {
            weights.at.client -= 1.5;
            return;
        }
        _ => return,
    };
    let is_fresh = (fresh(client), fresh(server));
    match is_fresh {
        (true, false) => weights.at.client += 3.0,
        (false, true) => weights.at.server += 3.0,
        (false, false) => weigh_lowered(client, server, weights),
        (true, true) => return,
    }
    reasons.add(|| {
        let mut frames = first_frame(signs.of(Side::Client));
        frames.extend(first_frame(signs.of(Side::Server)));
        VantageReason {
            text: tell_ttls(client, server, is_fresh),
            frames,
        }
    });
}

/// `is_fresh`: whether client's and server's TTL are initial values.
fn tell_ttls(client: u8, server: u8, is_fresh: (bool, bool)) -> String {
    match is_fresh {
        (true, false) => {
            format!("the client's TTL {client} is an initial value, the server's {server} is not")
        }
        (false, true) => {
            format!("the server's TTL {server} is an initial value, the client's {client} is not")
        }
        _ => format!("both TTLs ({client} and {server}) have been lowered on the way"),
    }
}

/// One router between is often no more than the machine that the host runs on; several are a way.
fn weigh_lowered(client: u8, server: u8, weights: &mut Weights) {
    match (hops(client), hops(server)) {
        (1, 2..) => weights.at.client += 0.5,
        (2.., 1) => weights.at.server += 0.5,
        (1, 1) => {}
        _ => weights.path += 2.0,
    }
}

/// Routers passed, if the initial TTL was the nearest usual one.
pub(crate) fn hops(ttl: u8) -> u8 {
    INITIAL_TTLS
        .into_iter()
        .find(|initial| *initial >= ttl)
        .map_or(0, |initial| initial - ttl)
}

fn first_frame(signs: &Signs) -> Vec<u64> {
    signs.first.into_iter().collect()
}

/// A span as people write it: `62 µs`, `234.5 ms`, `2.1 s`.
pub(crate) fn people_span(span: Span) -> String {
    let seconds = span.as_secs_f64();
    let size = seconds.abs();
    if size < 0.001 && span.nanos() % 1_000 == 0 {
        // So are most, and whole numbers are more quickly written.
        format!("{} µs", span.nanos() / 1_000)
    } else if size < 0.001 {
        format!("{:.0} µs", seconds * 1e6)
    } else if size < 0.01 {
        format!("{:.1} ms", seconds * 1e3)
    } else if size < 1.0 {
        format!("{:.0} ms", seconds * 1e3)
    } else if size < 100.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{seconds:.0} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trip(micros: i64) -> RoundTrip {
        RoundTrip {
            minimum: Some(Span::from_micros(micros)),
            samples: 3,
            prompt_samples: 1,
            ..RoundTrip::default()
        }
    }

    fn place_of(client: i64, server: i64, flows: &BySide<Flow>) -> Place {
        let trips = BySide {
            client: trip(client),
            server: trip(server),
        };
        judge(trips, flows, &Handshake::default()).place
    }

    fn ttls(client: u8, server: u8) -> BySide<Flow> {
        let mut flows = BySide::<Flow>::default();
        flows.client.network.ttl_first = Some(client);
        flows.server.network.ttl_first = Some(server);
        flows
    }

    #[test]
    fn the_side_that_answers_at_once_is_near() {
        let flows = BySide::default();
        assert_eq!(place_of(197_000, 62, &flows), Place::Server);
        assert_eq!(place_of(40, 20_000, &flows), Place::Client);
        assert_eq!(place_of(20_000, 30_000, &flows), Place::Path);
    }

    #[test]
    fn what_is_clear_is_decided_as_all_is() {
        let steps = || (-40..=40).map(|step| f64::from(step) * 0.1);
        let mut clear = 0;
        for (client, server) in steps().flat_map(|client| steps().map(move |it| (client, it))) {
            for path in steps() {
                let weights = Weights {
                    at: BySide { client, server },
                    path,
                };
                if let Some(place) = weights.decide_clearly() {
                    assert_eq!(place, weights.decide().0, "{weights:?}");
                    clear += 1;
                }
            }
        }
        assert!(clear > 81 * 81 * 81 / 2);
    }

    #[test]
    fn loopback_tells_nothing() {
        assert_eq!(place_of(12, 20, &BySide::default()), Place::Unknown);
        assert_eq!(place_of(12, 40, &ttls(64, 64)), Place::Unknown);
    }

    #[test]
    fn an_untouched_ttl_decides_a_short_trip() {
        assert_eq!(place_of(150, 60, &ttls(63, 64)), Place::Server);
        assert_eq!(place_of(60, 150, &ttls(128, 57)), Place::Client);
        assert_eq!(place_of(9_000, 12_000, &ttls(57, 49)), Place::Path);
    }

    #[test]
    fn the_links_word_counts_most() {
        let mut flows = ttls(64, 64);
        flows.client.network.outgoing = Some(true);
        flows.server.network.outgoing = Some(false);
        assert_eq!(place_of(30, 20, &flows), Place::Client);
        flows.server.network.outgoing = Some(true);
        assert_eq!(place_of(30, 20, &flows), Place::Unknown);
    }

    #[test]
    fn spans_read_as_people_write_them() {
        assert_eq!(people_span(Span::from_micros(62)), "62 µs");
        assert_eq!(people_span(Span::from_micros(234_504)), "235 ms");
        assert_eq!(people_span(Span::from_millis(2_100)), "2.1 s");
    }
}
