//! Several captures as one, in time order.
//!
//! As `mergecap` does it: always the earliest among the files' next frames, and the order inside a file stays as it is.
//! A file is opened when its first frame is due and closed after its last, so that a ring of a thousand files holds no
//! more buffers than files overlap in time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use whyreset_capture::{RecordAt, Span, Step, Timestamp};

use super::clocks;
use super::error::printable;
use super::info::CaptureInfo;
use super::rings::{Interfaces, Rings};
use super::source::{self, Opened, Source};

/// Captures on their way into one sequence.
#[derive(Default)]
pub(super) struct Merge {
    slots: Vec<Slot>,
    /// The time of each file's next frame, and its slot; equal times come in the order in which the files were named.
    due: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// The slot whose step was handed out last.
    current: Option<usize>,
    /// Interfaces numbered so far.
    interfaces: u32,
    rings: Rings,
}

/// A capture that is opened when its first frame is due.
pub(super) struct Waiting {
    pub(super) path: PathBuf,
    pub(super) buffer_len: usize,
    pub(super) count: Arc<AtomicU64>,
}

/// What is due now.
pub(super) struct Due<'a> {
    pub(super) capture: usize,
    /// `None` says that it is a record, or several: the source's latest.
    pub(super) step: Option<Step>,
    pub(super) source: &'a Source,
    /// The number of the frame's interface among those of all captures.
    pub(super) interface: Option<u32>,
    /// How far the capture's clock is ahead.
    pub(super) ahead: Span,
}

struct Slot {
    /// The capture's index among all inputs.
    capture: usize,
    state: State,
    /// How far its clock is ahead of the others'.
    ahead: Span,
    /// The step that is due at `time`.
    head: Option<Step>,
    time: Timestamp,
    /// The capture's interfaces by their number in the file, as numbered here.
    interfaces: Interfaces,
}

enum State {
    Waiting(Waiting),
    Open(Box<Source>),
    Done,
}

/// Interfaces of one capture that get a number of their own; all further ones share the last.
const MAX_INTERFACES: usize = 65_536;

/// What comes before every frame.
const EARLIEST: Timestamp = Timestamp::from_nanos(i64::MIN);

impl Merge {
    /// No capture at all.
    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Adds a capture that can be opened again: only the time of its first frame is looked up now.
    pub(super) fn add_waiting(&mut self, capture: usize, waiting: Waiting, mut source: Source) {
        let time = first_time(&mut source);
        waiting.count.store(0, Ordering::Relaxed);
        self.add(capture, State::Waiting(waiting), time);
    }

    /// Adds a capture that can only be read once.
    pub(super) fn add_open(&mut self, capture: usize, source: Box<Source>, info: &mut CaptureInfo) {
        self.add(capture, State::Open(source), EARLIEST);
        if let Some(slot) = self.slots.last_mut() {
            slot.advance(info);
        }
        self.set_due();
    }

    /// Sets the clocks of captures of the same traffic by each other, as far as none was opened yet.
    pub(super) fn set_clocks(&mut self, infos: &mut [CaptureInfo]) {
        let waiting = self.slots.iter_mut().filter_map(|slot| match &slot.state {
            State::Waiting(waiting) => Some((waiting.path.clone(), slot)),
            State::Open(_) | State::Done => None,
        });
        let (paths, mut slots): (Vec<_>, Vec<_>) = waiting.unzip();
        if paths.len() < 2 {
            return;
        }
        let paths: Vec<_> = paths.iter().map(PathBuf::as_path).collect();
        let begin: Vec<_> = slots.iter().map(|slot| slot.time).collect();
        let compared = clocks::compared(&paths, &begin);
        for (slot, ahead) in slots.iter_mut().zip(compared) {
            let (Some(ahead), Some(info)) = (ahead, infos.get_mut(slot.capture)) else {
                continue;
            };
            slot.ahead = ahead.by;
            slot.time = slot.time - ahead.by;
            info.clock_ahead = ahead.by;
            let other = paths.get(ahead.of).map(|path| printable(path));
            info.warnings.push(ahead.told(&other.unwrap_or_default()));
        }
        self.set_due();
    }

    fn set_due(&mut self) {
        let slots = self.slots.iter().enumerate();
        self.due = slots
            .map(|(index, slot)| Reverse((slot.time, index)))
            .collect();
    }

    fn add(&mut self, capture: usize, state: State, time: Timestamp) {
        self.due.push(Reverse((time, self.slots.len())));
        self.slots.push(Slot {
            capture,
            state,
            ahead: Span::ZERO,
            head: None,
            time,
            interfaces: Vec::new(),
        });
    }

    /// The next step of all captures, or `None` after the last.
    pub(super) fn step(&mut self, infos: &mut [CaptureInfo]) -> Option<Due<'_>> {
        let index = self.next_slot(infos)?;
        self.current = Some(index);
        let slot = self.slots.get_mut(index)?;
        let step = slot.head.take()?;
        let (step, interface) = match step {
            Step::Record(at) => {
                let next = self.due.peek().map(|Reverse(next)| *next);
                slot.hand_out_more(&at, |time| next.is_none_or(|next| (time, index) <= next));
                (None, Some(slot.number(at.interface, &mut self.interfaces)))
            }
            step => (Some(step), None),
        };
        Some(Due {
            capture: slot.capture,
            step,
            ahead: slot.ahead,
            source: slot.source()?,
            interface,
        })
    }

    /// The slot whose head is due.
    fn next_slot(&mut self, infos: &mut [CaptureInfo]) -> Option<usize> {
        if let Some(index) = self.current.take() {
            let time = self.advance(index, infos);
            // Most often the same file goes on: then the heap stays as it is.
            match (time, self.due.peek()) {
                (Some(time), Some(Reverse(next))) if (time, index) > *next => {
                    self.due.push(Reverse((time, index)));
                }
                (Some(_), _) => return Some(index),
                (None, _) => {}
            }
        }
        while let Some(Reverse((_, index))) = self.due.pop() {
            if self
                .slots
                .get(index)
                .is_some_and(|slot| slot.head.is_some())
            {
                return Some(index);
            }
            if let Some(time) = self.advance(index, infos) {
                self.due.push(Reverse((time, index)));
            }
        }
        None
    }

    /// Reads a slot's next step; `None` after its last.
    fn advance(&mut self, index: usize, infos: &mut [CaptureInfo]) -> Option<Timestamp> {
        let slot = self.slots.get_mut(index)?;
        let info = infos.get_mut(slot.capture)?;
        if matches!(slot.state, State::Waiting(_)) {
            slot.interfaces = self.rings.begin(&info.path);
        }
        slot.advance(info);
        if slot.head.is_none() {
            let interfaces = std::mem::take(&mut slot.interfaces);
            self.rings.end(&info.path, interfaces);
            return None;
        }
        Some(slot.time)
    }
}

impl Slot {
    /// Reads the next step into the head; opens the file first, if it waits.
    fn advance(&mut self, info: &mut CaptureInfo) {
        self.open(info);
        self.head = None;
        let State::Open(source) = &mut self.state else {
            return;
        };
        match source.step(info) {
            Step::End(_) => self.state = State::Done,
            step => {
                if let Step::Record(at) = &step
                    && let Some(time) = at.time
                {
                    self.time = time - self.ahead;
                }
                self.head = Some(step);
            }
        }
    }

    /// Hands out what goes along with the record `at`: the records of the same interface behind it, as long as they are due.
    fn hand_out_more(&mut self, at: &RecordAt, is_due: impl Fn(Timestamp) -> bool) {
        let State::Open(source) = &mut self.state else {
            return;
        };
        let (time, ahead) = (&mut self.time, self.ahead);
        source.hand_out_more(|record| {
            let next = record.time.map_or(*time, |time| time - ahead);
            let goes_along = record.interface == at.interface && is_due(next);
            if goes_along {
                *time = next;
            }
            goes_along
        });
    }

    fn open(&mut self, info: &mut CaptureInfo) {
        let State::Waiting(waiting) = &self.state else {
            return;
        };
        let opened = source::open(&waiting.path, waiting.buffer_len, &waiting.count, info);
        self.state = match opened {
            Ok(Opened::Capture(source)) => State::Open(source),
            Ok(Opened::Text(_)) => {
                info.warnings
                    .push("left out: it changed while it was read".to_owned());
                State::Done
            }
            Err(cause) => {
                let cause = cause.about(&waiting.path);
                info.warnings.push(format!("left out: it {cause}"));
                State::Done
            }
        };
    }

    fn source(&self) -> Option<&Source> {
        match &self.state {
            State::Open(source) => Some(source),
            State::Waiting(_) | State::Done => None,
        }
    }

    /// The number of an interface among those of all captures.
    fn number(&mut self, interface: u32, numbered: &mut u32) -> u32 {
        let place = (interface as usize).min(MAX_INTERFACES.saturating_sub(1));
        if self.interfaces.len() <= place {
            self.interfaces.resize(place.saturating_add(1), None);
        }
        match self.interfaces.get_mut(place) {
            Some(known) => *known.get_or_insert_with(|| {
                let number = *numbered;
                *numbered = numbered.saturating_add(1);
                number
            }),
            None => interface,
        }
    }
}

/// The time of the first frame that has one; the earliest of all where none has.
fn first_time(source: &mut Source) -> Timestamp {
    let mut nobody = CaptureInfo::default();
    loop {
        match source.step(&mut nobody) {
            Step::Record(at) => {
                if let Some(time) = at.time {
                    return time;
                }
            }
            Step::Counted { .. } | Step::Secrets { .. } => {}
            _ => return EARLIEST,
        }
    }
}
