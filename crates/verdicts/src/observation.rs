//! Observations: facts with frames, gathered before anything is judged.

/// One fact about a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// A stable name (see [`crate::observations::ids`]).
    pub id: &'static str,
    /// The frames that show it.
    pub frames: Vec<u64>,
    /// One or two sentences.
    pub text: String,
    /// Worth telling whatever the verdict: a step of the argument by itself.
    pub telling: bool,
}

/// What was observed, in the order of an argument.
#[derive(Clone, Debug, Default)]
pub struct Observations {
    list: Vec<Observation>,
    /// Most of what is asked for was not observed.
    places: Places,
}

/// The places of some names: each name has one of 128, which it shares with few others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places(u128);

impl Places {
    /// That of one name: told by its length and three of its letters.
    pub(crate) const fn of(id: &str) -> Self {
        let bytes = id.as_bytes();
        let len = bytes.len();
        let letters = letter(bytes, 1) * 5
            + letter(bytes, len / 2) * 11
            + letter(bytes, len.saturating_sub(2)) * 3;
        Self(1 << ((len * 37 + letters) % 128))
    }

    /// Those of several names.
    pub(crate) const fn of_all(ids: &[&str]) -> Self {
        let (mut places, mut rest) = (Self(0), ids);
        while let [id, others @ ..] = rest {
            places.add(Self::of(id));
            rest = others;
        }
        places
    }

    const fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    const fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

const fn letter(bytes: &[u8], at: usize) -> usize {
    match bytes.split_at_checked(at) {
        Some((_, [letter, ..])) => *letter as usize,
        _ => 0,
    }
}

impl Observations {
    /// Adds a fact that only matters where a cause weighs it.
    pub fn add(&mut self, id: &'static str, frames: impl Into<Vec<u64>>, text: impl Into<String>) {
        self.push(id, frames.into(), text.into(), false);
    }

    /// Adds a fact that is told whatever the verdict.
    pub fn tell(&mut self, id: &'static str, frames: impl Into<Vec<u64>>, text: impl Into<String>) {
        self.push(id, frames.into(), text.into(), true);
    }

    fn push(&mut self, id: &'static str, mut frames: Vec<u64>, text: String, telling: bool) {
        frames.retain(|frame| *frame != 0);
        frames.dedup();
        self.places.add(Places::of(id));
        self.list.push(Observation {
            id,
            frames,
            text,
            telling,
        });
    }

    /// Whether something was observed.
    pub fn has(&self, id: &str) -> bool {
        self.get(id).is_some()
    }

    /// Whether something was observed whose name has this place.
    #[inline]
    pub(crate) fn has_at(&self, id: &str, place: Places) -> bool {
        self.get_at(id, place).is_some()
    }

    /// Whether something was observed whose name has one of these places.
    #[inline]
    pub(crate) const fn may_have(&self, places: Places) -> bool {
        self.places.meet(places)
    }

    /// The first observation with this name.
    pub fn get(&self, id: &str) -> Option<&Observation> {
        self.get_at(id, Places::of(id))
    }

    /// The same, where the name's place is known.
    #[inline]
    fn get_at(&self, id: &str, place: Places) -> Option<&Observation> {
        if !self.places.meet(place) {
            return None;
        }
        self.list.iter().find(|observation| observation.id == id)
    }

    /// The frames of the first observation with this name.
    pub fn frames_of(&self, id: &str) -> &[u64] {
        self.get(id).map_or(&[], |observation| &observation.frames)
    }

    /// Whether any of these was observed.
    pub fn has_any(&self, ids: &[&str]) -> bool {
        ids.iter().any(|id| self.has(id))
    }

    /// All of them, in the order of an argument.
    pub fn iter(&self) -> impl Iterator<Item = &Observation> {
        self.list.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observations::ids;

    #[test]
    fn what_was_observed_is_found_and_nothing_else() {
        for observed in ids::ALL {
            let mut found = Observations::default();
            found.add(observed, [1], "");
            for asked in ids::ALL {
                assert_eq!(found.has(asked), asked == observed);
            }
        }
    }

    #[test]
    fn names_share_their_places_with_few_others() {
        for id in ids::ALL {
            let same = |other: &&&str| Places::of(other).meet(Places::of(id));
            assert!(ids::ALL.iter().filter(same).count() <= 5, "{id}");
        }
    }
}
