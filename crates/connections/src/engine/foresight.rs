//! Connections are fetched from memory before their packets come.

use whyreset_segments::Endpoint;

use super::{Engine, State};
use crate::StreamSink;

/// From so many on, connections are fetched before they are needed: a megabyte or so of them.
const LARGE: usize = 1_024;
/// Segments that are foreseen at a time.
const FORESEEN: usize = 16;

impl<X: StreamSink> Engine<X> {
    /// Whether it holds so many connections that they no longer fit into the caches.
    pub const fn is_large(&self) -> bool {
        self.slots.len() >= LARGE
    }

    /// Segments between these ends come soon: their connections are fetched from memory, which takes hardly longer for many
    /// than for one when they are asked for together, step by step. Nothing else changes.
    pub fn foresee(&mut self, ends: &[(Endpoint, Endpoint)]) {
        let mut hashes = [None; FORESEEN];
        for (hash, (source, destination)) in hashes.iter_mut().zip(ends) {
            *hash = Some(self.index.locate(*source, *destination).hash);
        }
        let slots = hashes.map(|hash| self.index.find(hash?, |_| true));
        let orderly = slots.map(|slot| match &self.slots.get(slot? as usize)?.state {
            State::Orderly(orderly) => Some(orderly),
            _ => None,
        });
        let glances = orderly.map(|orderly| orderly.map_or(0, |orderly| orderly.glance()));
        std::hint::black_box(glances);
    }
}
