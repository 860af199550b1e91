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
    /// The places of their names ([`place_of`]): most of what is asked for was not observed.
    places: u128,
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
        self.places |= place_of(id);
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

    /// The first observation with this name.
    pub fn get(&self, id: &str) -> Option<&Observation> {
        if self.places & place_of(id) == 0 {
            return None;
        }
        self.list.iter().find(|observation| observation.id == id)
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

/// One of 128 places for a name, which it shares with few others: told by its length and three of its letters.
fn place_of(id: &str) -> u128 {
    let bytes = id.as_bytes();
    let letter = |at: usize| bytes.get(at).map_or(0, |byte| usize::from(*byte));
    let len = bytes.len();
    let sum = len * 37 + letter(1) * 5 + letter(len / 2) * 11 + letter(len.saturating_sub(2)) * 3;
    1 << (sum % 128)
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
            let same = |other: &&&str| place_of(other) == place_of(id);
            assert!(ids::ALL.iter().filter(same).count() <= 5, "{id}");
        }
    }
}
