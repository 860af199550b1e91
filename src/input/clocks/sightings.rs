//! When which packet was seen, in the beginning of a capture.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::path::Path;
use std::sync::Arc;

use foldhash::quality::FixedState;
use whyreset_capture::{Step, Timestamp};
use whyreset_frames::plain_segment;
use whyreset_segments::{Host, Segment, TcpFlags};

use super::super::info::CaptureInfo;
use super::super::source::{self, Opened, Source};

/// Records of all captures that are looked at together: a fraction of a second.
const LOOKED_AT: usize = 4_000_000;
/// Up to so many records of a capture, every packet counts. Of what comes later SYNs do, and of all others every [`SPARSE`]th: the
/// same ones in each capture, wherever it begins.
const DENSE: usize = 20_000;
const SPARSE: u64 = 16;
/// Packets of one capture that are kept.
const KEPT: usize = 200_000;
/// A capture is looked at through a window of so many bytes.
const BUFFER_LEN: usize = 64 * 1024;

/// How many records of each of so many captures are looked at.
pub(super) fn looked_at(captures: usize) -> usize {
    LOOKED_AT / captures.max(1)
}

/// A packet was seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sighting {
    pub(super) time: Timestamp,
    pub(super) from: Host,
    pub(super) to: Host,
}

/// The packets of a capture by what is the same of them wherever they are captured; nothing where two are alike.
#[derive(Default)]
pub(super) struct Sightings(HashMap<u64, Option<Sighting>, FixedState>);

impl Sightings {
    /// Those in so many records of a file: none, where it cannot be read.
    pub(super) fn of_file(path: &Path, most: usize) -> Self {
        let mut nobody = CaptureInfo::default();
        let opened = source::open(path, BUFFER_LEN, &Arc::default(), &mut nobody);
        let mut sightings = Self::default();
        if let Ok(Opened::Capture(mut source)) = opened {
            sightings.take(&mut source, most);
        }
        sightings
    }

    fn take(&mut self, source: &mut Source, most: usize) {
        let mut nobody = CaptureInfo::default();
        for number in 0..most {
            match source.step(&mut nobody) {
                Step::Record(at) => {
                    let record = at.record(source.looked_up());
                    if let Some(segment) = plain_segment(&record) {
                        self.see(number, &segment);
                    }
                }
                Step::Counted { .. } | Step::Secrets { .. } => {}
                _ => return,
            }
            if self.0.len() >= KEPT {
                return;
            }
        }
    }

    fn see(&mut self, number: usize, segment: &Segment<'_>) {
        let packet = alike(segment);
        let counts = number < DENSE
            || segment.flags.contains(TcpFlags::SYN)
            || packet.is_multiple_of(SPARSE);
        if !counts {
            return;
        }
        let sighting = Sighting {
            time: segment.time,
            from: segment.source.host,
            to: segment.destination.host,
        };
        self.0
            .entry(packet)
            .and_modify(|it| *it = None)
            .or_insert(Some(sighting));
    }

    /// The packets to which no other is alike.
    pub(super) fn of_one_packet_each(&self) -> impl Iterator<Item = (u64, Sighting)> {
        self.0
            .iter()
            .filter_map(|(packet, sighting)| Some((*packet, (*sighting)?)))
    }
}

/// What is the same of a packet wherever it is captured: routers change its TTL, and nothing of this.
fn alike(segment: &Segment<'_>) -> u64 {
    FixedState::default().hash_one((
        (segment.source, segment.destination),
        (segment.seq.0, segment.ack.0, segment.flags.0),
        (segment.window, segment.payload_len, segment.ip.id),
        segment.options.timestamps.map(|it| (it.value, it.echo)),
    ))
}
