//! Captures of the same traffic, by hosts that do not agree what time it is.
//!
//! Read by clocks that differ, an answer comes before its question, and every conclusion from the order of packets is wrong. The packets
//! that two captures have in common tell how far their clocks are apart ([`offset`]).

mod offset;
mod sightings;

use std::collections::HashMap;
use std::path::Path;

use foldhash::quality::FixedState;
use whyreset_capture::{Span, Timestamp};

use super::rings;
use offset::Delays;
use sightings::{Share, Sightings, looked_at_from};

/// How far a capture's clock is ahead of another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ahead {
    /// So far; negative where it is behind.
    pub(super) by: Span,
    /// The other capture: a place in the list.
    pub(super) of: usize,
    /// So many packets that both hold say so.
    pub(super) packets: usize,
}

impl Ahead {
    /// What is done about it, for people; the other capture is called `other`.
    pub(super) fn told(&self, other: &str) -> String {
        let seconds = self.by.as_secs_f64();
        let way = if seconds < 0.0 { "behind" } else { "ahead of" };
        format!(
            "its clock is {:.6} s {way} that of {other}, as {} packets show that are in both: its times are set right by that \
             (`editcap -t {:.6}` does so for Wireshark)",
            seconds.abs(),
            self.packets,
            -seconds,
        )
    }
}

/// How far the clocks of these captures, which begin at these times, are ahead of those of the captures before them, where they have packets in
/// common. Only the beginning of each is looked at. Those that cannot be read are left to those who read them.
pub(super) fn compared(paths: &[&Path], begin: &[Timestamp]) -> Vec<Option<Ahead>> {
    let mut seen = Seen::default();
    let mut share = Share::one_of(paths.len());
    if rings::are_one(paths) {
        share = share.of_a_ring();
    }
    let captures = paths.iter().zip(looked_at_from(begin)).enumerate();
    captures
        .map(|(capture, (path, from))| {
            let sightings = Sightings::of_file(path, from, share);
            let ahead = seen.ahead(&sightings);
            seen.add(capture, &sightings, ahead.map_or(Span::ZERO, |it| it.by));
            ahead
        })
        .collect()
}

/// What was seen in the captures that were looked at so far, by the clock of the first of them.
#[derive(Default)]
struct Seen(HashMap<u64, (Timestamp, usize), FixedState>);

impl Seen {
    /// How far the clock of these is ahead.
    fn ahead(&self, sightings: &Sightings) -> Option<Ahead> {
        let mut delays = Delays::default();
        let mut in_common: HashMap<usize, usize> = HashMap::new();
        for (packet, sighting) in sightings.first_of_each() {
            if let Some((time, capture)) = self.0.get(&packet) {
                delays.note(sighting.from, sighting.to, sighting.time - *time);
                *in_common.entry(*capture).or_default() += 1;
            }
        }
        let by = delays.clock()?;
        let of = in_common
            .iter()
            .max_by_key(|(capture, packets)| (**packets, **capture));
        of.map(|(of, packets)| Ahead {
            by,
            of: *of,
            packets: *packets,
        })
    }

    /// Adds those of a capture whose clock is so far ahead.
    fn add(&mut self, capture: usize, sightings: &Sightings, ahead: Span) {
        for (packet, sighting) in sightings.first_of_each() {
            self.0
                .entry(packet)
                .or_insert((sighting.time - ahead, capture));
        }
    }
}
