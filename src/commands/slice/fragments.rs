//! Frames with fragments of IP datagrams, kept until the datagram is complete and shows which connection it belongs to.

use std::collections::VecDeque;

use whyreset::capture::{LinkType, Record, Timestamp};
use whyreset::frames::Dissector;

use super::OwnNotes;

/// Bytes of frames that are kept, at most; beyond it the oldest give way. Incomplete datagrams are themselves bounded
/// by 4 MiB ([`Dissector`]), what surrounds them in their frames is not.
const MAX_BYTES: usize = 16 << 20;
/// What a kept frame costs beyond its bytes.
const OVERHEAD: usize = 256;

/// A frame that holds a fragment.
pub(super) struct KeptFrame {
    frame: u64,
    time: Option<Timestamp>,
    link: LinkType,
    interface: u32,
    fcs_len: u8,
    wire_len: u32,
    bytes: Box<[u8]>,
    pub(super) notes: OwnNotes,
    /// The frames of the datagrams that it completed: inside a tunnel there can be another fragment.
    completed_from: Box<[u64]>,
}

impl KeptFrame {
    fn of(record: &Record<'_>, notes: &OwnNotes, completed_from: &[u64]) -> Self {
        Self {
            frame: record.frame,
            time: record.time,
            link: record.link,
            interface: record.interface,
            fcs_len: record.fcs_len,
            wire_len: record.wire_len,
            bytes: record.bytes.into(),
            notes: notes.clone(),
            completed_from: completed_from.into(),
        }
    }

    pub(super) fn record(&self) -> Record<'_> {
        Record {
            frame: self.frame,
            time: self.time,
            link: self.link,
            interface: self.interface,
            fcs_len: self.fcs_len,
            wire_len: self.wire_len,
            bytes: &self.bytes,
        }
    }

    fn cost(&self) -> usize {
        let comments: usize = self.notes.comments.iter().map(|text| text.len()).sum();
        self.bytes.len() + comments + OVERHEAD
    }
}

/// The frames with fragments that came last.
#[derive(Default)]
pub(super) struct KeptFragments {
    dissector: Dissector,
    /// By frame number.
    kept: VecDeque<KeptFrame>,
    bytes: usize,
}

impl KeptFragments {
    /// Keeps the frame if there is a fragment in it.
    pub(super) fn record(&mut self, record: &Record<'_>, notes: &OwnNotes) {
        let time = record.time.unwrap_or_default();
        self.dissector.dissect(record, time, &mut |_| {});
        if !self.dissector.holds_fragment(record.frame) {
            return;
        }
        let completed_from = self.dissector.completed_from(record.frame);
        let frame = KeptFrame::of(record, notes, completed_from);
        self.bytes += frame.cost();
        self.kept.push_back(frame);
        while self.bytes > MAX_BYTES {
            let Some(oldest) = self.kept.pop_front() else {
                break;
            };
            self.bytes -= oldest.cost();
        }
    }

    /// The frames before `frame`, in their order, whose fragments are parts of what it completes.
    pub(super) fn take_parts_of(&mut self, frame: u64) -> Vec<KeptFrame> {
        let mut wanted = vec![frame];
        let mut parts = Vec::new();
        while let Some(next) = wanted.pop() {
            let Ok(at) = self.kept.binary_search_by_key(&next, |kept| kept.frame) else {
                continue;
            };
            if let Some(kept) = self.kept.remove(at) {
                self.bytes -= kept.cost();
                wanted.extend(&kept.completed_from);
                parts.push(kept);
            }
        }
        parts.retain(|kept| kept.frame != frame);
        parts.sort_by_key(|kept| kept.frame);
        parts
    }
}
