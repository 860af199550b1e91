//! Observations: facts with frames, gathered before anything is judged.

mod id;

use std::fmt::{Display, Write as _};
use std::ops::Range;

use crate::causes;

pub use id::Id;
pub(crate) use id::Ids;

/// Room for what is mostly observed of a connection.
const MOSTLY: (usize, usize, usize) = (8, 16, 1000);

/// One fact about a connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation<'o> {
    /// Its name (see [`crate::observations::ids`]).
    pub id: Id,
    /// The frames that show it.
    pub frames: &'o [u64],
    /// One or two sentences. Those that nobody can ever be told are not written.
    pub text: &'o str,
}

/// What was observed, in the order of an argument.
#[derive(Clone, Debug, Default)]
pub struct Observations {
    list: Vec<Entry>,
    /// The frames of all, one behind the other, and the words of all.
    frames: Vec<u64>,
    words: String,
    observed: Ids,
}

#[derive(Clone, Debug)]
struct Entry {
    id: Id,
    /// Worth telling whatever the verdict: a step of the argument by itself.
    telling: bool,
    frames: Range<usize>,
    words: Range<usize>,
}

impl Observations {
    /// Adds a fact that only matters where a cause weighs it.
    pub fn add(&mut self, id: Id, frames: impl AsRef<[u64]>, text: impl Display) {
        let words = match causes::MAY_BE_TOLD.has(id) {
            true => self.write(text),
            false => 0..0,
        };
        let entry = self.entry(id, frames.as_ref(), words, false);
        self.list.push(entry);
    }

    /// Adds a fact that is told whatever the verdict.
    pub fn tell(&mut self, id: Id, frames: impl AsRef<[u64]>, text: impl Display) {
        let words = self.write(text);
        let entry = self.entry(id, frames.as_ref(), words, true);
        self.list.push(entry);
    }

    /// The same, in front of all others.
    pub fn tell_first(&mut self, id: Id, frames: impl AsRef<[u64]>, text: impl Display) {
        let words = self.write(text);
        let entry = self.entry(id, frames.as_ref(), words, true);
        self.list.insert(0, entry);
    }

    fn write(&mut self, text: impl Display) -> Range<usize> {
        if self.words.is_empty() {
            let (observations, frames, words) = MOSTLY;
            self.list.reserve(observations);
            self.frames.reserve(frames);
            self.words.reserve(words);
        }
        let start = self.words.len();
        // A string takes whatever it is given.
        let _ = write!(self.words, "{text}");
        start..self.words.len()
    }

    /// Frames that are not known are left out, and those that are named twice in a row told once.
    fn entry(&mut self, id: Id, frames: &[u64], words: Range<usize>, telling: bool) -> Entry {
        let start = self.frames.len();
        let mut last = 0;
        for frame in frames.iter().copied().filter(|frame| *frame != 0) {
            if frame != last {
                self.frames.push(frame);
                last = frame;
            }
        }
        self.observed.add(id);
        Entry {
            id,
            telling,
            frames: start..self.frames.len(),
            words,
        }
    }

    /// Whether this was observed.
    #[inline(always)]
    pub fn has(&self, id: Id) -> bool {
        self.observed.has(id)
    }

    /// Whether any of these was observed.
    #[inline(always)]
    pub fn has_any(&self, ids: &[Id]) -> bool {
        ids.iter().any(|id| self.has(*id))
    }

    /// Whether any of these was observed.
    #[inline(always)]
    pub(crate) fn meet(&self, ids: &Ids) -> bool {
        self.observed.meet(ids)
    }

    /// The first observation with this name.
    pub fn get(&self, id: Id) -> Option<Observation<'_>> {
        if !self.has(id) {
            return None;
        }
        let entry = self.list.iter().find(|entry| entry.id == id)?;
        Some(self.observation(entry))
    }

    /// The frames of the first observation with this name.
    pub fn frames_of(&self, id: Id) -> &[u64] {
        self.get(id).map_or(&[], |observation| observation.frames)
    }

    /// What is told whatever the verdict, and of the rest what is among these; only what frames show.
    pub(crate) fn told(&self, others: Ids) -> impl Iterator<Item = Observation<'_>> {
        self.list
            .iter()
            .filter(move |entry| {
                !entry.frames.is_empty() && (entry.telling || others.has(entry.id))
            })
            .map(|entry| self.observation(entry))
    }

    fn observation(&self, entry: &Entry) -> Observation<'_> {
        let frames = self.frames.get(entry.frames.clone());
        let words = self.words.get(entry.words.clone());
        Observation {
            id: entry.id,
            frames: frames.unwrap_or_default(),
            text: words.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observations::ids;

    #[test]
    fn what_was_observed_is_found_with_its_frames_and_words() {
        let mut found = Observations::default();
        found.tell(ids::RST_ACTIVE, [0, 7, 7, 9, 7], "aborted");
        found.add(ids::TLS_ALERT, [3], "alert");
        found.tell_first(ids::DEVICE_SAID, [2], "said");
        let told = |id| found.get(id).map(|it| (it.frames, it.text));
        assert_eq!(told(ids::RST_ACTIVE), Some((&[7, 9, 7][..], "aborted")));
        assert_eq!(told(ids::DEVICE_SAID), Some((&[2][..], "said")));
        assert_eq!(told(ids::RST_ODD), None);
        let all: Vec<Id> = found
            .told(Ids::of(&[ids::TLS_ALERT]))
            .map(|it| it.id)
            .collect();
        assert_eq!(all, [ids::DEVICE_SAID, ids::RST_ACTIVE, ids::TLS_ALERT]);
    }

    #[test]
    fn words_that_nobody_can_be_told_are_not_written() {
        let mut found = Observations::default();
        found.add(ids::CLOSED_WITH_RST, [7], "ended");
        assert_eq!(found.get(ids::CLOSED_WITH_RST).unwrap().text, "");
        assert_eq!(found.frames_of(ids::CLOSED_WITH_RST), [7]);
    }
}
