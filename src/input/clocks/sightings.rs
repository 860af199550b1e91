//! When which packet was seen, in the beginning of a capture.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::path::Path;
use std::sync::Arc;

use foldhash::quality::FixedState;
use whyreset_capture::{Span, Step, Timestamp};
use whyreset_frames::plain_segment;
use whyreset_segments::{Host, Segment, TcpFlags};

use super::super::info::CaptureInfo;
use super::super::source::{self, Opened, Source};

/// Records that are looked at, and packets that are kept, of all captures together: a fraction of a second, and some twenty megabytes.
const LOOKED_AT: usize = 1_000_000;
const KEPT: usize = 400_000;
/// Up to so many records of a capture, every packet counts. Of what comes later SYNs do, and of all others every [`SPARSE`]th: the
/// same ones in each capture, wherever it begins.
const DENSE: usize = 20_000;
const SPARSE: u64 = 16;
/// A packet that comes again so soon is the same one, at the next interface or on a mirror's other port: the first time counts. Where the
/// first of two that are alike was lost before this capture, its time is a little late, which only makes the path longer.
const SAME: Span = Span::from_millis(10);
/// Of a capture that begins long before all others, half of what is looked at is its beginning, the other half what comes from so long on
/// before the next one begins, if its clock is right. What lies between is skipped, as far as this takes a fraction of a second.
const BEFORE_OTHERS: Span = Span::from_secs(60);
const SKIPPED: usize = 10_000_000;
/// A capture is looked at through a window of so many bytes.
const BUFFER_LEN: usize = 64 * 1024;

/// How much is looked at of a capture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    /// Records.
    records: usize,
    /// Packets that are kept.
    packets: usize,
    /// Records that may be skipped.
    skipped: usize,
}

impl Share {
    /// One of so many equal ones.
    pub(super) fn one_of(captures: usize) -> Self {
        Self {
            records: LOOKED_AT / captures.max(1),
            packets: KEPT / captures.max(1),
            skipped: SKIPPED,
        }
    }

    /// No more of it than the dense part: enough to see whether files that seem to be a ring are none.
    pub(super) fn of_a_ring(self) -> Self {
        Self {
            records: self.records.min(DENSE),
            skipped: 0,
            ..self
        }
    }
}

/// From when on the other half is of what is looked at of captures that begin at these times.
pub(super) fn looked_at_from(begin: &[Timestamp]) -> impl Iterator<Item = Timestamp> {
    let mut in_order = begin.to_vec();
    in_order.sort_unstable();
    let second = in_order.get(1).copied().unwrap_or_default();
    begin
        .iter()
        .map(move |begin| (*begin).max(second - BEFORE_OTHERS))
}

/// A packet was seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sighting {
    pub(super) time: Timestamp,
    pub(super) from: Host,
    pub(super) to: Host,
}

/// The packets of a capture by what is the same of them wherever they are captured; nothing where several are alike.
#[derive(Default)]
pub(super) struct Sightings(HashMap<u64, Option<Sighting>, FixedState>);

impl Sightings {
    /// Those in so many records of a file, half of them from this time on: none, where it cannot be read.
    pub(super) fn of_file(path: &Path, from: Timestamp, share: Share) -> Self {
        let mut nobody = CaptureInfo::default();
        let opened = source::open(path, BUFFER_LEN, &Arc::default(), &mut nobody);
        let mut sightings = Self::default();
        if let Ok(Opened::Capture(mut source)) = opened {
            sightings.take(&mut source, from, share);
        }
        sightings
    }

    fn take(&mut self, source: &mut Source, from: Timestamp, share: Share) {
        let mut nobody = CaptureInfo::default();
        let (mut skipped, mut looked_at) = (0, 0);
        while looked_at < share.records && self.0.len() < share.packets {
            let at = match source.step(&mut nobody) {
                Step::Record(at) => at,
                Step::Counted { .. } | Step::Secrets { .. } => continue,
                _ => return,
            };
            let is_early =
                looked_at >= share.records / 2 && at.time.is_some_and(|time| time < from);
            if is_early && skipped < share.skipped {
                skipped += 1;
                continue;
            }
            looked_at += 1;
            if let Some(segment) = plain_segment(&at.record(source.looked_up())) {
                self.see(looked_at, &segment);
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
            .and_modify(|it| *it = it.filter(|first| segment.time - first.time <= SAME))
            .or_insert(Some(sighting));
    }

    /// When each packet was seen first, but those that cannot be told apart.
    pub(super) fn first_of_each(&self) -> impl Iterator<Item = (u64, Sighting)> {
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
